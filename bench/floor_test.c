/* What the floor counts, and that measuring it gives a cost for each operation. No cost is judged.
 */
#include "base/test.h"
#include "bench/floor.h"

START_TEST(an_enrolment_through_all_components_is_counted) {
    struct floor_counts c = floor_counts_of(
        STAGE_ALL, BENCH_KEY_RSA2048, BENCH_SESSION_PER_ENROLLMENT, BENCH_SESSION_PER_ENROLLMENT);
    /* five handshakes, the request, the certificate */
    ck_assert_double_eq(c.n[FLOOR_RSA_SIGN], 7);
    /* handshakes 1 + 2*2 + 2*3, requests 3 */
    ck_assert_double_eq(c.n[FLOOR_RSA_VERIFY], 14);
    ck_assert_double_eq(c.n[FLOOR_EXCHANGE], 10);
    ck_assert_double_eq(c.n[FLOOR_EC_SIGN] + c.n[FLOOR_EC_VERIFY], 0);
}
END_TEST

START_TEST(persistent_sessions_need_the_phone_s_handshake_only) {
    struct floor_counts c = floor_counts_of(STAGE_ALL, BENCH_KEY_EC256, BENCH_SESSION_PERSISTENT,
                                            BENCH_SESSION_PERSISTENT);
    ck_assert_double_eq(c.n[FLOOR_RSA_SIGN], 2);
    ck_assert_double_eq(c.n[FLOOR_RSA_VERIFY], 1);
    ck_assert_double_eq(c.n[FLOOR_EC_SIGN], 1);
    ck_assert_double_eq(c.n[FLOOR_EC_VERIFY], 3);
    ck_assert_double_eq(c.n[FLOOR_EXCHANGE], 2);
}
END_TEST

START_TEST(each_stage_counts_its_own) {
    struct floor_counts capf = floor_counts_of(
        STAGE_CAPF, BENCH_KEY_EC256, BENCH_SESSION_PER_ENROLLMENT, BENCH_SESSION_PER_ENROLLMENT);
    struct floor_counts est = floor_counts_of(STAGE_EST, BENCH_KEY_EC256, BENCH_SESSION_PERSISTENT,
                                              BENCH_SESSION_PERSISTENT);
    ck_assert_double_eq(capf.n[FLOOR_EC_SIGN] + capf.n[FLOOR_EC_VERIFY], 0);
    ck_assert_double_eq(est.n[FLOOR_EC_SIGN], 1);
    ck_assert_double_eq(capf.n[FLOOR_RSA_SIGN], 2);
    ck_assert_double_eq(est.n[FLOOR_EXCHANGE], 0);
    ck_assert_double_eq(est.n[FLOOR_EC_VERIFY], 2);
}
END_TEST

START_TEST(every_operation_is_measured) {
    struct floor_costs costs = {{0}};
    struct err e = {0};
    ck_assert_ok(floor_measure(&costs, &e), e);
    for (size_t i = 0; i < FLOOR_COUNT; i++)
        ck_assert_msg(costs.us[i] > 0, "%s", floor_word((enum floor_op)i));
}
END_TEST

START_TEST(the_floor_is_counts_times_costs) {
    const struct floor_counts counts = {{[FLOOR_RSA_SIGN] = 2, [FLOOR_EXCHANGE] = 4}};
    const struct floor_costs costs = {{[FLOOR_RSA_SIGN] = 500, [FLOOR_EXCHANGE] = 250}};
    ck_assert_double_eq(floor_ms(&counts, &costs), 2);
}
END_TEST

TEST_MAIN("bench floor", an_enrolment_through_all_components_is_counted,
          persistent_sessions_need_the_phone_s_handshake_only, each_stage_counts_its_own,
          every_operation_is_measured, the_floor_is_counts_times_costs)
