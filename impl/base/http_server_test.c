/* The HTTP server against raw bytes: what it hands to the handler, what it answers, and what it
 * survives. */
#include "http_test_lab.h"

#include "base/file.h"
#include "base/log.h"
#include "base/temporary_test.h"
#include <limits.h>

static struct lab lab;

#define TALK(text, in) lab_talk(&lab, (text), sizeof(text) - 1, (in))
#define PLAIN          ((struct http_server_options){0})

static void note_request(struct lab *l, struct http_request *r) {
    struct bytes body = http_request_body(r);
    const char *agent = http_request_header(r, "user-agent");
    snprintf(l->note, sizeof l->note, "%s %s ? %s | %s | %.*s", http_request_method(r),
             http_request_path(r), http_request_query(r), agent != NULL ? agent : "-",
             (int)body.len, body.len > 0 ? (const char *)body.data : "");
    ck_assert_str_eq(http_request_peer(r), "127.0.0.1");
    ck_assert_uint_gt(http_request_peer_port(r), 0);
    ck_assert_int_ge(http_request_taken_us(r), 0);
    ck_assert_ptr_null(http_request_tls_unique(r));
    ck_assert_uint_eq(http_request_client_certificate(r).len, 0);
    http_reply(r, 200, bytes_of_str("hello"), false);
}

START_TEST(path_and_query_stay_as_received) {
    struct reader in;
    lab.handler = note_request;
    lab_start(&lab, PLAIN);
    TALK("GET /a%20b/%2e%2E/+c?x=%zz+1&&=%00 HTTP/1.1\r\nHost: h\r\nUser-Agent: probe\r\n\r\n",
         &in);
    ck_assert_str_eq(lab.note, "GET /a%20b/%2e%2E/+c ? x=%zz+1&&=%00 | probe | ");
    lab_stop(&lab);
    ck_assert_uint_eq(lab.sent, 1);
}
END_TEST

START_TEST(answer_has_a_length_and_a_small_head) {
    struct reader in;
    lab_start(&lab, PLAIN);
    TALK("GET / HTTP/1.1\r\nHost: h\r\n\r\n", &in);
    ck_assert_ptr_eq(strstr(in.text, "HTTP/1.1 200 OK\r\n"), in.text);
    ck_assert_ptr_nonnull(strstr(in.text, "Content-Length: 5\r\n"));
    ck_assert_int_lt(strstr(in.text, "\r\n\r\n") - in.text, 1000);
    ck_assert_str_eq(strstr(in.text, "\r\n\r\n"), "\r\n\r\nhello");
    lab_stop(&lab);
}
END_TEST

START_TEST(head_has_the_length_but_no_body) {
    struct reader in;
    lab_start(&lab, PLAIN);
    TALK("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", &in);
    ck_assert_ptr_nonnull(strstr(in.text, "Content-Length: 5\r\n"));
    ck_assert_str_eq(strstr(in.text, "\r\n\r\n"), "\r\n\r\n");
    lab_stop(&lab);
}
END_TEST

static void answer_without_body(struct lab *l, struct http_request *r) {
    (void)l;
    http_reply(r, 200, bytes_of(NULL, 0), false);
}

START_TEST(empty_answer_has_length_zero) {
    struct reader in;
    lab.handler = answer_without_body;
    lab_start(&lab, PLAIN);
    TALK("GET / HTTP/1.1\r\nHost: h\r\n\r\n", &in);
    ck_assert_ptr_nonnull(strstr(in.text, "Content-Length: 0\r\n"));
    lab_stop(&lab);
}
END_TEST

static const struct {
    const char *request;
    const char *note;
} bodies[] = {
    {"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", "POST /p ?  | - | abc"},
    {"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", "POST /p ?  | - | "},
    {"GET /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", "GET /p ?  | - | abc"},
    {"POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n"
     "0\r\nT: v\r\n\r\n",
     "POST /p ?  | - | abc"},
    {"POST /p HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", "POST /p ?  | - | abc"},
};

START_TEST(bodies_arrive_whole) {
    lab.handler = note_request;
    lab_start(&lab, PLAIN);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct reader in;
        lab.note[0] = '\0';
        lab_talk(&lab, bodies[i].request, strlen(bodies[i].request), &in);
        ck_assert_str_eq(lab.note, bodies[i].note);
    }
    lab_stop(&lab);
}
END_TEST

