/* Results as files: one JSON object for each, as report_json makes them, with their sweeps. */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include "base/err.h"
#include <jansson.h>
#include <stdbool.h>

/* Whether a file can be made there, as far as can be told before. -1 SYS_IO, SYS_NOMEM. */
int results_check(const char *path, struct err *e);

/* -1 SYS_IO. */
int results_write(const char *path, const json_t *result, struct err *e);

/* An object of them, by the names of their files without suffix, and with their folders where a
 * name comes twice. Caller owns it. NULL ARG_USAGE:
 * not a result. */
json_t *results_read(char **paths, int count, struct err *e);

/* Whether any enrolment failed, also in a sweep. */
bool result_has_errors(const json_t *result);

#endif
