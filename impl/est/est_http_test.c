/* Header fields: media types, Basic, Retry-After, and the choice of wrapping. */
#include "base/test.h"
#include "est/est_http.h"
#include <stdio.h>
#include <string.h>

static struct err e;

START_TEST(media_types_are_compared_as_http_says) {
    static const char csr[] = "application/pkcs10";
    ck_assert(est_media_type_is("application/pkcs10", csr));
    ck_assert(est_media_type_is("Application/PKCS10", csr));
    ck_assert(est_media_type_is("application/pkcs10; charset=utf-8", csr));
    ck_assert(est_media_type_is("application/pkcs10 ;x", csr));
    ck_assert(!est_media_type_is("application/pkcs10x", csr));
    ck_assert(!est_media_type_is("application/pkcs1", csr));
    ck_assert(!est_media_type_is("text/plain; a=application/pkcs10", csr));
    ck_assert(!est_media_type_is("", csr));
    ck_assert(!est_media_type_is(NULL, csr));
}
END_TEST

static const struct {
    const char *plain; /* what is in the base64 */
    const char *username;
    const char *password;
} good_credentials[] = {
    {"MICHAMEN\\ciscora:secret", "MICHAMEN\\ciscora", "secret"},
    {"user:pass:with:colons", "user", "pass:with:colons"},
    {"user:", "user", ""},
    {":", "", ""},
    {"j\xc3\xb6rg:p\xe2\x82\xacss", "j\xc3\xb6rg", "p\xe2\x82\xacss"},
};

static int parse_plain(const char *scheme, const char *plain, size_t len,
                       struct est_credentials *out) {
    AUTO_BUF value = BUF_INIT(4096);
    buf_put_str(&value, scheme);
    b64_encode(bytes_of(plain, len), B64_ONE_LINE, &value);
    return est_basic_parse(buf_str(&value), out, &e);
}

START_TEST(basic_credentials_are_read) {
    for (size_t i = 0; i < sizeof good_credentials / sizeof good_credentials[0]; i++) {
        struct est_credentials c;
        const char *plain = good_credentials[i].plain;
        const char *scheme = (i & 1) != 0 ? "bASIC  " : "Basic ";
        ck_assert_ok(parse_plain(scheme, plain, strlen(plain), &c), e);
        ck_assert_str_eq(c.username, good_credentials[i].username);
        ck_assert_str_eq(c.password, good_credentials[i].password);
    }
}
END_TEST

static void refuse(const char *plain, size_t len) {
    struct est_credentials c;
    ck_assert_int_eq(parse_plain("Basic ", plain, len, &c), -1);
    ck_assert_err(e, EST_AUTH_FAIL);
    ck_assert_str_eq(c.username, "");
    ck_assert_str_eq(c.password, "");
}

START_TEST(broken_credentials_are_refused) {
    static const char *const broken[] = {
        "no colon",           "a\nb:c",     "a:b\x7f", "a:\xff", "a:\xc0\xaf", "a:\xed\xa0\x80",
        "a:\xf4\x90\x80\x80", "a:\xe2\x82", "\xc3:a",  "a:\x80"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        refuse(broken[i], strlen(broken[i]));
    refuse("a\0b:c", 5);
    refuse("a:b\0c", 5);
    refuse("", 0);
    char big[600];
    memset(big, 'x', sizeof big);
    big[300] = ':';
    refuse(big, 301);
    big[300] = 'x';
    big[0] = ':';
    refuse(big, 300);
    refuse(big, sizeof big);
}
END_TEST

START_TEST(other_schemes_are_refused) {
    static const char *const values[] = {
        "",          "Basic",          "Basic !", "Bearer YTpi", "Digest username=\"a\"",
        "BasicYTpi", "Basic YTpi=YTpi"};
    struct est_credentials c;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        ck_assert_int_eq(est_basic_parse(values[i], &c, &e), -1);
        ck_assert_err(e, EST_AUTH_FAIL);
    }
    ck_assert_int_eq(est_basic_parse(NULL, &c, &e), -1);
    ck_assert_err(e, EST_AUTH_FAIL);
}
END_TEST

