/* Sweeps are read whole or refused. */
#include "base/test.h"
#include "bench/sweep.h"

START_TEST(values_are_read_in_order) {
    struct sweep s;
    struct err e = {0};
    ck_assert_ok(sweep_parse("concurrency=1,2,16", &s, &e), e);
    ck_assert_str_eq(s.over, "concurrency");
    ck_assert_uint_eq(s.count, 3);
    ck_assert_int_eq(s.values[2], 16);
    ck_assert_ok(sweep_parse("issued=0", &s, &e), e);
    ck_assert_int_eq(s.values[0], 0);
}
END_TEST

START_TEST(others_are_refused) {
    static const char *const wrong[] = {
        "",
        "concurrency",
        "concurrency=",
        "concurrency=0",
        "phones=1",
        "workers=1,",
        "rate=1;2",
        "rate=1,,2",
        "issued=-1",
        "=1",
        "issued=99999999999999999999",
        "rate=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct sweep s;
        struct err e = {0};
        ck_assert_msg(sweep_parse(wrong[i], &s, &e) == -1, "%s", wrong[i]);
        ck_assert_err(e, ARG_USAGE);
    }
}
END_TEST

START_TEST(a_point_differs_in_its_option) {
    struct sweep s;
    struct err e = {0};
    const struct bench_options base = BENCH_OPTIONS_INIT;
    ck_assert_ok(sweep_parse("workers=1,2", &s, &e), e);
    struct bench_options o = sweep_point(&s, 1, &base);
    ck_assert_int_eq(o.workers, 2);
    ck_assert_int_eq(o.repeat, base.repeat);
}
END_TEST

TEST_MAIN("bench sweeps", values_are_read_in_order, others_are_refused,
          a_point_differs_in_its_option)
