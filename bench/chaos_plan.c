/* The tables that the seed chooses from. Every fault of a relay or of certsrv that a phone can live
 * through is here; those that last (refuse) are not, kills do the same. */
#include "bench/chaos_plan.h"

#include <stddef.h>

static const char *const behaviours[] = {
#define X(id, word, help) word,
    CHAOS_BEHAVIOUR_TABLE(X)
#undef X
};

const char *chaos_behaviour_word(enum chaos_behaviour b) {
    return behaviours[b];
}

/* SplitMix64: any seed is a good one. */
static uint64_t next(struct chaos_random *r) {
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

struct chaos_random chaos_random_new(uint64_t seed, const char *use) {
    struct chaos_random r = {seed};
    for (; *use != '\0'; use++)
        r.state = next(&r) ^ (unsigned char)*use;
    return r;
}

unsigned chaos_below(struct chaos_random *r, unsigned bound) {
    return (unsigned)((next(r) >> 32) * bound >> 32);
}

/* An action; the argument is a number below max, in front of the unit. max 0: there is none. */
struct action {
    const char *text;
    unsigned max;
    const char *unit;
};

static const struct action relay_actions[] = {{"silent", 0, ""},
                                              {"reset-after", 5000, ""},
                                              {"reset-after-client", 3000, ""},
                                              {"cut", 5000, ""},
                                              {"half-close", 5000, ""},
                                              {"stall-before-hello", 0, ""},
                                              {"stall-after-hello server", 0, ""},
                                              {"stall-after-hello client", 0, ""},
                                              {"dribble", 9, "ms"},
                                              {"refuse-for", 300, "ms"},
                                              {"delay", 200, "ms"},
                                              {NULL, 0, NULL}};
static const struct action logon_actions[] = {{"close", 0, ""},     {"status 500", 0, ""},
                                              {"silence", 0, ""},   {"close-each-reply", 0, ""},
                                              {"delay", 300, "ms"}, {NULL, 0, NULL}};
static const struct action submit_actions[] = {
    {"status 500", 0, ""}, {"status 503", 0, ""}, {"silence", 0, ""},
    {"close", 0, ""},      {"truncate", 600, ""}, {"rpc-unavailable", 0, ""},
    {"drop-auth", 0, ""},  {"delay", 500, "ms"},  {NULL, 0, NULL}};
static const struct action fetch_actions[] = {
    {"status 404", 0, ""}, {"truncate", 900, ""}, {"html", 0, ""}, {"other-key", 0, ""},
    {"silence", 0, ""},    {"close", 0, ""},      {NULL, 0, NULL}};
static const struct action form_actions[] = {
    {"status 403", 0, ""}, {"truncate", 3000, ""}, {"rpc-unavailable", 0, ""}, {NULL, 0, NULL}};

/* mean: a visit of so many meets a fault. */
static const struct {
    const char *point;
    unsigned mean;
    const struct action *actions;
} points[] = {
    {"wire:phone-capf", 12, relay_actions},     {"wire:capf-ra", 20, relay_actions},
    {"wire:ra-certsrv", 24, relay_actions},     {"certsrv.request", 60, logon_actions},
    {"certsrv.certrqxt", 25, form_actions},     {"certsrv.certfnsh", 15, submit_actions},
    {"certsrv.certnew-cer", 15, fetch_actions},
};

static void put_row(struct buf *out, struct chaos_random *r, size_t point, unsigned nth) {
    const struct action *actions = points[point].actions;
    unsigned count = 0;
    while (actions[count].text != NULL)
        count++;
    const struct action *a = &actions[chaos_below(r, count)];
    buf_printf(out, "- {at: '%s', nth: %u, do: %s", points[point].point, nth, a->text);
    if (a->max > 0)
        buf_printf(out, " %u%s", 1 + chaos_below(r, a->max), a->unit);
    buf_put_str(out, "}\n");
}

void chaos_put_faults(uint64_t seed, unsigned visits, struct buf *out) {
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        struct chaos_random r = chaos_random_new(seed, points[i].point);
        unsigned nth = 0;
        for (;;) {
            nth += 1 + chaos_below(&r, 2 * points[i].mean - 1);
            if (nth > visits)
                break;
            put_row(out, &r, i, nth);
        }
    }
}

struct chaos_kill chaos_next_kill(struct chaos_random *r) {
    enum { SHORTEST_MS = 1500, SPREAD_MS = 3000, DOWN_MS = 400 };
    static const enum component victims[] = {COMPONENT_CAPF,
                                             COMPONENT_RA,
                                             COMPONENT_CERTSRV,
                                             COMPONENT_CAPF,
                                             COMPONENT_RA,
                                             COMPONENT_CERTSRV,
                                             COMPONENT_WIRE_PHONE_CAPF,
                                             COMPONENT_WIRE_CAPF_RA,
                                             COMPONENT_WIRE_RA_CERTSRV};
    unsigned victim = chaos_below(r, sizeof victims / sizeof victims[0]);
    unsigned after = SHORTEST_MS + chaos_below(r, SPREAD_MS);
    unsigned down = chaos_below(r, DOWN_MS);
    bool approval = chaos_below(r, 2) == 1;
    return (struct chaos_kill){.component = victims[victim],
                               .after_us = (int64_t)after * 1000,
                               .down_us = (int64_t)down * 1000,
                               .approval = approval && victims[victim] == COMPONENT_CERTSRV};
}

struct chaos_peer_plan chaos_next_peer(struct chaos_random *r) {
    struct chaos_peer_plan plan;
    plan.behaviour = (enum chaos_behaviour)chaos_below(r, CHAOS_BEHAVIOURS);
    plan.target = (enum chaos_target)chaos_below(r, CHAOS_TARGETS);
    plan.tls = chaos_below(r, 2) == 1;
    return plan;
}
