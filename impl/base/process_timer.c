/* One-shot timers that run in component time: a clock with a rate makes them fire earlier or later
 * in real time. */
#include "base/clock.h"
#include "base/process.h"
#include <stdlib.h>

struct timer {
    struct event *event;
    timer_fn *fn;
    void *user;
};

/* fn may free the timer, so nothing of it is touched afterwards. */
static void on_timeout(evutil_socket_t fd, short what, void *user) {
    const struct timer *t = user;
    (void)fd;
    (void)what;
    t->fn(t->user);
}

struct timer *timer_new(struct event_base *loop, timer_fn *fn, void *user) {
    struct timer *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    *t = (struct timer){.fn = fn, .user = user};
    t->event = event_new(loop, -1, 0, on_timeout, t);
    if (t->event != NULL)
        return t;
    free(t);
    return NULL;
}

void timer_free(struct timer *t) {
    if (t == NULL)
        return;
    event_free(t->event);
    free(t);
}

void timer_start(struct timer *t, int64_t component_us) {
    struct timeval real = clock_real_timeval(component_us);
    /* Counted from now, not from when the loop woke up: at a high rate that is long ago. */
    event_base_update_cache_time(event_get_base(t->event));
    event_add(t->event, &real);
}

void timer_stop(struct timer *t) {
    event_del(t->event);
}
