/* Enrolments in flight that nobody answers: certsrv is stopped as SIGSTOP does (it hangs, its
 * connections stay), and a second bench sends phones to CAPF. */
#ifndef BENCH_CROWD_SILENT_H
#define BENCH_CROWD_SILENT_H

#include "bench/lab.h"

struct crowd_silent; /* opaque */

/* Stops certsrv and starts o->silent phones, the lab's devices 0 and following; returns when all of
 * their requests are in flight at the RA. NULL with e set, certsrv goes on then. */
struct crowd_silent *crowd_silent_new(const struct bench_options *o, const struct bench_lab *lab,
                                      struct err *e);
/* Lets certsrv go on and waits for the end of all. *failed: how many got no LSC. -1 SYS_TIMEOUT,
 * SYS_IO. */
int crowd_silent_end(struct crowd_silent *s, size_t *failed, struct err *e);
void crowd_silent_free(struct crowd_silent *s); /* NULL is fine; kills what still runs */

#endif
