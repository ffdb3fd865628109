/* One tick drives them all: it starts new ones, lets slow ones send a byte, resets, and closes
 * those that nobody ended. */
#include "bench/chaos_peers.h"

#include "base/clock.h"
#include "base/owned.h"
#include "base/process.h"
#include "base/tls.h"
#include "base/tls_stream.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

enum { TICK_US = 20000, STARTS_A_TICK = 2, RESET_TICKS = 10, GARBAGE_MAX = 2000 };

struct peer {
    LIST_ENTRY(peer) link;
    struct chaos_peers *all;
    struct chaos_peer_plan plan;
    struct bufferevent *stream;
    int64_t begun_us;
    size_t sent;
    unsigned ticks; /* since it may speak */
    bool up, over, burst;
};
LIST_HEAD(peer_list, peer);

struct chaos_peers {
    struct chaos_peers_setup setup;
    struct chaos_random random;
    SSL_CTX *tls;
    struct event *tick;
    struct peer_list peers;
    size_t open;
    struct chaos_peers_count counts[CHAOS_BEHAVIOURS];
    char overstayed[96];
};

static const char *const target_words[] = {
#define X(id) #id,
    CHAOS_TARGET_TABLE(X)
#undef X
};

/* What a slow peer sends, again and again: the start of a message of 16 KiB. */
static const uint8_t hello[] = {0x16, 3, 1, 0x3f, 0xff, 1, 0, 0x3f, 0xfb, 3, 3};
static const uint8_t frame[] = {0x55, 2, 0, 0, 0, 1, 0x3f, 0xff};
static const char post[] = "POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: ra\r\n"
                           "Content-Length: 60000\r\n\r\n";

static struct bytes message_of(const struct peer *p) {
    if (!p->plan.tls)
        return bytes_of(hello, sizeof hello);
    return p->plan.target == CHAOS_AT_CAPF ? bytes_of(frame, sizeof frame) : bytes_of_str(post);
}

static void peer_free(struct peer *p) {
    LIST_REMOVE(p, link);
    p->all->open--;
    bufferevent_free(p->stream);
    free(p);
}

static void send_part(struct peer *p, size_t len) {
    static const uint8_t filling = 'x';
    struct bytes m = message_of(p);
    for (; len > 0; len--, p->sent++)
        bufferevent_write(p->stream, p->sent < m.len ? &m.data[p->sent] : &filling, 1);
}

static void send_garbage(struct peer *p) {
    uint8_t octets[GARBAGE_MAX];
    size_t len = 1 + chaos_below(&p->all->random, GARBAGE_MAX);
    for (size_t i = 0; i < len; i++)
        octets[i] = (uint8_t)chaos_below(&p->all->random, 256);
    bufferevent_write(p->stream, octets, len);
}

/* The kernel sends a reset when what is closed must not linger. */
static void reset(struct peer *p) {
    const struct linger none = {.l_onoff = 1, .l_linger = 0};
    setsockopt(bufferevent_getfd(p->stream), SOL_SOCKET, SO_LINGER, &none, sizeof none);
    p->over = true;
}

static void begin(struct peer *p) {
    p->up = true;
    if (p->plan.behaviour == CHAOS_GARBAGE)
        send_garbage(p);
    else if (p->plan.behaviour == CHAOS_HALF_OPEN || p->plan.behaviour == CHAOS_RESET)
        send_part(p, message_of(p).len / 2);
}

static void on_read(struct bufferevent *stream, void *user) {
    struct evbuffer *input = bufferevent_get_input(stream);
    (void)user;
    evbuffer_drain(input, evbuffer_get_length(input));
}

static void on_event(struct bufferevent *stream, short what, void *user) {
    struct peer *p = user;
    (void)stream;
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        begin(p);
        return;
    }
    struct chaos_peers_count *count = &p->all->counts[p->plan.behaviour];
    if (!p->up && !p->burst)
        count->unconnected++;
    else
        count->ended++;
    peer_free(p);
}

/* The end of its side, once what it had to say is out. */
static void half_close(struct peer *p) {
    if (p->ticks == 2)
        shutdown(bufferevent_getfd(p->stream), SHUT_WR);
}

static void act(struct peer *p) {
    if (!p->up)
        return;
    p->ticks++;
    if (p->plan.behaviour == CHAOS_SLOW)
        send_part(p, 1);
    else if (p->plan.behaviour == CHAOS_HALF_OPEN)
        half_close(p);
    else if (p->plan.behaviour == CHAOS_RESET && p->ticks >= RESET_TICKS)
        reset(p);
}

static void note_overstay(struct peer *p) {
    struct chaos_peers *all = p->all;
    all->counts[p->plan.behaviour].overstayed++;
    p->over = true;
    if (all->overstayed[0] == '\0')
        snprintf(all->overstayed, sizeof all->overstayed, "%s peer of %s %s",
                 chaos_behaviour_word(p->plan.behaviour), target_words[p->plan.target],
                 p->plan.tls ? "behind TLS" : "without TLS");
}

