/* Certificates and their names. Parsers take the whole input or refuse it. */
#include "base/x509.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/file.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

enum { CERTIFICATE_FILE_MAX = 1024 * 1024, NAME_MAX_BYTES = 4096 };

/* OpenSSL keeps a certificate for whose key it found no memory as one with a key of unknown kind;
 * read once more, it has its key. */
static X509 *with_key(X509 *cert) {
    if (X509_get0_pubkey(cert) != NULL)
        return cert;
    X509 *again = X509_dup(cert);
    ERR_clear_error();
    if (again == NULL)
        return cert;
    X509_free(cert);
    return again;
}

static X509 *read_der(struct bytes der, struct err *e) {
    const unsigned char *at = der.data;
    AUTO(X509) cert = der.len > LONG_MAX ? NULL : d2i_X509(NULL, &at, (long)der.len);
    if (cert == NULL) {
        err_openssl(e, ERR_X509_PARSE, "not a certificate");
        return NULL;
    }
    if (at != der.data + der.len) {
        err_set(e, ERR_X509_PARSE, "%zu bytes stand behind the certificate",
                der.len - (size_t)(at - der.data));
        return NULL;
    }
    return with_key(TAKE(cert));
}

X509 *x509_read(struct bytes der_or_pem, struct err *e) {
    AUTO_BUF der = BUF_INIT(CERTIFICATE_FILE_MAX);
    if (b64_decode_any(der_or_pem, &der, NULL, e) != 0) {
        if (e != NULL)
            e->code = ERR_X509_PARSE;
        return NULL;
    }
    return read_der(buf_view(&der), e);
}

X509 *x509_read_file(const char *path, struct err *e) {
    AUTO_BUF content = BUF_INIT(CERTIFICATE_FILE_MAX);
    if (file_read(path, &content, e) != 0)
        return NULL;
    X509 *cert = x509_read(buf_view(&content), e);
    if (cert == NULL)
        err_context(e, "%s", path);
    return cert;
}

static X509_STACK *read_all(BIO *bio, const char *path, struct err *e) {
    AUTO(X509_STACK) all = sk_X509_new_null();
    for (X509 *cert; all != NULL && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL;) {
        cert = with_key(cert);
        if (sk_X509_push(all, cert) != 0)
            continue;
        X509_free(cert);
        err_set(e, ERR_SYS_NOMEM, "%s", path);
        return NULL;
    }
    if (all == NULL || sk_X509_num(all) == 0) {
        err_openssl(e, ERR_X509_PARSE, "%s: no certificate in it", path);
        return NULL;
    }
    unsigned long last = ERR_peek_last_error();
    if (ERR_GET_REASON(last) != PEM_R_NO_START_LINE) {
        err_openssl(e, ERR_X509_PARSE, "%s: certificate %d", path, sk_X509_num(all) + 1);
        return NULL;
    }
    ERR_clear_error();
    return TAKE(all);
}

