/* Counting connections by address. */
#include "base/admission.h"
#include "base/test.h"

#include <arpa/inet.h>
#include <string.h>

static struct admission_peer peer_of(const char *text) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return admission_peer_of((const struct sockaddr *)(const void *)&v4);
    ck_assert_int_eq(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return admission_peer_of((const struct sockaddr *)(const void *)&v6);
}

static void enter(struct admission *a, const char *text) {
    struct admission_peer peer = peer_of(text);
    struct err e = {0};
    ck_assert_ok(admission_check(a, &peer, &e), e);
    ck_assert_ok(admission_enter(a, &peer, &e), e);
}

static void expect_full(const struct admission *a, const char *text, const char *which) {
    struct admission_peer peer = peer_of(text);
    struct err e = {0};
    ck_assert_int_eq(admission_check(a, &peer, &e), -1);
    ck_assert_int_eq((int)e.code, ERR_SYS_LIMIT);
    ck_assert_str_eq(e.text, which);
}

START_TEST(one_address_cannot_have_every_place) {
    struct admission *a = admission_new(3, 2);
    struct admission_peer first = peer_of("192.0.2.1");
    enter(a, "192.0.2.1");
    enter(a, "192.0.2.1");
    expect_full(a, "192.0.2.1", "2 connections are open from this address, as many as may be");
    expect_full(a, "::ffff:192.0.2.1",
                "2 connections are open from this address, as many as may be");
    enter(a, "2001:db8::1");
    expect_full(a, "192.0.2.3", "3 connections are open, as many as may be");
    admission_leave(a, &first);
    enter(a, "192.0.2.3");
    ck_assert_uint_eq(admission_open(a), 3);
    admission_free(a);
}
END_TEST

START_TEST(an_address_that_has_gone_starts_anew) {
    struct admission *a = admission_new(0, 1);
    struct admission_peer peer = peer_of("2001:db8::1");
    for (unsigned i = 0; i < 3; i++) {
        enter(a, "2001:db8::1");
        expect_full(a, "2001:db8::1",
                    "1 connections are open from this address, as many as may be");
        admission_leave(a, &peer);
    }
    admission_leave(a, &peer);
    ck_assert_uint_eq(admission_open(a), 0);
    admission_free(a);
}
END_TEST

START_TEST(without_limits_all_may_come) {
    struct admission *a = admission_new(0, 0);
    for (unsigned i = 0; i < 1000; i++)
        enter(a, i % 2 == 0 ? "192.0.2.1" : "192.0.2.2");
    ck_assert_uint_eq(admission_open(a), 1000);
    admission_free(a);
}
END_TEST

TEST_MAIN("admission", one_address_cannot_have_every_place, an_address_that_has_gone_starts_anew,
          without_limits_all_may_come)
