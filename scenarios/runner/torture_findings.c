/* What a control tells after the end of its component, as failures with the way that led there. */
#include "scenarios/runner/torture_lab.h"

#include "base/file.h"
#include "base/owned.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { RESOLVE_US = 10 * 1000000, FRAMES_SHOWN = 40 };

/* "function at file.c:12" for each address of the program, or NULL: then addresses must do. */
static char *resolve(const char *program, const struct torture_stack *stack) {
    const char *args[ACTOR_ARGS_MAX] = {"-fpsCe", program};
    char offsets[FRAMES_SHOWN][20];
    size_t n = 2;
    for (uint32_t i = 0; i < stack->depth && i < FRAMES_SHOWN; i++) {
        snprintf(offsets[i], sizeof offsets[i], "%#" PRIx64, stack->frames[i].offset);
        if (stack->frames[i].module[0] == '\0')
            args[n++] = offsets[i];
    }
    const struct actor_command command = {
        .name = "addr2line", .program = "addr2line", .args = args, .stderr_path = "/dev/null"};
    struct actor a;
    struct actor *const one[] = {&a};
    struct err e = {0};
    char *lines = NULL;
    if (actor_start(&a, &command, &e) == 0 &&
        actors_wait(one, 1, deadline_in(RESOLVE_US), &e) == 0 && actor_ended_with(&a, 0))
        lines = buf_take_str(&a.out);
    actor_release(&a);
    return lines;
}

/* Takes the next of the lines, NULL behind the last. */
static char *take_line(char **lines) {
    return *lines == NULL ? NULL : strsep(lines, "\n");
}

static json_t *frame_line(const struct torture_frame *f, const char *own) {
    if (own != NULL && own[0] != '\0')
        return json_string(own);
    if (f->symbol[0] != '\0')
        return json_sprintf("%s (%s)", f->symbol, f->module);
    return json_sprintf("%s+%#" PRIx64, f->module, f->offset);
}

json_t *torture_stack_lines(const struct run *r, enum component c,
                            const struct torture_stack *stack) {
    AUTO(char) program = path_join(r->options->programs, "%s", component_program(c));
    AUTO(char) resolved = program == NULL ? NULL : resolve(program, stack);
    char *rest = resolved;
    json_t *lines = json_array();
    for (uint32_t i = 0; i < stack->depth && i < FRAMES_SHOWN; i++) {
        const struct torture_frame *f = &stack->frames[i];
        json_array_append_new(lines, frame_line(f, f->module[0] == '\0' ? take_line(&rest) : NULL));
    }
    return lines;
}

/* A failure that has a stack instead of the tail of a log. */
static void fail_at(struct run *r, enum component c, const struct torture_stack *stack,
                    const char *what) {
    run_fail(r, NULL, NULL, "%s %s", component_name(c), what);
    json_t *failure = json_array_get(r->failures, json_array_size(r->failures) - 1);
    json_object_set_new(failure, "log", json_sprintf("%s: %s", component_name(c), what));
    json_object_set_new(failure, "tail", torture_stack_lines(r, c, stack));
}

/* The first reason is kept. */
static void keep_excuse(char **kept, enum component c, const char *what, const char *reason) {
    if (*kept == NULL && asprintf(kept, "%s %s: %s", component_name(c), what, reason) < 0)
        *kept = NULL;
}

static void note_crash(struct run *r, enum component c, const struct torture_control *control) {
    char what[96];
    const char *reason = torture_crash_excuse(control);
    snprintf(what, sizeof what, "crashed by signal %d (%s)", control->crash_signal,
             strsignal(control->crash_signal));
    if (reason == NULL)
        fail_at(r, c, &control->crash, what);
    else
        keep_excuse(&r->torture->excuse, c, what, reason);
}

static void note_leaks(struct run *r, enum component c, const struct torture_control *control) {
    for (uint32_t i = 0; i < control->leak_count; i++) {
        char what[96];
        const struct torture_leak *leak = &control->leaks[i];
        const char *reason = torture_leak_excuse(control, leak);
        r->torture->unfollowed = r->torture->unfollowed || leak->stack.depth == 0;
        snprintf(what, sizeof what, "leaked %" PRIu64 " bytes in %" PRIu32 " blocks", leak->bytes,
                 leak->blocks);
        if (reason == NULL)
            fail_at(r, c, &leak->stack, what);
        else
            keep_excuse(&r->torture->leak_excuse, c, what, reason);
    }
}

static void note_open(struct run *r, enum component c, const struct torture_control *control) {
    for (uint32_t i = 0; i < control->open_count; i++)
        run_fail(r, NULL, component_name(c), "%s left a descriptor open: %s", component_name(c),
                 control->open[i]);
}

static void note_call(struct run *r, enum component c, const struct torture_control *control) {
    struct torture_lab *t = r->torture;
    if (control->fired == 0 || t->call != NULL)
        return;
    t->fired = true;
    t->lasting = torture_lasting_excuse(control);
    t->call = strdup(control->fired_call);
    t->stack = torture_stack_lines(r, c, &control->fired_at);
}

void torture_findings(struct run *r, enum component c, const struct torture_control *control) {
    note_call(r, c, control);
    if (control->crash_signal != 0)
        note_crash(r, c, control);
    note_open(r, c, control);
    note_leaks(r, c, control);
}
