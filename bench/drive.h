/* The ways of enrolling: simulated phones against CAPF, requests against an EST server or certsrv.
 * Each makes a struct load_work. */
#ifndef BENCH_DRIVE_H
#define BENCH_DRIVE_H

#include "base/process.h"
#include "bench/load.h"
#include "bench/options.h"

enum { BENCH_POOL_KEYS = 24 };

/* Where enrolments go. Strings belong to the caller and must outlive the driver. */
struct drive_target {
    const char *address; /* HOST:PORT */
    const char *trust;   /* PEM: CAPF's certificate, or the EST server's issuers */
    const char *user;    /* USER:PASSWORD for EST and certsrv; NULL: none */
    const char *name;    /* that the certificate outside is for; NULL: that of the address */
    const char *lsc_dir; /* where phones keep LSC and key (NAME.pem, NAME.key); NULL: nowhere */
    int64_t timeout_us;  /* of a phone; 0: 60 s */
    /* Beside load_job_done, with the enrolment's number; NULL: nobody asks. */
    void (*ended)(void *user, size_t index, const char *error);
    void *ended_user;
    bool lab; /* the server has the names of the lab, otherwise that of its address */
};

struct driver; /* opaque */

/* process is borrowed. Caller frees. NULL with e set. */
struct driver *drive_phones(struct process *process, const struct bench_options *o,
                            const struct drive_target *target, struct err *e);
struct driver *drive_est(struct process *process, const struct bench_options *o,
                         const struct drive_target *target, struct err *e);
struct driver *drive_certsrv(struct process *process, const struct bench_options *o,
                             const struct drive_target *target, struct err *e);
/* What needs no certsrv: the RA's /cacerts and a CAPF session's beginning, by turns. */
struct driver *drive_apart(struct process *process, const struct bench_options *o, const char *capf,
                           const char *ra, struct err *e);
void driver_free(struct driver *d);

/* Valid as long as the driver. */
const struct load_work *driver_work(const struct driver *d);

#endif
