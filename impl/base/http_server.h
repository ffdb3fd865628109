/* libmicrohttpd (GnuTLS) on the event loop: a request reaches the handler when its body is complete
 * (bounded), is suspended while the handler's work goes on, and is answered exactly once.
 *
 * TLS handshakes, slow readers and slow writers delay nobody. Per-connection state (NTLM) hangs on
 * the TCP connection. */
#ifndef BASE_HTTP_SERVER_H
#define BASE_HTTP_SERVER_H

#include "base/bytes.h"
#include "base/err.h"
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

struct http_server;  /* opaque */
struct http_request; /* opaque; lives until its `completed` callback returns */

struct http_server_options {
    const char *listen;           /* "HOST:PORT" */
    const char *certificate_file; /* PEM chain; NULL: plain HTTP */
    const char *key_file;
    const char *priorities; /* GnuTLS priority string; NULL: "NORMAL" */
    bool request_client_certificate;
    size_t body_max;                      /* larger bodies: 413 (body drained, connection closed) */
    int64_t idle_timeout_us;              /* without a byte; component time; 0: none */
    int64_t handshake_timeout_us;         /* for the whole handshake; 0: none */
    int64_t request_timeout_us;           /* from the connection, or the answer before, to the end
                                             of the request; for the answer again; 0: none */
    unsigned connections_max;             /* 0: 10000 */
    unsigned connections_per_address_max; /* 0: none */
};

/* The keys of a service's configuration for the limits above, in members of these names.
 * request_timeout: its default, which differs. The service includes base/admission.h and
 * base/config.h. */
#define HTTP_SERVER_LIMIT_FIELDS(T, request_timeout)                                               \
    CFG_DURATION(T, handshake_timeout_us, "handshake-timeout", "10s",                              \
                 "from the connection to the end of the TLS handshake"),                           \
        CFG_DURATION(T, request_timeout_us, "request-timeout", request_timeout,                    \
                     "from there, or the answer before, to the end of a request; for the answer "  \
                     "again"),                                                                     \
        CFG_INT(T, connections_max, "connections-max", ADMISSION_CONNECTIONS_MAX, 1, 1000000,      \
                "client connections at once; more wait"),                                          \
        CFG_INT(T, connections_per_address_max, "connections-per-address-max",                     \
                ADMISSION_CONNECTIONS_PER_ADDRESS_MAX, 0, 1000000,                                 \
                "of these from one address, more are turned away; 0: no limit of its own")

/* What a connection has to end in time, and what it may have. X(ID, text) */
#define HTTP_PHASE_TABLE(X)                                                                        \
    X(REQUEST, "request")                                                                          \
    X(HANDSHAKE, "TLS handshake")                                                                  \
    X(ANSWER, "answer")                                                                            \
    X(PLACE, "place")
enum http_phase {
#define X(id, text) HTTP_PHASE_##id,
    HTTP_PHASE_TABLE(X)
#undef X
};
const char *http_phase_text(enum http_phase phase);

/* A connection that the server itself ends: SYS_TIMEOUT, or SYS_LIMIT for PLACE (then without port
 * and number). It is an event of the process too. */
struct http_cut {
    const char *peer; /* "127.0.0.1"; for PLACE with its port */
    uint16_t port;
    uint64_t connection;
    enum http_phase phase;
    struct err why;
};

struct http_server_callbacks {
    /* A complete request. Must lead to http_reply() exactly once, at once or later. */
    void (*request)(void *user, struct http_request *r);
    /* The answer went out, or the peer went away (sent == false): for access logs. */
    void (*completed)(void *user, struct http_request *r, bool sent);
    /* Per-connection state; all three may be NULL. */
    void *(*connection_open)(void *user);
    void (*connection_close)(void *user, void *connection);
    /* For logs; may be NULL. */
    void (*cut)(void *user, const struct http_cut *cut);
    void *user;
};

/* NULL with e set. */
struct http_server *http_server_new(struct event_base *loop,
                                    const struct http_server_options *options,
                                    const struct http_server_callbacks *callbacks, struct err *e);
/* Stops accepting, closes connections, frees. Suspended requests complete with sent == false. */
void http_server_free(struct http_server *s);
const char *http_server_address(const struct http_server *s); /* "127.0.0.1:40321" */

const char *http_request_method(const struct http_request *r);
const char *http_request_path(const struct http_request *r);  /* raw, before '?' */
const char *http_request_query(const struct http_request *r); /* raw, behind '?'; "" without */
const char *http_request_header(const struct http_request *r, const char *name); /* or NULL */
struct bytes http_request_body(const struct http_request *r);
bool http_request_too_large(const struct http_request *r);   /* handler answers 413 */
const char *http_request_peer(const struct http_request *r); /* "127.0.0.1" */
uint16_t http_request_peer_port(const struct http_request *r);
void *http_request_connection(const struct http_request *r); /* what connection_open returned */
/* Whether the peer has ended its side of the connection while its request waits for the answer:
 * almost certainly it gave up, though the answer may still be sent. */
bool http_request_peer_closed(const struct http_request *r);
uint64_t http_request_connection_id(const struct http_request *r); /* 1, 2, ... per server */
int64_t http_request_taken_us(const struct http_request *r); /* component time since first byte */
/* tls-unique (RFC 5929) as base64, malloc'ed; NULL on TLS 1.3 or plain HTTP (est.md 7, 1). */
char *http_request_tls_unique(const struct http_request *r);
/* DER of the client's leaf certificate; len 0 without one. Owned by the request. */
struct bytes http_request_client_certificate(const struct http_request *r);

/* Caller's pointer on the request. */
void http_request_set_user(struct http_request *r, void *user);
void *http_request_user(const struct http_request *r);

/* Headers of the answer, before http_reply. Values with CR or LF are refused. -1 SYS_INTERNAL. */
int http_reply_header(struct http_request *r, const char *name, const char *value);
/* Answers; body is copied. close: answer with Connection: close. Returns at once. */
void http_reply(struct http_request *r, unsigned status, struct bytes body, bool close);
unsigned http_reply_status(const struct http_request *r); /* what was answered; 0 before */

/* Instead of http_reply, each once; completed comes with sent == false. */

/* The head and the first sent bytes of body go out, with the Content-Length of the whole body; then
 * the connection is closed. */
void http_reply_cut(struct http_request *r, unsigned status, struct bytes body, size_t sent);
/* Closes the connection without an answer. */
void http_hang_up(struct http_request *r);
/* No answer will come: keeps the connection until the peer ends it. */
void http_hold(struct http_request *r);

#endif
