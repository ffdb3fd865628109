/* What handlers.c and handlers_fetch.c share. */
#ifndef MOCKS_CERTSRV_HANDLERS_INTERNAL_H
#define MOCKS_CERTSRV_HANDLERS_INTERNAL_H

#include "mocks/certsrv/handlers.h"
#include "mocks/certsrv/store.h"

/* The error page for a call that failed with code (com NULL: without COM Error Info). 0. */
int reply_error(const struct call *call, struct reply *reply, const char *mode, const char *com,
                uint32_t code);

/* The error page for a request that has no certificate to give. 0. */
int reply_row_error(const struct call *call, struct reply *reply, const char *mode,
                    const struct store_row *row);

/* The error page for what ca_retrieve() said; -1 with e set when the CA itself failed. */
int reply_retrieve_failure(const struct call *call, struct reply *reply, const char *mode,
                           const char *com, const struct err *why, struct err *e);

/* The number that the first run of (at most ten) digits spells; -1 without one. */
int64_t digits_in(struct bytes text);

#endif
