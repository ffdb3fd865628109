/* Open requests: which certsrv request id stands for which enrolment, so that a client's retry gets
 * the certificate of its first attempt and nothing is submitted twice, also after kill -9. */
#ifndef RA_RA_STORE_H
#define RA_RA_STORE_H

#include "base/err.h"
#include "base/owned.h"
#include <stdbool.h>
#include <stdint.h>

enum { RA_KEY_SIZE = 32 };

/* What an enrolment is: who asks, with which label, for which template, subject and public key. A
 * rebuilt request of the same client is the same enrolment (est.md 5, E9). request: the digest of
 * this very request, by which a repeated one is told from a new one. */
struct ra_key {
    uint8_t digest[RA_KEY_SIZE];
    uint8_t request[RA_KEY_SIZE];
};
/* -1 CSR_PARSE. */
int ra_key_of(const char *identity, const char *label, const char *template_name, X509_REQ *request,
              struct ra_key *key, struct err *e);

struct ra_store; /* opaque */

/* path NULL: in memory. Forgets what is too old. NULL STORE_OPEN, STORE_SQL. */
struct ra_store *ra_store_open(const char *path, struct err *e);
/* Nothing is synced to disk any more: for comparison only. -1 STORE_SQL. */
int ra_store_never_sync(struct ra_store *store, struct err *e);
void ra_store_close(struct ra_store *store);

/* Keeps id for the enrolment; once the call returned, kill -9 does not lose it. pending: it waits
 * for a certificate manager, is kept for RA_PENDING_S and synced to disk; else for RA_OPEN_S. -1
 * STORE_SQL. */
int ra_store_put(struct ra_store *store, const struct ra_key *key, uint32_t id, bool pending,
                 struct err *e);
enum { RA_PENDING_S = 30 * 24 * 3600, RA_OPEN_S = 3600 };

/* The client was there for its certificate: for that many seconds the id is kept for the very same
 * request, because an answer on its way may still be lost, and forgotten for any other. -1
 * STORE_SQL. */
int ra_store_answered(struct ra_store *store, const struct ra_key *key, int64_t seconds,
                      struct err *e);

/* The id of an enrolment that is open, or answered to the same request; 0 when there is none. -1
 * STORE_SQL. */
int ra_store_get(struct ra_store *store, const struct ra_key *key, uint32_t *id, struct err *e);
/* The same for somebody who came while the enrolment was under way: whichever request it was
 * answered to. */
int ra_store_get_joined(struct ra_store *store, const struct ra_key *key, uint32_t *id,
                        struct err *e);
int ra_store_drop(struct ra_store *store, const struct ra_key *key, struct err *e);

#endif
