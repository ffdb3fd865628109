/* The EST client: what it sends, and what it makes of answers. */
#include "est/est_client_test_kit.h"

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

TEST_MAIN("est client", answers_in_every_wrapping_are_taken, the_request_is_libests,
          answers_of_other_servers_are_taken, ca_certificates_and_attributes_are_read,
          credentials_follow_a_401_on_a_new_connection, a_second_401_is_the_end,
          the_hint_saves_the_first_round_trip, credentials_go_to_nobody_who_does_not_ask_for_basic,
          bad_answers_have_their_numbers, a_waiting_enrolment_says_how_long,
          wrong_certificates_are_refused, an_endless_answer_is_cut)
