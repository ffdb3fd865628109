/* Each fault of the mock over a real connection: what curl sees, what stands in IIS' log, and that
 * the next request is served. */
#include "base/x509.h"
#include "mocks/certsrv/server_test_lab.h"
#include "mocks/certsrv/store.h"

#define NTLM_LEGS  "401.1.2148074254 "
#define FAULT(row) "faults: [{" row "}]\n"

static struct mock mock;
static struct browser browser;

static void open_with(const char *text) {
    mock_open(&mock, text);
    browser_open(&browser, &mock, (long)CURLAUTH_NTLM);
}

static void close_all(void) {
    browser_close(&browser);
    mock_close(&mock);
}

static void expect_log(size_t lines, const char *expected) {
    AUTO(char) seen = mock_log(&mock, lines);
    ck_assert_str_eq(seen, expected);
}

static void expect_body(const char *words) {
    ck_assert_msg(strstr(buf_str(&browser.body), words) != NULL, "no '%s' in %s", words,
                  buf_str(&browser.body));
}

START_TEST(without_faults) {
    open_with("");
    ck_assert_int_eq(browser_get(&browser, "/certsrv"), 301);
    ck_assert_int_eq(browser_submit(&browser), 200);
    expect_body("certnew.cer?ReqID=1");
    expect_log(3, NTLM_LEGS "301.0.0 200.0.0 ");
    close_all();
}
END_TEST

/* ---- status ---- */

static void check_status(const char *fault, long status, const char *words, const char *log,
                         size_t lines) {
    open_with(fault);
    ck_assert_int_eq(browser_get(&browser, "/certsrv/certrqxt.asp"), status);
    expect_body(words);
    ck_assert_int_eq(browser_get(&browser, "/certsrv/certrqxt.asp"), 200);
    expect_log(lines, log);
    close_all();
}

START_TEST(statuses_of_a_page) {
    check_status(FAULT("at: certsrv.certrqxt, do: status 403"), 403, "403 - Forbidden",
                 NTLM_LEGS "403.7.5 200.0.0 ", 3);
    check_status(FAULT("at: certsrv.certrqxt, do: status 404"), 404, "404 - File",
                 NTLM_LEGS "404.0.2 200.0.0 ", 3);
    check_status(FAULT("at: certsrv.certrqxt, do: status 500"), 500, "500 - Internal",
                 NTLM_LEGS "500.0.0 200.0.0 ", 3);
}
END_TEST

/* HTTP.sys ends the connection, and IIS logs nothing of it. */
START_TEST(status_503_is_not_in_the_log) {
    check_status(FAULT("at: certsrv.certrqxt, do: status 503"), 503,
                 "HTTP Error 503. The service is unavailable.", NTLM_LEGS NTLM_LEGS "200.0.0 ", 3);
    open_with(FAULT("at: certsrv.request, do: status 503"));
    ck_assert_int_eq(browser_get(&browser, "/certsrv/"), 503);
    ck_assert_str_eq(http_client_header(browser.easy, "Server"), "Microsoft-HTTPAPI/2.0");
    ck_assert_str_eq(http_client_header(browser.easy, "Connection"), "close");
    close_all();
}
END_TEST

START_TEST(status_401_in_the_words_of_the_place) {
    open_with(FAULT("at: certsrv.certrqxt, do: status 401"));
    ck_assert_int_eq(browser_get(&browser, "/certsrv/certrqxt.asp"), 401);
    expect_log(2, NTLM_LEGS "401.3.5 ");
    close_all();
    open_with(FAULT("at: certsrv.type3, do: status 401"));
    ck_assert_int_eq(browser_get(&browser, "/certsrv/"), 401);
    expect_log(2, NTLM_LEGS "401.1.2148074252 ");
    ck_assert_int_eq(browser_get(&browser, "/certsrv/"), 200);
    close_all();
}
END_TEST

/* curl logs on again on the same connection. */
START_TEST(drop_auth_in_mid_session) {
    open_with(FAULT("at: certsrv.session, do: drop-auth"));
    ck_assert_int_eq(browser_get(&browser, "/certsrv/"), 200);
    ck_assert_int_eq(browser_get(&browser, "/certsrv/"), 200);
    expect_log(5, NTLM_LEGS "200.0.0 401.2.5 " NTLM_LEGS "200.0.0 ");
    close_all();
}
END_TEST

/* ---- connections ---- */

