/* Transfers over loopback, packet by packet: what is lost comes again, strangers and repetitions
 * change nothing, addresses have limits, hostile packets get an error or nothing. */
#include "mocks/tftp/server_test_lab.h"

START_TEST(a_lost_block_comes_again_after_a_while) {
    struct packet first, again;
    start("timeout: 50ms\n");
    AUTO_FD fd = client_new();
    int64_t before = clock_mono_us();
    ASK(fd, "\0\1ITLFile.tlv\0octet\0");
    receive(fd, &first);
    receive(fd, &again);
    ck_assert_int_ge(clock_mono_us() - before, 50000);
    check_number(&first, TFTP_DATA, 1);
    check_number(&again, TFTP_DATA, 1);
    ck_assert_uint_eq(again.from.sin_port, first.from.sin_port);
    acknowledge(fd, &again, 1);
    receive(fd, &again);
    check_number(&again, TFTP_DATA, 2);
    stop();
}
END_TEST

START_TEST(a_request_that_comes_twice_is_one_transfer) {
    struct packet p;
    start("timeout: 200s\n");
    AUTO_FD fd = client_new();
    ASK(fd, "\0\1ITLFile.tlv\0octet\0");
    receive(fd, &p);
    check_number(&p, TFTP_DATA, 1);
    ASK(fd, "\0\1ITLFile.tlv\0octet\0");
    until_all_was_seen();
    ck_assert(!try_receive(fd, &p));
    ASK(fd, "\0\1XMLDefault.cnf.xml\0octet\0"); /* another file is another transfer */
    receive(fd, &p);
    check_number(&p, TFTP_DATA, 1);
    stop();
}
END_TEST

/* Whoever does not take part in a transfer gets error 5, and the transfer goes on. */
START_TEST(a_stranger_changes_nothing) {
    struct packet p, answer;
    start("timeout: 200s\n");
    AUTO_FD fd = client_new();
    AUTO_FD stranger = client_new();
    ASK(fd, "\0\1ITLFile.tlv\0octet\0");
    receive(fd, &p);
    acknowledge(stranger, &p, 1);
    receive(stranger, &answer);
    check_number(&answer, TFTP_ERROR, TFTP_ERROR_UNKNOWN_ID);
    send_to(stranger, &p.from, "\0\5\0\0", 5);
    acknowledge(stranger, &p, 7);
    receive(stranger, &answer);
    check_number(&answer, TFTP_ERROR, TFTP_ERROR_UNKNOWN_ID);
    ck_assert(!try_receive(stranger, &answer)); /* an error got no answer */
    acknowledge(fd, &p, 1);
    receive(fd, &p);
    check_number(&p, TFTP_DATA, 2);
    stop();
}
END_TEST

START_TEST(transfers_are_limited_for_each_address) {
    struct packet p;
    start("timeout: 200s\ntransfers-per-address: 2\n");
    AUTO_FD one = client_new();
    AUTO_FD two = client_new();
    AUTO_FD three = client_new();
    ASK(one, "\0\1ITLFile.tlv\0octet\0");
    ASK(two, "\0\1ITLFile.tlv\0octet\0");
    ASK(three, "\0\1ITLFile.tlv\0octet\0");
    receive(three, &p);
    check_number(&p, TFTP_ERROR, TFTP_ERROR_UNDEFINED);
    receive(one, &p);
    check_number(&p, TFTP_DATA, 1);
    send_to(one, &p.from, "\0\5\0\0enough", 11);
    do { /* its place becomes free */
        ASK(three, "\0\1ITLFile.tlv\0octet\0");
        receive(three, &p);
    } while (p.data[1] == TFTP_ERROR);
    check_number(&p, TFTP_DATA, 1);
    stop();
}
END_TEST

START_TEST(netascii_is_another_form_of_the_file) {
    static const char expected[] = "\0\3\0\1a\r\nb\r\0";
    struct packet p;
    start("files: '@'\n");
    lab_write(&lab, "text", bytes_of_str("a\nb\r"));
    AUTO_FD fd = client_new();
    ASK(fd, "\0\1text\0netascii\0tsize\0000\0");
    receive(fd, &p);
    ck_assert(bytes_equal(bytes_of(p.data, p.len), bytes_of("\0\6tsize\0006\0", 10)));
    acknowledge(fd, &p, 0);
    receive(fd, &p);
    ck_assert(bytes_equal(bytes_of(p.data, p.len), bytes_of(expected, sizeof expected - 1)));
    stop();
}
END_TEST

static const struct {
    struct bytes packet;
    int code; /* of the error in answer; -1: none */
} hostile[] = {
    {{(const uint8_t *)"", 0}, -1},
    {{(const uint8_t *)"\0", 1}, -1},
    {{(const uint8_t *)"\0\5\0\0", 4}, -1},
    {{(const uint8_t *)"\0\1", 2}, TFTP_ERROR_OPERATION},
    {{(const uint8_t *)"\0\2x\0octet\0", 10}, TFTP_ERROR_OPERATION},
    {{(const uint8_t *)"\0\4\0\1", 4}, TFTP_ERROR_OPERATION},
    {{(const uint8_t *)"\0\1x\0mail\0", 9}, TFTP_ERROR_OPERATION},
    {{(const uint8_t *)"\0\1x\0octet\0blksize\0000\0", 20}, TFTP_ERROR_OPTION},
    {{(const uint8_t *)"\0\1../pub.key\0octet\0", 19}, TFTP_ERROR_ACCESS},
    {{(const uint8_t *)"\0\1/etc/passwd\0octet\0", 20}, TFTP_ERROR_ACCESS},
    {{(const uint8_t *)"\0\1\xff\xfe\n\0octet\0", 12}, TFTP_ERROR_ACCESS},
};

START_TEST(hostile_packets_are_refused_or_dropped) {
    struct packet p;
    start("");
    AUTO_FD fd = client_new();
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        ask(fd, (const char *)hostile[i].packet.data, hostile[i].packet.len);
        if (hostile[i].code < 0)
            continue;
        receive(fd, &p);
        check_number(&p, TFTP_ERROR, (unsigned)hostile[i].code);
    }
    until_all_was_seen();
    ck_assert(!try_receive(fd, &p));
    stop();
}
END_TEST

TEST_MAIN("tftp udp", a_lost_block_comes_again_after_a_while,
          a_request_that_comes_twice_is_one_transfer, a_stranger_changes_nothing,
          transfers_are_limited_for_each_address, netascii_is_another_form_of_the_file,
          hostile_packets_are_refused_or_dropped)
