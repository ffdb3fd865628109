/* Reaches tftp_request_read, tftp_may_answer, tftp_error_of, tftp_reply_read, tftp_put_oack,
 * tftp_put_error, tftp_put_netascii, tftp_session_start, tftp_session_packet, tftp_session_timeout,
 * files_name_ok and files_device; files_get for names that are none. Input: one octet that chooses
 * length of the file (bits 0 to 2) and damage (bits 3 to 6), then packets, each an octet that says
 * its length and so many octets: first the request, then what the client sends; length 0: it waits
 * instead, until the server's timer ends.
 *
 * Floor: 100000/s. */
#include "base/owned.h"
#include "fuzz/fuzz.h"
#include "mocks/tftp/files.h"
#include "mocks/tftp/session.h"
#include <string.h>

enum { CONTENT_MAX = 70000, TIMEOUT_US = 1000000, TRIES = 3 };

static uint8_t content[CONTENT_MAX];

static struct bytes content_of(uint8_t choice) {
    static const size_t lengths[] = {0, 1, 511, 512, 513, 4096, 65464, CONTENT_MAX};
    return bytes_of(content, lengths[choice & 7]);
}

static struct tftp_damage damage_of(uint8_t choice) {
    return (struct tftp_damage){.drop = (choice >> 3) & 3, .stall = (choice >> 5) & 3};
}

/* The next packet off v; false at the end. */
static bool take_packet(struct bytes *v, struct bytes *packet) {
    if (v->len == 0)
        return false;
    size_t len = v->data[0] < v->len ? v->data[0] : v->len - 1;
    *packet = bytes_of(v->data + 1, len);
    *v = bytes_of(v->data + 1 + len, v->len - 1 - len);
    return true;
}

/* What is served leads nowhere, whatever the name is. */
static void check_name(const char *name) {
    char device[FILES_DEVICE_MAX];
    files_device(name, device);
    FUZZ_CHECK(strcmp(device, "client") == 0 || strlen(device) == FILES_DEVICE_MAX - 1);
    if (files_name_ok(name)) {
        FUZZ_CHECK(strchr(name, '/') == NULL && strstr(name, "..") == NULL && name[0] != '.');
        return;
    }
    AUTO_BUF out = BUF_INIT(1);
    struct err e = {0};
    FUZZ_CHECK(files_get(NULL, name, &out, &e) == -1 && e.code == ERR_TFTP_ACCESS);
}

static void check_refusal(struct bytes packet, const struct err *e) {
    AUTO_BUF out = BUF_INIT(TFTP_REQUEST_MAX);
    enum tftp_error code = tftp_error_of(e->code);
    FUZZ_CHECK(e->code == ERR_TFTP_PACKET || e->code == ERR_TFTP_OPERATION ||
               e->code == ERR_TFTP_OPTION);
    FUZZ_CHECK(code == TFTP_ERROR_OPERATION || code == TFTP_ERROR_OPTION);
    tftp_put_error(&out, code, tftp_error_text(code));
    FUZZ_CHECK(!tftp_may_answer(buf_view(&out)));
    FUZZ_CHECK(packet.len >= 2 || !tftp_may_answer(packet));
}

/* Options of an OACK read as those of a request: never more than was asked for. */
static void check_oack(const struct tftp_session *s, const struct tftp_request *asked,
                       const struct buf *out) {
    AUTO_BUF request = BUF_INIT(TFTP_REQUEST_MAX);
    struct tftp_request got;
    struct err e = {0};
    buf_put(&request, "\0\1x\0octet", 10);
    buf_put(&request, out->data + 2, out->len - 2);
    FUZZ_CHECK_OK(tftp_request_read(buf_view(&request), &got, &e), e);
    FUZZ_CHECK(got.block_size <= asked->block_size && got.timeout_s == asked->timeout_s);
    FUZZ_CHECK(got.size == (asked->size && s->content.len > 0));
    FUZZ_CHECK((got.block_size != 0) == (asked->block_size != 0));
}

