/* TFTP packets: requests as clients send them, hostile ones with the code that each is refused
 * with, and what is written. */
#include "base/test.h"
#include "mocks/tftp/packet.h"
#include <string.h>

#define PACKET(text)                                                                               \
    { (const uint8_t *)(text), sizeof(text) - 1 }

static const struct {
    struct bytes packet;
    struct tftp_request expected;
} requests[] = {
    {PACKET("\0\1ITLFile.tlv\0octet\0"), {.name = "ITLFile.tlv"}},
    {PACKET("\0\1ITLFile.tlv\0OcTeT\0"), {.name = "ITLFile.tlv"}},
    {PACKET("\0\1a\0netascii\0"), {.name = "a", .netascii = true}},
    {PACKET("\0\1a\0octet\0blksize\0001468\0"), {.name = "a", .block_size = 1468}},
    {PACKET("\0\1a\0octet\0BLKSIZE\0008\0tsize\0000\0timeout\0001\0"),
     {.name = "a", .block_size = 8, .size = true, .timeout_s = 1}},
    {PACKET("\0\1a\0octet\0timeout\000255\0blksize\00065464\0"),
     {.name = "a", .block_size = 65464, .timeout_s = 255}},
    {PACKET("\0\1a\0octet\0blksize\00000512\0"), {.name = "a", .block_size = 512}},
    {PACKET("\0\1a\0octet\0windowsize\00016\0multicast\0\0"), {.name = "a"}},
    {PACKET("\0\1../x\xff\0octet\0"), {.name = "../x\xff"}}, /* names are judged by files.c */
};

START_TEST(requests_are_read) {
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct tftp_request r;
        struct err e = {0};
        ck_assert_ok(tftp_request_read(requests[i].packet, &r, &e), e);
        ck_assert_str_eq(r.name, requests[i].expected.name);
        ck_assert_uint_eq(r.netascii, requests[i].expected.netascii);
        ck_assert_uint_eq(r.size, requests[i].expected.size);
        ck_assert_uint_eq(r.block_size, requests[i].expected.block_size);
        ck_assert_uint_eq(r.timeout_s, requests[i].expected.timeout_s);
    }
}
END_TEST

static const struct {
    struct bytes packet;
    enum err_code code;
    unsigned answer;
    bool answered;
} hostile[] = {
    {PACKET(""), ERR_TFTP_PACKET, 4, false},
    {PACKET("\0"), ERR_TFTP_PACKET, 4, false},
    {PACKET("\0\1"), ERR_TFTP_PACKET, 4, true},
    {PACKET("\0\1a"), ERR_TFTP_PACKET, 4, true},
    {PACKET("\0\1a\0"), ERR_TFTP_PACKET, 4, true},
    {PACKET("\0\1a\0octet"), ERR_TFTP_PACKET, 4, true},
    {PACKET("\0\1\0octet\0"), ERR_TFTP_PACKET, 4, true},
    {PACKET("\0\1a\0\0"), ERR_TFTP_OPERATION, 4, true},
    {PACKET("\0\1a\0mail\0"), ERR_TFTP_OPERATION, 4, true},
    {PACKET("\0\1a\0octets\0"), ERR_TFTP_OPERATION, 4, true},
    {PACKET("\0\1a\0octet\0blksize"), ERR_TFTP_PACKET, 4, true},
    {PACKET("\0\1a\0octet\0blksize\0"), ERR_TFTP_PACKET, 4, true},
    {PACKET("\0\1a\0octet\0blksize\000512"), ERR_TFTP_PACKET, 4, true},
    {PACKET("\0\1a\0octet\0x"), ERR_TFTP_PACKET, 4, true},
    {PACKET("\0\1a\0octet\0blksize\0\0"), ERR_TFTP_OPTION, 8, true},
    {PACKET("\0\1a\0octet\0blksize\0007\0"), ERR_TFTP_OPTION, 8, true},
    {PACKET("\0\1a\0octet\0blksize\00065465\0"), ERR_TFTP_OPTION, 8, true},
    {PACKET("\0\1a\0octet\0blksize\000-512\0"), ERR_TFTP_OPTION, 8, true},
    {PACKET("\0\1a\0octet\0blksize\0005 12\0"), ERR_TFTP_OPTION, 8, true},
    {PACKET("\0\1a\0octet\0blksize\0000x200\0"), ERR_TFTP_OPTION, 8, true},
    {PACKET("\0\1a\0octet\0blksize\00018446744073709552128\0"), ERR_TFTP_OPTION, 8, true},
    {PACKET("\0\1a\0octet\0blksize\000000000000000000000512\0"), ERR_TFTP_OPTION, 8, true},
    {PACKET("\0\1a\0octet\0blksize\000512\0blksize\000512\0"), ERR_TFTP_OPTION, 8, true},
    {PACKET("\0\1a\0octet\0timeout\0000\0"), ERR_TFTP_OPTION, 8, true},
    {PACKET("\0\1a\0octet\0timeout\000256\0"), ERR_TFTP_OPTION, 8, true},
    {PACKET("\0\1a\0octet\0tsize\000x\0"), ERR_TFTP_OPTION, 8, true},
    {PACKET("\0\1a\0octet\0tsize\0000\0tsize\0000\0"), ERR_TFTP_OPTION, 8, true},
    {PACKET("\0\2ITLFile.tlv\0octet\0"), ERR_TFTP_OPERATION, 4, true},
    {PACKET("\0\3\0\1data"), ERR_TFTP_OPERATION, 4, true},
    {PACKET("\0\4\0\1"), ERR_TFTP_OPERATION, 4, true},
    {PACKET("\0\5\0\1text\0"), ERR_TFTP_OPERATION, 4, false},
    {PACKET("\0\6blksize\000512\0"), ERR_TFTP_OPERATION, 4, true},
    {PACKET("\1\1a\0octet\0"), ERR_TFTP_OPERATION, 4, true},
    {PACKET("\xff\xff\xff\xff"), ERR_TFTP_OPERATION, 4, true},
};