X509_STACK *x509_read_all_file(const char *path, struct err *e) {
    AUTO_BUF content = BUF_INIT(CERTIFICATE_FILE_MAX);
    if (file_read(path, &content, e) != 0)
        return NULL;
    AUTO(BIO) bio = BIO_new_mem_buf(buf_str(&content), (int)content.len);
    if (bio == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    return read_all(bio, path, e);
}

int x509_put_der(const X509 *cert, struct buf *out, struct err *e) {
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    if (len < 0)
        return err_openssl(e, ERR_X509_PARSE, "cannot encode the certificate");
    int result = buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
    return result == 0 ? 0 : err_set(e, ERR_SYS_LIMIT, "no room for the certificate");
}

int x509_put_pem(const X509 *cert, struct buf *out, struct err *e) {
    AUTO_BUF der = BUF_INIT(CERTIFICATE_FILE_MAX);
    if (x509_put_der(cert, &der, e) != 0)
        return -1;
    return b64_armour(buf_view(&der), "CERTIFICATE", B64_WRAP_64_LF, out) == 0
               ? 0
               : err_set(e, ERR_SYS_LIMIT, "no room for the certificate");
}

bool x509_has_key(const X509 *cert, EVP_PKEY *key) {
    EVP_PKEY *own = X509_get0_pubkey(cert);
    return own != NULL && key != NULL && EVP_PKEY_eq(own, key) == 1;
}

char *x509_name_slashes(const X509_NAME *name) {
    char *text = X509_NAME_oneline(name, NULL, 0);
    char *copy = text == NULL ? NULL : strdup(text);
    OPENSSL_free(text);
    return copy;
}

char *x509_name_rfc2253(const X509_NAME *name) {
    AUTO(BIO) bio = BIO_new(BIO_s_mem());
    if (bio == NULL ||
        X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
        return NULL;
    char *data;
    long len = BIO_get_mem_data(bio, &data);
    return strndup(len > 0 ? data : "", len > 0 ? (size_t)len : 0);
}

char *x509_name_cn(const X509_NAME *name) {
    int at = -1;
    for (int next; (next = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0;)
        at = next;
    if (at < 0)
        return NULL;
    unsigned char *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (len < 0)
        return NULL;
    char *text =
        memchr(utf8, '\0', (size_t)len) != NULL ? NULL : strndup((char *)utf8, (size_t)len);
    OPENSSL_free(utf8);
    return text;
}

/* Copies one "TYPE=value" up to an unescaped comma; *at moves behind it. */
static int next_pair(const char **at, struct buf *type, struct buf *value) {
    const char *p = *at + strspn(*at, ", ");
    size_t type_len = strcspn(p, "=,");
    if (type_len == 0 || p[type_len] != '=')
        return -1;
    buf_reset(type);
    buf_reset(value);
    buf_put(type, p, type_len);
    for (p += type_len + 1; *p != '\0' && *p != ','; p++) {
        if (*p == '\\' && p[1] != '\0')
            p++;
        buf_put_u8(value, (uint8_t)*p);
    }
    *at = p;
    return type->failed || value->failed ? -1 : 0;
}

static bool names(X509 *cert, X509 *issuer) {
    return X509_check_issued(issuer, cert) == X509_V_OK &&
           X509_get0_authority_key_id(cert) != NULL && X509_get0_subject_key_id(issuer) != NULL;
}

bool x509_names_one(X509 *cert, const X509_STACK *issuers) {
    for (int i = 0; i < sk_X509_num(issuers); i++)
        if (names(cert, sk_X509_value(issuers, i)))
            return true;
    return x509_issued_by_one(cert, issuers);
}

bool x509_issued_by_one(X509 *cert, const X509_STACK *issuers) {
    for (int i = 0; i < sk_X509_num(issuers); i++) {
        X509 *issuer = sk_X509_value(issuers, i);
        if (X509_check_issued(issuer, cert) == X509_V_OK &&
            X509_verify(cert, X509_get0_pubkey(issuer)) == 1)
            return true;
    }
    ERR_clear_error();
    return false;
}

X509_NAME *x509_name_parse(const char *text, struct err *e) {
    AUTO(X509_NAME) name = X509_NAME_new();
    AUTO_BUF type = BUF_INIT(64);
    AUTO_BUF value = BUF_INIT(NAME_MAX_BYTES);
    const char *at = text;
    while (name != NULL && at[strspn(at, ", ")] != '\0') {
        if (next_pair(&at, &type, &value) != 0) {
            err_set(e, ERR_X509_ISSUE, "name '%s': expected TYPE=value at '%s'", text, at);
            return NULL;
        }
        if (X509_NAME_add_entry_by_txt(name, buf_str(&type), MBSTRING_UTF8, value.data,
                                       (int)value.len, -1, 0) != 1) {
            err_openssl(e, ERR_X509_ISSUE, "name '%s': cannot use %s", text, buf_str(&type));
            return NULL;
        }
    }
    return TAKE(name);
}

char *x509_serial_hex(const X509 *cert) {
    const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
    return hex_encode(bytes_of(ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial)),
                      0);
}

static int seconds_of(const ASN1_TIME *time, int64_t *out) {
    struct tm utc;
    if (ASN1_TIME_to_tm(time, &utc) != 1)
        return -1;
    *out = (int64_t)timegm(&utc);
    return 0;
}

int x509_validity(const X509 *cert, int64_t *not_before, int64_t *not_after, struct err *e) {
    if (seconds_of(X509_get0_notBefore(cert), not_before) != 0 ||
        seconds_of(X509_get0_notAfter(cert), not_after) != 0)
        return err_set(e, ERR_X509_PARSE, "the validity of the certificate is malformed");
    return 0;
}

static enum err_code code_of_verification(int reason) {
    switch (reason) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return ERR_X509_NOT_YET_VALID;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return ERR_X509_EXPIRED;
    default:
        return ERR_X509_CHAIN;
    }
}

static X509_STORE *store_of(const X509_STACK *anchors) {
    AUTO(X509_STORE) store = X509_STORE_new();
    for (int i = 0; store != NULL && i < sk_X509_num(anchors); i++)
        if (X509_STORE_add_cert(store, sk_X509_value(anchors, i)) != 1)
            return NULL;
    return TAKE(store);
}

int x509_verify(X509 *leaf, const X509_STACK *intermediates, const X509_STACK *anchors,
                struct err *e) {
    AUTO(X509_STORE) store = store_of(anchors);
    AUTO(X509_STORE_CTX) ctx = X509_STORE_CTX_new();
    if (store == NULL || ctx == NULL ||
        X509_STORE_CTX_init(ctx, store, leaf, (X509_STACK *)intermediates) != 1)
        return err_openssl(e, ERR_SYS_NOMEM, "cannot set up the verification");
    X509_STORE_CTX_set_time(ctx, 0, clock_wall());
    if (X509_verify_cert(ctx) == 1)
        return 0;
    int reason = X509_STORE_CTX_get_error(ctx);
    int depth = X509_STORE_CTX_get_error_depth(ctx);
    ERR_clear_error();
    return err_set(e, code_of_verification(reason), "certificate at depth %d: %s", depth,
                   X509_verify_cert_error_string(reason));
}
