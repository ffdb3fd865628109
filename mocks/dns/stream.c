/* Connections of clients that came again over TCP. A client may send bytes at any pace, send
 * nothing, or never read: each connection holds little, and ends after a while of nothing. */
#include "mocks/dns/stream.h"
#include "base/clock.h"
#include "base/owned.h"
#include "base/process.h"
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <string.h>
#include <sys/queue.h>

enum { CONNECTIONS_MAX = 64, PREFIX = 2, UNREAD_MAX = 256 * 1024, BREATH_US = 100 * 1000 };

static const int64_t IDLE_US = INT64_C(30) * 1000000;

struct connection {
    LIST_ENTRY(connection) link;
    struct dns_stream *stream;
    struct bufferevent *io;
    char peer[SOCKADDR_TEXT_MAX];
    struct timer *delay;
    struct buf held; /* an answer that is to be sent later; nothing is read meanwhile */
    bool holding;
    bool ended; /* the client sends no more: close when all is written */
};
LIST_HEAD(connection_list, connection);

struct dns_stream {
    struct event_base *loop;
    const struct responder *responder;
    struct evconnlistener *listener;
    struct connection_list connections;
    size_t count;
    struct timer *breath; /* until connections are accepted again */
};

static void connection_free(struct connection *c) {
    LIST_REMOVE(c, link);
    c->stream->count--;
    if (c->io != NULL)
        bufferevent_free(c->io);
    timer_free(c->delay);
    buf_free(&c->held);
    free(c);
}

static size_t unsent(const struct connection *c) {
    return evbuffer_get_length(bufferevent_get_output(c->io));
}

static void send_answer(struct connection *c, struct bytes message) {
    const uint8_t prefix[PREFIX] = {(uint8_t)(message.len >> 8), (uint8_t)message.len};
    bufferevent_write(c->io, prefix, sizeof prefix);
    bufferevent_write(c->io, message.data, message.len);
}

static void hold(struct connection *c, struct bytes message, int64_t delay_us) {
    buf_reset(&c->held);
    buf_put_bytes(&c->held, message);
    c->holding = true;
    bufferevent_disable(c->io, EV_READ);
    timer_start(c->delay, delay_us);
}

static void take_message(struct connection *c, struct bytes message) {
    AUTO_BUF answer = BUF_INIT(DNS_MESSAGE_MAX);
    int64_t delay_us = 0;
    if (!responder_answer(c->stream->responder, message, DNS_TCP, c->peer, &answer, &delay_us))
        return;
    if (delay_us > 0)
        hold(c, buf_view(&answer), delay_us);
    else
        send_answer(c, buf_view(&answer));
}

/* Takes one message from the input, if a whole one is there. */
static bool take_next(struct connection *c) {
    struct evbuffer *input = bufferevent_get_input(c->io);
    uint8_t prefix[PREFIX];
    if (c->holding || unsent(c) > UNREAD_MAX ||
        evbuffer_copyout(input, prefix, sizeof prefix) != PREFIX)
        return false;
    size_t len = (size_t)prefix[0] << 8 | prefix[1];
    if (evbuffer_get_length(input) < PREFIX + len)
        return false;
    const uint8_t *octets = evbuffer_pullup(input, (ev_ssize_t)(PREFIX + len));
    if (octets == NULL)
        return false;
    take_message(c, bytes_of(octets + PREFIX, len));
    evbuffer_drain(input, PREFIX + len);
    return true;
}

/* May free c. */
static void go_on(struct connection *c) {
    while (take_next(c))
        ;
    if (unsent(c) > UNREAD_MAX || (c->ended && !c->holding && unsent(c) == 0))
        connection_free(c);
}

static void on_readable(struct bufferevent *io, void *user) {
    (void)io;
    go_on(user);
}

static void on_written(struct bufferevent *io, void *user) {
    (void)io;
    go_on(user);
}

static void on_delay(void *user) {
    struct connection *c = user;
    c->holding = false;
    send_answer(c, buf_view(&c->held));
    if (!c->ended)
        bufferevent_enable(c->io, EV_READ);
    go_on(c);
}

static void on_end(struct bufferevent *io, short what, void *user) {
    struct connection *c = user;
    (void)io;
    c->ended = true;
    if ((what & BEV_EVENT_EOF) == 0)
        connection_free(c);
    else
        go_on(c);
}

static bool connection_set_up(struct connection *c, evutil_socket_t fd) {
    const struct timeval idle = clock_real_timeval(IDLE_US);
    c->delay = timer_new(c->stream->loop, on_delay, c);
    c->io = bufferevent_socket_new(c->stream->loop, fd, BEV_OPT_CLOSE_ON_FREE);
    if (c->io == NULL) {
        close(fd);
        return false;
    }
    bufferevent_setcb(c->io, on_readable, on_written, on_end, c);
    bufferevent_setwatermark(c->io, EV_READ, 0, PREFIX + DNS_MESSAGE_MAX);
    bufferevent_set_timeouts(c->io, &idle, &idle);
    return c->delay != NULL && bufferevent_enable(c->io, EV_READ | EV_WRITE) == 0;
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd,
                          struct sockaddr *from, int from_len, void *user) {
    struct dns_stream *s = user;
    (void)listener;
    (void)from_len;
    struct connection *c = s->count < CONNECTIONS_MAX ? calloc(1, sizeof *c) : NULL;
    if (c == NULL) {
        close(fd);
        return;
    }
    c->stream = s;
    c->held = (struct buf)BUF_INIT(DNS_MESSAGE_MAX);
    LIST_INSERT_HEAD(&s->connections, c, link);
    s->count++;
    sockaddr_text(from, c->peer);
    if (!connection_set_up(c, fd))
        connection_free(c);
}

static void stream_free(struct dns_stream *s) {
    if (s == NULL)
        return;
    if (s->listener != NULL)
        evconnlistener_free(s->listener);
    timer_free(s->breath);
    free(s);
}

static void on_breath(void *user) {
    const struct dns_stream *s = user;
    evconnlistener_enable(s->listener);
}

/* Out of descriptors: those who wait are asked for again a little later. */
static void on_accept_error(struct evconnlistener *listener, void *user) {
    const struct dns_stream *s = user;
    evconnlistener_disable(listener);
    timer_start(s->breath, BREATH_US);
}

struct dns_stream *dns_stream_new(struct event_base *loop, int fd,
                                  const struct responder *responder, struct err *e) {
    struct dns_stream *s = calloc(1, sizeof *s);
    if (s == NULL)
        close(fd);
    else
        s->listener = listener_new(loop, fd, on_connection, s);
    if (s != NULL)
        s->breath = timer_new(loop, on_breath, s);
    if (s == NULL || s->listener == NULL || s->breath == NULL) {
        stream_free(s);
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    evconnlistener_set_error_cb(s->listener, on_accept_error);
    s->loop = loop;
    s->responder = responder;
    LIST_INIT(&s->connections);
    return s;
}

void dns_stream_free(struct dns_stream *s) {
    if (s == NULL)
        return;
    while (!LIST_EMPTY(&s->connections))
        connection_free(LIST_FIRST(&s->connections));
    stream_free(s);
}
