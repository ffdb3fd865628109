/* What the tests of the HTTP client and server share: a loop, a server with a handler that a test
 * chooses, a client, and raw sockets. Test programs only. */
#ifndef BASE_HTTP_TEST_LAB_H
#define BASE_HTTP_TEST_LAB_H

#include "base/clock.h"
#include "base/http_client.h"
#include "base/http_server.h"
#include "base/owned.h"
#include "base/process.h"
#include "base/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEM(name) TESTDATA "/http-" name ".pem"
#define KEY(name) TESTDATA "/http-" name ".key"
#define SECOND    INT64_C(1000000)

/* The middle of the test certificates' lifetime: 2030-06-01. */
#define LAB_NOW_US (INT64_C(1906502400) * SECOND)

enum { LAB_REQUESTS_MAX = 512 };

struct lab;
typedef void lab_handler(struct lab *lab, struct http_request *r);

struct lab {
    struct event_base *loop;
    struct resolver *resolver;
    struct http_client *client;
    struct http_server *server;
    lab_handler *handler;
    struct http_request *waiting[LAB_REQUESTS_MAX]; /* put there by handlers that answer later */
    size_t waiting_count;
    unsigned requests, sent, unsent, opened, closed; /* counted by the callbacks */
    uint64_t last_connection;
    unsigned cut;
    struct http_cut last_cut;
    char note[2048]; /* what a handler wants to be known */
};

static struct cfg_pair lab_host_items[] = {{(char[]){"lab-dc.michamen.com"}, (char[]){"127.0.0.1"}},
                                           {(char[]){"lab-dc"}, (char[]){"127.0.0.1"}}};
static const struct cfg_pairs lab_hosts = {lab_host_items, 2};

static inline void lab_clock(int64_t wall_us, double rate) {
    clock_configure(0, 1);
    clock_configure(wall_us - clock_wall_us(), rate / test_patience());
}

static inline void lab_request(void *user, struct http_request *r) {
    struct lab *lab = user;
    lab->requests++;
    lab->last_connection = http_request_connection_id(r);
    lab->handler(lab, r);
}

static inline void lab_completed(void *user, struct http_request *r, bool sent) {
    struct lab *lab = user;
    for (size_t i = 0; i < lab->waiting_count; i++)
        if (lab->waiting[i] == r)
            lab->waiting[i] = NULL;
    lab->sent += sent ? 1 : 0;
    lab->unsent += sent ? 0 : 1;
}

static inline void *lab_open(void *user) {
    struct lab *lab = user;
    lab->opened++;
    return calloc(1, 1);
}

static inline void lab_close(void *user, void *connection) {
    struct lab *lab = user;
    lab->closed++;
    free(connection);
}

static inline void lab_cut(void *user, const struct http_cut *cut) {
    struct lab *lab = user;
    lab->cut++;
    lab->last_cut = *cut;
}

static inline void lab_answer(struct lab *lab, struct http_request *r) {
    (void)lab;
    http_reply(r, 200, bytes_of_str("hello"), false);
}

static inline void lab_keep(struct lab *lab, struct http_request *r) {
    ck_assert_uint_lt(lab->waiting_count, LAB_REQUESTS_MAX);
    lab->waiting[lab->waiting_count++] = r;
}

static inline void lab_answer_waiting(struct lab *lab) {
    for (size_t i = 0; i < lab->waiting_count; i++)
        if (lab->waiting[i] != NULL)
            http_reply(lab->waiting[i], 200, bytes_of_str("later"), false);
}

/* options: listen, callbacks' owner and body_max are filled in when missing. */
static inline void lab_start(struct lab *lab, struct http_server_options options) {
    struct err e = {0};
    const struct http_server_callbacks callbacks = {lab_request, lab_completed, lab_open,
                                                    lab_close,   lab_cut,       lab};
    *lab = (struct lab){.handler = lab->handler != NULL ? lab->handler : lab_answer};
    signal(SIGPIPE, SIG_IGN);
    lab_clock(LAB_NOW_US, 1);
    if (options.listen == NULL)
        options.listen = "127.0.0.1:0";
    if (options.body_max == 0)
        options.body_max = 65536;
    lab->loop = event_base_new();
    lab->resolver = resolver_new(lab->loop, NULL, &lab_hosts, &e);
    ck_assert_msg(lab->resolver != NULL, "%s", e.text);
    lab->client = http_client_new(lab->loop, lab->resolver, &e);
    ck_assert_msg(lab->client != NULL, "%s", e.text);
    lab->server = http_server_new(lab->loop, &options, &callbacks, &e);
    ck_assert_msg(lab->server != NULL, "%s", e.text);
}

static inline void lab_start_tls(struct lab *lab) {
    lab_start(lab, (struct http_server_options){.certificate_file = PEM("server"),
                                                .key_file = KEY("server")});
}

