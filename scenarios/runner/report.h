/* What a run says: a line a scenario, failures with their evidence, the last line with the counts;
 * and the same for machines as JUnit and JSON. All are made from the result objects alone. */
#ifndef SCENARIOS_RUNNER_REPORT_H
#define SCENARIOS_RUNNER_REPORT_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Whether a scenario's result is "ok", "failed" or "skipped"; one without a result is none of them.
 */
bool result_is(const json_t *result, const char *word);

struct tally {
    size_t passed, failed, skipped;
    double seconds; /* of all scenarios together */
};
/* results: array of result objects (run.h). */
struct tally tally_of(const json_t *results);

/* "healthy/online-ca  ok  0.8 s", and below it what went wrong. width: that of the longest name.
 * again: the command that repeats it. */
void report_result(FILE *to, const json_t *result, int width, const char *again);

/* "14 passed, 0 failed" or "... , 2 skipped". */
void report_counts(FILE *to, const struct tally *tally);

/* -1 SYS_IO. */
int report_junit(const char *path, const json_t *results, struct err *e);
int report_json(const char *path, const json_t *results, struct err *e);

/* The text of the first failures (0: of all) with their evidence, several lines; each log's tail
 * stands there once. malloc'ed. */
char *report_evidence(const json_t *failures, size_t first);
/* What programs under test keep from being judged, with commas between; "" when nothing.
 * malloc'ed. */
char *report_left_out(const json_t *result);

#endif
