/* Judging an answer. It must never hand out a certificate for another key than the request's. */
#include "est/est_answer.h"
#include "base/clock.h"
#include "base/x509.h"
#include "est/est_http.h"
#include "est/est_outcome.h"
#include "pki/p7.h"

enum { TEXT_MAX_BYTES = 200 }; /* of an error text of the server, shown in ours */

static enum est_error fail(struct est_result *r, enum est_error error, const char *what) {
    if (r->err.code == ERR_OK)
        err_set(&r->err, est_cause_of(error), "%s", what);
    return error;
}

static enum est_error check_issued(const struct est_answer *a, X509_STACK *certificates,
                                   struct est_result *r) {
    if (sk_X509_num(certificates) != 1)
        return fail(r, EST_ERR_NO_CERTIFICATE, "the answer holds more than one certificate");
    if (!x509_has_key(sk_X509_value(certificates, 0), a->key))
        return fail(r, EST_ERR_X509_PUBKEY, "the certificate is for another key");
    return EST_ERR_NONE;
}

static enum est_error read_certificates(const struct est_answer *a, X509_STACK **certificates,
                                        struct est_result *r) {
    bool enrolment = a->operation != EST_CACERTS;
    *certificates = p7_read(r->der, &r->err);
    if (*certificates == NULL)
        return enrolment ? EST_ERR_NO_CERTIFICATE : EST_ERR_LOAD_CACERTS;
    r->certificates = *certificates;
    return enrolment ? check_issued(a, *certificates, r) : EST_ERR_NONE;
}

static const char *expected_type(enum est_operation operation) {
    return operation == EST_CSRATTRS ? "application/csrattrs" : "application/pkcs7-mime";
}

/* The body of a 200. */
static enum est_error read_body(const struct est_answer *a, struct buf *der,
                                X509_STACK **certificates, struct est_result *r) {
    if (!est_media_type_is(a->content_type, expected_type(a->operation)))
        return fail(r, EST_ERR_BAD_CONTENT_TYPE, "the answer has another content type");
    r->body = a->body;
    bool may_be_empty = a->operation == EST_CSRATTRS;
    if (r->body.len == 0 && may_be_empty)
        return EST_ERR_NONE;
    if (b64_decode_any(r->body, der, NULL, &r->err) != 0)
        return a->operation == EST_CACERTS ? EST_ERR_LOAD_CACERTS : EST_ERR_BAD_BASE64;
    r->der = buf_view(der);
    return may_be_empty ? EST_ERR_NONE : read_certificates(a, certificates, r);
}

static enum est_error read_retry(const struct est_answer *a, struct est_result *r) {
    if (est_retry_after_parse(a->retry_after, clock_wall_us(), EST_CLIENT_RETRY_MAX_S,
                              &r->retry_after_us, &r->err) != 0)
        return EST_ERR_INVALID_RETRY_VALUE;
    return fail(r, EST_ERR_CA_ENROLL_RETRY, "accepted, the certificate is not ready");
}

/* The start of the server's error text, for people. */
static void describe_status(const struct est_answer *a, enum est_error error,
                            struct est_result *r) {
    AUTO_BUF text = BUF_INIT(8 * TEXT_MAX_BYTES);
    size_t len = a->body.len < TEXT_MAX_BYTES ? a->body.len : TEXT_MAX_BYTES;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = a->body.data[i];
        buf_put_u8(&text, c >= 0x20 && c < 0x7f ? c : ' ');
    }
    err_set(&r->err, est_cause_of(error), "HTTP status %ld from %s:%u%s%s", a->status, a->host,
            a->port, len > 0 ? ": " : "", buf_str(&text));
}

static enum est_error judge(const struct est_answer *a, struct buf *der, X509_STACK **certificates,
                            struct est_result *r) {
    enum est_error error = est_error_of_status(a->status, a->operation);
    if (error == EST_ERR_CA_ENROLL_RETRY)
        return read_retry(a, r);
    if (error != EST_ERR_NONE)
        describe_status(a, error, r);
    else if (a->status == 200)
        error = read_body(a, der, certificates, r);
    return error;
}

enum est_error est_answer_judge(const struct est_answer *a, struct buf *der,
                                X509_STACK **certificates, struct est_result *r) {
    *r = (struct est_result){.status = a->status};
    r->code = judge(a, der, certificates, r);
    return r->code;
}