START_TEST(body_in_single_bytes_arrives_whole) {
    static const char request[] = "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nslow";
    struct reader in;
    lab.handler = note_request;
    lab_start(&lab, PLAIN);
    int fd = lab_connect(&lab);
    reader_start(&in, &lab, fd);
    for (size_t i = 0; i < sizeof request - 1; i++) {
        lab_send(fd, request + i, 1);
        for (int turn = 0; turn < 3; turn++)
            event_base_loop(lab.loop, EVLOOP_NONBLOCK);
    }
    lab_until(&lab, &in.answers, 1);
    ck_assert_str_eq(lab.note, "POST /p ?  | - | slow");
    reader_stop(&in);
    close(fd);
    lab_stop(&lab);
}
END_TEST

START_TEST(expect_is_answered_with_continue) {
    struct reader in;
    lab.handler = note_request;
    lab_start(&lab, PLAIN);
    int fd = lab_connect(&lab);
    reader_start(&in, &lab, fd);
    static const char head[] =
        "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
    lab_send(fd, head, sizeof head - 1);
    lab_until(&lab, &in.answers, 1);
    ck_assert_str_eq(in.text, "HTTP/1.1 100 Continue\r\n\r\n");
    lab_send(fd, "abc", 3);
    lab_until(&lab, &in.answers, 2);
    ck_assert_str_eq(lab.note, "POST /p ?  | - | abc");
    reader_stop(&in);
    close(fd);
    lab_stop(&lab);
}
END_TEST

static void refuse_large(struct lab *l, struct http_request *r) {
    bool large = http_request_too_large(r);
    snprintf(l->note, sizeof l->note, "%s %zu", large ? "large" : "fits", http_request_body(r).len);
    http_reply(r, large ? 413 : 200, bytes_of_str("x"), false);
}

/* A POST with a body of len bytes; length says whether it is announced. */
static char *post_of(size_t len, bool chunked, size_t *total) {
    AUTO_BUF out = BUF_INIT(8U << 20);
    buf_printf(&out, "POST /p HTTP/1.1\r\nHost: h\r\n");
    if (chunked)
        buf_printf(&out, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", len);
    else
        buf_printf(&out, "Content-Length: %zu\r\n\r\n", len);
    for (size_t i = 0; i < len; i++)
        buf_put_u8(&out, 'b');
    if (chunked)
        buf_put_str(&out, "\r\n0\r\n\r\n");
    *total = out.len;
    return buf_take_str(&out);
}

static void talk_post(size_t len, bool chunked, struct reader *in) {
    size_t total;
    char *text = post_of(len, chunked, &total);
    ck_assert_ptr_nonnull(text);
    lab_talk(&lab, text, total, in);
    free(text);
}

START_TEST(body_of_the_limit_fits_and_one_more_does_not) {
    struct reader in;
    lab.handler = refuse_large;
    lab_start(&lab, (struct http_server_options){.body_max = 1000});
    for (int chunked = 0; chunked < 2; chunked++) {
        talk_post(1000, chunked != 0, &in);
        ck_assert_str_eq(lab.note, "fits 1000");
        talk_post(1001, chunked != 0, &in);
        ck_assert_str_eq(lab.note, "large 0");
        ck_assert_ptr_nonnull(strstr(in.text, " 413 "));
        ck_assert_ptr_nonnull(strstr(in.text, "Connection: close\r\n"));
    }
    lab_stop(&lab);
    ck_assert_uint_eq(lab.sent, 4);
}
END_TEST

START_TEST(announced_flood_is_answered_without_reading_it) {
    struct reader in;
    lab.handler = refuse_large;
    lab_start(&lab, PLAIN);
    TALK("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\nExpect: "
         "100-continue\r\n\r\n",
         &in);
    ck_assert_str_eq(lab.note, "large 0");
    ck_assert_ptr_eq(strstr(in.text, "HTTP/1.1 413 "), in.text);
    lab_stop(&lab);
    ck_assert_uint_eq(lab.sent, 1);
}
END_TEST

/* Sends chunks until the server cuts the connection off. */
static void flood(evutil_socket_t fd, short what, void *user) {
    static const char chunk[] = "1000\r\n";
    static char bytes[4096 + 2];
    unsigned *cut = user;
    (void)what;
    memset(bytes, 'b', sizeof bytes);
    memcpy(bytes + 4096, "\r\n", 2);
    if (send(fd, chunk, 6, MSG_NOSIGNAL) < 0 || send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) < 0)
        *cut = 1;
}

