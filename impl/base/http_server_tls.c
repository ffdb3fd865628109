/* TLS questions of the HTTP server: asking for a client certificate, showing it, tls-unique. A
 * certificate shown here is not verified: its issuer is the caller's question. */
#include "http_server_impl.h"

#include <gnutls/gnutls.h>
#include <openssl/evp.h>
#include <stdlib.h>

static gnutls_session_t session_of(struct MHD_Connection *mhd) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info != NULL ? info->tls_session : NULL;
}

/* Before the handshake. libmicrohttpd has no certificate of its own, and asks for one by itself
 * only when it has a trust list. */
void server_tls_connection(struct http_connection *c, struct MHD_Connection *mhd) {
    gnutls_session_t session = c->server->tls ? session_of(mhd) : NULL;
    if (session == NULL)
        return;
    server_transport_watch(c, session);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, c->server->credentials);
    if (c->server->request_client_certificate)
        gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
}

char *http_request_tls_unique(const struct http_request *r) {
    gnutls_session_t session = r->server->tls ? session_of(r->mhd) : NULL;
    gnutls_datum_t binding = {0};
    if (session == NULL ||
        gnutls_session_channel_binding(session, GNUTLS_CB_TLS_UNIQUE, &binding) != 0)
        return NULL;
    char *text = calloc(1, (binding.size + 2U) / 3U * 4U + 1U);
    if (text != NULL)
        EVP_EncodeBlock((unsigned char *)text, binding.data, (int)binding.size);
    gnutls_free(binding.data);
    return text;
}

struct bytes http_request_client_certificate(const struct http_request *r) {
    gnutls_session_t session = r->server->tls ? session_of(r->mhd) : NULL;
    unsigned count = 0;
    const gnutls_datum_t *peers = NULL;
    if (session != NULL && gnutls_certificate_type_get(session) == GNUTLS_CRT_X509)
        peers = gnutls_certificate_get_peers(session, &count);
    if (peers == NULL || count == 0)
        return bytes_of(NULL, 0);
    return bytes_of(peers[0].data, peers[0].size);
}
