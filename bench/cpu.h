/* CPU time of this process, to measure loops by: the machine's other work does not count. */
#ifndef BENCH_CPU_H
#define BENCH_CPU_H

#include <stdint.h>

/* User and system, microseconds. */
int64_t cpu_now_us(void);

#endif
