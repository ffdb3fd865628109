/* The tortured components of a lab: the control of each, what it tells at its end, and starting one
 * again that could not start. Works in the process of the scenario. */
#ifndef SCENARIOS_RUNNER_TORTURE_LAB_H
#define SCENARIOS_RUNNER_TORTURE_LAB_H

#include "scenarios/runner/run.h"
#include "scenarios/runner/torture_spec.h"

struct torture_options {
    const char *library;              /* path of what is preloaded */
    bool components[COMPONENT_COUNT]; /* into these */
    bool thorough;                    /* find out by which path lost blocks came */
    struct torture_spec spec;
};

struct torture_lab {
    const struct torture_options *options;
    struct torture_control *controls[COMPONENT_COUNT]; /* NULL: not tortured, or not started */
    enum component starting;                           /* whose environment this is: */
    char *environment[8];                              /* owned, NULL at the end */
    bool fired;                                        /* what was to fail has failed */
    char *call;                                        /* which call that was; NULL: none */
    json_t *stack;                                     /* and by which way; NULL: unknown */
    bool unfollowed;     /* blocks were lost, and it is not known where they were allocated */
    const char *lasting; /* why the next run may fail; NULL: it may not */
    char *excuse; /* why a crash, and all that came of it, is not ours; NULL: there is none, or it
                     is */
    char *leak_excuse; /* the same for a leak, of which nothing else comes */
};

int torture_lab_open(struct run *r, struct err *e);
void torture_lab_close(struct torture_lab *t);

/* Maps the control of an ended run, "DIR/tmp/torture-capf.control"; NULL: there is none. Release
 * with torture_unmap. */
const struct torture_control *torture_map(const char *dir, enum component c);
void torture_unmap(const struct torture_control *control);

/* Additional variables for a component that is about to start, "NAME=VALUE" each, or NULL. What an
 * earlier process of it told is taken first. */
const char *const *torture_environment(struct run *r, enum component c);

/* From now on calls belong to that phase; TORTURE_PHASES: nothing fails any more. */
void torture_phase(struct run *r, enum torture_phase phase);

/* Whether a component that did not get ready did so for the call that failed, said so and ended
 * with an error's exit status. Then it has been started again, without a fault, and is ready. */
bool torture_starts_again(struct run *r, enum component c);

/* After the end of a component: notes crashes, leaks and descriptors left open. */
void torture_take(struct run *r, enum component c);

/* Whether what was to fail has failed. */
bool torture_fired(struct run *r);

/* Shared by the torture_*.c files only. */
/* Notes what a control tells as failures, or as t->excuse. */
void torture_findings(struct run *r, enum component c, const struct torture_control *control);
/* One line a frame, innermost first; own frames with file and line where addr2line can tell. */
json_t *torture_stack_lines(const struct run *r, enum component c,
                            const struct torture_stack *stack);

/* Why the crash, or a leak, is not ours; NULL: it is. */
const char *torture_crash_excuse(const struct torture_control *control);
const char *torture_leak_excuse(const struct torture_control *control,
                                const struct torture_leak *leak);
/* The same for a next run that is not healthy. */
const char *torture_lasting_excuse(const struct torture_control *control);
/* The rows of the table of excuses; format takes finding, function, library, reason. */
void torture_excuses_print(FILE *to, const char *format);

/* Checks that the device store, the CA's database and the phones agree, and that nothing was issued
 * twice. Notes what does not. */
void torture_judge_stores(struct run *r);

/* The scenario with the fault of the round, names that are asked of a DNS server, and a quick
 * clock. NULL: the fault is none that it can have. Caller frees with scenario_free. */
struct scenario *torture_scenario(const struct scenario *s, const struct run_options *options);

/* What failed, for the result: {fired, call, stack, unfollowed}. */
json_t *torture_result(const struct run *r);

/* When a round found blocks lost but does not know where they were allocated: runs it again with
 * every call path followed. The result that tells more; consumes `first`. */
typedef json_t *torture_run_fn(const struct scenario *s, const struct run_options *options,
                               const char *dir);
json_t *torture_look_closer(json_t *first, const struct scenario *s,
                            const struct run_options *options, const char *dir,
                            torture_run_fn *run);

/* One round: the scenario with the fault, then without, then the judgement. */
void torture_play(struct run *r);

#endif
