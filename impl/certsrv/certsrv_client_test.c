/* The session against a scripted web server: what goes over the wire and what comes of each answer.
 */
#include "base/clock.h"
#include "certsrv/certsrv_client.h"
#include "certsrv/certsrv_script.h"
#include "pki/csr.h"

static struct script script;
static struct certsrv_client *client;
static struct certsrv_session *session;

/* The last answer, without what was borrowed. */
static struct {
    bool done;
    struct err err;
    CURLcode curl;
    char text[ERR_TEXT_MAX];
    char url[256];
    long status;
    size_t received;
    uint32_t request_id;
    uint32_t hresult;
    uint32_t renewals;
    bool offered;
    bool certificate;
    int chain;
    bool free_session;
} got;

static void note(void *user, const struct certsrv_answer *a) {
    (void)user;
    bool free_session = got.free_session;
    memset(&got, 0, sizeof got);
    got.done = true;
    got.err = a->err;
    got.curl = a->curl;
    script_copy(got.text, sizeof got.text, a->text);
    script_copy(got.url, sizeof got.url, a->url);
    got.status = a->status;
    got.received = a->received;
    got.request_id = a->request_id;
    got.hresult = a->hresult;
    got.renewals = a->renewals;
    got.offered = certsrv_template_find(&a->templates, "CiscoRA") != NULL;
    got.certificate = a->certificate != NULL;
    got.chain = a->chain != NULL ? sk_X509_num(a->chain) : 0;
    if (free_session)
        certsrv_session_free(TAKE(session));
}

static void open_client(const struct script_row *rows, const char *ca_file, int64_t timeout_us) {
    struct err e;
    script_open(&script, rows);
    struct certsrv_options options = {
        .endpoint = {.host = "lab-dc.michamen.com",
                     .port = 443,
                     .via = script.via,
                     .ca_file = ca_file},
        .authentication = CERTSRV_BASIC,
        .timeout_us = timeout_us,
    };
    client = certsrv_client_new(script.loop, script.resolver, &options, &e);
    ck_assert_msg(client != NULL, "%s", e.text);
    session = certsrv_session_new(client, "MICHAMEN\\ciscora", "pass:word", &e);
    ck_assert_ptr_nonnull(session);
    memset(&got, 0, sizeof got);
}

static void open_good(const struct script_row *rows) {
    open_client(rows, TESTDATA "/web-trust.pem", 10 * INT64_C(1000000));
}

static void close_client(void) {
    certsrv_session_free(session);
    session = NULL;
    certsrv_client_free(client);
    script_close(&script);
}

static void await(void) {
    script_run_until(&script, &got.done);
}

static void submit(void) {
    AUTO_BUF text = BUF_INIT(CSR_MAX);
    struct err e;
    ck_assert_ok(file_read(TESTDATA "/request.pem", &text, &e), e);
    AUTO(X509_REQ) r = csr_read(buf_view(&text), NULL, &e);
    certsrv_submit(session, r, "CiscoRA", note, NULL);
    ck_assert(!got.done);
    await();
}

static const struct script_row good[] = {
    {"GET", "/certsrv", 301, "moved.html"},
    {"GET", "/certsrv/certrqxt.asp", 200, "form.html"},
    {"POST", "/certsrv/certfnsh.asp", 200, "issued-both.html"},
    {"GET", "/certsrv/certnew.cer", 200, "leaf-crlf.pem"},
    {"GET", "/certsrv/certnew.p7b", 200, "chain.der"},
    {"GET", "/certsrv/certcarc.asp", 200, "ca.html"},
    {NULL, NULL, 0, NULL},
};

static void login_and_list(void) {
    certsrv_login(session, note, NULL);
    ck_assert(!got.done);
    await();
    ck_assert_int_eq(got.err.code, ERR_OK);
    ck_assert_int_eq(got.status, 301);
    ck_assert_uint_eq(got.received, 163); /* as CiscoRA logs it (certsrv.md 1.7) */
    ck_assert_str_eq(got.url, "https://lab-dc.michamen.com:443/certsrv");
    got.done = false;
    certsrv_list_templates(session, note, NULL);
    await();
    ck_assert(got.offered);
    got.done = false;
}

START_TEST(an_enrolment_goes_over_one_connection) {
    open_good(good);
    login_and_list();
    submit();
    ck_assert_int_eq(got.err.code, ERR_OK);
    ck_assert_uint_eq(got.request_id, 85);
    got.done = false;
    certsrv_fetch(session, got.request_id, note, NULL);
    await();
    ck_assert(got.certificate);
    static const char *const expected[] = {"GET /certsrv", "GET /certsrv/certrqxt.asp",
                                           "POST /certsrv/certfnsh.asp",
                                           "GET /certsrv/certnew.cer?ReqID=85&ENC=b64"};
    ck_assert_uint_eq(script.count, 4);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_str_eq(script.seen[i].what, expected[i]);
        ck_assert_str_eq(script.seen[i].agent, "CiscoRA 1.0");
        ck_assert_uint_eq(script.seen[i].connection, script.seen[0].connection);
        ck_assert_str_eq(script.seen[i].referer,
                         i == 2 ? "https://lab-dc.michamen.com:443/certsrv/certrqxt.asp" : "");
    }
    ck_assert_int_eq(strncmp(script.body, "Mode=newreq&CertRequest=-----BEGIN", 34), 0);
    close_client();
}
END_TEST

