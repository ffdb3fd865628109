/* Steps that end, start and change the programs of a lab, and that wait for what they write. A
 * program that ends without such a step is a failure (lab_stop). */
#include "scenarios/runner/run.h"

#include "base/clock.h"
#include "base/events.h"
#include "base/file.h"
#include "base/owned.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STOP_US = 10 * 1000000, LOG_BYTES_MAX = 64 * 1024 * 1024, LIST_BYTES_MAX = 1024 * 1024 };
enum { OPTIONS_MAX = 16 };

static bool runs(const struct run *r, enum component c) {
    return r->components[c].pid != 0;
}

static int await_end(struct run *r, struct actor *a) {
    struct err e = {0};
    struct actor *const one[] = {a};
    if (actors_wait(one, 1, run_deadline(r, STOP_US), &e) == 0)
        return 0;
    run_fail(r, NULL, a->name, "%s", e.text);
    return -1;
}

static int kill_actor(struct run *r, struct actor *a) {
    /* One that ended by itself must not pass as killed. */
    if (actor_has_ended(a)) {
        run_fail(r, NULL, a->name, "%s had ended by itself", a->name);
        return -1;
    }
    event_message("lab", a->name, "kill", "SIGKILL");
    kill(a->pid, SIGKILL);
    return await_end(r, a);
}

static int kill_phones(struct run *r, const struct step *step) {
    for (size_t i = 0; i < r->scenario->phone_count; i++) {
        struct run_phone *p = &r->phones[i];
        if (!phone_is_meant(p->settings, step->actor))
            continue;
        if (!p->running) {
            run_fail(r, step->node, NULL, "%s does not run", p->settings->name);
            return -1;
        }
        p->killed = true;
        if (kill_actor(r, &p->actor) != 0)
            return -1;
    }
    return 0;
}

/* One that its supervisor starts again: the program as a whole goes on. */
static int kill_worker(struct run *r, const struct step *step, enum component c) {
    const json_t *pid = json_array_get(r->workers[c], (size_t)step->worker - 1);
    if (pid == NULL) {
        run_fail(r, step->node, NULL, "%s has no worker %d", step->actor, (int)step->worker);
        return -1;
    }
    event_message("lab", step->actor, "kill", "SIGKILL to worker %d", (int)step->worker);
    kill((pid_t)json_integer_value(pid), SIGKILL);
    return 0;
}

int step_kill(struct run *r, const struct step *step) {
    enum component c = component_of(step->actor);
    if (c == COMPONENT_COUNT)
        return kill_phones(r, step);
    if (!runs(r, c)) {
        run_fail(r, step->node, NULL, "%s does not run", step->actor);
        return -1;
    }
    if (step->worker > 0)
        return kill_worker(r, step, c);
    if (kill_actor(r, &r->components[c]) != 0)
        return -1;
    actor_release(&r->components[c]);
    return 0;
}

static int stop_component(struct run *r, const struct step *step, enum component c) {
    struct err e = {0};
    event_message("lab", component_name(c), "stop", "SIGTERM");
    if (actor_stop(&r->components[c], run_deadline(r, STOP_US), &e) != 0) {
        run_fail(r, step->node, component_name(c), "%s", e.text);
        return -1;
    }
    actor_release(&r->components[c]);
    return 0;
}

static int start_again(struct run *r, const struct step *step, enum component c) {
    struct err e = {0};
    if (lab_start_component(r, c, &e) == 0)
        return 0;
    run_fail(r, step->node, component_name(c), "%s", e.text);
    return -1;
}

int step_stop(struct run *r, const struct step *step) {
    enum component c = component_of(step->actor);
    if (runs(r, c))
        return stop_component(r, step, c);
    run_fail(r, step->node, NULL, "%s does not run", step->actor);
    return -1;
}

int step_start(struct run *r, const struct step *step) {
    enum component c = component_of(step->actor);
    if (!runs(r, c))
        return start_again(r, step, c);
    run_fail(r, step->node, NULL, "%s runs already", step->actor);
    return -1;
}

int lab_restart(struct run *r, const struct step *step, enum component c) {
    if (runs(r, c) && stop_component(r, step, c) != 0)
        return -1;
    return start_again(r, step, c);
}

int step_restart(struct run *r, const struct step *step) {
    return lab_restart(r, step, component_of(step->actor));
}

