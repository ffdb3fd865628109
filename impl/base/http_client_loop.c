/* libcurl's multi handle on libevent: its sockets and its one timer. Never calls curl from inside a
 * callback of curl. */
#include "http_client_impl.h"

#include <stdlib.h>

/* Idle connections kept, and connections open at once: more transfers wait their turn. */
enum { CONNECTIONS_KEPT = 256, CONNECTIONS_MAX = 1024 };

struct socket_watch {
    struct http_client *client;
    struct event *event;
};

static void collect(struct http_client *c) {
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(c->multi, &left)) != NULL) {
        char *transfer = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        transfer_finish((struct transfer *)(void *)transfer, code);
    }
}

static void act(struct http_client *c, curl_socket_t fd, int what) {
    int running;
    curl_multi_socket_action(c->multi, fd, what, &running);
    collect(c);
}

static void on_socket(evutil_socket_t fd, short what, void *user) {
    int mask = ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
               ((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
    act(user, fd, mask);
}

static void on_timer(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    act(user, CURL_SOCKET_TIMEOUT, 0);
}

static int want_timer(CURLM *multi, long ms, void *user) {
    struct http_client *c = user;
    struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};
    (void)multi;
    if (ms < 0)
        evtimer_del(c->timer);
    else
        evtimer_add(c->timer, &wait);
    return 0;
}

static void watch_free(struct socket_watch *w) {
    if (w == NULL)
        return;
    if (w->event != NULL)
        event_free(w->event);
    free(w);
}

static struct socket_watch *watch_of(struct http_client *c, curl_socket_t fd, void *known) {
    struct socket_watch *w = known;
    if (w == NULL) {
        w = calloc(1, sizeof *w);
        if (w == NULL)
            return NULL;
        w->client = c;
        curl_multi_assign(c->multi, fd, w);
    }
    if (w->event != NULL)
        event_free(w->event);
    w->event = NULL;
    return w;
}

static int want_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known) {
    struct http_client *c = user;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        watch_free(known);
        curl_multi_assign(c->multi, fd, NULL);
        return 0;
    }
    struct socket_watch *w = watch_of(c, fd, known);
    if (w == NULL)
        return 0; /* the transfer's time-out ends it */
    short wanted = EV_PERSIST;
    if ((what & CURL_POLL_IN) != 0)
        wanted = (short)(wanted | EV_READ);
    if ((what & CURL_POLL_OUT) != 0)
        wanted = (short)(wanted | EV_WRITE);
    w->event = event_new(c->loop, fd, wanted, on_socket, c);
    if (w->event != NULL)
        event_add(w->event, NULL);
    return 0;
}

int client_loop_init(struct http_client *c, struct err *e) {
    c->timer = evtimer_new(c->loop, on_timer, c);
    c->multi = curl_multi_init();
    if (c->timer == NULL || c->multi == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, want_timer);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
    curl_multi_setopt(c->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)CONNECTIONS_MAX);
    return 0;
}

void client_loop_free(struct http_client *c) {
    if (c->multi != NULL)
        curl_multi_cleanup(c->multi);
    if (c->timer != NULL)
        event_free(c->timer);
}
