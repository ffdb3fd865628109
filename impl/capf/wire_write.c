/* Writer of the CAPF wire format: one message, one frame, one buffer. Never writes half a frame. */
#include "capf/wire.h"
#include "capf/wire_rows.h"

enum { CERTIFICATE_INNER = 5, HASHED_INNER = 3, ELEMENT_HEADER = 3 };

/* Bytes of the value on the wire. */
static size_t value_len(const struct wire_row *row, const struct capf_element *element) {
    switch (row->encoding) {
    case CAPF_ENC_U8:
        return 1;
    case CAPF_ENC_U16:
        return 2;
    case CAPF_ENC_STRING:
        return element->octets.len + 1;
    case CAPF_ENC_OCTETS:
        return element->octets.len;
    case CAPF_ENC_CERTIFICATE:
        return element->octets.len + CERTIFICATE_INNER;
    case CAPF_ENC_HASHED:
        return element->octets.len + HASHED_INNER;
    }
    return 0;
}

static bool number_fits(const struct wire_row *row, const struct capf_element *element) {
    bool one_byte = row->encoding == CAPF_ENC_U8 || row->encoding == CAPF_ENC_CERTIFICATE ||
                    row->encoding == CAPF_ENC_HASHED;
    return !one_byte || element->number <= UINT8_MAX;
}

static void put_certificate(const struct capf_element *element, struct buf *out) {
    buf_put_u8(out, 1);
    buf_put_u16(out, (uint16_t)(element->octets.len + 2));
    buf_put_u8(out, 0);
    buf_put_u8(out, (uint8_t)element->number);
    buf_put_bytes(out, element->octets);
}

static void put_hashed(const struct capf_element *element, struct buf *out) {
    buf_put_u8(out, (uint8_t)element->number);
    buf_put_u16(out, (uint16_t)element->octets.len);
    buf_put_bytes(out, element->octets);
}

static void put_value(const struct wire_row *row, const struct capf_element *element,
                      struct buf *out) {
    switch (row->encoding) {
    case CAPF_ENC_U8:
        buf_put_u8(out, (uint8_t)element->number);
        break;
    case CAPF_ENC_U16:
        buf_put_u16(out, element->number);
        break;
    case CAPF_ENC_STRING:
        buf_put_bytes(out, element->octets);
        buf_put_u8(out, 0);
        break;
    case CAPF_ENC_OCTETS:
        buf_put_bytes(out, element->octets);
        break;
    case CAPF_ENC_CERTIFICATE:
        put_certificate(element, out);
        break;
    case CAPF_ENC_HASHED:
        put_hashed(element, out);
        break;
    }
}

int wire_body_length(const struct capf_message *m, uint16_t *len, struct err *e) {
    size_t sum = 0;
    for (size_t i = 0; i < WIRE_ROW_COUNT; i++) {
        const struct capf_element *element = wire_const_element(m, &wire_rows[i]);
        if (!element->present)
            continue;
        if (!number_fits(&wire_rows[i], element))
            return err_set(e, ERR_CAPF_ELEMENT, "%s: %u does not fit into one byte",
                           wire_rows[i].name, (unsigned)element->number);
        size_t one = value_len(&wire_rows[i], element);
        if (one > CAPF_BODY_MAX)
            return err_set(e, ERR_CAPF_FRAME, "%s of %zu bytes is too long", wire_rows[i].name,
                           one);
        sum += ELEMENT_HEADER + one;
    }
    if (sum > CAPF_BODY_MAX)
        return err_set(e, ERR_CAPF_FRAME, "body of %zu bytes is too long", sum);
    *len = (uint16_t)sum;
    return 0;
}

static void put_elements(const struct capf_message *m, struct buf *out) {
    for (size_t i = 0; i < WIRE_ROW_COUNT; i++) {
        const struct wire_row *row = &wire_rows[i];
        const struct capf_element *element = wire_const_element(m, row);
        if (!element->present)
            continue;
        buf_put_u8(out, row->tag);
        buf_put_u16(out, (uint16_t)value_len(row, element));
        put_value(row, element, out);
    }
}

int capf_message_write(const struct capf_message *m, struct buf *out, struct err *e) {
    uint16_t len = 0;
    if (wire_body_length(m, &len, e) != 0)
        return err_context(e, "%s", capf_message_name(m->type));
    size_t before = out->len;
    buf_put_u8(out, CAPF_DISCRIMINATOR);
    buf_put_u8(out, m->type);
    buf_put_u32(out, m->session_id);
    buf_put_u16(out, len);
    put_elements(m, out);
    if (!out->failed)
        return 0;
    out->len = before;
    return err_set(e, ERR_SYS_LIMIT, "%s does not fit into the buffer", capf_message_name(m->type));
}