static int signal_component(struct run *r, const struct step *step, int number) {
    enum component c = component_of(step->actor);
    if (!runs(r, c)) {
        run_fail(r, step->node, NULL, "%s does not run", step->actor);
        return -1;
    }
    event_message("lab", step->actor, step_name(step->kind), "SIG%s", sigabbrev_np(number));
    kill(r->components[c].pid, number);
    return 0;
}

/* Returns when the program has stopped, so that nothing of it happens during the next step. */
int step_pause(struct run *r, const struct step *step) {
    siginfo_t how = {0};
    if (signal_component(r, step, SIGSTOP) != 0)
        return -1;
    id_t pid = (id_t)r->components[component_of(step->actor)].pid;
    waitid(P_PID, pid, &how, WSTOPPED | WEXITED | WNOWAIT);
    if (how.si_code == CLD_STOPPED)
        return 0;
    run_fail(r, step->node, step->actor, "%s had ended by itself", step->actor);
    return -1;
}

int step_resume(struct run *r, const struct step *step) {
    return signal_component(r, step, SIGCONT);
}

int step_release(struct run *r, const struct step *step) {
    return signal_component(r, step, SIGUSR1);
}

void lab_change(struct run *r, enum component c, const char *key, const char *value) {
    if (r->changes[c] == NULL)
        r->changes[c] = json_object();
    json_object_set_new(r->changes[c], key, json_string(value));
}

int step_set(struct run *r, const struct step *step) {
    enum component c = component_of(step->actor);
    for (size_t i = 0; i < step->keys.count; i++) {
        const struct cfg_pair *p = &step->keys.items[i];
        event_message("lab", component_name(c), "set", "%s", p->name);
        lab_change(r, c, p->name, p->value);
    }
    return runs(r, c) ? lab_restart(r, step, c) : 0;
}

static int advance(struct run *r, const struct step *step, enum component c) {
    r->ahead_us[c] += step->by_us;
    return runs(r, c) ? lab_restart(r, step, c) : 0;
}

int step_advance_clock(struct run *r, const struct step *step) {
    if (step->actor != NULL)
        return advance(r, step, component_of(step->actor));
    r->lab_ahead_us += step->by_us;
    clock_step(step->by_us);
    for (size_t c = 0; c < COMPONENT_COUNT; c++)
        if (lab_needs(r, (enum component)c) && advance(r, step, (enum component)c) != 0)
            return -1;
    return 0;
}

int step_set_device(struct run *r, const struct step *step) {
    char options[OPTIONS_MAX][64];
    const char *args[2 * OPTIONS_MAX + 1] = {NULL};
    for (size_t i = 0; i < step->keys.count && i < OPTIONS_MAX; i++) {
        snprintf(options[i], sizeof options[i], "--%s", step->keys.items[i].name);
        args[2 * i] = options[i];
        args[2 * i + 1] = step->keys.items[i].value;
    }
    return step_set_devices(r, step, args);
}

/* The lines of the log behind those that an earlier step has waited for. */
static bool stands(struct run *r, const struct step *step, const char *path) {
    struct err e = {0};
    AUTO_BUF text = BUF_INIT(LOG_BYTES_MAX);
    struct phone_names phones = scenario_phone_names(r->scenario);
    if (!file_exists(path) || file_read(path, &text, &e) != 0)
        return false;
    struct lines all = lines_of(buf_view(&text));
    size_t used = r->waited[step->log_kind] < all.count ? r->waited[step->log_kind] : all.count;
    const struct lines rest = {.items = all.items + used, .count = all.count - used};
    struct pattern_miss miss = patterns_in_order(&step->patterns, &phones, &rest);
    lines_free(&all);
    if (miss.pattern != NULL)
        return false;
    r->waited[step->log_kind] = used + miss.after;
    return true;
}

/* Whether a fault at the step's point was met behind those that an earlier step has waited for. */
static bool met(struct run *r, const struct step *step, const char *path) {
    struct err e = {0};
    char mark[160];
    AUTO_BUF text = BUF_INIT(LOG_BYTES_MAX);
    size_t *used = &r->met[step->fault_side];
    bool found = false;
    int length =
        snprintf(mark, sizeof mark, "\"what\":\"fault\",\"detail\":\"%.100s: ", step->fault);
    if (!file_exists(path) || file_read(path, &text, &e) != 0)
        return false;
    struct lines all = lines_of(buf_view(&text));
    for (size_t i = *used; !found && i < all.count; i++) {
        found = memmem(all.items[i].data, all.items[i].len, mark, (size_t)length) != NULL;
        if (found)
            *used = i + 1;
    }
    lines_free(&all);
    return found;
}

