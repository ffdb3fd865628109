/* Keeps the component's clock to an NTP server: once before the component serves, and again at an
 * interval when one is given. Without an answer that may be believed the component goes on with the
 * clock it has, and says so in one line on standard error and an event, at each change for the
 * worse or the better. */
#ifndef BASE_CLOCK_SYNC_H
#define BASE_CLOCK_SYNC_H

#include "base/config.h"
#include "base/err.h"
#include <event2/event.h>
#include <stdbool.h>

struct resolver;

/* The "ntp:" part of the "process:" block; times are the component's. */
struct clock_sync_config {
    char *server;        /* HOST[:PORT]; NULL: the system's clock is right */
    int64_t interval_us; /* 0: only at start */
    int64_t timeout_us;
};
extern const struct cfg_field clock_sync_fields[];

struct clock_sync; /* opaque */

/* Sends the first request. config->server is set; config must outlive the object. NULL with e set.
 */
struct clock_sync *clock_sync_new(struct event_base *loop, struct resolver *resolver,
                                  const struct clock_sync_config *config, struct err *e);
void clock_sync_free(struct clock_sync *c);

/* Whether the first exchange has ended, well or not. */
bool clock_sync_settled(const struct clock_sync *c);

#endif
