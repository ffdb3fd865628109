/* Reader of the CAPF wire format (capf-protocol.md 2, 3 and 13). Never trusts a length, never keeps
 * a copy of what it reads. */
#include "capf/wire.h"
#include "capf/wire_rows.h"
#include <string.h>

const struct wire_row wire_rows[WIRE_ROW_COUNT] = {
#define X(number, text, member, enc, rep)                                                          \
    [WIRE_ROW_##text] = {.tag = (number),                                                          \
                         .encoding = CAPF_ENC_##enc,                                               \
                         .repeat = CAPF_REPEAT_##rep,                                              \
                         .name = #text,                                                            \
                         .offset = offsetof(struct capf_message, member)},
    CAPF_ELEMENT_TABLE(X)
#undef X
};

const struct wire_row *wire_row_of(uint8_t tag) {
    for (size_t i = 0; i < WIRE_ROW_COUNT; i++) {
        if (wire_rows[i].tag == tag)
            return &wire_rows[i];
    }
    return NULL;
}

int capf_frame_length(struct bytes received, size_t *need, struct err *e) {
    struct cursor c = cursor_of(received);
    uint8_t discriminator = 0, type = 0;
    uint32_t session = 0;
    uint16_t body = 0;
    *need = CAPF_HEADER_LEN;
    if (!cursor_u8(&c, &discriminator))
        return 0;
    if (discriminator != CAPF_DISCRIMINATOR)
        return err_set(e, ERR_CAPF_FRAME, "protocol discriminator 0x%02x instead of 0x%02x",
                       (unsigned)discriminator, (unsigned)CAPF_DISCRIMINATOR);
    if (cursor_u8(&c, &type) && cursor_u32(&c, &session) && cursor_u16(&c, &body))
        *need = CAPF_HEADER_LEN + (size_t)body;
    return 0;
}

static int wrong_width(const struct wire_row *row, size_t len, size_t width, struct err *e) {
    return err_set(e, ERR_CAPF_ELEMENT, "%s of %zu bytes instead of %zu", row->name, len, width);
}

static int read_u8(const struct wire_row *row, struct bytes value, struct capf_element *element,
                   struct err *e) {
    if (value.len != 1)
        return wrong_width(row, value.len, 1, e);
    element->number = value.data[0];
    return 0;
}

static int read_u16(const struct wire_row *row, struct bytes value, struct capf_element *element,
                    struct err *e) {
    struct cursor c = cursor_of(value);
    if (value.len != 2 || !cursor_u16(&c, &element->number))
        return wrong_width(row, value.len, 2, e);
    return 0;
}