START_TEST(endless_chunks_are_cut_off) {
    static const char head[] = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    unsigned cut = 0;
    lab_start(&lab, PLAIN);
    int fd = lab_connect(&lab);
    lab_send(fd, head, sizeof head - 1);
    struct event *writable = event_new(lab.loop, fd, EV_WRITE | EV_PERSIST, flood, &cut);
    event_add(writable, NULL);
    lab_until(&lab, &cut, 1);
    event_free(writable);
    close(fd);
    lab_stop(&lab);
    ck_assert_uint_eq(lab.requests, 0);
}
END_TEST

static void challenge(struct lab *l, struct http_request *r) {
    (void)l;
    ck_assert_int_eq(http_reply_header(r, "WWW-Authenticate", "Negotiate"), 0);
    ck_assert_int_eq(http_reply_header(r, "WWW-Authenticate", "NTLM"), 0);
    http_reply(r, 401, bytes_of_str("no"), false);
}

START_TEST(challenge_keeps_the_connection) {
    static const char post[] = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
    struct reader in;
    lab.handler = challenge;
    lab_start(&lab, PLAIN);
    int fd = lab_connect(&lab);
    reader_start(&in, &lab, fd);
    for (unsigned i = 1; i <= 3; i++) {
        lab_send(fd, post, sizeof post - 1);
        lab_until(&lab, &in.answers, i);
        ck_assert_uint_eq(lab.last_connection, 1);
    }
    ck_assert_ptr_nonnull(strstr(in.text, "WWW-Authenticate: Negotiate\r\n"));
    ck_assert_ptr_nonnull(strstr(in.text, "WWW-Authenticate: NTLM\r\n"));
    ck_assert_ptr_nonnull(strstr(in.text, " 401 Unauthorized\r\n"));
    ck_assert_ptr_null(strstr(in.text, "Connection: close"));
    ck_assert_uint_eq(lab.opened, 1);
    ck_assert_uint_eq(lab.closed, 0);
    reader_stop(&in);
    close(fd);
    lab_until(&lab, &lab.closed, 1);
    lab_stop(&lab);
    ck_assert_uint_eq(lab.sent, 3);
}
END_TEST

static void answer_and_close(struct lab *l, struct http_request *r) {
    (void)l;
    http_reply(r, 200, bytes_of_str("bye"), true);
}

