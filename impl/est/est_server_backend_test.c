/* The EST server: proof of possession, renewals, and what the backend can answer. */
#include "est/est_server_test_kit.h"
#include "pki/csr.h"

/* ---- possession, renewal ---- */

static const char *pop_challenge; /* "unique": the session's own; else as it is; NULL: none */

static void compose_pop(const char *tls_unique, struct buf *out) {
    struct err e;
    AUTO(EVP_PKEY) key = kit_key();
    AUTO(X509_NAME) subject = x509_name_parse("CN=SEP74A02FC0A675", &e);
    bool own = pop_challenge != NULL && strcmp(pop_challenge, "unique") == 0;
    struct csr_template t = {
        .subject = subject, .key = key, .challenge = own ? tls_unique : pop_challenge};
    AUTO(X509_REQ) request = csr_sign(&t, key, &e);
    AUTO_BUF der = BUF_INIT(CSR_MAX);
    AUTO_BUF body = BUF_INIT(CSR_MAX);
    csr_put_der(request, &der, &e);
    b64_encode(buf_view(&der), B64_WRAP_64_LF, &body);
    ask.method = "POST";
    ask.path = ENROLL;
    ask.headers = "Content-Type: application/pkcs10\r\n" ANN;
    ask.body = buf_view(&body);
    compose(NULL, out);
}

static const char *pop(const char *certificate, const char *priorities, const char *challenge) {
    pop_challenge = challenge;
    return talk_as(certificate, priorities, compose_pop);
}

#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"

