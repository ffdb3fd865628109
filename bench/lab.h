/* The lab that is driven: the one of scenarios/runner, with its certificates, configuration and
 * programs, and devices for as many phones as the bench needs. */
#ifndef BENCH_LAB_H
#define BENCH_LAB_H

#include "base/bytes.h"
#include "base/err.h"
#include "bench/options.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bench_lab; /* opaque */

/* Names of copied devices, which never enrol. */
#define BENCH_COPY_PATTERN "SEPBF%010X"
/* Device names of the bench, for `capflab capf device add`: "%X" stands for the number. */
#define BENCH_DEVICE_PATTERN "SEPBE%010X"
/* The same for printf with a size_t. */
#define BENCH_DEVICE_FORMAT "SEPBE%010zX"

/* Starts what the stage needs in o->output and adds the devices 0 .. bench_enrolments_max - 1.
 * Stop with bench_lab_stop. NULL with e set. */
struct bench_lab *bench_lab_start(const struct bench_options *o, struct err *e);
/* 0; -1 when a component did not end well. NULL is fine. */
int bench_lab_stop(struct bench_lab *lab, struct err *e);

/* Copies what has been enrolled first count times: the CA's newest certificate and, where there is
 * a CAPF, the first device with its LSC and enrolments. -1 SYS_IO. */
int bench_lab_multiply(struct bench_lab *lab, enum stage stage, int64_t count, struct err *e);

/* "HOST:PORT", owned by the lab. NULL when the stage has none. */
const char *bench_lab_capf(const struct bench_lab *lab);
const char *bench_lab_ra(const struct bench_lab *lab);
const char *bench_lab_certsrv(const struct bench_lab *lab);
/* PEM files, owned by the lab. */
const char *bench_lab_capf_certificate(const struct bench_lab *lab);
const char *bench_lab_ra_trust(const struct bench_lab *lab);
const char *bench_lab_web_trust(const struct bench_lab *lab);
/* "USER:PASSWORD" that RA and certsrv take. */
const char *bench_lab_user(const struct bench_lab *lab);

/* The trust list of a cluster with CAPF, TVS, two administrators' keys and a file service, of
 * which nothing is started; its certificates are left in o->output. -1 SYS_IO, X509_ISSUE. */
int bench_lab_list(const struct bench_options *o, struct buf *out, struct err *e);

struct bench_component {
    const char *name;
    pid_t pid;
};
enum { BENCH_COMPONENTS_MAX = 8 };
/* The running components; how many. */
size_t bench_lab_components(const struct bench_lab *lab,
                            struct bench_component out[BENCH_COMPONENTS_MAX]);

/* Members of the key pool, count of them with the stage's kind, malloc'ed paths. Works without a
 * lab. -1 KEY_GENERATE, SYS_IO. */
int bench_pool_take(enum bench_key key, char **paths, size_t count, struct err *e);

#endif