static void check_broken(const char *fault, CURLcode code) {
    open_with(fault);
    ck_assert_int_eq(browser_get(&browser, "/certsrv/certrqxt.asp"), 0);
    ck_assert_msg(browser.result.code == code, "%s: %s", fault, browser.result.text);
    ck_assert_int_eq(browser_get(&browser, "/certsrv/certrqxt.asp"), 200);
    close_all();
}

/* On a connection that it uses again, curl takes that for a time-out of keep-alive and tries up to
 * five times more ("Connection died, tried 5 times before giving up"). */
START_TEST(closed_without_an_answer) {
    check_broken(FAULT("at: certsrv.certrqxt, times: 6, do: close"), CURLE_SEND_ERROR);
    check_broken(FAULT("at: certsrv.page, times: 6, do: close"), CURLE_SEND_ERROR);
    check_broken(FAULT("at: certsrv.type1, do: close"), CURLE_GOT_NOTHING);
    check_broken(FAULT("at: certsrv.type3, times: 6, do: close"), CURLE_SEND_ERROR);
}
END_TEST

/* To IIS, the client went away. */
START_TEST(closed_is_64_in_the_log) {
    open_with(FAULT("at: certsrv.certrqxt, do: close"));
    ck_assert_int_eq(browser_get(&browser, "/certsrv/certrqxt.asp"), 200);
    expect_log(4, NTLM_LEGS "200.0.64 " NTLM_LEGS "200.0.0 ");
    close_all();
}
END_TEST

/* curl begins a new logon on a new connection, which the server does not know of. */
START_TEST(closed_behind_the_challenge) {
    open_with(FAULT("at: certsrv.type1, times: always, do: close-after-challenge"));
    long status = browser_get(&browser, "/certsrv/");
    ck_assert_msg(status == 401 || browser.result.code != CURLE_OK, "%ld", status);
    close_all();
}
END_TEST

START_TEST(closed_behind_each_reply) {
    open_with(FAULT("at: certsrv.page, times: always, do: close-each-reply"));
    ck_assert_int_eq(browser_get(&browser, "/certsrv/"), 200);
    ck_assert_str_eq(http_client_header(browser.easy, "Connection"), "close");
    ck_assert_int_eq(browser_get(&browser, "/certsrv/"), 200);
    expect_log(4, NTLM_LEGS "200.0.0 " NTLM_LEGS "200.0.0 ");
    close_all();
}
END_TEST

START_TEST(silence_until_the_client_gives_up) {
    open_with(FAULT("at: certsrv.certrqxt, do: silence"));
    ck_assert_int_eq(browser_get(&browser, "/certsrv/"), 200);
    browser_start(&browser, "/certsrv/certrqxt.asp", SECOND);
    browser_wait(&browser);
    ck_assert_int_eq((int)browser.result.code, (int)CURLE_OPERATION_TIMEDOUT);
    expect_log(3, NTLM_LEGS "200.0.0 200.0.64 ");
    ck_assert_int_eq(browser_get(&browser, "/certsrv/certrqxt.asp"), 200);
    close_all();
}
END_TEST

START_TEST(truncated_body) {
    open_with(FAULT("at: certsrv.certrqxt, do: truncate 100"));
    ck_assert_int_eq(browser_get(&browser, "/certsrv/certrqxt.asp"), 0);
    ck_assert_int_eq((int)browser.result.code, (int)CURLE_PARTIAL_FILE);
    ck_assert_uint_eq(browser.body.len, 100);
    ck_assert_int_eq(browser_get(&browser, "/certsrv/certrqxt.asp"), 200);
    close_all();
}
END_TEST

/* ---- delay ---- */

/* One client waits; another is served meanwhile. The clock runs a thousand times as fast. */
START_TEST(a_delay_blocks_nobody_else) {
    clock_configure(0, 1000);
    open_with(FAULT("at: certsrv.certrqxt, do: delay 600s"));
    struct browser other;
    browser_open(&other, &mock, (long)CURLAUTH_NTLM);
    int64_t from = clock_mono_us();
    browser_start(&browser, "/certsrv/certrqxt.asp", 6000 * SECOND);
    while (mock.faults->items[0].seen == 0)
        event_base_loop(mock.loop, EVLOOP_ONCE);
    ck_assert_int_eq(browser_get(&other, "/certsrv/"), 200);
    ck_assert_uint_eq(browser.done, 0);
    browser_wait(&browser);
    ck_assert_int_eq(browser.result.status, 200);
    ck_assert_int_ge(clock_mono_us() - from, 500 * SECOND);
    browser_close(&other);
    close_all();
}
END_TEST

