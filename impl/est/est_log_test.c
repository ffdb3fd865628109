/* libest's lines, letter by letter as in seed 1. */
#include "base/file.h"
#include "base/owned.h"
#include "base/test.h"
#include "est/est_log.h"
#include <stdio.h>
#include <string.h>

static char path[] = "/tmp/est-log-XXXXXX";
static struct log *log_file;

static void start(void) {
    struct err e;
    AUTO_FD fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    log_file = log_open(path, &e);
    ck_assert_ptr_nonnull(log_file);
}

static void expect(const char *lines) {
    struct err e;
    AUTO_BUF text = BUF_INIT(1U << 20);
    log_close(log_file);
    ck_assert_ok(file_read(path, &text, &e), e);
    unlink(path);
    ck_assert_str_eq(buf_str(&text), lines);
}

START_TEST(a_refused_enrolment_reads_as_in_the_field) {
    start();
    est_log(log_file, EST_LOG_NO_PEER_CERT);
    est_log(log_file, EST_LOG_AUTH_FAILED, 1);
    est_log(log_file, EST_LOG_ENROLL_FAILED, 22, est_err_name(22));
    est_log(log_file, EST_LOG_HTTP_ERROR, 401U, "Unauthorized",
            "The server was unable to authorize the request.");
    est_log(log_file, EST_LOG_ERROR_CODE, 22, est_err_name(22));
    est_log(log_file, EST_LOG_REQUEST_FAILED, 22, est_err_name(22));
    est_log(log_file, EST_LOG_ACCESS, "14.48.31.128", "27/Feb/2019:16:53:28 -0500", "POST",
            "/.well-known/est/simpleenroll", 401, 0);
    est_log(log_file, EST_LOG_REFERER, "-");
    est_log(log_file, EST_LOG_USER_AGENT, "\"Cisco EST client 1.0\"");
    est_log(log_file, EST_LOG_SHUTDOWN_FAILED);
    expect("***EST [INFO][est_enroll_auth:356]--> TLS: no peer certificate\n"
           "***EST [WARNING][est_enroll_auth:394]--> HTTP authentication failed. Auth type=1\n"
           "***EST [WARNING][est_http_request:1435]--> Enrollment failed with rc=22 "
           "(EST_ERR_AUTH_FAIL)\n\n"
           "***EST [INFO][mg_send_http_error:389]--> [Error 401: Unauthorized\n"
           "The server was unable to authorize the request.\n]\n"
           "***EST [ERROR][est_mg_handler:1234]--> EST error response code: 22 "
           "(EST_ERR_AUTH_FAIL)\n\n"
           "***EST [WARNING][handle_request:1267]--> Incoming request failed rv=22 "
           "(EST_ERR_AUTH_FAIL)\n"
           "***EST [INFO][log_access:1298]--> 14.48.31.128 [27/Feb/2019:16:53:28 -0500] "
           "\"POST /.well-known/est/simpleenroll HTTP/1.1\" 401 0\n"
           "***EST [INFO][log_header:1276]--> -\n"
           "***EST [INFO][log_header:1278]--> \"Cisco EST client 1.0\"\n"
           "***EST [WARNING][est_server_handle_request:1716]--> SSL_shutdown failed\n");
}
END_TEST

START_TEST(start_up_reads_as_in_the_field) {
    start();
    est_log(log_file, EST_LOG_VERSION, "2.2.0", 4);
    est_log(log_file, EST_LOG_COMPILED, "CiscoSSL 1.0.2n.6.2.194-fips");
    est_log(log_file, EST_LOG_LINKED, "CiscoSSL 1.0.2n.6.2.194-fips");
    est_log(log_file, EST_LOG_ADD_CERT, "/O=Cisco/CN=ACT2 SUDI CA");
    est_log(log_file, EST_LOG_ECDHE, 415);
    est_log(log_file, EST_LOG_NO_SRP);
    expect("***EST [INFO][est_log_version:216]--> libest 2.2.0 (API level 4)\n"
           "***EST [INFO][est_log_version:220]--> Compiled against CiscoSSL "
           "1.0.2n.6.2.194-fips\n"
           "***EST [INFO][est_log_version:221]--> Linking to CiscoSSL 1.0.2n.6.2.194-fips\n"
           "***EST [INFO][ossl_init_cert_store_from_raw:182]--> Adding cert to store "
           "(/O=Cisco/CN=ACT2 SUDI CA)\n"
           "***EST [INFO][set_ssl_option:1378]--> Using non-default ECDHE curve (nid=415)\n"
           "***EST [INFO][set_ssl_option:1432]--> TLS SRP not enabled\n");
}
END_TEST

START_TEST(nobody_forges_a_line) {
    start();
    est_log(log_file, EST_LOG_USER_AGENT, "a\r\n***EST [INFO][x:1]--> %s%n\x7f");
    expect("***EST [INFO][log_header:1278]--> a\\x0d\\x0a***EST [INFO][x:1]--> %s%n\\x7f\n");
}
END_TEST

START_TEST(a_line_has_an_end_whatever_its_length) {
    struct err e;
    AUTO_BUF text = BUF_INIT(1U << 20);
    AUTO_BUF big = BUF_INIT(1U << 20);
    for (int i = 0; i < 100000; i++)
        buf_put_str(&big, "x");
    start();
    est_log(log_file, EST_LOG_USER_AGENT, buf_str(&big));
    est_log(log_file, EST_LOG_NO_SRP);
    est_log(NULL, EST_LOG_NO_SRP);
    log_close(log_file);
    ck_assert_ok(file_read(path, &text, &e), e);
    unlink(path);
    ck_assert_ptr_nonnull(
        strstr(buf_str(&text), "\n***EST [INFO][set_ssl_option:1432]--> TLS SRP not enabled\n"));
}
END_TEST

START_TEST(stamps_are_those_of_access_logs) {
    char stamp[EST_LOG_STAMP_MAX];
    est_log_stamp(1551304408LL * 1000000, stamp);
    ck_assert_str_eq(stamp, "27/Feb/2019:21:53:28 +0000");
}
END_TEST

TEST_MAIN("est log", a_refused_enrolment_reads_as_in_the_field, start_up_reads_as_in_the_field,
          nobody_forges_a_line, a_line_has_an_end_whatever_its_length,
          stamps_are_those_of_access_logs)
