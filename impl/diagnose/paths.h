/* Which files to read: operands to cases. A folder that holds a result.json is what a scenario
 * left, and a case of its own; everything else that was named belongs together. */
#ifndef DIAGNOSE_PATHS_H
#define DIAGNOSE_PATHS_H

#include "base/err.h"
#include <stddef.h>

/* One file of one case: "-" is standard input. -1 with e set ends the walk. */
typedef int path_fn(void *user, const char *case_name, const char *path, struct err *e);

/* Walks path, sorted by name. Of folders only logs are taken (*.log, *.log.N, *.txt), not the
 * timeline that a scenario makes out of them. -1 when path cannot be read or fn says so. */
int paths_walk(const char *path, path_fn *fn, void *user, struct err *e);

#endif
