/* What goes wrong in a run of chaos, from its seed alone: the faults of the mocks, which component
 * is killed when, and how each hostile peer behaves. The same seed gives the same plan; when its
 * parts meet a phone is up to the machine. */
#ifndef BENCH_CHAOS_PLAN_H
#define BENCH_CHAOS_PLAN_H

#include "base/bytes.h"
#include "scenarios/runner/component.h"
#include <stdbool.h>
#include <stdint.h>

/* A stream of numbers of its own for each use, so that none depends on when another asked. */
struct chaos_random {
    uint64_t state;
};
struct chaos_random chaos_random_new(uint64_t seed, const char *use);
/* A number below bound (> 0). */
unsigned chaos_below(struct chaos_random *r, unsigned bound);

/* Rows of `faults:` for the scenario file, one a line, for so many visits of each point. */
void chaos_put_faults(uint64_t seed, unsigned visits, struct buf *out);

struct chaos_kill {
    enum component component;
    int64_t after_us; /* the component before came back */
    int64_t down_us;  /* until it is started again */
    bool approval;    /* certsrv: requests wait for its manager then, until the next kill */
};
struct chaos_kill chaos_next_kill(struct chaos_random *r);

/* X(ID, word, what such a peer does) */
#define CHAOS_BEHAVIOUR_TABLE(X)                                                                   \
    X(SILENT, "silent", "connects and says nothing")                                               \
    X(SLOW, "slow", "sends a message byte by byte")                                                \
    X(HALF_OPEN, "half-open", "sends half a message and ends its side")                            \
    X(RESET, "reset", "sends half a message and resets the connection")                            \
    X(GARBAGE, "garbage", "sends random bytes")
enum chaos_behaviour {
#define X(id, word, help) CHAOS_##id,
    CHAOS_BEHAVIOUR_TABLE(X)
#undef X
        CHAOS_BEHAVIOURS
};
const char *chaos_behaviour_word(enum chaos_behaviour b);

/* X(ID, component that hostile peers connect to) */
#define CHAOS_TARGET_TABLE(X)                                                                      \
    X(CAPF)                                                                                        \
    X(RA)                                                                                          \
    X(CERTSRV)
enum chaos_target {
#define X(id) CHAOS_AT_##id,
    CHAOS_TARGET_TABLE(X)
#undef X
        CHAOS_TARGETS
};

struct chaos_peer_plan {
    enum chaos_behaviour behaviour;
    enum chaos_target target;
    bool tls; /* after a whole handshake; else instead of it */
};
struct chaos_peer_plan chaos_next_peer(struct chaos_random *r);

#endif
