/* The connections of phones that wait. So many are made at the same time as a listening socket
 * queues without loss; none of them reads more than the two messages it expects. */
#include "bench/waiting.h"

#include "base/tls.h"
#include "base/tls_stream.h"
#include "bench/lab.h"
#include "bench/progress.h"
#include "capf/wire.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTING_MAX = 64, NAME_MAX_LEN = 32, PROGRESS_EVERY = 100 };

struct waiter {
    struct waiting *all;
    struct bufferevent *stream;
    char name[NAME_MAX_LEN];
    bool asked; /* for its key */
};

struct waiting {
    struct event_base *loop;
    SSL_CTX *tls;
    struct waiter *waiters;
    const struct waiting_options *options;
    char *host;
    uint16_t port;
    size_t started, settled, disturbed;
    bool settling; /* waiting_new has not returned yet */
    struct err failure;
};

static void show_progress(const struct waiting *w) {
    if (w->options->progress != NULL)
        progress_show("%s: %zu of %zu", w->options->progress, w->settled, w->options->count);
}

/* A phone that is called upon later is only counted. */
static void give_up(struct waiter *one, const struct err *why) {
    struct waiting *w = one->all;
    bufferevent_disable(one->stream, EV_READ | EV_WRITE);
    w->disturbed++;
    if (!w->settling)
        return;
    w->failure = *why;
    err_context(&w->failure, "%s", one->name);
    event_base_loopbreak(w->loop);
}

static int send_name(struct waiter *one, const struct capf_message *asked, struct err *e) {
    AUTO_BUF frame = BUF_INIT(CAPF_FRAME_MAX);
    struct capf_message reply = {.type = CAPF_MSG_AUTH_RES,
                                 .session_id = asked->session_id,
                                 .reason = CAPF_NUMBER(CAPF_REASON_OK),
                                 .version = CAPF_NUMBER(CAPF_VERSION_MAX),
                                 .device_name = CAPF_OCTETS(bytes_of_str(one->name)),
                                 .password = CAPF_OCTETS(bytes_of_str(""))};
    if (capf_message_write(&reply, &frame, e) != 0)
        return -1;
    return bufferevent_write(one->stream, frame.data, frame.len) == 0
               ? 0
               : err_set(e, ERR_SYS_NOMEM, "AUTH_RES");
}

static int start_more(struct waiting *w, struct err *e);

static int settle(struct waiter *one, struct err *e) {
    struct waiting *w = one->all;
    one->asked = true;
    if (++w->settled % PROGRESS_EVERY == 0)
        show_progress(w);
    if (w->settled == w->options->count)
        event_base_loopbreak(w->loop);
    return start_more(w, e);
}

static int take_message(struct waiter *one, const struct capf_message *m, struct err *e) {
    if (m->type == CAPF_MSG_AUTH_REQ)
        return send_name(one, m, e);
    if (m->type == CAPF_MSG_KEY_GEN_REQ && !one->asked)
        return settle(one, e);
    return err_set(e, ERR_CAPF_REFUSED, "CAPF sent %s", capf_message_log_name(m->type));
}

/* 1 a frame was taken, 0 there is none yet, -1 with e set. */
static int take_frame(struct waiter *one, struct err *e) {
    struct evbuffer *in = bufferevent_get_input(one->stream);
    struct capf_message m;
    size_t need = 0, len = evbuffer_get_length(in);
    uint8_t *data = len == 0 ? NULL : evbuffer_pullup(in, -1);
    if (data == NULL)
        return 0;
    if (capf_frame_length(bytes_of(data, len), &need, e) != 0)
        return -1;
    if (len < need)
        return 0;
    if (capf_message_parse(bytes_of(data, need), &m, e) != 0 || take_message(one, &m, e) != 0)
        return -1;
    evbuffer_drain(in, need);
    return 1;
}

static void on_read(struct bufferevent *stream, void *user) {
    struct waiter *one = user;
    struct err e = {0};
    int taken;
    (void)stream;
    while ((taken = take_frame(one, &e)) == 1)
        ;
    if (taken < 0)
        give_up(one, &e);
}

static void on_event(struct bufferevent *stream, short what, void *user) {
    struct waiter *one = user;
    struct err e = {0};
    int number = EVUTIL_SOCKET_ERROR();
    if ((what & BEV_EVENT_CONNECTED) != 0)
        return;
    tls_stream_failure(stream, what, number, one->all->options->address, &e);
    give_up(one, &e);
}

static int connect_one(struct waiting *w, struct waiter *one, struct err *e) {
    SSL *ssl = SSL_new(w->tls);
    if (ssl == NULL)
        return err_openssl(e, ERR_TLS_CONFIG, "no TLS session");
    one->stream = tls_stream_new(w->loop, -1, ssl, BUFFEREVENT_SSL_CONNECTING, 0, e);
    if (one->stream == NULL)
        return -1;
    bufferevent_setcb(one->stream, on_read, NULL, on_event, one);
    bufferevent_enable(one->stream, EV_READ | EV_WRITE);
    return tls_stream_connect(one->stream, w->host, w->port, e);
}

static int start_more(struct waiting *w, struct err *e) {
    const struct waiting_options *o = w->options;
    while (w->started < o->count && w->started - w->settled < CONNECTING_MAX) {
        struct waiter *one = &w->waiters[w->started];
        one->all = w;
        snprintf(one->name, sizeof one->name, BENCH_DEVICE_FORMAT, o->first + w->started);
        w->started++;
        if (connect_one(w, one, e) != 0)
            return -1;
    }
    return 0;
}

static int open_waiting(struct waiting *w, struct process *process, struct err *e) {
    w->loop = process_loop(process);
    w->waiters = calloc(w->options->count, sizeof *w->waiters);
    if (w->waiters == NULL)
        return err_set(e, ERR_SYS_NOMEM, "waiting phones");
    w->tls = tls_client_context_unverified(false, e);
    if (w->tls == NULL || split_host_port(w->options->address, &w->host, &w->port, e) != 0)
        return -1;
    w->settling = true;
    if (start_more(w, e) != 0)
        return -1;
    event_base_loop(w->loop, EVLOOP_NO_EXIT_ON_EMPTY);
    w->settling = false;
    if (w->failure.code != ERR_OK)
        *e = w->failure;
    else if (w->settled < w->options->count)
        err_set(e, ERR_SYS_CANCELLED, "interrupted");
    return w->settled < w->options->count ? -1 : 0;
}

struct waiting *waiting_new(struct process *process, const struct waiting_options *options,
                            struct err *e) {
    struct waiting *w = calloc(1, sizeof *w);
    if (w == NULL) {
        err_set(e, ERR_SYS_NOMEM, "waiting phones");
        return NULL;
    }
    w->options = options;
    if (open_waiting(w, process, e) == 0)
        return w;
    waiting_free(w);
    return NULL;
}

void waiting_free(struct waiting *w) {
    if (w == NULL)
        return;
    for (size_t i = 0; w->waiters != NULL && i < w->options->count; i++)
        if (w->waiters[i].stream != NULL)
            bufferevent_free(w->waiters[i].stream);
    free(w->waiters);
    free(w->host);
    SSL_CTX_free(w->tls);
    free(w);
}

size_t waiting_disturbed(const struct waiting *w) {
    return w->disturbed;
}