/* A socket of the hostile address; -1 without one. */
static int hostile_socket(void) {
    struct sockaddr_in from = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    inet_pton(AF_INET, "127.0.0.2", &from.sin_addr);
    if (fd < 0 || bind(fd, (const struct sockaddr *)(const void *)&from, sizeof from) == 0)
        return fd;
    close(fd);
    return -1;
}

static struct bufferevent *stream_of(struct chaos_peers *all, bool tls) {
    int fd = hostile_socket();
    SSL *ssl = fd >= 0 && tls ? SSL_new(all->tls) : NULL;
    struct bufferevent *stream = NULL;
    if (ssl != NULL)
        stream = tls_stream_new(all->setup.loop, fd, ssl, BUFFEREVENT_SSL_CONNECTING, 0, NULL);
    else if (fd >= 0 && !tls)
        stream = bufferevent_socket_new(all->setup.loop, fd, BEV_OPT_CLOSE_ON_FREE);
    if (stream == NULL && fd >= 0)
        close(fd);
    return stream;
}

static void connect_peer(struct peer *p) {
    AUTO(char) host = NULL;
    uint16_t port = 0;
    const char *target = p->all->setup.targets[p->plan.target];
    if (split_host_port(target, &host, &port, NULL) != 0 ||
        tls_stream_connect(p->stream, host, port, NULL) != 0)
        p->over = true;
}

static void start_peer(struct chaos_peers *all, struct chaos_peer_plan plan, bool burst) {
    struct peer *p = calloc(1, sizeof *p);
    struct bufferevent *stream = p == NULL ? NULL : stream_of(all, plan.tls);
    if (stream == NULL) {
        free(p);
        return;
    }
    *p = (struct peer){.all = all,
                       .plan = plan,
                       .stream = stream,
                       .begun_us = clock_real_mono_us(),
                       .burst = burst};
    LIST_INSERT_HEAD(&all->peers, p, link);
    all->open++;
    all->counts[plan.behaviour].begun++;
    bufferevent_setcb(stream, on_read, NULL, on_event, p);
    bufferevent_enable(stream, EV_READ | EV_WRITE);
    connect_peer(p);
}

void chaos_peers_burst(struct chaos_peers *all, enum chaos_target target, size_t count) {
    const struct chaos_peer_plan plan = {CHAOS_SILENT, target, false};
    for (size_t i = 0; i < count; i++)
        start_peer(all, plan, true);
}

static void look_at_all(struct chaos_peers *all) {
    struct peer *later;
    int64_t now = clock_real_mono_us();
    for (struct peer *p = LIST_FIRST(&all->peers); p != NULL; p = later) {
        later = LIST_NEXT(p, link);
        if (!p->over)
            act(p);
        if (!p->over && now - p->begun_us > all->setup.patience_us)
            note_overstay(p);
        if (p->over)
            peer_free(p);
    }
}

static void on_tick(evutil_socket_t fd, short what, void *user) {
    struct chaos_peers *all = user;
    (void)fd;
    (void)what;
    look_at_all(all);
    for (unsigned i = 0; i < STARTS_A_TICK && all->open < all->setup.concurrency; i++)
        start_peer(all, chaos_next_peer(&all->random), false);
}

struct chaos_peers *chaos_peers_new(const struct chaos_peers_setup *setup, struct err *e) {
    const struct timeval tick = {.tv_usec = TICK_US};
    struct chaos_peers *all = calloc(1, sizeof *all);
    if (all == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    all->setup = *setup;
    all->random = chaos_random_new(setup->seed, "peers");
    LIST_INIT(&all->peers);
    all->tls = tls_client_context_unverified(false, e);
    all->tick = event_new(setup->loop, -1, EV_PERSIST, on_tick, all);
    if (all->tls != NULL && all->tick != NULL && event_add(all->tick, &tick) == 0)
        return all;
    chaos_peers_free(all);
    return NULL;
}

void chaos_peers_stop(struct chaos_peers *all) {
    event_del(all->tick);
    while (!LIST_EMPTY(&all->peers))
        peer_free(LIST_FIRST(&all->peers));
}

void chaos_peers_free(struct chaos_peers *all) {
    if (all == NULL)
        return;
    if (all->tick != NULL) {
        chaos_peers_stop(all);
        event_free(all->tick);
    }
    SSL_CTX_free(all->tls);
    free(all);
}

const struct chaos_peers_count *chaos_peers_count(const struct chaos_peers *all,
                                                  enum chaos_behaviour behaviour) {
    return &all->counts[behaviour];
}

const char *chaos_peers_overstayed(const struct chaos_peers *all) {
    return all->overstayed;
}
