/* libmicrohttpd in the event loop: its epoll descriptor and its timer. Must not spin: it runs when
 * the descriptor is ready, when its time came, or when a suspended request got its answer. */
#include "http_server_impl.h"

/* A run without effect may still change a state inside; three in a row do not. The look after the
 * rest is for time-outs, which libmicrohttpd hides behind its wish to run at once. */
enum { STILL_RUNS = 3, REST_MS = 1000, STARVED_US = 100 * 1000 };

/* At its limit libmicrohttpd stops listening, and starts again in the first run after a connection
 * ended; it does not ask for that run. */
static void schedule_room(struct http_server *s) {
    struct timeval now = {0};
    s->room = false;
    evtimer_add(s->timer, &now);
}

static void schedule(struct http_server *s) {
    MHD_UNSIGNED_LONG_LONG ms = 0;
    s->still = server_transport_moved(s) ? 0 : s->still + 1;
    if (MHD_get_timeout(s->daemon, &ms) != MHD_YES) {
        evtimer_del(s->timer);
        return;
    }
    if (ms == 0 && s->tls && s->still >= STILL_RUNS)
        ms = REST_MS;
    struct timeval wait = {.tv_sec = (time_t)(ms / 1000),
                           .tv_usec = (suseconds_t)(ms % 1000) * 1000};
    evtimer_add(s->timer, &wait);
}

/* Without a descriptor for a first connection libmicrohttpd would be called for it again and again:
 * nobody else is there, so the whole server rests. */
static void rest_starved(struct http_server *s) {
    const struct timeval rest = {.tv_usec = STARVED_US};
    s->starved = false;
    if (admission_open(s->admission) > 0) {
        schedule(s);
        return;
    }
    s->resting = true;
    event_del(s->readable);
    evtimer_add(s->timer, &rest);
}

static void on_ready(evutil_socket_t fd, short what, void *user) {
    struct http_server *s = user;
    (void)fd;
    (void)what;
    s->running = true;
    if (s->resting)
        event_add(s->readable, NULL);
    s->resting = false;
    MHD_run(s->daemon);
    s->running = false;
    server_hangup_pass(s);
    if (s->starved)
        rest_starved(s);
    else if (s->room)
        schedule_room(s);
    else
        schedule(s);
}

int server_loop_init(struct http_server *s, struct err *e) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL)
        return err_set(e, ERR_SYS_INTERNAL, "libmicrohttpd: no epoll descriptor");
    s->readable = event_new(s->loop, info->epoll_fd, EV_READ | EV_PERSIST, on_ready, s);
    s->timer = evtimer_new(s->loop, on_ready, s);
    if (s->readable == NULL || s->timer == NULL || event_add(s->readable, NULL) != 0)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    schedule(s);
    return 0;
}

void server_loop_free(struct http_server *s) {
    if (s->readable != NULL)
        event_free(s->readable);
    if (s->timer != NULL)
        event_free(s->timer);
    s->readable = NULL;
    s->timer = NULL;
}

/* A timer, not an active event: other descriptors get their turn first. */
void server_loop_kick(struct http_server *s) {
    struct timeval now = {0};
    if (!s->running && s->timer != NULL)
        evtimer_add(s->timer, &now);
}
