/* The RA between an EST client and a scripted certsrv: what goes out for each enrolment, and what
 * the client gets. */
#include "ra/ra_test_kit.h"

static struct ra *ra;

static void open_ra(void) {
    struct err e;
    ra = ra_new(process, &config, &e);
    ck_assert_msg(ra != NULL, "%s", e.text);
    ra_start(ra);
}

static void begin(const struct script_row *rows, int session, const char *template_name) {
    struct err e;
    make_folder();
    ck_assert_int_eq(pipe2(ready, O_NONBLOCK | O_CLOEXEC), 0);
    struct process_options options = {.ready_fd = ready[1]};
    config.process = (struct process_config){.actor = "ra", .clock_rate = 1.0};
    process = process_new(&config.process, &options, &e);
    ck_assert_msg(process != NULL, "%s", e.text);
    script_serve(&script, process_loop(process), rows);
    http = http_client_new(process_loop(process), process_resolver(process), &e);
    set_config(session, template_name);
    open_ra();
    await_ready();
}

static void finish(void) {
    ra_free(ra);
    http_client_free(http);
    http_server_free(script.server);
    process_free(process);
    close(ready[0]);
    remove_folder();
}

START_TEST(an_enrolment_takes_two_sessions) {
    static const char *const expected[] = {STARTED,   "GET /certsrv", FORM_SEEN, "GET /certsrv",
                                           POST_SEEN, FETCH_SEEN,     NULL};
    static const int session_of[] = {0, 0, 1, 1, 2, 2, 2};
    begin(good, RA_PER_ENROLLMENT, "CiscoRA");
    ck_assert_int_eq(enroll_expecting(true), 200);
    expect_seen(0, expected);
    for (size_t i = 1; i < 7; i++)
        ck_assert_int_eq(script.seen[i].connection == script.seen[i - 1].connection,
                         session_of[i] == session_of[i - 1]);
    /* the start-up login uses the configured password, an enrolment the client's */
    ck_assert_str_ne(script.seen[0].authorization, script.seen[2].authorization);
    ck_assert_str_eq(script.seen[2].authorization, script.seen[4].authorization);
    expect_line(paths[0], "EnrollmentService.sh : nginx server PID value = ", true);
    expect_line(paths[1], "*1 navigate_to_certsrv_page: Secure connection", true);
    finish();
}
END_TEST

START_TEST(kept_sessions_are_used_again_by_their_user) {
    static const char *const expected[] = {STARTED,   "GET /certsrv", FORM_SEEN,
                                           POST_SEEN, FETCH_SEEN,     FORM_SEEN,
                                           POST_SEEN, FETCH_SEEN,     NULL};
    begin(good, RA_PERSISTENT, "CiscoRA");
    ck_assert_int_eq(enroll_expecting(true), 200);
    ck_assert_int_eq(enroll_expecting(true), 200);
    expect_seen(0, expected);
    for (size_t i = 3; i < script.count; i++)
        ck_assert_uint_eq(script.seen[i].connection, script.seen[2].connection);
    struct exchange x;
    send_enroll(&x, "MICHAMEN\\other");
    script_run_until(&script, &x.done);
    ck_assert_str_eq(script.seen[9].what, "GET /certsrv");
    ck_assert_uint_ne(script.seen[9].connection, script.seen[2].connection);
    end(&x);
    finish();
}
END_TEST

START_TEST(a_template_that_is_not_offered_is_not_posted) {
    static const char *const expected[] = {STARTED, "GET /certsrv", FORM_SEEN, NULL};
    begin(good, RA_PER_ENROLLMENT, "CiscoRAA");
    ck_assert_int_eq(enroll_expecting(false), 401);
    expect_seen(0, expected);
    expect_line(paths[1], "navigate_to_certsrv_page: Secure connection to MS CertServ", true);
    expect_line(paths[1], "EST error response code: 22 (EST_ERR_AUTH_FAIL)", true);
    expect_line(paths[0], "EST_ERR", false);
    finish();
}
END_TEST

static const struct script_row no_form[] = {
    LOGIN, CHAIN, {"GET", "/certsrv/certrqxt.asp", 200, "hostile-unclosed.html"}, END};

START_TEST(a_form_that_cannot_be_read_is_no_missing_template) {
    begin(no_form, RA_PER_ENROLLMENT, "CiscoRA");
    ck_assert_int_eq(enroll_expecting(false), 401);
    expect_line(paths[1], "ra_certsrv_auth: CERTSRV_PAGE_UNKNOWN: ", true);
    expect_line(paths[1], "is not offered", false);
    finish();
}
END_TEST

static const struct script_row wrong_password[] = {
    {"GET", "/certsrv", 401, "401.html"}, CHAIN, END};

