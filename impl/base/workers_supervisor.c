/* The supervisor: starts workers, hands connections over, relays notices, passes signals on, starts
 * again what died. One poll loop; it opens nothing that a worker opens, so that a worker can be
 * forked from it at any time. It must never lose a connection that it accepted while a worker
 * lives, nor leave a worker behind. */
#include "base/clock.h"
#include "base/events.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/workers.h"
#include "base/workers_impl.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

enum {
    READY_MAX = 64 * 1024,
    AT_ONCE_US = 1000000, /* a life shorter than this is none */
    AT_ONCE_MAX = 5,      /* so many in a row end the service */
    POLLED_MAX = 2 + 2 * WORKERS_MAX,
    ACCEPTS_AT_A_TIME = 16,
    BREATH_MS = 100,
    LINE_OCTETS =
        16 * 1024, /* about thirty connections, so that a worker that hangs holds up few */
};

struct worker {
    unsigned number;
    unsigned generation;
    pid_t pid; /* 0: does not run */
    bool ready;
    int ready_fd; /* -1: closed */
    struct buf said;
    int64_t started_us;
    unsigned short_lives; /* in a row */
    struct worker_lines lines;
};

struct supervisor {
    const struct workers_plan *plan;
    struct process_options *options;
    struct worker workers[WORKERS_MAX];
    size_t count;
    size_t turn;
    int listener;
    int signals;
    int claims;
    int ready_fd;
    char *address;
    uint64_t accepted;
    struct handed held_address; /* of the connection that nobody had room for */
    int held;                   /* -1: none */
    sigset_t signals_before;
    bool announced, stopping;
    bool starved; /* no descriptor was left for a connection: for a while none is accepted */
    int exit_code;
};

__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...) {
    AUTO(char) text = NULL;
    va_list args;
    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0)
        text = NULL;
    va_end(args);
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, text != NULL ? text : "no memory");
}

static void give_up(struct supervisor *s, int code);

/* ---- set-up ---- */

static int open_pair(int pair[2]) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair);
}

static int open_lines(struct supervisor *s) {
    static const int octets = LINE_OCTETS;
    for (size_t i = 0; i < s->count; i++) {
        struct worker_lines *l = &s->workers[i].lines;
        if (open_pair(l->connections) != 0 || open_pair(l->notices) != 0 ||
            setsockopt(l->connections[0], SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets) != 0)
            return -1;
    }
    return 0;
}

static int block_signals(struct supervisor *s) {
    static const int numbers[] = {SIGTERM, SIGINT, SIGCHLD};
    sigset_t mask;
    sigemptyset(&mask);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaddset(&mask, numbers[i]);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &mask, &s->signals_before) != 0)
        return -1;
    s->signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    return s->signals;
}

static int take_ready_fd(struct supervisor *s, struct err *e) {
    int64_t fd = s->options->ready_fd;
    s->ready_fd = -1;
    if (fd == -1)
        return 0;
    if (fd < 0 || fd > INT32_MAX || fcntl((int)fd, F_SETFD, FD_CLOEXEC) != 0)
        return err_set(e, ERR_ARG_USAGE, "--ready-fd %lld: not an open descriptor", (long long)fd);
    s->ready_fd = (int)fd;
    return 0;
}

/* The supervisor's own lines in events.ndjson, in the service's time. */
static int open_events(const struct process_config *c, struct err *e) {
    clock_configure(c->clock_offset_us, c->clock_rate > 0 ? c->clock_rate : 1);
    const char *actor = c->actor != NULL ? c->actor : program_invocation_short_name;
    return c->events == NULL ? 0 : events_open(c->events, actor, e);
}

/* Bound from the start, so that a port that is taken is told at once; connections are refused until
 * all workers are ready. */
static int set_up(struct supervisor *s, struct err *e) {
    if (take_ready_fd(s, e) != 0 || open_events(s->plan->process, e) != 0)
        return -1;
    s->listener = reserve_tcp(s->plan->listen, &s->address, e);
    if (s->listener < 0)
        return -1;
    s->claims = memfd_create("claims", MFD_CLOEXEC);
    if (s->claims < 0 || open_lines(s) != 0 || block_signals(s) < 0)
        return err_errno(e, "workers");
    if (s->options->die_with_parent && process_die_with_parent(SIGTERM, e) != 0)
        return -1;
    return 0;
}

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_lines(struct worker_lines *l) {
    for (int i = 0; i < 2; i++) {
        close_fd(&l->connections[i]);
        close_fd(&l->notices[i]);
    }
}

