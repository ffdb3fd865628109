/* The whole service on a loop, and a client that sends and receives single packets. Tests only. */
#ifndef MOCKS_TFTP_SERVER_TEST_LAB_H
#define MOCKS_TFTP_SERVER_TEST_LAB_H

#include "base/process.h"
#include "mocks/tftp/packet.h"
#include "mocks/tftp/server.h"
#include "mocks/tftp/tftp_test_lab.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static struct lab lab;
static struct event_base *loop;
static struct tftp_server *server;

static inline void start_at_rate(double rate, const char *more) {
    struct err e = {0};
    lab_open(&lab);
    lab_load_cluster(&lab, more);
    clock_configure(0, rate);
    loop = precise_loop_new();
    server = tftp_server_new(loop, &lab.config, lab.faults, &e);
    ck_assert_msg(server != NULL, "%s", e.text);
}

static inline void start(const char *more) {
    start_at_rate(1, more);
}

static inline void stop(void) {
    tftp_server_free(server);
    event_base_free(loop);
    clock_configure(0, 1);
    lab_close(&lab);
}

/* --- a client of our own, packet by packet --- */

static inline struct sockaddr_in address_of(const char *text) {
    AUTO(char) host = NULL;
    uint16_t port = 0;
    struct err e = {0};
    ck_assert_ok(split_host_port(text, &host, &port, &e), e);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    ck_assert_int_eq(inet_pton(AF_INET, host, &to.sin_addr), 1);
    return to;
}

static inline int client_new(void) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_ge(fd, 0);
    struct sockaddr_in any = {.sin_family = AF_INET};
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&any, sizeof any), 0);
    return fd;
}

static inline void send_to(int fd, const struct sockaddr_in *to, const void *packet, size_t len) {
    ck_assert_int_eq(sendto(fd, packet, len, 0, (const struct sockaddr *)to, sizeof *to),
                     (ssize_t)len);
}

static inline void ask(int fd, const char *request, size_t len) {
    struct sockaddr_in to = address_of(tftp_server_address(server));
    send_to(fd, &to, request, len);
}
#define ASK(fd, request) ask((fd), (request), sizeof(request) - 1)

struct packet {
    uint8_t data[TFTP_PACKET_MAX];
    size_t len;
    struct sockaddr_in from;
};

static inline bool try_receive(int fd, struct packet *p) {
    socklen_t len = sizeof p->from;
    ssize_t n = recvfrom(fd, p->data, sizeof p->data, 0, (struct sockaddr *)&p->from, &len);
    p->len = n > 0 ? (size_t)n : 0;
    return n >= 0;
}

/* The next packet, however long it takes. */
static inline void receive(int fd, struct packet *p) {
    while (!try_receive(fd, p))
        event_base_loop(loop, EVLOOP_ONCE);
}

/* Everything that was sent so far has been looked at when this has its answer: one socket, in
 * order. */
static inline void until_all_was_seen(void) {
    static const char request[] = "\0\1fence\0octet\0";
    struct packet p;
    AUTO_FD fd = client_new();
    ask(fd, request, sizeof request - 1);
    receive(fd, &p);
    ck_assert_uint_eq(p.data[1], TFTP_ERROR);
}

static inline void check_number(const struct packet *p, unsigned opcode, unsigned number) {
    ck_assert_uint_ge(p->len, TFTP_HEADER);
    ck_assert_uint_eq(p->data[1], opcode);
    ck_assert_uint_eq((unsigned)(p->data[2] << 8 | p->data[3]), number);
}

static inline void acknowledge(int fd, const struct packet *p, unsigned block) {
    uint8_t ack[] = {0, TFTP_ACK, (uint8_t)(block >> 8), (uint8_t)block};
    send_to(fd, &p->from, ack, sizeof ack);
}

#endif
