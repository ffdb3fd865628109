/* The whole of `capflab run --torture`, from outside the labs: a round without a fault that counts,
 * the plan, the rounds side by side, the report. */
#include "scenarios/runner/torture.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "scenarios/runner/place.h"
#include "scenarios/runner/report.h"
#include "scenarios/runner/torture_lab.h"
#include "scenarios/runner/torture_plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_WIDTH = 56, LOG_BYTES_MAX = 16 * 1024 * 1024, COUNT_ROUND = 0 };

/* A round and what its job needs to live as long as it. */
struct round {
    struct torture_options torture;
    struct run_options run;
};

/* All that is done with one scenario. */
struct session {
    const struct torture_request *request;
    const struct scenario *scenario;
    char *library;
    bool components[COMPONENT_COUNT];
    json_t *results;
    struct torture_plan plan;
    size_t tried, failed, excused, idle;
    size_t lost; /* calls by paths that found no room in the table */
};

static int choose_components(struct session *s, struct err *e) {
    static const char *const own[] = {"capf", "ra"};
    const struct torture_request *q = s->request;
    const char *const *names = q->component_count > 0 ? q->components : own;
    size_t count = q->component_count > 0 ? q->component_count : sizeof own / sizeof own[0];
    for (size_t i = 0; i < count; i++) {
        enum component c = component_of(names[i]);
        if (c == COMPONENT_COUNT)
            return err_set(e, ERR_ARG_USAGE, "--torture-component %s: there is no such component",
                           names[i]);
        s->components[c] = true;
    }
    return 0;
}

/* After torture_plan_init. */
static int choose_classes(struct session *s, struct err *e) {
    const struct torture_request *q = s->request;
    for (size_t i = 0; i <= TORTURE_CLASSES; i++)
        s->plan.left_out[i] = q->class_count > 0;
    for (size_t i = 0; i < q->class_count; i++) {
        enum torture_class kind;
        if (torture_class_read(q->classes[i], &kind, e) != 0)
            return -1;
        s->plan.left_out[kind] = false;
    }
    return 0;
}

static int find_library(struct session *s, struct err *e) {
    s->library = path_join(s->request->run->programs, "../lib/capflab-torture.so");
    if (s->library == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    return access(s->library, R_OK) == 0 ? 0 : err_errno(e, "%s", s->library);
}

static int fill_round(const struct session *s, const struct torture_spec *spec, const char *name,
                      struct round *round, struct job *job) {
    bool counting = spec->nth == 0 && spec->fault[0] == '\0';
    round->torture = (struct torture_options){
        .library = s->library, .spec = *spec, .thorough = counting || s->request->round != NULL};
    memcpy(round->torture.components, s->components, sizeof s->components);
    round->run = *s->request->run;
    round->run.torture = &round->torture;
    *job = (struct job){.scenario = s->scenario, .run = &round->run, .pidfd = -1, .result_fd = -1};
    AUTO(char) text = torture_spec_text(spec);
    if (text == NULL || asprintf(&job->name, "%s %s", s->scenario->name, text) < 0)
        job->name = NULL;
    job->dir = s->request->round != NULL
                   ? strdup(s->request->dir)
                   : path_join(s->request->dir, "%s/%s", s->scenario->name, name);
    return job->name != NULL && job->dir != NULL ? 0 : -1;
}

static void tell_call(const json_t *result) {
    const json_t *torture = json_object_get(result, "torture");
    const json_t *stack = json_object_get(torture, "stack");
    size_t i;
    const json_t *line;
    if (json_object_get(torture, "call") != NULL)
        printf("  the call that failed: %s\n", json_string_value(json_object_get(torture, "call")));
    json_array_foreach(stack, i, line) {
        printf("        %s\n", json_string_value(line));
    }
}

static char *repeat_command(const struct session *s, const struct job *job) {
    AUTO(char) spec = torture_spec_text(&job->run->torture->spec);
    AUTO_BUF components = BUF_INIT(1024);
    char *text = NULL;
    buf_put_str(&components, "");
    for (size_t i = 0; i < s->request->component_count; i++)
        buf_printf(&components, " --torture-component %s", s->request->components[i]);
    if (spec == NULL || asprintf(&text, "%s/capflab-run --seed %s%s --torture-round '%s' -o %s %s",
                                 s->request->programs, s->request->run->seed, buf_str(&components),
                                 spec, job->dir, s->scenario->path) < 0)
        return NULL;
    return text;
}

static void count_result(struct session *s, const struct job *job) {
    bool fired = json_is_true(json_object_get(json_object_get(job->result, "torture"), "fired"));
    s->tried++;
    s->failed += result_is(job->result, "failed");
    s->excused += result_is(job->result, "skipped");
    s->idle += !fired;
}

static void on_done(void *user, const struct job *job) {
    struct session *s = user;
    bool well = result_is(job->result, "ok");
    AUTO(char) again = repeat_command(s, job);
    json_object_set_new(job->result, "again", json_string(again == NULL ? "" : again));
    count_result(s, job);
    json_array_append(s->results, job->result);
    if (!well || s->request->round != NULL)
        report_result(stdout, job->result, NAME_WIDTH, again == NULL ? "" : again);
    if (result_is(job->result, "failed") || s->request->round != NULL)
        tell_call(job->result);
    fflush(stdout);
    if (well && !s->request->keep && s->request->round == NULL)
        place_remove(job->dir);
}

static void on_tick(void *user, const struct job *jobs, size_t count) {
    (void)user;
    (void)jobs;
    (void)count;
}

static int run_jobs(struct session *s, struct job *jobs, size_t count, int64_t until,
                    struct err *e) {
    const struct jobs_options options = {.run = s->request->run,
                                         .parallel = s->request->parallel,
                                         .start_until = until,
                                         .done = on_done,
                                         .tick = on_tick,
                                         .user = s};
    return jobs_run(jobs, count, &options, e);
}

/* One round by itself. */
static int run_one(struct session *s, const struct torture_spec *spec, const char *name,
                   struct err *e) {
    struct round round;
    struct job job;
    int result = fill_round(s, spec, name, &round, &job) != 0 ? err_set(e, ERR_SYS_NOMEM, NULL)
                                                              : run_jobs(s, &job, 1, 0, e);
    job_release(&job);
    return result;
}

/* The items of the plan, in their order, as far as the time goes. */
static int run_plan(struct session *s, int64_t until, struct err *e) {
    size_t count = s->plan.count;
    struct round *rounds = calloc(count + 1, sizeof *rounds);
    struct job *jobs = calloc(count + 1, sizeof *jobs);
    int result = rounds == NULL || jobs == NULL ? err_set(e, ERR_SYS_NOMEM, NULL) : 0;
    for (size_t i = 0; result == 0 && i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "round-%05zu", i + 1);
        if (fill_round(s, &s->plan.items[i].spec, name, &rounds[i], &jobs[i]) != 0)
            result = err_set(e, ERR_SYS_NOMEM, NULL);
    }
    if (result == 0)
        result = run_jobs(s, jobs, count, s->request->all ? 0 : until, e);
    for (size_t i = 0; jobs != NULL && i < count; i++)
        job_release(&jobs[i]);
    free(jobs);
    free(rounds);
    return result;
}

