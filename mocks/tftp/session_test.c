/* One transfer against a client that is played here: block sizes at every edge, packets that get
 * lost either way, acknowledgements twice, late and wrong, more blocks than a number has values. */
#include "base/owned.h"
#include "base/test.h"
#include "mocks/tftp/session.h"
#include <string.h>

enum { SECOND = 1000000, CONTENT_MAX = 1 << 20 };

static const struct tftp_limits usual = {
    .block_size = TFTP_BLOCK_MAX, .timeout_us = SECOND, .tries = 4};
static uint8_t content[CONTENT_MAX];

static void fill(void) {
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 31 + i / 251);
}

/* A client that answers every packet, and what the network loses: every to_lost-th packet to the
 * client, every from_lost-th of its own; 0: none. */
struct client {
    struct buf received;
    uint16_t expected;
    unsigned packets, acks, to_lost, from_lost;
};

static uint16_t u16_at(const uint8_t *data) {
    return (uint16_t)(data[0] << 8 | data[1]);
}

static void take_data(struct client *c, const struct buf *packet) {
    uint16_t block = u16_at(packet->data + 2);
    if (block != c->expected)
        return;
    buf_put(&c->received, packet->data + TFTP_HEADER, packet->len - TFTP_HEADER);
    c->expected++;
}

static enum tftp_progress acknowledge(struct client *c, struct tftp_session *s, uint16_t block,
                                      struct buf *out, struct err *e) {
    uint8_t ack[] = {0, TFTP_ACK, (uint8_t)(block >> 8), (uint8_t)block};
    c->acks++;
    if (c->from_lost != 0 && c->acks % c->from_lost == 0)
        return TFTP_WAITS;
    return tftp_session_packet(s, bytes_of(ack, sizeof ack), out, e);
}

/* One packet of the server, or its loss, and what comes of it. */
static enum tftp_progress turn(struct client *c, struct tftp_session *s, struct buf *packet,
                               struct err *e) {
    bool lost = packet->len == 0 || (c->to_lost != 0 && ++c->packets % c->to_lost == 0);
    uint16_t block = 0;
    if (!lost && u16_at(packet->data) == TFTP_DATA) {
        take_data(c, packet);
        block = u16_at(packet->data + 2);
    }
    buf_reset(packet);
    enum tftp_progress p = lost ? TFTP_WAITS : acknowledge(c, s, block, packet, e);
    return p == TFTP_WAITS ? tftp_session_timeout(s, packet, e) : p;
}

static enum tftp_progress play(struct client *c, struct tftp_session *s, struct buf *packet,
                               struct err *e) {
    enum tftp_progress p = TFTP_SENDS;
    c->expected = 1;
    while (p == TFTP_SENDS)
        p = turn(c, s, packet, e);
    return p;
}

static void check_transfer(const char *title, struct client *c, const struct tftp_request *request,
                           size_t len) {
    struct tftp_session s;
    struct err e = {0};
    struct tftp_damage none = {0};
    AUTO_BUF packet = BUF_INIT(TFTP_PACKET_MAX);
    c->received = (struct buf)BUF_INIT(CONTENT_MAX);
    tftp_session_start(&s, request, bytes_of(content, len), &usual, &none, &packet);
    enum tftp_progress p = play(c, &s, &packet, &e);
    ck_assert_msg(p == TFTP_DONE, "%s: %s", title, e.text);
    ck_assert_msg(bytes_equal(buf_view(&c->received), bytes_of(content, len)), "%s", title);
    ck_assert_uint_eq(s.acknowledged, len / s.block_size + 1);
    buf_free(&c->received);
}

static const struct {
    const char *title;
    size_t len;
    struct tftp_request request;
    unsigned to_lost, from_lost;
} transfers[] = {
    {"empty", 0, {.block_size = 0}, 0, 0},
    {"one octet", 1, {.block_size = 0}, 0, 0},
    {"one less than a block", 511, {.block_size = 0}, 0, 0},
    {"a block and an empty one", 512, {.block_size = 0}, 0, 0},
    {"one more than a block", 513, {.block_size = 0}, 0, 0},
    {"smallest blocks", 4096, {.block_size = 8}, 0, 0},
    {"largest block", 65464, {.block_size = 65464}, 0, 0},
    {"largest block, not full", 65463, {.block_size = 65464, .size = true}, 0, 0},
    {"number of the block wraps", (65536 + 3) * 8, {.block_size = 8}, 0, 0},
    {"ends at the wrap", 65535 * 8, {.block_size = 8}, 0, 0},
    {"wraps with losses", (65536 + 3) * 8, {.block_size = 8}, 7, 5},
    {"lost data", 20000, {.block_size = 0}, 3, 0},
    {"lost acknowledgements", 20000, {.block_size = 0}, 0, 3},
    {"both", 20000, {.size = true}, 2, 3},
    {"tsize of nothing", 0, {.size = true}, 0, 0},
    {"all options, of nothing", 0, {.block_size = 512, .size = true, .timeout_s = 1}, 0, 0},
    {"only tsize", 100, {.size = true}, 0, 0},
    {"only timeout", 100, {.timeout_s = 9}, 0, 2},
};

