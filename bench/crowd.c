/* The life of a crowd and the figures of it. Members are never part of the load: the load's own
 * figures are those of runs without them. */
#include "bench/crowd.h"

#include "base/owned.h"
#include "bench/crowd_silent.h"
#include "bench/progress.h"
#include "bench/stats.h"
#include "bench/usage.h"
#include "bench/waiting.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A program that nobody asks for anything may still be woken, by a connection that the kernel
 * closes. */
enum { REST_S = 3, REST_ROUNDS_MAX = 60, REST_CPU_US = 1000 };

/* Two looks at a component that has nothing to do. */
struct idle_view {
    struct usage_view at_end;
    int64_t wakeups, cpu_us; /* in REST_S */
};

enum moment { BEFORE, DURING, AFTER, MOMENTS };

struct crowd {
    struct process *process;
    const struct bench_options *options;
    const struct bench_lab *lab;
    struct bench_component components[BENCH_COMPONENTS_MAX];
    size_t component_count;
    struct waiting_options place;
    struct waiting *waiting;
    struct crowd_silent *silent;
    struct idle_view views[MOMENTS][BENCH_COMPONENTS_MAX];
    size_t disturbed;
};

bool crowd_wanted(const struct bench_options *o) {
    return o->waiting > 0 || o->silent > 0;
}

static size_t count_of(const struct crowd *c) {
    return (size_t)(c->options->waiting > 0 ? c->options->waiting : c->options->silent);
}

/* Whoever waits is served meanwhile, as by any loop. */
static int rest(struct process *process, struct err *e) {
    const struct timeval a_while = {.tv_sec = REST_S};
    event_base_loopexit(process_loop(process), &a_while);
    event_base_loop(process_loop(process), EVLOOP_NO_EXIT_ON_EMPTY);
    return event_base_got_break(process_loop(process))
               ? err_set(e, ERR_SYS_CANCELLED, "interrupted")
               : 0;
}

static int look(const struct crowd *c, struct usage_view views[BENCH_COMPONENTS_MAX],
                struct err *e) {
    for (size_t i = 0; i < c->component_count; i++)
        if (usage_look(c->components[i].pid, &views[i], e) != 0)
            return err_context(e, "%s is gone", c->components[i].name);
    return 0;
}

static int look_at_idle(struct crowd *c, enum moment moment, struct err *e) {
    struct usage_view first[BENCH_COMPONENTS_MAX];
    struct usage_view second[BENCH_COMPONENTS_MAX];
    if (look(c, first, e) != 0 || rest(c->process, e) != 0 || look(c, second, e) != 0)
        return -1;
    for (size_t i = 0; i < c->component_count; i++)
        c->views[moment][i] = (struct idle_view){.at_end = second[i],
                                                 .wakeups = second[i].wakeups - first[i].wakeups,
                                                 .cpu_us = second[i].cpu_us - first[i].cpu_us};
    return 0;
}

static bool at_rest(const struct crowd *c, enum moment moment) {
    int64_t cpu_us = 0;
    for (size_t i = 0; i < c->component_count; i++)
        cpu_us += c->views[moment][i].cpu_us;
    return cpu_us < REST_CPU_US;
}

/* What the crowd has left to do is done first. */
static int look_at_rest(struct crowd *c, enum moment moment, struct err *e) {
    progress_show("looking at components at rest");
    for (int round = 0; round < REST_ROUNDS_MAX; round++)
        if (look_at_idle(c, moment, e) != 0)
            return -1;
        else if (at_rest(c, moment))
            return 0;
    return 0;
}

struct crowd *crowd_new(struct process *process, const struct bench_options *o,
                        const struct bench_lab *lab, struct err *e) {
    struct crowd *c = calloc(1, sizeof *c);
    if (c == NULL) {
        err_set(e, ERR_SYS_NOMEM, "crowd");
        return NULL;
    }
    *c = (struct crowd){.process = process, .options = o, .lab = lab};
    c->component_count = bench_lab_components(lab, c->components);
    if (look_at_rest(c, BEFORE, e) == 0)
        return c;
    crowd_free(c);
    return NULL;
}

void crowd_free(struct crowd *c) {
    if (c == NULL)
        return;
    waiting_free(c->waiting);
    crowd_silent_free(c->silent);
    free(c);
}

static int come(struct crowd *c, struct err *e) {
    if (c->options->silent > 0) {
        c->silent = crowd_silent_new(c->options, c->lab, e);
        return c->silent != NULL ? 0 : -1;
    }
    c->place =
        (struct waiting_options){.address = bench_lab_capf(c->lab),
                                 .first = (size_t)bench_enrolments_max(c->options) - count_of(c),
                                 .count = count_of(c),
                                 .progress = "connecting phones that wait"};
    c->waiting = waiting_new(c->process, &c->place, e);
    return c->waiting != NULL ? 0 : -1;
}

