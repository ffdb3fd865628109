/* Starting, awaiting and stopping one program. Every descriptor here is close-on-exec; what a child
 * gets, it gets by number. */
#include "scenarios/runner/actor.h"

#include "base/clock.h"
#include "base/owned.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_FD = 3, WAITS_MAX = 3 * 1024, ABORT_US = 2 * 1000000 };

extern char **environ;

int64_t deadline_in(int64_t real_us) {
    return clock_real_mono_us() + real_us;
}

struct pipes {
    int out[2];
    int ready[2];
};

static void close_pair(int pair[2]) {
    for (int i = 0; i < 2; i++)
        if (pair[i] >= 0)
            close(pair[i]);
}

static int open_pipes(struct pipes *p, bool ready) {
    *p = (struct pipes){{-1, -1}, {-1, -1}};
    if (pipe2(p->out, O_CLOEXEC) != 0)
        return -1;
    return ready ? pipe2(p->ready, O_CLOEXEC) : 0;
}

/* The child's descriptors 0 to 3. The pipes' own numbers are moved out of the way first. */
static int give_descriptors(posix_spawn_file_actions_t *actions, const struct pipes *p,
                            const char *stderr_path) {
    int failed = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    failed |= posix_spawn_file_actions_adddup2(actions, p->out[1], STDOUT_FILENO);
    failed |= posix_spawn_file_actions_addopen(actions, STDERR_FILENO, stderr_path,
                                               O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (p->ready[1] >= 0)
        failed |= posix_spawn_file_actions_adddup2(actions, p->ready[1], READY_FD);
    return failed;
}

static int set_signals(posix_spawnattr_t *attributes) {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    return posix_spawnattr_setsigmask(attributes, &none) |
           posix_spawnattr_setsigdefault(attributes, &all) |
           posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* Ours with the additional variables in front; NULL without memory. */
static char **environment_with(const char *const *more) {
    size_t own = 0;
    size_t added = 0;
    while (environ[own] != NULL)
        own++;
    while (more != NULL && more[added] != NULL)
        added++;
    char **all = calloc(own + added + 1, sizeof *all);
    for (size_t i = 0; all != NULL && i < added; i++)
        all[i] = (char *)(uintptr_t)more[i];
    if (all != NULL)
        memcpy(all + added, environ, own * sizeof *all);
    return all;
}

static int spawn(struct actor *a, const struct pipes *p, char *const argv[],
                 const char *const *environment) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    char **variables = environment_with(environment);
    int failed = variables == NULL ? ENOMEM : 0;
    if (failed == 0)
        failed = give_descriptors(&actions, p, a->stderr_path) | set_signals(&attributes);
    if (failed == 0)
        failed = posix_spawnp(&a->pid, argv[0], &actions, &attributes, argv, variables);
    free(variables);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

/* argv: the words of `wrap`, the program, its arguments, the options of daemons. words keeps the
 * split copy. -1 when there are too many. */
static int build_argv(const struct actor_command *c, char *words,
                      const char *argv[ACTOR_ARGS_MAX + 1]) {
    size_t n = 0;
    char *rest = NULL;
    for (char *w = strtok_r(words, " ", &rest); w != NULL && n < ACTOR_ARGS_MAX;
         w = strtok_r(NULL, " ", &rest))
        argv[n++] = w;
    if (n < ACTOR_ARGS_MAX)
        argv[n++] = c->program;
    for (size_t i = 0; c->args[i] != NULL && n < ACTOR_ARGS_MAX; i++)
        argv[n++] = c->args[i];
    static const char *const daemon[] = {"--ready-fd", "3", "--die-with-parent"};
    for (size_t i = 0; c->ready && i < sizeof daemon / sizeof daemon[0] && n < ACTOR_ARGS_MAX; i++)
        argv[n++] = daemon[i];
    argv[n] = NULL;
    return n < ACTOR_ARGS_MAX ? 0 : -1;
}

int actor_start(struct actor *a, const struct actor_command *c, struct err *e) {
    *a = (struct actor){.name = strdup(c->name),
                        .stderr_path = strdup(c->stderr_path),
                        .pidfd = -1,
                        .out_fd = -1,
                        .ready_fd = -1,
                        .out = BUF_INIT(ACTOR_OUTPUT_MAX),
                        .ready = BUF_INIT(ACTOR_READY_MAX)};
    AUTO(char) words = strdup(c->wrap == NULL ? "" : c->wrap);
    const char *argv[ACTOR_ARGS_MAX + 1];
    struct pipes p;
    if (a->name == NULL || a->stderr_path == NULL || words == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (build_argv(c, words, argv) != 0)
        return err_set(e, ERR_SYS_LIMIT, "%s: too many arguments", c->name);
    if (open_pipes(&p, c->ready) != 0) {
        close_pair(p.out);
        return err_errno(e, "%s: pipe", c->name);
    }
    int failed = spawn(a, &p, (char *const *)argv, c->environment);
    close(p.out[1]);
    if (p.ready[1] >= 0)
        close(p.ready[1]);
    a->out_fd = p.out[0];
    a->ready_fd = p.ready[0];
    if (failed != 0) {
        a->pid = 0;
        return err_set(e, ERR_SYS_IO, "cannot start %s: %s", argv[0], strerror(failed));
    }
    a->pidfd = pidfd_open(a->pid, 0);
    return a->pidfd >= 0 ? 0 : err_errno(e, "%s: pidfd_open", c->name);
}

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void reap(struct actor *a) {
    if (a->pid > 0 && !a->ended) {
        while (waitpid(a->pid, &a->status, 0) < 0 && errno == EINTR)
            continue;
        a->ended = true;
    }
    close_fd(&a->pidfd);
}

void actor_release(struct actor *a) {
    if (a->pid > 0 && !a->ended) {
        kill(a->pid, SIGKILL);
        reap(a);
    }
    if (a->name != NULL) {
        close_fd(&a->pidfd);
        close_fd(&a->out_fd);
        close_fd(&a->ready_fd);
    }
    buf_free(&a->out);
    buf_free(&a->ready);
    free(a->name);
    free(a->stderr_path);
    *a = (struct actor){.pidfd = -1, .out_fd = -1, .ready_fd = -1};
}

/* Takes what a descriptor has; closes it at its end. More than the bound is read and dropped. */
static void take_input(int *fd, struct buf *into) {
    char chunk[4096];
    ssize_t n = read(*fd, chunk, sizeof chunk);
    if (n > 0)
        buf_put(into, chunk, (size_t)n);
    else if (n == 0 || (errno != EINTR && errno != EAGAIN))
        close_fd(fd);
}

/* One round of waiting for anything of these actors. 0, or -1 when the deadline has passed. */
static int pump(struct actor *const *actors, size_t count, int64_t deadline) {
    struct pollfd waits[WAITS_MAX];
    nfds_t n = 0;
    for (size_t i = 0; i < count && n + 3 <= WAITS_MAX; i++) {
        waits[n++] = (struct pollfd){.fd = actors[i]->out_fd, .events = POLLIN};
        waits[n++] = (struct pollfd){.fd = actors[i]->ready_fd, .events = POLLIN};
        waits[n++] = (struct pollfd){.fd = actors[i]->pidfd, .events = POLLIN};
    }
    int64_t left = deadline - clock_real_mono_us();
    if (left <= 0)
        return -1;
    int got = poll(waits, n, (int)(left / 1000) + 1);
    for (nfds_t i = 0; got > 0 && i + 2 < n; i += 3) {
        struct actor *a = actors[i / 3];
        if (waits[i].revents != 0)
            take_input(&a->out_fd, &a->out);
        if (waits[i + 1].revents != 0)
            take_input(&a->ready_fd, &a->ready);
        if (waits[i + 2].revents != 0)
            reap(a);
    }
    return 0;
}

static bool has_line(const struct buf *b) {
    return b->len > 0 && memchr(b->data, '\n', b->len) != NULL;
}

int actor_wait_ready(struct actor *a, int64_t deadline, json_t **facts, struct err *e) {
    while (!has_line(&a->ready) && !a->ended) {
        if (pump(&a, 1, deadline) != 0)
            return err_set(e, ERR_SYS_TIMEOUT, "%s was not ready in time", a->name);
    }
    json_error_t error;
    *facts = has_line(&a->ready) ? json_loads(buf_str(&a->ready), 0, &error) : NULL;
    if (*facts != NULL)
        return 0;
    char end[128] = "an unreadable ready line";
    if (a->ended)
        actor_end_text(a, end, sizeof end);
    return err_set(e, ERR_SYS_IO, "%s did not get ready: %s", a->name, end);
}

static int still_running(struct actor *const *actors, size_t count, struct err *e) {
    AUTO_BUF names = BUF_INIT(256);
    for (size_t i = 0; i < count; i++)
        if (!actors[i]->ended && !names.failed)
            buf_printf(&names, "%s%s", names.len > 0 ? ", " : "", actors[i]->name);
    return err_set(e, ERR_SYS_TIMEOUT, "%s did not end in time", buf_str(&names));
}

/* Ended, and nothing of its output is left in the pipe. */
static bool is_over(const struct actor *a) {
    return a->ended && a->out_fd < 0;
}

int actors_wait(struct actor *const *actors, size_t count, int64_t deadline, struct err *e) {
    for (;;) {
        size_t over = 0;
        for (size_t i = 0; i < count; i++)
            over += is_over(actors[i]);
        if (over == count)
            return 0;
        if (pump(actors, count, deadline) != 0)
            return still_running(actors, count, e);
    }
}

/* By the signal that leaves a trace of where it was, if anything does. */
static void abort_it(struct actor *a) {
    int64_t deadline = deadline_in(ABORT_US);
    kill(a->pid, SIGABRT);
    while (!a->ended && pump(&a, 1, deadline) == 0)
        continue;
    if (!a->ended)
        kill(a->pid, SIGKILL);
    reap(a);
}

int actor_stop(struct actor *a, int64_t deadline, struct err *e) {
    if (a->pid == 0)
        return 0;
    if (!a->ended)
        kill(a->pid, SIGTERM);
    while (!a->ended) {
        if (pump(&a, 1, deadline) == 0)
            continue;
        abort_it(a);
        return err_set(e, ERR_SYS_TIMEOUT, "%s did not end after SIGTERM and was killed", a->name);
    }
    if (actor_ended_with(a, 0))
        return 0;
    char end[128];
    actor_end_text(a, end, sizeof end);
    return err_set(e, ERR_SYS_IO, "%s ended with %s", a->name, end);
}

void actor_end_text(const struct actor *a, char *out, size_t size) {
    if (!a->ended)
        snprintf(out, size, "still running");
    else if (WIFEXITED(a->status))
        snprintf(out, size, "exit status %d", WEXITSTATUS(a->status));
    else
        snprintf(out, size, "signal %d (%s)", WTERMSIG(a->status), strsignal(WTERMSIG(a->status)));
}

bool actor_has_ended(const struct actor *a) {
    struct pollfd wait = {.fd = a->pidfd, .events = POLLIN};
    return a->ended || poll(&wait, 1, 0) > 0;
}

bool actor_ended_with(const struct actor *a, int exit_status) {
    return a->ended && WIFEXITED(a->status) && WEXITSTATUS(a->status) == exit_status;
}
