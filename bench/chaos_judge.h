/* Whether phones, CAPF's store and the CA's database tell the same story after a run of chaos. */
#ifndef BENCH_CHAOS_JUDGE_H
#define BENCH_CHAOS_JUDGE_H

#include "bench/chaos_report.h"
#include "scenarios/runner/run.h"

/* Looks at every phone that was tried; what is wrong becomes findings, at most a few of each kind.
 * The programs should not run any more. */
void chaos_judge(struct run *run, const struct chaos_phones *phones, struct chaos_report *report);

#endif
