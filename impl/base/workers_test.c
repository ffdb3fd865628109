/* Supervisor and workers: who gets which connection, what happens when one of them dies, and
 * claims. The service under test answers each octet on a connection with one octet. */
#include "base/file.h"
#include "base/owned.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include "base/workers.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { THING = 7, CONNECTIONS_MAX = 64, TRIES = 2000 };

/* ---- the service, in the worker ---- */

static struct {
    struct process *process;
    int open[CONNECTIONS_MAX];
    size_t count;
} service;

static void put(int fd, char octet) {
    ck_assert_int_eq(write(fd, &octet, 1), 1);
}

static void tell_all(char octet) {
    for (size_t i = 0; i < service.count; i++)
        put(service.open[i], octet);
}

static void on_freed(void *user) {
    (void)user;
    tell_all('f');
}

static void on_wanted(void *user, uint64_t thing, uint64_t rank) {
    (void)user;
    tell_all(thing == THING && rank == worker_number() % 2 + 1 ? 'w' : '?');
}

/* c: claim, d: claim another thing, u: unclaim, n: number of the worker, x: die. */
static char answer(char question) {
    switch (question) {
    case 'c':
        return worker_claim(THING, worker_number()) ? 'y' : 'n';
    case 'd':
        return worker_claim(THING + 1, worker_number()) ? 'y' : 'n';
    case 'u':
        worker_unclaim(THING);
        return 'u';
    case 'x':
        _exit(7);
    default:
        return (char)('0' + worker_number());
    }
}

static void on_octet(evutil_socket_t fd, short what, void *user) {
    (void)what;
    (void)user;
    char octet;
    if (read(fd, &octet, 1) == 1)
        put(fd, answer(octet));
}

/* The first octet of a connection is its number. */
static void on_connection(void *user, int fd, struct sockaddr *address, socklen_t len,
                          uint64_t number) {
    (void)user;
    ck_assert_int_eq(address->sa_family, AF_INET);
    ck_assert_uint_ge(len, sizeof(struct sockaddr_in));
    ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    service.open[service.count++ % CONNECTIONS_MAX] = fd;
    struct event *octet = event_new(process_loop(service.process), fd, EV_READ | EV_PERSIST,
                                    on_octet, event_self_cbarg());
    event_add(octet, NULL);
    put(fd, (char)number);
}

static bool is_started_again(void) {
    AUTO(char) seed = worker_seed("");
    return strstr(seed, ".0") == NULL;
}

struct flaws {
    bool never_starts;     /* exit status 2 */
    bool starts_only_once; /* when started again it dies at once */
    bool ends_at_start;    /* its service gets SIGTERM before it is ready */
};

static void run_worker(const struct process_config *config, const struct process_options *options,
                       const struct flaws *flaws) {
    struct err e = {0};
    if (flaws->never_starts || (flaws->starts_only_once && is_started_again()))
        _exit(2);
    service.process = process_new(config, options, &e);
    if (service.process == NULL)
        _exit(9);
    if (flaws->ends_at_start && worker_is_first())
        kill(getppid(), SIGTERM);
    const struct worker_sharing sharing = {on_wanted, on_freed, NULL};
    struct event_base *loop = process_loop(service.process);
    AUTO(char) address = worker_address();
    struct worker_intake *intake = worker_intake_new(loop, on_connection, NULL, &e);
    if (intake == NULL || workers_share(loop, &sharing, &e) != 0 ||
        process_ready(service.process, json_pack("{s:s}", "listen", address), &e) != 0)
        _exit(9);
    process_run(service.process);
    _exit(0);
}

/* ---- the test's side ---- */

struct lab {
    pid_t supervisor;
    pid_t workers[WORKERS_MAX];
    size_t count;
    struct sockaddr_in at;
};

static void run_service(int64_t count, int ready_fd, const struct flaws *flaws, bool dies) {
    const struct process_config config = {.clock_rate = 1};
    struct process_options options = {.ready_fd = ready_fd, .die_with_parent = dies};
    const struct workers_plan plan = {count, "127.0.0.1:0", &config};
    int code = 0;
    if (workers_split(&plan, &options, &code))
        run_worker(&config, &options, flaws);
    _exit(code);
}

