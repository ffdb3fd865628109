/* The DER of /csrattrs. */
#include "base/test.h"
#include "ra/ra_csrattrs.h"
#include <string.h>

static int put(char **names, size_t count, struct buf *out, struct err *e) {
    struct cfg_strings list = {names, count};
    return ra_csrattrs_put(&list, out, e);
}

START_TEST(names_and_numbers_become_a_sequence) {
    static const uint8_t expected[] = {0x30, 0x12, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                                       0x01, 0x09, 0x07, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
    char challenge[] = "challengePassword", curve[] = "1.3.132.0.34";
    char *names[] = {challenge, curve};
    AUTO_BUF out = BUF_INIT(1000);
    struct err e;
    ck_assert_ok(put(names, 2, &out, &e), e);
    ck_assert(bytes_equal(buf_view(&out), bytes_of(expected, sizeof expected)));
}
END_TEST

START_TEST(nothing_gives_nothing) {
    AUTO_BUF out = BUF_INIT(1000);
    struct err e;
    ck_assert_ok(put(NULL, 0, &out, &e), e);
    ck_assert_uint_eq(out.len, 0);
}
END_TEST

START_TEST(long_lists_have_long_lengths) {
    char oid[] = "1.3.132.0.34"; /* 7 bytes each */
    char *names[40];
    for (size_t i = 0; i < 40; i++)
        names[i] = oid;
    AUTO_BUF middle = BUF_INIT(1000);
    AUTO_BUF large = BUF_INIT(1000);
    struct err e;
    ck_assert_ok(put(names, 20, &middle, &e), e);
    ck_assert_uint_eq(middle.len, 3 + 140);
    ck_assert_int_eq(memcmp(middle.data, "\x30\x81\x8c", 3), 0);
    ck_assert_ok(put(names, 40, &large, &e), e);
    ck_assert_uint_eq(large.len, 4 + 280);
    ck_assert_int_eq(memcmp(large.data, "\x30\x82\x01\x18", 4), 0);
}
END_TEST

START_TEST(unknown_names_are_refused) {
    char wrong[] = "challengePasswort";
    char *names[] = {wrong};
    AUTO_BUF out = BUF_INIT(1000);
    struct err e;
    ck_assert_int_eq(put(names, 1, &out, &e), -1);
    ck_assert_err(e, CONFIG_BAD_VALUE);
}
END_TEST

TEST_MAIN("ra csrattrs", names_and_numbers_become_a_sequence, nothing_gives_nothing,
          long_lists_have_long_lengths, unknown_names_are_refused)
