/* A crowd beside the load: phones that wait for their keys (--waiting), or enrolments that nobody
 * answers because certsrv is stopped (--silent). What each member costs in memory, whether threads
 * came with them, what the components do while nothing happens, and, by runs without them before
 * and after, what the crowd does to others. */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include "base/process.h"
#include "bench/lab.h"
#include "bench/report.h"

struct crowd; /* opaque */

/* Whether the options ask for one. */
bool crowd_wanted(const struct bench_options *o);

/* Looks at the idle components before anybody comes. All are borrowed. NULL with e set. */
struct crowd *crowd_new(struct process *process, const struct bench_options *o,
                        const struct bench_lab *lab, struct err *e);
/* Also takes it away, if it is there. NULL is fine. */
void crowd_free(struct crowd *c);

/* The crowd comes; returns when all are there. */
int crowd_come(struct crowd *c, struct err *e);
/* It goes, and the components come to rest. -1 SYS_IO: some of it were not served in the end. */
int crowd_go(struct crowd *c, struct err *e);

/* Afterwards. runs: o->repeat without the crowd, as many with it, as many without. The caller owns
 * the object (bench/README.md, JSON). */
json_t *crowd_json(const struct crowd *c, const struct report *r);
void crowd_print(const struct crowd *c, const struct report *r, FILE *to);

#endif
