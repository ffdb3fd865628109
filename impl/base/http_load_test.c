/* Many connections at once: suspended requests, half-open handshakes, slow peers, idle ones. The
 * loop must serve the others and must come to rest. */
#include "http_test_lab.h"

static struct lab lab;

enum { MANY = 200, HALF_OPEN = 50 };

static unsigned all_done;

static void count_done(void *user, CURL *easy, const struct http_result *result) {
    struct fetch *f = user;
    (void)easy;
    f->result = *result;
    f->done++;
    all_done++;
}

static void start_lab(lab_handler *handler) {
    all_done = 0;
    lab.handler = handler;
    lab_start_tls(&lab);
}

static void start_counted(struct fetch *f, const char *path) {
    struct err e;
    fetch_init(f, &lab, "lab-dc.michamen.com");
    curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, http_client_to_buf);
    curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, &f->body);
    ck_assert_ok(http_client_target(f->easy, &f->endpoint, path, &e), e);
    http_client_start(lab.client, f->easy, &f->endpoint, 60 * SECOND, count_done, f);
}

static void run_many(struct fetch *fetches) {
    start_lab(lab_keep);
    for (size_t i = 0; i < MANY; i++)
        start_counted(&fetches[i], "/");
    lab_until(&lab, &lab.requests, MANY);
    ck_assert_uint_eq(all_done, 0);
    lab_answer_waiting(&lab);
    lab_until(&lab, &all_done, MANY);
}

START_TEST(two_hundred_suspended_requests_are_all_answered) {
    static struct fetch fetches[MANY];
    run_many(fetches);
    for (size_t i = 0; i < MANY; i++) {
        ck_assert_int_eq(fetches[i].result.code, CURLE_OK);
        ck_assert_str_eq(buf_str(&fetches[i].body), "later");
        ck_assert_uint_eq(fetches[i].done, 1);
        fetch_free(&fetches[i]);
    }
    lab_stop(&lab);
    ck_assert_uint_eq(lab.sent, MANY);
    ck_assert_uint_eq(lab.unsent, 0);
}
END_TEST

START_TEST(freeing_client_and_server_under_load_ends_all) {
    static struct fetch fetches[MANY];
    start_lab(lab_keep);
    for (size_t i = 0; i < MANY; i++)
        start_counted(&fetches[i], "/");
    lab_until(&lab, &lab.requests, MANY / 2);
    lab_stop(&lab);
    ck_assert_uint_eq(all_done, MANY);
    for (size_t i = 0; i < MANY; i++)
        fetch_free(&fetches[i]);
}
END_TEST

/* Connections that say nothing, or half a ClientHello. */
static void open_half(int *fds) {
    static const char half_hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    for (size_t i = 0; i < HALF_OPEN; i++) {
        fds[i] = lab_connect(&lab);
        if (i % 2 == 0)
            lab_send(fds[i], half_hello, sizeof half_hello - 1);
    }
}

static void close_half(const int *fds) {
    for (size_t i = 0; i < HALF_OPEN; i++)
        close(fds[i]);
}

START_TEST(half_open_handshakes_delay_nobody) {
    int fds[HALF_OPEN];
    struct fetch f;
    lab_start_tls(&lab);
    open_half(fds);
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    fetch_run(&f, &lab, "/");
    ck_assert_int_eq(f.result.code, CURLE_OK);
    fetch_free(&f);
    close_half(fds);
    lab_stop(&lab);
    ck_assert_uint_eq(lab.opened, HALF_OPEN + 1);
}
END_TEST

static void on_rest_over(evutil_socket_t fd, short what, void *user) {
    unsigned *over = user;
    (void)fd;
    (void)what;
    *over = 1;
}

/* How often the loop wakes within a fifth of a second in which nothing happens. */
static unsigned turns_at_rest(void) {
    struct timeval rest = {.tv_usec = 200000};
    unsigned over = 0;
    unsigned turns = 0;
    struct event *timer = evtimer_new(lab.loop, on_rest_over, &over);
    evtimer_add(timer, &rest);
    while (over == 0) {
        event_base_loop(lab.loop, EVLOOP_ONCE);
        turns++;
    }
    event_free(timer);
    return turns;
}

/* Suspended requests over TLS (one peer left), half-open handshakes and an idle connection. */
START_TEST(loop_rests_while_requests_wait) {
    int fds[HALF_OPEN];
    struct fetch idle, waiting, gone;
    start_lab(lab_answer);
    open_half(fds);
    fetch_init(&idle, &lab, "lab-dc.michamen.com");
    fetch_run(&idle, &lab, "/");
    lab.handler = lab_keep;
    start_counted(&waiting, "/");
    start_counted(&gone, "/");
    lab_until(&lab, &lab.requests, 3);
    http_client_cancel(lab.client, gone.easy);
    turns_at_rest();
    ck_assert_uint_lt(turns_at_rest(), 20);
    lab_answer_waiting(&lab);
    lab_until(&lab, &all_done, 1);
    ck_assert_int_eq(waiting.result.code, CURLE_OK);
    turns_at_rest();
    ck_assert_uint_lt(turns_at_rest(), 20);
    close_half(fds);
    fetch_free(&idle);
    fetch_free(&waiting);
    fetch_free(&gone);
    lab_stop(&lab);
}
END_TEST

