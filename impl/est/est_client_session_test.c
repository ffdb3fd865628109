/* The EST client: no answer, untrusted servers, its life, and real sessions with the EST server. */
#include "est/est_client_test_kit.h"
#include "est/est_server.h"

/* ---- no answer ---- */

START_TEST(a_handshake_that_never_comes_is_a_connect_error) {
    struct err e;
    AUTO(char) address = NULL;
    start();
    AUTO_FD fd = listen_tcp("127.0.0.1:0", &address, &e);
    options.server.port = kit_port(address);
    options.timeout_us = 5 * ONE_SECOND;
    clock_configure(0, 5);
    client_start();
    ck_assert_int_eq(enroll(), EST_ERR_SSL_CONNECT);
    ck_assert_int_ge(fd, 0);
    stop();
}
END_TEST

START_TEST(nobody_there_is_a_connect_error) {
    start();
    options.server.port = 1;
    client_start();
    ck_assert_int_eq(enroll(), EST_ERR_IP_CONNECT);
    ck_assert_err(got.err, TCP_REFUSED);
    stop();
}
END_TEST

START_TEST(a_name_without_address_is_a_name_error) {
    start();
    options.server.host = "lab-dcc.michamen.com";
    options.server.port = 8084;
    options.timeout_us = 2 * ONE_SECOND;
    clock_configure(0, 5);
    client_start();
    ck_assert_int_eq(enroll(), EST_ERR_IP_GETADDR);
    ck_assert_str_eq(err_layer(got.err.code), "dns");
    stop();
}
END_TEST

START_TEST(servers_that_are_not_trusted_get_nothing) {
    start();
    options.username = "ann";
    options.password = "good";
    options.basic_hint = true;
    canned.certificate = "stranger";
    ck_assert_int_eq(enroll_against(ASK_BASIC, NULL), EST_ERR_SSL_CONNECT);
    ck_assert_err(got.err, TLS_UNTRUSTED);
    ck_assert_int_eq(canned.count, 0);
    canned.certificate = "foreign-ca";
    ck_assert_int_eq(enroll_against(ASK_BASIC, NULL), EST_ERR_SSL_CONNECT);
    ck_assert_err(got.err, TLS_SELF_SIGNED);
    canned.certificate = "server";
    options.server.host = "other.michamen.com";
    ck_assert_int_eq(enroll_against(ASK_BASIC, NULL), EST_ERR_FQDN_MISMATCH);
    ck_assert_err(got.err, TLS_NAME_MISMATCH);
    ck_assert_int_eq(canned.count, 0);
    stop();
}
END_TEST

/* ---- life and death ---- */

static void free_client(void *user, const struct est_result *r) {
    keep(user, r);
    est_client_free(client);
    client = NULL;
}

START_TEST(the_client_may_be_freed_at_any_time) {
    struct err e;
    start();
    serve(ASK_BASIC, ASK_BASIC);
    ck_assert_ptr_nonnull(
        est_client_simpleenroll(client, buf_view(&request), NULL, free_client, NULL, &e));
    kit_run();
    ck_assert_ptr_null(client);
    client_start();
    struct est_call *first = est_client_cacerts(client, keep, NULL, &e);
    ck_assert_ptr_nonnull(est_client_csrattrs(client, keep, NULL, &e));
    ck_assert_ptr_nonnull(
        est_client_simplereenroll(client, buf_view(&request), NULL, keep, NULL, &e));
    est_call_cancel(first);
    est_client_free(client);
    client = NULL;
    kit_server_stop(&canned);
    ck_assert_int_eq(got.count, 1);
    stop();
}
END_TEST

START_TEST(what_cannot_start_says_why) {
    struct err e;
    start();
    options.label = "cacerts";
    ck_assert_ptr_null(est_client_new(http, &options, &e));
    ck_assert_err(e, EST_BAD_REQUEST);
    options.label = NULL;
    options.username = "a:b";
    ck_assert_ptr_null(est_client_new(http, &options, &e));
    ck_assert_err(e, EST_BAD_REQUEST);
    options.username = NULL;
    client_start();
    ck_assert_ptr_null(
        est_client_simpleenroll(client, bytes_of_str("0\x82\xff\xff"), NULL, keep, NULL, &e));
    ck_assert_err(e, CSR_PARSE);
    stop();
}
END_TEST

/* ---- against the EST server ---- */

static uint64_t connections[4];
static int enrolled;
static X509_STACK *trust;

static bool silent;
static struct est_request *unanswered;

