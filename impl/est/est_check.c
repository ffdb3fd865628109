/* The server's checks. They must never accept what they could not compare. */
#include "est/est_check.h"
#include "base/base64.h"
#include "base/x509.h"
#include "pki/csr.h"
#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { CHALLENGE_MAX = 255 }; /* RFC 7030 section 3.5 */

bool est_is_ra(X509 *certificate) {
    EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
    bool found = false;
    for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++)
        found = found || OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i)) == NID_cmcRA;
    EXTENDED_KEY_USAGE_free(usages);
    return found;
}

/* A web server's certificate of the same CA is no client's; one that says only "RA" is (RFC 6402).
 */
static bool is_for_clients(X509 *certificate) {
    return X509_check_purpose(certificate, X509_PURPOSE_SSL_CLIENT, 0) == 1 ||
           est_is_ra(certificate);
}

X509 *est_check_client(struct bytes der, const X509_STACK *trust, struct err *e) {
    AUTO(X509) certificate = x509_read(der, e);
    if (certificate == NULL)
        return NULL;
    if (trust == NULL) {
        err_set(e, ERR_X509_CHAIN, "no issuer of client certificates is trusted");
        return NULL;
    }
    if (x509_verify(certificate, trust, trust, e) != 0)
        return NULL;
    if (!is_for_clients(certificate)) {
        err_set(e, ERR_X509_CHAIN, "the certificate is not for TLS clients");
        return NULL;
    }
    return TAKE(certificate);
}

int est_check_link(X509_REQ *request, const char *tls_unique, bool *present, struct err *e) {
    *present = X509_REQ_get_attr_by_NID(request, NID_pkcs9_challengePassword, -1) >= 0;
    if (!*present)
        return 0;
    AUTO(char) challenge = csr_challenge_password(request);
    if (challenge == NULL)
        return err_set(e, ERR_EST_POP, "challengePassword is not text");
    if (tls_unique == NULL)
        return err_set(e, ERR_EST_POP, "this TLS session has no tls-unique to compare with");
    AUTO_BUF got = BUF_INIT(CHALLENGE_MAX);
    AUTO_BUF expected = BUF_INIT(CHALLENGE_MAX);
    if (b64_decode(bytes_of_str(challenge), &got, e) != 0 ||
        b64_decode(bytes_of_str(tls_unique), &expected, e) != 0)
        return err_set(e, ERR_EST_POP, "challengePassword is not base64 of tls-unique's size");
    if (expected.len == 0 || !bytes_equal_constant_time(buf_view(&got), buf_view(&expected)))
        return err_set(e, ERR_EST_POP, "challengePassword is not this session's tls-unique");
    return 0;
}

/* Value of the subjectAltName extension; empty when there is none. */
static struct bytes san_of(const STACK_OF(X509_EXTENSION) * extensions) {
    int at = X509v3_get_ext_by_NID(extensions, NID_subject_alt_name, -1);
    if (at < 0)
        return bytes_of(NULL, 0);
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509v3_get_ext(extensions, at));
    return bytes_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
}

int est_check_names(X509_REQ *request, X509 *certificate, struct err *e) {
    if (X509_NAME_cmp(X509_REQ_get_subject_name(request), X509_get_subject_name(certificate)) != 0)
        return err_set(e, ERR_CSR_POLICY, "subject differs from the certificate's");
    STACK_OF(X509_EXTENSION) *asked = X509_REQ_get_extensions(request);
    bool equal = bytes_equal(san_of(asked), san_of(X509_get0_extensions(certificate)));
    sk_X509_EXTENSION_pop_free(asked, X509_EXTENSION_free);
    return equal ? 0 : err_set(e, ERR_CSR_POLICY, "subjectAltName differs from the certificate's");
}

static bool holds_challenge(const ASN1_SEQUENCE_ANY *attributes) {
    for (int i = 0; i < sk_ASN1_TYPE_num(attributes); i++) {
        const ASN1_TYPE *item = sk_ASN1_TYPE_value(attributes, i);
        if (item->type == V_ASN1_OBJECT &&
            OBJ_obj2nid(item->value.object) == NID_pkcs9_challengePassword)
            return true;
    }
    return false;
}

static int add_challenge(ASN1_SEQUENCE_ANY *attributes) {
    ASN1_TYPE *item = ASN1_TYPE_new();
    if (item == NULL)
        return -1;
    ASN1_TYPE_set(item, V_ASN1_OBJECT, OBJ_nid2obj(NID_pkcs9_challengePassword));
    if (sk_ASN1_TYPE_push(attributes, item) > 0)
        return 0;
    ASN1_TYPE_free(item);
    return -1;
}

static ASN1_SEQUENCE_ANY *read_attributes(struct bytes own) {
    if (own.len == 0)
        return sk_ASN1_TYPE_new_null();
    const unsigned char *at = own.data;
    ASN1_SEQUENCE_ANY *read = d2i_ASN1_SEQUENCE_ANY(NULL, &at, (long)own.len);
    if (read != NULL && at != own.data + own.len) {
        sk_ASN1_TYPE_pop_free(read, ASN1_TYPE_free);
        return NULL;
    }
    return read;
}

int est_put_csrattrs(struct bytes own, bool link, struct buf *out, struct err *e) {
    ASN1_SEQUENCE_ANY *attributes = read_attributes(own);
    if (attributes == NULL)
        return err_openssl(e, ERR_EST_BAD_RESPONSE, "CsrAttrs");
    bool good = !link || holds_challenge(attributes) || add_challenge(attributes) == 0;
    unsigned char *der = NULL;
    int len = good ? i2d_ASN1_SEQUENCE_ANY(attributes, &der) : -1;
    sk_ASN1_TYPE_pop_free(attributes, ASN1_TYPE_free);
    if (len < 0)
        return err_openssl(e, ERR_EST_BAD_RESPONSE, "CsrAttrs");
    int result = buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
    return result == 0 ? 0 : err_set(e, ERR_SYS_LIMIT, "no room for CsrAttrs");
}
