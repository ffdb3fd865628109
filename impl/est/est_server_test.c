/* The EST server: encodings, who may enrol, paths, and the answers that everybody gets. */
#include "base/events.h"
#include "est/est_server_test_kit.h"
#include <dirent.h>

/* ---- encodings ---- */

static const struct {
    const char *file;
    bool wrapped; /* the answer */
} encodings[] = {
    {"one-line.b64", false},
    {"no-padding.b64", false},
    {"wrapped-64-lf.b64", true},
    {"wrapped-64-crlf.b64", true},
    {"wrapped-76-crlf.b64", true},
    {"indented.b64", true},
    {"trailing-nul.b64", true},
    {"pem-lf.pem", true},
    {"pem-crlf.pem", true},
    {"pem-new.pem", true},
    {"der.bin", false},
};

START_TEST(every_encoding_is_taken_and_its_style_mirrored) {
    serve();
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        ask.chunked = i % 2 == 1;
        const char *answer = post_file(ANN, "csr", encodings[i].file);
        expect_certificate(answer);
        ck_assert_msg((strchr(body_of(answer), '\n') != NULL) == encodings[i].wrapped,
                      "%s is answered: %s", encodings[i].file, answer);
    }
    ck_assert_int_eq(backend.enrolled, (int)(sizeof encodings / sizeof encodings[0]));
    stop();
}
END_TEST

START_TEST(hostile_bodies_are_refused_and_the_next_client_served) {
    serve();
    DIR *folder = opendir(TESTDATA "/hostile");
    ck_assert_ptr_nonnull(folder);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        const char *answer = post_file(ANN, "hostile", entry->d_name);
        ck_assert_msg(strncmp(answer, "HTTP/1.1 400", 12) == 0, "%s: %s", entry->d_name, answer);
        ck_assert_str_eq(body_of(answer),
                         "Error 400: Bad Request\nInvalid or corrupted pkcs10 request.\n");
        count++;
    }
    closedir(folder);
    ck_assert_int_ge(count, 25);
    ck_assert_int_eq(backend.enrolled, 0);
    expect_certificate(post_file(ANN, "csr", "one-line.b64"));
    stop();
}
END_TEST

/* ---- who may ---- */

START_TEST(without_credentials_comes_a_challenge) {
    serve();
    const char *answer = post_file("", "csr", "one-line.b64");
    expect_status(answer, "401");
    ck_assert_has(answer, "\r\nWWW-Authenticate: Basic realm=\"estrealm\"\r\n");
    ck_assert_has(answer, "\r\nContent-Length: 0\r\n");
    ck_assert_str_eq(body_of(answer), "");
    ck_assert_int_eq(backend.authorized, 0);
    expect_log("***EST [INFO][est_enroll_auth:356]--> TLS: no peer certificate\n"
               "***EST [INFO][est_enroll_auth:403]--> HTTP auth headers missing, sending HTTP auth "
               "request to client.\n"
               "***EST [ERROR][est_mg_handler:1234]--> EST error response code: 24 "
               "(EST_ERR_AUTH_PENDING)\n");
    stop();
}
END_TEST

START_TEST(a_refusal_has_libests_words_and_lines) {
    serve();
    const char *answer =
        post_file(BOB "User-Agent: Cisco EST client 1.0\r\n", "csr", "wrapped-64-lf.b64");
    expect_status(answer, "401");
    ck_assert_has(answer, "\r\nWWW-Authenticate: Basic realm=\"estrealm\"\r\n");
    ck_assert_str_eq(body_of(answer), "Error 401: Unauthorized\n"
                                      "The server was unable to authorize the request.\n");
    ck_assert_int_eq(backend.enrolled, 0);
    expect_log("***EST [INFO][est_enroll_auth:356]--> TLS: no peer certificate\n"
               "***EST [WARNING][est_enroll_auth:394]--> HTTP authentication failed. Auth type=1\n"
               "***EST [WARNING][est_http_request:1435]--> Enrollment failed with rc=22 "
               "(EST_ERR_AUTH_FAIL)\n\n"
               "***EST [INFO][mg_send_http_error:389]--> [Error 401: Unauthorized\n"
               "The server was unable to authorize the request.\n]\n"
               "***EST [ERROR][est_mg_handler:1234]--> EST error response code: 22 "
               "(EST_ERR_AUTH_FAIL)\n\n"
               "***EST [WARNING][handle_request:1267]--> Incoming request failed rv=22 "
               "(EST_ERR_AUTH_FAIL)\n"
               "***EST [INFO][log_access:1298]--> 127.0.0.1 [");
    expect_log("\"POST /.well-known/est/simpleenroll HTTP/1.1\" 401 0\n"
               "***EST [INFO][log_header:1276]--> -\n"
               "***EST [INFO][log_header:1278]--> \"Cisco EST client 1.0\"\n");
    stop();
}
END_TEST

