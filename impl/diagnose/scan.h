/* Reading of one file into a case: records, the scope that each belongs to, the patterns that it
 * meets. */
#ifndef DIAGNOSE_SCAN_H
#define DIAGNOSE_SCAN_H

#include "diagnose/casefile.h"

/* The patterns of all rules and marks, sorted by the kind of log they ask for; made once. */
struct scan_table; /* opaque */
struct scan_table *scan_table_new(const struct rules *rules);
void scan_table_free(struct scan_table *t);

/* Reads fd to its end; path is its name in reports. -1 with e set when it cannot be read. */
int scan_fd(struct casefile *c, const struct scan_table *t, int fd, const char *path,
            struct err *e);

#endif
