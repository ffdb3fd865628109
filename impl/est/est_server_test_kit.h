/* An EST server over TLS on loopback with a backend that does what a test says, and the requests
 * and expectations that its tests share. Test programs only. */
#ifndef EST_EST_SERVER_TEST_KIT_H
#define EST_EST_SERVER_TEST_KIT_H

#include "est/est_server.h"
#include "est/est_test_kit.h"
#include "pki/p7.h"

#define ENROLL   "/.well-known/est/simpleenroll"
#define REENROLL "/.well-known/est/simplereenroll"
#define ANN      "Authorization: Basic YW5uOmdvb2Q=\r\n" /* ann:good */
#define BOB      "Authorization: Basic Ym9iOmJhZA==\r\n" /* bob:bad */

enum plan { PLAN_ISSUE, PLAN_OTHER_KEY, PLAN_PENDING, PLAN_DENY, PLAN_UNREACHABLE, PLAN_HOLD };

static struct {
    enum plan plan;
    bool later;               /* answers at the next turn of the loop */
    struct est_request *held; /* by PLAN_HOLD */
    int authorized, enrolled, abandoned;
    char identity[256];
    char label[64];
    char token[64];
    bool linked;
    X509_STACK *cacerts;
    struct bytes csrattrs;
} backend;

static struct est_server_options options;
static struct est_server *server;
static struct log *log_file;

/* ---- the backend ---- */

static inline void issue(struct est_request *r) {
    AUTO(EVP_PKEY) key = X509_REQ_get_pubkey(est_request_csr(r));
    AUTO(EVP_PKEY) other = kit_key();
    AUTO(X509)
    certificate = kit_issue("CN=SEP74A02FC0A675", backend.plan == PLAN_OTHER_KEY ? other : key,
                            kit_ca.certificate, kit_ca.key, issue_lsc_extensions);
    est_issue(r, certificate);
}

static inline void do_enroll(evutil_socket_t fd, short what, void *user) {
    struct est_request *r = user;
    (void)fd;
    (void)what;
    if (backend.plan == PLAN_PENDING && est_request_token(r) == NULL)
        est_pending(r, "17", 90 * 1000000LL);
    else if (backend.plan == PLAN_DENY)
        est_fail(r, EST_ERR_CA_ENROLL_FAIL, 0, NULL);
    else if (backend.plan == PLAN_UNREACHABLE)
        est_fail(r, EST_ERR_IP_CONNECT, 0, NULL);
    else if (backend.plan == PLAN_HOLD)
        backend.held = r;
    else
        issue(r);
    if (backend.held != NULL)
        event_base_loopbreak(kit_loop);
}

static inline void do_authorize(evutil_socket_t fd, short what, void *user) {
    struct est_request *r = user;
    const char *password = est_request_password(r);
    (void)fd;
    (void)what;
    if (password != NULL && strcmp(password, "bad") == 0)
        est_refuse(r);
    else
        est_authorized(r);
}

static inline void now_or_later(event_callback_fn fn, struct est_request *r) {
    struct timeval soon = {0};
    if (backend.later)
        event_base_once(kit_loop, -1, EV_TIMEOUT, fn, r, &soon);
    else
        fn(-1, 0, r);
}

static inline void on_authorize(void *user, struct est_request *r) {
    (void)user;
    backend.authorized++;
    ck_assert_ptr_null(est_request_csr(r));
    now_or_later(do_authorize, r);
}

static inline void on_enroll(void *user, struct est_request *r) {
    (void)user;
    const char *token = est_request_token(r);
    backend.enrolled++;
    backend.linked = est_request_linked(r);
    snprintf(backend.identity, sizeof backend.identity, "%s", est_request_identity(r));
    snprintf(backend.label, sizeof backend.label, "%s", est_request_label(r));
    snprintf(backend.token, sizeof backend.token, "%s", token != NULL ? token : "none");
    now_or_later(do_enroll, r);
}

static inline const X509_STACK *on_cacerts(void *user, const char *label) {
    (void)user;
    (void)label;
    return backend.cacerts;
}

static inline struct bytes on_csrattrs(void *user, const char *label) {
    (void)user;
    (void)label;
    return backend.csrattrs;
}

static inline void on_abandoned(void *user, struct est_request *r) {
    (void)user;
    ck_assert_ptr_eq(r, backend.held);
    backend.abandoned++;
}

static inline void serve(void) {
    struct err e;
    struct est_backend calls = {.authorize = on_authorize,
                                .enroll = on_enroll,
                                .cacerts = on_cacerts,
                                .csrattrs = on_csrattrs,
                                .abandoned = on_abandoned};
    kit_start();
    backend.cacerts = x509_read_all_file(kit_file("ca.pem"), &e);
    log_file = log_open(kit_file("ra-error.log"), &e);
    options.listen = "127.0.0.1:0";
    options.certificate_file = kit_file("server.pem");
    options.key_file = kit_file("server.key");
    options.trust = backend.cacerts;
    options.log = log_file;
    server = est_server_new(kit_loop, &options, &calls, &e);
    ck_assert_msg(server != NULL, "%s", e.text);
}

