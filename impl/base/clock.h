/* The component's clock: wall time with an offset and a rate. Nothing else in the code base asks
 * the system for the time.
 *
 * A rate of 50 makes ten seconds of the component pass in a fifth of a real second; timers, log
 * stamps, certificate checks and messages all speak component time. One clock per process. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>

/* Sets offset (microseconds added to the system's wall time, at the moment of the call) and rate
 * (> 0). Wall and monotonic component time run on from there without a jump in the latter. */
void clock_configure(int64_t offset_us, double rate);

/* Moves the wall time by so much; monotonic time and the rate stay as they are. */
void clock_step(int64_t by_us);

int64_t clock_wall_us(void); /* component time, microseconds since 1970 UTC */
int64_t clock_mono_us(void); /* component time that never jumps, for durations */
time_t clock_wall(void);     /* component time, seconds since 1970 UTC */

/* The system's monotonic clock, unscaled: merges the events of several processes. */
int64_t clock_real_mono_us(void);

/* CPU time that a process has used, user and system, in all of its threads, those that ended
 * included; microseconds, exact where /proc counts ticks (clock_getcpuclockid(3)). -1: there is no
 * such process. */
int clock_cpu_us(pid_t pid, int64_t *us);

double clock_rate(void);

/* A real duration, as timers and libcurl need it, for a duration of the component; at least 1 for
 * a positive one. */
struct timeval clock_real_timeval(int64_t component_us);
long clock_real_ms(int64_t component_ms);

/* UTC broken down. */
struct tm clock_utc(int64_t wall_us);

/* "2026-11-21T10:00:00.000000Z" into at least CLOCK_ISO_MAX bytes. */
enum { CLOCK_ISO_MAX = 32 };
void clock_iso(int64_t wall_us, char *out);

#endif
