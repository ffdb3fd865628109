/* Takes an encoded SubjectPublicKeyInfo (RFC 5280 section 4.1) apart into OpenSSL's object. */
#include "pki/pubkey.h"

#include <openssl/asn1.h>
#include <string.h>

AUTO_TYPE(X509_ALGOR, X509_ALGOR_free);
AUTO_TYPE(ASN1_BIT_STRING, ASN1_BIT_STRING_free);
AUTO_TYPE(ASN1_OBJECT, ASN1_OBJECT_free);

/* The parameters of the keys here: NULL (RSA), a curve's name (EC), or none (EdDSA). */
static int copy_parameters(const X509_ALGOR *from, int *type, ASN1_OBJECT **curve) {
    const ASN1_OBJECT *algorithm;
    const void *value = NULL;
    X509_ALGOR_get0(&algorithm, type, &value, from);
    if (*type == V_ASN1_NULL || *type == V_ASN1_UNDEF)
        return 0;
    *curve = *type == V_ASN1_OBJECT ? OBJ_dup(value) : NULL;
    return *curve == NULL ? -1 : 0;
}

static int set_parts(X509_PUBKEY *into, const X509_ALGOR *algorithm, const ASN1_BIT_STRING *bits) {
    const ASN1_OBJECT *object;
    int type = V_ASN1_UNDEF;
    AUTO(ASN1_OBJECT) curve = NULL;
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    unsigned char *octets = OPENSSL_memdup(bits->data, (size_t)bits->length);
    ASN1_OBJECT *copy = OBJ_dup(object);
    if (octets != NULL && copy != NULL && copy_parameters(algorithm, &type, &curve) == 0 &&
        X509_PUBKEY_set0_param(into, copy, type, curve, octets, bits->length) == 1) {
        curve = NULL;
        return 0;
    }
    OPENSSL_free(octets);
    ASN1_OBJECT_free(copy);
    return -1;
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
