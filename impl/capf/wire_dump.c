/* Messages as people read them: the decoded form of the CAPF trace, the hex dump, the short text of
 * events (capf-protocol.md 9.3, seed 1). Never shows an authentication string. */
#include "capf/wire.h"
#include "capf/wire_rows.h"

/* "MsgType      : " is five blanks in and padded to 13 in seed 1; the other fields follow it. */
#define FIELD "     %-13s: "

/* Peer text: anything but printable ASCII as \xHH, so that no line can be forged. */
static void put_escaped(struct buf *out, struct bytes text) {
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c < 0x20 || c > 0x7e || c == '\\')
            buf_printf(out, "\\x%02x", (unsigned)c);
        else
            buf_put_u8(out, c);
    }
}

/* Labels as the trace has them where one is known, else the table's name. */
static const char *label(const struct wire_row *row) {
    switch (row->tag) {
    case CAPF_TAG_REASON:
        return "Reason";
    case CAPF_TAG_REASON_INFO:
        return "ReasonInfo";
    case CAPF_TAG_CERTIFICATE_TYPE:
        return "Cert Type";
    case CAPF_TAG_VERSION:
        return "Version";
    case CAPF_TAG_AUTH_TYPE:
        return "AuthMode";
    case CAPF_TAG_PUBLIC_KEY:
        return "PublicKey";
    case CAPF_TAG_KEY_SIZE:
        return "KeySize";
    case CAPF_TAG_DEVICE_NAME:
        return "DeviceName";
    default:
        return row->name;
    }
}

static const char *number_name(const struct wire_row *row, unsigned number) {
    switch (row->tag) {
    case CAPF_TAG_REASON:
        return capf_reason_name(number);
    case CAPF_TAG_CERTIFICATE_TYPE:
        return capf_certificate_type_name(number);
    case CAPF_TAG_AUTH_TYPE:
        return capf_auth_type_name(number);
    case CAPF_TAG_KEY_TYPE:
        return capf_key_type_name(number);
    case CAPF_TAG_CURVE:
        return capf_curve_name(number);
    case CAPF_TAG_DIGEST_TYPE:
        return capf_digest_name(number);
    default:
        return NULL;
    }
}

static void dump_number(const struct wire_row *row, const struct capf_element *element,
                        struct buf *out) {
    const char *name = number_name(row, element->number);
    buf_printf(out, FIELD "%u", label(row), (unsigned)element->number);
    if (name != NULL)
        buf_printf(out, " (%s)", name);
    buf_put_str(out, "\n");
}

static void dump_string(const struct wire_row *row, const struct capf_element *element,
                        struct buf *out) {
    buf_printf(out, FIELD, label(row));
    if (row->tag != CAPF_TAG_PASSWORD)
        put_escaped(out, element->octets);
    else
        buf_put_str(out, element->octets.len == 0 ? "null" : "present");
    buf_put_str(out, "\n");
}

static void dump_certificate(const struct capf_element *element, struct buf *out) {
    buf_printf(out, FIELD "1\n", "Number of Certs");
    buf_printf(out, FIELD "%zu bytes\n", "Cert[0]", element->octets.len);
    buf_printf(out, FIELD "%u (%s)\n", "Cert Type", (unsigned)element->number,
               capf_certificate_type_name(element->number));
}

static void dump_element(const struct wire_row *row, const struct capf_element *element,
                         struct buf *out) {
    switch (row->encoding) {
    case CAPF_ENC_U8:
    case CAPF_ENC_U16:
        dump_number(row, element, out);
        break;
    case CAPF_ENC_STRING:
        dump_string(row, element, out);
        break;
    case CAPF_ENC_OCTETS:
        buf_printf(out, FIELD "%zu bytes\n", label(row), element->octets.len);
        break;
    case CAPF_ENC_CERTIFICATE:
        dump_certificate(element, out);
        break;
    case CAPF_ENC_HASHED:
        buf_printf(out, FIELD "%s, %zu bytes\n", label(row), capf_digest_name(element->number),
                   element->octets.len);
        break;
    }
}

/* A parsed message has its length from the header; one that is about to be sent is counted. */
static unsigned shown_length(const struct capf_message *m) {
    uint16_t counted = 0;
    if (m->length == 0 && wire_body_length(m, &counted, NULL) == 0)
        return counted;
    return m->length;
}

void capf_message_dump(const struct capf_message *m, struct buf *out) {
    buf_put_str(out, "Decoded Phone Msg:\n");
    buf_printf(out, "     Protocol Discriminator: %02x\n", (unsigned)CAPF_DISCRIMINATOR);
    buf_printf(out, FIELD "%s", "MsgType", capf_message_log_name(m->type));
    if (!capf_message_known(m->type))
        buf_printf(out, " (%u)", (unsigned)m->type);
    buf_put_str(out, "\n");
    buf_printf(out, FIELD "%u\n", "Session Id", (unsigned)m->session_id);
    buf_printf(out, FIELD "%u\n", "Length", (unsigned)shown_length(m));
    for (size_t i = 0; i < WIRE_ROW_COUNT; i++) {
        const struct capf_element *element = wire_const_element(m, &wire_rows[i]);
        if (element->present)
            dump_element(&wire_rows[i], element, out);
    }
}

