/* Reader and writer of the TVS wire format (tvs-protocol.md 2 to 4). Never trusts a length, never
 * keeps a copy of what it reads, never writes half a frame. */
#include "mocks/tvs/tvs_wire.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { ELEMENT_HEADER = 3, DEVICE_MARK = 0x01, QUERY_TAG_MAX = 6 };

struct row {
    uint8_t tag;
    enum tvs_encoding encoding;
    size_t least, most; /* of octets */
    const char *name;
    size_t offset; /* of the struct tvs_element in struct tvs_message */
};

static const struct row rows[] = {
#define X(number, text, member, enc, low, high)                                                    \
    {.tag = (number),                                                                              \
     .encoding = TVS_ENC_##enc,                                                                    \
     .least = (low),                                                                               \
     .most = (high),                                                                               \
     .name = #text,                                                                                \
     .offset = offsetof(struct tvs_message, member)},
    TVS_ELEMENT_TABLE(X)
#undef X
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static const struct command {
    enum tvs_needs needs;
    const char *name, *log_name;
} commands[] = {
#define X(number, text, what, log) [number] = {TVS_NEEDS_##what, #text, log},
    TVS_COMMAND_TABLE(X)
#undef X
};

/* NULL for a number without a row. */
static const struct command *command_of(uint8_t number) {
    if (number >= sizeof commands / sizeof commands[0] || commands[number].name == NULL)
        return NULL;
    return &commands[number];
}

static const struct row *row_of(uint8_t tag) {
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].tag == tag)
            return &rows[i];
    return NULL;
}

static struct tvs_element *element_of(struct tvs_message *m, const struct row *row) {
    return (struct tvs_element *)(void *)((char *)m + row->offset);
}

static const struct tvs_element *const_element_of(const struct tvs_message *m,
                                                  const struct row *row) {
    return (const struct tvs_element *)(const void *)((const char *)m + row->offset);
}

void tvs_command_name(uint8_t command, char out[TVS_WORD_MAX]) {
    const struct command *known = command_of(command);
    if (known != NULL)
        snprintf(out, TVS_WORD_MAX, "%s", known->name);
    else
        snprintf(out, TVS_WORD_MAX, "command %u", (unsigned)command);
}

void tvs_command_log_name(uint8_t command, char out[TVS_WORD_MAX]) {
    const struct command *known = command_of(command);
    if (known != NULL)
        snprintf(out, TVS_WORD_MAX, "%s", known->log_name);
    else
        snprintf(out, TVS_WORD_MAX, "command %u", (unsigned)command);
}

bool tvs_has_role(struct bytes roles, unsigned role) {
    return roles.len > 0 && role <= UINT8_MAX && memchr(roles.data, (int)role, roles.len) != NULL;
}

/* ---- Reading ---- */

static int check_start(struct bytes received, struct err *e) {
    const uint8_t *at = received.data;
    if (received.len > 0 && at[0] != TVS_DISCRIMINATOR)
        return err_set(e, ERR_TVS_FRAME, "protocol discriminator 0x%02x instead of 0x%02x",
                       (unsigned)at[0], (unsigned)TVS_DISCRIMINATOR);
    if (received.len > 1 && at[1] != TVS_VERSION)
        return err_set(e, ERR_TVS_FRAME, "version %u instead of %u", (unsigned)at[1],
                       (unsigned)TVS_VERSION);
    if (received.len > 2 && command_of(at[2]) == NULL)
        return err_set(e, ERR_TVS_FRAME, "command %u is not known", (unsigned)at[2]);
    return 0;
}

/* Discriminator, version and command have been checked. */
static bool read_header(struct cursor *c, struct tvs_message *m) {
    uint8_t discriminator = 0, version = 0, reserved = 0;
    return cursor_u8(c, &discriminator) && cursor_u8(c, &version) && cursor_u8(c, &m->command) &&
           cursor_u8(c, &reserved) && cursor_u32(c, &m->id) && cursor_u16(c, &m->length);
}

int tvs_frame_length(struct bytes received, size_t *need, struct err *e) {
    struct cursor c = cursor_of(received);
    struct tvs_message m = {0};
    *need = TVS_HEADER_LEN;
    if (check_start(received, e) != 0)
        return -1;
    if (read_header(&c, &m))
        *need += m.length;
    return 0;
}

static bool is_plain(struct bytes text) {
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < 0x20 || text.data[i] == 0x7f)
            return false;
    return true;
}

/* Text and its NUL, which counts. */
static bool is_name(struct bytes value) {
    return value.len > 1 && value.data[value.len - 1] == 0 &&
           is_plain(bytes_of(value.data, value.len - 1));
}

