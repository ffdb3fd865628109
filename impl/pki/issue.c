/* Making certificates from a request that says everything. Never takes anything from a CSR itself.
 */
#include "pki/issue.h"

#include "base/random.h"
#include "pki/pubkey.h"

#include <string.h>

/* LSC as capfd and CUCM make it: capf-protocol.md 8.1 and 8.2; the device name's SAN is added by
 * the issuer. */
const struct issue_extension issue_lsc_extensions[] = {
    {.name = "basicConstraints", .value = "critical,CA:FALSE"},
    {.name = "keyUsage", .value = "critical,digitalSignature,keyEncipherment"},
    {.name = "extendedKeyUsage", .value = "serverAuth,clientAuth,1.3.6.1.5.5.7.3.5"},
    {.name = "subjectKeyIdentifier", .value = "hash"},
    {.name = "authorityKeyIdentifier", .value = "keyid"},
    {.name = NULL},
};

const struct issue_extension issue_capf_extensions[] = {
    {.name = "basicConstraints", .value = "critical,CA:TRUE,pathlen:0"},
    {.name = "keyUsage", .value = "digitalSignature,keyCertSign"},
    {.name = "subjectKeyIdentifier", .value = "hash"},
    {.name = NULL},
};

const struct issue_extension issue_ca_extensions[] = {
    {.name = "basicConstraints", .value = "critical,CA:TRUE"},
    {.name = "keyUsage", .value = "critical,digitalSignature,keyCertSign,cRLSign"},
    {.name = "subjectKeyIdentifier", .value = "hash"},
    {.name = NULL},
};

enum { SERIAL_RANDOM_BYTES = 16 };

static int set_serial(X509 *cert, struct bytes serial, struct err *e) {
    uint8_t drawn[SERIAL_RANDOM_BYTES];
    if (serial.len == 0) {
        if (random_bytes(drawn, sizeof drawn, e) != 0)
            return -1;
        drawn[0] = (uint8_t)((drawn[0] & 0x7f) | 0x01);
        serial = bytes_of(drawn, sizeof drawn);
    }
    AUTO(BIGNUM) number = BN_bin2bn(serial.data, (int)serial.len, NULL);
    if (number == NULL || BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) == NULL)
        return err_openssl(e, ERR_X509_ISSUE, "cannot set the serial number");
    return 0;
}

static X509_EXTENSION *own_extension(const struct issue_extension *extension) {
    ASN1_OBJECT *object = OBJ_txt2obj(extension->name, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *made = NULL;
    if (object != NULL && value != NULL &&
        ASN1_OCTET_STRING_set(value, extension->der.data, (int)extension->der.len) == 1)
        made = X509_EXTENSION_create_by_OBJ(NULL, object, 0, value);
    ASN1_OBJECT_free(object);
    ASN1_OCTET_STRING_free(value);
    return made;
}

static int add_extension(X509 *cert, X509V3_CTX *ctx, const struct issue_extension *extension) {
    X509_EXTENSION *made = extension->value == NULL
                               ? own_extension(extension)
                               : X509V3_EXT_conf(NULL, ctx, extension->name, extension->value);
    if (made == NULL)
        return -1;
    int added = X509_add_ext(cert, made, -1);
    X509_EXTENSION_free(made);
    return added == 1 ? 0 : -1;
}

static int add_extensions(X509 *cert, const struct issue_request *r, struct err *e) {
    X509V3_CTX ctx;
    X509 *issuer = r->issuer == NULL ? cert : (X509 *)r->issuer;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    for (const struct issue_extension *x = r->extensions; x != NULL && x->name != NULL; x++)
        if (add_extension(cert, &ctx, x) != 0)
            return err_openssl(e, ERR_X509_ISSUE, "cannot add extension %s", x->name);
    return 0;
}

static int set_key(X509 *cert, const struct issue_request *r, struct err *e) {
    if (r->only_encoded)
        return pubkey_set_encoded(X509_get_X509_PUBKEY(cert), r->key, e);
    return X509_set_pubkey(cert, r->key) == 1 ? 0 : -1;
}

static int set_fields(X509 *cert, const struct issue_request *r, struct err *e) {
    const X509_NAME *issuer = r->issuer == NULL ? r->subject : X509_get_subject_name(r->issuer);
    if (X509_set_version(cert, X509_VERSION_3) != 1 ||
        X509_set_subject_name(cert, r->subject) != 1 || X509_set_issuer_name(cert, issuer) != 1 ||
        set_key(cert, r, e) != 0 ||
        ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)r->not_before) == NULL ||
        ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)r->not_after) == NULL)
        return err_openssl(e, ERR_X509_ISSUE, "cannot fill in the certificate");
    return 0;
}

X509 *issue_certificate(const struct issue_request *request, struct err *e) {
    AUTO(X509) cert = X509_new();
    if (cert == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    if (set_serial(cert, request->serial, e) != 0 || set_fields(cert, request, e) != 0 ||
        add_extensions(cert, request, e) != 0)
        return NULL;
    const EVP_MD *digest = request->digest == NULL ? EVP_sha256() : request->digest;
    if (X509_sign(cert, request->issuer_key, digest) <= 0) {
        err_openssl(e, ERR_X509_ISSUE, "cannot sign the certificate");
        return NULL;
    }
    return TAKE(cert);
}
