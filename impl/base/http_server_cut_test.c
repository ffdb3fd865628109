/* Tests of answers that break off or never come. */
#include "base/http_test_lab.h"

#define PLAIN ((struct http_server_options){0})

static struct lab lab;
static const char get[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

static void reply_cut(struct lab *l, struct http_request *r) {
    (void)l;
    http_reply_header(r, "Content-Type", "text/html");
    http_reply_cut(r, 200, bytes_of_str("0123456789"), 4);
}

static void reply_cut_at_once(struct lab *l, struct http_request *r) {
    (void)l;
    http_reply_cut(r, 200, bytes_of_str("0123456789"), 0);
}

static void hang_up(struct lab *l, struct http_request *r) {
    (void)l;
    http_hang_up(r);
    http_reply(r, 200, bytes_of_str("too late"), false);
    ck_assert_uint_eq(http_reply_status(r), 0);
}

static void hold(struct lab *l, struct http_request *r) {
    lab_keep(l, r);
    http_hold(r);
}

static void get_all(struct reader *in, lab_handler *handler) {
    lab.handler = handler;
    lab_start(&lab, PLAIN);
    int fd = lab_connect(&lab);
    reader_start(in, &lab, fd);
    lab_send(fd, get, sizeof get - 1);
    lab_until(&lab, &in->ended, 1);
    lab_until(&lab, &lab.unsent, 1);
    reader_stop(in);
    close(fd);
    lab_stop(&lab);
}

START_TEST(a_cut_answer_announces_all_of_it) {
    struct reader in;
    get_all(&in, reply_cut);
    ck_assert_ptr_nonnull(strstr(in.text, "Content-Length: 10\r\n"));
    ck_assert_str_eq(strstr(in.text, "\r\n\r\n"), "\r\n\r\n0123");
}
END_TEST

START_TEST(an_answer_may_be_cut_behind_its_head) {
    struct reader in;
    get_all(&in, reply_cut_at_once);
    ck_assert_ptr_nonnull(strstr(in.text, "Content-Length: 10\r\n"));
    ck_assert_str_eq(strstr(in.text, "\r\n\r\n"), "\r\n\r\n");
}
END_TEST

START_TEST(no_answer_but_a_closed_connection) {
    struct reader in;
    get_all(&in, hang_up);
    ck_assert_uint_eq(in.len, 0);
}
END_TEST

START_TEST(later_is_as_good_as_at_once) {
    struct reader in;
    lab.handler = lab_keep;
    lab_start(&lab, PLAIN);
    int fd = lab_connect(&lab);
    reader_start(&in, &lab, fd);
    lab_send(fd, get, sizeof get - 1);
    lab_until(&lab, &lab.requests, 1);
    http_hang_up(lab.waiting[0]);
    lab_until(&lab, &in.ended, 1);
    ck_assert_uint_eq(in.len, 0);
    reader_stop(&in);
    close(fd);
    lab_stop(&lab);
}
END_TEST

START_TEST(a_held_request_ends_with_its_peer) {
    lab.handler = hold;
    lab_start(&lab, PLAIN);
    int fd = lab_connect(&lab);
    lab_send(fd, get, sizeof get - 1);
    lab_until(&lab, &lab.requests, 1);
    ck_assert_uint_eq(lab.unsent, 0);
    close(fd);
    lab_until(&lab, &lab.unsent, 1);
    lab_until(&lab, &lab.closed, 1);
    lab_stop(&lab);
}
END_TEST

/* The peer's end came before the handler decided. */
START_TEST(a_peer_that_has_left_is_not_held) {
    struct reader in;
    lab.handler = lab_keep;
    lab_start(&lab, PLAIN);
    int fd = lab_connect(&lab);
    reader_start(&in, &lab, fd);
    lab_send(fd, get, sizeof get - 1);
    lab_until(&lab, &lab.requests, 1);
    shutdown(fd, SHUT_WR);
    while (!http_request_peer_closed(lab.waiting[0]))
        event_base_loop(lab.loop, EVLOOP_NONBLOCK);
    event_base_loop(lab.loop, EVLOOP_NONBLOCK);
    http_hold(lab.waiting[0]);
    lab_until(&lab, &lab.unsent, 1);
    reader_stop(&in);
    close(fd);
    lab_stop(&lab);
}
END_TEST

START_TEST(the_server_may_end_while_requests_are_held) {
    lab.handler = hold;
    lab_start(&lab, PLAIN);
    int fd = lab_connect(&lab);
    lab_send(fd, get, sizeof get - 1);
    lab_until(&lab, &lab.requests, 1);
    lab_stop(&lab);
    ck_assert_uint_eq(lab.unsent, 1);
    close(fd);
}
END_TEST

/* Over TLS, as curl sees it; the next one is served. */
static void fetch_tls(lab_handler *handler, CURLcode expected) {
    struct fetch f;
    lab.handler = handler;
    lab_start_tls(&lab);
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    fetch_start(&f, &lab, "/", 2 * SECOND);
    lab_until(&lab, &f.done, 1);
    ck_assert_int_eq((int)f.result.code, (int)expected);
    lab_until(&lab, &lab.unsent, 1);
    lab.handler = lab_answer;
    fetch_run(&f, &lab, "/");
    ck_assert_int_eq((int)f.result.code, CURLE_OK);
    fetch_free(&f);
    lab_stop(&lab);
}

START_TEST(over_tls) {
    fetch_tls(reply_cut, CURLE_PARTIAL_FILE);
    fetch_tls(hang_up, CURLE_GOT_NOTHING);
    fetch_tls(hold, CURLE_OPERATION_TIMEDOUT);
}
END_TEST

TEST_MAIN("http server, broken answers", a_cut_answer_announces_all_of_it,
          an_answer_may_be_cut_behind_its_head, no_answer_but_a_closed_connection,
          later_is_as_good_as_at_once, a_held_request_ends_with_its_peer,
          a_peer_that_has_left_is_not_held, the_server_may_end_while_requests_are_held, over_tls)
