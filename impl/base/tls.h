/* TLS contexts of OpenSSL for CAPF and phones. HTTP clients and servers have theirs in http_client
 * and http_server. */
#ifndef BASE_TLS_H
#define BASE_TLS_H

#include "base/err.h"
#include "base/owned.h"
#include <event2/bufferevent_ssl.h>
#include <stdbool.h>

struct tls_server_options {
    const char *certificate_file; /* PEM, leaf first, chain after it */
    const char *key_file;         /* PEM */
    bool legacy; /* also TLS 1.0 at security level 0, for 7900-series phones (capf-protocol.md 1) */
};

/* Caller frees. No client certificate is requested. NULL TLS_CONFIG. */
SSL_CTX *tls_server_context(const struct tls_server_options *options, struct err *e);

/* A client context that verifies nothing by itself: the phone compares the certificate with its
 * list after the handshake (capf-protocol.md 1). legacy as above. NULL TLS_CONFIG. */
SSL_CTX *tls_client_context_unverified(bool legacy, struct err *e);

#endif
