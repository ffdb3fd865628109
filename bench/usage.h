/* What a process has used, from proc(5): CPU time and peak resident memory. */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include "base/bytes.h"
#include "base/err.h"
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

/* What it occupies now: its proportional share (PSS), pages of shared libraries divided among those
 * who use them. -1 SYS_IO. */
int usage_memory_now(pid_t pid, int64_t *kb, struct err *e);

/* The parts, for tests: the text of /proc/PID/stat (ticks a second as sysconf(_SC_CLK_TCK) says)
 * and of /proc/PID/status. -1 SYS_IO: not such a text. */
int usage_parse_stat(const char *text, int64_t ticks_per_second, int64_t *cpu_us, struct err *e);
int usage_parse_status(const char *text, int64_t *rss_peak_kb, struct err *e);

#endif
