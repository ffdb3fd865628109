/* The EST client against servers of exact bytes, and against the EST server. */
#include "est/est_client.h"
#include "est/est_server.h"
#include "est/est_test_kit.h"
#include "pki/csr.h"
#include "pki/p7.h"

#define HEAD(status) "HTTP/1.1 " status "\r\nConnection: close\r\n"
#define ASK_BASIC                                                                                  \
    HEAD("401 Unauthorized")                                                                       \
    "WWW-Authenticate: Basic realm=\"estrealm\"\r\nContent-Length: 0\r\n\r\n"
#define ONE_SECOND    1000000LL
#define ENROLLED_TYPE "Content-Type: application/pkcs7-mime; smime-type=certs-only\r\n"

static struct cfg_pairs hosts;
static struct resolver *resolver;
static struct http_client *http;
static struct est_client_options options = EST_CLIENT_OPTIONS_INIT;
static struct est_client *client;
static struct kit_server canned;
static struct buf request; /* DER */
static EVP_PKEY *request_key;

/* The last result, kept. */
static struct {
    int count;
    enum est_error code;
    struct err err;
    long status;
    size_t body_length;
    int certificates;
    size_t der_length;
    int64_t retry_after_us;
} got;

static void keep(void *user, const struct est_result *r) {
    (void)user;
    got.count++;
    got.code = r->code;
    got.err = r->err;
    got.status = r->status;
    got.body_length = r->body.len;
    got.certificates = r->certificates != NULL ? sk_X509_num(r->certificates) : 0;
    got.der_length = r->der.len;
    got.retry_after_us = r->retry_after_us;
    event_base_loopbreak(kit_loop);
}

static void make_request(void) {
    struct err e;
    request_key = kit_key();
    AUTO(X509_NAME) subject = x509_name_parse("CN=SEP74A02FC0A675", &e);
    struct csr_template t = {.subject = subject, .key = request_key};
    AUTO(X509_REQ) made = csr_sign(&t, request_key, &e);
    request = (struct buf)BUF_INIT(CSR_MAX);
    ck_assert_ok(csr_put_der(made, &request, &e), e);
}

/* No DNS server answers at that address: only the table of hosts resolves. */
static void start(void) {
    static char dead[] = "127.0.0.1:1";
    static char *dead_list[] = {dead};
    static struct cfg_strings servers = {.items = dead_list, .count = 1};
    static char ra[] = "ra.michamen.com", other[] = "other.michamen.com", here[] = "127.0.0.1";
    static struct cfg_pair pair[] = {{ra, here}, {other, here}};
    struct err e;
    kit_start();
    hosts = (struct cfg_pairs){.items = pair, .count = 2};
    resolver = resolver_new(kit_loop, &servers, &hosts, &e);
    ck_assert_ptr_nonnull(resolver);
    http = http_client_new(kit_loop, resolver, &e);
    ck_assert_ptr_nonnull(http);
    make_request();
    options.server.host = "ra.michamen.com";
    options.server.ca_file = kit_file("ca.pem");
}

static void stop(void) {
    est_client_free(client);
    http_client_free(http);
    resolver_free(resolver);
    buf_free(&request);
    EVP_PKEY_free(request_key);
    kit_server_clear(&canned);
    kit_stop();
}

static void client_start(void) {
    struct err e;
    est_client_free(client);
    client = est_client_new(http, &options, &e);
    ck_assert_msg(client != NULL, "%s", e.text);
}

static void serve(const char *first, const char *second) {
    kit_server_clear(&canned);
    const char *certificate = canned.certificate;
    canned = (struct kit_server){.certificate = certificate, .answers = {first, second}};
    kit_server_start(&canned);
    options.server.port = kit_port(canned.address);
    client_start();
}

static enum est_error enroll(void) {
    struct err e;
    int before = got.count;
    ck_assert_ptr_nonnull(est_client_simpleenroll(client, buf_view(&request), keep, NULL, &e));
    ck_assert_int_eq(got.count, before);
    kit_run();
    ck_assert_int_eq(got.count, before + 1);
    return got.code;
}

/* One enrolment against those answers. */
static enum est_error enroll_against(const char *first, const char *second) {
    serve(first, second);
    enum est_error code = enroll();
    kit_server_stop(&canned);
    return code;
}

