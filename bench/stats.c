/* Percentiles and medians. Must never interpolate a percentile: p99 is a request that happened. */
#include "bench/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

void stats_sort(double *values, size_t count) {
    if (count > 1)
        qsort(values, count, sizeof *values, ascending);
}

double stats_percentile(const double *values, size_t count, double percent) {
    if (count == 0)
        return 0;
    /* Multiplied first: 7 % of 100 is 7, but 0.07 times 100 is a little more. */
    double rank = ceil(percent * (double)count / 100);
    size_t index = rank < 1 ? 0 : (size_t)rank - 1;
    return values[index < count ? index : count - 1];
}

struct stats_spread stats_spread(const double *values, size_t count) {
    struct stats_spread s = {0};
    double *sorted = count == 0 ? NULL : calloc(count, sizeof *sorted);
    if (sorted == NULL)
        return s;
    memcpy(sorted, values, count * sizeof *sorted);
    stats_sort(sorted, count);
    s.low = sorted[0];
    s.high = sorted[count - 1];
    s.median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
    free(sorted);
    return s;
}