/* More than both socket buffers may take together (tcp_wmem and tcp_rmem: 4 and 6 MiB). */
enum { LARGE = 16 << 20 };

static void answer_large(struct lab *l, struct http_request *r) {
    char *body = calloc(1, LARGE);
    (void)l;
    ck_assert_ptr_nonnull(body);
    if (strcmp(http_request_path(r), "/large") == 0)
        http_reply(r, 200, bytes_of(body, LARGE), true);
    else
        http_reply(r, 200, bytes_of_str("small"), false);
    free(body);
}

struct drain {
    struct event *event;
    size_t got;
    unsigned ended;
};

static void on_drain(evutil_socket_t fd, short what, void *user) {
    static char bytes[65536];
    struct drain *d = user;
    (void)what;
    ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got > 0) {
        d->got += (size_t)got;
        return;
    }
    d->ended = 1;
    event_del(d->event);
}

START_TEST(slow_reader_delays_nobody_and_gets_all) {
    static const char get[] = "GET /large HTTP/1.1\r\nHost: h\r\n\r\n";
    struct drain d = {0};
    struct reader in;
    lab.handler = answer_large;
    lab_start(&lab, (struct http_server_options){0});
    int fd = lab_connect(&lab);
    lab_send(fd, get, sizeof get - 1);
    lab_until(&lab, &lab.requests, 1);
    lab_talk(&lab, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 27, &in);
    ck_assert_ptr_nonnull(strstr(in.text, "small"));
    ck_assert_uint_eq(lab.sent, 1);
    ck_assert_uint_lt(turns_at_rest(), 20);
    d.event = event_new(lab.loop, fd, EV_READ | EV_PERSIST, on_drain, &d);
    event_add(d.event, NULL);
    lab_until(&lab, &d.ended, 1);
    ck_assert_uint_gt(d.got, LARGE);
    event_free(d.event);
    close(fd);
    lab_stop(&lab);
    ck_assert_uint_eq(lab.sent, 2);
}
END_TEST

START_TEST(large_answer_over_tls) {
    struct fetch f;
    lab.handler = answer_large;
    lab_start_tls(&lab);
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    f.body.max = LARGE;
    fetch_run(&f, &lab, "/large");
    ck_assert_int_eq(f.result.code, CURLE_OK);
    ck_assert_int_eq(f.result.received, LARGE);
    fetch_free(&f);
    lab_stop(&lab);
    ck_assert_uint_eq(lab.sent, 1);
}
END_TEST

/* A component minute at rate 60 is the one real second that libmicrohttpd can count. */
START_TEST(idle_connections_are_closed) {
    struct http_server_options o = {.idle_timeout_us = 60 * SECOND};
    struct reader in;
    clock_configure(0, 60);
    struct timeval real = clock_real_timeval(o.idle_timeout_us);
    ck_assert_int_eq(real.tv_sec, 1);
    o.idle_timeout_us = SECOND;
    lab_start(&lab, o);
    int fd = lab_connect(&lab);
    reader_start(&in, &lab, fd);
    lab_send(fd, "GET / HTT", 9);
    lab_until(&lab, &in.ended, 1);
    lab_until(&lab, &lab.closed, 1);
    reader_stop(&in);
    close(fd);
    lab_stop(&lab);
}
END_TEST

START_TEST(stalled_handshakes_are_closed_too) {
    int fds[HALF_OPEN];
    lab_start(&lab, (struct http_server_options){.certificate_file = PEM("server"),
                                                 .key_file = KEY("server"),
                                                 .idle_timeout_us = SECOND});
    open_half(fds);
    lab_until(&lab, &lab.closed, HALF_OPEN);
    close_half(fds);
    lab_stop(&lab);
}
END_TEST

START_TEST(connections_beyond_the_limit_wait_for_their_turn) {
    struct reader in;
    lab_start(&lab, (struct http_server_options){.connections_max = 4});
    int fds[4];
    for (size_t i = 0; i < 4; i++)
        fds[i] = lab_connect(&lab);
    lab_until(&lab, &lab.opened, 4);
    for (size_t i = 0; i < 4; i++)
        close(fds[i]);
    lab_talk(&lab, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 27, &in);
    ck_assert_uint_eq(lab.sent, 1);
    lab_stop(&lab);
}
END_TEST

TEST_MAIN("HTTP under load", two_hundred_suspended_requests_are_all_answered,
          freeing_client_and_server_under_load_ends_all, half_open_handshakes_delay_nobody,
          loop_rests_while_requests_wait, slow_reader_delays_nobody_and_gets_all,
          large_answer_over_tls, idle_connections_are_closed, stalled_handshakes_are_closed_too,
          connections_beyond_the_limit_wait_for_their_turn)