START_TEST(a_file_arrives_whole) {
    fill();
    for (size_t i = 0; i < sizeof transfers / sizeof transfers[0]; i++) {
        struct client c = {.to_lost = transfers[i].to_lost, .from_lost = transfers[i].from_lost};
        check_transfer(transfers[i].title, &c, &transfers[i].request, transfers[i].len);
    }
}
END_TEST

START_TEST(a_file_without_memory_is_an_empty_one) {
    static const struct tftp_request request = {.netascii = true};
    struct tftp_session s;
    struct tftp_damage none = {0};
    AUTO_BUF out = BUF_INIT(TFTP_PACKET_MAX);
    tftp_session_start(&s, &request, bytes_of(NULL, 0), &usual, &none, &out);
    ck_assert(bytes_equal(buf_view(&out), bytes_of("\0\3\0\1", 4)));
}
END_TEST

/* A transfer of three blocks of 8, in the state after the first packet. */
struct lab {
    struct tftp_session s;
    struct buf out;
    struct err e;
};

static void lab_start(struct lab *l, struct tftp_damage damage) {
    static const struct tftp_request request = {.block_size = 8};
    *l = (struct lab){.out = BUF_INIT(TFTP_PACKET_MAX)};
    tftp_session_start(&l->s, &request, bytes_of(content, 20), &usual, &damage, &l->out);
}

static enum tftp_progress lab_packet(struct lab *l, const char *packet, size_t len) {
    buf_reset(&l->out);
    return tftp_session_packet(&l->s, bytes_of(packet, len), &l->out, &l->e);
}

static enum tftp_progress lab_ack(struct lab *l, uint16_t block) {
    char ack[] = {0, TFTP_ACK, (char)(block >> 8), (char)block};
    return lab_packet(l, ack, sizeof ack);
}

static enum tftp_progress lab_timeout(struct lab *l) {
    buf_reset(&l->out);
    return tftp_session_timeout(&l->s, &l->out, &l->e);
}

static void check_data(const struct lab *l, uint16_t block, size_t len) {
    ck_assert_uint_eq(l->out.len, TFTP_HEADER + len);
    ck_assert_uint_eq(u16_at(l->out.data), TFTP_DATA);
    ck_assert_uint_eq(u16_at(l->out.data + 2), block);
}

/* Sorcerer's apprentice: an ACK that comes twice makes no block go twice. */
START_TEST(acknowledgements_of_other_blocks_change_nothing) {
    struct lab l;
    lab_start(&l, (struct tftp_damage){0});
    ck_assert_uint_eq(u16_at(l.out.data), TFTP_OACK);
    ck_assert_int_eq(lab_ack(&l, 1), TFTP_WAITS);
    ck_assert_int_eq(lab_ack(&l, 0), TFTP_SENDS);
    check_data(&l, 1, 8);
    ck_assert_int_eq(lab_ack(&l, 0), TFTP_WAITS);
    ck_assert_int_eq(lab_ack(&l, 2), TFTP_WAITS);
    ck_assert_int_eq(lab_ack(&l, 65535), TFTP_WAITS);
    ck_assert_uint_eq(l.out.len, 0);
    ck_assert_int_eq(lab_ack(&l, 1), TFTP_SENDS);
    check_data(&l, 2, 8);
    ck_assert_int_eq(lab_ack(&l, 1), TFTP_WAITS);
    ck_assert_int_eq(lab_ack(&l, 2), TFTP_SENDS);
    check_data(&l, 3, 4);
    ck_assert_int_eq(lab_ack(&l, 3), TFTP_DONE);
    ck_assert_uint_eq(l.s.sent_again, 0);
    buf_free(&l.out);
}
END_TEST

START_TEST(waiting_doubles_and_ends) {
    struct lab l;
    lab_start(&l, (struct tftp_damage){0});
    lab_ack(&l, 0);
    ck_assert_int_eq(tftp_session_wait_us(&l.s), SECOND);
    for (int64_t wait = 2; wait <= 8; wait *= 2) {
        ck_assert_int_eq(lab_timeout(&l), TFTP_SENDS);
        check_data(&l, 1, 8);
        ck_assert_int_eq(tftp_session_wait_us(&l.s), wait * SECOND);
    }
    ck_assert_int_eq(lab_timeout(&l), TFTP_FAILED);
    ck_assert_err(l.e, SYS_TIMEOUT);
    ck_assert_uint_eq(l.out.len, 0);
    ck_assert_uint_eq(l.s.sent_again, 3);
    buf_free(&l.out);
}
END_TEST

