/* The component's clock: offset, rate, no jump of the monotonic time, durations for timers. The
 * first case needs a clock that nobody configured. */
#include "base/clock.h"
#include "base/test.h"

#include <unistd.h>

#define HOUR_US INT64_C(3600000000)

/* Real time goes on during a test: values may be later than expected, by less than this. */
#define SLACK_US (60 * INT64_C(1000000))

static void check_at_or_after(int64_t value, int64_t expected, double rate) {
    ck_assert_int_ge(value, expected);
    ck_assert_int_lt(value, expected + (int64_t)((double)SLACK_US * rate));
}

START_TEST(an_unconfigured_clock_is_the_systems) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    check_at_or_after(clock_wall_us(), now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000, 1);
    ck_assert_int_ge(clock_wall(), now.tv_sec);
    int64_t mono = clock_real_mono_us();
    check_at_or_after(clock_mono_us(), mono, 1);
    ck_assert(clock_rate() == 1.0);
}
END_TEST

START_TEST(the_offset_moves_wall_time_only) {
    int64_t wall = clock_wall_us();
    int64_t mono = clock_mono_us();
    clock_configure(-5 * HOUR_US, 1);
    check_at_or_after(clock_wall_us(), wall - 5 * HOUR_US, 1);
    check_at_or_after(clock_mono_us(), mono, 1);
}
END_TEST

START_TEST(the_rate_stretches_both_from_now_on) {
    int64_t mono = clock_mono_us();
    int64_t wall = clock_wall_us();
    clock_configure(0, 1000);
    int64_t real = clock_real_mono_us();
    while (clock_real_mono_us() < real + 2000)
        ;
    ck_assert_int_ge(clock_mono_us(), mono + 1000000);
    ck_assert_int_ge(clock_wall_us(), wall + 1000000);
    check_at_or_after(clock_mono_us(), mono, 1000);
}
END_TEST

START_TEST(a_second_configuration_does_not_turn_monotonic_time_back) {
    int64_t real = clock_real_mono_us();
    clock_configure(HOUR_US, 1000);
    while (clock_real_mono_us() < real + 2000)
        ;
    int64_t mono = clock_mono_us();
    clock_configure(0, 0.5);
    ck_assert_int_ge(clock_mono_us(), mono);
    ck_assert(clock_rate() == 0.5);
}
END_TEST

START_TEST(an_impossible_rate_is_taken_for_one) {
    clock_configure(0, 0);
    ck_assert(clock_rate() == 1.0);
    clock_configure(0, -3);
    ck_assert(clock_rate() == 1.0);
}
END_TEST

static const struct {
    double rate;
    int64_t component_us, real_us;
} durations[] = {{1, 10000000, 10000000},
                 {50, 10000000, 200000},
                 {0.5, 10000000, 20000000},
                 {50, 10, 1},
                 {50, 1, 1},
                 {1, 0, 0},
                 {1, -5, 0}};

START_TEST(durations_become_real_ones) {
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        clock_configure(0, durations[i].rate);
        struct timeval t = clock_real_timeval(durations[i].component_us);
        ck_assert_int_eq(t.tv_sec * INT64_C(1000000) + t.tv_usec, durations[i].real_us);
        ck_assert_int_eq(clock_real_ms(durations[i].component_us), durations[i].real_us);
    }
}
END_TEST

START_TEST(durations_beyond_every_bound_stay_positive) {
    clock_configure(0, 0.001);
    ck_assert_int_gt(clock_real_timeval(INT64_MAX).tv_sec, 0);
    ck_assert_int_gt(clock_real_ms(INT64_MAX), 0);
}
END_TEST

static const struct {
    int64_t us;
    const char *text;
} stamps[] = {{0, "1970-01-01T00:00:00.000000Z"},
              {1795255200000000, "2026-11-21T10:00:00.000000Z"},
              {1795255200000001, "2026-11-21T10:00:00.000001Z"},
              {951782399999999, "2000-02-28T23:59:59.999999Z"},
              {-1, "1969-12-31T23:59:59.999999Z"},
              {-1000000, "1969-12-31T23:59:59.000000Z"},
              {253402300800000000, "10000-01-01T00:00:00.000000Z"}};

START_TEST(stamps_are_iso_8601_in_utc) {
    setenv("TZ", "Asia/Tokyo", 1);
    for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
        char text[CLOCK_ISO_MAX];
        clock_iso(stamps[i].us, text);
        ck_assert_str_eq(text, stamps[i].text);
    }
}
END_TEST

START_TEST(stamps_of_any_number_fit) {
    char text[CLOCK_ISO_MAX];
    clock_iso(INT64_MAX, text);
    ck_assert_str_eq(text, "294247-01-10T04:00:54.775807Z");
    clock_iso(INT64_MIN, text);
    ck_assert_str_eq(text, "-290308-12-21T19:59:05.224192Z");
}
END_TEST

START_TEST(utc_is_broken_down) {
    struct tm t = clock_utc(1795255200000000);
    ck_assert_int_eq(t.tm_year, 126);
    ck_assert_int_eq(t.tm_mon, 10);
    ck_assert_int_eq(t.tm_hour, 10);
}
END_TEST

START_TEST(a_step_moves_the_wall_time_only) {
    clock_configure(0, 1);
    int64_t ahead = clock_wall_us() - clock_mono_us();
    clock_step(INT64_C(3600000000));
    int64_t moved = clock_wall_us() - clock_mono_us() - ahead;
    ck_assert_int_ge(moved, INT64_C(3600000000) - 1000000);
    ck_assert_int_le(moved, INT64_C(3600000000) + 1000000);
    ck_assert(clock_rate() == 1.0);
}
END_TEST

START_TEST(processes_have_used_time) {
    int64_t before = 0, after = 0;
    ck_assert_int_eq(clock_cpu_us(0, &before), 0);
    ck_assert_int_gt(before, 0);
    ck_assert_int_eq(clock_cpu_us(getpid(), &after), 0);
    ck_assert_int_ge(after, before);
    ck_assert_int_eq(clock_cpu_us(INT32_MAX, &after), -1);
}
END_TEST

TEST_MAIN("clock", an_unconfigured_clock_is_the_systems, the_offset_moves_wall_time_only,
          the_rate_stretches_both_from_now_on,
          a_second_configuration_does_not_turn_monotonic_time_back,
          an_impossible_rate_is_taken_for_one, durations_become_real_ones,
          durations_beyond_every_bound_stay_positive, stamps_are_iso_8601_in_utc,
          stamps_of_any_number_fit, utc_is_broken_down, a_step_moves_the_wall_time_only,
          processes_have_used_time)