static void on_enroll(void *user, struct est_request *r) {
    (void)user;
    if (silent) {
        unanswered = r;
        return;
    }
    AUTO(EVP_PKEY) key = X509_REQ_get_pubkey(est_request_csr(r));
    AUTO(X509) made = kit_issue("CN=x", key, kit_ca.certificate, kit_ca.key, issue_lsc_extensions);
    connections[enrolled++ % 4] = est_request_connection_id(r);
    est_issue(r, made);
}

static const X509_STACK *on_cacerts(void *user, const char *label) {
    (void)user;
    (void)label;
    return trust;
}

static struct est_server *server_start(enum est_http_auth http_auth,
                                       enum est_client_certificate certificate) {
    struct err e;
    struct est_backend backend = {.enroll = on_enroll, .cacerts = on_cacerts};
    trust = x509_read_all_file(kit_file("ca.pem"), &e);
    struct est_server_options o = {.listen = "127.0.0.1:0",
                                   .certificate_file = kit_file("server.pem"),
                                   .key_file = kit_file("server.key"),
                                   .trust = trust,
                                   .http_auth = http_auth,
                                   .client_certificate = certificate};
    struct est_server *s = est_server_new(kit_loop, &o, &backend, &e);
    ck_assert_msg(s != NULL, "%s", e.text);
    options.server.port = kit_port(est_server_address(s));
    return s;
}

START_TEST(sessions_are_fresh_or_kept) {
    start();
    struct est_server *s = server_start(EST_HTTP_REQUIRED, EST_CERT_NONE);
    options.username = "MICHAMEN\\ciscora";
    options.password = "p:\xc3\xa4";
    client_start();
    ck_assert_int_eq(enroll(), EST_ERR_NONE);
    ck_assert_int_eq(enroll(), EST_ERR_NONE);
    ck_assert_uint_eq(connections[0], 2);
    ck_assert_uint_eq(connections[1], 4);
    options.session = EST_SESSION_PERSISTENT;
    client_start();
    ck_assert_int_eq(enroll(), EST_ERR_NONE);
    ck_assert_int_eq(enroll(), EST_ERR_NONE);
    ck_assert_uint_eq(connections[2], 5);
    ck_assert_uint_eq(connections[3], 5);
    est_server_free(s);
    x509_stack_free(trust);
    stop();
}
END_TEST

/* On a connection that is up already, so that the time passes while the answer is awaited, however
 * slow the machine is at handshakes. */
START_TEST(silence_is_a_read_error) {
    start();
    struct est_server *s = server_start(EST_HTTP_NONE, EST_CERT_NONE);
    options.session = EST_SESSION_PERSISTENT;
    options.timeout_us = 60 * ONE_SECOND;
    client_start();
    ck_assert_int_eq(enroll(), EST_ERR_NONE);
    silent = true;
    options.timeout_us = ONE_SECOND;
    client_start();
    ck_assert_int_eq(enroll(), EST_ERR_SSL_READ);
    ck_assert_err(got.err, HTTP_TIMEOUT);
    est_server_free(s);
    est_refuse(unanswered);
    x509_stack_free(trust);
    stop();
}
END_TEST

START_TEST(a_client_certificate_is_shown) {
    struct err e;
    start();
    struct est_server *s = server_start(EST_HTTP_WITHOUT_CERTIFICATE, EST_CERT_OPTIONAL);
    client_start();
    ck_assert_int_eq(enroll(), EST_ERR_AUTH_FAIL);
    options.certificate_file = kit_file("client.pem");
    options.key_file = kit_file("client.key");
    client_start();
    ck_assert_int_eq(enroll(), EST_ERR_NONE);
    ck_assert_ptr_nonnull(est_client_cacerts(client, keep, NULL, &e));
    kit_run();
    ck_assert_int_eq(got.code, EST_ERR_NONE);
    ck_assert_ptr_nonnull(est_client_csrattrs(client, keep, NULL, &e));
    kit_run();
    ck_assert_int_eq(got.code, EST_ERR_NONE);
    ck_assert_int_eq(got.status, 204);
    est_server_free(s);
    x509_stack_free(trust);
    stop();
}
END_TEST

TEST_MAIN("est client sessions", a_handshake_that_never_comes_is_a_connect_error,
          nobody_there_is_a_connect_error, a_name_without_address_is_a_name_error,
          servers_that_are_not_trusted_get_nothing, the_client_may_be_freed_at_any_time,
          what_cannot_start_says_why, sessions_are_fresh_or_kept, silence_is_a_read_error,
          a_client_certificate_is_shown)
