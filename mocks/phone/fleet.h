/* Many phones in one process: runs them with a limit on how many at a time, one JSON line each. */
#ifndef PHONE_FLEET_H
#define PHONE_FLEET_H

#include "mocks/phone/phone.h"
#include <stdio.h>

struct fleet; /* opaque */

typedef void fleet_done_fn(void *user);

/* Runs the phones of list in order, at most concurrency at a time; prints each result as a JSON
 * line to out, flushed; calls done when all have ended, from the event loop. Everything is borrowed
 * and must outlive the fleet. Caller frees. NULL SYS_NOMEM. */
struct fleet *fleet_new(const struct phone_shared *shared, const struct phone_list *list,
                        size_t concurrency, FILE *out, fleet_done_fn *done, void *user,
                        struct err *e);
void fleet_free(struct fleet *fleet); /* also with phones in the middle of a session */

/* How many phones have ended, and how many of them without success. */
size_t fleet_ended(const struct fleet *fleet);
size_t fleet_failed(const struct fleet *fleet);

#endif
