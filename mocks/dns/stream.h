/* DNS over TCP (RFC 1035 section 4.2.2, RFC 7766): messages behind two octets of length, several on
 * a connection, answered in their order. */
#ifndef MOCKS_DNS_STREAM_H
#define MOCKS_DNS_STREAM_H

#include "mocks/dns/responder.h"
#include <event2/event.h>

struct dns_stream; /* opaque */

/* Serves the listening socket fd, which is the object's from now on, also at failure. responder
 * must outlive it. NULL with e set. */
struct dns_stream *dns_stream_new(struct event_base *loop, int fd,
                                  const struct responder *responder, struct err *e);
void dns_stream_free(struct dns_stream *s); /* closes all connections */

#endif
