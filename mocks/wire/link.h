/* One relayed connection: two sockets, and what a fault does between them. */
#ifndef MOCKS_WIRE_LINK_H
#define MOCKS_WIRE_LINK_H

#include "base/log.h"
#include "mocks/wire/wire.h"
#include <sys/queue.h>

struct link;
LIST_HEAD(link_list, link);

/* What the links of a process share. */
struct link_owner {
    struct event_base *loop;
    struct resolver *resolver;
    struct log *log;
    struct link_list links;
    size_t count;
};

struct link_target {
    const char *name; /* of the relay */
    const char *host;
    uint16_t port;
};

/* Takes over the accepted fd, whatever happens. number: of the connection, from 1. visit: what
 * applies to it. Lives until both ends are done, or link_free. */
void link_start(struct link_owner *owner, const struct link_target *target, int fd, uint64_t number,
                const struct fault_visit *visit);
void link_free(struct link *l);
/* Lets all links pass what their faults hold back until this call. */
void links_release(struct link_owner *owner);

#endif
