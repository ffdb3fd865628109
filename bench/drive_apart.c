/* Requests that need no certsrv, by turns: /cacerts from the RA over a connection of its own, and a
 * CAPF session up to CAPF's first message. They show whether a silent certsrv holds up anybody
 * else. */
#include "base/tls.h"
#include "base/tls_stream.h"
#include "bench/drive_impl.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>

static const char cacerts[] = "GET /.well-known/est/cacerts HTTP/1.1\r\n"
                              "Host: ra.michamen.com\r\nConnection: close\r\n\r\n";

struct place {
    char *host;
    uint16_t port;
};

struct apart {
    struct event_base *loop;
    SSL_CTX *tls;
    struct place capf, ra;
};

struct exchange {
    struct load_job *job;
    struct bufferevent *stream;
    bool over;
};

static void end(struct exchange *x, const char *error) {
    if (x->over)
        return;
    x->over = true;
    bufferevent_disable(x->stream, EV_READ | EV_WRITE);
    load_job_done(x->job, error);
}

static void on_read(struct bufferevent *stream, void *user) {
    (void)stream;
    end(user, NULL);
}

static void on_event(struct bufferevent *stream, short what, void *user) {
    struct err e = {0};
    int number = EVUTIL_SOCKET_ERROR();
    if ((what & BEV_EVENT_CONNECTED) != 0)
        return;
    tls_stream_failure(stream, what, number, "server", &e);
    end(user, err_name(e.code));
}

static int connect_to(const struct apart *a, struct exchange *x, const struct place *place,
                      struct err *e) {
    SSL *ssl = SSL_new(a->tls);
    if (ssl == NULL)
        return err_openssl(e, ERR_TLS_CONFIG, "no TLS session");
    x->stream = tls_stream_new(a->loop, -1, ssl, BUFFEREVENT_SSL_CONNECTING, 0, e);
    if (x->stream == NULL)
        return -1;
    bufferevent_setcb(x->stream, on_read, NULL, on_event, x);
    bufferevent_enable(x->stream, EV_READ | EV_WRITE);
    return tls_stream_connect(x->stream, place->host, place->port, e);
}

static int begin(struct apart *a, struct exchange *x, size_t index, struct err *e) {
    bool ra = index % 2 == 0;
    if (connect_to(a, x, ra ? &a->ra : &a->capf, e) != 0)
        return -1;
    if (ra && bufferevent_write(x->stream, cacerts, sizeof cacerts - 1) != 0)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    return 0;
}

static void free_exchange(struct exchange *x) {
    if (x->stream != NULL)
        bufferevent_free(x->stream);
    free(x);
}

static int start(void *user, struct load_job *job, size_t index, struct err *e) {
    struct exchange *x = calloc(1, sizeof *x);
    if (x == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    x->job = job;
    if (begin(user, x, index, e) == 0) {
        job->state = x;
        return 0;
    }
    free_exchange(x);
    return -1;
}

static void release(void *user, struct load_job *job) {
    (void)user;
    free_exchange(job->state);
}

static void free_apart(struct driver *d) {
    struct apart *a = d->inside;
    SSL_CTX_free(a->tls);
    free(a->capf.host);
    free(a->ra.host);
    free(a);
}

static int prepare(struct apart *a, const char *capf, const char *ra, struct err *e) {
    a->tls = tls_client_context_unverified(false, e);
    if (a->tls == NULL)
        return -1;
    return split_host_port(capf, &a->capf.host, &a->capf.port, e) != 0
               ? -1
               : split_host_port(ra, &a->ra.host, &a->ra.port, e);
}

struct driver *drive_apart(struct process *process, const struct bench_options *o, const char *capf,
                           const char *ra, struct err *e) {
    struct driver *d = driver_new(o->key, e);
    struct apart *a = d == NULL ? NULL : calloc(1, sizeof *a);
    if (a == NULL) {
        driver_free(d);
        return NULL;
    }
    a->loop = process_loop(process);
    d->inside = a;
    d->free_inside = free_apart;
    d->work = (struct load_work){start, release, a};
    if (prepare(a, capf, ra, e) == 0)
        return d;
    driver_free(d);
    return NULL;
}