static enum est_error fetch_against(enum est_operation operation, const char *answer) {
    struct err e;
    serve(answer, NULL);
    if (operation == EST_CACERTS)
        ck_assert_ptr_nonnull(est_client_cacerts(client, keep, NULL, &e));
    else
        ck_assert_ptr_nonnull(est_client_csrattrs(client, keep, NULL, &e));
    kit_run();
    kit_server_stop(&canned);
    return got.code;
}

/* A 200 with count certificates, the first for key; malloc'ed. */
static char *issued(EVP_PKEY *key, int count, enum b64_wrap wrap, const char *headers) {
    struct err e;
    AUTO(X509_STACK) all = sk_X509_new_null();
    AUTO_BUF der = BUF_INIT(P7_MAX);
    AUTO_BUF body = BUF_INIT(P7_MAX);
    AUTO_BUF answer = BUF_INIT(P7_MAX);
    for (int i = 0; i < count; i++)
        sk_X509_push(all,
                     kit_issue("CN=x", key, kit_ca.certificate, kit_ca.key, issue_lsc_extensions));
    ck_assert_ok(p7_put(all, &der, &e), e);
    b64_encode(buf_view(&der), wrap, &body);
    buf_printf(&answer, HEAD("200 OK") "%sContent-Length: %zu\r\n\r\n%s", headers, body.len,
               buf_str(&body));
    return buf_take_str(&answer);
}

/* ---- success ---- */

START_TEST(answers_in_every_wrapping_are_taken) {
    start();
    for (int wrap = B64_ONE_LINE; wrap <= B64_WRAP_64_CRLF; wrap++) {
        AUTO(char) answer = issued(request_key, 1, (enum b64_wrap)wrap, ENROLLED_TYPE);
        ck_assert_int_eq(enroll_against(answer, NULL), EST_ERR_NONE);
        ck_assert_int_eq(got.certificates, 1);
        ck_assert_int_eq(got.status, 200);
        ck_assert_uint_eq(got.body_length, strlen(strstr(answer, "\r\n\r\n") + 4));
        ck_assert_err(got.err, OK);
    }
    stop();
}
END_TEST

START_TEST(the_request_is_libests) {
    start();
    AUTO(char) answer = issued(request_key, 1, B64_WRAP_64_LF, ENROLLED_TYPE);
    options.label = "phones";
    ck_assert_int_eq(enroll_against(answer, NULL), EST_ERR_NONE);
    const char *sent = canned.requests[0];
    ck_assert_ptr_eq(strstr(sent, "POST /.well-known/est/phones/simpleenroll HTTP/1.1\r\n"), sent);
    ck_assert_ptr_nonnull(strstr(sent, "\r\nUser-Agent: Cisco EST client 1.0\r\n"));
    ck_assert_ptr_nonnull(strstr(sent, "\r\nContent-Type: application/pkcs10\r\n"));
    ck_assert_ptr_nonnull(strstr(sent, "\r\nConnection: close\r\n"));
    ck_assert_ptr_null(strstr(sent, "Authorization"));
    ck_assert_ptr_null(strstr(sent, "Expect"));
    const char *body = strstr(sent, "\r\n\r\n") + 4;
    ck_assert_int_eq(strchr(body, '\n') - body, 64);
    stop();
}
END_TEST

static const struct {
    const char *headers;
    bool chunked;
} forms[] = {
    {"content-type: Application/PKCS7-MIME;smime-type=certs-only\r\n", false},
    {"Content-Type: application/pkcs7-mime\r\n", false},
    {"Content-Type: application/pkcs7-mime; x=y\r\nContent-Transfer-Encoding: 7bit\r\n", true},
};

START_TEST(answers_of_other_servers_are_taken) {
    start();
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        AUTO(char) plain = issued(request_key, 1, B64_WRAP_64_CRLF, forms[i].headers);
        AUTO_BUF chunked = BUF_INIT(P7_MAX);
        const char *body = strstr(plain, "\r\n\r\n") + 4;
        buf_printf(&chunked,
                   HEAD("200 OK") "%sTransfer-Encoding: chunked\r\n\r\n%zx\r\n%s\r\n0\r\n\r\n",
                   forms[i].headers, strlen(body), body);
        const char *answer = forms[i].chunked ? buf_str(&chunked) : plain;
        ck_assert_int_eq(enroll_against(answer, NULL), EST_ERR_NONE);
    }
    AUTO(char) plain = issued(request_key, 1, B64_ONE_LINE, ENROLLED_TYPE);
    AUTO_BUF to_the_end = BUF_INIT(P7_MAX);
    buf_printf(&to_the_end, HEAD("200 OK") ENROLLED_TYPE "\r\n%s", strstr(plain, "\r\n\r\n") + 4);
    ck_assert_int_eq(enroll_against(buf_str(&to_the_end), NULL), EST_ERR_NONE);
    stop();
}
END_TEST

