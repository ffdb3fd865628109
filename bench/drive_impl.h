/* Shared by drive*.c only. */
#ifndef BENCH_DRIVE_IMPL_H
#define BENCH_DRIVE_IMPL_H

#include "base/http_client.h"
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

/* Where an HTTP client goes: the lab's server under the name of the real one, one outside under
 * target->name or that of its address. *host: what the caller frees behind the endpoint's use, or
 * NULL as before. -1: the address is none. */
int drive_endpoint(const struct drive_target *target, const char *lab_name, uint16_t lab_port,
                   struct http_endpoint *out, char **host, struct err *e);

/* Request number index, signed: for a device of its own, by one of the pool's keys. Caller frees.
 */
X509_REQ *driver_request(const struct driver *d, size_t index, struct err *e);

#endif
