/* An EST client, a scripted certsrv and the configuration of an RA between them, for the tests of
 * the RA. Tests only; header only, so that nothing of it gets into the library. */
#ifndef RA_RA_TEST_KIT_H
#define RA_RA_TEST_KIT_H

#define SCRIPT_DATA TESTDATA "/../../certsrv/testdata"
#include "base/http_client.h"
#include "base/x509.h"
#include "certsrv/certsrv_client.h"
#include "certsrv/certsrv_script.h"
#include "est/est_server.h"
#include "pki/p7.h"
#include "ra/ra.h"
#include <fcntl.h>

static struct script script;
static struct process *process;
static struct ra_config config;
static struct http_client *http;
static char directory[64];
static char paths[3][96]; /* ra.log, ra-error.log, ra.sqlite */
static char address[64];
static int ready[2];
static char ready_line[256];

/* One EST exchange under way or done. */
struct exchange {
    CURL *easy;
    struct http_endpoint endpoint;
    struct curl_slist *headers;
    struct buf body;
    struct buf csr;
    bool done;
    long status;
    bool certificate;
    char retry_after[32];
};

static inline void set_config(int session, const char *template_name) {
    config = (struct ra_config){
        .process = {.actor = "ra", .clock_rate = 1.0},
        .listen = "127.0.0.1:0",
        .log = paths[0],
        .error_log = paths[1],
        .certificate = SCRIPT_DATA "/server.pem",
        .key = SCRIPT_DATA "/server.key",
        .store = paths[2],
        .certsrv = {.host = "lab-dc.michamen.com",
                    .port = 443,
                    .via = script.via,
                    .ca_file = SCRIPT_DATA "/web-trust.pem",
                    .template_name = (char *)(uintptr_t)template_name,
                    .authentication = CERTSRV_BASIC,
                    .username = "MICHAMEN\\ciscora",
                    .password = "start",
                    .timeout_us = 10 * INT64_C(1000000),
                    .session = session,
                    .chain_retry_us = 50000},
        .pop = EST_POP_WHEN_PRESENT,
        .body_max = 65536,
        .retry_after_us = 60 * INT64_C(1000000),
        .connections_max = 100,
    };
}

/* The line on the ready descriptor comes when start-up is over, well or not. */
static inline void await_ready(void) {
    ssize_t n = -1;
    while ((n = read(ready[0], ready_line, sizeof ready_line - 1)) < 0)
        ck_assert_int_ge(event_base_loop(process_loop(process), EVLOOP_NONBLOCK), 0);
    ready_line[n] = '\0';
    const char *listen = strstr(ready_line, "\"listen\"");
    ck_assert_int_eq(sscanf(listen, "\"listen\"%*[^0-9]%63[0-9.:]", address), 1);
}

static inline void make_folder(void) {
    snprintf(directory, sizeof directory, "/tmp/ra-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(paths[0], sizeof paths[0], "%s/ra.log", directory);
    snprintf(paths[1], sizeof paths[1], "%s/ra-error.log", directory);
    snprintf(paths[2], sizeof paths[2], "%s/ra.sqlite", directory);
}

/* Two processes that close a database at the same time may leave its companions behind. */
static inline void remove_folder(void) {
    static const char *const companions[] = {"-wal", "-shm"};
    char path[128];
    for (size_t i = 0; i < 3; i++)
        unlink(paths[i]);
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s%s", paths[2], companions[i]);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(directory), 0);
}

static inline void on_answer(void *user, CURL *easy, const struct http_result *result) {
    struct exchange *x = user;
    x->done = true;
    x->status = result->status;
    const char *after = http_client_header(easy, "Retry-After");
    script_copy(x->retry_after, sizeof x->retry_after, after);
    struct err e;
    AUTO(X509_STACK) chain = p7_read(buf_view(&x->body), &e);
    x->certificate = chain != NULL && sk_X509_num(chain) == 1;
}

static inline void target(struct exchange *x, const char *path) {
    struct err e;
    *x = (struct exchange){.easy = curl_easy_init(), .body.max = 65536, .csr.max = 65536};
    x->endpoint = (struct http_endpoint){.host = "ra.michamen.com",
                                         .port = 8084,
                                         .via = address,
                                         .ca_file = SCRIPT_DATA "/web-trust.pem"};
    ck_assert_ok(http_client_target(x->easy, &x->endpoint, path, &e), e);
    curl_easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, http_client_to_buf);
    curl_easy_setopt(x->easy, CURLOPT_WRITEDATA, &x->body);
}

