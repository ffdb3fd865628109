/* What both drivers have in common. */
#include "bench/drive_impl.h"

#include "bench/lab.h"

#include <stdlib.h>

struct driver *driver_new(enum bench_key key, struct err *e) {
    struct driver *d = calloc(1, sizeof *d);
    if (d == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    if (bench_pool_take(key, d->keys, BENCH_POOL_KEYS, e) == 0)
        return d;
    driver_free(d);
    return NULL;
}

void driver_free(struct driver *d) {
    if (d == NULL)
        return;
    if (d->free_inside != NULL)
        d->free_inside(d);
    for (size_t i = 0; i < BENCH_POOL_KEYS; i++)
        free(d->keys[i]);
    free(d);
}

const struct load_work *driver_work(const struct driver *d) {
    return &d->work;
}
