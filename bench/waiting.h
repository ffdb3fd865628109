/* Phones that stand in the way: each has shown who it is, was asked for its key and does not answer
 * yet, as a real phone does for the minutes that its key takes. They keep no log and make no key,
 * so that ten thousand of them cost this process little. */
#ifndef BENCH_WAITING_H
#define BENCH_WAITING_H

#include "base/err.h"
#include "base/process.h"
#include <stddef.h>

struct waiting; /* opaque */

struct waiting_options {
    const char *address;  /* HOST:PORT of CAPF, numeric */
    size_t first, count;  /* numbers of the devices (BENCH_DEVICE_PATTERN) */
    const char *progress; /* word of the progress line on a terminal; NULL: none */
};

/* Connects all and returns when every one of them was asked for its key. process is borrowed and
 * runs meanwhile. Free with waiting_free. NULL with e set: the first failure of any of them (TCP_*,
 * TLS_HANDSHAKE, CAPF_*; CAPF_REFUSED when CAPF asks for anything else than a key). */
struct waiting *waiting_new(struct process *process, const struct waiting_options *options,
                            struct err *e);
/* Closes all connections at once. NULL is fine. */
void waiting_free(struct waiting *w);

/* How many of them CAPF has cut off or called upon since. */
size_t waiting_disturbed(const struct waiting *w);

#endif
