/* Percentiles and medians of known rows. */
#include "base/test.h"
#include "bench/stats.h"

START_TEST(percentiles_are_measured_values) {
    double row[200];
    for (int i = 0; i < 200; i++)
        row[i] = i + 1;
    ck_assert_double_eq(stats_percentile(row, 200, 50), 100);
    ck_assert_double_eq(stats_percentile(row, 200, 90), 180);
    ck_assert_double_eq(stats_percentile(row, 200, 99), 198);
    ck_assert_double_eq(stats_percentile(row, 200, 100), 200);
    ck_assert_double_eq(stats_percentile(row, 200, 0), 1);
    ck_assert_double_eq(stats_percentile(row, 100, 7), 7);
}
END_TEST

START_TEST(few_values_have_percentiles_too) {
    const double one[] = {7};
    const double two[] = {3, 9};
    ck_assert_double_eq(stats_percentile(one, 1, 99), 7);
    ck_assert_double_eq(stats_percentile(two, 2, 50), 3);
    ck_assert_double_eq(stats_percentile(two, 2, 51), 9);
    ck_assert_double_eq(stats_percentile(one, 0, 50), 0);
}
END_TEST

START_TEST(rows_are_sorted) {
    double row[] = {5, -1, 3, 3, 0};
    const double sorted[] = {-1, 0, 3, 3, 5};
    stats_sort(row, 5);
    for (size_t i = 0; i < 5; i++)
        ck_assert_double_eq(row[i], sorted[i]);
}
END_TEST

START_TEST(spread_has_the_median_of_odd_and_even_rows) {
    const double odd[] = {9, 1, 4};
    const double even[] = {10, 2, 4, 1};
    struct stats_spread s = stats_spread(odd, 3);
    ck_assert_double_eq(s.median, 4);
    ck_assert_double_eq(s.low, 1);
    ck_assert_double_eq(s.high, 9);
    ck_assert_double_eq(stats_spread(even, 4).median, 3);
    ck_assert_double_eq(odd[0], 9);
    ck_assert_double_eq(stats_spread(odd, 0).median, 0);
}
END_TEST

TEST_MAIN("bench statistics", percentiles_are_measured_values, few_values_have_percentiles_too,
          rows_are_sorted, spread_has_the_median_of_odd_and_even_rows)