/* Until something in the watched folder changes, or the deadline passes (-1). */
static int await_change(int watch, int64_t deadline) {
    char events[4096];
    struct pollfd wait = {.fd = watch, .events = POLLIN};
    int64_t left = deadline - deadline_in(0);
    if (left <= 0)
        return -1;
    if (poll(&wait, 1, (int)(left / 1000) + 1) > 0)
        return read(watch, events, sizeof events) < 0 ? -1 : 0;
    return 0;
}

/* The file that the step looks into, below the scenario's folder; malloc'ed. */
static char *awaited_file(const struct run *r, const struct step *step) {
    return step->fault != NULL ? run_path(r, "events/%s.ndjson", component_name(step->fault_side))
                               : run_path(r, "logs/%s", log_file(step->log_kind));
}

static bool has_come(struct run *r, const struct step *step, const char *path) {
    return step->fault != NULL ? met(r, step, path) : stands(r, step, path);
}

int step_wait_for(struct run *r, const struct step *step) {
    AUTO(char) folder = run_path(r, step->fault != NULL ? "events" : "logs");
    AUTO(char) path = awaited_file(r, step);
    AUTO_FD watch = inotify_init1(IN_CLOEXEC);
    if (folder == NULL || path == NULL || watch < 0 ||
        inotify_add_watch(watch, folder, IN_MODIFY | IN_CREATE) < 0) {
        run_fail(r, step->node, NULL, "%s cannot be watched", path == NULL ? "a file" : path);
        return -1;
    }
    int64_t deadline =
        run_deadline(r, (int64_t)((double)step->within_us / r->scenario->lab.clock.rate));
    while (!has_come(r, step, path)) {
        if (await_change(watch, deadline) == 0)
            continue;
        run_fail(r, step->node, NULL, "%s: what the step waits for did not come in time", path);
        return -1;
    }
    return 0;
}

static int manage(struct run *r, const char *command, int64_t id) {
    char number[24];
    AUTO(char) database = run_path(r, "db/ca.sqlite");
    snprintf(number, sizeof number, "%" PRId64, id);
    const char *const args[] = {command, number, "--database", database, NULL};
    event_message("lab", "certsrv", command, "request %s", number);
    return database == NULL ? -1 : lab_command(r, COMPONENT_CERTSRV, args, NULL);
}

/* The id in a line of `list`, when that request waits; otherwise 0. */
static int64_t waiting_id(struct bytes line) {
    char state[16] = "";
    char text[64];
    int64_t id = 0;
    snprintf(text, sizeof text, "%.*s", (int)(line.len < 60 ? line.len : 60),
             (const char *)line.data);
    return sscanf(text, "%" SCNd64 " %15s", &id, state) == 2 && strcmp(state, "pending") == 0 ? id
                                                                                              : 0;
}

static int manage_waiting(struct run *r, const struct step *step, const char *command) {
    AUTO_BUF list = BUF_INIT(LIST_BYTES_MAX);
    AUTO(char) database = run_path(r, "db/ca.sqlite");
    const char *const args[] = {"list", "--database", database, NULL};
    size_t found = 0;
    if (database == NULL || lab_command(r, COMPONENT_CERTSRV, args, &list) != 0)
        return -1;
    struct lines l = lines_of(buf_view(&list));
    for (size_t i = 0; i < l.count; i++) {
        int64_t id = waiting_id(l.items[i]);
        if (id > 0 && manage(r, command, id) == 0)
            found++;
    }
    lines_free(&l);
    if (found == 0)
        run_fail(r, step->node, NULL, "no request waits at the CA");
    return found > 0 && !run_failed(r) ? 0 : -1;
}

int step_issue(struct run *r, const struct step *step) {
    return step->request > 0 ? manage(r, "issue", step->request) : manage_waiting(r, step, "issue");
}

int step_deny(struct run *r, const struct step *step) {
    return step->request > 0 ? manage(r, "deny", step->request) : manage_waiting(r, step, "deny");
}
