/* What phones ask a trust list: who may be what. Never verifies anything: that comes before. */
#include "itl/itl.h"

#include <openssl/evp.h>
#include <string.h>

bool itl_is_ctl(const struct itl *list) {
    struct bytes name = list->header.file_name;
    return name.len >= 3 && memcmp(name.data, "CTL", 3) == 0;
}

bool itl_role_covers(unsigned has, unsigned wanted) {
    return has == wanted ||
           (has == ITL_ROLE_CCM_TFTP && (wanted == ITL_ROLE_CCM || wanted == ITL_ROLE_TFTP));
}

const struct itl_record *itl_next(const struct itl *list, unsigned role,
                                  const struct itl_record *after) {
    for (size_t i = after == NULL ? 0 : after->number; i < list->count; i++)
        if (itl_role_covers(list->records[i].role, role))
            return &list->records[i];
    return NULL;
}

bool itl_has_role(const struct itl *list, unsigned role) {
    return itl_next(list, role, NULL) != NULL;
}

static bool is_der_of(struct bytes expected, const X509 *cert) {
    unsigned char *der = NULL;
    int len = i2d_X509(cert, NULL);
    if (len < 0 || (size_t)len != expected.len || i2d_X509(cert, &der) != len)
        return false;
    bool equal = memcmp(der, expected.data, expected.len) == 0;
    OPENSSL_free(der);
    return equal;
}

static bool is_hash_of(struct bytes expected, unsigned algorithm, const X509 *cert) {
    uint8_t own[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    const char *name = itl_digest_openssl(algorithm == 0 ? ITL_DIGEST_SHA1 : algorithm);
    const EVP_MD *md = name == NULL ? NULL : EVP_get_digestbyname(name);
    return md != NULL && X509_digest(cert, md, own, &len) == 1 &&
           bytes_equal(bytes_of(own, len), expected);
}

bool itl_record_holds(const struct itl_record *record, const X509 *cert) {
    if (record->serial.len > 0 && !itl_serial_equal(record->serial, itl_serial_of(cert)))
        return false;
    if (record->certificate.len > 0)
        return is_der_of(record->certificate, cert);
    return record->hash.len > 0 && is_hash_of(record->hash, record->hash_algorithm, cert);
}

const struct itl_record *itl_find(const struct itl *list, unsigned role, const X509 *cert) {
    for (const struct itl_record *r = NULL; (r = itl_next(list, role, r)) != NULL;)
        if (itl_record_holds(r, cert))
            return r;
    return NULL;
}

const struct itl_record *itl_find_issued(const struct itl *list, unsigned role, struct bytes issuer,
                                         struct bytes serial) {
    for (const struct itl_record *r = NULL; (r = itl_next(list, role, r)) != NULL;)
        if (itl_serial_equal(r->serial, serial) && bytes_equal(r->issuer, issuer))
            return r;
    return NULL;
}

X509 *itl_record_certificate(const struct itl_record *record, struct err *e) {
    const unsigned char *at = record->certificate.data;
    AUTO(X509) cert = NULL;
    if (record->certificate.len == 0) {
        err_set(e, ERR_ITL_CERTIFICATE, "byte %u: record %zu: CERTIFICATE: the record has none",
                (unsigned)record->offset, record->number);
        return NULL;
    }
    cert = d2i_X509(NULL, &at, (long)record->certificate.len);
    if (cert != NULL && at == record->certificate.data + record->certificate.len)
        return TAKE(cert);
    err_openssl(e, ERR_ITL_CERTIFICATE, "byte %u: record %zu: CERTIFICATE: not a certificate",
                (unsigned)record->offset, record->number);
    return NULL;
}

bool itl_allows_ec(const struct itl *list) {
    return list->header.has_signer_version && list->header.signer_version >= 0x0101;
}