START_TEST(each_block_begins_to_wait_anew) {
    struct lab l;
    lab_start(&l, (struct tftp_damage){0});
    lab_timeout(&l);
    ck_assert_uint_eq(u16_at(l.out.data), TFTP_OACK);
    ck_assert_int_eq(tftp_session_wait_us(&l.s), 2 * SECOND);
    lab_ack(&l, 0);
    ck_assert_int_eq(tftp_session_wait_us(&l.s), SECOND);
    buf_free(&l.out);
}
END_TEST

static const struct {
    struct bytes packet;
    enum tftp_progress progress;
    enum err_code code;
    const char *text;
} received[] = {
    {{(const uint8_t *)"", 0}, TFTP_WAITS, ERR_OK, ""},
    {{(const uint8_t *)"\0\4\0", 3}, TFTP_WAITS, ERR_OK, ""},
    {{(const uint8_t *)"\0\11\0\1", 4}, TFTP_WAITS, ERR_OK, ""},
    {{(const uint8_t *)"\0\5\0\10no such option", 18},
     TFTP_FAILED,
     ERR_TFTP_ABORTED,
     "the client sent error 8: no such option"},
    {{(const uint8_t *)"\0\5\0\0", 4}, TFTP_FAILED, ERR_TFTP_ABORTED, "the client sent error 0: "},
    {{(const uint8_t *)"\0\3\0\1data", 8},
     TFTP_FAILED,
     ERR_TFTP_OPERATION,
     "opcode 3 during a transfer"},
    {{(const uint8_t *)"\0\1a\0octet\0", 10},
     TFTP_FAILED,
     ERR_TFTP_OPERATION,
     "opcode 1 during a transfer"},
};

START_TEST(other_packets_end_it_or_change_nothing) {
    for (size_t i = 0; i < sizeof received / sizeof received[0]; i++) {
        struct lab l;
        lab_start(&l, (struct tftp_damage){0});
        lab_ack(&l, 0);
        enum tftp_progress p =
            lab_packet(&l, (const char *)received[i].packet.data, received[i].packet.len);
        ck_assert_int_eq(p, received[i].progress);
        ck_assert_int_eq(l.e.code, received[i].code);
        ck_assert_str_eq(l.e.text, received[i].text);
        ck_assert_uint_eq(l.out.len > 0, received[i].code == ERR_TFTP_OPERATION);
        buf_free(&l.out);
    }
}
END_TEST

START_TEST(a_block_that_is_dropped_comes_the_second_time) {
    struct lab l;
    lab_start(&l, (struct tftp_damage){.drop = 2});
    lab_ack(&l, 0);
    ck_assert_int_eq(lab_ack(&l, 1), TFTP_SENDS);
    ck_assert_uint_eq(l.out.len, 0);
    ck_assert_int_eq(lab_timeout(&l), TFTP_SENDS);
    check_data(&l, 2, 8);
    buf_free(&l.out);
}
END_TEST

START_TEST(a_transfer_that_stalls_gets_nowhere) {
    struct lab l;
    lab_start(&l, (struct tftp_damage){.stall = 2});
    lab_ack(&l, 0);
    ck_assert_int_eq(lab_ack(&l, 1), TFTP_SENDS);
    for (int i = 1; i < 4; i++) {
        ck_assert_uint_eq(l.out.len, 0);
        ck_assert_int_eq(lab_timeout(&l), TFTP_SENDS);
    }
    ck_assert_int_eq(lab_timeout(&l), TFTP_FAILED);
    ck_assert_err(l.e, SYS_TIMEOUT);
    ck_assert_uint_eq(l.s.acknowledged, 1);
    buf_free(&l.out);
}
END_TEST

START_TEST(block_sizes_are_cut_and_timeouts_taken_over) {
    static const struct tftp_limits limits = {.block_size = 1024, .timeout_us = SECOND, .tries = 4};
    static const struct tftp_request request = {.block_size = 1468, .timeout_s = 7, .size = true};
    static const char oack[] = "\0\6blksize\0001024\0tsize\00020\0timeout\0007\0";
    struct tftp_session s;
    struct tftp_damage none = {0};
    AUTO_BUF out = BUF_INIT(TFTP_PACKET_MAX);
    tftp_session_start(&s, &request, bytes_of(content, 20), &limits, &none, &out);
    ck_assert(bytes_equal(buf_view(&out), bytes_of(oack, sizeof oack - 1)));
    ck_assert_uint_eq(s.block_size, 1024);
    ck_assert_int_eq(tftp_session_wait_us(&s), 7 * SECOND);
}
END_TEST

TEST_MAIN("tftp session", a_file_arrives_whole, a_file_without_memory_is_an_empty_one,
          acknowledgements_of_other_blocks_change_nothing, waiting_doubles_and_ends,
          each_block_begins_to_wait_anew, other_packets_end_it_or_change_nothing,
          a_block_that_is_dropped_comes_the_second_time, a_transfer_that_stalls_gets_nowhere,
          block_sizes_are_cut_and_timeouts_taken_over)