START_TEST(each_message_is_told_once_and_without_secrets) {
    struct err e;
    AUTO_BUF text = BUF_INIT(KIT_TEXT_MAX);
    options.client = "capf";
    serve();
    ck_assert_ok(events_open(kit_file("events.ndjson"), "ra", &e), e);
    expect_certificate(post_file(ANN, "csr", "one-line.b64"));
    expect_status(post_file(BOB, "csr", "one-line.b64"), "401");
    events_close();
    ck_assert_ok(file_read(kit_file("events.ndjson"), &text, &e), e);
    ck_assert_has(buf_str(&text), "\"from\":\"capf\",\"to\":\"ra\",\"what\":\"simpleenroll\"");
    ck_assert_has(buf_str(&text), "\"what\":\"200\",\"detail\":\"simpleenroll: EST_ERR_NONE\"");
    ck_assert_has(buf_str(&text),
                  "\"what\":\"401\",\"detail\":\"simpleenroll: EST_ERR_AUTH_FAIL\"");
    ck_assert_has_not(buf_str(&text), "YW5u");
    int lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.data[i] == '\n';
    ck_assert_int_eq(lines, 4);
    stop();
}
END_TEST

START_TEST(broken_credentials_are_refused_unseen) {
    static const char *const values[] = {
        "Authorization: Basic !!!!\r\n", "Authorization: Basic\r\n",
        "Authorization: Bearer YW5uOmdvb2Q=\r\n", "Authorization: \r\n"};
    serve();
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        expect_status(post_file(values[i], "csr", "one-line.b64"), "401");
    ck_assert_int_eq(backend.authorized, 0);
    stop();
}
END_TEST

START_TEST(a_client_certificate_may_stand_for_credentials) {
    options.client_certificate = EST_CERT_OPTIONAL;
    options.http_auth = EST_HTTP_WITHOUT_CERTIFICATE;
    serve();
    expect_certificate(post_as("client", ENROLL, "", "one-line.b64"));
    ck_assert_str_eq(backend.identity, "/CN=SEP74A02FC0A675/O=lab");
    expect_certificate(post_as("client", ENROLL, ANN, "one-line.b64"));
    ck_assert_str_eq(backend.identity, "ann");
    expect_status(post_as(NULL, ENROLL, "", "one-line.b64"), "401");
    expect_certificate(post_as(NULL, ENROLL, ANN, "one-line.b64"));
    expect_status(post_as("stranger", ENROLL, ANN, "one-line.b64"), "401");
    expect_status(post_as("web", ENROLL, ANN, "one-line.b64"), "401");
    ck_assert_int_eq(backend.authorized, 3);
    stop();
}
END_TEST

START_TEST(required_means_required) {
    options.client_certificate = EST_CERT_REQUIRED;
    serve();
    expect_status(post_as(NULL, ENROLL, ANN, "one-line.b64"), "401");
    expect_status(post_as("client", ENROLL, "", "one-line.b64"), "401");
    ck_assert_int_eq(backend.authorized, 0);
    expect_certificate(post_as("client", ENROLL, ANN, "one-line.b64"));
    stop();
}
END_TEST

START_TEST(nobody_is_asked_when_http_auth_is_none) {
    options.http_auth = EST_HTTP_NONE;
    serve();
    expect_certificate(post_file("", "csr", "one-line.b64"));
    ck_assert_str_eq(backend.identity, "");
    stop();
}
END_TEST

/* ---- HTTP ---- */

START_TEST(paths_methods_types_and_sizes_have_their_statuses) {
    static const char *const labels[] = {"phones", NULL};
    AUTO_BUF big = BUF_INIT(KIT_TEXT_MAX);
    options.labels = (const char **)(uintptr_t)labels;
    serve();
    expect_status(get("GET", "/", ""), "404");
    expect_status(get("GET", "/.well-known/est", ""), "404");
    expect_status(get("GET", "/.well-known/est/serverkeygen", ""), "404");
    expect_status(get("GET", "/.well-known/est/a/b/cacerts", ""), "404");
    expect_status(get("GET", "/.well-known/est/others/cacerts", ""), "404");
    expect_status(get("GET", "/.well-known/est/phones/cacerts", ""), "200");
    const char *answer = get("GET", ENROLL, "");
    expect_status(answer, "405");
    ck_assert_has(answer, "\r\nAllow: POST\r\n");
    answer = get("DELETE", "/.well-known/est/cacerts", "");
    expect_status(answer, "405");
    ck_assert_has(answer, "\r\nAllow: GET\r\n");
    expect_status(get("POST", ENROLL, ANN), "415");
    expect_status(get("POST", ENROLL, ANN "Content-Type: text/plain\r\n"), "415");
    expect_status(get("POST", ENROLL, ANN "Content-Type: Application/PKCS10; x=y\r\n"), "400");
    while (big.len <= 65536)
        buf_put_str(&big, "AAAAAAAAAAAAAAAA");
    answer = post(ENROLL, ANN, buf_view(&big));
    expect_status(answer, "413");
    ck_assert_has(answer, "\nThe request is too large.\n");
    expect_certificate(post_file(ANN, "csr", "one-line.b64"));
    stop();
}
END_TEST