static bool is_device_character(uint8_t c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

static int read_device(struct bytes value, struct tvs_element *element, struct err *e) {
    if (value.len == 0 || value.data[0] != DEVICE_MARK)
        return err_set(e, ERR_TVS_ELEMENT, "DEVICE_NAME does not begin with 01");
    element->octets = bytes_of(value.data + 1, value.len - 1);
    for (size_t i = 0; i < element->octets.len; i++)
        if (!is_device_character(element->octets.data[i]))
            return err_set(e, ERR_TVS_ELEMENT, "DEVICE_NAME with the character 0x%02x",
                           (unsigned)element->octets.data[i]);
    return 0;
}

static int read_string(const struct row *row, struct bytes value, struct tvs_element *element,
                       struct err *e) {
    if (value.len == 0 || value.data[value.len - 1] != 0)
        return err_set(e, ERR_TVS_ELEMENT, "%s without its NUL", row->name);
    element->octets = bytes_of(value.data, value.len - 1);
    if (!is_plain(element->octets))
        return err_set(e, ERR_TVS_ELEMENT, "%s with a control character", row->name);
    return 0;
}

static int read_number(const struct row *row, struct bytes value, struct tvs_element *element,
                       struct err *e) {
    size_t width = row->encoding == TVS_ENC_U8 ? 1 : 4;
    if (value.len != width)
        return err_set(e, ERR_TVS_ELEMENT, "%s of %zu bytes instead of %zu", row->name, value.len,
                       width);
    for (size_t i = 0; i < width; i++)
        element->number = element->number << 8 | value.data[i];
    return 0;
}

static int read_value(const struct row *row, struct bytes value, struct tvs_element *element,
                      struct err *e) {
    switch (row->encoding) {
    case TVS_ENC_U8:
    case TVS_ENC_U32:
        return read_number(row, value, element, e);
    case TVS_ENC_DEVICE:
        return read_device(value, element, e);
    case TVS_ENC_STRING:
        return read_string(row, value, element, e);
    case TVS_ENC_OCTETS:
        element->octets = value;
        return 0;
    }
    return err_set(e, ERR_SYS_INTERNAL, NULL);
}

static int check_bounds(const struct row *row, const struct tvs_element *element, struct err *e) {
    size_t len = element->octets.len;
    if (len >= row->least && len <= row->most)
        return 0;
    return err_set(e, ERR_TVS_ELEMENT, "%s of %zu octets, %zu to %zu are possible", row->name, len,
                   row->least, row->most);
}

/* Nobody has seen the tags behind the subject of a query: what they hold tells them apart. */
static const struct row *row_in_message(const struct tvs_message *m, uint8_t tag,
                                        struct bytes value) {
    bool uncertain = m->command == TVS_QUERY_CERT_REQ && tag >= TVS_TAG_ISSUER_NAME;
    if (!uncertain || tag > QUERY_TAG_MAX)
        return row_of(tag);
    return row_of(is_name(value) && !m->issuer.present ? TVS_TAG_ISSUER_NAME
                                                       : TVS_TAG_SERIAL_NUMBER);
}

static int take_element(struct tvs_message *m, uint8_t tag, struct bytes value, struct err *e) {
    const struct row *row = row_in_message(m, tag, value);
    if (row == NULL)
        return 0;
    struct tvs_element *slot = element_of(m, row);
    struct tvs_element read = {.present = true};
    if (slot->present)
        return err_set(e, ERR_TVS_DUPLICATE_ELEMENT, "%s given twice", row->name);
    if (read_value(row, value, &read, e) != 0 || check_bounds(row, &read, e) != 0)
        return -1;
    *slot = read;
    return 0;
}

static int read_body(struct tvs_message *m, struct cursor *c, struct err *e) {
    while (cursor_left(c) > 0) {
        uint8_t tag = 0;
        uint16_t len = 0;
        struct bytes value = {0};
        if (!cursor_u8(c, &tag) || !cursor_u16(c, &len))
            return err_set(e, ERR_TVS_ELEMENT, "element header cut short");
        if (!cursor_bytes(c, len, &value))
            return err_set(e, ERR_TVS_ELEMENT, "element %u of %u bytes, %zu left", (unsigned)tag,
                           (unsigned)len, cursor_left(c));
        if (take_element(m, tag, value, e) != 0)
            return -1;
    }
    return 0;
}

static int check_needs(const struct tvs_message *m, struct err *e) {
    switch (commands[m->command].needs) {
    case TVS_NEEDS_CERTIFICATE:
        if (m->device.present && m->certificate.present)
            return 0;
        return err_set(e, ERR_TVS_MISSING_ELEMENT, "DEVICE_NAME and CERTIFICATE are needed");
    case TVS_NEEDS_NAMES_AND_SERIAL:
        if (m->device.present && m->subject.present && m->issuer.present && m->serial.present)
            return 0;
        return err_set(e, ERR_TVS_MISSING_ELEMENT,
                       "DEVICE_NAME, SUBJECT_NAME, ISSUER_NAME and SERIAL_NUMBER are needed");
    case TVS_NEEDS_STATUS:
        if (m->status.present)
            return 0;
        return err_set(e, ERR_TVS_MISSING_ELEMENT, "STATUS is needed");
    }
    return err_set(e, ERR_SYS_INTERNAL, NULL);
}

int tvs_message_parse(struct bytes frame, struct tvs_message *m, struct err *e) {
    struct cursor c = cursor_of(frame);
    memset(m, 0, sizeof *m);
    if (check_start(frame, e) != 0)
        return -1;
    if (!read_header(&c, m))
        return err_set(e, ERR_TVS_FRAME, "header cut short");
    if (m->length != cursor_left(&c))
        return err_set(e, ERR_TVS_FRAME, "body of %zu bytes, header says %u", cursor_left(&c),
                       (unsigned)m->length);
    if (read_body(m, &c, e) != 0 || check_needs(m, e) != 0)
        return err_context(e, "%s", commands[m->command].name);
    return 0;
}

/* ---- Writing ---- */

static size_t value_len(const struct row *row, const struct tvs_element *element) {
    switch (row->encoding) {
    case TVS_ENC_U8:
        return 1;
    case TVS_ENC_U32:
        return 4;
    case TVS_ENC_DEVICE:
    case TVS_ENC_STRING:
        return element->octets.len + 1;
    case TVS_ENC_OCTETS:
        return element->octets.len;
    }
    return 0;
}

static int check_value(const struct row *row, const struct tvs_element *element, struct err *e) {
    if (row->encoding == TVS_ENC_U8 && element->number > UINT8_MAX)
        return err_set(e, ERR_TVS_ELEMENT, "%s: %u does not fit into one byte", row->name,
                       (unsigned)element->number);
    return check_bounds(row, element, e);
}

static int body_length(const struct tvs_message *m, size_t *len, struct err *e) {
    *len = 0;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct tvs_element *element = const_element_of(m, &rows[i]);
        if (!element->present)
            continue;
        if (check_value(&rows[i], element, e) != 0)
            return -1;
        *len += ELEMENT_HEADER + value_len(&rows[i], element);
    }
    if (*len > TVS_BODY_MAX)
        return err_set(e, ERR_TVS_FRAME, "body of %zu bytes is too long", *len);
    return 0;
}

