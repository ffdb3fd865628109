/* SNTP client (RFC 4330): asks one server for the difference of the clocks. Runs on the event loop
 * and blocks nothing. */
#ifndef BASE_SNTP_H
#define BASE_SNTP_H

#include "base/err.h"
#include <event2/event.h>
#include <stdint.h>

struct resolver;
struct sntp; /* opaque */

/* offset_us: what to add to the component's wall clock; meaningless when e is not NULL, which then
 * has NTP_* or DNS_*. */
typedef void sntp_fn(void *user, int64_t offset_us, const struct err *e);

/* server: "HOST" or "HOST:PORT", kept by the caller; a name is resolved at each query. timeout_us
 * is component time, for name and answer together. NULL with e set: CONFIG_BAD_VALUE, SYS_NOMEM. */
struct sntp *sntp_new(struct event_base *loop, struct resolver *resolver, const char *server,
                      int64_t timeout_us, sntp_fn *fn, void *user, struct err *e);
void sntp_free(struct sntp *s); /* without a callback; also from within it */

/* Sends one request; fn is called once, possibly before this returns. Nothing happens while an
 * earlier one is under way. */
void sntp_query(struct sntp *s);

#endif