static ssize_t read_all(int fd, char *out, size_t size) {
    size_t used = 0;
    ssize_t n;
    while (used < size - 1 && (n = read(fd, out + used, size - 1 - used)) > 0)
        used += (size_t)n;
    out[used] = '\0';
    return (ssize_t)used;
}

static void read_facts(struct lab *lab, const char *line) {
    json_t *facts = json_loads(line, 0, NULL);
    ck_assert_msg(facts != NULL, "%s", line);
    AUTO(char) host = NULL;
    uint16_t port = 0;
    struct err e = {0};
    ck_assert_ok(
        split_host_port(json_string_value(json_object_get(facts, "listen")), &host, &port, &e), e);
    lab->at = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, host, &lab->at.sin_addr);
    const json_t *pids = json_object_get(facts, "workers");
    lab->count = json_array_size(pids);
    for (size_t i = 0; i < lab->count; i++)
        lab->workers[i] = (pid_t)json_integer_value(json_array_get(pids, i));
    json_decref(facts);
}

/* False when it ended without getting ready. */
static bool start(struct lab *lab, int64_t count, const struct flaws *flaws, bool dies) {
    char line[4096];
    int fds[2];
    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    lab->supervisor = fork();
    if (lab->supervisor == 0)
        run_service(count, fds[1], flaws, dies);
    close(fds[1]);
    bool ready = read_all(fds[0], line, sizeof line) > 0;
    close(fds[0]);
    if (ready)
        read_facts(lab, line);
    return ready;
}

static const struct flaws sound;

static struct lab lab_of(int64_t count) {
    struct lab lab;
    ck_assert(start(&lab, count, &sound, false));
    ck_assert_uint_eq(lab.count, (size_t)count);
    return lab;
}

static int exit_code_of(const struct lab *lab) {
    int status = -1;
    ck_assert_int_eq(waitpid(lab->supervisor, &status, 0), lab->supervisor);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void stop(const struct lab *lab) {
    ck_assert_int_eq(kill(lab->supervisor, SIGTERM), 0);
    ck_assert_int_eq(exit_code_of(lab), 0);
    for (size_t i = 0; i < lab->count; i++)
        ck_assert_int_eq(kill(lab->workers[i], 0), -1);
}

static int connect_to(const struct lab *lab) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)(const void *)&lab->at, sizeof lab->at),
                     0);
    return fd;
}

static char get(int fd) {
    char octet = '-';
    ck_assert_int_eq(read(fd, &octet, 1), 1);
    return octet;
}

static char ask(int fd, char question) {
    put(fd, question);
    return get(fd);
}

START_TEST(one_process_is_no_worker) {
    struct process_options options = PROCESS_OPTIONS_INIT;
    const struct process_config config = {.clock_rate = 1};
    const struct workers_plan plan = {1, "127.0.0.1:0", &config};
    int code = -1;
    ck_assert(workers_split(&plan, &options, &code));
    ck_assert_uint_eq(worker_number(), 0);
    ck_assert(worker_is_first());
    ck_assert(worker_claim(THING, 1));
    worker_unclaim(THING);
    ck_assert_int_eq(options.ready_fd, -1);
}
END_TEST

START_TEST(connections_go_to_each_in_turn_and_are_numbered) {
    struct lab lab = lab_of(3);
    for (int i = 0; i < 9; i++) {
        AUTO_FD fd = connect_to(&lab);
        ck_assert_int_eq(get(fd), i + 1);
        ck_assert_int_eq(ask(fd, 'n'), '1' + i % 3);
    }
    stop(&lab);
}
END_TEST

/* Until the replacement serves; no connection on the way there is lost. */
START_TEST(a_worker_that_was_killed_is_replaced_and_nothing_is_lost) {
    struct lab lab = lab_of(2);
    kill(lab.workers[0], SIGKILL);
    bool both = false;
    for (int i = 0; i < TRIES && !both; i++) {
        AUTO_FD fd = connect_to(&lab);
        get(fd);
        both = ask(fd, 'n') == '1';
    }
    ck_assert(both);
    stop(&lab);
}
END_TEST

