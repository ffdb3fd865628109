/* TLS streams of libevent: where to, and what went wrong. */
#ifndef BASE_TLS_STREAM_H
#define BASE_TLS_STREAM_H

#include "base/err.h"
#include <event2/bufferevent.h>
#include <stdint.h>

/* Begins to connect the stream to a numeric address (of either kind); small messages are sent
 * without waiting for the peer's acknowledgement. -1 DNS_BAD_ANSWER for what is no address, SYS_IO.
 */
int tls_stream_connect(struct bufferevent *stream, const char *address, uint16_t port,
                       struct err *e);

/* The failure behind an event without BEV_EVENT_CONNECTED. number: EVUTIL_SOCKET_ERROR() as the
 * callback found it. peer is put before the text. Empties OpenSSL's queue. Always -1: TCP_REFUSED,
 * TCP_TIMEOUT, TCP_RESET, TCP_CLOSED, TLS_HANDSHAKE. */
int tls_stream_failure(struct bufferevent *stream, short what, int number, const char *peer,
                       struct err *e);

#endif
