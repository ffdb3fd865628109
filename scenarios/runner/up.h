/* A lab that is left running for real clients. */
#ifndef SCENARIOS_RUNNER_UP_H
#define SCENARIOS_RUNNER_UP_H

#include "scenarios/runner/run.h"

#include <stdio.h>

/* Starts the lab of s in dir, tells on `to` how to reach it, and runs until SIGTERM (which the
 * caller has blocked) or until one of its programs ends. An exit code (base/program.h). */
int up_run(const struct scenario *s, const struct run_options *options, const char *dir, FILE *to);

/* The table of a running lab and commands to try. */
void up_tell(const struct run *r, FILE *to);

#endif