START_TEST(ca_certificates_and_attributes_are_read) {
    start();
    AUTO(char)
    two = issued(request_key, 2, B64_WRAP_64_LF, "Content-Type: application/pkcs7-mime\r\n");
    ck_assert_int_eq(fetch_against(EST_CACERTS, two), EST_ERR_NONE);
    ck_assert_int_eq(got.certificates, 2);
    ck_assert_ptr_eq(strstr(canned.requests[0], "GET /.well-known/est/cacerts HTTP/1.1\r\n"),
                     canned.requests[0]);
    ck_assert_int_eq(fetch_against(EST_CSRATTRS,
                                   HEAD("200 OK") "Content-Type: application/csrattrs\r\n"
                                                  "Content-Length: 20\r\n\r\nMAsGCSqGSIb3DQEJBw=="),
                     EST_ERR_NONE);
    ck_assert_uint_eq(got.der_length, 13);
    ck_assert_int_eq(fetch_against(EST_CSRATTRS, HEAD("204 No Content") "\r\n"), EST_ERR_NONE);
    ck_assert_uint_eq(got.der_length, 0);
    ck_assert_int_eq(fetch_against(EST_CSRATTRS, HEAD("404 Not Found") "Content-Length: 0\r\n\r\n"),
                     EST_ERR_NONE);
    ck_assert_uint_eq(got.der_length, 0);
    ck_assert_int_eq(fetch_against(EST_CACERTS, HEAD("204 No Content") "\r\n"),
                     EST_ERR_HTTP_NO_CONTENT);
    stop();
}
END_TEST

/* ---- credentials ---- */

START_TEST(credentials_follow_a_401_on_a_new_connection) {
    start();
    AUTO(char) answer = issued(request_key, 1, B64_WRAP_64_LF, ENROLLED_TYPE);
    options.username = "ann";
    options.password = "good";
    ck_assert_int_eq(enroll_against(ASK_BASIC, answer), EST_ERR_NONE);
    ck_assert_int_eq(canned.count, 2);
    ck_assert_ptr_null(strstr(canned.requests[0], "Authorization"));
    ck_assert_ptr_nonnull(strstr(canned.requests[1], "\r\nAuthorization: Basic YW5uOmdvb2Q=\r\n"));
    ck_assert_str_eq(strstr(canned.requests[0], "\r\n\r\n"),
                     strstr(canned.requests[1], "\r\n\r\n"));
    stop();
}
END_TEST

START_TEST(a_second_401_is_the_end) {
    start();
    options.username = "ann";
    options.password = "bad";
    ck_assert_int_eq(enroll_against(ASK_BASIC, ASK_BASIC), EST_ERR_AUTH_FAIL);
    ck_assert_int_eq(canned.count, 2);
    ck_assert_err(got.err, EST_AUTH_FAIL);
    ck_assert_ptr_null(strstr(got.err.text, "bad"));
    stop();
}
END_TEST

START_TEST(the_hint_saves_the_first_round_trip) {
    start();
    AUTO(char) answer = issued(request_key, 1, B64_WRAP_64_LF, ENROLLED_TYPE);
    options.username = "ann";
    options.password = "good";
    options.basic_hint = true;
    ck_assert_int_eq(enroll_against(answer, NULL), EST_ERR_NONE);
    ck_assert_ptr_nonnull(strstr(canned.requests[0], "\r\nAuthorization: Basic YW5uOmdvb2Q=\r\n"));
    ck_assert_int_eq(enroll_against(ASK_BASIC, answer), EST_ERR_AUTH_FAIL);
    ck_assert_int_eq(canned.count, 1);
    stop();
}
END_TEST

START_TEST(credentials_go_to_nobody_who_does_not_ask_for_basic) {
    static const char *const answers[] = {
        HEAD("401 Unauthorized") "Content-Length: 0\r\n\r\n",
        HEAD("401 Unauthorized") "WWW-Authenticate: Digest realm=\"r\", nonce=\"1\"\r\n"
                                 "Content-Length: 0\r\n\r\n",
        HEAD("401 Unauthorized") "WWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n"};
    start();
    options.username = "ann";
    options.password = "good";
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        ck_assert_int_eq(enroll_against(answers[i], ASK_BASIC), EST_ERR_AUTH_FAIL);
        ck_assert_int_eq(canned.count, 1);
    }
    options.username = NULL;
    ck_assert_int_eq(enroll_against(ASK_BASIC, ASK_BASIC), EST_ERR_AUTH_FAIL);
    ck_assert_int_eq(canned.count, 1);
    stop();
}
END_TEST

