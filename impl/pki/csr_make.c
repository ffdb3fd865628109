/* PKCS#10 requests: making them, also when the private key is in a phone. */
#include "pki/csr.h"

#include "base/x509.h"
#include "pki/pubkey.h"

#include <openssl/asn1t.h>
#include <string.h>

typedef STACK_OF(X509_EXTENSION) EXTENSIONS;
static void extensions_free(EXTENSIONS *list) {
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}
AUTO_TYPE(EXTENSIONS, extensions_free);

/* What a phone's certificate is for (capf-protocol.md 8.1, 10.3 item 4). */
static const struct {
    int nid;
    const char *value;
} wanted[] = {
    {NID_key_usage, "digitalSignature,keyEncipherment"},
    {NID_ext_key_usage, "clientAuth,serverAuth,1.3.6.1.5.5.7.3.5"},
};

static int add_extension(EXTENSIONS *list, int nid, const char *value) {
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    if (extension == NULL)
        return -1;
    if (sk_X509_EXTENSION_push(list, extension) > 0)
        return 0;
    X509_EXTENSION_free(extension);
    return -1;
}

static int add_extensions(X509_REQ *request, const struct csr_template *t) {
    AUTO(EXTENSIONS) list = sk_X509_EXTENSION_new_null();
    if (list == NULL)
        return -1;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (add_extension(list, wanted[i].nid, wanted[i].value) != 0)
            return -1;
    if (t->san_uri != NULL) {
        AUTO_BUF san = BUF_INIT(1024);
        if (buf_printf(&san, "URI:%s", t->san_uri) != 0 ||
            add_extension(list, NID_subject_alt_name, buf_str(&san)) != 0)
            return -1;
    }
    return X509_REQ_add_extensions(request, list) == 1 ? 0 : -1;
}

static int set_key(X509_REQ *request, const struct csr_template *t, bool only_encoded,
                   struct err *e) {
    if (only_encoded)
        return pubkey_set_encoded(X509_REQ_get_X509_PUBKEY(request), t->key, e);
    return X509_REQ_set_pubkey(request, t->key) == 1 ? 0 : -1;
}

static X509_REQ *unsigned_request(const struct csr_template *t, bool only_encoded, struct err *e) {
    AUTO(X509_REQ) request = X509_REQ_new();
    if (request == NULL || X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
        X509_REQ_set_subject_name(request, t->subject) != 1 ||
        set_key(request, t, only_encoded, e) != 0 || add_extensions(request, t) != 0 ||
        (t->challenge != NULL &&
         X509_REQ_add1_attr_by_NID(request, NID_pkcs9_challengePassword, MBSTRING_UTF8,
                                   (const unsigned char *)t->challenge, -1) != 1)) {
        err_openssl(e, ERR_X509_ISSUE, "cannot make the request");
        return NULL;
    }
    return TAKE(request);
}

int csr_put_info(const struct csr_template *t, struct buf *out, struct err *e) {
    AUTO(X509_REQ) request = unsigned_request(t, true, e);
    if (request == NULL)
        return -1;
    unsigned char *der = NULL;
    int len = i2d_re_X509_REQ_tbs(request, &der);
    if (len < 0)
        return err_openssl(e, ERR_X509_ISSUE, "cannot encode the request");
    int result = buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
    return result == 0 ? 0 : err_set(e, ERR_SYS_LIMIT, "no room for the request");
}

/* The three parts of a CertificationRequest (RFC 2986 section 4.2), the first kept as it came: the
 * signature is over exactly these octets. */
static int put_length(struct buf *out, size_t len) {
    if (len < 0x80)
        return buf_put_u8(out, (uint8_t)len);
    if (len < 0x100) {
        buf_put_u8(out, 0x81);
        return buf_put_u8(out, (uint8_t)len);
    }
    buf_put_u8(out, 0x82);
    return buf_put_u16(out, (uint16_t)len);
}

static int put_algorithm(EVP_PKEY *key, const EVP_MD *md, struct buf *out) {
    int nid = NID_undef;
    if (OBJ_find_sigid_by_algs(&nid, EVP_MD_get_type(md), EVP_PKEY_get_base_id(key)) != 1)
        return -1;
    X509_ALGOR *algorithm = X509_ALGOR_new();
    if (algorithm == NULL)
        return -1;
    bool rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid), rsa ? V_ASN1_NULL : V_ASN1_UNDEF, NULL);
    unsigned char *der = NULL;
    int len = i2d_X509_ALGOR(algorithm, &der);
    X509_ALGOR_free(algorithm);
    int result = len < 0 ? -1 : buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
    return result;
}

enum { TAG_SEQUENCE = 0x30, TAG_BIT_STRING = 0x03 };

static int verify_info(struct bytes info, EVP_PKEY *key, const EVP_MD *md, struct bytes signature,
                       struct err *e) {
    AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    if (key_judge_public(key, e) != 0)
        return -1;
    if (ctx == NULL || EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) != 1 ||
        EVP_DigestVerify(ctx, signature.data, signature.len, info.data, info.len) != 1)
        return err_openssl(e, ERR_CSR_SIGNATURE, "the signature of the request is wrong");
    return 0;
}

int csr_assemble(struct bytes info, EVP_PKEY *key, const EVP_MD *md, struct bytes signature,
                 struct buf *out, struct err *e) {
    AUTO_BUF body = BUF_INIT(CSR_MAX);
    buf_put_bytes(&body, info);
    if (put_algorithm(key, md, &body) != 0)
        return err_openssl(e, ERR_KEY_UNSUPPORTED,
                           "no signature algorithm for this key and digest");
    if (verify_info(info, key, md, signature, e) != 0)
        return -1;
    buf_put_u8(&body, TAG_BIT_STRING);
    put_length(&body, signature.len + 1);
    buf_put_u8(&body, 0);
    buf_put_bytes(&body, signature);
    buf_put_u8(out, TAG_SEQUENCE);
    put_length(out, body.len);
    buf_put_bytes(out, buf_view(&body));
    return body.failed || out->failed ? err_set(e, ERR_SYS_LIMIT, "the request is too large") : 0;
}

X509_REQ *csr_sign(const struct csr_template *t, EVP_PKEY *private_key, struct err *e) {
    AUTO(X509_REQ) request = unsigned_request(t, false, e);
    if (request == NULL)
        return NULL;
    if (X509_REQ_sign(request, private_key, EVP_sha256()) <= 0) {
        err_openssl(e, ERR_X509_ISSUE, "cannot sign the request");
        return NULL;
    }
    return TAKE(request);
}
