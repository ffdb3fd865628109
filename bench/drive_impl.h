/* Shared by drive*.c only. */
#ifndef BENCH_DRIVE_IMPL_H
#define BENCH_DRIVE_IMPL_H

#include "bench/drive.h"
#include <openssl/evp.h>

struct driver {
    struct load_work work;
    void (*free_inside)(struct driver *d);
    void *inside;
    EVP_PKEY *keys[BENCH_POOL_KEYS]; /* of the pool: read once, as no phone makes its key here */
};

/* With its keys taken. NULL with e set. */
struct driver *driver_new(enum bench_key key, struct err *e);

#endif