START_TEST(close_closes) {
    static const char get[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    struct reader in;
    lab.handler = answer_and_close;
    lab_start(&lab, PLAIN);
    int fd = lab_connect(&lab);
    reader_start(&in, &lab, fd);
    lab_send(fd, get, sizeof get - 1);
    lab_until(&lab, &in.ended, 1);
    ck_assert_ptr_nonnull(strstr(in.text, "Connection: close\r\n"));
    reader_stop(&in);
    close(fd);
    lab_stop(&lab);
}
END_TEST

static void misuse(struct lab *l, struct http_request *r) {
    ck_assert_int_eq(http_reply_header(r, "X-Split", "a\r\nSet-Cookie: b"), -1);
    ck_assert_int_eq(http_reply_header(r, "X-Split", "a\nb"), -1);
    ck_assert_int_eq(http_reply_header(r, "X: y\r\nZ", "a"), -1);
    ck_assert_int_eq(http_reply_header(r, "", "a"), -1);
    ck_assert_uint_eq(http_reply_status(r), 0);
    http_reply(r, 204, bytes_of(NULL, 0), false);
    http_reply(r, 500, bytes_of_str("second"), true);
    ck_assert_int_eq(http_reply_header(r, "X-Late", "a"), -1);
    ck_assert_uint_eq(http_reply_status(r), 204);
    http_request_set_user(r, l);
    ck_assert_ptr_eq(http_request_user(r), l);
}

START_TEST(only_the_first_answer_counts_and_headers_cannot_be_split) {
    struct reader in;
    lab.handler = misuse;
    lab_start(&lab, PLAIN);
    TALK("GET / HTTP/1.1\r\nHost: h\r\n\r\n", &in);
    ck_assert_ptr_eq(strstr(in.text, "HTTP/1.1 204 "), in.text);
    ck_assert_ptr_null(strstr(in.text, "X-"));
    ck_assert_ptr_null(strstr(in.text, "500"));
    lab_stop(&lab);
}
END_TEST

START_TEST(peer_that_left_does_not_hurt_the_late_answer) {
    static const char get[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    const struct linger reset = {.l_onoff = 1};
    lab.handler = lab_keep;
    lab_start(&lab, PLAIN);
    int fd = lab_connect(&lab);
    lab_send(fd, get, sizeof get - 1);
    lab_until(&lab, &lab.requests, 1);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
    lab_answer_waiting(&lab);
    lab_until(&lab, &lab.unsent, 1);
    lab_stop(&lab);
    ck_assert_uint_eq(lab.sent, 0);
}
END_TEST

START_TEST(freeing_the_server_completes_what_waits) {
    static const char get[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    int fds[5];
    lab.handler = lab_keep;
    lab_start(&lab, PLAIN);
    for (size_t i = 0; i < 5; i++) {
        fds[i] = lab_connect(&lab);
        lab_send(fds[i], get, sizeof get - 1);
    }
    lab_until(&lab, &lab.requests, 5);
    lab_stop(&lab);
    ck_assert_uint_eq(lab.unsent, 5);
    for (size_t i = 0; i < 5; i++)
        close(fds[i]);
}
END_TEST

START_TEST(half_a_request_never_reaches_the_handler) {
    static const char half[] = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\nabc";
    lab_start(&lab, PLAIN);
    int fd = lab_connect(&lab);
    lab_send(fd, half, sizeof half - 1);
    lab_until(&lab, &lab.opened, 1);
    close(fd);
    lab_until(&lab, &lab.closed, 1);
    lab_stop(&lab);
    ck_assert_uint_eq(lab.requests, 0);
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order) {
    struct reader in;
    lab.handler = note_request;
    lab_start(&lab, PLAIN);
    TALK("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: "
         "1\r\n\r\nxGET /3 HTTP/1.1\r\nHost: h\r\n\r\n",
         &in);
    ck_assert_str_eq(lab.note, "GET /3 ?  | - | ");
    ck_assert_uint_eq(in.answers, 3);
    lab_stop(&lab);
    ck_assert_uint_eq(lab.sent, 3);
}
END_TEST

#define HOSTILE(text)                                                                              \
    { (text), sizeof(text) - 1 }
static const struct {
    const char *bytes;
    size_t len;
} hostile[] = {
    HOSTILE(""),
    HOSTILE("\0\0\0\0\0\0"),
    HOSTILE("\r\n\r\n\r\n\r\n"),
    HOSTILE("GET\r\n\r\n"),
    HOSTILE("GET / HTTP/1.1\r\n\r\n"),
    HOSTILE("GET  HTTP/1.1\r\nHost: h\r\n\r\n"),
    HOSTILE("GET /\0x HTTP/1.1\r\nHost: h\r\n\r\n"),
    HOSTILE("GET / HTTP/9.9\r\nHost: h\r\n\r\n"),
    HOSTILE("GET / HTTP/1.1\r\nHost h\r\n\r\n"),
    HOSTILE("GET / HTTP/1.1\r\n: v\r\n folded\r\n\r\n"),
    HOSTILE("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\nabc"),
    HOSTILE("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3x\r\n\r\nabc"),
    HOSTILE("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999\r\n\r\nabc"),
    HOSTILE("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 3\r\n\r\nabc"),
    HOSTILE("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc"),
    HOSTILE("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nabc"),
    HOSTILE("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            "ffffffffffffffffff\r\nabc"),
    HOSTILE(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
    HOSTILE("GET http://other/x HTTP/1.1\r\nHost: h\r\n\r\n"),
    HOSTILE("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"),
    HOSTILE("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n"),
    HOSTILE("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"),
    HOSTILE("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    HOSTILE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"),
};

static void talk_hostile(void) {
    struct reader in;
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++)
        lab_talk(&lab, hostile[i].bytes, hostile[i].len, &in);
}

/* A head larger than any buffer for it. */
static void talk_endless_head(void) {
    static char head[200000];
    struct reader in;
    memset(head, 'a', sizeof head);
    memcpy(head, "GET / HTTP/1.1\r\nHost: h\r\nX: ", 29);
    int fd = lab_connect(&lab);
    reader_start(&in, &lab, fd);
    send(fd, head, sizeof head, MSG_NOSIGNAL | MSG_DONTWAIT);
    lab_until(&lab, &in.ended, 1);
    reader_stop(&in);
    close(fd);
}

START_TEST(hostile_bytes_do_not_stop_the_server) {
    struct reader in;
    lab_start(&lab, PLAIN);
    talk_hostile();
    talk_endless_head();
    unsigned before = lab.sent;
    TALK("GET / HTTP/1.1\r\nHost: h\r\n\r\n", &in);
    ck_assert_ptr_eq(strstr(in.text, "HTTP/1.1 200 "), in.text);
    ck_assert_uint_eq(lab.sent, before + 1);
    lab_stop(&lab);
}
END_TEST

START_TEST(hostile_bytes_do_not_stop_the_tls_server) {
    struct fetch f;
    lab_start_tls(&lab);
    talk_hostile();
    fetch_init(&f, &lab, "lab-dc.michamen.com");
    fetch_run(&f, &lab, "/");
    ck_assert_int_eq(f.result.code, CURLE_OK);
    fetch_free(&f);
    lab_stop(&lab);
    ck_assert_uint_eq(lab.requests, 1);
}
END_TEST

static struct log *written;

static void log_and_answer(struct lab *l, struct http_request *r) {
    log_line(written, "asked");
    lab_answer(l, r);
}

START_TEST(what_was_logged_of_a_request_is_in_the_log_when_the_answer_comes) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "a.log");
    AUTO_BUF content = BUF_INIT(1024);
    struct err e = {0};
    struct reader in;
    lab.handler = log_and_answer;
    lab_start(&lab, PLAIN);
    written = log_open(path, &e);
    logs_hold();
    TALK("GET / HTTP/1.1\r\nHost: h\r\n\r\n", &in);
    ck_assert_ok(file_read(path, &content, &e), e);
    ck_assert_str_eq(buf_str(&content), "asked\n");
    logs_release();
    log_close(written);
    lab_stop(&lab);
}
END_TEST

START_TEST(starting_names_what_is_wrong) {
    const struct http_server_callbacks callbacks = {lab_request, lab_completed, NULL,
                                                    NULL,        NULL,          &lab};
    struct event_base *loop = event_base_new();
    struct err e;
    struct http_server_options o = {
        .listen = "127.0.0.1:0", .certificate_file = PEM("server"), .key_file = KEY("self")};
    ck_assert_ptr_null(http_server_new(loop, &o, &callbacks, &e));
    ck_assert_err(e, TLS_CONFIG);
    o.key_file = PEM("server");
    ck_assert_ptr_null(http_server_new(loop, &o, &callbacks, &e));
    ck_assert_err(e, TLS_CONFIG);
    o.key_file = "/nowhere/key.pem";
    ck_assert_ptr_null(http_server_new(loop, &o, &callbacks, &e));
    ck_assert_err(e, SYS_IO);
    o = (struct http_server_options){.listen = "192.0.2.1:0"};
    ck_assert_ptr_null(http_server_new(loop, &o, &callbacks, &e));
    ck_assert_err(e, SYS_IO);
    event_base_free(loop);
}
END_TEST

TEST_MAIN("HTTP server", path_and_query_stay_as_received, answer_has_a_length_and_a_small_head,
          head_has_the_length_but_no_body, empty_answer_has_length_zero, bodies_arrive_whole,
          body_in_single_bytes_arrives_whole, expect_is_answered_with_continue,
          body_of_the_limit_fits_and_one_more_does_not,
          announced_flood_is_answered_without_reading_it, endless_chunks_are_cut_off,
          challenge_keeps_the_connection, close_closes,
          only_the_first_answer_counts_and_headers_cannot_be_split,
          peer_that_left_does_not_hurt_the_late_answer, freeing_the_server_completes_what_waits,
          half_a_request_never_reaches_the_handler, pipelined_requests_are_answered_in_order,
          hostile_bytes_do_not_stop_the_server, hostile_bytes_do_not_stop_the_tls_server,
          what_was_logged_of_a_request_is_in_the_log_when_the_answer_comes,
          starting_names_what_is_wrong)
