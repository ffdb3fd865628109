/* Stages that need no server: one piece of our own code, called in a loop, and the bare OpenSSL
 * calls that are inside it, called in a loop beside it. Both take turns in short slices of the same
 * run, so that their ratio is that of one machine at one moment. */
#ifndef BENCH_INSIDE_H
#define BENCH_INSIDE_H

#include "bench/lab.h"
#include "bench/load.h"

/* One piece of work. Both return 0, or -1 with e set. */
struct inside_work {
    int (*ours)(void *state, size_t index, struct err *e);
    int (*bare)(void *state, size_t index, struct err *e);
    void (*free)(void *state);
    void *state;
};

/* A list of a cluster (o->output gets the lab's certificates): itl_parse and itl_show, which
 * verifies it. Bare: reading the signer's certificate, the signature, and the digests shown. */
int inside_itl(const struct bench_options *o, struct inside_work *work, struct err *e);
/* Requests as an EST server receives them, in base64: csr_read, csr_verify, csr_match_key. Bare:
 * d2i_X509_REQ and X509_REQ_verify. */
int inside_csr(const struct bench_options *o, struct inside_work *work, struct err *e);

struct inside_times {
    double ours_us, bare_us; /* CPU of one operation: the median slice */
};

/* plan: count operations of each kind, duration_us and title as for a load. Latencies are of ours.
 * An operation that fails is counted and does not end the run. -1 SYS_NOMEM; SYS_INTERNAL: a bare
 * operation fails. */
int inside_run(const struct inside_work *work, const struct load_plan *plan,
               struct load_result *result, struct inside_times *times, struct err *e);

#endif
