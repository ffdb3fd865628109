/* Phones that come in numbers, or take their time: whoever does is cut off or turned away by name,
 * and the next phone is served. */
#include "capf/service_test_lab.h"
#include <poll.h>
#include <sys/resource.h>

enum { PACE_MS = 10, PIECES_MAX = 3000 };

static void open_lab(struct lab *lab, const char *folder) {
    lab_init(lab, folder);
    lab_schedule(lab, OPERATION_UPGRADE);
}

static void finish(struct lab *lab) {
    lab_end(lab, SIGTERM);
    lab_free(lab);
}

static void expect_served(const struct lab *lab) {
    struct client c;
    client_log_on(&c, lab, 3);
    client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    client_close(&c);
}

/* What the pace leaves between two pieces; whether the server said or closed something. */
static bool heard(int fd) {
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    return poll(&wait, 1, PACE_MS) > 0;
}

START_TEST(a_handshake_in_single_bytes_is_cut_off) {
    static const uint8_t hello[] = {0x16, 3, 1, 0x3f, 0xff, 1, 0, 0x3f, 0xf0, 3, 3};
    TEMPORARY(folder);
    struct lab lab;
    size_t sent = 0;
    open_lab(&lab, folder);
    lab.config.handshake_timeout_us = 300000;
    lab_start(&lab);
    int fd = client_tcp(&lab);
    for (; sent < PIECES_MAX && !heard(fd); sent++) {
        uint8_t byte = sent < sizeof hello ? hello[sent] : 0;
        ck_assert_int_eq((int)send(fd, &byte, 1, MSG_NOSIGNAL), 1);
    }
    ck_assert_uint_lt(sent, PIECES_MAX);
    close(fd);
    ck_assert_int_eq(lab_log_count(&lab, "no TLS handshake from 127.0.0.1 in time (SYS_TIMEOUT)"),
                     1);
    finish(&lab);
}
END_TEST

/* A frame of 64 KiB, of which the phone sends a byte at a time. */
START_TEST(a_message_in_single_bytes_is_cut_off) {
    static const uint8_t start[] = {CAPF_DISCRIMINATOR, CAPF_MSG_AUTH_RES, 0, 0, 0, 1, 0x40, 0};
    TEMPORARY(folder);
    struct lab lab;
    struct client c;
    size_t sent = 0;
    open_lab(&lab, folder);
    lab.config.message_timeout_us = 400000;
    lab_start(&lab);
    client_open(&c, &lab);
    client_expect(&c, CAPF_MSG_AUTH_REQ);
    for (; sent < PIECES_MAX && !heard(c.fd); sent++)
        ck_assert_int_eq(SSL_write(c.ssl, sent < sizeof start ? &start[sent] : start, 1), 1);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    ck_assert_uint_lt(sent, PIECES_MAX);
    client_close(&c);
    ck_assert_int_eq(lab_log_count(&lab, "no answer from the phone in time"), 1);
    finish(&lab);
}
END_TEST

START_TEST(other_messages_do_not_put_a_deadline_off) {
    TEMPORARY(folder);
    struct lab lab;
    struct client c;
    unsigned sent = 0;
    open_lab(&lab, folder);
    lab.ca = CA_ISSUES;
    lab.config.issuer = ISSUER_ONLINE_CA;
    lab.config.message_timeout_us = 400000;
    lab_start(&lab);
    client_log_on(&c, &lab, 3);
    client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    client_send_key(&c);
    client_receive(&c); /* the request to sign, which is not answered */
    for (bool ended = false; !ended && sent < PIECES_MAX; sent++) {
        client_send(&c, (struct capf_message){.type = CAPF_MSG_STATUS_REQUEST});
        ended = client_receive(&c).type == CAPF_MSG_END_SESSION;
        heard(c.fd);
    }
    ck_assert_uint_lt(sent, PIECES_MAX);
    client_close(&c);
    finish(&lab);
}
END_TEST

START_TEST(one_address_has_so_many_places) {
    TEMPORARY(folder);
    struct lab lab;
    struct client first, second;
    uint8_t byte;
    open_lab(&lab, folder);
    lab.config.connections_per_address_max = 2;
    lab_start(&lab);
    client_open(&first, &lab);
    client_open(&second, &lab);
    int third = client_tcp(&lab);
    ck_assert_int_le((int)read(third, &byte, 1), 0);
    close(third);
    ck_assert_int_eq(lab_log_count(&lab, "no session for 127.0.0.1: 2 connections are open from "
                                         "this address, as many as may be (SYS_LIMIT)"),
                     1);
    client_expect(&first, CAPF_MSG_AUTH_REQ);
    client_send(&first, client_auth_res(99, LAB_DEVICE));
    client_expect_end(&first, CAPF_REASON_REFUSED);
    client_close(&first);
    client_close(&second);
    finish(&lab);
}
END_TEST

/* Nobody is connected whose end would give a descriptor back. */
START_TEST(out_of_descriptors_nobody_spins) {
    enum { ATTEMPTS_MAX = 20, HEARINGS = 50 };
    TEMPORARY(folder);
    struct lab lab;
    struct rlimit before, none = {3, 0};
    open_lab(&lab, folder);
    lab_start(&lab);
    ck_assert_int_eq(prlimit(lab.pid, RLIMIT_NOFILE, NULL, &before), 0);
    none.rlim_max = before.rlim_max;
    ck_assert_int_eq(prlimit(lab.pid, RLIMIT_NOFILE, &none, NULL), 0);
    int fd = client_tcp(&lab);
    for (int i = 0; i < HEARINGS && lab_log_count(&lab, "accept failed") < 2; i++)
        heard(fd);
    int attempts = lab_log_count(&lab, "accept failed: Too many open files");
    ck_assert_int_ge(attempts, 1);
    ck_assert_int_le(attempts, ATTEMPTS_MAX);
    ck_assert_int_eq(prlimit(lab.pid, RLIMIT_NOFILE, &before, NULL), 0);
    close(fd);
    expect_served(&lab);
    finish(&lab);
}
END_TEST

TEST_MAIN("service limits", a_handshake_in_single_bytes_is_cut_off,
          a_message_in_single_bytes_is_cut_off, other_messages_do_not_put_a_deadline_off,
          one_address_has_so_many_places, out_of_descriptors_nobody_spins)