START_TEST(a_refused_login_starts_and_refuses) {
    begin(wrong_password, RA_PER_ENROLLMENT, "CiscoRA");
    expect_line(paths[0],
                "nginx: [warn] login_to_certsrv_ca: Curl call for MS CA login failed "
                "with HTTP status 401\n",
                true);
    expect_line(paths[0],
                "nginx: [warn] ra_certsrv_ca_plugin_postconf: Unable to retrieve CA Cert "
                "chain from CA\n",
                true);
    ck_assert_int_eq(enroll_expecting(false), 401);
    ck_assert_uint_eq(posts(), 0);
    finish();
}
END_TEST

static long get_cacerts(void) {
    struct exchange x;
    target(&x, "/.well-known/est/cacerts");
    send_request(&x);
    script_run_until(&script, &x.done);
    end(&x);
    return x.status;
}

START_TEST(the_chain_is_asked_for_again) {
    begin(wrong_password, RA_PER_ENROLLMENT, "CiscoRA");
    ck_assert_int_eq(get_cacerts(), 204);
    script.rows = good;
    while (posts() == 0 && strncmp(script.seen[script.count - 1].what, "GET /certsrv/", 13) != 0)
        event_base_loop(process_loop(process), EVLOOP_ONCE);
    long status = 204;
    while (status == 204)
        status = get_cacerts();
    ck_assert_int_eq(status, 200);
    finish();
}
END_TEST

static const struct script_row pending[] = {
    LOGIN,
    CHAIN,
    FORM,
    {"POST", "/certsrv/certfnsh.asp", 200, "pending.html"},
    {"GET", "/certsrv/certnew.cer", 200, "error-pending.html"},
    END};

static void expect_wait(void) {
    struct exchange x;
    send_enroll(&x, "MICHAMEN\\ciscora");
    script_run_until(&script, &x.done);
    ck_assert_int_eq(x.status, 202);
    ck_assert_str_eq(x.retry_after, "60");
    end(&x);
}

START_TEST(a_pending_request_is_submitted_once) {
    begin(pending, RA_PER_ENROLLMENT, "CiscoRA");
    expect_wait();
    expect_wait();
    script.rows = good;
    ck_assert_int_eq(enroll_expecting(true), 200);
    ck_assert_uint_eq(posts(), 1);
    ck_assert_str_eq(script.seen[script.count - 1].what,
                     "GET /certsrv/certnew.cer?ReqID=89&ENC=b64");
    ck_assert_int_eq(enroll_expecting(true), 200); /* a new enrolment */
    ck_assert_uint_eq(posts(), 2);
    finish();
}
END_TEST

START_TEST(an_answer_that_was_lost_is_given_again) {
    begin(good, RA_PER_ENROLLMENT, "CiscoRA");
    ra_free(ra);
    config.listen = address;
    config.answer_memory_us = 120 * INT64_C(1000000);
    open_ra();
    ck_assert_int_eq(enroll_expecting(true), 200);
    ck_assert_int_eq(enroll_expecting(true), 200);
    ck_assert_uint_eq(posts(), 1);
    finish();
}
END_TEST

START_TEST(a_pending_request_outlives_the_process) {
    begin(pending, RA_PER_ENROLLMENT, "CiscoRA");
    expect_wait();
    ra_free(ra);
    script.rows = good;
    config.listen = address;
    open_ra();
    ck_assert_int_eq(enroll_expecting(true), 200);
    ck_assert_uint_eq(posts(), 1);
    finish();
}
END_TEST

static const struct script_row orphan[] = {
    LOGIN, CHAIN, FORM, ISSUED, {"GET", "/certsrv/certnew.cer", 500, NULL}, END};

START_TEST(what_was_issued_is_fetched_by_the_retry) {
    begin(orphan, RA_PER_ENROLLMENT, "CiscoRA");
    ck_assert_int_eq(enroll_expecting(false), 500);
    script.rows = good;
    ck_assert_int_eq(enroll_expecting(true), 200);
    ck_assert_uint_eq(posts(), 1);
    finish();
}
END_TEST

static const struct script_row other_key[] = {
    LOGIN, CHAIN, FORM, ISSUED, {"GET", "/certsrv/certnew.cer", 200, "server.pem"}, END};

START_TEST(a_certificate_for_another_key_goes_nowhere) {
    begin(other_key, RA_PER_ENROLLMENT, "CiscoRA");
    ck_assert_int_eq(enroll_expecting(false), 500);
    expect_line(paths[1], "ra_certsrv_enroll: ReqID 10: X509_KEY_MISMATCH", true);
    script.rows = good;
    ck_assert_int_eq(enroll_expecting(true), 200);
    ck_assert_uint_eq(posts(), 2);
    finish();
}
END_TEST

static const struct script_row denied[] = {
    LOGIN, CHAIN, FORM, {"POST", "/certsrv/certfnsh.asp", 200, "denied-bare.html"}, END};

