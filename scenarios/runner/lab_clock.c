/* Clocks of components: what a program must be told when it starts so that its time goes on where
 * it was. */
#include "scenarios/runner/run.h"

/* How far a clock of that rate has got ahead of real time since a moment of real time. */
static int64_t gained(double rate, int64_t since, int64_t until) {
    return (int64_t)((rate - 1) * (double)(until - since));
}

static struct lab_clock own_clock(const struct run *r, enum component c) {
    const struct lab_settings *lab = &r->scenario->lab;
    switch (c) {
    case COMPONENT_CERTSRV:
        return lab->certsrv.clock;
    case COMPONENT_RA:
        return lab->ra.clock;
    case COMPONENT_CAPF:
        return lab->capf.clock;
    case COMPONENT_TVS:
        return lab->tvs.clock;
    case COMPONENT_TFTP:
        return lab->tftp.clock;
    default:
        return (struct lab_clock){0};
    }
}

static struct lab_clock clock_now(const struct run *r, struct lab_clock own, int64_t start) {
    const struct lab_clock *lab = &r->scenario->lab.clock;
    struct lab_clock now = {.rate = own.rate > 0 ? own.rate : lab->rate};
    now.offset_us = lab->offset_us + own.offset_us + gained(lab->rate, r->begun, start) +
                    gained(now.rate, start, deadline_in(0));
    return now;
}

struct lab_clock component_clock(const struct run *r, enum component c) {
    int64_t start = r->first_start[c] != 0 ? r->first_start[c] : deadline_in(0);
    struct lab_clock clock = clock_now(r, own_clock(r, c), start);
    clock.offset_us += r->ahead_us[c];
    return clock;
}

struct lab_clock phone_clock(const struct run *r, const struct phone_settings *phone) {
    struct lab_clock clock = clock_now(r, phone->clock, deadline_in(0));
    clock.offset_us += r->lab_ahead_us;
    return clock;
}
