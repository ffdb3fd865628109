/* The log lines against the seed's (seed 1: "NGINX log at CES start-up", "NGINX error.log", the
 * failures, "wrong certificate template"), which stand in testdata/ with PID for the process id. */
#include "base/clock.h"
#include "base/file.h"
#include "base/test.h"
#include "base/x509.h"
#include "ra/ra_log.h"
#include <openssl/crypto.h>
#include <string.h>

#define LAB "https://lab-dc.michamen.com:443/certsrv"
#define IIS "https://lab-dc-iis.michamen.com:443/certsrv"

static struct ra_log *log_under_test;
static char directory[64];
static char ra_path[96];
static char error_path[96];

static void freeze(int64_t wall_s) {
    clock_configure(0, 1.0);
    clock_configure(wall_s * INT64_C(1000000) + 500000 - clock_wall_us(), 1e-9);
}

static void open_log(int64_t wall_s) {
    struct err e;
    snprintf(directory, sizeof directory, "/tmp/ra-log-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(ra_path, sizeof ra_path, "%s/ra.log", directory);
    snprintf(error_path, sizeof error_path, "%s/error.log", directory);
    freeze(wall_s);
    log_under_test = ra_log_open(ra_path, error_path, &e);
    ck_assert_ptr_nonnull(log_under_test);
}

static void close_log(void) {
    ra_log_close(log_under_test);
    unlink(ra_path);
    unlink(error_path);
    rmdir(directory);
}

/* Copies text with every placeholder replaced. */
static void fill(struct buf *out, const char *text, const char *mark, const char *value) {
    for (const char *at = strstr(text, mark); at != NULL; at = strstr(text, mark)) {
        buf_put(out, text, (size_t)(at - text));
        buf_put_str(out, value);
        text = at + strlen(mark);
    }
    buf_put_str(out, text);
}

static void check_file(const char *path, const char *expected_file) {
    AUTO_BUF got = BUF_INIT(65536), raw = BUF_INIT(65536), pid = BUF_INIT(65536);
    AUTO_BUF compiled = BUF_INIT(65536), expected = BUF_INIT(65536);
    struct err e;
    char number[32];
    AUTO(char) from = path_join(TESTDATA, "%s", expected_file);
    snprintf(number, sizeof number, "%ld", (long)getpid());
    ck_assert_ok(file_read(path, &got, &e), e);
    ck_assert_ok(file_read(from, &raw, &e), e);
    /* "PID value" is text of a line, the other PIDs are the number */
    fill(&pid, buf_str(&raw), "PID#", "\001#");
    AUTO_BUF named = BUF_INIT(65536), numbered = BUF_INIT(65536);
    fill(&named, buf_str(&pid), "= PID", "= \001");
    fill(&numbered, buf_str(&named), "\001", number);
    fill(&compiled, buf_str(&numbered), "COMPILED", OPENSSL_VERSION_TEXT);
    fill(&expected, buf_str(&compiled), "LINKED", OpenSSL_version(OPENSSL_VERSION));
    ck_assert_str_eq(buf_str(&got), buf_str(&expected));
}

static void check_empty(const char *path) {
    AUTO_BUF got = BUF_INIT(65536);
    struct err e;
    ck_assert_ok(file_read(path, &got, &e), e);
    ck_assert_str_eq(buf_str(&got), "");
}

static void discard(void) {
    ck_assert_int_eq(truncate(ra_path, 0), 0);
    ck_assert_int_eq(truncate(error_path, 0), 0);
}

static struct certsrv_answer good(const char *url, size_t received) {
    return (struct certsrv_answer){.url = url, .text = "", .status = 200, .received = received};
}

START_TEST(start_up_is_as_in_the_seed) {
    struct err e;
    open_log(1551789081); /* 2019-03-05 12:31:21 */
    AUTO(X509_STACK) trust = x509_read_all_file(TESTDATA "/trust.pem", &e);
    ck_assert_ptr_nonnull(trust);
    struct certsrv_answer login = good(LAB, 163);
    login.status = 301;
    struct certsrv_answer chain = good(LAB "/certnew.p7b?ReqID=CACert&Renewal=0&Enc=bin", 1000);
    ra_log_nothing_set_yet(log_under_test);
    ra_log_login_to_certsrv_ca(log_under_test, NULL, &login);
    ra_log_retrieve_cacerts(log_under_test, &chain);
    ra_log_plugin_postconf(log_under_test, true);
    check_file(error_path, "start-error.log");
    ra_log_init_cert_store(log_under_test, NULL, trust);
    ra_log_est_start(log_under_test, trust, false);
    ra_log_started(log_under_test);
    check_file(ra_path, "start-ra.log");
    close_log();
}
END_TEST

START_TEST(failures_of_the_start_are_as_in_the_seed) {
    open_log(1551789081);
    struct certsrv_answer login = {
        .err = {.code = ERR_TLS_UNTRUSTED},
        .url = LAB,
        .curl = CURLE_PEER_FAILED_VERIFICATION,
        .text = "SSL certificate problem: unable to get local issuer certificate"};
    ra_log_login_to_certsrv_ca(log_under_test, NULL, &login);
    ra_log_retrieve_cacerts_no_login(log_under_test);
    ra_log_plugin_postconf(log_under_test, false);
    check_file(ra_path, "untrusted-ra.log");
    discard();
    struct certsrv_answer chain = {
        .err = {.code = ERR_HTTP_TIMEOUT},
        .url = LAB "/certnew.p7b?ReqID=CACert&Renewal=0&Enc=bin",
        .curl = CURLE_OPERATION_TIMEDOUT,
        .text = "Operation timed out after 10001 milliseconds with 0 bytes received"};
    ra_log_retrieve_cacerts(log_under_test, &chain);
    ra_log_plugin_postconf(log_under_test, false);
    check_file(ra_path, "timeout-ra.log");
    close_log();
}
END_TEST

START_TEST(lines_about_a_client_name_it) {
    struct err e;
    open_log(1551286408); /* 2019-02-27 16:53:28 */
    AUTO(X509_STACK) chain = x509_read_all_file(TESTDATA "/chain.pem", &e);
    struct ra_client who = {2, "14.48.31.128", "0.0.0.0:8084"};
    struct certsrv_answer login = good(IIS, 163);
    struct certsrv_answer page = good(IIS "/certrqxt.asp", 11771);
    ra_log_started(log_under_test);
    discard();
    ra_log_init_cert_store(log_under_test, &who, chain);
    ra_log_login_to_certsrv_ca(log_under_test, &who, &login);
    ra_log_navigate_to_certsrv_page(log_under_test, &who, &page);
    check_file(error_path, "template-error.log");
    check_empty(ra_path); /* "later activity is not logged here" (seed 1, CiscoRA log) */
    close_log();
}
END_TEST

START_TEST(nobody_forges_a_line) {
    open_log(1551789081);
    struct err cause = {.code = ERR_CERTSRV_DENIED, .text = "x\nnginx: [warn] forged"};
    struct ra_client who = {1, "127.0.0.1", "0.0.0.0:8084"};
    ra_log_enroll_failed(log_under_test, &who, 7, &cause);
    AUTO_BUF got = BUF_INIT(65536);
    struct err e;
    ck_assert_ok(file_read(ra_path, &got, &e), e);
    ck_assert_str_eq(buf_str(&got), "nginx: [error] ra_certsrv_enroll: ReqID 7: CERTSRV_DENIED: "
                                    "x\\x0anginx: [warn] forged\n");
    close_log();
}
END_TEST

START_TEST(whoever_is_cut_off_is_named) {
    open_log(1551789081);
    struct http_cut slow = {"192.0.2.1", 4711, 7, HTTP_PHASE_HANDSHAKE, {.code = ERR_SYS_TIMEOUT}};
    struct http_cut many = {"192.0.2.1:4712", 0, 0, HTTP_PHASE_PLACE, {.code = ERR_SYS_LIMIT}};
    memcpy(many.why.text, "too many", sizeof "too many");
    ra_log_started(log_under_test);
    ra_log_cut(log_under_test, &slow, "0.0.0.0:8084");
    ra_log_cut(log_under_test, &many, "0.0.0.0:8084");
    AUTO_BUF got = BUF_INIT(65536);
    struct err e;
    ck_assert_ok(file_read(error_path, &got, &e), e);
    ck_assert_ptr_nonnull(strstr(buf_str(&got),
                                 ": *7 client timed out (110: Connection timed out) while SSL "
                                 "handshaking (SYS_TIMEOUT), client: 192.0.2.1, server: "
                                 "0.0.0.0:8084\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&got), ": limiting connections: too many (SYS_LIMIT), "
                                                "client: 192.0.2.1:4712, server: 0.0.0.0:8084\n"));
    close_log();
}
END_TEST

TEST_MAIN("ra log", start_up_is_as_in_the_seed, failures_of_the_start_are_as_in_the_seed,
          lines_about_a_client_name_it, nobody_forges_a_line, whoever_is_cut_off_is_named)
