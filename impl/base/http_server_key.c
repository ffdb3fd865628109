/* The server's certificate and key for GnuTLS, with signatures made by OpenSSL: GnuTLS takes six
 * times as long for one of RSA, and each handshake has one. Whatever is not a signature (old RSA
 * key exchange) stays with GnuTLS. */
#include "http_server_impl.h"

#include "base/x509.h"

#include <gnutls/abstract.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

enum { CHAIN_MAX = 16 };

/* What GnuTLS holds as the key; freed by it. */
struct signer {
    EVP_PKEY *fast;
    gnutls_privkey_t own;
};

static void signer_free(gnutls_privkey_t key, void *user) {
    struct signer *s = user;
    (void)key;
    EVP_PKEY_free(s->fast);
    if (s->own != NULL)
        gnutls_privkey_deinit(s->own);
    free(s);
}

static const EVP_MD *hash_of(gnutls_sign_algorithm_t how) {
    switch (gnutls_sign_get_hash_algorithm(how)) {
    case GNUTLS_DIG_SHA384:
        return EVP_sha384();
    case GNUTLS_DIG_SHA512:
        return EVP_sha512();
    default:
        return EVP_sha256();
    }
}

/* GnuTLS hands over what stands inside the padding: a DigestInfo, or the hash for PSS (RFC 8446
 * section 4.2.3: a salt as long as the hash). */
static bool set_padding(EVP_PKEY_CTX *ctx, const struct signer *s, gnutls_sign_algorithm_t how) {
    if (EVP_PKEY_get_base_id(s->fast) != EVP_PKEY_RSA)
        return true;
    if (how == GNUTLS_SIGN_RSA_RAW)
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_signature_md(ctx, hash_of(how)) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool sign(const struct signer *s, gnutls_sign_algorithm_t how, const gnutls_datum_t *hash,
                 gnutls_datum_t *signature) {
    AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new(s->fast, NULL);
    size_t len = (size_t)EVP_PKEY_get_size(s->fast);
    if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1 || !set_padding(ctx, s, how))
        return false;
    signature->data = gnutls_malloc(len);
    if (signature->data == NULL ||
        EVP_PKEY_sign(ctx, signature->data, &len, hash->data, hash->size) != 1) {
        gnutls_free(signature->data);
        return false;
    }
    signature->size = (unsigned)len;
    return true;
}

static int on_sign(gnutls_privkey_t key, gnutls_sign_algorithm_t how, void *user, unsigned flags,
                   const gnutls_datum_t *hash, gnutls_datum_t *signature) {
    (void)key;
    (void)flags;
    bool signed_ = sign(user, how, hash, signature);
    ERR_clear_error();
    return signed_ ? 0 : GNUTLS_E_PK_SIGN_FAILED;
}

static int on_decrypt(gnutls_privkey_t key, void *user, const gnutls_datum_t *secret,
                      gnutls_datum_t *plain) {
    const struct signer *s = user;
    (void)key;
    return gnutls_privkey_decrypt_data(s->own, 0, secret, plain);
}

static int on_info(gnutls_privkey_t key, unsigned what, void *user) {
    const struct signer *s = user;
    unsigned bits = 0;
    int algorithm = gnutls_privkey_get_pk_algorithm(s->own, &bits);
    (void)key;
    if ((what & GNUTLS_PRIVKEY_INFO_PK_ALGO) != 0)
        return algorithm;
    if ((what & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS) != 0)
        return (int)bits;
    if ((what & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO) != 0)
        return gnutls_sign_supports_pk_algorithm(GNUTLS_FLAGS_TO_SIGN_ALGO(what),
                                                 (gnutls_pk_algorithm_t)algorithm) != 0;
    return (what & GNUTLS_PRIVKEY_INFO_SIGN_ALGO) != 0 ? GNUTLS_SIGN_UNKNOWN : -1;
}

static int read_signer(struct signer *s, const struct buf *pem) {
    const gnutls_datum_t text = {pem->data, (unsigned)pem->len};
    int result = gnutls_privkey_init(&s->own);
    if (result == 0)
        result = gnutls_privkey_import_x509_raw(s->own, &text, GNUTLS_X509_FMT_PEM, NULL, 0);
    s->fast = result == 0 ? key_read_pem(buf_view(pem)) : NULL;
    ERR_clear_error();
    return result == 0 && s->fast == NULL ? GNUTLS_E_PK_INVALID_PRIVKEY : result;
}

static int make_key(gnutls_privkey_t *key, const struct buf *pem) {
    struct signer *s = calloc(1, sizeof *s);
    int result = s == NULL ? GNUTLS_E_MEMORY_ERROR : read_signer(s, pem);
    if (result == 0)
        result = gnutls_privkey_init(key);
    if (result == 0)
        result =
            gnutls_privkey_import_ext4(*key, s, NULL, on_sign, on_decrypt, signer_free, on_info, 0);
    if (result != 0 && s != NULL)
        signer_free(NULL, s);
    return result;
}

/* The credentials own certificates and key once they have them. */
static int fill(gnutls_certificate_credentials_t credentials, const struct buf *chain_pem,
                const struct buf *key_pem) {
    const gnutls_datum_t text = {chain_pem->data, (unsigned)chain_pem->len};
    gnutls_pcert_st chain[CHAIN_MAX];
    unsigned count = CHAIN_MAX;
    gnutls_privkey_t key = NULL;
    int result = gnutls_pcert_list_import_x509_raw(chain, &count, &text, GNUTLS_X509_FMT_PEM,
                                                   GNUTLS_X509_CRT_LIST_SORT);
    if (result < 0)
        return result;
    result = make_key(&key, key_pem);
    if (result == 0)
        result = gnutls_certificate_set_key(credentials, NULL, 0, chain, (int)count, key);
    if (result >= 0)
        return 0;
    for (unsigned i = 0; i < count; i++)
        gnutls_pcert_deinit(&chain[i]);
    if (key != NULL)
        gnutls_privkey_deinit(key);
    return result;
}

int server_key_read(struct http_server *s, const struct buf *chain_pem, const struct buf *key_pem,
                    struct err *e) {
    gnutls_certificate_credentials_t credentials = NULL;
    int result = gnutls_certificate_allocate_credentials(&credentials);
    if (result == 0)
        result = fill(credentials, chain_pem, key_pem);
    s->credentials = credentials;
    return result == 0
               ? 0
               : err_set(e, ERR_TLS_CONFIG, "certificate and key: %s", gnutls_strerror(result));
}

void server_key_free(struct http_server *s) {
    if (s->credentials != NULL)
        gnutls_certificate_free_credentials(s->credentials);
}
