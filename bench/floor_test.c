/* What the floor counts, and that measuring it gives a cost for each operation. No cost is judged.
 */
#include "base/test.h"
#include "bench/floor.h"

static struct floor_counts counts_of(enum stage stage, enum bench_key key,
                                     enum bench_session session, enum bench_key server_key) {
    const struct bench_options o = {.stage = stage,
                                    .key = key,
                                    .session = session,
                                    .upstream = session,
                                    .server_key = server_key};
    return floor_counts_of(&o);
}

START_TEST(an_enrolment_through_all_components_is_counted) {
    struct floor_counts c =
        counts_of(STAGE_ALL, BENCH_KEY_RSA2048, BENCH_SESSION_PER_ENROLLMENT, BENCH_KEY_RSA2048);
    /* five handshakes, the request, the certificate */
    ck_assert_double_eq(c.n[FLOOR_RSA_SIGN], 7);
    /* handshakes 1 + 2*2 + 2*3, requests 3 */
    ck_assert_double_eq(c.n[FLOOR_RSA_VERIFY], 14);
    ck_assert_double_eq(c.n[FLOOR_EXCHANGE], 10);
    ck_assert_double_eq(c.n[FLOOR_SHA384_KIB], 100);
    /* certificates of chains 2 + 4, requests 4, the certificate */
    ck_assert_double_eq(c.n[FLOOR_SHA256_KIB], 11);
    ck_assert_double_eq(c.n[FLOOR_MD5_KIB], 4);
    ck_assert_double_eq(c.n[FLOOR_EC_SIGN] + c.n[FLOOR_EC_VERIFY], 0);
}
END_TEST

START_TEST(persistent_sessions_need_the_phone_s_handshake_only) {
    struct floor_counts c =
        counts_of(STAGE_ALL, BENCH_KEY_EC256, BENCH_SESSION_PERSISTENT, BENCH_KEY_RSA2048);
    ck_assert_double_eq(c.n[FLOOR_RSA_SIGN], 2);
    ck_assert_double_eq(c.n[FLOOR_RSA_VERIFY], 1);
    ck_assert_double_eq(c.n[FLOOR_EC_SIGN], 1);
    ck_assert_double_eq(c.n[FLOOR_EC_VERIFY], 3);
    ck_assert_double_eq(c.n[FLOOR_EXCHANGE], 2);
}
END_TEST

START_TEST(each_stage_counts_its_own) {
    struct floor_counts capf =
        counts_of(STAGE_CAPF, BENCH_KEY_EC256, BENCH_SESSION_PER_ENROLLMENT, BENCH_KEY_RSA2048);
    struct floor_counts est =
        counts_of(STAGE_EST, BENCH_KEY_EC256, BENCH_SESSION_PERSISTENT, BENCH_KEY_RSA2048);
    struct floor_counts certsrv =
        counts_of(STAGE_CERTSRV, BENCH_KEY_RSA2048, BENCH_SESSION_PERSISTENT, BENCH_KEY_RSA2048);
    ck_assert_double_eq(capf.n[FLOOR_EC_SIGN] + capf.n[FLOOR_EC_VERIFY], 0);
    ck_assert_double_eq(est.n[FLOOR_EC_SIGN], 1);
    ck_assert_double_eq(capf.n[FLOOR_RSA_SIGN], 2);
    ck_assert_double_eq(est.n[FLOOR_EXCHANGE], 0);
    ck_assert_double_eq(est.n[FLOOR_EC_VERIFY], 2);
    ck_assert_double_eq(est.n[FLOOR_SHA384_KIB] + est.n[FLOOR_MD5_KIB], 0);
    ck_assert_double_eq(certsrv.n[FLOOR_RSA_SIGN], 2);
    ck_assert_double_eq(certsrv.n[FLOOR_RSA_VERIFY], 1);
}
END_TEST

/* The servers sign with it; CAPF, the CAs and the phones keep theirs. */
START_TEST(an_ec_server_key_is_counted_for_ra_and_certsrv) {
    struct floor_counts c =
        counts_of(STAGE_ALL, BENCH_KEY_RSA2048, BENCH_SESSION_PER_ENROLLMENT, BENCH_KEY_EC256);
    ck_assert_double_eq(c.n[FLOOR_RSA_SIGN], 3);
    ck_assert_double_eq(c.n[FLOOR_EC_SIGN], 4);
    ck_assert_double_eq(c.n[FLOOR_EC_VERIFY], 4);
    ck_assert_double_eq(c.n[FLOOR_RSA_VERIFY], 10);
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
          an_ec_server_key_is_counted_for_ra_and_certsrv, every_operation_is_measured,
          the_floor_is_counts_times_costs)
