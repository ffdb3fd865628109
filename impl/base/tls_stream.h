/* TLS streams of libevent: where to, and what went wrong. */
#ifndef BASE_TLS_STREAM_H
#define BASE_TLS_STREAM_H

#include "base/err.h"
#include <event2/bufferevent_ssl.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

/* A stream over fd (-1: to be connected) that owns fd and ssl (BEV_OPT_CLOSE_ON_FREE beside
 * `options`). state: accepts, connects, or its handshake is done. ssl is taken in any case, fd only
 * on success. NULL SYS_NOMEM. */
struct bufferevent *tls_stream_new(struct event_base *loop, int fd, SSL *ssl,
                                   enum bufferevent_ssl_state state, int options, struct err *e);

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

/* The code for a failed system call on a TCP connection. */
enum err_code tcp_code_of_errno(int number);

#endif
