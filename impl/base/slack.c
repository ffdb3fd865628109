/* Watches the number of peers and calls for memory to be given back. Must not run periodically: the
 * one timer is pending only behind a crowd that has just gone. */
#include "base/slack.h"

#include <malloc.h>
#include <stdlib.h>

struct slack {
    void (*fn)(void *user);
    void *user;
    struct event *timer;
    size_t most; /* since memory was given back last */
};

static const struct timeval settled = {.tv_sec = 1};

static void on_time(evutil_socket_t fd, short what, void *user) {
    struct slack *s = user;
    (void)fd;
    (void)what;
    if (s->fn != NULL)
        s->fn(s->user);
    else
        malloc_trim(0);
}

struct slack *slack_new(struct event_base *loop, void (*fn)(void *user), void *user) {
    struct slack *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    *s = (struct slack){.fn = fn, .user = user, .timer = evtimer_new(loop, on_time, s)};
    if (s->timer != NULL)
        return s;
    free(s);
    return NULL;
}

void slack_free(struct slack *s) {
    if (s == NULL)
        return;
    event_free(s->timer);
    free(s);
}

void slack_note(struct slack *s, size_t peers) {
    if (peers > s->most)
        s->most = peers;
    if (s->most < SLACK_CROWD || peers > s->most / 4)
        return;
    s->most = peers;
    evtimer_add(s->timer, &settled);
}
