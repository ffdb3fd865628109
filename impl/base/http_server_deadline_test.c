/* Peers that take their time: bytes at intervals put no deadline off, and one address does not get
 * every place. */
#include "base/events.h"
#include "base/file.h"
#include "base/http_test_lab.h"
#include "base/temporary_test.h"
#include <sys/resource.h>

enum { PACE_US = 5000, PIECES_MAX = 4000, LARGE = 16 << 20 };

static struct lab lab;

static void on_rest_over(evutil_socket_t fd, short what, void *user) {
    bool *over = user;
    (void)fd;
    (void)what;
    *over = true;
}

/* Lets that much real time pass; how often the loop woke. */
static unsigned rest(int64_t real_us) {
    const struct timeval span = {.tv_sec = real_us / SECOND, .tv_usec = real_us % SECOND};
    bool over = false;
    unsigned turns = 0;
    struct event *timer = evtimer_new(lab.loop, on_rest_over, &over);
    evtimer_add(timer, &span);
    while (!over) {
        event_base_loop(lab.loop, EVLOOP_ONCE);
        turns++;
    }
    event_free(timer);
    return turns;
}

/* Sends a byte at intervals until the server ends the connection. */
struct dripper {
    struct event *event;
    int fd;
    const char *text;
    size_t len, sent;
    unsigned refused; /* the server was gone */
};

static void on_drip(evutil_socket_t fd, short what, void *user) {
    struct dripper *d = user;
    char byte = d->sent < d->len ? d->text[d->sent] : 'x';
    (void)fd;
    (void)what;
    ck_assert_uint_lt(d->sent, PIECES_MAX);
    if (send(d->fd, &byte, 1, MSG_NOSIGNAL) == 1)
        d->sent++;
    else
        d->refused = 1;
}

static void drip(struct dripper *d, const char *text, size_t len) {
    const struct timeval pace = {.tv_usec = PACE_US};
    *d = (struct dripper){.fd = lab_connect(&lab), .text = text, .len = len};
    d->event = event_new(lab.loop, -1, EV_PERSIST, on_drip, d);
    event_add(d->event, &pace);
}

static void drip_end(struct dripper *d) {
    event_free(d->event);
    close(d->fd);
}

static void expect_cut(enum http_phase phase, const char *text) {
    ck_assert_uint_eq(lab.cut, 1);
    ck_assert_int_eq((int)lab.last_cut.phase, (int)phase);
    ck_assert_int_eq((int)lab.last_cut.why.code, ERR_SYS_TIMEOUT);
    ck_assert_str_eq(lab.last_cut.why.text, text);
    ck_assert_uint_eq(lab.requests, 0);
}

static const char slow_request[] = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n";

static void expect_slow_request_cut(size_t len) {
    struct dripper d;
    lab_start(&lab, (struct http_server_options){.request_timeout_us = SECOND / 2});
    drip(&d, slow_request, len);
    lab_until(&lab, &lab.closed, 1);
    lab_until(&lab, &d.refused, 1);
    expect_cut(HTTP_PHASE_REQUEST, "request not done in time");
    drip_end(&d);
    lab_stop(&lab);
}

START_TEST(a_head_in_single_bytes_is_cut_off) {
    expect_slow_request_cut(4);
}
END_TEST

START_TEST(a_body_in_single_bytes_is_cut_off) {
    expect_slow_request_cut(sizeof slow_request - 1);
}
END_TEST

START_TEST(the_cut_is_an_event) {
    TEMPORARY(folder);
    AUTO(char) path = path_join(folder, "events.ndjson");
    AUTO_BUF text = BUF_INIT(65536);
    struct err e = {0};
    ck_assert_ok(events_open(path, "ra", &e), e);
    expect_slow_request_cut(4);
    events_close();
    ck_assert_ok(file_read(path, &text, &e), e);
    ck_assert_ptr_nonnull(strstr(buf_str(&text),
                                 "\"from\":\"client\",\"to\":\"ra\",\"what\":\"cut\","
                                 "\"detail\":\"127.0.0.1: request not done in time "
                                 "(SYS_TIMEOUT)\""));
}
END_TEST

static void start_tls(int64_t handshake_us, int64_t request_us) {
    lab_start(&lab, (struct http_server_options){.certificate_file = PEM("server"),
                                                 .key_file = KEY("server"),
                                                 .handshake_timeout_us = handshake_us,
                                                 .request_timeout_us = request_us});
}

START_TEST(a_handshake_in_single_bytes_is_cut_off) {
    static const char hello[] = {0x16, 3, 1, 0x3f, 0, 1, 0, 0x3e, 0, 3, 3};
    struct dripper d;
    start_tls(SECOND / 2, 1000 * SECOND);
    drip(&d, hello, sizeof hello);
    lab_until(&lab, &lab.closed, 1);
    lab_until(&lab, &d.refused, 1);
    expect_cut(HTTP_PHASE_HANDSHAKE, "TLS handshake not done in time");
    drip_end(&d);
    lab_stop(&lab);
}
END_TEST

