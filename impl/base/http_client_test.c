/* The HTTP client against the server over real TLS: outcomes with the numbers and texts that the
 * logs of seed 1 have, at the component's time. */
#include "http_test_lab.h"

#include "base/http_client_impl.h"

#include <openssl/ssl.h>

static struct lab lab;

static void expect_failure(const char *host, const char *ca, int code, enum err_code mapped,
                           const char *text) {
    struct fetch f;
    fetch_init(&f, &lab, host);
    f.endpoint.ca_file = ca;
    fetch_run(&f, &lab, "/certsrv");
    ck_assert_str_eq(f.result.text, text);
    ck_assert_int_eq(f.result.code, code);
    ck_assert_str_eq(err_name(f.result.err.code), err_name(mapped));
    ck_assert_str_eq(f.result.err.text, text);
    fetch_free(&f);
    ck_assert_uint_eq(lab.requests, 0);
}

static void note_request(struct lab *l, struct http_request *r) {
    snprintf(l->note, sizeof l->note, "%s %s?%s %zu", http_request_method(r), http_request_path(r),
             http_request_query(r), http_request_body(r).len);
    ck_assert_int_eq(http_reply_header(r, "Content-Type", "text/plain"), 0);
    http_reply(r, 200, bytes_of_str("hello"), false);
}

START_TEST(get_over_tls) {
    struct fetch f;
    lab.handler = note_request;
    lab_start_tls(&lab);
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    fetch_run(&f, &lab, "/certsrv/certnew.p7b?ReqID=CACert&Renewal=0&Enc=bin");
    ck_assert_int_eq(f.result.code, CURLE_OK);
    ck_assert_int_eq(f.result.err.code, ERR_OK);
    ck_assert_int_eq(f.result.status, 200);
    ck_assert_int_eq(f.result.received, 5);
    ck_assert_str_eq(buf_str(&f.body), "hello");
    ck_assert_str_eq(http_client_header(f.easy, "content-type"), "text/plain");
    ck_assert_ptr_null(http_client_header(f.easy, "x-none"));
    ck_assert_str_eq(lab.note, "GET /certsrv/certnew.p7b?ReqID=CACert&Renewal=0&Enc=bin 0");
    fetch_free(&f);
    lab_stop(&lab);
}
END_TEST