/* A block is that part of the file, and only the last one is not full. */
static void check_data(const struct tftp_session *s, const struct buf *out) {
    size_t from = (size_t)(s->block - 1) * s->block_size;
    size_t len = out->len - TFTP_HEADER;
    FUZZ_CHECK(s->block >= 1 && s->block <= tftp_session_blocks(s));
    FUZZ_CHECK((uint16_t)(out->data[2] << 8 | out->data[3]) == (uint16_t)s->block);
    FUZZ_CHECK(len <= s->block_size && from + len <= s->content.len);
    FUZZ_CHECK((len < s->block_size) == (s->block == tftp_session_blocks(s)));
    FUZZ_CHECK(len == 0 || memcmp(out->data + TFTP_HEADER, s->content.data + from, len) == 0);
    FUZZ_CHECK(s->damage.stall == 0 || s->block < s->damage.stall);
}

static void check_sent(const struct tftp_session *s, const struct tftp_request *asked,
                       const struct buf *out) {
    if (out->len == 0)
        return;
    FUZZ_CHECK(!out->failed && out->len >= TFTP_HEADER && out->data[0] == 0);
    switch (out->data[1]) {
    case TFTP_OACK:
        check_oack(s, asked, out);
        break;
    case TFTP_DATA:
        check_data(s, out);
        break;
    default:
        FUZZ_CHECK(out->data[1] == TFTP_ERROR);
    }
}

static void check_end(const struct tftp_session *s, enum tftp_progress p, const struct err *e) {
    if (p == TFTP_DONE)
        FUZZ_CHECK(s->acknowledged == tftp_session_blocks(s));
    if (p == TFTP_FAILED)
        FUZZ_CHECK(e->code == ERR_SYS_TIMEOUT || e->code == ERR_TFTP_ABORTED ||
                   e->code == ERR_TFTP_OPERATION);
}

static enum tftp_progress step(struct tftp_session *s, struct bytes packet, struct buf *out,
                               struct err *e) {
    buf_reset(out);
    int64_t wait = tftp_session_wait_us(s);
    FUZZ_CHECK(wait > 0 && wait <= ((int64_t)TFTP_TIMEOUT_MAX * 1000000) << TRIES);
    enum tftp_progress p =
        packet.len > 0 ? tftp_session_packet(s, packet, out, e) : tftp_session_timeout(s, out, e);
    FUZZ_CHECK(p != TFTP_WAITS || out->len == 0);
    return p;
}

static void play(const struct tftp_request *request, uint8_t choice, struct bytes rest) {
    static const struct tftp_limits limits = {
        .block_size = 32768, .timeout_us = TIMEOUT_US, .tries = TRIES};
    const struct tftp_damage damage = damage_of(choice);
    struct tftp_session s;
    struct bytes packet;
    struct err e = {0};
    AUTO_BUF out = BUF_INIT(TFTP_PACKET_MAX);
    AUTO_BUF ascii = BUF_INIT(2 * CONTENT_MAX);
    if (request->netascii)
        tftp_put_netascii(&ascii, content_of(choice));
    tftp_session_start(&s, request, request->netascii ? buf_view(&ascii) : content_of(choice),
                       &limits, &damage, &out);
    check_sent(&s, request, &out);
    enum tftp_progress p = TFTP_SENDS;
    while (p <= TFTP_SENDS && take_packet(&rest, &packet)) {
        p = step(&s, packet, &out, &e);
        check_sent(&s, request, &out);
    }
    check_end(&s, p, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes packet, rest;
    struct tftp_request request;
    struct err e = {0};
    if (content[1] == 0)
        for (size_t i = 0; i < sizeof content; i++)
            content[i] = (uint8_t)(i * 7 + i / 253);
    rest = bytes_of(data + 1, size > 0 ? size - 1 : 0);
    if (size == 0 || !take_packet(&rest, &packet))
        return 0;
    if (tftp_request_read(packet, &request, &e) != 0) {
        check_refusal(packet, &e);
        return 0;
    }
    check_name(request.name);
    play(&request, data[0], rest);
    return 0;
}