static void supervisor_init(struct supervisor *s, const struct workers_plan *plan,
                            struct process_options *options) {
    *s = (struct supervisor){.plan = plan,
                             .options = options,
                             .count = (size_t)plan->count,
                             .listener = -1,
                             .signals = -1,
                             .claims = -1,
                             .ready_fd = -1,
                             .held = -1};
    for (size_t i = 0; i < s->count; i++)
        s->workers[i] = (struct worker){.number = (unsigned)i + 1,
                                        .ready_fd = -1,
                                        .said = BUF_INIT(READY_MAX),
                                        .lines = {{-1, -1}, {-1, -1}}};
}

/* Also in a worker, which keeps what it was given and nothing else. */
static void supervisor_free(struct supervisor *s) {
    for (size_t i = 0; i < s->count; i++) {
        close_lines(&s->workers[i].lines);
        close_fd(&s->workers[i].ready_fd);
        buf_free(&s->workers[i].said);
    }
    close_fd(&s->listener);
    close_fd(&s->signals);
    close_fd(&s->claims);
    close_fd(&s->ready_fd);
    close_fd(&s->held);
    free(s->address);
    s->address = NULL;
    events_close();
}

/* ---- starting a worker ---- */

static int take(int *fd) {
    int taken = *fd;
    *fd = -1;
    return taken;
}

/* In the new process: it dies with the supervisor at once, as one process would at SIGKILL. */
static void become(struct supervisor *s, struct worker *w, int ready_fd, pid_t supervisor) {
    struct worker_self self = {.number = w->number,
                               .generation = w->generation,
                               .connections = take(&w->lines.connections[1]),
                               .notices = take(&w->lines.notices[1]),
                               .claims = take(&s->claims),
                               .signals = s->signals_before,
                               .address = s->address};
    s->address = NULL;
    s->options->ready_fd = ready_fd;
    s->options->die_with_parent = false;
    supervisor_free(s);
    if (process_die_with_parent(SIGKILL, NULL) != 0 || getppid() != supervisor)
        _exit(EXIT_FAILED);
    worker_become(&self);
}

