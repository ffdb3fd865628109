/* From runs to figures: medians over the runs, as text for people and as JSON for programs. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench/floor.h"
#include "bench/inside.h"
#include "bench/lab.h"
#include "bench/load.h"
#include <stdbool.h>
#include <stdio.h>

/* One run. Components stand in the order of struct report. */
struct report_run {
    double per_second;
    double p50, p90, p99, max; /* ms; 0 when nothing succeeded */
    double cpu_ms[BENCH_COMPONENTS_MAX];
    double floor_ms;
    size_t succeeded, failed;
};

struct report {
    const struct bench_options *options;
    const char *components[BENCH_COMPONENTS_MAX];
    double rss_peak_mb[BENCH_COMPONENTS_MAX];
    size_t component_count;
    struct report_run runs[BENCH_REPEAT_MAX];
    size_t run_count;
    struct floor_counts counts;
    struct floor_costs costs; /* of the last run */
    json_t *errors;           /* over all runs */
    double *latency_ms;       /* of every enrolment, in no order */
    size_t latency_count;
    bool complete; /* every component is measured: cpu_over_floor means something */
};

/* Fills the figures of a load and adds its errors and latencies. cpu_us: what each component used
 * during it. */
void report_add(struct report *r, const struct load_result *load, const double *cpu_us,
                const struct floor_costs *costs);

/* The same of a stage inside this process, whose floor was measured beside it. */
void report_add_inside(struct report *r, const struct load_result *load,
                       const struct inside_times *times);
/* Frees what was added, errors included. */
void report_free(struct report *r);

/* All figures; the caller owns it. */
json_t *report_json(const struct report *r);
void report_print(const struct report *r, FILE *to);

#endif
