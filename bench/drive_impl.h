/* Shared by drive*.c only. */
#ifndef BENCH_DRIVE_IMPL_H
#define BENCH_DRIVE_IMPL_H

#include "bench/drive.h"
#include <openssl/evp.h>
#include <openssl/x509.h>

enum { DRIVE_TIMEOUT_US = 60 * 1000000 };

struct driver {
    struct load_work work;
    void (*free_inside)(struct driver *d);
    void *inside;
    EVP_PKEY *keys[BENCH_POOL_KEYS]; /* of the pool: read once */
};

/* With its keys taken. NULL with e set. */
struct driver *driver_new(enum bench_key key, struct err *e);

/* Request number index, signed: for a device of its own, by one of the pool's keys. Caller frees.
 */
X509_REQ *driver_request(const struct driver *d, size_t index, struct err *e);

#endif