/* The handshake's time is over, the connection's is not. */
START_TEST(a_handshake_that_is_done_is_not_cut_off) {
    struct fetch f;
    start_tls(SECOND / 2, 1000 * SECOND);
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    fetch_run(&f, &lab, "/");
    rest(SECOND);
    ck_assert_uint_eq(lab.cut, 0);
    fetch_run(&f, &lab, "/");
    ck_assert_int_eq(f.result.code, CURLE_OK);
    ck_assert_uint_eq(lab.opened, 1);
    fetch_free(&f);
    lab_stop(&lab);
}
END_TEST

START_TEST(a_connection_that_asks_no_more_is_cut_off) {
    struct fetch f;
    start_tls(1000 * SECOND, SECOND / 2);
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    fetch_run(&f, &lab, "/");
    lab_until(&lab, &lab.closed, 1);
    ck_assert_uint_eq(lab.cut, 1);
    ck_assert_int_eq((int)lab.last_cut.phase, HTTP_PHASE_REQUEST);
    fetch_free(&f);
    lab_stop(&lab);
}
END_TEST

/* Work that takes longer than a peer may. */
START_TEST(a_request_that_is_worked_on_has_time) {
    struct reader in;
    lab.handler = lab_keep;
    lab_start(&lab, (struct http_server_options){.request_timeout_us = SECOND / 4});
    int fd = lab_connect(&lab);
    reader_start(&in, &lab, fd);
    lab_send(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 27);
    lab_until(&lab, &lab.requests, 1);
    rest(SECOND);
    ck_assert_uint_eq(lab.cut, 0);
    lab_answer_waiting(&lab);
    lab_until(&lab, &lab.sent, 1);
    reader_stop(&in);
    close(fd);
    lab_stop(&lab);
}
END_TEST

static void answer_large(struct lab *l, struct http_request *r) {
    static const char large[LARGE];
    (void)l;
    http_reply(r, 200, bytes_of(large, sizeof large), false);
}

START_TEST(a_peer_that_does_not_read_is_cut_off) {
    lab.handler = answer_large;
    lab_start(&lab, (struct http_server_options){.request_timeout_us = SECOND / 4});
    int fd = lab_connect(&lab);
    lab_send(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 27);
    lab_until(&lab, &lab.closed, 1);
    ck_assert_uint_eq(lab.unsent, 1);
    ck_assert_int_eq((int)lab.last_cut.phase, HTTP_PHASE_ANSWER);
    close(fd);
    lab_stop(&lab);
}
END_TEST

START_TEST(one_address_has_so_many_places) {
    struct reader in;
    int fds[2];
    lab_start(&lab, (struct http_server_options){.connections_per_address_max = 2});
    for (size_t i = 0; i < 2; i++)
        fds[i] = lab_connect(&lab);
    lab_until(&lab, &lab.opened, 2);
    int third = lab_connect(&lab);
    reader_start(&in, &lab, third);
    lab_until(&lab, &in.ended, 1);
    reader_stop(&in);
    close(third);
    ck_assert_uint_eq(lab.opened, 2);
    ck_assert_int_eq((int)lab.last_cut.phase, HTTP_PHASE_PLACE);
    ck_assert_int_eq((int)lab.last_cut.why.code, ERR_SYS_LIMIT);
    close(fds[0]);
    lab_until(&lab, &lab.closed, 1);
    lab_talk(&lab, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 27, &in);
    ck_assert_uint_eq(lab.sent, 1);
    close(fds[1]);
    lab_until(&lab, &lab.closed, 3);
    lab_stop(&lab);
}
END_TEST

/* The client's own descriptor is the last one. */
START_TEST(out_of_descriptors_nobody_spins) {
    struct rlimit before, none;
    struct reader in;
    lab_start(&lab, (struct http_server_options){0});
    int fd = lab_connect(&lab);
    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = (rlim_t)fd + 1;
    setrlimit(RLIMIT_NOFILE, &none);
    rest(SECOND / 4);
    ck_assert_uint_lt(rest(SECOND / 2), 40);
    ck_assert_uint_eq(lab.opened, 0);
    setrlimit(RLIMIT_NOFILE, &before);
    reader_start(&in, &lab, fd);
    lab_send(fd, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 27);
    lab_until(&lab, &lab.sent, 1);
    reader_stop(&in);
    close(fd);
    lab_stop(&lab);
}
END_TEST

TEST_MAIN("HTTP deadlines", a_head_in_single_bytes_is_cut_off, a_body_in_single_bytes_is_cut_off,
          the_cut_is_an_event, a_handshake_in_single_bytes_is_cut_off,
          a_handshake_that_is_done_is_not_cut_off, a_connection_that_asks_no_more_is_cut_off,
          a_request_that_is_worked_on_has_time, a_peer_that_does_not_read_is_cut_off,
          one_address_has_so_many_places, out_of_descriptors_nobody_spins)