START_TEST(what_a_dead_worker_had_not_taken_goes_to_another) {
    struct lab lab = lab_of(2);
    int fds[4];
    int status;
    kill(lab.workers[0], SIGSTOP);
    for (int i = 0; i < 4; i++)
        fds[i] = connect_to(&lab);
    ck_assert_int_eq(get(fds[1]), 2);
    ck_assert_int_eq(get(fds[3]), 4);
    kill(lab.workers[0], SIGKILL);
    ck_assert_int_eq(get(fds[0]), 1);
    ck_assert_int_eq(get(fds[2]), 3);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    ck_assert_int_eq(waitpid(lab.workers[0], &status, WNOHANG), -1);
    stop(&lab);
}
END_TEST

START_TEST(with_its_only_other_worker_dead_a_connection_waits_for_the_replacement) {
    struct lab lab = lab_of(2);
    for (size_t i = 0; i < lab.count; i++)
        kill(lab.workers[i], SIGSTOP);
    AUTO_FD first = connect_to(&lab);
    AUTO_FD second = connect_to(&lab);
    for (size_t i = 0; i < lab.count; i++)
        kill(lab.workers[i], SIGKILL);
    ck_assert_int_eq(get(first), 1);
    ck_assert_int_eq(get(second), 2);
    stop(&lab);
}
END_TEST

/* More than its line holds; the kernel keeps the rest, for whoever has room first. */
START_TEST(a_worker_that_hangs_holds_up_few) {
    enum { MANY = 200 };
    struct lab lab = lab_of(2);
    int fds[MANY];
    bool answered[MANY] = {false};
    size_t by_the_other = 0;
    kill(lab.workers[0], SIGSTOP);
    for (size_t i = 0; i < MANY; i++)
        fds[i] = connect_to(&lab);
    while (by_the_other < MANY - 50)
        for (size_t i = 0; i < MANY; i++) {
            char octet;
            if (answered[i] || recv(fds[i], &octet, 1, MSG_DONTWAIT) != 1)
                continue;
            answered[i] = true;
            by_the_other++;
        }
    kill(lab.workers[0], SIGCONT);
    for (size_t i = 0; i < MANY; i++) {
        if (!answered[i])
            get(fds[i]);
        close(fds[i]);
    }
    stop(&lab);
}
END_TEST

/* More than both lines hold; the replacement has answered somebody before the other goes on. */
START_TEST(what_no_other_worker_has_room_for_waits_for_the_replacement) {
    enum { MANY = 200 };
    struct lab lab = lab_of(2);
    struct pollfd fds[MANY];
    for (size_t i = 0; i < lab.count; i++)
        kill(lab.workers[i], SIGSTOP);
    for (size_t i = 0; i < MANY; i++)
        fds[i] = (struct pollfd){.fd = connect_to(&lab), .events = POLLIN};
    kill(lab.workers[0], SIGKILL);
    ck_assert_int_gt(poll(fds, MANY, -1), 0);
    kill(lab.workers[1], SIGCONT);
    for (size_t i = 0; i < MANY; i++) {
        get(fds[i].fd);
        close(fds[i].fd);
    }
    stop(&lab);
}
END_TEST