static inline void lab_stop(struct lab *lab) {
    http_client_free(lab->client);
    http_server_free(lab->server);
    resolver_free(lab->resolver);
    event_base_free(lab->loop);
    ck_assert_uint_eq(lab->requests, lab->sent + lab->unsent);
    ck_assert_uint_eq(lab->opened, lab->closed);
    lab->handler = NULL;
}

static inline void lab_tick(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    (void)user;
}

/* Runs the loop until *counter reaches goal; fails after 55 real seconds. */
static inline void lab_until(struct lab *lab, const unsigned *counter, unsigned goal) {
    struct timeval tick = {.tv_usec = 100000};
    struct event *ticker = event_new(lab->loop, -1, EV_PERSIST, lab_tick, NULL);
    int64_t limit = clock_real_mono_us() + 55 * SECOND;
    event_add(ticker, &tick);
    while (*counter < goal && clock_real_mono_us() < limit)
        event_base_loop(lab->loop, EVLOOP_ONCE);
    event_free(ticker);
    ck_assert_msg(*counter >= goal, "the awaited thing did not happen (%u of %u)", *counter, goal);
}

static inline uint16_t lab_port(const struct lab *lab) {
    const char *address = http_server_address(lab->server);
    return (uint16_t)strtoul(strrchr(address, ':') + 1, NULL, 10);
}

/* A blocking socket to the server. */
static inline int lab_connect(const struct lab *lab) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(lab_port(lab))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static inline void lab_send(int fd, const char *text, size_t len) {
    ck_assert_int_eq((int)send(fd, text, len, MSG_NOSIGNAL), (int)len);
}

/* Reads from fd as the loop runs. */
struct reader {
    struct lab *lab;
    struct event *event;
    char text[65536];
    size_t len;
    unsigned answers; /* header ends seen */
    unsigned ended;
};

static inline void reader_on_bytes(evutil_socket_t fd, short what, void *user) {
    struct reader *in = user;
    (void)what;
    ssize_t got = recv(fd, in->text + in->len, sizeof in->text - 1 - in->len, MSG_DONTWAIT);
    if (got <= 0) {
        in->ended = 1;
        event_del(in->event);
        return;
    }
    in->len += (size_t)got;
    in->text[in->len] = '\0';
    in->answers = 0;
    for (const char *at = in->text; (at = strstr(at, "\r\n\r\n")) != NULL; at++)
        in->answers++;
}

static inline void reader_start(struct reader *in, struct lab *lab, int fd) {
    memset(in, 0, sizeof *in);
    in->lab = lab;
    in->event = event_new(lab->loop, fd, EV_READ | EV_PERSIST, reader_on_bytes, in);
    event_add(in->event, NULL);
}

static inline void reader_stop(struct reader *in) {
    event_free(in->event);
}

/* Sends text on a fresh plain connection and reads until the server closes. */
static inline void lab_talk(struct lab *lab, const char *text, size_t len, struct reader *in) {
    int fd = lab_connect(lab);
    reader_start(in, lab, fd);
    lab_send(fd, text, len);
    shutdown(fd, SHUT_WR);
    lab_until(lab, &in->ended, 1);
    reader_stop(in);
    close(fd);
}

/* One transfer of the client, reported into the struct. */
struct fetch {
    CURL *easy;
    struct buf body;
    char via[64];
    struct http_endpoint endpoint;
    struct http_result result;
    unsigned done;
};

static inline void fetch_done(void *user, CURL *easy, const struct http_result *result) {
    struct fetch *f = user;
    ck_assert_ptr_eq(easy, f->easy);
    f->result = *result;
    f->done++;
}

static inline void fetch_init(struct fetch *f, const struct lab *lab, const char *host) {
    memset(f, 0, sizeof *f);
    f->body = (struct buf)BUF_INIT(65536);
    snprintf(f->via, sizeof f->via, "127.0.0.1:%u", (unsigned)lab_port(lab));
    f->endpoint =
        (struct http_endpoint){.host = host, .port = 443, .via = f->via, .ca_file = PEM("ca")};
    f->easy = curl_easy_init();
    ck_assert_ptr_nonnull(f->easy);
}

static inline void fetch_start(struct fetch *f, struct lab *lab, const char *path,
                               int64_t timeout_us) {
    struct err e;
    f->done = 0;
    buf_reset(&f->body);
    curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, http_client_to_buf);
    curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, &f->body);
    ck_assert_ok(http_client_target(f->easy, &f->endpoint, path, &e), e);
    http_client_start(lab->client, f->easy, &f->endpoint, timeout_us, fetch_done, f);
    ck_assert_uint_eq(f->done, 0);
}

static inline void fetch_run(struct fetch *f, struct lab *lab, const char *path) {
    fetch_start(f, lab, path, 10 * SECOND);
    lab_until(lab, &f->done, 1);
}

static inline void fetch_free(struct fetch *f) {
    curl_easy_cleanup(f->easy);
    buf_free(&f->body);
}

#endif
