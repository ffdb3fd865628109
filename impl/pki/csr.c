/* PKCS#10 requests: reading and judging. A request counts only after csr_verify. */
#include "pki/csr.h"

#include "base/x509.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

X509_REQ *csr_read(struct bytes body, struct b64_shape *shape, struct err *e) {
    AUTO_BUF der = BUF_INIT(CSR_MAX);
    if (b64_decode_any(body, &der, shape, e) != 0)
        return NULL;
    const unsigned char *at = der.data;
    AUTO(X509_REQ) request = d2i_X509_REQ(NULL, &at, (long)der.len);
    if (request == NULL) {
        err_openssl(e, ERR_CSR_PARSE, "not a PKCS#10 request");
        return NULL;
    }
    if (at != der.data + der.len) {
        err_set(e, ERR_CSR_PARSE, "bytes stand behind the request");
        return NULL;
    }
    return TAKE(request);
}

int csr_verify(X509_REQ *request, struct err *e) {
    EVP_PKEY *key = X509_REQ_get0_pubkey(request);
    if (key == NULL)
        return err_openssl(e, ERR_KEY_UNSUPPORTED, "the key of the request cannot be used");
    if (key_judge_public(key, e) != 0)
        return -1;
    if (X509_REQ_verify(request, key) != 1)
        return err_openssl(e, ERR_CSR_SIGNATURE, "the signature of the request is wrong");
    return 0;
}

int csr_match_key(X509_REQ *request, EVP_PKEY *key, struct err *e) {
    EVP_PKEY *own = X509_REQ_get0_pubkey(request);
    if (own == NULL || key == NULL || EVP_PKEY_eq(own, key) != 1)
        return err_openssl(e, ERR_CSR_KEY_MISMATCH, "the request is for another key");
    return 0;
}

int csr_put_spki(X509_REQ *request, struct buf *out, struct err *e) {
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(request), &der);
    int result = len < 0 ? -1 : buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
    return result == 0 ? 0 : err_set(e, ERR_SYS_LIMIT, "no room for the public key");
}

char *csr_challenge_password(X509_REQ *request) {
    int at = X509_REQ_get_attr_by_NID(request, NID_pkcs9_challengePassword, -1);
    if (at < 0)
        return NULL;
    ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(X509_REQ_get_attr(request, at), 0);
    if (value == NULL || value->type == V_ASN1_BOOLEAN || value->type == V_ASN1_NULL ||
        value->type == V_ASN1_OBJECT)
        return NULL;
    unsigned char *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(&utf8, value->value.asn1_string);
    if (len < 0) {
        ERR_clear_error();
        return NULL;
    }
    char *text =
        memchr(utf8, '\0', (size_t)len) != NULL ? NULL : strndup((char *)utf8, (size_t)len);
    OPENSSL_free(utf8);
    return text;
}

int csr_put_der(const X509_REQ *request, struct buf *out, struct err *e) {
    unsigned char *der = NULL;
    int len = i2d_X509_REQ(request, &der);
    if (len < 0)
        return err_openssl(e, ERR_CSR_PARSE, "cannot encode the request");
    int result = buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
    return result == 0 ? 0 : err_set(e, ERR_SYS_LIMIT, "no room for the request");
}

int csr_put_pem(const X509_REQ *request, struct buf *out, struct err *e) {
    AUTO_BUF der = BUF_INIT(CSR_MAX);
    if (csr_put_der(request, &der, e) != 0)
        return -1;
    return b64_armour(buf_view(&der), "CERTIFICATE REQUEST", B64_WRAP_64_LF, out) == 0
               ? 0
               : err_set(e, ERR_SYS_LIMIT, "no room for the request");
}
