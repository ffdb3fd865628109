/* The component's clock: the system's two clocks, each moved to an anchor and stretched by one
 * rate. It must never let monotonic component time jump, whatever is configured. */
#include "base/clock.h"
#include <stdio.h>

/* A system clock seen from the component: anchor + (now - since) * rate. */
struct scale {
    int64_t since;
    int64_t anchor;
};

static struct scale wall_scale;
static struct scale mono_scale;
static double rate_now = 1.0;

static const double MICROSECONDS_MAX = 4e18; /* below 2^62, so that sums of two still fit */

static int64_t system_us(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t bounded(double us) {
    if (us > MICROSECONDS_MAX)
        return (int64_t)MICROSECONDS_MAX;
    if (us < -MICROSECONDS_MAX)
        return -(int64_t)MICROSECONDS_MAX;
    return (int64_t)us;
}

/* Integers only at rate 1, so that an ordinary clock loses no microsecond to rounding. */
static int64_t stretched(int64_t us) {
    return rate_now == 1.0 ? us : bounded((double)us * rate_now);
}

static int64_t scaled(const struct scale *s, clockid_t id) {
    return s->anchor + stretched(system_us(id) - s->since);
}

void clock_configure(int64_t offset_us, double rate) {
    int64_t mono = clock_mono_us();
    int64_t wall = system_us(CLOCK_REALTIME);
    mono_scale = (struct scale){.since = clock_real_mono_us(), .anchor = mono};
    wall_scale = (struct scale){.since = wall, .anchor = wall + offset_us};
    rate_now = rate > 0 ? rate : 1.0;
}

void clock_step(int64_t by_us) {
    wall_scale.anchor += by_us;
}

int64_t clock_wall_us(void) {
    return scaled(&wall_scale, CLOCK_REALTIME);
}

int64_t clock_mono_us(void) {
    return scaled(&mono_scale, CLOCK_MONOTONIC);
}

/* Rounded down, before 1970 too. */
static time_t whole_seconds(int64_t us) {
    return (time_t)(us / 1000000 - (us % 1000000 < 0 ? 1 : 0));
}

time_t clock_wall(void) {
    return whole_seconds(clock_wall_us());
}

int64_t clock_real_mono_us(void) {
    return system_us(CLOCK_MONOTONIC);
}

int clock_cpu_us(pid_t pid, int64_t *us) {
    clockid_t id;
    struct timespec t;
    if (clock_getcpuclockid(pid, &id) != 0 || clock_gettime(id, &t) != 0)
        return -1;
    *us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
    return 0;
}

double clock_rate(void) {
    return rate_now;
}

/* A positive duration must not become 0, which libevent and libcurl read as "at once" or "never".
 */
static int64_t real_units(int64_t component) {
    if (component <= 0)
        return 0;
    int64_t real = rate_now == 1.0 ? component : bounded((double)component / rate_now);
    return real > 0 ? real : 1;
}

struct timeval clock_real_timeval(int64_t component_us) {
    int64_t real = real_units(component_us);
    return (struct timeval){.tv_sec = real / 1000000, .tv_usec = real % 1000000};
}

long clock_real_ms(int64_t component_ms) {
    return (long)real_units(component_ms);
}

struct tm clock_utc(int64_t wall_us) {
    time_t t = whole_seconds(wall_us);
    struct tm out = {0};
    gmtime_r(&t, &out);
    return out;
}

void clock_iso(int64_t wall_us, char *out) {
    struct tm t = clock_utc(wall_us);
    size_t n = strftime(out, CLOCK_ISO_MAX, "%Y-%m-%dT%H:%M:%S", &t);
    int us = (int)(wall_us % 1000000);
    snprintf(out + n, CLOCK_ISO_MAX - n, ".%06dZ", us < 0 ? us + 1000000 : us);
}
