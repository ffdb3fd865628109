/* `capflab run --torture`: repeats a healthy scenario, each time with another call of a component
 * that fails, for as long as it is given time. */
#ifndef SCENARIOS_RUNNER_TORTURE_H
#define SCENARIOS_RUNNER_TORTURE_H

#include "scenarios/runner/collect.h"
#include "scenarios/runner/jobs.h"

enum { TORTURE_SECONDS = 40 };

struct torture_request {
    const struct run_options *run;
    size_t parallel;
    const char *dir;
    const char *programs;          /* as one types it, for the commands that repeat a round */
    const char *const *components; /* names; none: those of impl/ */
    size_t component_count;
    const char *const *classes; /* words; none: all */
    size_t class_count;
    const char *round; /* only this one; NULL: as many as there is time for */
    int64_t seconds;   /* for each scenario */
    bool all;          /* every call, however long it takes */
    bool keep;         /* the folders of rounds that ended well, too */
};

/* Runs and reports; results gets the result object of every round. -1 with e set: wrong use, or
 * interrupted. */
int torture_run(const struct collection *c, const struct torture_request *request, json_t *results,
                struct err *e);

/* The faults of mocks that a scenario is tortured with, one row of `faults:` each, until fn returns
 * -1. queries: how often a name was asked for. */
typedef int torture_fault_fn(void *user, const char *row);
int torture_each_fault(const struct scenario *s, size_t queries, torture_fault_fn *fn, void *user);

/* What can fail and when, what is judged, and the excuses: for --help, and as Markdown. */
void torture_print_help(FILE *to);
void torture_print_reference(FILE *to);

#endif