START_TEST(possession_is_checked_when_present) {
    options.pop = EST_POP_WHEN_PRESENT;
    serve();
    expect_certificate(pop(NULL, TLS12, "unique"));
    ck_assert(backend.linked);
    expect_certificate(pop(NULL, TLS12, NULL));
    ck_assert(!backend.linked);
    const char *answer = pop(NULL, TLS12, "AAAAAAAAAAAAAAAA");
    expect_status(answer, "401");
    ck_assert_has(answer, "\r\nWWW-Authenticate: Basic");
    ck_assert_str_eq(body_of(answer), "Error 401: Unauthorized\nProof of Possession Mismatch.\n");
    expect_status(pop(NULL, TLS12, "not base64!"), "401");
    expect_status(pop(NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.3", "AAAAAAAAAAAAAAAA"), "401");
    ck_assert_int_eq(backend.enrolled, 2);
    expect_log("***EST [INFO][est_tls_uid_auth:538]--> PoP is valid\n");
    expect_log("rc=23 (EST_ERR_AUTH_FAIL_TLSUID)");
    stop();
}
END_TEST

START_TEST(possession_may_be_required) {
    options.pop = EST_POP_REQUIRED;
    options.client_certificate = EST_CERT_OPTIONAL;
    serve();
    expect_certificate(pop(NULL, NULL, "unique"));
    ck_assert(backend.linked);
    const char *answer = pop(NULL, NULL, NULL);
    expect_status(answer, "401");
    ck_assert_has(answer, "Linking of identity and proof of possession is required");
    expect_status(pop("client", NULL, NULL), "401");
    expect_certificate(pop("ra", NULL, NULL));
    ck_assert(!backend.linked);
    stop();
}
END_TEST

START_TEST(possession_may_be_off) {
    serve();
    expect_certificate(pop(NULL, NULL, "AAAAAAAAAAAAAAAA"));
    ck_assert(!backend.linked);
    stop();
}
END_TEST

START_TEST(a_renewal_keeps_its_names) {
    options.client_certificate = EST_CERT_OPTIONAL;
    serve();
    expect_certificate(post_as("client", REENROLL, ANN, "one-line.b64"));
    expect_certificate(post_as(NULL, REENROLL, ANN, "one-line.b64"));
    expect_certificate(post_as("ra", REENROLL, ANN, "one-line.b64"));
    ask.path = REENROLL;
    AUTO(EVP_PKEY) key = kit_key();
    struct err e;
    AUTO(X509_NAME) subject = x509_name_parse("CN=SEP74A02FC0A675, O=lab", &e);
    struct csr_template t = {.subject = subject, .key = key, .san_uri = "urn:x"};
    AUTO(X509_REQ) request = csr_sign(&t, key, &e);
    AUTO_BUF der = BUF_INIT(CSR_MAX);
    csr_put_der(request, &der, &e);
    ask.headers = "Content-Type: application/pkcs10\r\n" ANN;
    ask.body = buf_view(&der);
    const char *answer = talk_as("client", NULL, compose);
    expect_status(answer, "403");
    ck_assert_has(answer, "subjectAltName");
    stop();
}
END_TEST

/* ---- the backend's answers ---- */

START_TEST(a_pending_enrolment_is_recognised_by_its_key) {
    backend.plan = PLAN_PENDING;
    serve();
    const char *answer = post_file(ANN, "csr", "one-line.b64");
    expect_status(answer, "202");
    ck_assert_has(answer, "\r\nRetry-After: 90\r\n");
    ck_assert_has(answer, "\r\nContent-Length: 0\r\n");
    ck_assert_str_eq(backend.token, "none");
    backend.plan = PLAN_UNREACHABLE;
    expect_status(post_file(ANN, "csr", "one-line.b64"), "502");
    ck_assert_str_eq(backend.token, "17");
    backend.plan = PLAN_PENDING;
    expect_certificate(post_file(ANN, "csr", "pem-lf.pem"));
    ck_assert_str_eq(backend.token, "17");
    expect_status(post_file(ANN, "csr", "one-line.b64"), "202");
    backend.plan = PLAN_DENY;
    expect_status(post_file(ANN, "csr", "one-line.b64"), "500");
    backend.plan = PLAN_PENDING;
    expect_status(post_file(ANN, "csr", "one-line.b64"), "202");
    ck_assert_str_eq(backend.token, "none");
    stop();
}
END_TEST

START_TEST(the_ca_s_refusal_is_told) {
    backend.plan = PLAN_DENY;
    serve();
    const char *answer = post_file(ANN, "csr", "one-line.b64");
    expect_status(answer, "500");
    ck_assert_str_eq(body_of(answer), "Error 500: Internal Server Error\n"
                                      "An error has occured during enrollment.\n");
    expect_log("rc=25 (EST_ERR_CA_ENROLL_FAIL)");
    stop();
}
END_TEST

START_TEST(a_certificate_for_another_key_never_leaves) {
    backend.plan = PLAN_OTHER_KEY;
    serve();
    expect_status(post_file(ANN, "csr", "one-line.b64"), "500");
    stop();
}
END_TEST

START_TEST(answers_may_come_later) {
    backend.later = true;
    serve();
    expect_certificate(post_file(ANN, "csr", "one-line.b64"));
    expect_status(post_file(BOB, "csr", "one-line.b64"), "401");
    stop();
}
END_TEST

/* Starts an enrolment that the backend holds; the client waits for its answer, or leaves. */
static pthread_t hold_one(struct kit_talk *t, struct bytes body) {
    pthread_t thread;
    backend.plan = PLAN_HOLD;
    t->address = est_server_address(server);
    t->answer = (struct buf)BUF_INIT(KIT_TEXT_MAX);
    t->compose = compose;
    ask.method = "POST";
    ask.path = ENROLL;
    ask.headers = "Content-Type: application/pkcs10\r\n" ANN;
    ask.body = body;
    ck_assert_int_eq(pipe(t->done), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, kit_talk_thread, t), 0);
    kit_run();
    ck_assert_ptr_nonnull(backend.held);
    return thread;
}

static void talk_end(struct kit_talk *t, pthread_t thread) {
    pthread_join(thread, NULL);
    buf_free(&t->answer);
    close(t->done[0]);
    close(t->done[1]);
}

START_TEST(a_held_request_outlives_the_server) {
    AUTO_BUF body = file_of("csr", "one-line.b64");
    struct kit_talk t = {0};
    serve();
    pthread_t thread = hold_one(&t, buf_view(&body));
    est_server_free(server);
    server = NULL;
    talk_end(&t, thread);
    ck_assert_int_eq(backend.abandoned, 1);
    issue(backend.held);
    stop();
}
END_TEST

START_TEST(a_client_that_left_finds_its_certificate_later) {
    AUTO_BUF body = file_of("csr", "one-line.b64");
    struct kit_talk t = {.leave = true};
    backend.plan = PLAN_PENDING;
    serve();
    expect_status(post_file(ANN, "csr", "one-line.b64"), "202");
    pthread_t thread = hold_one(&t, buf_view(&body));
    ck_assert_str_eq(backend.token, "17");
    talk_end(&t, thread);
    ck_assert(est_request_client_gone(backend.held));
    issue(backend.held);
    backend.held = NULL;
    backend.plan = PLAN_PENDING;
    expect_certificate(post_file(ANN, "csr", "one-line.b64"));
    ck_assert_str_eq(backend.token, "17");
    stop();
}
END_TEST

TEST_MAIN("est server and backend", possession_is_checked_when_present, possession_may_be_required,
          possession_may_be_off, a_renewal_keeps_its_names,
          a_pending_enrolment_is_recognised_by_its_key, the_ca_s_refusal_is_told,
          a_certificate_for_another_key_never_leaves, answers_may_come_later,
          a_held_request_outlives_the_server, a_client_that_left_finds_its_certificate_later)
