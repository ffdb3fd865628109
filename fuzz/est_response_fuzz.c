/* Reaches est_answer_judge, est_media_type_is, est_retry_after_parse, est_error_of_status,
 * b64_decode_any, p7_read and x509_has_key; b64_encode and b64_armour are what their results are
 * checked with. Input: three lines (number of the operation and status, Content-Type, Retry-After),
 * then the body of an answer to the EST client. The key protects nothing. Floor: 2500/s. */
#include "base/base64.h"
#include "base/owned.h"
#include "est/est_answer.h"
#include "fuzz/fuzz.h"
#include <openssl/pem.h>
#include <string.h>

static const char public_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJGoGNSNIkCB76CLjZ+m/Zeqf9JSF\n"
    "UBH9NhHb/O+dbkV4BaCPtSPJNEXo7qeeyqrgZjAyxd0Gn02nW5n9WdLLQg==\n"
    "-----END PUBLIC KEY-----\n";

/* Of the requests that the answers are to; read once, it lives as long as the process. */
static EVP_PKEY *request_key(void) {
    static EVP_PKEY *key;
    if (key == NULL) {
        AUTO(BIO) bio = BIO_new_mem_buf(public_pem, -1);
        key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
        FUZZ_CHECK(key != NULL);
    }
    return key;
}

static bool is_enrolment(enum est_operation operation) {
    return operation == EST_SIMPLEENROLL || operation == EST_SIMPLEREENROLL;
}

static void check_certificates(const struct est_answer *a, const struct est_result *r) {
    bool expected = r->code == EST_ERR_NONE && a->status == 200 && a->operation != EST_CSRATTRS;
    FUZZ_CHECK(!expected || r->certificates != NULL);
    if (r->code != EST_ERR_NONE || r->certificates == NULL)
        return;
    int count = sk_X509_num(r->certificates);
    FUZZ_CHECK(count > 0 && (count == 1 || !is_enrolment(a->operation)));
    const EVP_PKEY *own = X509_get0_pubkey(sk_X509_value(r->certificates, 0));
    FUZZ_CHECK(!is_enrolment(a->operation) || EVP_PKEY_eq(own, a->key) == 1);
}

/* A number, a cause and a text that a terminal may show, or none of them. */
static void check_result(const struct est_answer *a, const struct est_result *r) {
    FUZZ_CHECK((r->code == EST_ERR_NONE) == (r->err.code == ERR_OK));
    FUZZ_CHECK(strpbrk(r->err.text, "\r\n") == NULL);
    FUZZ_CHECK(r->status == a->status);
    if (r->code == EST_ERR_CA_ENROLL_RETRY)
        FUZZ_CHECK(r->retry_after_us >= 1000000 &&
                   r->retry_after_us <= EST_CLIENT_RETRY_MAX_S * INT64_C(1000000));
    check_certificates(a, r);
}

/* Whatever way the same SEQUENCE is written, the verdict is the same. (Base64 of other octets may
 * begin as a SEQUENCE does, and is then taken for one.) */
static void check_shapes(const struct est_answer *a, const struct est_result *r) {
    static const enum b64_wrap wraps[] = {B64_ONE_LINE, B64_WRAP_64_LF, B64_WRAP_64_CRLF};
    enum b64_wrap wrap = wraps[r->der.len / 2 % 3];
    AUTO_BUF text = BUF_INIT(EST_CLIENT_RESPONSE_MAX);
    AUTO_BUF der = BUF_INIT(EST_CLIENT_RESPONSE_MAX);
    AUTO(X509_STACK) certificates = NULL;
    struct est_answer again = *a;
    struct est_result other;
    int rc = r->der.len % 2 == 0 ? b64_encode(r->der, wrap, &text)
                                 : b64_armour(r->der, "PKCS7", wrap, &text);
    FUZZ_CHECK(rc == 0);
    again.body = buf_view(&text);
    FUZZ_CHECK(est_answer_judge(&again, &der, &certificates, &other) == r->code);
    FUZZ_CHECK(bytes_equal(other.der, r->der));
}

static enum est_operation operation_of(const char *line, long *status) {
    unsigned operation = 0;
    *status = 0;
    if (sscanf(line, "%1u %5ld", &operation, status) < 1)
        operation = 0;
    return (enum est_operation)(operation % EST_OPERATION_COUNT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes rest = bytes_of(data, size);
    AUTO(char) first = fuzz_text(fuzz_line(&rest));
    AUTO(char) content_type = fuzz_text(fuzz_line(&rest));
    AUTO(char) retry_after = fuzz_text(fuzz_line(&rest));
    AUTO_BUF der = BUF_INIT(EST_CLIENT_RESPONSE_MAX);
    AUTO(X509_STACK) certificates = NULL;
    struct est_result r;
    struct est_answer a = {.content_type = content_type,
                           .retry_after = retry_after[0] == '\0' ? NULL : retry_after,
                           .body = rest,
                           .key = request_key(),
                           .host = "ra.michamen.com",
                           .port = 8084};
    a.operation = operation_of(first, &a.status);
    est_answer_judge(&a, &der, &certificates, &r);
    check_result(&a, &r);
    if (r.der.len > 0 && r.der.data[0] == 0x30)
        check_shapes(&a, &r);
    return 0;
}
