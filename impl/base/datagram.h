/* A server of datagrams on the event loop: one socket, each packet to one function, answers at once
 * or after a while. */
#ifndef BASE_DATAGRAM_H
#define BASE_DATAGRAM_H

#include "base/bytes.h"
#include "base/err.h"
#include <event2/event.h>
#include <stdint.h>
#include <sys/socket.h>

struct datagram_server; /* opaque */

struct datagram_peer {
    struct sockaddr_storage address;
    socklen_t len;
};

/* packet is valid during the call. */
typedef void datagram_fn(void *user, struct bytes packet, const struct datagram_peer *from);

/* Listens on "HOST:PORT" as listen_udp does. NULL with e set. */
struct datagram_server *datagram_server_new(struct event_base *loop, const char *where,
                                            datagram_fn *fn, void *user, struct err *e);
void datagram_server_free(struct datagram_server *s); /* answers that still wait are dropped */
const char *datagram_server_address(const struct datagram_server *s); /* "127.0.0.1:40001" */

/* Sends packet after so much component time, 0: at once. As ever with datagrams, it may be lost: a
 * full socket, no memory, or more than 1024 that wait. */
void datagram_send(struct datagram_server *s, const struct datagram_peer *to, struct bytes packet,
                   int64_t after_us);

#endif