/* Where the value of the next PASSWORD element lies, from c on: [*from, *to), or both at the end of
 * the frame. An element that cannot be believed hides all that follows it. */
static void next_hidden(struct cursor *c, const uint8_t **from, const uint8_t **to) {
    uint8_t tag = 0;
    uint16_t len = 0;
    struct bytes value = {0};
    while (cursor_left(c) > 0) {
        *from = c->at;
        *to = c->end;
        if (!cursor_u8(c, &tag) || !cursor_u16(c, &len))
            return;
        if (tag == CAPF_TAG_PASSWORD)
            *from = c->at;
        if (!cursor_bytes(c, len, &value))
            return;
        *to = c->at;
        if (tag == CAPF_TAG_PASSWORD)
            return;
    }
    *from = *to = c->end;
}

static void put_hex(struct buf *out, uint8_t octet) {
    static const char digits[] = "0123456789abcdef";
    const char text[2] = {digits[octet >> 4], digits[octet & 15]};
    buf_put(out, text, sizeof text);
}

void capf_frame_hex_dump(struct bytes frame, struct buf *out) {
    struct cursor c = cursor_of(frame);
    struct bytes header = {0};
    const uint8_t *from = c.end, *to = c.end;
    if (cursor_bytes(&c, CAPF_HEADER_LEN, &header))
        next_hidden(&c, &from, &to);
    buf_printf(out, "HEX_DUMP: Len = %zu:\n", frame.len);
    size_t shown = frame.len < CAPF_HEX_DUMP_MAX ? frame.len : CAPF_HEX_DUMP_MAX;
    for (size_t i = 0; i < shown; i++) {
        const uint8_t *at = frame.data + i;
        while (at >= to && cursor_left(&c) > 0)
            next_hidden(&c, &from, &to);
        if (at >= from && at < to)
            buf_put_str(out, "**");
        else
            put_hex(out, *at);
        bool last = i + 1 == shown || i % 8 == 7;
        buf_put_str(out, last ? "\n" : " ");
    }
    if (shown < frame.len)
        buf_printf(out, "... %zu more\n", frame.len - shown);
}

/* Parts of the short text are separated from what this summary wrote before, not from what the
 * caller had in out. */
struct summary {
    struct buf *out;
    size_t start;
};

static struct buf *next_part(const struct summary *s) {
    if (s->out->len > s->start)
        buf_put_str(s->out, ", ");
    return s->out;
}

static const char *identity_text(const struct capf_message *m) {
    if (m->certificate.present)
        return capf_certificate_type_name(m->certificate.number);
    return m->password.octets.len > 0 ? "authentication string" : "null string";
}

static void summarise_identity(const struct summary *s, const struct capf_message *m) {
    if (m->version.present)
        buf_printf(next_part(s), "version %u", (unsigned)m->version.number);
    if (m->device_name.present)
        put_escaped(next_part(s), m->device_name.octets);
    if (m->type == CAPF_MSG_AUTH_RES)
        buf_put_str(next_part(s), identity_text(m));
    if (m->sudi_data.present)
        buf_put_str(next_part(s), "SUDI");
}

static void summarise_keys(const struct summary *s, const struct capf_message *m) {
    if (m->key_size.present)
        buf_printf(next_part(s), "RSA %u", (unsigned)m->key_size.number);
    if (m->curve.present)
        buf_printf(next_part(s), "EC %s", capf_curve_name(m->curve.number));
    if (m->public_key.present)
        buf_printf(next_part(s), "public key of %zu bytes", m->public_key.octets.len);
    if (m->operation_data.present)
        buf_printf(next_part(s), "%zu bytes to sign", m->operation_data.octets.len);
    if (m->signed_data.present && m->type != CAPF_MSG_AUTH_RES)
        buf_printf(next_part(s), "signature of %zu bytes", m->signed_data.octets.len);
}

void capf_message_summary(const struct capf_message *m, struct buf *out) {
    struct summary s = {out, out->len};
    summarise_identity(&s, m);
    summarise_keys(&s, m);
    if (m->certificate_type.present)
        buf_put_str(next_part(&s), capf_certificate_type_name(m->certificate_type.number));
    if (m->certificate.present && m->type != CAPF_MSG_AUTH_RES)
        buf_printf(next_part(&s), "certificate of %zu bytes", m->certificate.octets.len);
    if (m->reason.present && m->type != CAPF_MSG_AUTH_RES)
        buf_printf(next_part(&s), "reason %u (%s)", (unsigned)m->reason.number,
                   capf_reason_name(m->reason.number));
}