START_TEST(labels_reach_the_backend) {
    AUTO_BUF body = file_of("csr", "one-line.b64");
    serve();
    expect_certificate(post("/.well-known/est/lab%201/simpleenroll", ANN, buf_view(&body)));
    ck_assert_str_eq(backend.label, "lab 1");
    expect_certificate(post("/lab2/.well-known/est/simpleenroll", ANN, buf_view(&body)));
    ck_assert_str_eq(backend.label, "lab2");
    stop();
}
END_TEST

START_TEST(ca_certificates_are_for_everybody) {
    struct err e;
    serve();
    const char *answer = get("GET", "/.well-known/est/cacerts", "");
    expect_certificate(answer);
    ck_assert_ptr_null(strchr(body_of(answer), '\n'));
    answer = get("GET", "/.well-known/est/cacerts", "User-Agent: Cisco EST client 1.0\r\n");
    expect_certificate(answer);
    ck_assert_int_eq(strchr(body_of(answer), '\n') - body_of(answer), 64);
    AUTO(X509_STACK) got = p7_read(bytes_of_str(body_of(answer)), &e);
    ck_assert_int_eq(X509_cmp(sk_X509_value(got, 0), kit_ca.certificate), 0);
    x509_stack_free(backend.cacerts);
    backend.cacerts = NULL;
    expect_status(get("GET", "/.well-known/est/cacerts", ""), "204");
    stop();
}
END_TEST

START_TEST(csr_attributes_are_for_everybody) {
    static const uint8_t own[] = {0x30, 0x07, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
    serve();
    expect_status(get("GET", "/.well-known/est/csrattrs", ""), "204");
    backend.csrattrs = bytes_of(own, sizeof own);
    const char *answer = get("GET", "/.well-known/est/csrattrs", "");
    expect_status(answer, "200");
    ck_assert_has(answer, "\r\nContent-Type: application/csrattrs\r\n");
    ck_assert_str_eq(body_of(answer), "MAcGBSuBBAAi");
    backend.csrattrs = bytes_of(own, sizeof own - 1);
    expect_status(get("GET", "/.well-known/est/csrattrs", ""), "500");
    stop();
}
END_TEST

START_TEST(required_linking_is_told_in_the_attributes) {
    static const uint8_t own[] = {0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48,
                                  0x86, 0xf7, 0x0d, 0x01, 0x09, 0x07};
    options.pop = EST_POP_REQUIRED;
    serve();
    ck_assert_str_eq(body_of(get("GET", "/.well-known/est/csrattrs", "")), "MAsGCSqGSIb3DQEJBw==");
    backend.csrattrs = bytes_of(own, sizeof own);
    ck_assert_str_eq(body_of(get("GET", "/.well-known/est/csrattrs", "")), "MAsGCSqGSIb3DQEJBw==");
    stop();
}
END_TEST

static void compose_two(const char *tls_unique, struct buf *out) {
    (void)tls_unique;
    for (int i = 0; i < 2; i++)
        buf_printf(out, "GET /.well-known/est/csrattrs HTTP/1.1\r\nHost: h\r\n%s\r\n",
                   i == 1 ? "Connection: close\r\n" : ask.headers);
}

START_TEST(connections_are_kept_unless_the_client_is_libest) {
    serve();
    ask.headers = "User-Agent: curl/8\r\n";
    const char *answer = talk_as(NULL, NULL, compose_two);
    ck_assert_ptr_nonnull(strstr(answer + 1, "HTTP/1.1 204"));
    ask.headers = "User-Agent: Cisco EST client 1.0\r\n";
    answer = talk_as(NULL, NULL, compose_two);
    expect_status(answer, "204");
    ck_assert_has(answer, "\r\nConnection: close\r\n");
    ck_assert_ptr_null(strstr(answer + 1, "HTTP/1.1 204"));
    stop();
}
END_TEST

START_TEST(bad_options_are_named) {
    struct err e;
    static const char *const labels[] = {"cacerts", NULL};
    struct est_backend none = {0};
    struct est_server_options bad = {.listen = "127.0.0.1:0", .realm = "a\"b"};
    ck_assert_ptr_null(est_server_new(NULL, &bad, &none, &e));
    ck_assert_err(e, CONFIG_BAD_VALUE);
    bad.realm = NULL;
    bad.labels = (const char **)(uintptr_t)labels;
    ck_assert_ptr_null(est_server_new(NULL, &bad, &none, &e));
    ck_assert_err(e, EST_BAD_REQUEST);
}
END_TEST

TEST_MAIN("est server", every_encoding_is_taken_and_its_style_mirrored,
          hostile_bodies_are_refused_and_the_next_client_served,
          without_credentials_comes_a_challenge, a_refusal_has_libests_words_and_lines,
          each_message_is_told_once_and_without_secrets, broken_credentials_are_refused_unseen,
          a_client_certificate_may_stand_for_credentials, required_means_required,
          nobody_is_asked_when_http_auth_is_none, paths_methods_types_and_sizes_have_their_statuses,
          labels_reach_the_backend, ca_certificates_are_for_everybody,
          csr_attributes_are_for_everybody, required_linking_is_told_in_the_attributes,
          connections_are_kept_unless_the_client_is_libest, bad_options_are_named)