/* The CA may have issued, although the kept connection ended without an answer. */
START_TEST(a_request_without_an_answer_is_not_submitted_again) {
    static const struct script_row rows[] = {
        {"GET", "/certsrv", 301, "moved.html"},
        {"GET", "/certsrv/certrqxt.asp", 200, "form.html"},
        {"POST", "/certsrv/certfnsh.asp", SCRIPT_HANGS_UP, NULL},
        {NULL, NULL, 0, NULL},
    };
    open_good(rows);
    login_and_list();
    submit();
    ck_assert_int_eq(got.err.code, ERR_TCP_CLOSED);
    ck_assert_uint_eq(script.count, 3);
    ck_assert_str_eq(script.seen[2].what, "POST /certsrv/certfnsh.asp");
    close_client();
}
END_TEST

START_TEST(the_chain_and_its_renewals_are_read) {
    open_good(good);
    certsrv_chain(session, 0, note, NULL);
    await();
    ck_assert_int_eq(got.chain, 2);
    ck_assert_str_eq(script.seen[0].what,
                     "GET /certsrv/certnew.p7b?ReqID=CACert&Renewal=0&Enc=bin");
    got.done = false;
    certsrv_renewals(session, note, NULL);
    await();
    ck_assert_uint_eq(got.renewals, 2);
    close_client();
}
END_TEST

START_TEST(sessions_share_no_connection) {
    struct err e;
    open_good(good);
    login_and_list();
    certsrv_session_free(session);
    session = certsrv_session_new(client, "MICHAMEN\\ciscora", "pass:word", &e);
    login_and_list();
    ck_assert_uint_eq(script.count, 4);
    ck_assert_uint_ne(script.seen[1].connection, script.seen[2].connection);
    close_client();
}
END_TEST

START_TEST(a_session_may_be_freed_in_its_answer) {
    open_good(good);
    got.free_session = true;
    certsrv_login(session, note, NULL);
    await();
    ck_assert_ptr_null(session);
    close_client();
}
END_TEST

START_TEST(a_session_belongs_to_its_user) {
    open_good(good);
    ck_assert(certsrv_session_belongs_to(session, "MICHAMEN\\ciscora", "pass:word"));
    ck_assert(!certsrv_session_belongs_to(session, "MICHAMEN\\ciscora", "pass:worD"));
    ck_assert(!certsrv_session_belongs_to(session, "MICHAMEN\\ciscora", ""));
    ck_assert(!certsrv_session_belongs_to(session, "ciscora", "pass:word"));
    close_client();
}
END_TEST

static const struct script_row refusing[] = {
    {"GET", "/certsrv", 401, "401.html"},
    {"GET", "/certsrv/certrqxt.asp", 500, NULL},
    {"POST", "/certsrv/certfnsh.asp", 200, "denied-template.html"},
    {"GET", "/certsrv/certnew.cer", 200, "error-unknown-id.html"},
    {"GET", "/certsrv/certnew.p7b", 200, "error-rpc.html"},
    {"GET", "/certsrv/certcarc.asp", 301, "moved.html"},
    {NULL, NULL, 0, NULL},
};

START_TEST(refusals_have_their_codes) {
    open_good(refusing);
    certsrv_login(session, note, NULL);
    await();
    ck_assert_err(got.err, CERTSRV_AUTH);
    ck_assert_ptr_null(strstr(got.err.text, "pass:word"));
    got.done = false;
    certsrv_list_templates(session, note, NULL);
    await();
    ck_assert_err(got.err, HTTP_STATUS);
    got.done = false;
    submit();
    ck_assert_err(got.err, CERTSRV_DENIED);
    ck_assert_uint_eq(got.hresult, 0x80094800);
    ck_assert_uint_eq(got.request_id, 85);
    got.done = false;
    certsrv_fetch(session, 7, note, NULL);
    await();
    ck_assert_err(got.err, CERTSRV_ERROR_PAGE);
    ck_assert_uint_eq(got.hresult, CERTSRV_E_PROPERTY_EMPTY);
    got.done = false;
    certsrv_chain(session, 0, note, NULL);
    await();
    ck_assert_err(got.err, CERTSRV_ERROR_PAGE);
    got.done = false;
    certsrv_renewals(session, note, NULL); /* a redirection is an answer to the login alone */
    await();
    ck_assert_err(got.err, HTTP_STATUS);
    close_client();
}
END_TEST