START_TEST(large_upload_over_tls) {
    struct fetch f;
    static char body[60000];
    memset(body, 'b', sizeof body);
    lab.handler = note_request;
    lab_start_tls(&lab);
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    curl_easy_setopt(f.easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(f.easy, CURLOPT_POSTFIELDSIZE, (long)sizeof body);
    fetch_run(&f, &lab, "/certsrv/certfnsh.asp");
    ck_assert_int_eq(f.result.code, CURLE_OK);
    ck_assert_str_eq(lab.note, "POST /certsrv/certfnsh.asp? 60000");
    fetch_free(&f);
    lab_stop(&lab);
}
END_TEST

START_TEST(connection_is_used_again) {
    struct fetch f;
    lab_start_tls(&lab);
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    for (int i = 0; i < 3; i++) {
        fetch_run(&f, &lab, "/");
        ck_assert_int_eq(f.result.code, CURLE_OK);
        ck_assert_uint_eq(lab.last_connection, 1);
    }
    fetch_free(&f);
    lab_stop(&lab);
    ck_assert_uint_eq(lab.opened, 1);
}
END_TEST

START_TEST(unknown_issuer) {
    lab_start_tls(&lab);
    expect_failure("lab-dc.michamen.com", PEM("other"), 60, ERR_TLS_UNTRUSTED,
                   "SSL certificate problem: unable to get local issuer certificate");
    lab_stop(&lab);
}
END_TEST

/* Seed 1: refused even when the trust store holds that very certificate. */
START_TEST(self_signed_server_is_refused_though_in_the_store) {
    lab_start(&lab, (struct http_server_options){.certificate_file = PEM("self"),
                                                 .key_file = KEY("self")});
    expect_failure("lab-dc.michamen.com", PEM("self"), 60, ERR_TLS_SELF_SIGNED,
                   "SSL certificate problem: unable to get local issuer certificate");
    expect_failure("lab-dc.michamen.com", PEM("ca"), 60, ERR_TLS_SELF_SIGNED,
                   "SSL certificate problem: unable to get local issuer certificate");
    lab_stop(&lab);
}
END_TEST

/* The certificate of the server alone is no anchor for itself. */
START_TEST(leaf_in_the_store_is_no_anchor) {
    lab_start_tls(&lab);
    expect_failure("lab-dc.michamen.com", PEM("server"), 60, ERR_TLS_UNTRUSTED,
                   "SSL certificate problem: unable to get local issuer certificate");
    lab_stop(&lab);
}
END_TEST

START_TEST(common_name_is_another_name) {
    lab_start(&lab, (struct http_server_options){.certificate_file = PEM("shortname"),
                                                 .key_file = KEY("shortname")});
    expect_failure("lab-dc.michamen.com", PEM("ca"), 51, ERR_TLS_NAME_MISMATCH,
                   "SSL: certificate subject name 'lab-dc' does not match target host name "
                   "'lab-dc.michamen.com'");
    lab_stop(&lab);
}
END_TEST

START_TEST(a_wrong_name_is_60_where_that_is_wanted) {
    lab_start(&lab, (struct http_server_options){.certificate_file = PEM("shortname"),
                                                 .key_file = KEY("shortname")});
    struct fetch f;
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    f.endpoint.mismatch_is_60 = true;
    fetch_run(&f, &lab, "/certsrv");
    ck_assert_int_eq(f.result.code, 60);
    ck_assert_int_eq(f.result.err.code, ERR_TLS_NAME_MISMATCH);
    fetch_free(&f);
    lab_stop(&lab);
}
END_TEST

START_TEST(validity_is_judged_at_component_time) {
    lab_start_tls(&lab);
    lab_clock(LAB_NOW_US - INT64_C(10) * 365 * 86400 * SECOND, 1);
    expect_failure("lab-dc.michamen.com", PEM("ca"), 60, ERR_TLS_NOT_YET_VALID,
                   "SSL certificate problem: certificate is not yet valid");
    lab_clock(LAB_NOW_US + INT64_C(10) * 365 * 86400 * SECOND, 1);
    expect_failure("lab-dc.michamen.com", PEM("ca"), 60, ERR_TLS_EXPIRED,
                   "SSL certificate problem: certificate has expired");
    lab_stop(&lab);
}
END_TEST

START_TEST(trust_store_that_cannot_be_read) {
    lab_start_tls(&lab);
    expect_failure("lab-dc.michamen.com", "/nowhere/trust.pem", 77, ERR_TLS_CONFIG,
                   "error setting certificate file: /nowhere/trust.pem");
    lab_stop(&lab);
}
END_TEST

/* Connections wait in the backlog of a socket that nobody accepts from. */
START_TEST(handshake_without_answer_times_out_like_the_operation) {
    struct fetch f;
    struct err e;
    AUTO(char) address = NULL;
    AUTO_FD fd = listen_tcp("127.0.0.1:0", &address, &e);
    ck_assert_int_ge(fd, 0);
    lab_start_tls(&lab);
    lab_clock(LAB_NOW_US, 50);
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    f.endpoint.via = address;
    fetch_run(&f, &lab, "/");
    ck_assert_int_eq(f.result.code, CURLE_OPERATION_TIMEDOUT);
    ck_assert_str_eq(f.result.text,
                     "Operation timed out after 10000 milliseconds with 0 bytes received");
    ck_assert_err(f.result.err, HTTP_TIMEOUT);
    fetch_free(&f);
    lab_stop(&lab);
}
END_TEST

START_TEST(nobody_listens) {
    struct fetch f;
    struct sockaddr_in any = {.sin_family = AF_INET};
    socklen_t len = sizeof any;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* bound, never listening */
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&any, sizeof any), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&any, &len), 0);
    lab_start_tls(&lab);
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    snprintf(f.via, sizeof f.via, "localhost:%u", (unsigned)ntohs(any.sin_port));
    fetch_run(&f, &lab, "/");
    ck_assert_int_eq(f.result.code, CURLE_COULDNT_CONNECT);
    ck_assert_err(f.result.err, TCP_REFUSED);
    ck_assert_ptr_eq(
        strstr(f.result.text, "Failed to connect to lab-dc.michamen.com port 443 after "),
        f.result.text);
    close(fd);
    fetch_free(&f);
    lab_stop(&lab);
}
END_TEST

START_TEST(plain_server_fails_the_handshake) {
    struct fetch f;
    lab_start(&lab, (struct http_server_options){0});
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    fetch_run(&f, &lab, "/");
    ck_assert_int_eq(f.result.code, CURLE_SSL_CONNECT_ERROR);
    ck_assert_err(f.result.err, TLS_HANDSHAKE);
    fetch_free(&f);
    lab_stop(&lab);
}
END_TEST

