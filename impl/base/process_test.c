/* Daemons' common part: readiness, signals, the parent's end, timers at a clock rate, addresses. */
#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/process.h"
#include "base/random.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

static struct process *start(const struct process_config *config,
                             const struct process_options *options) {
    struct err e = {0};
    struct process *p = process_new(config, options, &e);
    ck_assert_msg(p != NULL, "%s", e.text);
    return p;
}

static const struct process_config plain = {.clock_rate = 1};
static const struct process_options no_options = PROCESS_OPTIONS_INIT;

START_TEST(the_config_table_has_working_defaults) {
    struct process_config config = {0};
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct cfg_doc *doc = cfg_load_text("t", bytes_of_str(""), process_fields, &config, m);
    ck_assert_uint_eq(cfg_mistakes_count(m), 0);
    ck_assert_int_eq(config.clock_offset_us, 0);
    ck_assert(config.clock_rate == 1.0);
    ck_assert_ptr_null(config.events);
    process_free(start(&config, &no_options));
    cfg_doc_free(doc);
    cfg_mistakes_free(m);
}
END_TEST

START_TEST(clock_seed_and_events_are_applied) {
    TEMPORARY(dir);
    AUTO(char) events = path_join(dir, "events.ndjson");
    char seed[] = "lab";
    char actor[] = "capf";
    struct process_config config = {
        .clock_rate = 50, .seed = seed, .events = events, .actor = actor};
    struct process *p = start(&config, &no_options);
    uint8_t a[8];
    uint8_t b[8];
    random_bytes(a, sizeof a, NULL);
    random_seed("lab");
    random_bytes(b, sizeof b, NULL);
    ck_assert_mem_eq(a, b, sizeof a);
    ck_assert(clock_rate() == 50.0);
    ck_assert(file_exists(events));
    process_free(p);
}
END_TEST

START_TEST(what_cannot_be_applied_is_an_error) {
    struct err e = {0};
    struct process_config config = {.clock_rate = 0};
    ck_assert_ptr_null(process_new(&config, &no_options, &e));
    ck_assert_err(e, CONFIG_BAD_VALUE);
    char nowhere[] = "/nonexistent/events";
    config = (struct process_config){.clock_rate = 1, .events = nowhere};
    ck_assert_ptr_null(process_new(&config, &no_options, &e));
    ck_assert_err(e, SYS_IO);
    struct process_options options = {.ready_fd = 999};
    ck_assert_ptr_null(process_new(&plain, &options, &e));
    ck_assert_err(e, ARG_USAGE);
    options.ready_fd = INT64_MAX;
    ck_assert_ptr_null(process_new(&plain, &options, &e));
    ck_assert_err(e, ARG_USAGE);
}
END_TEST

static ssize_t read_all(int fd, char *out, size_t size) {
    size_t used = 0;
    ssize_t n;
    while (used < size - 1 && (n = read(fd, out + used, size - 1 - used)) > 0)
        used += (size_t)n;
    out[used] = '\0';
    return (ssize_t)used;
}

