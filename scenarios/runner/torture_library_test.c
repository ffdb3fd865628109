/* The preloaded library on a victim: this program started again, which then does what the case says
 * instead of testing. What the library finds there, it finds in a component. */
#include "base/file.h"
#include "base/owned.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include "scenarios/runner/actor.h"
#include "scenarios/torture/torture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = 1 }; /* its allocator does not share the process with another one */
#else
enum { SANITIZED = 0 };
#endif

#define VICTIM "CAPFLAB_TEST_VICTIM"

static void *volatile kept;

/* Through a call of its own, so that nothing of the address stays in the caller. */
static __attribute__((noinline)) void lose(size_t size) {
    void *volatile block = malloc(size);
    memset(block, 1, size);
    block = NULL;
}

static __attribute__((noinline)) void overwrite_stack(void) {
    volatile char bytes[4096];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = 0;
}

static void be_leaky(void) {
    kept = malloc(50);
    free(realloc(malloc(10), 20));
    volatile int twice = 2; /* one call, whatever the compiler makes of loops */
    while (twice-- > 0)
        lose(100);
    overwrite_stack();
    if (dup(STDIN_FILENO) < 0)
        exit(1);
}

/* 0: the third failed as it should; 9: none did; otherwise the number of the one that did. */
static int third_fails(void) {
    for (int i = 1; i <= 5; i++) {
        void *volatile block = calloc(1, 16);
        if (block == NULL)
            return i == 3 && errno == ENOMEM ? 0 : i;
        free(block);
    }
    return 9;
}

static int socket_fails(void) {
    int first = socket(AF_INET, SOCK_STREAM, 0);
    if (first >= 0 || errno != EMFILE)
        return 1;
    int second = socket(AF_INET, SOCK_STREAM, 0);
    return second >= 0 && close(second) == 0 ? 0 : 2;
}

static int read_fails(void) {
    AUTO_FD fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    char byte;
    return read(fd, &byte, 1) == -1 && errno == EIO && read(fd, &byte, 1) == 1 ? 0 : 1;
}

/* Before main, so that Check is not there yet. */
__attribute__((constructor)) static void be_victim(void) {
    const char *what = getenv(VICTIM);
    if (what == NULL)
        return;
    if (strcmp(what, "leaky") == 0)
        be_leaky();
    else if (strcmp(what, "third") == 0)
        exit(third_fails());
    else if (strcmp(what, "socket") == 0)
        exit(socket_fails());
    else if (strcmp(what, "file") == 0)
        exit(read_fails());
    else if (strcmp(what, "crash") == 0)
        abort();
    exit(0);
}

static struct torture_control *control_new(const char *path) {
    AUTO_FD fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(ftruncate(fd, sizeof(struct torture_control)), 0);
    void *at =
        mmap(NULL, sizeof(struct torture_control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ck_assert_ptr_ne(at, MAP_FAILED);
    struct torture_control *c = at;
    c->fail_phase = TORTURE_PHASES;
    c->thorough = 1;
    atomic_store(&c->phase, TORTURE_SERVE);
    return c;
}

/* Runs the victim to its end; its exit status, or -1 for a signal. */
static int run_victim(const char *what, const char *control) {
    char self[PATH_MAX] = "";
    struct err e = {0};
    struct actor a;
    struct actor *const one[] = {&a};
    ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof self - 1), 0);
    AUTO(char) preload = NULL;
    AUTO(char) where = NULL;
    AUTO(char) victim = NULL;
    char *test = strstr(self, "/test/");
    ck_assert_ptr_nonnull(test);
    ck_assert_int_gt(
        asprintf(&preload, "LD_PRELOAD=%.*s/lib/capflab-torture.so", (int)(test - self), self), 0);
    ck_assert_int_gt(asprintf(&where, TORTURE_ENV "=%s", control), 0);
    ck_assert_int_gt(asprintf(&victim, VICTIM "=%s", what), 0);
    const char *const environment[] = {preload, where, victim, NULL};
    const char *const none[] = {NULL};
    const struct actor_command command = {.name = "victim",
                                          .program = self,
                                          .args = none,
                                          .stderr_path = "/dev/null",
                                          .environment = environment};
    ck_assert_ok(actor_start(&a, &command, &e), e);
    ck_assert_ok(actors_wait(one, 1, deadline_in(20 * 1000000), &e), e);
    int status = WIFEXITED(a.status) ? WEXITSTATUS(a.status) : -1;
    actor_release(&a);
    return status;
}

static bool has_frame(const struct torture_stack *stack, const char *module) {
    for (uint32_t i = 0; i < stack->depth; i++)
        if (strcmp(stack->frames[i].module, module) == 0)
            return true;
    return false;
}