static void put_value(const struct row *row, const struct tvs_element *element, struct buf *out) {
    if (row->encoding == TVS_ENC_U8)
        buf_put_u8(out, (uint8_t)element->number);
    if (row->encoding == TVS_ENC_U32)
        buf_put_u32(out, element->number);
    if (row->encoding == TVS_ENC_DEVICE)
        buf_put_u8(out, DEVICE_MARK);
    buf_put_bytes(out, element->octets);
    if (row->encoding == TVS_ENC_STRING)
        buf_put_u8(out, 0);
}

static void put_elements(const struct tvs_message *m, struct buf *out) {
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct tvs_element *element = const_element_of(m, &rows[i]);
        if (!element->present)
            continue;
        buf_put_u8(out, rows[i].tag);
        buf_put_u16(out, (uint16_t)value_len(&rows[i], element));
        put_value(&rows[i], element, out);
    }
}

int tvs_message_write(const struct tvs_message *m, struct buf *out, struct err *e) {
    size_t before = out->len, len = 0;
    if (body_length(m, &len, e) != 0)
        return -1;
    buf_put_u8(out, TVS_DISCRIMINATOR);
    buf_put_u8(out, TVS_VERSION);
    buf_put_u8(out, m->command);
    buf_put_u8(out, 0);
    buf_put_u32(out, m->id);
    buf_put_u16(out, (uint16_t)len);
    put_elements(m, out);
    if (!out->failed)
        return 0;
    out->len = before;
    return err_set(e, ERR_SYS_LIMIT, "the message does not fit into the buffer");
}

/* ---- Showing ---- */

static void put_text(const char *before, const struct tvs_element *element, struct buf *out) {
    if (element->present)
        buf_printf(out, "%s%s%.*s", out->len > 0 ? ", " : "", before, (int)element->octets.len,
                   (const char *)element->octets.data);
}

static void put_number(const char *before, const struct tvs_element *element, struct buf *out) {
    if (element->present)
        buf_printf(out, "%s%s %u", out->len > 0 ? ", " : "", before, (unsigned)element->number);
}

static void put_octets(const char *before, const struct tvs_element *element, const char *form,
                       struct buf *out) {
    if (!element->present)
        return;
    buf_printf(out, "%s%s", out->len > 0 ? ", " : "", before);
    for (size_t i = 0; i < element->octets.len; i++)
        buf_printf(out, form, element->octets.data[i]);
}

void tvs_message_summary(const struct tvs_message *m, struct buf *out) {
    put_text("", &m->device, out);
    put_text("subject ", &m->subject, out);
    put_text("issuer ", &m->issuer, out);
    put_octets("serial ", &m->serial, "%02x", out);
    put_number("status", &m->status, out);
    if (m->certificate.present)
        buf_printf(out, "%scertificate of %zu bytes", out->len > 0 ? ", " : "",
                   m->certificate.octets.len);
    put_octets("roles", &m->roles, " %u", out);
    put_number("ttl", &m->ttl, out);
}
