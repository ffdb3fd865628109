/* Reading and writing of TFTP packets. It must never read past a packet that lacks a NUL, nor take
 * a number that its RFC does not allow. */
#include "mocks/tftp/packet.h"
#include <string.h>
#include <strings.h>

enum { OPTION_DIGITS_MAX = 20 };

static const char *const error_texts[] = {
#define TFTP_ERROR_TEXT(name, number, text) [number] = (text),
    TFTP_ERROR_TABLE(TFTP_ERROR_TEXT)
#undef TFTP_ERROR_TEXT
};

const char *tftp_error_text(unsigned code) {
    return error_texts[code < TFTP_ERRORS ? code : TFTP_ERROR_UNDEFINED];
}

enum tftp_error tftp_error_of(enum err_code code) {
    switch (code) {
    case ERR_TFTP_NOT_FOUND:
        return TFTP_ERROR_NOT_FOUND;
    case ERR_TFTP_ACCESS:
        return TFTP_ERROR_ACCESS;
    case ERR_TFTP_PACKET:
    case ERR_TFTP_OPERATION:
        return TFTP_ERROR_OPERATION;
    case ERR_TFTP_OPTION:
        return TFTP_ERROR_OPTION;
    default:
        return TFTP_ERROR_UNDEFINED;
    }
}

/* The octets up to the next NUL, which is taken too. */
static bool take_string(struct cursor *c, struct bytes *v) {
    const uint8_t *end = cursor_left(c) > 0 ? memchr(c->at, '\0', cursor_left(c)) : NULL;
    uint8_t nul;
    return end != NULL && cursor_bytes(c, (size_t)(end - c->at), v) && cursor_u8(c, &nul);
}

static bool is_word(struct bytes v, const char *word) {
    return v.len == strlen(word) && strncasecmp((const char *)v.data, word, v.len) == 0;
}

/* Decimal digits only; -1 when it is no number or above most. */
static int64_t number_of(struct bytes v, int64_t most) {
    int64_t n = 0;
    if (v.len == 0 || v.len > OPTION_DIGITS_MAX)
        return -1;
    for (size_t i = 0; i < v.len; i++) {
        if (v.data[i] < '0' || v.data[i] > '9')
            return -1;
        n = n * 10 + (v.data[i] - '0');
        if (n > most)
            return -1;
    }
    return n;
}

static int read_number(struct bytes value, const char *option, int64_t least, int64_t most,
                       unsigned *out, struct err *e) {
    int64_t n = number_of(value, most);
    if (*out != 0)
        return err_set(e, ERR_TFTP_OPTION, "option %s twice", option);
    if (n < least)
        return err_set(e, ERR_TFTP_OPTION, "option %s: '%.*s' is not a number from %lld to %lld",
                       option, (int)(value.len < OPTION_DIGITS_MAX ? value.len : OPTION_DIGITS_MAX),
                       (const char *)value.data, (long long)least, (long long)most);
    *out = (unsigned)n;
    return 0;
}

static int read_option(struct bytes name, struct bytes value, struct tftp_request *out,
                       struct err *e) {
    unsigned size = out->size ? 1 : 0; /* the client's number says nothing: it asks for ours */
    if (is_word(name, "blksize"))
        return read_number(value, "blksize", TFTP_BLOCK_MIN, TFTP_BLOCK_MAX, &out->block_size, e);
    if (is_word(name, "timeout"))
        return read_number(value, "timeout", 1, TFTP_TIMEOUT_MAX, &out->timeout_s, e);
    if (!is_word(name, "tsize"))
        return 0;
    out->size = true;
    return read_number(value, "tsize", 0, UINT32_MAX, &size, e);
}

static int read_options(struct cursor *c, struct tftp_request *out, struct err *e) {
    while (cursor_left(c) > 0) {
        struct bytes name, value;
        if (!take_string(c, &name) || !take_string(c, &value))
            return err_set(e, ERR_TFTP_PACKET, "an option has no end");
        if (read_option(name, value, out, e) != 0)
            return -1;
    }
    return 0;
}

