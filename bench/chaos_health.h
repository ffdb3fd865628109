/* What a component holds: descriptors, memory; and files that nobody will remove. */
#ifndef BENCH_CHAOS_HEALTH_H
#define BENCH_CHAOS_HEALTH_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CHAOS_WORKERS_MAX = 8 };

struct chaos_health {
    size_t descriptors; /* entries of /proc/PID/fd */
    double rss_mb;      /* VmRSS, now */
};
/* Of the process and its children, which are its workers, in sum. -1 SYS_IO: it does not run. */
int chaos_health_read(pid_t pid, struct chaos_health *out, struct err *e);

/* Memory that a component may have kept after the load has gone: what it had before it, twice, and
 * room for caches and for an allocator that does not give everything back. */
enum { CHAOS_MEMORY_FACTOR = 2, CHAOS_MEMORY_ROOM_MB = 16 };
bool chaos_memory_is_bounded(double before_mb, double after_mb);

/* What the events of the lab in dir say: faults that struck, connections that servers cut off for a
 * deadline, and those that they turned away. */
struct chaos_events {
    unsigned faults, cut, turned_away;
};
void chaos_count_events(const char *dir, struct chaos_events *out);

/* The first temporary file ("NAME.tmp-PID") below dir, malloc'ed; NULL: there is none. */
char *chaos_temporary_file(const char *dir);

#endif