/* Clock ticks of CPU that the process has used. */
static long ticks_of(pid_t pid) {
    char path[32];
    AUTO_BUF text = BUF_INIT(4096);
    struct err e = {0};
    long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    ck_assert_ok(file_read(path, &text, &e), e);
    ck_assert_int_eq(sscanf(strrchr(buf_str(&text), ')') + 1,
                            " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system),
                     2);
    return user + system;
}

/* The lowest number that the process has not given out. */
static rlim_t lowest_free(pid_t pid) {
    char path[48];
    for (int fd = 0;; fd++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
        char target[2];
        if (readlink(path, target, sizeof target) < 0)
            return (rlim_t)fd;
    }
}

START_TEST(out_of_descriptors_the_supervisor_does_not_spin) {
    enum { PAUSE_MS = 500, TICKS_MAX = 10, POLLED = 8 /* poll() refuses more than the limit */ };
    int taken[POLLED];
    for (size_t i = 0; i < POLLED; i++)
        taken[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct lab lab = lab_of(2);
    struct rlimit before, none = {lowest_free(lab.supervisor), 0};
    for (size_t i = 0; i < POLLED; i++)
        close(taken[i]);
    ck_assert_int_eq(prlimit(lab.supervisor, RLIMIT_NOFILE, NULL, &before), 0);
    none.rlim_max = before.rlim_max;
    ck_assert_int_eq(prlimit(lab.supervisor, RLIMIT_NOFILE, &none, NULL), 0);
    AUTO_FD fd = connect_to(&lab);
    struct pollfd answer = {.fd = fd, .events = POLLIN};
    long used = ticks_of(lab.supervisor);
    ck_assert_int_eq(poll(&answer, 1, PAUSE_MS), 0);
    ck_assert_int_le(ticks_of(lab.supervisor) - used, TICKS_MAX);
    ck_assert_int_eq(prlimit(lab.supervisor, RLIMIT_NOFILE, &before, NULL), 0);
    ck_assert_int_eq(get(fd), 1);
    stop(&lab);
}
END_TEST

START_TEST(a_claim_is_one_workers_until_it_gives_it_up) {
    struct lab lab = lab_of(2);
    AUTO_FD one = connect_to(&lab);
    AUTO_FD two = connect_to(&lab);
    get(one);
    get(two);
    ck_assert_int_eq(ask(one, 'c'), 'y');
    ck_assert_int_eq(ask(one, 'c'), 'y');
    ck_assert_int_eq(ask(two, 'c'), 'n');
    ck_assert_int_eq(get(one), 'w');
    ck_assert_int_eq(ask(one, 'u'), 'u');
    ck_assert_int_eq(get(two), 'f');
    ck_assert_int_eq(ask(two, 'c'), 'y');
    ck_assert_int_eq(ask(one, 'c'), 'n');
    stop(&lab);
}
END_TEST

/* Told by the third that it is free, the second would ask again at once, without end. What came in
 * vain would stand before the answer to the last question. */
START_TEST(who_asks_for_a_claim_hears_only_of_who_has_it) {
    struct lab lab = lab_of(3);
    AUTO_FD one = connect_to(&lab);
    AUTO_FD two = connect_to(&lab);
    AUTO_FD three = connect_to(&lab);
    get(one);
    get(two);
    get(three);
    ck_assert_int_eq(ask(three, 'd'), 'y');
    ck_assert_int_eq(ask(one, 'c'), 'y');
    ck_assert_int_eq(ask(two, 'c'), 'n');
    ck_assert_int_eq(get(one), 'w');
    ck_assert_int_eq(ask(two, 'd'), 'n');
    ck_assert_int_eq(get(three), '?');
    ck_assert_int_eq(ask(three, 'c'), 'n');
    ck_assert_int_eq(get(one), '?');
    ck_assert_int_eq(ask(one, 'n'), '1');
    stop(&lab);
}
END_TEST

START_TEST(the_claims_of_a_dead_worker_are_free) {
    struct lab lab = lab_of(2);
    AUTO_FD one = connect_to(&lab);
    AUTO_FD two = connect_to(&lab);
    get(one);
    get(two);
    ck_assert_int_eq(ask(one, 'c'), 'y');
    ck_assert_int_eq(ask(two, 'c'), 'n');
    ck_assert_int_eq(get(one), 'w');
    kill(lab.workers[0], SIGKILL);
    ck_assert_int_eq(get(two), 'f');
    ck_assert_int_eq(ask(two, 'c'), 'y');
    stop(&lab);
}
END_TEST

START_TEST(a_worker_that_cannot_start_is_the_end) {
    struct lab lab;
    ck_assert(!start(&lab, 2, &(struct flaws){.never_starts = true}, false));
    ck_assert_int_eq(exit_code_of(&lab), 2);
}
END_TEST

START_TEST(a_service_that_is_ended_while_it_starts_starts_nobody_else) {
    struct lab lab;
    ck_assert(!start(&lab, 2, &(struct flaws){.ends_at_start = true}, false));
    ck_assert_int_eq(exit_code_of(&lab), 0);
}
END_TEST

START_TEST(a_worker_that_dies_at_once_again_and_again_is_the_end) {
    struct lab lab;
    ck_assert(start(&lab, 2, &(struct flaws){.starts_only_once = true}, false));
    kill(lab.workers[1], SIGKILL);
    ck_assert_int_eq(exit_code_of(&lab), 1);
    ck_assert_int_eq(kill(lab.workers[0], 0), -1);
}
END_TEST

START_TEST(a_port_that_is_taken_is_told_before_anything_starts) {
    struct lab lab = lab_of(2);
    struct process_options options = PROCESS_OPTIONS_INIT;
    const struct process_config config = {.clock_rate = 1};
    char where[SOCKADDR_TEXT_MAX];
    int code = -1;
    sockaddr_text((const struct sockaddr *)(const void *)&lab.at, where);
    const struct workers_plan plan = {2, where, &config};
    ck_assert(!workers_split(&plan, &options, &code));
    ck_assert_int_eq(code, 1);
    stop(&lab);
}
END_TEST

/* The connections live in the workers alone: they end when the workers do. */
static void check_ends_with(const struct lab *lab, pid_t victim) {
    AUTO_FD one = connect_to(lab);
    AUTO_FD two = connect_to(lab);
    char octet;
    get(one);
    get(two);
    ck_assert_int_eq(kill(victim, SIGKILL), 0);
    ck_assert_int_le(read(one, &octet, 1), 0);
    ck_assert_int_le(read(two, &octet, 1), 0);
}

START_TEST(workers_die_with_their_supervisor) {
    struct lab lab = lab_of(2);
    check_ends_with(&lab, lab.supervisor);
    ck_assert_int_eq(waitpid(lab.supervisor, NULL, 0), lab.supervisor);
}
END_TEST

START_TEST(supervisor_and_workers_end_with_the_parent_when_asked) {
    int told[2];
    struct lab lab;
    ck_assert_int_eq(pipe2(told, O_CLOEXEC), 0);
    pid_t parent = fork();
    if (parent == 0) {
        bool ready = start(&lab, 2, &sound, true);
        if (!ready || write(told[1], &lab, sizeof lab) != (ssize_t)sizeof lab)
            _exit(9);
        pause();
    }
    ck_assert_int_eq(read(told[0], &lab, sizeof lab), (ssize_t)sizeof lab);
    check_ends_with(&lab, parent);
    ck_assert_int_eq(waitpid(parent, NULL, 0), parent);
    close(told[0]);
    close(told[1]);
}
END_TEST

static const struct {
    int64_t count;
    const char *durability;
    int64_t becomes; /* 0: refused */
    bool durable;
} applied[] = {
    {0, NULL, 3, true},   {2, NULL, 2, true},   {64, "off", 64, false}, {0, "on", 3, true},
    {65, NULL, 0, false}, {-1, NULL, 0, false}, {0, "no", 0, false},
};

START_TEST(the_command_line_beats_the_file) {
    for (size_t i = 0; i < sizeof applied / sizeof applied[0]; i++) {
        struct err e = {0};
        struct workers_config config = {.count = 3, .durable = true};
        const struct workers_options options = {applied[i].count, applied[i].durability};
        if (workers_apply(&config, &options, &e) != 0) {
            ck_assert_err(e, ARG_USAGE);
            ck_assert_int_eq(applied[i].becomes, 0);
            continue;
        }
        ck_assert_int_eq(config.count, applied[i].becomes);
        ck_assert(config.durable == applied[i].durable);
    }
}
END_TEST

TEST_MAIN("workers", one_process_is_no_worker, connections_go_to_each_in_turn_and_are_numbered,
          a_worker_that_was_killed_is_replaced_and_nothing_is_lost,
          what_a_dead_worker_had_not_taken_goes_to_another,
          with_its_only_other_worker_dead_a_connection_waits_for_the_replacement,
          a_worker_that_hangs_holds_up_few,
          what_no_other_worker_has_room_for_waits_for_the_replacement,
          out_of_descriptors_the_supervisor_does_not_spin,
          a_claim_is_one_workers_until_it_gives_it_up,
          who_asks_for_a_claim_hears_only_of_who_has_it, the_claims_of_a_dead_worker_are_free,
          a_worker_that_cannot_start_is_the_end,
          a_service_that_is_ended_while_it_starts_starts_nobody_else,
          a_worker_that_dies_at_once_again_and_again_is_the_end,
          a_port_that_is_taken_is_told_before_anything_starts, workers_die_with_their_supervisor,
          supervisor_and_workers_end_with_the_parent_when_asked, the_command_line_beats_the_file)