/* The client gives up; the request is done all the same, and the log says 64. */
START_TEST(a_client_that_gave_up_during_a_delay) {
    clock_configure(0, 10);
    open_with(FAULT("at: certsrv.certfnsh, do: delay 15s"));
    ck_assert_int_eq(browser_get(&browser, "/certsrv/"), 200);
    AUTO_ROW row;
    struct err e = {0};
    store_row_init(&row);
    curl_easy_setopt(browser.easy, CURLOPT_POSTFIELDS,
                     "Mode=newreq&CertRequest=x&CertAttrib=CertificateTemplate:CiscoRA");
    browser_start(&browser, "/certsrv/certfnsh.asp", 10 * SECOND);
    browser_wait(&browser);
    ck_assert_int_eq((int)browser.result.code, (int)CURLE_OPERATION_TIMEDOUT);
    expect_log(3, NTLM_LEGS "200.0.0 200.0.64 ");
    ck_assert_ok(ca_retrieve(mock.ca, &mock.directory.users[0], 1, &row, &e), e);
    close_all();
}
END_TEST

START_TEST(a_delay_goes_with_another_fault) {
    clock_configure(0, 1000);
    open_with("faults:\n"
              "- {at: certsrv.certfnsh, do: rpc-unavailable}\n"
              "- {at: certsrv.certfnsh, do: delay 20s}\n");
    int64_t from = clock_mono_us();
    ck_assert_int_eq(browser_submit(&browser), 200);
    ck_assert_int_ge(clock_mono_us() - from, 10 * SECOND);
    expect_body("The RPC server is unavailable. 0x800706ba (WIN32: 1722 RPC_S_SERVER_UNAVAILABLE)");
    expect_body("CCertRequest::Submit");
    ck_assert_int_eq(browser_submit(&browser), 200);
    expect_body("certnew.cer?ReqID=1");
    close_all();
}
END_TEST

START_TEST(the_server_may_end_during_a_delay) {
    open_with(FAULT("at: certsrv.certrqxt, do: delay 1h"));
    browser_start(&browser, "/certsrv/certrqxt.asp", 6000 * SECOND);
    while (mock.faults->items[0].seen == 0)
        event_base_loop(mock.loop, EVLOOP_ONCE);
    close_all();
}
END_TEST

/* ---- wrong answers ---- */

START_TEST(rpc_unavailable_wherever_the_ca_is_asked) {
    open_with("faults:\n"
              "- {at: certsrv.certnew-cer, do: rpc-unavailable}\n"
              "- {at: certsrv.certnew-p7b, do: rpc-unavailable}\n");
    ck_assert_int_eq(browser_get(&browser, "/certsrv/certnew.cer?ReqID=7"), 200);
    expect_body("CCertRequest::RetrievePending");
    ck_assert_int_eq(browser_get(&browser, "/certsrv/certnew.p7b?ReqID=CACert"), 200);
    expect_body("CCertRequest::GetCACertificate");
    expect_body("0x800706ba");
    ck_assert_int_eq(browser_get(&browser, "/certsrv/certnew.p7b?ReqID=CACert"), 200);
    expect_body("-----BEGIN CERTIFICATE-----");
    close_all();
}
END_TEST

START_TEST(html_where_a_certificate_should_be) {
    open_with(FAULT("at: certsrv.certnew-cer, do: html"));
    ck_assert_int_eq(browser_submit(&browser), 200);
    ck_assert_int_eq(browser_get(&browser, "/certsrv/certnew.cer?ReqID=1&Enc=b64"), 200);
    expect_body("<HTML>");
    ck_assert_str_eq(http_client_header(browser.easy, "Content-Type"), "text/html");
    ck_assert_int_eq(browser_get(&browser, "/certsrv/certnew.cer?ReqID=1&Enc=b64"), 200);
    expect_body("-----BEGIN CERTIFICATE-----");
    close_all();
}
END_TEST

static X509 *fetch_certificate(void) {
    struct err e = {0};
    ck_assert_int_eq(browser_get(&browser, "/certsrv/certnew.cer?ReqID=1&Enc=b64"), 200);
    X509 *cert = x509_read(buf_view(&browser.body), &e);
    ck_assert_msg(cert != NULL, "%s", e.text);
    return cert;
}

