/* The check that CAPF and the RA give a certificate request: read in any shape, signed by its own
 * key, for the key that was shown before. */
#include "base/base64.h"
#include "base/owned.h"
#include "bench/drive_impl.h"
#include "bench/inside.h"
#include "pki/csr.h"

#include <stdlib.h>

struct csr_state {
    struct driver *driver;              /* its keys */
    struct buf der[BENCH_POOL_KEYS];    /* for the bare side */
    struct buf base64[BENCH_POOL_KEYS]; /* the same as a body of EST */
};

static int ours(void *user, size_t index, struct err *e) {
    const struct csr_state *s = user;
    size_t i = index % BENCH_POOL_KEYS;
    AUTO(X509_REQ) request = csr_read(buf_view(&s->base64[i]), NULL, e);
    if (request == NULL || csr_verify(request, e) != 0)
        return -1;
    return csr_match_key(request, s->driver->keys[i], e);
}

static int bare(void *user, size_t index, struct err *e) {
    const struct csr_state *s = user;
    const struct buf *der = &s->der[index % BENCH_POOL_KEYS];
    const unsigned char *at = der->data;
    AUTO(X509_REQ) request = d2i_X509_REQ(NULL, &at, (long)der->len);
    bool good = request != NULL && X509_REQ_verify(request, X509_REQ_get0_pubkey(request)) == 1;
    return good ? 0 : err_set(e, ERR_SYS_INTERNAL, "OpenSSL");
}

static void free_state(void *user) {
    struct csr_state *s = user;
    for (size_t i = 0; i < BENCH_POOL_KEYS; i++) {
        buf_free(&s->der[i]);
        buf_free(&s->base64[i]);
    }
    driver_free(s->driver);
    free(s);
}

static int make_request(struct csr_state *s, size_t i, struct err *e) {
    AUTO(X509_REQ) request = driver_request(s->driver, i, e);
    s->der[i] = (struct buf)BUF_INIT(CSR_MAX);
    s->base64[i] = (struct buf)BUF_INIT(2 * CSR_MAX);
    if (request == NULL || csr_put_der(request, &s->der[i], e) != 0)
        return -1;
    b64_encode(buf_view(&s->der[i]), B64_WRAP_64_LF, &s->base64[i]);
    return s->base64[i].failed ? err_set(e, ERR_SYS_NOMEM, NULL) : 0;
}

int inside_csr(const struct bench_options *o, struct inside_work *work, struct err *e) {
    struct csr_state *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    s->driver = driver_new(o->key, e);
    int made = s->driver == NULL ? -1 : 0;
    for (size_t i = 0; made == 0 && i < BENCH_POOL_KEYS; i++)
        made = make_request(s, i, e);
    if (made != 0) {
        free_state(s);
        return -1;
    }
    *work = (struct inside_work){.ours = ours, .bare = bare, .free = free_state, .state = s};
    return 0;
}
