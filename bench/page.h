/* Results as one page that loads nothing from anywhere: what was measured under which conditions,
 * and the curves. Made from the JSON of results alone, so that old results can be shown as well. */
#ifndef BENCH_PAGE_H
#define BENCH_PAGE_H

#include "base/err.h"
#include <jansson.h>

/* results: an object, name to result (as report_json makes them, with or without "sweeps"). What a
 * result does not have is left out. -1 SYS_IO. */
int bench_page_write(const char *path, const json_t *results, struct err *e);

#endif
