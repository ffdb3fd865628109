/* The HTTP server in two workers: connections are numbered over both, and a worker at its limit
 * takes another one when one has gone. */
#include "base/http_server.h"
#include "base/process.h"
#include "base/test.h"
#include "base/workers.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

static pid_t supervisor;
static struct sockaddr_in at;

/* "WORKER CONNECTION" is the answer to everything. */
static void on_request(void *user, struct http_request *r) {
    char text[32];
    (void)user;
    int len = snprintf(text, sizeof text, "%u %u.", worker_number(),
                       (unsigned)http_request_connection_id(r));
    http_reply(r, 200, bytes_of(text, (size_t)len), false);
}

static void on_completed(void *user, struct http_request *r, bool sent) {
    (void)user;
    (void)r;
    (void)sent;
}

static void serve(const struct process_config *config, const struct process_options *options) {
    struct err e = {0};
    struct process *process = process_new(config, options, &e);
    const struct http_server_options http = {
        .listen = "127.0.0.1:0", .body_max = 1024, .connections_max = 2};
    const struct http_server_callbacks callbacks = {.request = on_request,
                                                    .completed = on_completed};
    struct http_server *server = http_server_new(process_loop(process), &http, &callbacks, &e);
    if (server == NULL ||
        process_ready(process, json_pack("{s:s}", "listen", http_server_address(server)), &e) != 0)
        _exit(1);
    process_run(process);
    http_server_free(server);
    process_free(process);
    _exit(0);
}

static void run_service(int ready_fd) {
    const struct process_config config = {.clock_rate = 1};
    struct process_options options = {.ready_fd = ready_fd, .die_with_parent = true};
    const struct workers_plan plan = {2, "127.0.0.1:0", &config};
    int code = 0;
    if (workers_split(&plan, &options, &code))
        serve(&config, &options);
    _exit(code);
}

static void start(void) {
    char line[512] = "";
    int fds[2];
    size_t used = 0;
    ssize_t n;
    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    supervisor = fork();
    if (supervisor == 0)
        run_service(fds[1]);
    close(fds[1]);
    while ((n = read(fds[0], line + used, sizeof line - 1 - used)) > 0)
        used += (size_t)n;
    close(fds[0]);
    unsigned port = 0;
    ck_assert_int_eq(sscanf(strstr(line, "127.0.0.1:"), "127.0.0.1:%u", &port), 1);
    at = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
}

static void stop(void) {
    int status = -1;
    kill(supervisor, SIGTERM);
    ck_assert_int_eq(waitpid(supervisor, &status, 0), supervisor);
    ck_assert_int_eq(status, 0);
}

static int connect_and_ask(void) {
    static const char request[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)(const void *)&at, sizeof at), 0);
    ck_assert_int_eq(send(fd, request, sizeof request - 1, MSG_NOSIGNAL),
                     (ssize_t)sizeof request - 1);
    return fd;
}

static void expect(int fd, const char *body) {
    char text[2048] = "";
    size_t used = 0;
    while (used < sizeof text - 1 && (used == 0 || text[used - 1] != '.')) {
        ssize_t n = recv(fd, text + used, sizeof text - 1 - used, 0);
        ck_assert_int_gt(n, 0);
        used += (size_t)n;
    }
    ck_assert_str_eq(strstr(text, "\r\n\r\n") + 4, body);
}

START_TEST(connections_are_numbered_over_all_workers) {
    start();
    static const char *const answers[] = {"1 1.", "2 2.", "1 3.", "2 4."};
    int fds[4];
    for (int i = 0; i < 4; i++)
        expect(fds[i] = connect_and_ask(), answers[i]);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    stop();
}
END_TEST

START_TEST(at_its_limit_a_worker_takes_one_when_one_has_gone) {
    start();
    int fds[6];
    for (int i = 0; i < 6; i++)
        fds[i] = connect_and_ask();
    expect(fds[0], "1 1.");
    expect(fds[1], "2 2.");
    expect(fds[2], "1 3.");
    expect(fds[3], "2 4.");
    close(fds[0]);
    expect(fds[4], "1 5.");
    close(fds[1]);
    expect(fds[5], "2 6.");
    for (int i = 2; i < 6; i++)
        close(fds[i]);
    stop();
}
END_TEST

TEST_MAIN("http server in workers", connections_are_numbered_over_all_workers,
          at_its_limit_a_worker_takes_one_when_one_has_gone)
