/* One round of torture in its lab: the scenario's steps with one call that fails, the same steps
 * once more in the same lab, where all must be well, then the end of every program. */
#include "scenarios/runner/torture_lab.h"

#include "base/clock.h"
#include "base/events.h"
#include "base/owned.h"
#include "scenarios/runner/judge.h"
#include "scenarios/runner/report.h"

#include <string.h>

static const char next_run[] = "the next run";

/* Steps that can only be done when those before them went well. */
static const enum step_kind consequences[] = {STEP_IMPORT_OFFLINE, STEP_WAIT_FOR, STEP_ISSUE,
                                              STEP_DENY};

static bool is_consequence(const char *step) {
    for (size_t i = 0; i < sizeof consequences / sizeof consequences[0]; i++)
        if (strcmp(step, step_name(consequences[i])) == 0)
            return true;
    return false;
}

/* A scenario whose call failed may stop at such a step. */
static void forgive_consequences(struct run *r) {
    for (size_t i = json_array_size(r->failures); i-- > 0;) {
        const json_t *step = json_object_get(json_array_get(r->failures, i), "step");
        if (is_consequence(json_string_value(step)))
            json_array_remove(r->failures, i);
    }
}

/* What the scenario says of its end; logs, events and diagnosis tell of the call that failed, too.
 */
static void judge_again(struct run *r) {
    typedef void judge_fn(struct run *, const struct cfg_node *);
    static const struct {
        enum expect_kind kind;
        judge_fn *judge;
    } judges[] = {{EXPECT_phones, judge_phones},
                  {EXPECT_device, judge_device},
                  {EXPECT_certificates, judge_certificates},
                  {EXPECT_files, judge_files}};
    for (size_t i = 0; i < sizeof judges / sizeof judges[0]; i++)
        if (r->scenario->then.nodes[judges[i].kind] != NULL)
            judges[i].judge(r, r->scenario->then.nodes[judges[i].kind]);
}

static void note_lateness(struct run *r) {
    if (deadline_in(0) >= r->end)
        run_fail(r, NULL, NULL, "the scenario's deadline of %.0f s has passed",
                 (double)r->scenario->deadline_us / 1e6 * r->options->patience);
}

/* Every phone that was let at CAPF knows how it ended, and says so to its user. */
static void judge_outcomes(struct run *r) {
    for (size_t i = 0; i < r->scenario->phone_count; i++) {
        const struct run_phone *p = &r->phones[i];
        const json_t *status = json_object_get(p->result, "status");
        if (p->started && (json_string_value(json_object_get(p->result, "result")) == NULL ||
                           json_array_size(status) == 0))
            run_fail(r, NULL, p->settings->name, "%s shows no result", p->settings->name);
    }
}

/* Whether all that were started still run; what the others tell comes before its consequences. */
static bool all_run(struct run *r) {
    bool run = true;
    for (size_t c = 0; c < COMPONENT_COUNT; c++) {
        struct actor *a = &r->components[c];
        if (a->pid == 0 || !actor_has_ended(a))
            continue;
        torture_take(r, (enum component)c);
        run_fail(r, NULL, component_name((enum component)c), "%s ended by itself",
                 component_name((enum component)c));
        run = false;
    }
    return run;
}

static void first_pass(struct run *r) {
    torture_phase(r, TORTURE_SERVE);
    run_steps(r);
    torture_phase(r, TORTURE_PHASES);
    forgive_consequences(r);
    r->step = "with the fault";
    if (!all_run(r))
        return;
    judge_outcomes(r);
    torture_judge_stores(r);
}

/* Its deadline counts from here. */
static void second_pass(struct run *r) {
    r->end = deadline_in((int64_t)((double)r->scenario->deadline_us * r->options->patience));
    run_steps(r);
    r->step = next_run;
    note_lateness(r);
    if (run_failed(r))
        return;
    judge_again(r);
    torture_judge_stores(r);
}

static void stop_all(struct run *r) {
    event_message("lab", "lab", "stop", "the round is over");
    torture_phase(r, TORTURE_STOP);
    lab_stop(r);
    r->step = "afterwards";
    torture_fired(r);
    for (size_t c = 0; c < COMPONENT_COUNT; c++)
        torture_take(r, (enum component)c);
}

/* Consequences in the first run are forgiven by then. */
static bool only_the_next_run_failed(const struct run *r) {
    size_t i;
    const json_t *failure;
    json_array_foreach(r->failures, i, failure) {
        const char *step = json_string_value(json_object_get(failure, "step"));
        if (strcmp(step, next_run) != 0 && !is_consequence(step))
            return false;
    }
    return json_array_size(r->failures) > 0;
}

/* What a library did breaks the rest of the round, too. */
static void excuse(struct run *r) {
    const char *reason = r->torture->excuse;
    if (reason == NULL && !run_failed(r))
        reason = r->torture->leak_excuse;
    if (reason == NULL && only_the_next_run_failed(r))
        reason = r->torture->lasting;
    if (reason == NULL)
        return;
    r->skipped = true;
    json_array_clear(r->failures);
    r->step = "excused";
    run_fail(r, NULL, NULL, "%s", reason);
}

json_t *torture_result(const struct run *r) {
    const struct torture_lab *t = r->torture;
    json_t *o = json_object();
    bool fired = t->fired || t->options->spec.fault[0] != '\0';
    json_object_set_new(o, "fired", json_boolean(fired));
    if (t->call != NULL)
        json_object_set_new(o, "call", json_string(t->call));
    if (t->stack != NULL)
        json_object_set(o, "stack", t->stack);
    json_object_set_new(o, "unfollowed", json_boolean(t->unfollowed));
    return o;
}

json_t *torture_look_closer(json_t *first, const struct scenario *s,
                            const struct run_options *options, const char *dir,
                            torture_run_fn *run) {
    const json_t *torture = json_object_get(first, "torture");
    if (!json_is_true(json_object_get(torture, "unfollowed")))
        return first;
    struct run_options closer = *options;
    struct torture_options thorough = *options->torture;
    thorough.thorough = true;
    closer.torture = &thorough;
    json_t *second = run(s, &closer, dir);
    json_t *better = result_is(second, "ok") ? first : second;
    json_decref(better == first ? second : first);
    return better;
}

void torture_play(struct run *r) {
    struct err e = {0};
    if (lab_start(r) == 0) {
        first_pass(r);
        note_lateness(r);
        if (!run_failed(r))
            second_pass(r);
    }
    stop_all(r);
    excuse(r);
    r->step = "artifacts";
    if (run_failed(r) && artifacts_write(r, &e) != 0)
        run_fail(r, NULL, NULL, "%s", e.text);
}