static inline void stop(void) {
    est_server_free(server);
    log_close(log_file);
    x509_stack_free(backend.cacerts);
    kit_stop();
}

/* ---- requests ---- */

static struct {
    const char *method;
    const char *path;
    const char *headers; /* further ones */
    struct bytes body;
    bool chunked;
} ask;

static inline void compose(const char *tls_unique, struct buf *out) {
    (void)tls_unique;
    buf_printf(out, "%s %s HTTP/1.1\r\nHost: ra.michamen.com\r\nConnection: close\r\n%s",
               ask.method, ask.path, ask.headers);
    if (!ask.chunked) {
        buf_printf(out, "Content-Length: %zu\r\n\r\n", ask.body.len);
        buf_put_bytes(out, ask.body);
        return;
    }
    buf_put_str(out, "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t at = 0; at < ask.body.len; at += 100) {
        size_t len = ask.body.len - at < 100 ? ask.body.len - at : 100;
        buf_printf(out, "%zx\r\n", len);
        buf_put(out, ask.body.data + at, len);
        buf_put_str(out, "\r\n");
    }
    buf_put_str(out, "0\r\n\r\n");
}

/* The answer as text; owned by a static buffer until the next call. */
static inline const char *talk_as(const char *certificate, const char *priorities,
                                  void (*composer)(const char *, struct buf *)) {
    static struct buf answer;
    struct kit_talk t = {.address = est_server_address(server),
                         .certificate = certificate,
                         .priorities = priorities,
                         .compose = composer};
    kit_talk(&t);
    buf_free(&answer);
    answer = t.answer;
    return buf_str(&answer);
}

static inline const char *get(const char *method, const char *path, const char *headers) {
    ask.method = method;
    ask.path = path;
    ask.headers = headers;
    ask.body = bytes_of(NULL, 0);
    return talk_as(NULL, NULL, compose);
}

static inline const char *post(const char *path, const char *headers, struct bytes body) {
    static char all[1024];
    snprintf(all, sizeof all, "Content-Type: application/pkcs10\r\n%s", headers);
    ask.method = "POST";
    ask.path = path;
    ask.headers = all;
    ask.body = body;
    return talk_as(NULL, NULL, compose);
}

static inline struct buf file_of(const char *folder, const char *name) {
    struct err e;
    char path[300];
    struct buf content = BUF_INIT(KIT_TEXT_MAX);
    snprintf(path, sizeof path, "%s/%s/%s", TESTDATA, folder, name);
    ck_assert_ok(file_read(path, &content, &e), e);
    return content;
}

static inline const char *post_file(const char *headers, const char *folder, const char *name) {
    AUTO_BUF body = file_of(folder, name);
    return post(ENROLL, headers, buf_view(&body));
}

static inline const char *body_of(const char *answer) {
    const char *end = strstr(answer, "\r\n\r\n");
    ck_assert_msg(end != NULL, "no answer: \"%s\"", answer);
    return end + 4;
}

#define ck_assert_has(text, part)                                                                  \
    ck_assert_msg(strcasestr((text), (part)) != NULL, "\"%s\" not in: %s", (part), (text))
#define ck_assert_has_not(text, part)                                                              \
    ck_assert_msg(strcasestr((text), (part)) == NULL, "\"%s\" in: %s", (part), (text))

static inline void expect_status(const char *answer, const char *status) {
    ck_assert_msg(strncmp(answer, "HTTP/1.1 ", 9) == 0 && strncmp(answer + 9, status, 3) == 0,
                  "expected %s: %s", status, answer);
}

/* 200 with exactly one certificate and the headers that old clients need. */
static inline void expect_certificate(const char *answer) {
    struct err e;
    expect_status(answer, "200");
    ck_assert_has(answer, "\r\nContent-Type: application/pkcs7-mime; smime-type=certs-only\r\n");
    ck_assert_has(answer, "\r\nContent-Transfer-Encoding: base64\r\n");
    ck_assert_has(answer, "\r\nContent-Length: ");
    ck_assert_int_lt(body_of(answer) - answer, 1024);
    AUTO(X509_STACK) found = p7_read(bytes_of_str(body_of(answer)), &e);
    ck_assert_msg(found != NULL, "%s", e.text);
    ck_assert_int_eq(sk_X509_num(found), 1);
}

static inline void expect_log(const char *lines) {
    struct err e;
    AUTO_BUF text = BUF_INIT(KIT_TEXT_MAX);
    ck_assert_ok(file_read(kit_file("ra-error.log"), &text, &e), e);
    ck_assert_msg(strstr(buf_str(&text), lines) != NULL, "log:\n%s", buf_str(&text));
    ck_assert_has_not(buf_str(&text), "good");
    ck_assert_has_not(buf_str(&text), "YW5u");
}

static inline const char *post_as(const char *certificate, const char *path, const char *headers,
                                  const char *file) {
    static char all[1024];
    AUTO_BUF body = file_of("csr", file);
    snprintf(all, sizeof all, "Content-Type: application/pkcs10\r\n%s", headers);
    ask.method = "POST";
    ask.path = path;
    ask.headers = all;
    ask.body = buf_view(&body);
    return talk_as(certificate, NULL, compose);
}

#endif
