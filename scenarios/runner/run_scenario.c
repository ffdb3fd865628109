/* One scenario from its folder to its result. */
#include "scenarios/runner/run.h"

#include "base/clock.h"
#include "base/events.h"
#include "base/file.h"
#include "base/owned.h"
#include "scenarios/runner/sut_run.h"
#include "scenarios/runner/torture_lab.h"

#include <string.h>

void run_steps(struct run *r) {
    for (size_t i = 0; i < r->scenario->step_count; i++)
        if (step_run(r, &r->scenario->steps[i]) != 0)
            return;
    r->step = "finish";
    step_finish(r, NULL);
}

static void finish(struct run *r) {
    struct err e = {0};
    event_message("lab", "lab", "stop", "the scenario is over");
    lab_stop(r);
    r->step = "artifacts";
    if (artifacts_write(r, &e) != 0)
        run_fail(r, NULL, NULL, "%s", e.text);
}

/* Expectations are judged only when every step could be done: otherwise they say nothing. */
static void play(struct run *r, const char *dir, const struct scenario *s,
                 const struct run_options *options) {
    struct err e = {0};
    char why[256];
    clock_configure(s->lab.clock.offset_us, s->lab.clock.rate);
    if (run_open(r, s, options, dir, &e) != 0) {
        run_fail(r, NULL, NULL, "%s", e.text);
        return;
    }
    if (sut_unfit(options->suts, s, why, sizeof why)) {
        r->skipped = true;
        run_fail(r, NULL, NULL, "%s", why);
        return;
    }
    if ((options->torture != NULL && torture_lab_open(r, &e) != 0) || lab_prepare(r, &e) != 0) {
        run_fail(r, NULL, NULL, "%s", e.text);
        return;
    }
    if (options->torture != NULL) {
        torture_play(r);
        return;
    }
    if (lab_start(r) == 0)
        run_steps(r);
    if (deadline_in(0) >= r->end)
        run_fail(r, NULL, NULL, "the scenario's deadline of %.0f s has passed",
                 (double)s->deadline_us / 1e6 * options->patience);
    bool done = !run_failed(r);
    finish(r);
    if (done)
        judge(r);
}

/* An excused failure is told behind its excuse. */
static void excuse(struct run *r) {
    const struct excuse *x = sut_excuse(r->options->suts, r->scenario->name);
    if (x == NULL || r->skipped || !run_failed(r))
        return;
    r->skipped = true;
    r->step = "excused";
    run_fail(r, NULL, NULL, "until %s: %s", cfg_node_scalar(x->expires), x->reason);
    size_t last = json_array_size(r->failures) - 1;
    json_array_insert(r->failures, 0, json_array_get(r->failures, last));
    json_array_remove(r->failures, last + 1);
}

static const char *result_word(const struct run *r) {
    if (r->skipped)
        return "skipped";
    return run_failed(r) ? "failed" : "ok";
}

static json_t *strings_value(const struct cfg_strings *strings) {
    json_t *list = json_array();
    for (size_t i = 0; i < strings->count; i++)
        json_array_append_new(list, json_string(strings->items[i]));
    return list;
}

static json_t *result_of(const struct run *r, const char *dir, int64_t took_us) {
    const struct scenario *s = r->scenario;
    json_t *o = json_object();
    json_object_set_new(o, "name", json_string(s->name));
    json_object_set_new(o, "title", json_string(s->title));
    json_object_set_new(o, "file", json_string(s->path));
    json_object_set_new(o, "covers", strings_value(&s->covers));
    json_object_set_new(o, "folder", json_string(dir));
    json_object_set_new(o, "seed", json_string(r->options->seed));
    json_object_set_new(o, "result", json_string(result_word(r)));
    json_object_set_new(o, "seconds", json_real((double)took_us / 1e6));
    json_object_set(o, "failures", r->failures);
    if (r->left_out != NULL)
        json_object_set(o, "left-out", r->left_out);
    if (r->torture != NULL)
        json_object_set_new(o, "torture", torture_result(r));
    return o;
}

void run_write_result(const char *dir, const json_t *result) {
    AUTO(char) path = path_join(dir, "result.json");
    AUTO(char) text = json_dumps(result, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    AUTO_BUF content = BUF_INIT(16 * 1024 * 1024);
    struct err e = {0};
    if (path == NULL || text == NULL)
        return;
    buf_put_str(&content, text);
    buf_put_str(&content, "\n");
    file_write(path, buf_view(&content), 0644, &e);
}

static json_t *run_once(const struct scenario *s, const struct run_options *options,
                        const char *dir) {
    struct run r;
    int64_t begin = clock_real_mono_us();
    struct scenario *varied = options->torture == NULL ? NULL : torture_scenario(s, options);
    play(&r, dir, varied != NULL ? varied : s, options);
    excuse(&r);
    json_t *result = result_of(&r, dir, clock_real_mono_us() - begin);
    run_write_result(dir, result);
    run_close(&r);
    scenario_free(varied);
    events_close();
    return result;
}

json_t *run_scenario(const struct scenario *s, const struct run_options *options, const char *dir) {
    json_t *result = run_once(s, options, dir);
    return torture_look_closer(result, s, options, dir, run_once);
}