START_TEST(readiness_is_one_line_and_the_end_of_the_descriptor) {
    int fds[2];
    struct err e = {0};
    ck_assert_int_eq(pipe(fds), 0);
    struct process_options options = {.ready_fd = fds[1]};
    struct process *p = start(&plain, &options);
    ck_assert_int_eq(fcntl(fds[1], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    json_t *facts = json_pack("{s:s}", "listen", "127.0.0.1:40001");
    ck_assert_ok(process_ready(p, facts, &e), e);
    char line[128];
    read_all(fds[0], line, sizeof line);
    ck_assert_str_eq(line, "{\"ready\":true,\"listen\":\"127.0.0.1:40001\"}\n");
    ck_assert_ok(process_ready(p, json_object(), &e), e);
    process_free(p);
}
END_TEST

START_TEST(a_reader_that_is_gone_is_an_error_and_no_signal) {
    int fds[2];
    struct err e = {0};
    ck_assert_int_eq(pipe(fds), 0);
    struct process_options options = {.ready_fd = fds[1]};
    struct process *p = start(&plain, &options);
    close(fds[0]);
    ck_assert_int_eq(process_ready(p, json_object(), &e), -1);
    ck_assert_err(e, SYS_IO);
    process_free(p);
}
END_TEST

/* A daemon in a child; returns when it is ready. The child exits 0 when its loop ended. */
static pid_t start_child(const struct process_options *given) {
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        struct process_options options = *given;
        options.ready_fd = fds[1];
        struct process *p = process_new(&plain, &options, NULL);
        if (p == NULL || process_ready(p, json_object(), NULL) != 0)
            _exit(9);
        process_run(p);
        process_free(p);
        _exit(0);
    }
    close(fds[1]);
    char line[64];
    ck_assert_int_gt(read_all(fds[0], line, sizeof line), 0);
    close(fds[0]);
    return child;
}

static void check_ends_at(int number) {
    pid_t child = start_child(&no_options);
    int status = -1;
    ck_assert_int_eq(kill(child, number), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}

START_TEST(signals_end_the_loop_cleanly) {
    check_ends_at(SIGTERM);
    check_ends_at(SIGINT);
}
END_TEST

START_TEST(a_signal_before_the_loop_ends_it_at_once) {
    struct process *p = start(&plain, &no_options);
    raise(SIGTERM);
    process_run(p);
    process_free(p);
}
END_TEST

START_TEST(a_stop_before_the_loop_ends_it_at_once) {
    struct process *p = start(&plain, &no_options);
    process_stop(p);
    process_run(p);
    process_free(p);
}
END_TEST

/* The pipe's writing end lives in the daemon alone: it closes when the daemon is gone. */
START_TEST(the_daemon_ends_with_its_parent_when_asked) {
    int alive[2];
    ck_assert_int_eq(pipe(alive), 0);
    pid_t parent = fork();
    if (parent == 0) {
        struct process_options options = {.ready_fd = -1, .die_with_parent = true};
        start_child(&options);
        raise(SIGKILL);
    }
    ck_assert_int_eq(waitpid(parent, NULL, 0), parent);
    close(alive[1]);
    char byte;
    ck_assert_int_eq(read(alive[0], &byte, 1), 0);
    close(alive[0]);
}
END_TEST

struct ticks {
    struct process *process;
    struct timer *timer;
    int count;
    int until;
};

static void on_tick(void *user) {
    struct ticks *t = user;
    if (++t->count == t->until)
        process_stop(t->process);
    else
        timer_start(t->timer, 60 * INT64_C(1000000));
}

START_TEST(timers_run_in_component_time) {
    struct process_config config = {.clock_rate = 60000};
    struct ticks t = {.process = start(&config, &no_options), .until = 3};
    t.timer = timer_new(process_loop(t.process), on_tick, &t);
    int64_t before = clock_mono_us();
    timer_start(t.timer, 60 * INT64_C(1000000));
    process_run(t.process);
    ck_assert_int_eq(t.count, 3);
    ck_assert_int_ge(clock_mono_us() - before, 170 * INT64_C(1000000));
    timer_free(t.timer);
    process_free(t.process);
}
END_TEST

static void on_free_itself(void *user) {
    struct ticks *t = user;
    timer_free(t->timer);
    process_stop(t->process);
}

START_TEST(a_timer_may_free_itself) {
    struct ticks t = {.process = start(&plain, &no_options)};
    t.timer = timer_new(process_loop(t.process), on_free_itself, &t);
    timer_start(t.timer, 0);
    process_run(t.process);
    process_free(t.process);
    timer_free(NULL);
}
END_TEST

static void on_never(void *user) {
    (void)user;
    ck_abort_msg("a stopped timer fired");
}

START_TEST(stopped_and_restarted_timers_keep_to_the_last_word) {
    struct ticks t = {.process = start(&plain, &no_options), .until = 1};
    struct timer *stopped = timer_new(process_loop(t.process), on_never, NULL);
    struct timer *later = timer_new(process_loop(t.process), on_never, NULL);
    t.timer = timer_new(process_loop(t.process), on_tick, &t);
    timer_start(stopped, 1);
    timer_stop(stopped);
    timer_start(later, 1);
    timer_start(later, 3600 * INT64_C(1000000));
    timer_start(t.timer, 5000);
    process_run(t.process);
    timer_free(stopped);
    timer_free(later);
    timer_free(t.timer);
    process_free(t.process);
}
END_TEST

static const struct {
    const char *text;
    const char *host; /* NULL: refused */
    uint16_t port;
} addresses[] = {
    {"127.0.0.1:80", "127.0.0.1", 80},
    {"capf.michamen.com:3804", "capf.michamen.com", 3804},
    {"[::1]:443", "::1", 443},
    {"h:0", "h", 0},
    {"h:65535", "h", 65535},
    {"h:65536", NULL, 0},
    {"h:-1", NULL, 0},
    {"h:", NULL, 0},
    {"h", NULL, 0},
    {"", NULL, 0},
    {":80", NULL, 0},
    {"[]:80", NULL, 0},
    {"[::1:80", NULL, 0},
    {"[::1]80", NULL, 0},
    {"::1:80", NULL, 0},
    {"h:80 ", NULL, 0},
    {"h:000080", NULL, 0},
};

START_TEST(addresses_are_split_and_joined) {
    char joined[64];
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct err e = {0};
        AUTO(char) host = NULL;
        uint16_t port = 0;
        int result = split_host_port(addresses[i].text, &host, &port, &e);
        ck_assert_msg((result == 0) == (addresses[i].host != NULL), "%s", addresses[i].text);
        if (result != 0) {
            ck_assert_err(e, ARG_USAGE);
            continue;
        }
        ck_assert_str_eq(host, addresses[i].host);
        ck_assert_uint_eq(port, addresses[i].port);
        join_host_port(host, port, joined, sizeof joined);
        ck_assert_str_eq(joined, addresses[i].text);
    }
    join_host_port("2001:db8::1", 2445, joined, 10);
    ck_assert_str_eq(joined, "[2001:db8");
}
END_TEST

static void check_listens(const char *where, const char *begins) {
    struct err e = {0};
    AUTO(char) address = NULL;
    AUTO_FD fd = listen_tcp(where, &address, &e);
    ck_assert_msg(fd >= 0, "%s", e.text);
    ck_assert_int_eq(strncmp(address, begins, strlen(begins)), 0);
    ck_assert_str_ne(strrchr(address, ':'), ":0");
    ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    ck_assert_int_eq(accept(fd, NULL, NULL), -1);
    ck_assert_int_eq(errno, EAGAIN);
    AUTO(char) again = NULL;
    ck_assert_int_eq(listen_tcp(address, &again, &e), -1);
    ck_assert_err(e, SYS_IO);
}

START_TEST(sockets_listen_on_a_port_of_their_own) {
    check_listens("127.0.0.1:0", "127.0.0.1:");
    check_listens("localhost:0", "127.0.0.1:");
}
END_TEST

/* 0, or the errno of a connection to the address of fd. */
static int connect_to_bound(int fd) {
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    AUTO_FD client = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(client, (struct sockaddr *)&at, len) == 0 ? 0 : errno;
}

START_TEST(a_reserved_port_is_refused_but_may_be_listened_on) {
    struct err e = {0};
    AUTO(char) address = NULL;
    AUTO_FD reserved = reserve_tcp("127.0.0.1:0", &address, &e);
    ck_assert_msg(reserved >= 0, "%s", e.text);
    for (int round = 0; round < 2; round++) {
        AUTO(char) same = NULL;
        ck_assert_int_eq(connect_to_bound(reserved), ECONNREFUSED);
        AUTO_FD listener = listen_tcp(address, &same, &e);
        ck_assert_msg(listener >= 0, "%s", e.text);
        ck_assert_str_eq(same, address);
        ck_assert_int_eq(connect_to_bound(reserved), 0);
    }
}
END_TEST

START_TEST(names_are_no_addresses_to_listen_on) {
    struct err e = {0};
    char *address = NULL;
    ck_assert_int_eq(listen_tcp("capf.michamen.com:3804", &address, &e), -1);
    ck_assert_err(e, ARG_USAGE);
    ck_assert_int_eq(listen_tcp("3804", &address, &e), -1);
    ck_assert_err(e, ARG_USAGE);
    ck_assert_int_eq(listen_tcp("192.0.2.1:0", &address, &e), -1);
    ck_assert_err(e, SYS_IO);
    ck_assert_ptr_null(address);
}
END_TEST

TEST_MAIN("process", the_config_table_has_working_defaults, clock_seed_and_events_are_applied,
          what_cannot_be_applied_is_an_error, readiness_is_one_line_and_the_end_of_the_descriptor,
          a_reader_that_is_gone_is_an_error_and_no_signal, signals_end_the_loop_cleanly,
          a_signal_before_the_loop_ends_it_at_once, a_stop_before_the_loop_ends_it_at_once,
          the_daemon_ends_with_its_parent_when_asked, timers_run_in_component_time,
          a_timer_may_free_itself, stopped_and_restarted_timers_keep_to_the_last_word,
          addresses_are_split_and_joined, sockets_listen_on_a_port_of_their_own,
          a_reserved_port_is_refused_but_may_be_listened_on, names_are_no_addresses_to_listen_on)