int crowd_come(struct crowd *c, struct err *e) {
    return come(c, e) != 0 ? -1 : look_at_rest(c, DURING, e);
}

static int go(struct crowd *c, struct err *e) {
    if (c->silent != NULL)
        return crowd_silent_end(c->silent, &c->disturbed, e);
    c->disturbed = waiting_disturbed(c->waiting);
    waiting_free(TAKE(c->waiting));
    return 0;
}

int crowd_go(struct crowd *c, struct err *e) {
    return go(c, e) != 0 ? -1 : look_at_rest(c, AFTER, e);
}

/* ---- Figures ---- */

static double memory_each(const struct crowd *c, size_t i) {
    int64_t grown = c->views[DURING][i].at_end.memory_kb - c->views[BEFORE][i].at_end.memory_kb;
    return (double)grown / (double)count_of(c);
}

static double servers_cpu(const struct report *r, const struct report_run *run) {
    double sum = 0;
    for (size_t i = 0; i < r->component_count; i++)
        sum += strcmp(r->components[i], "phones") == 0 ? 0 : run->cpu_ms[i];
    return sum;
}

static double latency(const struct report *r, const struct report_run *run) {
    (void)r;
    return run->p50;
}

/* The middle third of the runs over the two others, by their medians. */
static double ratio(const struct crowd *c, const struct report *r,
                    double (*figure)(const struct report *, const struct report_run *)) {
    size_t each = (size_t)c->options->repeat;
    double with[BENCH_REPEAT_MAX];
    double without[BENCH_REPEAT_MAX];
    for (size_t i = 0; i < each; i++) {
        without[i] = figure(r, &r->runs[i]);
        with[i] = figure(r, &r->runs[each + i]);
        without[each + i] = figure(r, &r->runs[2 * each + i]);
    }
    double quiet = stats_spread(without, 2 * each).median;
    return quiet > 0 ? stats_spread(with, each).median / quiet : 0;
}

static json_t *view_json(const struct idle_view *v) {
    return json_pack("{s:I, s:I, s:I, s:f}", "memory_kb", (json_int_t)v->at_end.memory_kb,
                     "threads", (json_int_t)v->at_end.threads, "wakeups", (json_int_t)v->wakeups,
                     "cpu_ms", (double)v->cpu_us / 1000);
}

json_t *crowd_json(const struct crowd *c, const struct report *r) {
    json_t *components = json_object();
    for (size_t i = 0; i < c->component_count; i++)
        json_object_set_new(
            components, c->components[i].name,
            json_pack("{s:o, s:o, s:o, s:f}", "before", view_json(&c->views[BEFORE][i]), "during",
                      view_json(&c->views[DURING][i]), "after", view_json(&c->views[AFTER][i]),
                      "memory_kb_each", memory_each(c, i)));
    return json_pack("{s:s, s:I, s:I, s:I, s:f, s:f, s:o}", "kind",
                     c->options->silent > 0 ? "silent" : "waiting", "count",
                     (json_int_t)count_of(c), "disturbed", (json_int_t)c->disturbed, "rest_seconds",
                     (json_int_t)REST_S, "cpu_ratio", ratio(c, r, servers_cpu), "latency_ratio",
                     ratio(c, r, latency), "components", components);
}

static void print_component(const struct crowd *c, size_t i, FILE *to) {
    const struct idle_view *before = &c->views[BEFORE][i], *during = &c->views[DURING][i],
                           *after = &c->views[AFTER][i];
    fprintf(to,
            "  %-9s %8.1f %8.1f %8.1f MB %8.1f KB each %4lld %4lld threads %6lld %6lld wakeups\n",
            c->components[i].name, (double)before->at_end.memory_kb / 1024,
            (double)during->at_end.memory_kb / 1024, (double)after->at_end.memory_kb / 1024,
            memory_each(c, i), (long long)before->at_end.threads, (long long)during->at_end.threads,
            (long long)before->wakeups, (long long)during->wakeups);
}

void crowd_print(const struct crowd *c, const struct report *r, FILE *to) {
    fprintf(to, "\nbeside %zu %s, %zu of them disturbed; others, with over without:\n\n",
            count_of(c),
            c->options->silent > 0 ? "enrolments that a stopped certsrv does not answer"
                                   : "phones that wait for their keys",
            c->disturbed);
    fprintf(to, "  CPU of the servers   %6.2f x\n  latency p50          %6.2f x\n\n",
            ratio(c, r, servers_cpu), ratio(c, r, latency));
    fprintf(to,
            "memory before, with and after them; threads and wakeups (in %d s of rest) before "
            "and with\n\n",
            REST_S);
    for (size_t i = 0; i < c->component_count; i++)
        print_component(c, i, to);
}
