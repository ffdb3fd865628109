/* Which rounds of torture there are and in which order they are run. Every prefix of the order is
 * spread over all that there is, so that it does not matter where the time ends:
 *
 *     first   for each way that the component's own code takes to a call: one call path
 *     second  the first call by every other call path (through the libraries)
 *     third   the last call by each path, and then all others (asked for with --torture-all)
 *
 * Within each, large groups (allocations while serving) and small ones (sockets at the start)
 * advance together, each by the square root of its size. The same build and seed give the same
 * order. */
#ifndef SCENARIOS_RUNNER_TORTURE_PLAN_H
#define SCENARIOS_RUNNER_TORTURE_PLAN_H

#include "scenarios/runner/torture_spec.h"
#include <stdio.h>

#define TORTURE_LEVEL_TABLE(X)                                                                     \
    X(OWN, "ways of the component's own code to a call that can fail")                             \
    X(PATH, "other call paths")                                                                    \
    X(REPEATED, "further calls by the same paths")

enum torture_level {
#define X(id, text) TORTURE_LEVEL_##id,
    TORTURE_LEVEL_TABLE(X)
#undef X
        TORTURE_LEVELS
};

struct torture_item {
    struct torture_spec spec;
    enum torture_level level;
    uint64_t order; /* pseudo-random, by the seed */
    uint64_t own;   /* of a call path: its own part */
    double place;
};

struct torture_plan {
    struct torture_item *items;
    size_t count, room;
    uint64_t seed;
    bool left_out[TORTURE_CLASSES + 1]; /* nothing of these is added; the last: faults of mocks */
};

/* Release with torture_plan_free; the functions that add give -1 SYS_NOMEM. */
void torture_plan_init(struct torture_plan *plan, const char *seed);
void torture_plan_free(struct torture_plan *plan);

/* Every path of an ended run without a fault. all: also the third level. */
int torture_plan_add(struct torture_plan *plan, enum component c,
                     const struct torture_control *control, bool all, struct err *e);
/* A row of `faults:`. */
int torture_plan_add_fault(struct torture_plan *plan, const char *row, struct err *e);

/* Puts the items into the order of the rounds. */
void torture_plan_order(struct torture_plan *plan);

/* "tried 120 of 640 ways ..., 0 of 7123 other call paths": the first `tried` items. */
void torture_plan_tell(const struct torture_plan *plan, size_t tried, FILE *to);

#endif
