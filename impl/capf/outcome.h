/* How an operation ends: the SetOperationStatus and Select blocks of the trace (seed 1, "LSC
 * installation") around the one transaction that makes it durable. */
#ifndef CAPF_OUTCOME_H
#define CAPF_OUTCOME_H

#include "capf/session.h"

/* Reads the device's row again, with the Select block in the trace. -1 STORE_*. */
int outcome_select(struct session *s, struct err *e);

/* Commits the end of the pending operation with s->result and traces it as seed 1 does. Success of
 * an upgrade stores public key and certificate. -1 STORE_*: nothing was changed, and the phone must
 * not be told of success. */
int outcome_commit(struct session *s, struct err *e);

#endif
