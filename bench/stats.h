/* Order statistics of measurements: percentiles by the nearest rank, so that every figure reported
 * is one that was measured. */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stddef.h>

/* Sorts in place, ascending. */
void stats_sort(double *values, size_t count);

/* The smallest value with at least percent of all values at or below it; percent 0..100. values
 * must be sorted. 0 when there is none. */
double stats_percentile(const double *values, size_t count, double percent);

struct stats_spread {
    double median, low, high;
};
/* Median (mean of the middle two), smallest and largest; values may be in any order. All 0 when
 * there is none. */
struct stats_spread stats_spread(const double *values, size_t count);

#endif