/* ---- bad answers ---- */

#define TEXT_BODY "Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nwhy\n"

static const struct {
    const char *answer;
    enum est_error error;
    enum err_code cause;
} bad_answers[] = {
    {HEAD("400 Bad Request") TEXT_BODY, EST_ERR_HTTP_BAD_REQ, ERR_HTTP_STATUS},
    {HEAD("404 Not Found") TEXT_BODY, EST_ERR_HTTP_NOT_FOUND, ERR_HTTP_STATUS},
    {HEAD("423 Locked") TEXT_BODY, EST_ERR_HTTP_LOCKED, ERR_HTTP_STATUS},
    {HEAD("500 Internal Server Error") TEXT_BODY, EST_ERR_UNKNOWN, ERR_HTTP_STATUS},
    {HEAD("301 Moved") "Location: https://ra.michamen.com/\r\n" TEXT_BODY, EST_ERR_UNKNOWN,
     ERR_HTTP_STATUS},
    {HEAD("204 No Content") "\r\n", EST_ERR_HTTP_NO_CONTENT, ERR_HTTP_STATUS},
    {HEAD("202 Accepted") "Content-Length: 0\r\n\r\n", EST_ERR_INVALID_RETRY_VALUE,
     ERR_EST_BAD_RETRY},
    {HEAD("202 Accepted") "Retry-After: soon\r\nContent-Length: 0\r\n\r\n",
     EST_ERR_INVALID_RETRY_VALUE, ERR_EST_BAD_RETRY},
    {HEAD("200 OK") TEXT_BODY, EST_ERR_BAD_CONTENT_TYPE, ERR_HTTP_CONTENT_TYPE},
    {HEAD("200 OK") "Content-Length: 4\r\n\r\nMAA=", EST_ERR_BAD_CONTENT_TYPE,
     ERR_HTTP_CONTENT_TYPE},
    {HEAD("200 OK") ENROLLED_TYPE "Content-Length: 0\r\n\r\n", EST_ERR_BAD_BASE64, ERR_B64_PARSE},
    {HEAD("200 OK") ENROLLED_TYPE "Content-Length: 4\r\n\r\n????", EST_ERR_BAD_BASE64,
     ERR_B64_PARSE},
    {HEAD("200 OK") ENROLLED_TYPE "Content-Length: 4\r\n\r\nMAA=", EST_ERR_NO_CERTIFICATE,
     ERR_PKCS7_PARSE},
    {HEAD("200 OK") ENROLLED_TYPE "Content-Length: 400\r\n\r\nMAA=", EST_ERR_SSL_READ,
     ERR_TCP_CLOSED},
    {"HTTP/1.1 abc\r\n\r\n", EST_ERR_UNKNOWN, ERR_HTTP_TRANSPORT},
    {"SSH-2.0-OpenSSH\r\n\r\n", EST_ERR_UNKNOWN, ERR_HTTP_TRANSPORT},
    {"", EST_ERR_SSL_READ, ERR_TCP_CLOSED},
};

START_TEST(bad_answers_have_their_numbers) {
    start();
    for (size_t i = 0; i < sizeof bad_answers / sizeof bad_answers[0]; i++) {
        enum est_error error = enroll_against(bad_answers[i].answer, NULL);
        ck_assert_msg(error == bad_answers[i].error, "%s is %s: %s", bad_answers[i].answer,
                      est_err_name((int)error), got.err.text);
        ck_assert_msg(got.err.code == bad_answers[i].cause, "%s is %s", bad_answers[i].answer,
                      err_name(got.err.code));
        ck_assert_int_eq(got.certificates, 0);
    }
    stop();
}
END_TEST

START_TEST(a_waiting_enrolment_says_how_long) {
    start();
    ck_assert_int_eq(
        enroll_against(HEAD("202 Accepted") "Retry-After: 90\r\nContent-Length: 0\r\n\r\n", NULL),
        EST_ERR_CA_ENROLL_RETRY);
    ck_assert_int_eq(got.retry_after_us, 90 * ONE_SECOND);
    ck_assert_err(got.err, EST_PENDING);
    ck_assert_int_eq(enroll_against(HEAD("202 Accepted") "Retry-After: Sun, 06 Nov 1994 08:49:37 "
                                                         "GMT\r\nContent-Length: 0\r\n\r\n",
                                    NULL),
                     EST_ERR_CA_ENROLL_RETRY);
    ck_assert_int_eq(got.retry_after_us, ONE_SECOND);
    stop();
}
END_TEST