/* Ten component seconds at rate 50, against a handler that never answers. */
START_TEST(time_out_speaks_component_time) {
    struct fetch f;
    lab.handler = lab_keep;
    lab_start_tls(&lab);
    lab_clock(LAB_NOW_US, 50);
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    int64_t start = clock_mono_us();
    fetch_run(&f, &lab, "/");
    ck_assert_int_ge(clock_mono_us() - start, 10 * SECOND);
    ck_assert_int_eq(f.result.code, CURLE_OPERATION_TIMEDOUT);
    ck_assert_str_eq(f.result.text,
                     "Operation timed out after 10000 milliseconds with 0 bytes received");
    ck_assert_err(f.result.err, HTTP_TIMEOUT);
    fetch_free(&f);
    lab_stop(&lab);
    ck_assert_uint_eq(lab.unsent, 1);
}
END_TEST

START_TEST(answer_beyond_the_sink_fails) {
    struct fetch f;
    lab_start_tls(&lab);
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    f.body.max = 4;
    fetch_run(&f, &lab, "/");
    ck_assert_int_eq(f.result.code, CURLE_WRITE_ERROR);
    ck_assert_err(f.result.err, HTTP_TOO_LARGE);
    fetch_free(&f);
    lab_stop(&lab);
}
END_TEST

START_TEST(wrong_via_is_reported_like_any_failure) {
    struct fetch f;
    lab_start_tls(&lab);
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    f.endpoint.via = "no port";
    fetch_run(&f, &lab, "/");
    ck_assert_int_eq(f.result.code, CURLE_URL_MALFORMAT);
    ck_assert_err(f.result.err, HTTP_TRANSPORT);
    fetch_free(&f);
    lab_stop(&lab);
}
END_TEST

START_TEST(cancelled_transfer_reports_nothing) {
    struct fetch gone, other;
    lab.handler = lab_keep;
    lab_start_tls(&lab);
    fetch_init(&gone, &lab, "lab-dc.michamen.com");
    fetch_init(&other, &lab, "lab-dc.michamen.com");
    fetch_start(&gone, &lab, "/", 10 * SECOND);
    lab_until(&lab, &lab.requests, 1);
    http_client_cancel(lab.client, gone.easy);
    http_client_cancel(lab.client, gone.easy);
    lab.handler = lab_answer;
    fetch_run(&other, &lab, "/");
    ck_assert_int_eq(other.result.code, CURLE_OK);
    ck_assert_uint_eq(gone.done, 0);
    lab_answer_waiting(&lab);
    fetch_free(&gone);
    fetch_free(&other);
    lab_stop(&lab);
}
END_TEST

START_TEST(freeing_the_client_ends_transfers) {
    struct fetch f;
    struct err e;
    lab.handler = lab_keep;
    lab_start_tls(&lab);
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    fetch_start(&f, &lab, "/", 10 * SECOND);
    lab_until(&lab, &lab.requests, 1);
    http_client_free(lab.client);
    ck_assert_uint_eq(f.done, 1);
    ck_assert_err(f.result.err, SYS_CANCELLED);
    lab.client = http_client_new(lab.loop, lab.resolver, &e);
    fetch_free(&f);
    lab_stop(&lab);
}
END_TEST

struct again {
    struct fetch *fetch;
    unsigned times;
};

/* Starts the same handle again from its own report. */
static void once_more(void *user, CURL *easy, const struct http_result *result) {
    struct again *a = user;
    ck_assert_int_eq(result->code, CURLE_OK);
    a->times++;
    if (a->times < 3)
        http_client_start(lab.client, easy, &a->fetch->endpoint, 10 * SECOND, once_more, a);
}

START_TEST(report_may_start_the_next_transfer) {
    struct fetch f;
    struct again again = {&f, 0};
    struct err e;
    lab_start_tls(&lab);
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    curl_easy_setopt(f.easy, CURLOPT_WRITEFUNCTION, http_client_to_buf);
    curl_easy_setopt(f.easy, CURLOPT_WRITEDATA, &f.body);
    ck_assert_ok(http_client_target(f.easy, &f.endpoint, "/", &e), e);
    http_client_start(lab.client, f.easy, &f.endpoint, 10 * SECOND, once_more, &again);
    lab_until(&lab, &again.times, 3);
    ck_assert_str_eq(buf_str(&f.body), "hellohellohello");
    ck_assert_uint_eq(lab.opened, 1);
    fetch_free(&f);
    lab_stop(&lab);
}
END_TEST

