/* What the CA publishes: its certificates, chains, and CRLs. CRLs are signed when asked for. */
#include "base/clock.h"
#include "base/x509.h"
#include "mocks/certsrv/ca_internal.h"
#include "pki/p7.h"
#include <string.h>

enum { US_PER_S = 1000000 };

static int push(X509_STACK *stack, X509 *cert, struct err *e) {
    if (cert == NULL || X509_up_ref(cert) != 1)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (sk_X509_push(stack, cert) > 0)
        return 0;
    X509_free(cert);
    return err_set(e, ERR_SYS_NOMEM, NULL);
}

int ca_put_certificate(const struct ca *ca, int64_t renewal, struct buf *out, struct err *e) {
    const struct ca_generation *g = ca_generation(ca, renewal, e);
    return g == NULL ? -1 : x509_put_der(g->certificate, out, e);
}

int ca_put_chain(const struct ca *ca, int64_t renewal, struct bytes leaf, struct buf *out,
                 struct err *e) {
    const struct ca_generation *g = ca_generation(ca, renewal, e);
    if (g == NULL)
        return -1;
    AUTO(X509_STACK) all = sk_X509_new_null();
    if (all == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (leaf.len > 0) {
        AUTO(X509) cert = x509_read(leaf, e);
        if (cert == NULL || push(all, cert, e) != 0)
            return -1;
    }
    if (push(all, g->certificate, e) != 0)
        return -1;
    for (int i = 0; i < sk_X509_num(ca->chain); i++) {
        X509 *above = sk_X509_value(ca->chain, i);
        if (X509_cmp(above, g->certificate) != 0 && push(all, above, e) != 0)
            return -1;
    }
    return p7_put(all, out, e);
}

/* The index of the CA key stands before the id at the tail of the serial number. */
int64_t ca_generation_of(const char *serial) {
    enum { TAIL = 12, INDEX_DIGITS = 4 };
    char digits[INDEX_DIGITS + 1] = "";
    size_t len = strlen(serial);
    if (len < TAIL)
        return -1;
    memcpy(digits, serial + len - TAIL, INDEX_DIGITS);
    return (int64_t)strtoul(digits, NULL, 16);
}

struct revoking {
    X509_CRL *crl;
    int64_t generation;
};

static int add_revoked(void *user, const struct store_row *row) {
    struct revoking *r = user;
    if (ca_generation_of(row->serial) != r->generation)
        return 0;
    BIGNUM *number = NULL;
    BN_hex2bn(&number, row->serial);
    ASN1_INTEGER *serial = BN_to_ASN1_INTEGER(number, NULL);
    ASN1_TIME *when = ASN1_TIME_set(NULL, (time_t)row->resolved);
    X509_REVOKED *entry = X509_REVOKED_new();
    int ok = entry != NULL && serial != NULL && when != NULL &&
             X509_REVOKED_set_serialNumber(entry, serial) == 1 &&
             X509_REVOKED_set_revocationDate(entry, when) == 1 &&
             X509_CRL_add0_revoked(r->crl, entry) == 1;
    if (!ok)
        X509_REVOKED_free(entry);
    ASN1_TIME_free(when);
    ASN1_INTEGER_free(serial);
    BN_free(number);
    return ok ? 0 : -1;
}

static int set_times(X509_CRL *crl, int64_t from, int64_t to) {
    ASN1_TIME *last = ASN1_TIME_set(NULL, (time_t)from), *next = ASN1_TIME_set(NULL, (time_t)to);
    int ok = last != NULL && next != NULL && X509_CRL_set1_lastUpdate(crl, last) == 1 &&
             X509_CRL_set1_nextUpdate(crl, next) == 1;
    ASN1_TIME_free(last);
    ASN1_TIME_free(next);
    return ok ? 0 : -1;
}

static int add_crl_extensions(X509_CRL *crl, const X509 *issuer, int64_t number) {
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, (X509 *)issuer, NULL, NULL, crl, 0);
    X509_EXTENSION *keyid = X509V3_EXT_conf(NULL, &ctx, "authorityKeyIdentifier", "keyid");
    ASN1_INTEGER *value = ASN1_INTEGER_new();
    int ok = keyid != NULL && value != NULL && ASN1_INTEGER_set_int64(value, number) == 1 &&
             X509_CRL_add_ext(crl, keyid, -1) == 1 &&
             X509_CRL_add1_ext_i2d(crl, NID_crl_number, value, 0, 0) == 1;
    X509_EXTENSION_free(keyid);
    ASN1_INTEGER_free(value);
    return ok ? 0 : -1;
}

