/* The line of progress: on a terminal only, so that files and pipes get figures alone. */
#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

#include <stdbool.h>

/* Whether standard error is a terminal. */
bool progress_wanted(void);

/* Writes the line over the one before; nothing where it is not wanted. */
void progress_show(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Removes it, so that something else can be written. */
void progress_clear(void);

#endif