static void note_tls(struct lab *l, struct http_request *r) {
    AUTO(char) unique = http_request_tls_unique(r);
    snprintf(l->note, sizeof l->note, "%zu %s", http_request_client_certificate(r).len,
             unique != NULL ? unique : "-");
    http_reply(r, 200, bytes_of_str("hello"), false);
}

static void start_asking_for_certificates(void) {
    lab.handler = note_tls;
    lab_start(&lab, (struct http_server_options){.certificate_file = PEM("server"),
                                                 .key_file = KEY("server"),
                                                 .request_client_certificate = true});
}

START_TEST(client_certificate_is_asked_for_but_not_demanded) {
    struct fetch f;
    start_asking_for_certificates();
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    fetch_run(&f, &lab, "/");
    ck_assert_str_eq(lab.note, "0 -");
    curl_easy_setopt(f.easy, CURLOPT_SSLCERT, PEM("client"));
    curl_easy_setopt(f.easy, CURLOPT_SSLKEY, KEY("client"));
    fetch_run(&f, &lab, "/");
    ck_assert_int_eq(f.result.code, CURLE_OK);
    ck_assert_int_gt(atoi(lab.note), 200);
    fetch_free(&f);
    lab_stop(&lab);
}
END_TEST

/* Reads our side's value while the connection still stands. */
static size_t note_finished(char *data, size_t size, size_t count, void *user) {
    struct fetch *f = user;
    struct curl_tlssessioninfo *info = NULL;
    unsigned char finished[64];
    (void)data;
    curl_easy_getinfo(f->easy, CURLINFO_TLS_SSL_PTR, &info);
    size_t len = SSL_get_finished(info->internals, finished, sizeof finished);
    buf_reset(&f->body);
    buf_put(&f->body, finished, len);
    return size * count;
}

START_TEST(tls_unique_is_the_clients_finished_message) {
    struct fetch f;
    struct err e;
    char text[128];
    start_asking_for_certificates();
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    curl_easy_setopt(f.easy, CURLOPT_SSLVERSION,
                     (long)(CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2));
    curl_easy_setopt(f.easy, CURLOPT_WRITEFUNCTION, note_finished);
    curl_easy_setopt(f.easy, CURLOPT_WRITEDATA, &f);
    ck_assert_ok(http_client_target(f.easy, &f.endpoint, "/", &e), e);
    http_client_start(lab.client, f.easy, &f.endpoint, 10 * SECOND, fetch_done, &f);
    lab_until(&lab, &f.done, 1);
    snprintf(text, sizeof text, "0 ");
    EVP_EncodeBlock((unsigned char *)text + 2, f.body.data, (int)f.body.len);
    ck_assert_str_eq(lab.note, text);
    ck_assert_uint_eq(f.body.len, 12);
    fetch_free(&f);
    lab_stop(&lab);
}
END_TEST

START_TEST(this_curl_has_ntlm) {
    ck_assert(http_client_has_ntlm());
}
END_TEST

/* What a lack of memory does to curl: the transfer is there, but nobody looks after it. */
START_TEST(a_transfer_that_curl_forgets_ends_at_its_limit) {
    struct fetch f;
    lab.handler = lab_keep;
    lab_start_tls(&lab);
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    fetch_start(&f, &lab, "/", SECOND / 2);
    lab_until(&lab, &lab.requests, 1);
    curl_multi_remove_handle(lab.client->multi, f.easy);
    lab_until(&lab, &f.done, 1);
    ck_assert_int_eq(f.result.code, CURLE_OPERATION_TIMEDOUT);
    ck_assert_str_eq(err_name(f.result.err.code), "HTTP_TIMEOUT");
    fetch_free(&f);
    lab_stop(&lab);
}
END_TEST

TEST_MAIN("HTTP client", get_over_tls, large_upload_over_tls, connection_is_used_again,
          unknown_issuer, self_signed_server_is_refused_though_in_the_store,
          leaf_in_the_store_is_no_anchor, common_name_is_another_name,
          a_wrong_name_is_60_where_that_is_wanted, validity_is_judged_at_component_time,
          trust_store_that_cannot_be_read, handshake_without_answer_times_out_like_the_operation,
          nobody_listens, plain_server_fails_the_handshake, time_out_speaks_component_time,
          answer_beyond_the_sink_fails, wrong_via_is_reported_like_any_failure,
          cancelled_transfer_reports_nothing, freeing_the_client_ends_transfers,
          report_may_start_the_next_transfer, client_certificate_is_asked_for_but_not_demanded,
          tls_unique_is_the_clients_finished_message, this_curl_has_ntlm,
          a_transfer_that_curl_forgets_ends_at_its_limit)
