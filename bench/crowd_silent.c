/* Stopping certsrv, and the second bench. Must not leave certsrv stopped, whatever happens. */
#include "bench/crowd_silent.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "bench/progress.h"
#include "bench/usage.h"
#include "scenarios/runner/actor.h"
#include "scenarios/runner/place.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { ARRIVE_US = 120 * 1000000, END_US = 300 * 1000000, LOOK_MS = 50, COUNT_MAX = 24 };

struct crowd_silent {
    pid_t certsrv, capf;
    struct actor bench;
    char *result; /* JSON of the second bench */
};

static pid_t pid_of(const struct bench_lab *lab, const char *name) {
    struct bench_component all[BENCH_COMPONENTS_MAX];
    size_t n = bench_lab_components(lab, all);
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].name, name) == 0)
            return all[i].pid;
    return 0;
}

static int start_bench(struct crowd_silent *s, const struct bench_options *o,
                       const struct bench_lab *lab, struct err *e) {
    char count[COUNT_MAX];
    AUTO(char) programs = place_programs();
    AUTO(char) program = programs == NULL ? NULL : path_join(programs, "capflab-bench");
    AUTO(char) errors = path_join(o->output, "logs/silent.stderr");
    s->result = path_join(o->output, "silent.json");
    snprintf(count, sizeof count, "%lld", (long long)o->silent);
    const char *const args[] = {"--stage",
                                "capf",
                                "--capf",
                                bench_lab_capf(lab),
                                "--trust",
                                bench_lab_capf_certificate(lab),
                                "--key",
                                bench_key_word(o->key),
                                "--phones",
                                count,
                                "--concurrency",
                                count,
                                "--repeat",
                                "1",
                                "--warm-up",
                                "0",
                                "--json",
                                s->result,
                                NULL};
    if (program == NULL || errors == NULL || s->result == NULL)
        return err_set(e, ERR_SYS_NOMEM, "second bench");
    const struct actor_command command = {
        .name = "second bench", .program = program, .args = args, .stderr_path = errors};
    return actor_start(&s->bench, &command, e);
}

/* CAPF holds a connection to each phone and one to the RA for it. */
static int await_arrival(struct crowd_silent *s, int64_t before, int64_t count, struct err *e) {
    int64_t deadline = deadline_in(ARRIVE_US), open = 0;
    while (clock_real_mono_us() < deadline) {
        if (actor_has_ended(&s->bench))
            return err_set(e, ERR_SYS_IO, "the second bench ended before all phones were there");
        if (usage_descriptors(s->capf, &open, e) != 0)
            return -1;
        if (open >= before + 2 * count)
            return 0;
        poll(NULL, 0, LOOK_MS);
    }
    return err_set(e, ERR_SYS_TIMEOUT, "%lld descriptors of CAPF for %lld phones",
                   (long long)(open - before), (long long)count);
}

static int arrive(struct crowd_silent *s, const struct bench_options *o,
                  const struct bench_lab *lab, struct err *e) {
    int64_t before = 0;
    s->certsrv = pid_of(lab, "certsrv");
    s->capf = pid_of(lab, "capf");
    if (s->certsrv == 0 || s->capf == 0)
        return err_set(e, ERR_SYS_INTERNAL, "no certsrv or no CAPF to be silent");
    if (usage_descriptors(s->capf, &before, e) != 0)
        return -1;
    kill(s->certsrv, SIGSTOP);
    progress_show("sending enrolments into the silence of certsrv");
    return start_bench(s, o, lab, e) != 0 ? -1 : await_arrival(s, before, o->silent, e);
}

struct crowd_silent *crowd_silent_new(const struct bench_options *o, const struct bench_lab *lab,
                                      struct err *e) {
    struct crowd_silent *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(e, ERR_SYS_NOMEM, "second bench");
        return NULL;
    }
    if (arrive(s, o, lab, e) == 0)
        return s;
    crowd_silent_free(s);
    return NULL;
}

/* How many errors the second bench has counted. */
static int read_failed(const char *path, size_t *failed, struct err *e) {
    json_error_t why;
    const char *code;
    const json_t *count;
    json_t *result = json_load_file(path, 0, &why);
    if (result == NULL)
        return err_set(e, ERR_SYS_IO, "%s: %s", path, why.text);
    *failed = 0;
    json_object_foreach(json_object_get(result, "errors"), code, count) {
        *failed += (size_t)json_integer_value(count);
    }
    json_decref(result);
    return 0;
}

int crowd_silent_end(struct crowd_silent *s, size_t *failed, struct err *e) {
    struct actor *const actors[] = {&s->bench};
    kill(s->certsrv, SIGCONT);
    progress_show("waiting for enrolments that certsrv answers at last");
    if (actors_wait(actors, 1, deadline_in(END_US), e) != 0)
        return -1;
    return read_failed(s->result, failed, e);
}

void crowd_silent_free(struct crowd_silent *s) {
    if (s == NULL)
        return;
    if (s->certsrv != 0)
        kill(s->certsrv, SIGCONT);
    actor_release(&s->bench);
    free(s->result);
    free(s);
}