static const struct script_row pending[] = {
    {"POST", "/certsrv/certfnsh.asp", 200, "pending.html"},
    {"GET", "/certsrv/certnew.cer", 200, "error-pending.html"},
    {"GET", "/certsrv", 200, "issued-both.html"},
    {NULL, NULL, 0, NULL},
};

START_TEST(pending_requests_have_an_id) {
    open_good(pending);
    certsrv_login(session, note, NULL); /* 200 is as good as 301 */
    await();
    ck_assert_int_eq(got.err.code, ERR_OK);
    got.done = false;
    submit();
    ck_assert_err(got.err, CERTSRV_PENDING);
    ck_assert_uint_eq(got.request_id, 89);
    got.done = false;
    certsrv_fetch(session, 89, note, NULL);
    await();
    ck_assert_err(got.err, CERTSRV_PENDING);
    got.done = false;
    certsrv_check_pending(session, 89, note, NULL);
    await();
    ck_assert_err(got.err, CERTSRV_PENDING);
    ck_assert_str_eq(script.body, "Mode=chkpnd&ReqID=89");
    close_client();
}
END_TEST

START_TEST(template_names_with_line_ends_are_not_sent) {
    AUTO_BUF text = BUF_INIT(CSR_MAX);
    struct err e;
    open_good(good);
    ck_assert_ok(file_read(TESTDATA "/request.pem", &text, &e), e);
    AUTO(X509_REQ) r = csr_read(buf_view(&text), NULL, &e);
    certsrv_submit(session, r, "a\r\nSAN:dns=b", note, NULL);
    ck_assert(!got.done);
    await();
    ck_assert_err(got.err, CONFIG_BAD_VALUE);
    ck_assert_uint_eq(script.count, 0);
    close_client();
}
END_TEST

START_TEST(an_untrusted_server_gets_no_password) {
    open_client(good, TESTDATA "/leaf-crlf.pem", 10 * INT64_C(1000000));
    certsrv_login(session, note, NULL);
    await();
    ck_assert_int_eq(got.curl, CURLE_PEER_FAILED_VERIFICATION);
    ck_assert_uint_eq(script.count, 0);
    close_client();
}
END_TEST

START_TEST(texts_name_the_configured_server) {
    open_good(good);
    http_server_free(script.server); /* nobody listens there any more */
    script.server = NULL;
    certsrv_login(session, note, NULL);
    await();
    ck_assert_err(got.err, TCP_REFUSED);
    ck_assert_int_eq(got.curl, CURLE_COULDNT_CONNECT);
    ck_assert_int_eq(
        strncmp(got.text, "Failed to connect to lab-dc.michamen.com port 443 after ", 56), 0);
    certsrv_session_free(TAKE(session));
    certsrv_client_free(client);
    resolver_free(script.resolver);
    event_base_free(script.loop);
}
END_TEST

static const struct script_row silent[] = {{"GET", "/certsrv", 0, NULL}, {NULL, NULL, 0, NULL}};

START_TEST(a_silent_server_times_out) {
    open_client(silent, TESTDATA "/web-trust.pem", 300000);
    certsrv_login(session, note, NULL);
    await();
    ck_assert_int_eq(got.curl, CURLE_OPERATION_TIMEDOUT);
    close_client();
}
END_TEST

START_TEST(a_step_under_way_can_be_dropped) {
    open_good(silent);
    certsrv_login(session, note, NULL);
    while (script.count == 0)
        event_base_loop(script.loop, EVLOOP_ONCE);
    certsrv_session_free(TAKE(session));
    event_base_loop(script.loop, EVLOOP_NONBLOCK);
    ck_assert(!got.done);
    close_client();
}
END_TEST

START_TEST(this_library_can_do_ntlm) {
    struct err e = {.code = ERR_OK};
    int expected = http_client_has_ntlm() ? 0 : -1;
    ck_assert_int_eq(certsrv_check_library(CERTSRV_NTLM, &e), expected);
    ck_assert(expected == 0 || e.code == ERR_CERTSRV_NO_NTLM);
    ck_assert_int_eq(certsrv_check_library(CERTSRV_BASIC, &e), 0);
}
END_TEST

TEST_MAIN("certsrv client", an_enrolment_goes_over_one_connection,
          a_request_without_an_answer_is_not_submitted_again, the_chain_and_its_renewals_are_read,
          sessions_share_no_connection, a_session_may_be_freed_in_its_answer,
          a_session_belongs_to_its_user, refusals_have_their_codes, pending_requests_have_an_id,
          template_names_with_line_ends_are_not_sent, an_untrusted_server_gets_no_password,
          texts_name_the_configured_server, a_silent_server_times_out,
          a_step_under_way_can_be_dropped, this_library_can_do_ntlm)
