/* How the HTTP client judges a server's certificate: at the component's time, up to a self-signed
 * anchor, and never a self-signed server certificate, which the real RA refuses even when that very
 * certificate is in its trust store (seed 1, "self-signed certificate of the web server"). */
#include "http_client_impl.h"

#include "base/clock.h"
#include "base/trust_store.h"
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

static int verify(X509_STORE_CTX *store_ctx, void *user) {
    struct transfer *t = user;
    X509 *leaf = X509_STORE_CTX_get0_cert(store_ctx);
    t->leaf_self_signed = leaf != NULL && X509_self_signed(leaf, 0) == 1;
    if (t->leaf_self_signed) {
        X509_STORE_CTX_set_error(store_ctx, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
        t->verify_error = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
        return 0;
    }
    int good = X509_verify_cert(store_ctx);
    t->verify_error = X509_STORE_CTX_get_error(store_ctx);
    if (good != 1 && t->endpoint->ca_file != NULL)
        trust_store_forget(t->endpoint->ca_file);
    return good;
}

/* Before curl adds its own, which is nothing for a file that could be read. Without a store nothing
 * is trusted, or curl tells why it cannot read the file. */
static void set_store(const struct http_endpoint *endpoint, SSL_CTX *ctx) {
    X509_STORE *store = endpoint->ca_file == NULL ? NULL : trust_store_get(endpoint->ca_file);
    if (store != NULL)
        SSL_CTX_set_cert_store(ctx, store);
}

CURLcode client_tls_setup(CURL *easy, void *ctx, void *transfer) {
    struct transfer *t = transfer;
    (void)easy;
    t->tls_begun = true;
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(ctx), clock_wall());
    SSL_CTX_set_cert_verify_callback(ctx, verify, t);
    set_store(t->endpoint, ctx);
    return CURLE_OK;
}
