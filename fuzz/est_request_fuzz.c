/* Reaches est_path_parse, est_label_check, est_basic_parse, est_retry_after_parse,
 * est_media_type_is, est_wrap_for, est_reads_to_close, est_check_link, est_check_names,
 * est_check_client, est_is_ra and est_put_csrattrs; est_path_put and b64_encode are what their
 * results are checked with. Input: six lines (path, Authorization, Retry-After, Content-Type,
 * User-Agent, Connection), then a body. Floor: 15000/s. */
#include "base/owned.h"
#include "base/x509.h"
#include "est/est_check.h"
#include "est/est_http.h"
#include "est/est_path.h"
#include "fuzz/fuzz.h"
#include "pki/csr.h"
#include <string.h>

static const int64_t now_us = 1795255200LL * 1000000; /* 2026-11-21T10:00:00Z */
enum { RETRY_MAX_S = 366 * 24 * 3600, PATH_MAX_BYTES = 4096 };

static void check_path(const char *path) {
    AUTO_BUF written = BUF_INIT(PATH_MAX_BYTES);
    struct est_path parsed, back;
    struct err e;
    est_label_check(path, &e);
    if (est_path_parse(path, &parsed) != EST_PATH_OK)
        return;
    FUZZ_CHECK(parsed.operation < EST_OPERATION_COUNT);
    FUZZ_CHECK(parsed.label[0] == '\0' || est_label_check(parsed.label, &e) == 0);
    FUZZ_CHECK_OK(est_path_put(parsed.operation, parsed.label, &written, &e), e);
    FUZZ_CHECK(est_path_parse(buf_str(&written), &back) == EST_PATH_OK);
    FUZZ_CHECK(back.operation == parsed.operation && strcmp(back.label, parsed.label) == 0);
}

static void check_basic(const char *value) {
    AUTO_BUF pair = BUF_INIT(PATH_MAX_BYTES);
    AUTO_BUF written = BUF_INIT(PATH_MAX_BYTES);
    struct est_credentials got, back;
    struct err e;
    if (est_basic_parse(value, &got, &e) != 0) {
        FUZZ_CHECK(e.code == ERR_EST_AUTH_FAIL && got.username[0] == '\0');
        FUZZ_CHECK(got.password[0] == '\0');
        return;
    }
    FUZZ_CHECK(strchr(got.username, ':') == NULL);
    buf_printf(&pair, "%s:%s", got.username, got.password);
    buf_put_str(&written, "Basic ");
    b64_encode(buf_view(&pair), B64_ONE_LINE, &written);
    FUZZ_CHECK_OK(est_basic_parse(buf_str(&written), &back, &e), e);
    FUZZ_CHECK(strcmp(got.username, back.username) == 0 &&
               strcmp(got.password, back.password) == 0);
}

static void check_retry_after(const char *value) {
    int64_t wait_us = 0;
    struct err e;
    if (est_retry_after_parse(value, now_us, RETRY_MAX_S, &wait_us, &e) != 0)
        FUZZ_CHECK(e.code == ERR_EST_BAD_RETRY);
    else
        FUZZ_CHECK(wait_us >= 1000000 && wait_us <= RETRY_MAX_S * 1000000LL);
}

static void check_media_type(const char *value) {
    bool pkcs10 = est_media_type_is(value, "application/pkcs10");
    bool pkcs7 = est_media_type_is(value, "application/pkcs7-mime");
    FUZZ_CHECK(!(pkcs10 && pkcs7));
}

static void check_request(struct bytes body, X509 *certificate) {
    static const char unique[] = "dGxzLXVuaXF1ZSE=";
    bool present = false;
    struct err e;
    AUTO(X509_REQ) request = csr_read(body, NULL, &e);
    if (request == NULL)
        return;
    if (est_check_link(request, unique, &present, &e) != 0)
        FUZZ_CHECK(present && e.code == ERR_EST_POP);
    int without = est_check_link(request, NULL, &present, &e);
    FUZZ_CHECK(present == (without != 0));
    if (certificate != NULL && est_check_names(request, certificate, &e) != 0)
        FUZZ_CHECK(e.code == ERR_CSR_POLICY);
}

static void check_certificate(struct bytes body) {
    struct err e;
    AUTO(X509) certificate = x509_read(body, &e);
    if (certificate == NULL)
        return;
    est_is_ra(certificate);
    AUTO(X509) trusted = est_check_client(body, NULL, &e);
    FUZZ_CHECK(trusted == NULL && e.code == ERR_X509_CHAIN);
}

static void check_csrattrs(struct bytes body) {
    AUTO_BUF once = BUF_INIT(CSR_MAX);
    AUTO_BUF twice = BUF_INIT(CSR_MAX);
    struct err e;
    if (est_put_csrattrs(body, true, &once, &e) != 0)
        return;
    FUZZ_CHECK_OK(est_put_csrattrs(buf_view(&once), true, &twice, &e), e);
    FUZZ_CHECK(bytes_equal(buf_view(&once), buf_view(&twice)));
}

/* The certificate that re-enrolments are compared with: any, made once. */
static X509 *own_certificate(void) {
    static X509 *certificate;
    struct err e;
    if (certificate == NULL) {
        certificate = X509_new();
        X509_NAME *name = x509_name_parse("O=Cisco, CN=SEP74A02FC0A675", &e);
        FUZZ_CHECK(certificate != NULL && name != NULL);
        X509_set_subject_name(certificate, name);
        X509_NAME_free(name);
    }
    return certificate;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes rest = bytes_of(data, size);
    AUTO(char) path = fuzz_text(fuzz_line(&rest));
    AUTO(char) authorization = fuzz_text(fuzz_line(&rest));
    AUTO(char) retry_after = fuzz_text(fuzz_line(&rest));
    AUTO(char) content_type = fuzz_text(fuzz_line(&rest));
    AUTO(char) user_agent = fuzz_text(fuzz_line(&rest));
    AUTO(char) connection = fuzz_text(fuzz_line(&rest));
    check_path(path);
    check_basic(authorization);
    check_retry_after(retry_after);
    check_media_type(content_type);
    est_wrap_for(user_agent, connection[0] == '\0');
    est_reads_to_close(user_agent, connection);
    check_request(rest, own_certificate());
    check_certificate(rest);
    check_csrattrs(rest);
    return 0;
}