/* 1 in the worker; 0; -1 with errno. */
static int start_worker(struct supervisor *s, struct worker *w) {
    int ready[2];
    pid_t supervisor = getpid();
    if (pipe2(ready, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        close(ready[0]);
        become(s, w, ready[1], supervisor);
        return 1;
    }
    close(ready[1]);
    if (pid < 0) {
        close(ready[0]);
        return -1;
    }
    w->pid = pid;
    w->ready_fd = ready[0];
    w->ready = false;
    w->started_us = clock_real_mono_us();
    buf_reset(&w->said);
    return 0;
}

/* Where nothing can be forked any more, a service that ends is better than one that shrinks. */
static int start_or_give_up(struct supervisor *s, struct worker *w) {
    int role = start_worker(s, w);
    if (role < 0) {
        say("worker %u cannot be started: %s", w->number, strerror(errno));
        give_up(s, EXIT_FAILED);
    }
    return role;
}

/* ---- readiness ---- */

/* The first worker's line with the pids of all: "workers". */
static int announce(struct supervisor *s) {
    AUTO_BUF line = BUF_INIT(READY_MAX + 1024);
    const struct buf *said = &s->workers[0].said;
    size_t body = said->len;
    while (body > 0 && said->data[body - 1] != '}')
        body--;
    if (s->ready_fd < 0) {
        fprintf(stderr, "listening on %s\n", s->address);
        return 0;
    }
    buf_put(&line, said->data, body > 0 ? body - 1 : 0);
    for (size_t i = 0; i < s->count; i++)
        buf_printf(&line, "%s%ld", i == 0 ? ",\"workers\":[" : ",", (long)s->workers[i].pid);
    buf_put_str(&line, "]}\n");
    int rc = line.failed ? -1 : file_write_all(s->ready_fd, buf_view(&line));
    close_fd(&s->ready_fd);
    return rc;
}

static bool all_ready(const struct supervisor *s) {
    for (size_t i = 0; i < s->count; i++)
        if (!s->workers[i].ready)
            return false;
    return true;
}

static void announce_if_ready(struct supervisor *s) {
    if (s->announced || s->stopping || !all_ready(s))
        return;
    s->announced = true;
    if (listen(s->listener, SOMAXCONN) == 0 && announce(s) == 0)
        return;
    say("not ready: %s", strerror(errno));
    give_up(s, EXIT_FAILED);
}

/* The first one makes files, folders and databases; then all others at the same time. None when the
 * service is ending already: nobody would end that one. 1 in a worker. */
static int worker_is_ready(struct supervisor *s, struct worker *w) {
    w->ready = true;
    for (size_t i = 1; w->number == 1 && i < s->count && !s->announced && !s->stopping; i++)
        if (s->workers[i].pid == 0 && start_or_give_up(s, &s->workers[i]) == 1)
            return 1;
    announce_if_ready(s);
    return 0;
}

static int read_ready(struct supervisor *s, struct worker *w) {
    uint8_t piece[4096];
    ssize_t got = read(w->ready_fd, piece, sizeof piece);
    if (got < 0 && errno == EINTR)
        return 0;
    if (got > 0 && buf_put(&w->said, piece, (size_t)got) == 0 &&
        memchr(piece, '\n', (size_t)got) == NULL)
        return 0;
    close_fd(&w->ready_fd);
    return got > 0 && !w->said.failed ? worker_is_ready(s, w) : 0;
}

/* ---- connections ---- */

/* 0 when somebody has it. */
static int hand_over(struct supervisor *s, const struct handed *h, int fd) {
    for (size_t i = 0; i < s->count; i++) {
        struct worker *w = &s->workers[(s->turn + i) % s->count];
        if (!w->ready || handed_send(w->lines.connections[0], h, fd) != 0)
            continue;
        s->turn = (s->turn + i + 1) % s->count;
        return 0;
    }
    return -1;
}

/* The one that nobody has room for waits here, those behind it in the kernel. */
static bool hand_over_held(struct supervisor *s) {
    if (s->held < 0)
        return true;
    if (hand_over(s, &s->held_address, s->held) != 0)
        return false;
    close_fd(&s->held);
    return true;
}

static void accept_one(struct supervisor *s) {
    struct handed h = {.len = sizeof h.address};
    s->held = accept4(s->listener, (struct sockaddr *)(void *)&h.address, &h.len,
                      SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (s->held < 0) {
        s->starved = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        return;
    }
    h.number = ++s->accepted;
    s->held_address = h;
}

static void accept_some(struct supervisor *s) {
    for (int i = 0; i < ACCEPTS_AT_A_TIME && s->held < 0; i++) {
        accept_one(s);
        if (s->held < 0)
            return;
        hand_over_held(s);
    }
}

/* What a dead worker had not taken. With no other worker, or none that has room, the rest stays for
 * the next one of that number. */
static void rescue_connections(struct supervisor *s, struct worker *w) {
    bool others = false;
    for (size_t i = 0; i < s->count; i++)
        others = others || s->workers[i].ready;
    while (others && hand_over_held(s) &&
           handed_receive(w->lines.connections[1], &s->held_address, &s->held) == 1)
        ;
}

/* ---- notices ---- */

static void tell_others(struct supervisor *s, const struct worker *from, const struct notice *n) {
    for (size_t i = 0; i < s->count; i++) {
        struct worker *w = &s->workers[i];
        if (w != from && w->pid != 0 &&
            send(w->lines.notices[0], n, sizeof *n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
            continue;
    }
}

/* A wish that nobody else is there to hear needs no answer: who had the thing has just died, and
 * its end is told. */
static void relay(struct supervisor *s, struct worker *from) {
    struct notice n;
    while (recv(from->lines.notices[0], &n, sizeof n, MSG_DONTWAIT) == (ssize_t)sizeof n)
        tell_others(s, from, &n);
}

/* ---- ends ---- */

static void signal_all(const struct supervisor *s, int number) {
    for (size_t i = 0; i < s->count; i++)
        if (s->workers[i].pid > 0)
            kill(s->workers[i].pid, number);
}

static void give_up(struct supervisor *s, int code) {
    s->stopping = true;
    s->exit_code = code;
    close_fd(&s->listener);
    signal_all(s, SIGTERM);
}

static void describe_end(int status, char *out, size_t size) {
    if (WIFEXITED(status))
        snprintf(out, size, "exit status %d", WEXITSTATUS(status));
    else
        snprintf(out, size, "signal %d", WTERMSIG(status));
}

/* A worker that cannot start has said why. */
static void never_began(struct supervisor *s, int status) {
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    give_up(s, code != 0 ? code : EXIT_FAILED);
}

/* 1 in the new worker. */
static int start_again(struct supervisor *s, struct worker *w, bool was_ready, const char *how) {
    bool short_life = !was_ready || clock_real_mono_us() - w->started_us < AT_ONCE_US;
    w->short_lives = short_life ? w->short_lives + 1 : 0;
    if (w->short_lives >= AT_ONCE_MAX) {
        say("worker %u ended with %s, the %dth time at once; the service ends", w->number, how,
            AT_ONCE_MAX);
        give_up(s, EXIT_FAILED);
        return 0;
    }
    say("worker %u ended with %s and is started again", w->number, how);
    event_message(NULL, NULL, "worker", "%u ended with %s and is started again", w->number, how);
    w->generation++;
    return start_or_give_up(s, w);
}

static int worker_ended(struct supervisor *s, struct worker *w, int status) {
    static const struct notice freed = {.kind = NOTICE_FREED};
    char how[32];
    bool was_ready = w->ready;
    describe_end(status, how, sizeof how);
    w->pid = 0;
    w->ready = false;
    close_fd(&w->ready_fd);
    if (s->stopping) {
        if (s->exit_code == 0 && status != 0) {
            say("worker %u ended with %s", w->number, how);
            s->exit_code = EXIT_FAILED;
        }
        return 0;
    }
    rescue_connections(s, w);
    relay(s, w);
    tell_others(s, w, &freed);
    if (s->announced)
        return start_again(s, w, was_ready, how);
    if (!WIFEXITED(status))
        say("worker %u ended with %s before it was ready", w->number, how);
    never_began(s, status);
    return 0;
}

static struct worker *worker_of(struct supervisor *s, pid_t pid) {
    for (size_t i = 0; i < s->count; i++)
        if (s->workers[i].pid == pid)
            return &s->workers[i];
    return NULL;
}

static int reap(struct supervisor *s) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct worker *w = worker_of(s, pid);
        if (w != NULL && worker_ended(s, w, status) == 1)
            return 1;
    }
    return 0;
}

/* 1 in a new worker. */
static int take_signals(struct supervisor *s) {
    struct signalfd_siginfo got;
    while (read(s->signals, &got, sizeof got) == (ssize_t)sizeof got) {
        if (got.ssi_signo == SIGTERM || got.ssi_signo == SIGINT)
            give_up(s, s->exit_code);
    }
    return reap(s);
}

/* ---- the loop ---- */

static bool any_runs(const struct supervisor *s) {
    for (size_t i = 0; i < s->count; i++)
        if (s->workers[i].pid != 0)
            return true;
    return false;
}

static short listens_for(const struct supervisor *s) {
    return s->announced && s->held < 0 && !s->starved ? POLLIN : 0;
}

/* A worker's line of connections is of interest when one waits for room in it. */
static nfds_t fill(const struct supervisor *s, struct pollfd *p) {
    nfds_t n = 0;
    p[n++] = (struct pollfd){.fd = s->signals, .events = POLLIN};
    p[n++] = (struct pollfd){.fd = listens_for(s) != 0 ? s->listener : -1, .events = POLLIN};
    for (size_t i = 0; i < s->count; i++) {
        const struct worker *w = &s->workers[i];
        int waits = w->ready_fd >= 0 ? w->ready_fd : -1;
        if (w->ready && s->held >= 0)
            waits = w->lines.connections[0];
        p[n++] = (struct pollfd){.fd = waits, .events = w->ready ? POLLOUT : POLLIN};
        p[n++] = (struct pollfd){.fd = w->lines.notices[0], .events = POLLIN};
    }
    return n;
}

/* 1 in a new worker. */
static int serve_once(struct supervisor *s) {
    struct pollfd p[POLLED_MAX];
    nfds_t n = fill(s, p);
    int wait_ms = s->starved ? BREATH_MS : -1;
    s->starved = false;
    if (poll(p, n, wait_ms) < 0)
        return 0;
    if (p[0].revents != 0 && take_signals(s) == 1)
        return 1;
    for (size_t i = 0; i < s->count; i++) {
        struct worker *w = &s->workers[i];
        if (p[3 + 2 * i].revents != 0)
            relay(s, w);
        if (p[2 + 2 * i].revents != 0 && w->ready_fd == p[2 + 2 * i].fd && read_ready(s, w) == 1)
            return 1;
    }
    if (!s->stopping && hand_over_held(s) && p[1].revents != 0)
        accept_some(s);
    return 0;
}

/* True in a worker. */
static bool run(struct supervisor *s, struct err *e) {
    if (set_up(s, e) != 0) {
        say("%s (%s)", e->text, err_name(e->code));
        s->exit_code = e->code == ERR_ARG_USAGE ? EXIT_USAGE : EXIT_FAILED;
        return false;
    }
    if (start_or_give_up(s, &s->workers[0]) == 1)
        return true;
    while (any_runs(s))
        if (serve_once(s) == 1)
            return true;
    return false;
}

bool workers_split(const struct workers_plan *plan, struct process_options *options,
                   int *exit_code) {
    struct supervisor s;
    struct err e = {0};
    if (plan->count <= 1)
        return true;
    supervisor_init(&s, plan, options);
    if (run(&s, &e))
        return true;
    *exit_code = s.exit_code;
    supervisor_free(&s);
    return false;
}