START_TEST(a_denial_is_an_error_and_not_fetched) {
    begin(denied, RA_PER_ENROLLMENT, "CiscoRA");
    ck_assert_int_eq(enroll_expecting(false), 500);
    expect_line(paths[1],
                "ReqID 86: CERTSRV_DENIED: the CA denied the request: Denied by Policy "
                "Module while",
                true);
    ck_assert_str_eq(script.seen[script.count - 1].what, POST_SEEN);
    finish();
}
END_TEST

static const struct script_row silent_post[] = {
    LOGIN, CHAIN, FORM, {"POST", "/certsrv/certfnsh.asp", 0, NULL}, END};

static size_t lines_with(const char *path, const char *part) {
    AUTO_BUF text = BUF_INIT(1024 * 1024);
    struct err e;
    ck_assert_ok(file_read(path, &text, &e), e);
    size_t count = 0;
    for (const char *at = strstr(buf_str(&text), part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

/* The line about the template list is written just before the enrolment begins. */
START_TEST(two_requests_for_one_key_are_one_submission) {
    struct exchange a, b;
    begin(silent_post, RA_PER_ENROLLMENT, "CiscoRA");
    send_enroll(&a, "MICHAMEN\\ciscora");
    while (posts() == 0)
        event_base_loop(process_loop(process), EVLOOP_ONCE);
    send_enroll(&b, "MICHAMEN\\ciscora");
    while (lines_with(paths[1], "443/certsrv/certrqxt.asp while") < 2)
        event_base_loop(process_loop(process), EVLOOP_ONCE);
    script.rows = good;
    script_release(&script);
    script_run_until(&script, &a.done);
    script_run_until(&script, &b.done);
    ck_assert_int_eq(a.status, 200);
    ck_assert_int_eq(b.status, 200);
    ck_assert(a.certificate && b.certificate);
    ck_assert_uint_eq(posts(), 1);
    end(&a);
    end(&b);
    finish();
}
END_TEST

/* The CA issues for a client that is gone: its retry gets that certificate. */
START_TEST(an_order_outlives_its_client) {
    struct exchange x;
    begin(silent_post, RA_PER_ENROLLMENT, "CiscoRA");
    send_enroll(&x, "MICHAMEN\\ciscora");
    while (posts() == 0)
        event_base_loop(process_loop(process), EVLOOP_ONCE);
    http_client_cancel(http, x.easy);
    end(&x);
    ck_assert_int_eq(get_cacerts(), 200);
    script.rows = good;
    script_release(&script);
    while (lines_with(paths[1], "certificate retrieved from CA while") == 0)
        event_base_loop(process_loop(process), EVLOOP_ONCE);
    ck_assert_int_eq(enroll_expecting(true), 200);
    ck_assert_uint_eq(posts(), 1);
    finish();
}
END_TEST

START_TEST(a_slow_submission_delays_nobody) {
    struct exchange slow;
    begin(silent_post, RA_PER_ENROLLMENT, "CiscoRA");
    send_enroll(&slow, "MICHAMEN\\ciscora");
    while (posts() == 0)
        event_base_loop(process_loop(process), EVLOOP_ONCE);
    ck_assert_int_eq(get_cacerts(), 200);
    script.rows = good;
    struct exchange x;
    send_enroll(&x, "MICHAMEN\\other");
    script_run_until(&script, &x.done);
    ck_assert_int_eq(x.status, 200);
    ck_assert(!slow.done);
    end(&x);
    http_client_cancel(http, slow.easy);
    end(&slow);
    finish();
}
END_TEST

static const struct script_row silent_form[] = {
    LOGIN, CHAIN, {"GET", "/certsrv/certrqxt.asp", 0, NULL}, END};

START_TEST(a_client_that_goes_away_is_let_go) {
    struct exchange x;
    begin(silent_form, RA_PER_ENROLLMENT, "CiscoRA");
    send_enroll(&x, "MICHAMEN\\ciscora");
    while (strcmp(script.seen[script.count - 1].what, FORM_SEEN) != 0)
        event_base_loop(process_loop(process), EVLOOP_ONCE);
    http_client_cancel(http, x.easy);
    end(&x);
    script.rows = good;
    ck_assert_int_eq(enroll_expecting(true), 200);
    finish();
}
END_TEST

TEST_MAIN("ra", an_enrolment_takes_two_sessions, kept_sessions_are_used_again_by_their_user,
          a_template_that_is_not_offered_is_not_posted,
          a_form_that_cannot_be_read_is_no_missing_template, a_refused_login_starts_and_refuses,
          the_chain_is_asked_for_again, an_answer_that_was_lost_is_given_again,
          a_pending_request_is_submitted_once, a_pending_request_outlives_the_process,
          what_was_issued_is_fetched_by_the_retry, a_certificate_for_another_key_goes_nowhere,
          a_denial_is_an_error_and_not_fetched, two_requests_for_one_key_are_one_submission,
          an_order_outlives_its_client, a_slow_submission_delays_nobody,
          a_client_that_goes_away_is_let_go)
