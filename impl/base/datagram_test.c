/* A datagram server: answers at once and later, in component time; what still waits at the end is
 * dropped. */
#include "base/clock.h"
#include "base/datagram.h"
#include "base/owned.h"
#include "base/process.h"
#include "base/test.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define SECOND INT64_C(1000000)

struct echo {
    struct event_base *loop;
    struct datagram_server *server;
    unsigned packets;
};

/* The first octet is the delay of the echo in seconds. */
static void on_packet(void *user, struct bytes packet, const struct datagram_peer *from) {
    struct echo *s = user;
    s->packets++;
    datagram_send(s->server, from, packet, packet.len > 0 ? packet.data[0] * SECOND : 0);
    event_base_loopbreak(s->loop);
}

static void start(struct echo *s) {
    struct err e = {0};
    clock_configure(0, 1000);
    s->loop = precise_loop_new();
    s->server = datagram_server_new(s->loop, "127.0.0.1:0", on_packet, s, &e);
    ck_assert_msg(s->server != NULL, "%s", e.text);
}

static void stop(struct echo *s) {
    datagram_server_free(s->server);
    event_base_free(s->loop);
}

static int client_of(const struct echo *s) {
    AUTO(char) host = NULL;
    uint16_t port = 0;
    struct err e = {0};
    ck_assert_ok(split_host_port(datagram_server_address(s->server), &host, &port, &e), e);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void on_answer(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    event_base_loopbreak(user);
}

/* Runs the loop until an answer is there. */
static void check_answer(const struct echo *s, int fd, const char *expected) {
    char got[64] = "";
    struct event *readable = event_new(s->loop, fd, EV_READ | EV_PERSIST, on_answer, s->loop);
    event_add(readable, NULL);
    while (recv(fd, got, sizeof got - 1, 0) < 0)
        event_base_loop(s->loop, EVLOOP_ONCE);
    ck_assert_str_eq(got, expected);
    event_free(readable);
}

START_TEST(answers_come_at_once_or_later) {
    struct echo s = {0};
    start(&s);
    AUTO_FD fd = client_of(&s);
    int64_t before = clock_mono_us();
    ck_assert_int_eq(send(fd, "\x05late", 5, 0), 5);
    ck_assert_int_eq(send(fd, "", 0, 0), 0);
    check_answer(&s, fd, "");
    check_answer(&s, fd, "\x05late");
    ck_assert_int_ge(clock_mono_us() - before, 5 * SECOND);
    stop(&s);
}
END_TEST

START_TEST(what_waits_at_the_end_is_dropped) {
    struct echo s = {0};
    start(&s);
    AUTO_FD fd = client_of(&s);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(send(fd, "\xff", 1, 0), 1);
    while (s.packets < 3)
        event_base_loop(s.loop, EVLOOP_ONCE);
    stop(&s);
}
END_TEST

/* Packets of nobody in particular: more than may wait. */
START_TEST(not_more_than_so_many_wait) {
    struct echo s = {0};
    start(&s);
    AUTO_FD fd = client_of(&s);
    struct datagram_peer to = {.len = sizeof(struct sockaddr_in)};
    socklen_t len = sizeof to.address;
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&to.address, &len), 0);
    for (int i = 0; i < 5000; i++)
        datagram_send(s.server, &to, bytes_of_str("later"), 3600 * SECOND);
    datagram_send(s.server, &to, bytes_of_str("now"), 0);
    check_answer(&s, fd, "now");
    stop(&s);
}
END_TEST

START_TEST(a_port_that_is_taken_is_an_error) {
    struct echo s = {0};
    struct err e = {0};
    start(&s);
    ck_assert_ptr_null(
        datagram_server_new(s.loop, datagram_server_address(s.server), on_packet, NULL, &e));
    ck_assert_err(e, SYS_IO);
    ck_assert_ptr_null(datagram_server_new(s.loop, "nowhere:1", on_packet, NULL, &e));
    ck_assert_err(e, ARG_USAGE);
    stop(&s);
}
END_TEST

START_TEST(addresses_are_written_as_they_are_read) {
    char text[SOCKADDR_TEXT_MAX];
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(53)};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(123)};
    v6.sin6_addr.s6_addr[15] = 1;
    sockaddr_text((const struct sockaddr *)&v6, text);
    ck_assert_str_eq(text, "[::1]:53");
    sockaddr_text((const struct sockaddr *)&v4, text);
    ck_assert_str_eq(text, "0.0.0.0:123");
    v4.sin_family = AF_UNIX;
    sockaddr_text((const struct sockaddr *)&v4, text);
    ck_assert_str_eq(text, "");
}
END_TEST

TEST_MAIN("datagrams", answers_come_at_once_or_later, what_waits_at_the_end_is_dropped,
          not_more_than_so_many_wait, a_port_that_is_taken_is_an_error,
          addresses_are_written_as_they_are_read)
