/* Controls of the tortured components, from before their start to after their end. */
#include "scenarios/runner/torture_lab.h"

#include "base/file.h"
#include "base/owned.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STDERR_BYTES_MAX = 1024 * 1024 };

static const char control_name[] = "tmp/torture-%s.control";

int torture_lab_open(struct run *r, struct err *e) {
    r->torture = calloc(1, sizeof *r->torture);
    if (r->torture == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    r->torture->options = r->options->torture;
    r->torture->starting = COMPONENT_COUNT;
    return 0;
}

static void drop_environment(struct torture_lab *t) {
    for (size_t i = 0; t->environment[i] != NULL; i++) {
        free(t->environment[i]);
        t->environment[i] = NULL;
    }
}

void torture_unmap(const struct torture_control *control) {
    if (control != NULL)
        munmap((void *)(uintptr_t)control, sizeof *control);
}

void torture_lab_close(struct torture_lab *t) {
    if (t == NULL)
        return;
    for (size_t i = 0; i < COMPONENT_COUNT; i++)
        torture_unmap(t->controls[i]);
    drop_environment(t);
    json_decref(t->stack);
    free(t->call);
    free(t->excuse);
    free(t->leak_excuse);
    free(t);
}

static struct torture_control *map_file(const char *path, int flags) {
    AUTO_FD fd = open(path, flags | O_RDWR | O_CLOEXEC, 0600);
    struct stat status;
    if (fd < 0 || ((flags & O_CREAT) != 0 && ftruncate(fd, sizeof(struct torture_control)) != 0) ||
        fstat(fd, &status) != 0 || status.st_size != (off_t)sizeof(struct torture_control))
        return NULL;
    void *at =
        mmap(NULL, sizeof(struct torture_control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return at == MAP_FAILED ? NULL : at;
}

const struct torture_control *torture_map(const char *dir, enum component c) {
    char below[64];
    snprintf(below, sizeof below, control_name, component_name(c));
    AUTO(char) path = path_join(dir, "%s", below);
    return path == NULL ? NULL : map_file(path, 0);
}

/* What fails once has failed: a process started again gets no fault. */
static void give_orders(const struct torture_lab *t, enum component c,
                        struct torture_control *control) {
    const struct torture_spec *spec = &t->options->spec;
    bool meant = !t->fired && spec->component == c && spec->nth > 0 && spec->fault[0] == '\0';
    control->fail_kind = spec->kind;
    control->fail_phase = meant ? spec->phase : TORTURE_PHASES;
    control->fail_path = spec->path;
    control->fail_nth = spec->nth;
    control->thorough = t->options->thorough;
    atomic_store(&control->phase, TORTURE_START);
}

/* Freed memory is overwritten, so that whoever still uses it does not get away with it. */
static int fill_environment(struct torture_lab *t, const char *control) {
    drop_environment(t);
    int failed = asprintf(&t->environment[0], "LD_PRELOAD=%s", t->options->library) < 0;
    failed |= asprintf(&t->environment[1], "%s=%s", TORTURE_ENV, control) < 0;
    failed |= (t->environment[2] = strdup("MALLOC_PERTURB_=165")) == NULL;
    return failed ? -1 : 0;
}

const char *const *torture_environment(struct run *r, enum component c) {
    struct torture_lab *t = r->torture;
    char below[64];
    if (t == NULL || !t->options->components[c])
        return NULL;
    torture_take(r, c);
    snprintf(below, sizeof below, control_name, component_name(c));
    AUTO(char) path = run_path(r, "%s", below);
    if (path == NULL || fill_environment(t, path) != 0)
        return NULL;
    unlink(path);
    t->controls[c] = map_file(path, O_CREAT | O_EXCL);
    if (t->controls[c] == NULL) {
        run_fail(r, NULL, NULL, "%s: cannot be made: %s", path, strerror(errno));
        return NULL;
    }
    give_orders(t, c, t->controls[c]);
    return (const char *const *)t->environment;
}

void torture_phase(struct run *r, enum torture_phase phase) {
    for (size_t i = 0; i < COMPONENT_COUNT; i++)
        if (r->torture->controls[i] != NULL)
            atomic_store(&r->torture->controls[i]->phase, phase);
}

void torture_take(struct run *r, enum component c) {
    struct torture_lab *t = r->torture;
    struct torture_control *control = t->controls[c];
    if (control == NULL)
        return;
    torture_findings(r, c, control);
    torture_unmap(control);
    t->controls[c] = NULL;
}

bool torture_fired(struct run *r) {
    struct torture_lab *t = r->torture;
    for (size_t i = 0; i < COMPONENT_COUNT; i++)
        t->fired = t->fired || (t->controls[i] != NULL && t->controls[i]->fired != 0);
    return t->fired || t->options->spec.fault[0] != '\0';
}

/* Whether it said on standard error what is wrong. */
static bool said_why(const struct run *r, enum component c) {
    AUTO(char) path = run_path(r, "logs/%s.stderr", component_name(c));
    AUTO_BUF text = BUF_INIT(STDERR_BYTES_MAX);
    struct err e = {0};
    return path != NULL && file_read(path, &text, &e) == 0 && text.len > 0;
}

bool torture_starts_again(struct run *r, enum component c) {
    const struct actor *a = &r->components[c];
    struct err e = {0};
    if (r->torture == NULL || !torture_fired(r) || r->torture->options->spec.component != c)
        return false;
    if (!actor_ended_with(a, 1) && !actor_ended_with(a, 2))
        return false;
    if (!said_why(r, c))
        run_fail(r, NULL, component_name(c), "%s did not say why it could not start",
                 component_name(c));
    if (lab_start_component(r, c, &e) == 0)
        return true;
    run_fail(r, NULL, component_name(c), "started again, without a fault: %s", e.text);
    return false;
}
