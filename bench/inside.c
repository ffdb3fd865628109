/* The loops. Neither side may see the other's data: each makes and frees its own. */
#include "bench/inside.h"

#include "base/clock.h"
#include "bench/cpu.h"
#include "bench/progress.h"
#include "bench/stats.h"

#include <stdlib.h>

enum { PAIRS = 24 };

struct runner {
    const struct inside_work *work;
    const struct load_plan *plan;
    struct load_result *result;
    double ours[PAIRS], bare[PAIRS];
    int64_t began_us;
};

static void note_error(struct load_result *r, const struct err *why) {
    const char *code = err_name(why->code);
    json_int_t n = json_integer_value(json_object_get(r->errors, code));
    json_object_set_new(r->errors, code, json_integer(n + 1));
    r->failed++;
}

static void ours_once(struct runner *r, size_t index) {
    struct err why = {0};
    int64_t began = clock_real_mono_us();
    if (r->work->ours(r->work->state, index, &why) != 0) {
        note_error(r->result, &why);
        return;
    }
    int64_t spent = clock_real_mono_us() - began;
    r->result->latency_ms[r->result->succeeded++] = (double)spent / 1000;
}

static double ours_slice(struct runner *r, size_t first, size_t count) {
    int64_t began = cpu_now_us();
    for (size_t i = 0; i < count; i++)
        ours_once(r, first + i);
    return (double)(cpu_now_us() - began) / (double)count;
}

/* Negative when one fails. */
static double bare_slice(struct runner *r, size_t first, size_t count, struct err *e) {
    int64_t began = cpu_now_us();
    for (size_t i = 0; i < count; i++)
        if (r->work->bare(r->work->state, first + i, e) != 0)
            return -1;
    return (double)(cpu_now_us() - began) / (double)count;
}

/* Who begins changes from pair to pair, so that a machine that gets slower favours nobody. */
static int one_pair(struct runner *r, size_t pair, size_t first, size_t count, struct err *e) {
    if (pair % 2 == 0)
        r->ours[pair] = ours_slice(r, first, count);
    r->bare[pair] = bare_slice(r, first, count, e);
    if (pair % 2 != 0)
        r->ours[pair] = ours_slice(r, first, count);
    return r->bare[pair] < 0 ? err_context(e, "the bare operations failed") : 0;
}

/* The first pair tells how long the rest will take. */
static void show_progress(const struct runner *r, int pair) {
    if (r->plan->title == NULL)
        return;
    double left = pair == 0 ? 0
                            : (double)(clock_real_mono_us() - r->began_us) / 1e6 / pair *
                                  (PAIRS * (1 + (double)r->plan->more_runs) - pair);
    progress_show("%s: %d of %d pairs, about %.0f s left ", r->plan->title, pair, PAIRS, left);
}

/* How many pairs were run: fewer when the time is over. Seconds are those of ours alone. */
static int run_pairs(struct runner *r, struct err *e) {
    size_t count = (r->plan->count + PAIRS - 1) / PAIRS;
    r->began_us = clock_real_mono_us();
    int pair = 0;
    for (; pair < PAIRS; pair++) {
        show_progress(r, pair);
        int64_t passed = clock_real_mono_us() - r->began_us;
        if (pair > 0 && r->plan->duration_us > 0 && passed >= r->plan->duration_us)
            break;
        if (one_pair(r, (size_t)pair, r->plan->first + (size_t)pair * count, count, e) != 0)
            return -1;
    }
    return pair;
}

static double sum(const double *values, size_t count) {
    double all = 0;
    for (size_t i = 0; i < count; i++)
        all += values[i];
    return all;
}

int inside_run(const struct inside_work *work, const struct load_plan *plan,
               struct load_result *result, struct inside_times *times, struct err *e) {
    struct runner r = {.work = work, .plan = plan, .result = result};
    *result = (struct load_result){.latency_ms = calloc(plan->count + PAIRS, sizeof(double)),
                                   .errors = json_object()};
    if (result->latency_ms == NULL || result->errors == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    int pairs = run_pairs(&r, e);
    if (plan->title != NULL)
        progress_clear();
    if (pairs < 0)
        return -1;
    times->ours_us = stats_spread(r.ours, (size_t)pairs).median;
    times->bare_us = stats_spread(r.bare, (size_t)pairs).median;
    result->seconds = sum(result->latency_ms, result->succeeded) / 1000;
    stats_sort(result->latency_ms, result->succeeded);
    return 0;
}