/* How often a name was asked for in one of the two passes of a round. */
static size_t queries_in(const char *dir) {
    AUTO(char) path = path_join(dir, "logs/dns.log");
    AUTO_BUF log = BUF_INIT(LOG_BYTES_MAX);
    struct err e = {0};
    if (path == NULL || !file_exists(path) || file_read(path, &log, &e) != 0)
        return 0;
    struct lines l = lines_of(buf_view(&log));
    size_t count = (l.count + 1) / 2;
    lines_free(&l);
    return count;
}

struct fault_sink {
    struct torture_plan *plan;
    struct err *e;
};

static int take_fault(void *user, const char *row) {
    struct fault_sink *sink = user;
    return torture_plan_add_fault(sink->plan, row, sink->e);
}

static int make_plan(struct session *s, const char *dir, struct err *e) {
    struct fault_sink sink = {.plan = &s->plan, .e = e};
    for (size_t c = 0; c < COMPONENT_COUNT; c++) {
        const struct torture_control *control = torture_map(dir, (enum component)c);
        if (control == NULL)
            continue;
        s->lost += control->lost;
        int added = torture_plan_add(&s->plan, (enum component)c, control, s->request->all, e);
        torture_unmap(control);
        if (added != 0)
            return -1;
    }
    if (torture_each_fault(s->scenario, queries_in(dir), take_fault, &sink) != 0)
        return -1;
    torture_plan_order(&s->plan);
    return 0;
}

/* The round that counts is judged like any other: torture starts from a healthy lab. */
static int count_calls(struct session *s, struct err *e) {
    struct torture_spec nothing;
    struct session counting = *s;
    struct torture_request keeping = *s->request;
    keeping.keep = true;
    counting.request = &keeping;
    if (torture_spec_read("none", &nothing, e) != 0 ||
        run_one(&counting, &nothing, "counting", e) != 0)
        return -1;
    if (counting.failed > 0 || counting.excused > 0)
        return err_set(e, ERR_ARG_USAGE, "%s is not healthy without a fault", s->scenario->name);
    AUTO(char) dir = path_join(s->request->dir, "%s/counting", s->scenario->name);
    if (dir == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    int result = make_plan(s, dir, e);
    if (result == 0 && !s->request->keep)
        place_remove(dir);
    return result;
}

static void tell(const struct session *s) {
    printf("%s: ", s->scenario->name);
    torture_plan_tell(&s->plan, s->tried, stdout);
    printf("\n  %zu ok, %zu failed, %zu excused; in %zu the call did not come\n",
           s->tried - s->failed - s->excused, s->failed, s->excused, s->idle);
    if (s->lost > 0)
        printf("  %zu calls came by more paths than there is room for, and were not tried\n",
               s->lost);
    fflush(stdout);
}

static int torture_one(struct session *s, struct err *e) {
    struct torture_spec spec;
    if (choose_components(s, e) != 0 || find_library(s, e) != 0)
        return -1;
    if (s->request->round != NULL)
        return torture_spec_read(s->request->round, &spec, e) != 0 ? -1 : run_one(s, &spec, ".", e);
    int64_t until = deadline_in(s->request->seconds * 1000000);
    torture_plan_init(&s->plan, s->request->run->seed);
    int result = choose_classes(s, e);
    if (result == 0)
        result = count_calls(s, e);
    if (result == 0)
        result = run_plan(s, until, e);
    if (result == 0)
        tell(s);
    torture_plan_free(&s->plan);
    return result;
}

int torture_run(const struct collection *c, const struct torture_request *request, json_t *results,
                struct err *e) {
    int result = 0;
    for (size_t i = 0; result == 0 && i < c->count; i++) {
        struct session s = {.request = request, .scenario = c->items[i], .results = results};
        result = torture_one(&s, e);
        free(s.library);
    }
    return result;
}