static inline void send_request(struct exchange *x) {
    http_client_start(http, x->easy, &x->endpoint, 30 * INT64_C(1000000), on_answer, x);
}

static inline void send_enroll(struct exchange *x, const char *user) {
    struct err e;
    target(x, "/.well-known/est/simpleenroll");
    ck_assert_ok(file_read(SCRIPT_DATA "/request.pem", &x->csr, &e), e);
    x->headers = curl_slist_append(NULL, "Content-Type: application/pkcs10");
    curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
    curl_easy_setopt(x->easy, CURLOPT_HTTPAUTH, (unsigned long)CURLAUTH_BASIC);
    curl_easy_setopt(x->easy, CURLOPT_USERNAME, user);
    curl_easy_setopt(x->easy, CURLOPT_PASSWORD, "secret-of-the-client");
    curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE, (long)x->csr.len);
    curl_easy_setopt(x->easy, CURLOPT_POSTFIELDS, buf_str(&x->csr));
    send_request(x);
}

static inline void end(struct exchange *x) {
    curl_easy_cleanup(x->easy);
    curl_slist_free_all(x->headers);
    buf_free(&x->body);
    buf_free(&x->csr);
}

static inline long enroll_expecting(bool certificate) {
    struct exchange x;
    send_enroll(&x, "MICHAMEN\\ciscora");
    script_run_until(&script, &x.done);
    ck_assert_int_eq(x.certificate, certificate);
    end(&x);
    return x.status;
}

static inline void expect_seen(size_t from, const char *const *expected) {
    size_t i = from;
    for (; *expected != NULL; expected++, i++) {
        ck_assert_uint_lt(i, script.count);
        ck_assert_str_eq(script.seen[i].what, *expected);
    }
    ck_assert_uint_eq(i, script.count);
}

static inline size_t posts(void) {
    size_t count = 0;
    for (size_t i = 0; i < script.count; i++)
        count += strncmp(script.seen[i].what, "POST", 4) == 0;
    return count;
}

static inline void expect_line(const char *path, const char *part, bool there) {
    AUTO_BUF text = BUF_INIT(1024 * 1024);
    struct err e;
    ck_assert_ok(file_read(path, &text, &e), e);
    ck_assert_msg((strstr(buf_str(&text), part) != NULL) == there, "%s in:\n%s", part,
                  buf_str(&text));
    ck_assert_ptr_null(strstr(buf_str(&text), "secret-of-the-client"));
}

#define LOGIN                                                                                      \
    { "GET", "/certsrv", 301, "moved.html" }
#define CHAIN                                                                                      \
    { "GET", "/certsrv/certnew.p7b", 200, "chain.der" }
#define FORM                                                                                       \
    { "GET", "/certsrv/certrqxt.asp", 200, "form.html" }
#define ISSUED                                                                                     \
    { "POST", "/certsrv/certfnsh.asp", 200, "issued-links.html" }
#define HELD_POST                                                                                  \
    { "POST", "/certsrv/certfnsh.asp", 0, NULL }
#define FETCHED                                                                                    \
    { "GET", "/certsrv/certnew.cer", 200, "leaf-crlf.pem" }
#define END                                                                                        \
    { NULL, NULL, 0, NULL }

static const struct script_row good[] = {LOGIN, CHAIN, FORM, ISSUED, FETCHED, END};

#define STARTED    "GET /certsrv", "GET /certsrv/certnew.p7b?ReqID=CACert&Renewal=0&Enc=bin"
#define FORM_SEEN  "GET /certsrv/certrqxt.asp"
#define POST_SEEN  "POST /certsrv/certfnsh.asp"
#define FETCH_SEEN "GET /certsrv/certnew.cer?ReqID=10&ENC=b64"

#endif