START_TEST(wrong_certificates_are_refused) {
    start();
    AUTO(EVP_PKEY) other = kit_key();
    AUTO(char) foreign = issued(other, 1, B64_WRAP_64_LF, ENROLLED_TYPE);
    AUTO(char) two = issued(request_key, 2, B64_WRAP_64_LF, ENROLLED_TYPE);
    ck_assert_int_eq(enroll_against(foreign, NULL), EST_ERR_X509_PUBKEY);
    ck_assert_err(got.err, X509_KEY_MISMATCH);
    ck_assert_int_eq(enroll_against(two, NULL), EST_ERR_NO_CERTIFICATE);
    ck_assert_err(got.err, EST_BAD_RESPONSE);
    ck_assert_int_eq(
        fetch_against(EST_CACERTS, HEAD("200 OK") ENROLLED_TYPE "Content-Length: 4\r\n\r\nMAA="),
        EST_ERR_LOAD_CACERTS);
    stop();
}
END_TEST

START_TEST(an_endless_answer_is_cut) {
    AUTO_BUF big = BUF_INIT(KIT_TEXT_MAX);
    start();
    buf_put_str(&big, HEAD("200 OK") ENROLLED_TYPE "\r\n");
    while (big.len < 2100000)
        buf_put_str(&big, "MIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIBMIIB");
    ck_assert_int_eq(enroll_against(buf_str(&big), NULL), EST_ERR_BUF_EXCEEDS_MAX_LEN);
    ck_assert_err(got.err, HTTP_TOO_LARGE);
    stop();
}
END_TEST

/* ---- no answer ---- */

START_TEST(silence_is_a_read_error) {
    start();
    options.timeout_us = ONE_SECOND;
    clock_configure(0, 5);
    ck_assert_int_eq(enroll_against(KIT_SILENCE, NULL), EST_ERR_SSL_READ);
    ck_assert_err(got.err, HTTP_TIMEOUT);
    stop();
}
END_TEST

START_TEST(a_handshake_that_never_comes_is_a_connect_error) {
    struct err e;
    AUTO(char) address = NULL;
    start();
    AUTO_FD fd = listen_tcp("127.0.0.1:0", &address, &e);
    options.server.port = kit_port(address);
    options.timeout_us = ONE_SECOND;
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
        est_client_simpleenroll(client, buf_view(&request), free_client, NULL, &e));
    kit_run();
    ck_assert_ptr_null(client);
    client_start();
    struct est_call *first = est_client_cacerts(client, keep, NULL, &e);
    ck_assert_ptr_nonnull(est_client_csrattrs(client, keep, NULL, &e));
    ck_assert_ptr_nonnull(est_client_simplereenroll(client, buf_view(&request), keep, NULL, &e));
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
        est_client_simpleenroll(client, bytes_of_str("0\x82\xff\xff"), keep, NULL, &e));
    ck_assert_err(e, CSR_PARSE);
    stop();
}
END_TEST

/* ---- against the EST server ---- */

static uint64_t connections[4];
static int enrolled;
static X509_STACK *trust;

static void on_enroll(void *user, struct est_request *r) {
    (void)user;
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

TEST_MAIN("est client", answers_in_every_wrapping_are_taken, the_request_is_libests,
          answers_of_other_servers_are_taken, ca_certificates_and_attributes_are_read,
          credentials_follow_a_401_on_a_new_connection, a_second_401_is_the_end,
          the_hint_saves_the_first_round_trip, credentials_go_to_nobody_who_does_not_ask_for_basic,
          bad_answers_have_their_numbers, a_waiting_enrolment_says_how_long,
          wrong_certificates_are_refused, an_endless_answer_is_cut, silence_is_a_read_error,
          a_handshake_that_never_comes_is_a_connect_error, nobody_there_is_a_connect_error,
          a_name_without_address_is_a_name_error, servers_that_are_not_trusted_get_nothing,
          the_client_may_be_freed_at_any_time, what_cannot_start_says_why,
          sessions_are_fresh_or_kept, a_client_certificate_is_shown)
