/* The lab of a run of chaos: CAPF, RA, certsrv and a relay on each of their connections, with short
 * deadlines; faults that can be put on and off; components that are killed and started again at
 * their addresses. Everything is the scenario suite's. */
#ifndef BENCH_CHAOS_LAB_H
#define BENCH_CHAOS_LAB_H

#include "bench/chaos_plan.h"
#include "bench/options.h"
#include "scenarios/runner/run.h"

struct chaos_lab {
    struct scenario *scenario;
    struct run_options options;
    struct run run;
    bool opened, disturbed, approval;
    char *programs, *keys, *seed;
    char *capf_certificate, *lsc_dir;
};

/* Deadlines of the lab's servers, for a handshake, a message and a request. */
enum { CHAOS_DEADLINE_S = 3, CHAOS_PER_ADDRESS = 256 };

/* Starts it without faults, with o->phones devices. -1 with e set; to be stopped in any case. */
int chaos_lab_start(struct chaos_lab *lab, const struct bench_options *o, struct err *e);
/* -1: a component did not end well. */
int chaos_lab_stop(struct chaos_lab *lab, struct err *e);
/* Frees what chaos_lab_stop leaves for the judge. */
void chaos_lab_free(struct chaos_lab *lab);

/* Restarts the mocks, with faults or without. -1 with e set, as all below. */
int chaos_lab_disturb(struct chaos_lab *lab, bool on, struct err *e);
int chaos_lab_kill(struct chaos_lab *lab, enum component c, struct err *e);
/* Nothing happens when it runs. */
int chaos_lab_start_again(struct chaos_lab *lab, enum component c, struct err *e);
/* From its next start on certsrv keeps requests for its manager, or does so no more. */
void chaos_lab_approval(struct chaos_lab *lab, bool on);
/* Restarts certsrv without approval, and issues what waits. */
int chaos_lab_approve(struct chaos_lab *lab, struct err *e);
/* Schedules an install for these devices, as an operator does. */
int chaos_lab_reschedule(struct chaos_lab *lab, const size_t *numbers, size_t count, struct err *e);

#endif
