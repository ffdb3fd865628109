/* Many scenarios side by side: each in a process of its own that leads its process group, so that
 * whatever a scenario leaves behind ends with it. */
#ifndef SCENARIOS_RUNNER_JOBS_H
#define SCENARIOS_RUNNER_JOBS_H

#include "scenarios/runner/run.h"

#include <sys/types.h>

struct job {
    const struct scenario *scenario; /* borrowed */
    const struct run_options *run;   /* borrowed; NULL: those of all jobs */
    char *name;                      /* of the scenario, "#2" behind it for a repetition */
    char *dir;
    json_t *result; /* once it is over */
    bool started;
    pid_t pid; /* 0: does not run */
    int pidfd;
    int result_fd;
    struct buf text;
    int64_t deadline;
};

struct jobs_options {
    const struct run_options *run;
    size_t parallel;
    int64_t start_until; /* real time behind which none is started any more; 0: no such */
    /* Called in order of ending; never NULL. */
    void (*done)(void *user, const struct job *job);
    /* Called a few times a second while jobs run; never NULL. */
    void (*tick)(void *user, const struct job *jobs, size_t count);
    void *user;
};

/* Runs all. 0, or -1 when SIGINT or SIGTERM came: then everything has been ended, and jobs that did
 * not finish have no result. Nor have those for which start_until came too early. */
int jobs_run(struct job *jobs, size_t count, const struct jobs_options *options, struct err *e);

void job_release(struct job *job);

#endif