START_TEST(certificate_for_another_key) {
    struct err e = {0};
    open_with(FAULT("at: certsrv.certnew-cer, do: other-key"));
    AUTO(X509) ca = x509_read_file(mock.config.ca.certificate, &e);
    ck_assert_int_eq(browser_submit(&browser), 200);
    AUTO(X509) other = fetch_certificate();
    AUTO(X509) right = fetch_certificate();
    ck_assert(!x509_has_key(other, X509_get0_pubkey(right)));
    ck_assert_int_eq(X509_verify(other, X509_get0_pubkey(ca)), 1);
    ck_assert_int_eq(X509_NAME_cmp(X509_get_subject_name(other), X509_get_subject_name(right)), 0);
    const ASN1_OCTET_STRING *a = X509_get0_subject_key_id(other);
    ck_assert_int_ne(ASN1_OCTET_STRING_cmp(a, X509_get0_subject_key_id(right)), 0);
    close_all();
}
END_TEST

START_TEST(a_fault_at_a_form_that_nobody_asks_for) {
    open_with(FAULT("at: certsrv.certcrl, do: status 500"));
    ck_assert_int_eq(browser_get(&browser, "/certsrv/certrqxt.asp"), 200);
    ck_assert_int_eq(browser_get(&browser, "/certsrv/certcrl.crl?Type=base"), 500);
    close_all();
}
END_TEST

/* ---- accounts ---- */

START_TEST(locked_accounts) {
    open_with("users: [{name: ciscora, password: secret, locked: true}]\n"
              "authentication: [ntlm, basic]\n");
    ck_assert_int_eq(browser_get(&browser, "/certsrv/"), 401);
    expect_log(2, NTLM_LEGS "401.1.1909 ");
    curl_easy_setopt(browser.easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    ck_assert_int_eq(browser_get(&browser, "/certsrv/"), 401);
    expect_log(3, NTLM_LEGS "401.1.1909 401.1.1909 ");
    close_all();
}
END_TEST

START_TEST(domain_missing) {
    open_with("domain: {required: true}\n");
    curl_easy_setopt(browser.easy, CURLOPT_USERPWD, "ciscora:secret");
    ck_assert_int_eq(browser_get(&browser, "/certsrv/"), 401);
    expect_log(2, NTLM_LEGS "401.1.2148074252 ");
    curl_easy_setopt(browser.easy, CURLOPT_USERPWD, "michamen.com\\ciscora:secret");
    ck_assert_int_eq(browser_get(&browser, "/certsrv/"), 200);
    close_all();
}
END_TEST

/* ---- the tables ---- */

START_TEST(faults_are_refused_where_they_make_no_sense) {
    struct certsrv_config config = {0};
    struct cfg_mistakes *m = cfg_mistakes_new();
    const struct fault_tables *const tables[] = {&certsrv_faults, NULL};
    struct cfg_doc *doc = cfg_load_text("c.yaml",
                                        bytes_of_str("users: []\n"
                                                     "faults:\n"
                                                     "- {at: certsrv.certfnsh, do: other-key}\n"
                                                     "- {at: certsrv.certfnish, do: close}\n"),
                                        certsrv_fields, &config, m);
    ck_assert_ptr_nonnull(doc);
    ck_assert_ptr_null(fault_set_new(&config.faults, doc, tables, m));
    ck_assert_str_eq(cfg_mistake_text(m, 0),
                     "c.yaml:3:30: action \"other-key\" is not possible at certsrv.certfnsh; "
                     "possible there: delay, silence, close, status, close-each-reply, drop-auth, "
                     "rpc-unavailable, truncate");
    ck_assert_str_eq(cfg_mistake_text(m, 1), "c.yaml:4:8: unknown fault point "
                                             "\"certsrv.certfnish\", did you mean "
                                             "\"certsrv.certfnsh\"?");
    cfg_doc_free(doc);
    cfg_mistakes_free(m);
}
END_TEST

TEST_MAIN("certsrv faults", without_faults, statuses_of_a_page, status_503_is_not_in_the_log,
          status_401_in_the_words_of_the_place, drop_auth_in_mid_session, closed_without_an_answer,
          closed_is_64_in_the_log, closed_behind_the_challenge, closed_behind_each_reply,
          silence_until_the_client_gives_up, truncated_body, a_delay_blocks_nobody_else,
          a_client_that_gave_up_during_a_delay, a_delay_goes_with_another_fault,
          the_server_may_end_during_a_delay, rpc_unavailable_wherever_the_ca_is_asked,
          html_where_a_certificate_should_be, certificate_for_another_key,
          a_fault_at_a_form_that_nobody_asks_for, locked_accounts, domain_missing,
          faults_are_refused_where_they_make_no_sense)
