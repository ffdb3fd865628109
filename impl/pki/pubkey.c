/* Takes an encoded SubjectPublicKeyInfo (RFC 5280 section 4.1) apart into OpenSSL's object. */
#include "pki/pubkey.h"

#include <openssl/asn1.h>

AUTO_TYPE(X509_ALGOR, X509_ALGOR_free);
AUTO_TYPE(ASN1_BIT_STRING, ASN1_BIT_STRING_free);

/* The algorithm comes with whatever parameters its kind of key has: none, NULL, a curve's name or a
 * structure. */
static int set_parts(X509_PUBKEY *into, const X509_ALGOR *algorithm, const ASN1_BIT_STRING *bits) {
    X509_ALGOR *own = NULL;
    unsigned char *octets = OPENSSL_memdup(bits->data, (size_t)bits->length);
    if (octets == NULL || X509_PUBKEY_set0_param(into, OBJ_nid2obj(NID_undef), V_ASN1_UNDEF, NULL,
                                                 octets, bits->length) != 1) {
        OPENSSL_free(octets);
        return -1;
    }
    return X509_PUBKEY_get0_param(NULL, NULL, NULL, &own, into) == 1 &&
                   X509_ALGOR_copy(own, algorithm) == 1
               ? 0
               : -1;
}

static int take_apart(X509_PUBKEY *into, const unsigned char *der, long len) {
    int tag, class;
    const unsigned char *end = der + len;
    if ((ASN1_get_object(&der, &len, &tag, &class, len) & 0x80) != 0)
        return -1;
    AUTO(X509_ALGOR) algorithm = d2i_X509_ALGOR(NULL, &der, end - der);
    AUTO(ASN1_BIT_STRING)
    bits = algorithm == NULL ? NULL : d2i_ASN1_BIT_STRING(NULL, &der, end - der);
    return bits == NULL ? -1 : set_parts(into, algorithm, bits);
}

int pubkey_set_encoded(X509_PUBKEY *into, EVP_PKEY *key, struct err *e) {
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    int rc = len <= 0 ? -1 : take_apart(into, der, len);
    OPENSSL_free(der);
    return rc == 0 ? 0 : err_openssl(e, ERR_X509_ISSUE, "cannot encode the public key");
}
