/* What all drivers have in common. */
#include "bench/drive_impl.h"

#include "base/owned.h"
#include "base/x509.h"
#include "bench/lab.h"
#include "pki/csr.h"

#include <stdio.h>
#include <stdlib.h>

static int read_keys(struct driver *d, enum bench_key key, struct err *e) {
    char *paths[BENCH_POOL_KEYS] = {0};
    int result = bench_pool_take(key, paths, BENCH_POOL_KEYS, e);
    for (size_t i = 0; i < BENCH_POOL_KEYS; i++) {
        if (result == 0 && (d->keys[i] = key_read_file(paths[i], e)) == NULL)
            result = -1;
        free(paths[i]);
    }
    return result;
}

struct driver *driver_new(enum bench_key key, struct err *e) {
    struct driver *d = calloc(1, sizeof *d);
    if (d == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    if (read_keys(d, key, e) == 0)
        return d;
    driver_free(d);
    return NULL;
}

X509_REQ *driver_request(const struct driver *d, size_t index, struct err *e) {
    EVP_PKEY *key = d->keys[index % BENCH_POOL_KEYS];
    char name[48];
    snprintf(name, sizeof name, "O=bench, CN=SEPBE%010zX", index);
    AUTO(X509_NAME) subject = x509_name_parse(name, e);
    if (subject == NULL)
        return NULL;
    const struct csr_template template = {.subject = subject, .key = key};
    return csr_sign(&template, key, e);
}

int drive_endpoint(const struct drive_target *target, const char *lab_name, uint16_t lab_port,
                   struct http_endpoint *out, char **host, struct err *e) {
    *out = (struct http_endpoint){.host = lab_name, .port = lab_port, .ca_file = target->trust};
    if (target->lab || target->name != NULL)
        out->via = target->address;
    if (target->lab)
        return 0;
    if (split_host_port(target->address, host, &out->port, e) != 0)
        return -1;
    out->host = target->name != NULL ? target->name : *host;
    return 0;
}

void driver_free(struct driver *d) {
    if (d == NULL)
        return;
    if (d->free_inside != NULL)
        d->free_inside(d);
    for (size_t i = 0; i < BENCH_POOL_KEYS; i++)
        EVP_PKEY_free(d->keys[i]);
    free(d);
}

const struct load_work *driver_work(const struct driver *d) {
    return &d->work;
}