static bool is_name_character(uint8_t c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

/* The name is signed in front of a NUL (6.4) and becomes a file name: nothing else may be in it. */
static int check_device_name(struct bytes wire, struct bytes name, struct err *e) {
    if (name.len + 1 < wire.len)
        return err_set(e, ERR_CAPF_ELEMENT, "DEVICE_NAME with a NUL inside");
    if (name.len == 0 || name.len > CAPF_DEVICE_NAME_MAX)
        return err_set(e, ERR_CAPF_ELEMENT, "DEVICE_NAME of %zu characters", name.len);
    for (size_t i = 0; i < name.len; i++) {
        if (!is_name_character(name.data[i]))
            return err_set(e, ERR_CAPF_ELEMENT, "DEVICE_NAME with the character 0x%02x",
                           (unsigned)name.data[i]);
    }
    return 0;
}

static int read_string(const struct wire_row *row, struct bytes value, struct capf_element *element,
                       struct err *e) {
    const uint8_t *end = value.len > 0 ? memchr(value.data, 0, value.len) : NULL;
    size_t len = end == NULL ? value.len : (size_t)(end - value.data);
    element->octets = bytes_of(value.data, len);
    if (row->tag == CAPF_TAG_DEVICE_NAME)
        return check_device_name(value, element->octets, e);
    return 0;
}

static int read_octets(const struct wire_row *row, struct bytes value, struct capf_element *element,
                       struct err *e) {
    (void)row;
    (void)e;
    element->octets = value;
    return 0;
}

/* 01, u16 length, 00, type, DER; the lengths must add up exactly (3.1). */
static int read_certificate(const struct wire_row *row, struct bytes value,
                            struct capf_element *element, struct err *e) {
    struct cursor c = cursor_of(value);
    uint8_t marker = 0, zero = 0, type = 0;
    uint16_t len = 0;
    if (!cursor_u8(&c, &marker) || !cursor_u16(&c, &len) || marker != 1 || len != cursor_left(&c))
        return err_set(e, ERR_CAPF_ELEMENT, "%s: inner length does not fit", row->name);
    if (!cursor_u8(&c, &zero) || !cursor_u8(&c, &type) || zero != 0)
        return err_set(e, ERR_CAPF_ELEMENT, "%s: inner header is malformed", row->name);
    element->number = type;
    cursor_bytes(&c, cursor_left(&c), &element->octets);
    return 0;
}

/* Digest id, u16 length, signature. */
static int read_hashed(const struct wire_row *row, struct bytes value, struct capf_element *element,
                       struct err *e) {
    struct cursor c = cursor_of(value);
    uint8_t digest = 0;
    uint16_t len = 0;
    if (!cursor_u8(&c, &digest) || !cursor_u16(&c, &len) || len != cursor_left(&c))
        return err_set(e, ERR_CAPF_ELEMENT, "%s: inner length does not fit", row->name);
    element->number = digest;
    cursor_bytes(&c, len, &element->octets);
    return 0;
}

typedef int read_fn(const struct wire_row *row, struct bytes value, struct capf_element *element,
                    struct err *e);
static read_fn *const readers[] = {
    [CAPF_ENC_U8] = read_u8,         [CAPF_ENC_U16] = read_u16,
    [CAPF_ENC_STRING] = read_string, [CAPF_ENC_OCTETS] = read_octets,
    [CAPF_ENC_HASHED] = read_hashed, [CAPF_ENC_CERTIFICATE] = read_certificate,
};

static int take_element(struct capf_message *m, uint8_t tag, struct bytes value, struct err *e) {
    const struct wire_row *row = wire_row_of(tag);
    if (row == NULL)
        return 0;
    struct capf_element *slot = wire_element(m, row);
    if (slot->present && row->repeat == CAPF_REPEAT_REFUSED)
        return err_set(e, ERR_CAPF_DUPLICATE_ELEMENT, "%s given twice", row->name);
    struct capf_element read = {.present = true};
    if (readers[row->encoding](row, value, &read, e) != 0)
        return -1;
    if (!slot->present)
        *slot = read;
    return 0;
}

static int read_body(struct capf_message *m, struct cursor *c, struct err *e) {
    while (cursor_left(c) > 0) {
        uint8_t tag = 0;
        uint16_t len = 0;
        struct bytes value = {0};
        if (!cursor_u8(c, &tag) || !cursor_u16(c, &len))
            return err_set(e, ERR_CAPF_ELEMENT, "element header cut short");
        if (!cursor_bytes(c, len, &value))
            return err_set(e, ERR_CAPF_ELEMENT, "%s of %u bytes, %zu left", capf_element_name(tag),
                           (unsigned)len, cursor_left(c));
        if (take_element(m, tag, value, e) != 0)
            return -1;
    }
    return 0;
}

static int read_header(struct capf_message *m, struct cursor *c, struct err *e) {
    uint8_t discriminator = 0;
    uint16_t body = 0;
    if (!cursor_u8(c, &discriminator) || !cursor_u8(c, &m->type) ||
        !cursor_u32(c, &m->session_id) || !cursor_u16(c, &body))
        return err_set(e, ERR_CAPF_FRAME, "header cut short");
    if (discriminator != CAPF_DISCRIMINATOR)
        return err_set(e, ERR_CAPF_FRAME, "protocol discriminator 0x%02x instead of 0x%02x",
                       (unsigned)discriminator, (unsigned)CAPF_DISCRIMINATOR);
    if (body != cursor_left(c))
        return err_set(e, ERR_CAPF_FRAME, "body of %zu bytes, header says %u", cursor_left(c),
                       (unsigned)body);
    m->length = body;
    return 0;
}

static enum capf_needs needs_of(uint8_t type) {
    static const enum capf_needs needs[] = {
#define X(number, name, sender, what) [number] = CAPF_NEEDS_##what,
        CAPF_MESSAGE_TABLE(X)
#undef X
    };
    return type < sizeof needs / sizeof needs[0] ? needs[type] : CAPF_NEEDS_NOTHING;
}

static bool has_signature(const struct capf_message *m) {
    return m->signed_data.present || m->operation_result.present || m->sha2_signed_data.present;
}

static bool holds(const struct capf_message *m, enum capf_needs needs) {
    switch (needs) {
    case CAPF_NEEDS_NOTHING:
        return true;
    case CAPF_NEEDS_VERSION:
        return m->version.present;
    case CAPF_NEEDS_VERSION_AND_NAME:
        return m->version.present && m->device_name.present;
    case CAPF_NEEDS_KEY_KIND:
        return m->key_size.present || (m->key_type.present && m->curve.present);
    case CAPF_NEEDS_PUBLIC_KEY_OR_REASON:
        return m->public_key.present || m->reason.present;
    case CAPF_NEEDS_OPERATION_DATA:
        return m->operation_data.present;
    case CAPF_NEEDS_SIGNATURE_OR_REASON:
        return has_signature(m) || m->reason.present;
    case CAPF_NEEDS_CERTIFICATE:
        return m->certificate.present;
    case CAPF_NEEDS_REASON:
        return m->reason.present;
    }
    return false;
}

static const char *needs_text(enum capf_needs needs) {
    static const char *const texts[] = {
        [CAPF_NEEDS_NOTHING] = "nothing",
        [CAPF_NEEDS_VERSION] = "VERSION",
        [CAPF_NEEDS_VERSION_AND_NAME] = "VERSION and DEVICE_NAME",
        [CAPF_NEEDS_KEY_KIND] = "KEY_SIZE, or KEY_TYPE and CURVE",
        [CAPF_NEEDS_PUBLIC_KEY_OR_REASON] = "PUBLIC_KEY or REASON",
        [CAPF_NEEDS_OPERATION_DATA] = "OPERATION_DATA",
        [CAPF_NEEDS_SIGNATURE_OR_REASON] = "SIGNED_DATA or REASON",
        [CAPF_NEEDS_CERTIFICATE] = "CERTIFICATE",
        [CAPF_NEEDS_REASON] = "REASON",
    };
    return texts[needs];
}

int capf_message_parse(struct bytes frame, struct capf_message *m, struct err *e) {
    memset(m, 0, sizeof *m);
    struct cursor c = cursor_of(frame);
    if (read_header(m, &c, e) != 0)
        return -1;
    if (read_body(m, &c, e) != 0)
        return err_context(e, "%s", capf_message_name(m->type));
    enum capf_needs needs = needs_of(m->type);
    if (!holds(m, needs))
        return err_set(e, ERR_CAPF_MISSING_ELEMENT, "%s without %s", capf_message_name(m->type),
                       needs_text(needs));
    return 0;
}

int capf_message_check_session(const struct capf_message *m, uint32_t session_id, struct err *e) {
    if (m->session_id == session_id)
        return 0;
    return err_set(e, ERR_CAPF_SESSION_ID, "%s of session %u in session %u",
                   capf_message_name(m->type), (unsigned)m->session_id, (unsigned)session_id);
}
