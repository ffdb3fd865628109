/* TCP and TLS up to the end of the handshake, for a phone that may have to ask TVS in the middle of
 * it: the handshake waits while the certificate is in doubt, so that a no is still an alert.
 *
 * The verify callback of the context decides; it may put the answer off with
 * SSL_set_retry_verify(ssl) and by returning 1, and is called again after handshake_resume. */
#ifndef PHONE_HANDSHAKE_H
#define PHONE_HANDSHAKE_H

#include "base/err.h"
#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <sys/socket.h>

struct handshake;

struct handshake_callbacks {
    /* Once, never before handshake_new returns; the handshake is freed already. ssl and its socket
     * are the callee's then. NULL: e has TCP_*, TLS_HANDSHAKE. */
    void (*done)(void *user, SSL *ssl, const struct err *e);
    /* The verify callback has put its answer off. May free the handshake. */
    void (*in_doubt)(void *user);
    void *user;
};

/* Starts. ssl is taken over, also on failure. NULL SYS_IO, TCP_*, SYS_NOMEM. Free with
 * handshake_free unless done was called. */
struct handshake *handshake_new(struct event_base *loop, const struct sockaddr *where,
                                socklen_t len, SSL *ssl,
                                const struct handshake_callbacks *callbacks, struct err *e);
void handshake_free(struct handshake *h);

/* The verify callback will know now; at the next turn of the loop. */
void handshake_resume(struct handshake *h);

#endif
