/* Places: the folder of the lab's programs, the name of a scenario from its path, and its folder.
 */
#ifndef SCENARIOS_RUNNER_PLACE_H
#define SCENARIOS_RUNNER_PLACE_H

#include "base/err.h"
#include <stdbool.h>

/* The folder that this program was started from; the lab's programs stand there too. malloc'ed;
 * NULL when the system does not tell. */
char *place_programs(void);

/* "healthy/online-ca" for any path that ends in scenarios/healthy/online-ca.yaml; otherwise the
 * part below root (the folder named on the command line, or NULL), or the file's own name.
 * malloc'ed; NULL without memory. */
char *place_scenario_name(const char *path, const char *root);

/* Empties dir of what an earlier run of a scenario left there and makes its folders again. A
 * folder with such entries that no run has marked is left alone: -1 SYS_IO. */
int place_prepare(const char *dir, struct err *e);

/* Removes what a run left in dir, and dir itself when nothing else is in it. */
void place_remove(const char *dir);

#endif
