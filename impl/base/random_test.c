/* Randomness: the seeded stream repeats and is the same in every version; the system's does not. */
#include "base/bytes.h"
#include "base/owned.h"
#include "base/random.h"
#include "base/test.h"
#include <string.h>

START_TEST(the_systems_randomness_does_not_repeat) {
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    struct err e = {0};
    ck_assert_ok(random_bytes(a, sizeof a, &e), e);
    ck_assert_ok(random_bytes(b, sizeof b, &e), e);
    ck_assert_mem_ne(a, b, sizeof a);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_bytes_however_they_are_asked_for) {
    uint8_t a[64];
    uint8_t b[64];
    random_seed("one");
    ck_assert_int_eq(random_bytes(a, sizeof a, NULL), 0);
    random_seed("one");
    ck_assert_int_eq(random_bytes(b, 1, NULL), 0);
    ck_assert_int_eq(random_bytes(b + 1, 0, NULL), 0);
    ck_assert_int_eq(random_bytes(b + 1, 63, NULL), 0);
    ck_assert_mem_eq(a, b, sizeof a);
    random_seed("two");
    ck_assert_int_eq(random_bytes(b, sizeof b, NULL), 0);
    ck_assert_mem_ne(a, b, sizeof a);
}
END_TEST

/* From: openssl enc -chacha20 -K $(printf lab | sha256sum) -iv 0...0 over zeros. */
START_TEST(a_seed_means_the_same_everywhere) {
    uint8_t bytes[16];
    random_seed("lab");
    ck_assert_int_eq(random_bytes(bytes, sizeof bytes, NULL), 0);
    AUTO(char) hex = hex_encode(bytes_of(bytes, sizeof bytes), 0);
    ck_assert_str_eq(hex, "df899203e6990e78b8ec38a3fe7ad13f");
}
END_TEST

START_TEST(without_a_seed_it_is_the_systems_again) {
    uint8_t a[32];
    uint8_t b[32];
    random_seed("one");
    random_seed(NULL);
    ck_assert_int_eq(random_bytes(a, sizeof a, NULL), 0);
    random_seed("one");
    ck_assert_int_eq(random_bytes(b, sizeof b, NULL), 0);
    ck_assert_mem_ne(a, b, sizeof a);
}
END_TEST

START_TEST(large_requests_are_filled_to_the_end) {
    enum { LARGE = (1 << 20) + 64 };
    AUTO(char) bytes = calloc(1, LARGE);
    static const char zeros[32];
    random_seed("large");
    ck_assert_int_eq(random_bytes(bytes, LARGE, NULL), 0);
    ck_assert_mem_ne(bytes + LARGE - sizeof zeros, zeros, sizeof zeros);
}
END_TEST

START_TEST(numbers_stay_below_the_bound_and_reach_all_of_it) {
    unsigned seen[7] = {0};
    random_seed("dice");
    for (int i = 0; i < 1000; i++) {
        uint32_t n = random_below(7);
        ck_assert_uint_lt(n, 7);
        seen[n]++;
    }
    for (size_t i = 0; i < 7; i++)
        ck_assert_uint_gt(seen[i], 100);
    ck_assert_uint_eq(random_below(1), 0);
    ck_assert_uint_lt(random_below(UINT32_MAX), UINT32_MAX);
}
END_TEST

TEST_MAIN("random", the_systems_randomness_does_not_repeat,
          the_same_seed_gives_the_same_bytes_however_they_are_asked_for,
          a_seed_means_the_same_everywhere, without_a_seed_it_is_the_systems_again,
          large_requests_are_filled_to_the_end, numbers_stay_below_the_bound_and_reach_all_of_it)