START_TEST(lost_blocks_and_open_descriptors_are_found_kept_ones_are_none) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "control");
    struct torture_control *c = control_new(path);
    if (SANITIZED)
        return;
    ck_assert_int_eq(run_victim("leaky", path), 0);
    ck_assert_uint_eq(c->ended, 1);
    ck_assert_uint_eq(c->leak_count, 1);
    ck_assert_uint_eq(c->leaks[0].blocks, 2);
    ck_assert_uint_eq(c->leaks[0].bytes, 200);
    ck_assert(has_frame(&c->leaks[0].stack, ""));
    ck_assert_uint_eq(c->open_count, 1);
    ck_assert_str_eq(c->open[0], "/dev/null");
}
END_TEST

START_TEST(nothing_is_found_where_nothing_is) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "control");
    struct torture_control *c = control_new(path);
    if (SANITIZED)
        return;
    ck_assert_int_eq(run_victim("nothing", path), 0);
    ck_assert_uint_eq(c->ended, 1);
    ck_assert_uint_eq(c->leak_count, 0);
    ck_assert_uint_eq(c->open_count, 0);
    ck_assert_uint_eq(c->fired, 0);
}
END_TEST

static void order(struct torture_control *c, enum torture_class kind, uint64_t path, uint64_t nth) {
    c->fail_phase = TORTURE_SERVE;
    c->fail_kind = kind;
    c->fail_path = path;
    c->fail_nth = nth;
}

/* The path by which the allocations of third_fails come: the one that came five times. */
static uint64_t path_of_five(const struct torture_control *c) {
    for (size_t i = 0; i < TORTURE_PATHS_MAX; i++)
        if (c->paths[i].hash != 0 && c->paths[i].calls[TORTURE_SERVE] == 5)
            return c->paths[i].hash;
    return 0;
}

START_TEST(a_call_fails_by_its_path_in_the_next_process) {
    TEMPORARY(dir);
    AUTO(char) first = path_join(dir, "first");
    AUTO(char) second = path_join(dir, "second");
    struct torture_control *counting = control_new(first);
    struct torture_control *failing = control_new(second);
    if (SANITIZED)
        return;
    ck_assert_int_eq(run_victim("third", first), 9);
    ck_assert_uint_ne(path_of_five(counting), 0);
    order(failing, TORTURE_ALLOC, path_of_five(counting), 3);
    failing->thorough = 0;
    ck_assert_int_eq(run_victim("third", second), 0);
    ck_assert_uint_eq(failing->fired, 1);
    ck_assert_str_eq(failing->fired_call, "calloc");
    ck_assert(has_frame(&failing->fired_at, ""));
}
END_TEST

START_TEST(sockets_and_files_fail_with_errors_of_theirs) {
    TEMPORARY(dir);
    AUTO(char) first = path_join(dir, "first");
    AUTO(char) second = path_join(dir, "second");
    struct torture_control *sockets = control_new(first);
    struct torture_control *files = control_new(second);
    if (SANITIZED)
        return;
    order(sockets, TORTURE_SOCKET, 0, 1);
    order(files, TORTURE_FILE, 0, 2);
    ck_assert_int_eq(run_victim("socket", first), 0);
    ck_assert_int_eq(run_victim("file", second), 0);
    ck_assert_str_eq(sockets->fired_call, "socket");
    ck_assert_str_eq(files->fired_call, "read");
}
END_TEST

START_TEST(nothing_fails_outside_of_its_phase) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "control");
    struct torture_control *c = control_new(path);
    if (SANITIZED)
        return;
    order(c, TORTURE_ALLOC, 0, 1);
    c->fail_phase = TORTURE_STOP;
    ck_assert_int_eq(run_victim("third", path), 9);
    atomic_store(&c->phase, TORTURE_PHASES);
    c->fail_phase = TORTURE_PHASES;
    ck_assert_int_eq(run_victim("third", path), 9);
    ck_assert_uint_eq(c->fired, 0);
}
END_TEST

START_TEST(a_crash_leaves_its_place) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "control");
    struct torture_control *c = control_new(path);
    if (SANITIZED)
        return;
    ck_assert_int_eq(run_victim("crash", path), -1);
    ck_assert_int_eq(c->crash_signal, SIGABRT);
    ck_assert_uint_eq(c->ended, 0);
    ck_assert(has_frame(&c->crash, ""));
}
END_TEST

TEST_MAIN("torture library", lost_blocks_and_open_descriptors_are_found_kept_ones_are_none,
          nothing_is_found_where_nothing_is, a_call_fails_by_its_path_in_the_next_process,
          sockets_and_files_fail_with_errors_of_theirs, nothing_fails_outside_of_its_phase,
          a_crash_leaves_its_place)
