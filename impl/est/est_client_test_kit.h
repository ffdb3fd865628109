/* An EST client and what its tests share: canned servers, one enrolment against them, the result.
 * Test programs only. */
#ifndef EST_EST_CLIENT_TEST_KIT_H
#define EST_EST_CLIENT_TEST_KIT_H

#include "est/est_client.h"
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

static inline void keep(void *user, const struct est_result *r) {
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

static inline void make_request(void) {
    struct err e;
    request_key = kit_key();
    AUTO(X509_NAME) subject = x509_name_parse("CN=SEP74A02FC0A675", &e);
    struct csr_template t = {.subject = subject, .key = request_key};
    AUTO(X509_REQ) made = csr_sign(&t, request_key, &e);
    request = (struct buf)BUF_INIT(CSR_MAX);
    ck_assert_ok(csr_put_der(made, &request, &e), e);
}

/* No DNS server answers at that address: only the table of hosts resolves. */
static inline void start(void) {
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

static inline void stop(void) {
    est_client_free(client);
    http_client_free(http);
    resolver_free(resolver);
    buf_free(&request);
    EVP_PKEY_free(request_key);
    kit_server_clear(&canned);
    kit_stop();
}

static inline void client_start(void) {
    struct err e;
    est_client_free(client);
    client = est_client_new(http, &options, &e);
    ck_assert_msg(client != NULL, "%s", e.text);
}

static inline void serve(const char *first, const char *second) {
    kit_server_clear(&canned);
    const char *certificate = canned.certificate;
    canned = (struct kit_server){.certificate = certificate, .answers = {first, second}};
    kit_server_start(&canned);
    options.server.port = kit_port(canned.address);
    client_start();
}

static inline enum est_error enroll(void) {
    struct err e;
    int before = got.count;
    ck_assert_ptr_nonnull(
        est_client_simpleenroll(client, buf_view(&request), NULL, keep, NULL, &e));
    ck_assert_int_eq(got.count, before);
    kit_run();
    ck_assert_int_eq(got.count, before + 1);
    return got.code;
}

/* One enrolment against those answers. */
static inline enum est_error enroll_against(const char *first, const char *second) {
    serve(first, second);
    enum est_error code = enroll();
    kit_server_stop(&canned);
    return code;
}

static inline enum est_error fetch_against(enum est_operation operation, const char *answer) {
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
static inline char *issued(EVP_PKEY *key, int count, enum b64_wrap wrap, const char *headers) {
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

#endif
