/* A sweep: the same measurement for several values of one option, each with a lab of its own. */
#ifndef BENCH_SWEEP_H
#define BENCH_SWEEP_H

#include "bench/options.h"

/* X(word, field of struct bench_options, least value) */
#define SWEEP_TABLE(X)                                                                             \
    X("concurrency", concurrency, 1)                                                               \
    X("issued", issued, 0)                                                                         \
    X("workers", workers, 1)                                                                       \
    X("rate", rate, 1)

enum { SWEEP_VALUES_MAX = 32 };

struct sweep {
    const char *over; /* a word of the table */
    int64_t values[SWEEP_VALUES_MAX];
    size_t count;
};

/* "concurrency=1,2,4". -1 ARG_USAGE. */
int sweep_parse(const char *text, struct sweep *sweep, struct err *e);

/* The options of one point; base is not yet settled, and neither is the result. */
struct bench_options sweep_point(const struct sweep *sweep, size_t point,
                                 const struct bench_options *base);

#endif