static int fill_crl(struct ca *ca, const struct ca_generation *g, X509_CRL *crl, struct err *e) {
    struct revoking r = {crl, g - ca->generations};
    int64_t now = clock_wall();
    if (X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
        X509_CRL_set_issuer_name(crl, X509_get_subject_name(g->certificate)) != 1 ||
        set_times(crl, now - ca->setup.config->clock_skew_us / US_PER_S,
                  now + ca->setup.config->crl_validity_us / US_PER_S) != 0 ||
        add_crl_extensions(crl, g->certificate, now) != 0)
        return err_openssl(e, ERR_X509_ISSUE, "CRL");
    if (store_each_revoked(ca->store, add_revoked, &r, e) != 0)
        return err_openssl(e, ERR_X509_ISSUE, "CRL entries");
    X509_CRL_sort(crl);
    return X509_CRL_sign(crl, g->key, EVP_sha256()) > 0 ? 0 : err_openssl(e, ERR_X509_ISSUE, "CRL");
}

int ca_put_crl(struct ca *ca, int64_t renewal, struct buf *out, struct err *e) {
    const struct ca_generation *g = ca_generation(ca, renewal, e);
    if (g == NULL)
        return -1;
    if (g->key == NULL)
        return err_set(e, ERR_STORE_NOT_FOUND, "no key for a CRL of that CA certificate");
    AUTO(X509_CRL) crl = X509_CRL_new();
    if (crl == NULL || fill_crl(ca, g, crl, e) != 0)
        return -1;
    unsigned char *der = NULL;
    int len = i2d_X509_CRL(crl, &der);
    int rc = len < 0 ? -1 : buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
    return rc == 0 ? 0 : err_set(e, ERR_SYS_LIMIT, "CRL");
}

static EVP_PKEY *key_like(const X509 *cert, struct err *e) {
    EVP_PKEY *old = X509_get0_pubkey(cert);
    bool rsa = old == NULL || EVP_PKEY_get_base_id(old) == EVP_PKEY_RSA;
    unsigned bits = old == NULL ? 2048 : (unsigned)EVP_PKEY_get_bits(old);
    return key_generate(rsa ? KEY_RSA : KEY_EC, bits, e);
}

/* The subject key identifier is that of the new key. */
static int change_key(X509 *cert, X509 *issuer, EVP_PKEY *key) {
    X509V3_CTX ctx;
    int at = X509_get_ext_by_NID(cert, NID_subject_key_identifier, -1);
    if (X509_set_pubkey(cert, key) != 1)
        return -1;
    if (at < 0)
        return 0;
    X509_EXTENSION_free(X509_delete_ext(cert, at));
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *id = X509V3_EXT_conf(NULL, &ctx, "subjectKeyIdentifier", "hash");
    int ok = id != NULL && X509_add_ext(cert, id, at) == 1;
    X509_EXTENSION_free(id);
    return ok ? 0 : -1;
}

int ca_change_key(const struct ca *ca, struct buf *der, struct err *e) {
    const struct ca_generation *g = ca_generation(ca, -1, e);
    AUTO(X509) cert = x509_read(buf_view(der), e);
    AUTO(EVP_PKEY) key = cert == NULL ? NULL : key_like(cert, e);
    if (key == NULL)
        return -1;
    if (change_key(cert, g->certificate, key) != 0 || X509_sign(cert, g->key, EVP_sha256()) <= 0)
        return err_openssl(e, ERR_X509_ISSUE, "certificate for another key");
    buf_reset(der);
    return x509_put_der(cert, der, e);
}
