/* Reaches p7_read, x509_read, x509_name_slashes, x509_name_rfc2253, x509_name_cn, x509_serial_hex
 * and x509_validity; p7_put, x509_put_der and x509_put_pem are what their results are checked
 * with. Input: a PKCS#7 message or a certificate, in any encoding. Floor: 2000/s. */
#include "base/owned.h"
#include "base/x509.h"
#include "fuzz/fuzz.h"
#include "pki/p7.h"

static bool same_certificate(const X509 *a, const X509 *b) {
    AUTO_BUF a_der = BUF_INIT(P7_MAX);
    AUTO_BUF b_der = BUF_INIT(P7_MAX);
    struct err e;
    return x509_put_der(a, &a_der, &e) == 0 && x509_put_der(b, &b_der, &e) == 0 &&
           bytes_equal(buf_view(&a_der), buf_view(&b_der));
}

static void check_texts(const X509 *certificate) {
    int64_t from, to;
    struct err e;
    AUTO(char) slashes = x509_name_slashes(X509_get_subject_name(certificate));
    AUTO(char) rfc2253 = x509_name_rfc2253(X509_get_issuer_name(certificate));
    AUTO(char) serial = x509_serial_hex(certificate);
    FUZZ_CHECK(slashes != NULL && rfc2253 != NULL && serial != NULL);
    free(x509_name_cn(X509_get_subject_name(certificate)));
    if (x509_validity(certificate, &from, &to, &e) != 0)
        FUZZ_CHECK(e.code == ERR_X509_PARSE);
}

static void check_certificate(X509 *certificate) {
    AUTO_BUF der = BUF_INIT(P7_MAX);
    AUTO_BUF pem = BUF_INIT(2 * P7_MAX);
    struct err e;
    check_texts(certificate);
    if (x509_put_der(certificate, &der, &e) != 0)
        return;
    FUZZ_CHECK_OK(x509_put_pem(certificate, &pem, &e), e);
    AUTO(X509) from_der = x509_read(buf_view(&der), &e);
    AUTO(X509) from_pem = x509_read(buf_view(&pem), &e);
    FUZZ_CHECK(from_der != NULL && same_certificate(from_der, certificate));
    FUZZ_CHECK(from_pem != NULL && same_certificate(from_pem, certificate));
}

/* The certificates of a message, written as one of ours, come back in their order. */
static void check_message(const X509_STACK *certificates) {
    AUTO_BUF written = BUF_INIT(4 * P7_MAX);
    struct err e;
    FUZZ_CHECK(sk_X509_num(certificates) > 0);
    if (p7_put(certificates, &written, &e) != 0 || written.len > P7_MAX)
        return;
    AUTO(X509_STACK) back = p7_read(buf_view(&written), &e);
    FUZZ_CHECK(back != NULL && sk_X509_num(back) == sk_X509_num(certificates));
    for (int i = 0; i < sk_X509_num(back); i++)
        FUZZ_CHECK(same_certificate(sk_X509_value(back, i), sk_X509_value(certificates, i)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct err e = {0};
    AUTO(X509) certificate = x509_read(bytes_of(data, size), &e);
    if (certificate != NULL)
        check_certificate(certificate);
    else
        FUZZ_CHECK(e.code == ERR_X509_PARSE);
    AUTO(X509_STACK) certificates = p7_read(bytes_of(data, size), &e);
    if (certificates == NULL) {
        FUZZ_CHECK(e.code == ERR_B64_PARSE || e.code == ERR_PKCS7_PARSE ||
                   e.code == ERR_PKCS7_EMPTY || e.code == ERR_SYS_LIMIT);
        return 0;
    }
    check_message(certificates);
    check_texts(sk_X509_value(certificates, 0));
    return 0;
}
