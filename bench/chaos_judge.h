/* Whether phones, CAPF's store and the CA's database tell the same story after a run of chaos. */
#ifndef BENCH_CHAOS_JUDGE_H
#define BENCH_CHAOS_JUDGE_H

#include "bench/chaos_report.h"
#include "scenarios/runner/run.h"

/* Looks at every phone that was tried; what is wrong becomes findings, at most a few of each kind.
 * The programs should not run any more. */
void chaos_judge(struct run *run, const struct chaos_phones *phones, struct chaos_report *report);

/* Phones that hold their certificate while the store still says "Operation Pending": CAPF was
 * killed before it heard of the success. They come again, as at their next reset. -1 STORE_OPEN,
 * STORE_SQL.
 */
int chaos_unsettled(const struct run *run, struct chaos_phones *phones, struct err *e);

#endif
