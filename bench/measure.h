/* One whole measurement, from the start of a lab to its figures. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "base/err.h"
#include "bench/options.h"
#include <jansson.h>

/* o is settled. point: what this one is of a sweep, as "concurrency 4", or "". Prints the figures
 * as text; the caller owns the result (bench/README.md, Results). NULL with e set. */
json_t *measure_setting(const struct bench_options *o, const char *point, struct err *e);

#endif