/* 1994-11-06 08:48:37, one minute before the dates below. */
static const int64_t NOW_US = 784111717LL * 1000000;

static const struct {
    const char *value;
    int64_t seconds; /* -1: refused */
} retries[] = {
    {"60", 60},
    {" 60", 60},
    {"0", 1},
    {"1", 1},
    {"604800", 604800},
    {"604801", -1},
    {"9999999999", -1},
    {"99999999999999999999", -1},
    {"Sun, 06 Nov 1994 08:49:37 GMT", 60},
    {"Sunday, 06-Nov-94 08:49:37 GMT", 60},
    {"Sun Nov  6 08:49:37 1994", 60},
    {"Sun, 06 Nov 1994 08:00:00 GMT", 1},
    {"Sun, 06 Nov 2094 08:49:37 GMT", -1},
    {"", -1},
    {"soon", -1},
    {"-1", -1},
    {"60 s", -1},
    {"60.5", -1},
    {"0x10", -1},
    {"Sun, 99 Nov 1994", -1},
};

START_TEST(retry_after_is_seconds_or_a_date) {
    for (size_t i = 0; i < sizeof retries / sizeof retries[0]; i++) {
        int64_t wait_us = 0;
        int result = est_retry_after_parse(retries[i].value, NOW_US, 604800, &wait_us, &e);
        ck_assert_msg((result == 0) == (retries[i].seconds >= 0), "\"%s\"", retries[i].value);
        if (result == 0)
            ck_assert_int_eq(wait_us, retries[i].seconds * 1000000);
        else
            ck_assert_err(e, EST_BAD_RETRY);
    }
    ck_assert_int_eq(est_retry_after_parse(NULL, NOW_US, 604800, &(int64_t){0}, &e), -1);
    ck_assert_err(e, EST_BAD_RETRY);
}
END_TEST

START_TEST(answers_are_wrapped_as_the_client_reads_them) {
    ck_assert_int_eq(est_wrap_for(NULL, false), B64_ONE_LINE);
    ck_assert_int_eq(est_wrap_for(NULL, true), B64_ONE_LINE);
    ck_assert_int_eq(est_wrap_for("Cisco EST client 1.0", false), B64_WRAP_64_LF);
    ck_assert_int_eq(est_wrap_for("libEST 1.2.3", false), B64_WRAP_64_LF);
    ck_assert_int_eq(est_wrap_for("curl/8", false), B64_ONE_LINE);
    ck_assert_int_eq(est_wrap_for("curl/8", true), B64_WRAP_64_LF);
    ck_assert_int_eq(est_wrap_like(&(struct b64_shape){.wrapped = true}), B64_WRAP_64_LF);
    ck_assert_int_eq(est_wrap_like(&(struct b64_shape){.armour = true}), B64_WRAP_64_LF);
    ck_assert_int_eq(est_wrap_like(&(struct b64_shape){0}), B64_ONE_LINE);
}
END_TEST

START_TEST(libest_needs_the_connection_closed) {
    ck_assert(est_reads_to_close("Cisco EST client 1.0", NULL));
    ck_assert(est_reads_to_close("libest", "close"));
    ck_assert(!est_reads_to_close("Cisco EST client 1.0", "Keep-Alive"));
    ck_assert(!est_reads_to_close("curl/8", NULL));
    ck_assert(!est_reads_to_close(NULL, NULL));
}
END_TEST

TEST_MAIN("est header fields", media_types_are_compared_as_http_says, basic_credentials_are_read,
          broken_credentials_are_refused, other_schemes_are_refused,
          retry_after_is_seconds_or_a_date, answers_are_wrapped_as_the_client_reads_them,
          libest_needs_the_connection_closed)
