/* The loop, closed or open. Nothing is freed inside a callback of the work: an event of the loop
 * collects what has ended and starts what comes next. */
#include "bench/load.h"

#include "base/clock.h"
#include "bench/progress.h"
#include "bench/stats.h"

#include <stdlib.h>

enum { PROGRESS_US = 250000 };

struct load {
    struct event_base *loop;
    const struct load_work *work;
    const struct load_plan *plan;
    struct load_result *result;
    struct load_job *jobs;
    struct load_job **idle, **over; /* places without a job; jobs that wait to be collected */
    size_t idle_count, over_count;
    struct event *turn;
    struct event *tick;
    size_t started, ended;
    int64_t began_us, last_us;
};

static void count_error(struct load *l, const char *code) {
    json_int_t n = json_integer_value(json_object_get(l->result->errors, code));
    json_object_set_new(l->result->errors, code, json_integer(n + 1));
    l->result->failed++;
}

static void note_end(struct load *l, const struct load_job *job, const char *error) {
    l->last_us = clock_real_mono_us();
    l->ended++;
    if (error != NULL)
        count_error(l, error);
    else
        l->result->latency_ms[l->result->succeeded++] =
            (double)(l->last_us - job->began_us) / 1000.0;
}

void load_job_done(struct load_job *job, const char *error) {
    note_end(job->load, job, error);
    job->over = true;
    job->load->over[job->load->over_count++] = job;
    event_active(job->load->turn, EV_TIMEOUT, 0);
}

/* When the next one is to start. */
static int64_t next_us(const struct load *l) {
    if (l->plan->rate == 0)
        return clock_real_mono_us();
    return l->began_us + (int64_t)l->started * 1000000 / l->plan->rate;
}

static bool more(const struct load *l) {
    const struct load_plan *p = l->plan;
    return l->started < p->count &&
           (p->duration_us == 0 || next_us(l) - l->began_us < p->duration_us);
}

/* At a rate: comes back when the next one is to start, which may have become due since it was
 * looked at. Whoever waits for a place comes with it. */
static void wait_for_next(struct load *l) {
    int64_t left = next_us(l) - clock_real_mono_us();
    struct timeval wait = {0};
    if (left > 0)
        wait = (struct timeval){.tv_sec = left / 1000000, .tv_usec = left % 1000000};
    if (l->plan->rate > 0 && l->idle_count > 0 && more(l))
        event_add(l->turn, &wait);
}

static void start_one(struct load *l, struct load_job *job) {
    struct err e = {0};
    *job = (struct load_job){.load = l, .began_us = next_us(l), .busy = true};
    if (l->work->start(l->work->user, job, l->plan->first + l->started++, &e) == 0)
        return;
    job->busy = false;
    l->idle[l->idle_count++] = job;
    note_end(l, job, err_name(e.code));
    event_active(l->turn, EV_TIMEOUT, 0);
}

static void release_one(struct load *l, struct load_job *job) {
    l->work->release(l->work->user, job);
    job->busy = job->over = false;
    l->idle[l->idle_count++] = job;
}

static void on_turn(evutil_socket_t fd, short what, void *user) {
    struct load *l = user;
    (void)fd;
    (void)what;
    while (l->over_count > 0)
        release_one(l, l->over[--l->over_count]);
    for (size_t n = l->idle_count; n > 0 && more(l) && next_us(l) <= clock_real_mono_us(); n--)
        start_one(l, l->idle[--l->idle_count]);
    wait_for_next(l);
    if (l->ended == l->started && !more(l))
        event_base_loopbreak(l->loop);
}

/* How much is done, by count or by time, whichever is further. */
static double part_done(const struct load *l, int64_t elapsed_us) {
    double by_count = (double)l->ended / (double)l->plan->count;
    double by_time =
        l->plan->duration_us == 0 ? 0 : (double)elapsed_us / (double)l->plan->duration_us;
    double part = by_count > by_time ? by_count : by_time;
    return part > 1 ? 1 : part;
}

static void on_tick(evutil_socket_t fd, short what, void *user) {
    const struct load *l = user;
    int64_t elapsed = clock_real_mono_us() - l->began_us;
    double part = part_done(l, elapsed);
    double whole = part > 0 ? (double)elapsed / 1e6 / part : 0;
    double left = whole * (1 - part + (double)l->plan->more_runs);
    (void)fd;
    (void)what;
    progress_show("%s: %zu enrolled, %zu failed, %.0f/s, about %.0f s left ", l->plan->title,
                  l->result->succeeded, l->result->failed,
                  (double)l->ended * 1e6 / (double)(elapsed > 0 ? elapsed : 1), left);
}

static void fill_idle(struct load *l) {
    for (size_t i = l->plan->concurrency; i-- > 0;)
        l->idle[l->idle_count++] = &l->jobs[i];
}

static int prepare(struct load *l, struct err *e) {
    const struct timeval every = {.tv_usec = PROGRESS_US};
    l->jobs = calloc(l->plan->concurrency, sizeof *l->jobs);
    l->idle = calloc(l->plan->concurrency, sizeof *l->idle);
    l->over = calloc(l->plan->concurrency, sizeof *l->over);
    l->turn = event_new(l->loop, -1, 0, on_turn, l);
    l->result->latency_ms = calloc(l->plan->count, sizeof(double));
    l->result->errors = json_object();
    if (l->jobs == NULL || l->idle == NULL || l->over == NULL || l->turn == NULL ||
        l->result->latency_ms == NULL || l->result->errors == NULL)
        return err_set(e, ERR_SYS_NOMEM, "load");
    fill_idle(l);
    if (l->plan->title == NULL || !progress_wanted())
        return 0;
    l->tick = event_new(l->loop, -1, EV_PERSIST, on_tick, l);
    return l->tick == NULL || event_add(l->tick, &every) != 0 ? err_set(e, ERR_SYS_NOMEM, "load")
                                                              : 0;
}

static void finish(struct load *l) {
    for (size_t i = 0; l->jobs != NULL && i < l->plan->concurrency; i++)
        if (l->jobs[i].busy)
            release_one(l, &l->jobs[i]);
    if (l->tick != NULL) {
        progress_clear();
        event_free(l->tick);
    }
    if (l->turn != NULL)
        event_free(l->turn);
    free(l->jobs);
    free(l->idle);
    free(l->over);
}

int load_run(struct event_base *loop, const struct load_work *work, const struct load_plan *plan,
             struct load_result *result, struct err *e) {
    struct load l = {.loop = loop, .work = work, .plan = plan, .result = result};
    *result = (struct load_result){0};
    int prepared = prepare(&l, e);
    if (prepared == 0) {
        l.began_us = l.last_us = clock_real_mono_us();
        event_active(l.turn, EV_TIMEOUT, 0);
        event_base_loop(loop, EVLOOP_NO_EXIT_ON_EMPTY);
        result->interrupted = l.ended < l.started || more(&l);
        result->seconds = (double)(l.last_us - l.began_us) / 1e6;
        stats_sort(result->latency_ms, result->succeeded);
    }
    finish(&l);
    return prepared;
}

void load_result_free(struct load_result *result) {
    free(result->latency_ms);
    json_decref(result->errors);
    *result = (struct load_result){0};
}
