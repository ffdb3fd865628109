/* Datagrams in, datagrams out. It must never wait in a send, nor let one flood of packets keep the
 * loop from its other work. */
#include "base/datagram.h"
#include "base/owned.h"
#include "base/process.h"
#include <string.h>
#include <sys/queue.h>

enum { PACKETS_A_TURN = 64, WAITING_MAX = 1024, PACKET_MAX = 65536 };

/* An answer that is to be sent later. */
struct waiting {
    LIST_ENTRY(waiting) link;
    struct datagram_server *server;
    struct timer *timer;
    struct datagram_peer to;
    size_t len;
    uint8_t packet[];
};
LIST_HEAD(waiting_list, waiting);

struct datagram_server {
    struct event_base *loop;
    int fd;
    char *address;
    struct event *readable;
    datagram_fn *fn;
    void *user;
    struct waiting_list waiting;
    size_t waiting_count;
    uint8_t packet[PACKET_MAX];
};

static void on_readable(evutil_socket_t fd, short what, void *user) {
    struct datagram_server *s = user;
    (void)what;
    for (int i = 0; i < PACKETS_A_TURN; i++) {
        struct datagram_peer from = {.len = sizeof from.address};
        ssize_t n = recvfrom(fd, s->packet, sizeof s->packet, 0, (struct sockaddr *)&from.address,
                             &from.len);
        if (n < 0)
            return;
        s->fn(s->user, bytes_of(s->packet, (size_t)n), &from);
    }
}

static int start(struct datagram_server *s, const char *where, struct err *e) {
    s->fd = listen_udp(where, &s->address, e);
    if (s->fd < 0)
        return -1;
    s->readable = event_new(s->loop, s->fd, EV_READ | EV_PERSIST, on_readable, s);
    if (s->readable == NULL || event_add(s->readable, NULL) != 0)
        return err_set(e, ERR_SYS_NOMEM, "%s", where);
    return 0;
}

struct datagram_server *datagram_server_new(struct event_base *loop, const char *where,
                                            datagram_fn *fn, void *user, struct err *e) {
    struct datagram_server *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(e, ERR_SYS_NOMEM, "%s", where);
        return NULL;
    }
    s->loop = loop;
    s->fn = fn;
    s->user = user;
    LIST_INIT(&s->waiting);
    if (start(s, where, e) == 0)
        return s;
    datagram_server_free(s);
    return NULL;
}

static void waiting_free(struct waiting *w) {
    LIST_REMOVE(w, link);
    w->server->waiting_count--;
    timer_free(w->timer);
    free(w);
}

void datagram_server_free(struct datagram_server *s) {
    if (s == NULL)
        return;
    while (!LIST_EMPTY(&s->waiting))
        waiting_free(LIST_FIRST(&s->waiting));
    if (s->readable != NULL)
        event_free(s->readable);
    if (s->fd >= 0)
        close(s->fd);
    free(s->address);
    free(s);
}

const char *datagram_server_address(const struct datagram_server *s) {
    return s->address;
}

static void send_now(const struct datagram_server *s, const struct datagram_peer *to,
                     struct bytes packet) {
    ssize_t sent =
        sendto(s->fd, packet.data, packet.len, 0, (const struct sockaddr *)&to->address, to->len);
    (void)sent; /* lost, as datagrams may be */
}

static void on_due(void *user) {
    struct waiting *w = user;
    send_now(w->server, &w->to, bytes_of(w->packet, w->len));
    waiting_free(w);
}

static void send_later(struct datagram_server *s, const struct datagram_peer *to,
                       struct bytes packet, int64_t after_us) {
    struct waiting *w = s->waiting_count < WAITING_MAX ? calloc(1, sizeof *w + packet.len) : NULL;
    if (w == NULL)
        return;
    w->server = s;
    w->to = *to;
    w->len = packet.len;
    memcpy(w->packet, packet.data, packet.len);
    w->timer = timer_new(s->loop, on_due, w);
    if (w->timer == NULL) {
        free(w);
        return;
    }
    LIST_INSERT_HEAD(&s->waiting, w, link);
    s->waiting_count++;
    timer_start(w->timer, after_us);
}

void datagram_send(struct datagram_server *s, const struct datagram_peer *to, struct bytes packet,
                   int64_t after_us) {
    if (after_us > 0)
        send_later(s, to, packet, after_us);
    else
        send_now(s, to, packet);
}