START_TEST(hostile_requests_are_refused) {
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct tftp_request r;
        struct err e = {0};
        ck_assert_int_eq(tftp_request_read(hostile[i].packet, &r, &e), -1);
        ck_assert_msg(e.code == hostile[i].code, "row %zu: %s: %s", i, err_name(e.code), e.text);
        ck_assert_uint_eq(tftp_error_of(e.code), hostile[i].answer);
        ck_assert_msg(tftp_may_answer(hostile[i].packet) == hostile[i].answered, "row %zu", i);
    }
}
END_TEST

START_TEST(a_request_has_a_limit) {
    uint8_t packet[TFTP_REQUEST_MAX + 1];
    struct tftp_request r;
    struct err e = {0};
    memset(packet, 'a', sizeof packet);
    memcpy(packet, "\0\1", 2);
    memcpy(packet + TFTP_REQUEST_MAX - 7, "\0octet", 7);
    ck_assert_ok(tftp_request_read(bytes_of(packet, TFTP_REQUEST_MAX), &r, &e), e);
    ck_assert_uint_eq(strlen(r.name), TFTP_REQUEST_MAX - 9);
    ck_assert_int_eq(tftp_request_read(bytes_of(packet, sizeof packet), &r, &e), -1);
    ck_assert_err(e, TFTP_PACKET);
}
END_TEST

static const struct {
    struct bytes packet;
    enum err_code code;
    enum tftp_opcode opcode;
    uint16_t number;
    const char *text;
} replies[] = {
    {PACKET("\0\4\1\2"), ERR_OK, TFTP_ACK, 258, ""},
    {PACKET("\0\4\0\0trailing"), ERR_OK, TFTP_ACK, 0, "trailing"},
    {PACKET("\0\5\0\10no\0more"), ERR_OK, TFTP_ERROR, 8, "no"},
    {PACKET("\0\5\0\0no end"), ERR_OK, TFTP_ERROR, 0, "no end"},
    {PACKET("\0\5\xff\xff"), ERR_OK, TFTP_ERROR, 65535, ""},
    {PACKET(""), ERR_TFTP_PACKET, 0, 0, NULL},
    {PACKET("\0\4\0"), ERR_TFTP_PACKET, 0, 0, NULL},
    {PACKET("\0\0\0\0"), ERR_TFTP_PACKET, 0, 0, NULL},
    {PACKET("\0\7\0\0"), ERR_TFTP_PACKET, 0, 0, NULL},
    {PACKET("\0\1a\0octet\0"), ERR_TFTP_OPERATION, 0, 0, NULL},
    {PACKET("\0\3\0\1"), ERR_TFTP_OPERATION, 0, 0, NULL},
    {PACKET("\0\6\0\0"), ERR_TFTP_OPERATION, 0, 0, NULL},
};

START_TEST(replies_are_read) {
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        struct tftp_reply r;
        struct err e = {0};
        int rc = tftp_reply_read(replies[i].packet, &r, &e);
        ck_assert_msg(e.code == replies[i].code, "row %zu: %s", i, err_name(e.code));
        if (rc != 0)
            continue;
        ck_assert_int_eq(r.opcode, replies[i].opcode);
        ck_assert_uint_eq(r.number, replies[i].number);
        ck_assert(bytes_equal(r.text, bytes_of_str(replies[i].text)));
    }
}
END_TEST

static void check_written(struct buf *out, struct bytes expected) {
    ck_assert(bytes_equal(buf_view(out), expected));
    buf_reset(out);
}

START_TEST(packets_are_written) {
    struct buf out = BUF_INIT(1024);
    const struct tftp_request all = {.block_size = 1024, .timeout_s = 3};
    tftp_put_data(&out, 0xfffe, bytes_of_str("ab"));
    check_written(&out, (struct bytes)PACKET("\0\3\xff\xfe"
                                             "ab"));
    tftp_put_error(&out, 1, tftp_error_text(1));
    check_written(&out, (struct bytes)PACKET("\0\5\0\1File not found\0"));
    ck_assert_str_eq(tftp_error_text(9), "Not defined");
    tftp_put_oack(&out, &all, 4321);
    check_written(&out, (struct bytes)PACKET("\0\6blksize\0001024\0tsize\0004321\0timeout\0003\0"));
    tftp_put_oack(&out, &(struct tftp_request){0}, 0);
    check_written(&out, (struct bytes)PACKET("\0\6tsize\0000\0"));
    tftp_put_netascii(&out, (struct bytes)PACKET("a\nb\rc\r\n"));
    check_written(&out, (struct bytes)PACKET("a\r\nb\r\0c\r\0\r\n"));
    buf_free(&out);
}
END_TEST

TEST_MAIN("tftp packets", requests_are_read, hostile_requests_are_refused, a_request_has_a_limit,
          replies_are_read, packets_are_written)
