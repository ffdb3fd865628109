/* The ids that scenarios expect of `capflab diagnose`, checked before anything runs. */
#ifndef SCENARIOS_RUNNER_DIAGNOSIS_IDS_H
#define SCENARIOS_RUNNER_DIAGNOSIS_IDS_H

#include "scenarios/runner/collect.h"

/* Ids that no rule has are mistakes. Asks `capflab-diagnose --list` in the folder programs: the
 * rules are data of that program. When it cannot be asked, nothing is said. */
void diagnosis_ids_check(const struct collection *c, const char *programs, struct cfg_mistakes *m);

#endif
