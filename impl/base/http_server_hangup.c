/* Peers that end their side of a connection. libmicrohttpd 0.9.75 watches its sockets
 * edge-triggered and takes a short read for the end of what there is: an end of stream that arrived
 * together with the last bytes is never seen, and the connection would stay until its idle
 * time-out. So the end is watched for here, and passed on once everything before it was read:
 * shutting down the reading side makes the kernel report the socket once more. Nothing is read
 * here. */
#include "http_server_impl.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_MAX = 64 };

void server_hangup_pass(struct http_server *s) {
    struct http_connection *next;
    for (struct http_connection *c = LIST_FIRST(&s->hangups); c != NULL; c = next) {
        char byte;
        next = LIST_NEXT(c, hangup);
        if (recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
            continue;
        c->hung_up = false;
        LIST_REMOVE(c, hangup);
        shutdown(c->fd, SHUT_RD);
    }
}

/* Nothing will wake the connection of a request that is held: it is not read from. */
static void end_held(struct http_connection *c) {
    struct http_request *r = c->request;
    if (r != NULL && r->held && r->suspended)
        http_hang_up(r);
}

static void on_hangup(evutil_socket_t fd, short what, void *user) {
    struct http_server *s = user;
    struct epoll_event events[EVENTS_MAX];
    (void)what;
    int count = epoll_wait(fd, events, EVENTS_MAX, 0);
    for (int i = 0; i < count; i++) {
        struct http_connection *c = events[i].data.ptr;
        c->hung_up = true;
        LIST_INSERT_HEAD(&s->hangups, c, hangup);
        end_held(c);
    }
    server_hangup_pass(s);
}

int server_hangup_init(struct http_server *s, struct err *e) {
    s->hangup_fd = epoll_create1(EPOLL_CLOEXEC);
    if (s->hangup_fd < 0)
        return err_errno(e, "epoll");
    s->hangup = event_new(s->loop, s->hangup_fd, EV_READ | EV_PERSIST, on_hangup, s);
    if (s->hangup == NULL || event_add(s->hangup, NULL) != 0)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    return 0;
}

void server_hangup_free(struct http_server *s) {
    if (s->hangup != NULL)
        event_free(s->hangup);
    if (s->hangup_fd >= 0)
        close(s->hangup_fd);
}

/* One report is enough: the end of a stream stays. */
void server_hangup_watch(struct http_server *s, struct http_connection *c) {
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = c};
    epoll_ctl(s->hangup_fd, EPOLL_CTL_ADD, c->fd, &event);
}

void server_hangup_forget(struct http_server *s, struct http_connection *c) {
    epoll_ctl(s->hangup_fd, EPOLL_CTL_DEL, c->fd, NULL);
    if (c->hung_up)
        LIST_REMOVE(c, hangup);
}
