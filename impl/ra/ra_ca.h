/* The RA's side towards certsrv: sessions for enrolments and the CA's certificate chain, which is
 * fetched at start-up and asked for again as long as it is missing (CiscoRA gives up; seed 1,
 * "Unable to retrieve CA Cert chain from CA"). */
#ifndef RA_RA_CA_H
#define RA_RA_CA_H

#include "base/err.h"
#include "base/owned.h"
#include "base/resolver.h"
#include "certsrv/certsrv_client.h"
#include "ra/ra_config.h"
#include "ra/ra_log.h"
#include <event2/event.h>
#include <stdbool.h>

struct ra_ca; /* opaque */

/* Everything given must outlive it. NULL CONFIG_BAD_VALUE, CERTSRV_NO_NTLM,
 * SYS_NOMEM. */
struct ra_ca *ra_ca_new(struct event_base *loop, struct resolver *resolver,
                        const struct ra_certsrv_config *config, struct ra_log *log, struct err *e);
/* After all sessions came back. NULL allowed. */
void ra_ca_free(struct ra_ca *ca);

/* Logs in and fetches the chain; done is called once, after the first attempt, whatever came of it;
 * not before this returns. */
typedef void ra_ca_done_fn(void *user);
void ra_ca_start(struct ra_ca *ca, ra_ca_done_fn *done, void *user);

const X509_STACK *ra_ca_chain(const struct ra_ca *ca); /* NULL: not yet; owned by ca */

/* A session of that user; *logged_in tells whether it needs a login first. username NULL: the
 * configured one. NULL SYS_NOMEM. */
struct certsrv_session *ra_ca_take(struct ra_ca *ca, const char *username, const char *password,
                                   bool *logged_in, struct err *e);
/* Gives it back. good: all steps got an answer of a web server that had let it in; such a session
 * is kept for the same user when sessions are persistent, all others are closed. NULL allowed. May
 * be called from a step's answer. */
void ra_ca_give(struct ra_ca *ca, struct certsrv_session *session, bool good);

#endif