static int read_mode(struct bytes mode, struct tftp_request *out, struct err *e) {
    out->netascii = is_word(mode, "netascii");
    if (out->netascii || is_word(mode, "octet"))
        return 0;
    return err_set(e, ERR_TFTP_OPERATION, "mode '%.16s' is not octet or netascii",
                   (const char *)mode.data);
}

static int read_names(struct cursor *c, struct tftp_request *out, struct err *e) {
    struct bytes name, mode;
    if (!take_string(c, &name) || !take_string(c, &mode))
        return err_set(e, ERR_TFTP_PACKET, "file name or mode have no end");
    if (name.len == 0)
        return err_set(e, ERR_TFTP_PACKET, "no file name");
    memcpy(out->name, name.data, name.len); /* shorter than a request */
    return read_mode(mode, out, e);
}

int tftp_request_read(struct bytes packet, struct tftp_request *out, struct err *e) {
    struct cursor c = cursor_of(packet);
    uint16_t opcode;
    *out = (struct tftp_request){0};
    if (packet.len > TFTP_REQUEST_MAX)
        return err_set(e, ERR_TFTP_PACKET, "a request of %zu octets", packet.len);
    if (!cursor_u16(&c, &opcode))
        return err_set(e, ERR_TFTP_PACKET, "a packet of %zu octets", packet.len);
    if (opcode != TFTP_RRQ)
        return err_set(e, ERR_TFTP_OPERATION, "opcode %u is not a read request", opcode);
    if (read_names(&c, out, e) != 0)
        return -1;
    return read_options(&c, out, e);
}

bool tftp_may_answer(struct bytes packet) {
    struct cursor c = cursor_of(packet);
    uint16_t opcode;
    return cursor_u16(&c, &opcode) && opcode != TFTP_ERROR;
}

int tftp_reply_read(struct bytes packet, struct tftp_reply *out, struct err *e) {
    struct cursor c = cursor_of(packet);
    uint16_t opcode;
    if (!cursor_u16(&c, &opcode) || !cursor_u16(&c, &out->number))
        return err_set(e, ERR_TFTP_PACKET, "a packet of %zu octets", packet.len);
    if (opcode == 0 || opcode > TFTP_OACK)
        return err_set(e, ERR_TFTP_PACKET, "no such opcode as %u", opcode);
    if (opcode != TFTP_ACK && opcode != TFTP_ERROR)
        return err_set(e, ERR_TFTP_OPERATION, "opcode %u during a transfer", opcode);
    out->opcode = (enum tftp_opcode)opcode;
    if (!take_string(&c, &out->text))
        out->text = bytes_of(c.at, cursor_left(&c));
    return 0;
}

void tftp_put_data(struct buf *out, uint16_t block, struct bytes data) {
    buf_put_u16(out, TFTP_DATA);
    buf_put_u16(out, block);
    buf_put_bytes(out, data);
}

void tftp_put_error(struct buf *out, unsigned code, const char *text) {
    buf_put_u16(out, TFTP_ERROR);
    buf_put_u16(out, (uint16_t)code);
    buf_put(out, text, strlen(text) + 1);
}

static void put_option(struct buf *out, const char *name, int64_t value) {
    buf_put(out, name, strlen(name) + 1);
    buf_printf(out, "%lld", (long long)value);
    buf_put_u8(out, 0);
}

void tftp_put_oack(struct buf *out, const struct tftp_request *accepted, int64_t size) {
    buf_put_u16(out, TFTP_OACK);
    if (accepted->block_size != 0)
        put_option(out, "blksize", accepted->block_size);
    if (size >= 0)
        put_option(out, "tsize", size);
    if (accepted->timeout_s != 0)
        put_option(out, "timeout", accepted->timeout_s);
}

void tftp_put_netascii(struct buf *out, struct bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\n')
            buf_put_u8(out, '\r');
        buf_put_u8(out, text.data[i]);
        if (text.data[i] == '\r')
            buf_put_u8(out, '\0');
    }
}
