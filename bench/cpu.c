/* getrusage(2), whose sum the kernel keeps exactly, whatever its ticks are. */
#include "bench/cpu.h"

#include <sys/resource.h>

int64_t cpu_now_us(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * INT64_C(1000000) + u.ru_utime.tv_usec +
           u.ru_stime.tv_usec;
}
