/* `capflab bench --chaos`: phones enrol through a lab whose relays and CA fail, whose components
 * are killed, and which hostile peers press; afterwards everything must be as if each phone had
 * been alone. */
#ifndef BENCH_CHAOS_H
#define BENCH_CHAOS_H

#include "base/program.h"
#include "bench/chaos_plan.h"
#include "bench/chaos_report.h"
#include "bench/options.h"

/* Defaults and bounds of --chaos, instead of bench_options_settle. -1 ARG_USAGE. */
int chaos_options_settle(struct bench_options *o, struct err *e);

/* Runs, reports (json: also into that file; NULL: none), and returns the exit code: EXIT_FAILED
 * when there is a finding. */
int chaos_run(const struct program *program, const struct bench_options *o, const char *json);

/* For --help: hostile peers and findings, by name. */
#define CHAOS_HELP_ROW(id, name, help) "  " name ": " help "\n"
#define CHAOS_HELP                                                                                 \
    "Hostile peers of --chaos:\n" CHAOS_BEHAVIOUR_TABLE(                                           \
        CHAOS_HELP_ROW) "Findings of --chaos (exit code 1):\n" CHAOS_FINDING_TABLE(CHAOS_HELP_ROW)

#endif
