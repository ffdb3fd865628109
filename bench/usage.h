/* What a process has used: CPU time, and from proc(5) memory and descriptors. */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include "base/bytes.h"
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct usage {
    int64_t cpu_us;      /* user and system, all threads, since the process began */
    int64_t rss_peak_kb; /* VmHWM */
};

/* Of one process. -1 SYS_IO: there is none. */
int usage_read_one(pid_t pid, struct usage *u, struct err *e);
/* Of the process and of its children, which are its workers; memory is the sum. -1 SYS_IO: there is
 * no such process. */
int usage_read(pid_t pid, struct usage *u, struct err *e);

/* The children of a process, which are its workers; how many, max at most. */
enum { USAGE_CHILDREN_MAX = 64 };
size_t usage_children(pid_t pid, pid_t *out, size_t max);

/* What it is now, without its children. */
struct usage_view {
    int64_t memory_kb; /* its proportional share (PSS): pages of libraries are divided among all */
    int64_t threads;
    int64_t wakeups; /* voluntary context switches of its main thread since it began */
    int64_t cpu_us;
};
/* -1 SYS_IO. */
int usage_look(pid_t pid, struct usage_view *v, struct err *e);
/* How many descriptors it has open. -1 SYS_IO. */
int usage_descriptors(pid_t pid, int64_t *count, struct err *e);

/* Its resident memory now, KB. -1 SYS_IO. */
int usage_rss(pid_t pid, int64_t *kb, struct err *e);

/* The number in the line "name: number ..." of a text of /proc/PID. -1 SYS_IO: there is none. */
int usage_number(const char *text, const char *name, int64_t *number, struct err *e);

#endif
