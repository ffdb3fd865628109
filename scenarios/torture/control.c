/* The library's part of the control: finding it, counting calls, failing the one that is wanted,
 * telling of a crash and of the end. */
#include "scenarios/torture/inside.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

static struct torture_control *control;
static bool sought;
static __thread bool inside;

void *pages(size_t bytes) {
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

/* The first allocation comes before any constructor, and before there is an environment. */
struct torture_control *torture_control(void) {
    if (sought || environ == NULL)
        return control;
    sought = true;
    const char *path = getenv(TORTURE_ENV);
    int fd = path == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    void *at = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    control = at == MAP_FAILED ? NULL : at;
    return control;
}

bool torture_enter(void) {
    if (inside)
        return false;
    inside = true;
    return true;
}

void torture_leave(void) {
    inside = false;
}

/* Whether a call is of those that are counted for the one to fail. */
static bool is_meant(const struct torture_control *c, enum torture_class kind,
                     enum torture_phase phase, uint64_t depth) {
    return phase != TORTURE_PHASES && c->fired == 0 && c->fail_phase == phase &&
           c->fail_kind == kind && (c->fail_path == 0 || (c->fail_path & DEPTH_MASK) == depth);
}

static void tell(struct torture_control *c, const char *name, int path) {
    c->fired = 1;
    strncpy(c->fired_call, name, sizeof c->fired_call - 1);
    path_describe(path, &c->fired_at);
}

/* Following the path is what takes time: only where it may be the wanted one, or when all are. */
static bool count_call(struct torture_control *c, enum torture_class kind, const char *name,
                       uint64_t depth, int *path) {
    enum torture_phase phase = (enum torture_phase)atomic_load(&c->phase);
    bool meant = is_meant(c, kind, phase, depth);
    *path = NOT_FOLLOWED;
    if (c->thorough || (meant && c->fail_path != 0))
        *path = path_of_caller(kind, depth);
    if (c->thorough && *path != NO_PATH)
        c->paths[*path].calls[phase]++;
    if (!meant || (c->fail_path != 0 && (*path < 0 || c->paths[*path].hash != c->fail_path)) ||
        ++c->matched != c->fail_nth)
        return false;
    if (*path == NOT_FOLLOWED)
        *path = path_of_caller(kind, depth);
    tell(c, name, *path);
    return true;
}

bool torture_call(enum torture_class kind, const char *name, int *path) {
    struct torture_control *c = torture_control();
    int at = NO_PATH;
    if (c == NULL || !torture_enter())
        return false;
    bool fails = count_call(c, kind, name, stack_depth(__builtin_frame_address(0)), &at);
    if (path != NULL)
        *path = at;
    torture_leave();
    return fails;
}

static void on_crash(int number) {
    struct torture_control *c = torture_control();
    torture_enter();
    if (c != NULL && c->crash_signal == 0) {
        c->crash_signal = number;
        stack_here(&c->crash, 2);
    }
    kill(getpid(), number);
}

/* A stack that has run over needs another one for the handler. */
static void watch_for_crashes(void) {
    static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    enum { HANDLER_STACK = 256 * 1024 };
    stack_t other = {.ss_sp = pages(HANDLER_STACK), .ss_size = HANDLER_STACK};
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND | SA_ONSTACK};
    if (other.ss_sp != NULL)
        sigaltstack(&other, NULL);
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
        sigaction(deadly[i], &action, NULL);
}

__attribute__((constructor)) static void begin(void) {
    if (torture_control() == NULL)
        return;
    watch_for_crashes();
    descriptors_begin();
}

/* Preloaded first, so destroyed last: the other libraries have given back what they had. */
__attribute__((destructor)) static void end(void) {
    struct torture_control *c = torture_control();
    if (c == NULL || !torture_enter())
        return;
    leaks_find(c);
    c->ended = 1;
}
