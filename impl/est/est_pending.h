/* What the server remembers of enrolments that wait for approval: a token of the backend for each
 * (identity, label, public key), so that the retry is recognised even when its request was built
 * anew (RFC 7030 section 4.2.3; protocol/est.md 5, E8 and E9). Bounded: the oldest is forgotten. */
#ifndef EST_EST_PENDING_H
#define EST_EST_PENDING_H

#include "base/bytes.h"
#include "base/err.h"
#include <openssl/sha.h>
#include <stddef.h>
#include <stdint.h>

struct est_pending_table; /* opaque */

struct est_pending_key {
    uint8_t digest[SHA256_DIGEST_LENGTH];
};

/* max: entries. NULL SYS_NOMEM. */
struct est_pending_table *est_pending_new(size_t max, struct err *e);
void est_pending_free(struct est_pending_table *t); /* NULL allowed */

/* public_key: SubjectPublicKeyInfo. -1 SYS_INTERNAL. */
int est_pending_key_of(const char *identity, const char *label, struct bytes public_key,
                       struct est_pending_key *key, struct err *e);

/* The token kept for key, or NULL; owned by t, valid until the next put or drop. */
const char *est_pending_find(const struct est_pending_table *t, const struct est_pending_key *key);
/* Keeps a copy of token, in place of an older one. -1 SYS_NOMEM. */
int est_pending_put(struct est_pending_table *t, const struct est_pending_key *key,
                    const char *token, struct err *e);
void est_pending_drop(struct est_pending_table *t, const struct est_pending_key *key);

#endif
