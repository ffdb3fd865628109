/* The load: so many enrolments, a limited number at the same time. In a closed loop the next one
 * starts when one has ended, and each is timed from its start. At a rate (open loop) each is timed
 * from when it was to start, so that waiting for its turn counts and no stall is hidden. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "base/err.h"
#include <event2/event.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct load;

/* One enrolment under way. */
struct load_job {
    void *state; /* of the work; set by start */
    struct load *load;
    int64_t began_us;
    bool busy, over;
};

/* How an enrolment is made. */
struct load_work {
    /* Starts enrolment number index. load_job_done follows, possibly before this returns. -1: it
     * ended at once with e; release is not called then. */
    int (*start)(void *user, struct load_job *job, size_t index, struct err *e);
    /* Frees job->state; from the event loop, never inside load_job_done. */
    void (*release)(void *user, struct load_job *job);
    void *user;
};

struct load_plan {
    size_t first, count; /* enrolments first .. first + count - 1 */
    size_t concurrency;
    int64_t rate;        /* a second; 0: closed loop */
    int64_t duration_us; /* no enrolment is to start later than this; 0: no limit */
    size_t more_runs;    /* like this one to come, for the estimate of the progress line */
    const char *title;   /* for the progress line; NULL: none is shown */
};

struct load_result {
    double *latency_ms; /* of those that succeeded; sorted */
    size_t succeeded, failed;
    double seconds; /* from the first start to the last end */
    json_t *errors; /* code: count */
    bool interrupted;
};

/* Runs until all enrolments have ended or somebody breaks the loop (interrupted). Release with
 * load_result_free, also after -1 SYS_NOMEM. */
int load_run(struct event_base *loop, const struct load_work *work, const struct load_plan *plan,
             struct load_result *result, struct err *e);
void load_result_free(struct load_result *result);

/* The enrolment has ended; error: NULL or the code of what went wrong (copied). */
void load_job_done(struct load_job *job, const char *error);

#endif
