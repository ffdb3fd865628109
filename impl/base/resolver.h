/* Name resolution through c-ares: own servers and ports, a table of hosts first, never blocking.
 * The error texts are c-ares' own, as in the logs of seed 1 ("Domain name not found"). */
#ifndef BASE_RESOLVER_H
#define BASE_RESOLVER_H

#include "base/config.h"
#include "base/err.h"
#include <event2/event.h>

struct resolver; /* opaque */

/* servers: "HOST" or "HOST:PORT" each; none: the system's. hosts: asked first, case-insensitive.
 * Both must outlive the resolver. NULL with e set. */
struct resolver *resolver_new(struct event_base *loop, const struct cfg_strings *servers,
                              const struct cfg_pairs *hosts, struct err *e);
void resolver_free(struct resolver *r); /* pending look-ups end with SYS_CANCELLED */

/* addresses: numeric, the preferred first, NULL-terminated, valid during the call; NULL on failure,
 * then e has DNS_* and c-ares' text alone ("Domain name not found"). */
typedef void resolver_fn(void *user, const char *const *addresses, const struct err *e);

/* Resolves name (numeric addresses and hosts answer at once, still through the callback, possibly
 * before this returns). */
void resolver_lookup(struct resolver *r, const char *name, resolver_fn *fn, void *user);

#endif
