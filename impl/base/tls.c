/* TLS contexts. Verification, where there is any, happens at the component's time. */
#include "base/tls.h"

enum { VERSION_FLOOR = TLS1_2_VERSION, VERSION_FLOOR_LEGACY = TLS1_VERSION };

static int set_versions(SSL_CTX *ctx, bool legacy, struct err *e) {
    if (SSL_CTX_set_min_proto_version(ctx, legacy ? VERSION_FLOOR_LEGACY : VERSION_FLOOR) != 1)
        return err_openssl(e, ERR_TLS_CONFIG, "cannot set the TLS versions");
    if (legacy)
        SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    return 0;
}

static int load_identity(SSL_CTX *ctx, const struct tls_server_options *o, struct err *e) {
    if (SSL_CTX_use_certificate_chain_file(ctx, o->certificate_file) != 1)
        return err_openssl(e, ERR_TLS_CONFIG, "%s: cannot use as certificate", o->certificate_file);
    if (SSL_CTX_use_PrivateKey_file(ctx, o->key_file, SSL_FILETYPE_PEM) != 1)
        return err_openssl(e, ERR_TLS_CONFIG, "%s: cannot use as key of %s", o->key_file,
                           o->certificate_file);
    return 0;
}

SSL_CTX *tls_server_context(const struct tls_server_options *options, struct err *e) {
    AUTO(SSL_CTX) ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL) {
        err_openssl(e, ERR_TLS_CONFIG, "cannot make a TLS context");
        return NULL;
    }
    if (set_versions(ctx, options->legacy, e) != 0 || load_identity(ctx, options, e) != 0)
        return NULL;
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
    return TAKE(ctx);
}

SSL_CTX *tls_client_context_unverified(bool legacy, struct err *e) {
    AUTO(SSL_CTX) ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL) {
        err_openssl(e, ERR_TLS_CONFIG, "cannot make a TLS context");
        return NULL;
    }
    if (set_versions(ctx, legacy, e) != 0)
        return NULL;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    return TAKE(ctx);
}
