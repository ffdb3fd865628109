/* SPNEGO tokens, read with a bounds-checked DER cursor and written by hand: a handful of nested
 * lengths. It never looks into anything but the mechanism list and the mechanism token. */
#include "mocks/certsrv/spnego.h"
#include "mocks/certsrv/der.h"
#include <string.h>

enum {
    GSS_INITIAL = 0x60,
    CONTEXT_0 = 0xa0,
    CONTEXT_1 = 0xa1,
    CONTEXT_2 = 0xa2,
};

static const uint8_t oid_spnego[] = {0x2b, 6, 1, 5, 5, 2};
static const uint8_t oid_ntlm[] = {0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10};

static bool read_length(struct cursor *c, size_t *len) {
    uint8_t first, byte;
    if (!cursor_u8(c, &first))
        return false;
    *len = first;
    if (first < 0x80)
        return true;
    if (first == 0x80 || first > 0x83)
        return false;
    *len = 0;
    for (unsigned i = 0; i < (first & 0x7fU); i++) {
        if (!cursor_u8(c, &byte))
            return false;
        *len = *len << 8 | byte;
    }
    return true;
}

static bool next_value(struct cursor *c, uint8_t *tag, struct bytes *value) {
    size_t len;
    return cursor_u8(c, tag) && read_length(c, &len) && cursor_bytes(c, len, value);
}

/* Goes into the next value, which must have that tag. */
static bool enter(struct cursor *c, uint8_t tag) {
    uint8_t found;
    struct bytes value;
    if (!next_value(c, &found, &value) || found != tag)
        return false;
    *c = cursor_of(value);
    return true;
}

bool spnego_is(struct bytes token) {
    return token.len > 2 && (token.data[0] == GSS_INITIAL || token.data[0] == CONTEXT_1);
}

static bool read_mechanisms(struct bytes list, bool *has_ntlm) {
    struct cursor c = cursor_of(list);
    uint8_t tag;
    struct bytes oid;
    if (!enter(&c, DER_SEQUENCE))
        return false;
    while (cursor_left(&c) > 0) {
        if (!next_value(&c, &tag, &oid) || tag != DER_OID)
            return false;
        *has_ntlm = *has_ntlm || bytes_equal(oid, bytes_of(oid_ntlm, sizeof oid_ntlm));
    }
    return true;
}

static bool read_mechanism_token(struct bytes wrapped, struct bytes *token) {
    struct cursor c = cursor_of(wrapped);
    uint8_t tag;
    return next_value(&c, &tag, token) && tag == DER_OCTETS;
}

/* The SEQUENCE of an initial or response token: [0] mechanisms (initial only), [2] token. */
static bool read_sequence(struct cursor *c, bool initial, struct spnego_token *out) {
    uint8_t tag;
    struct bytes value;
    if (!enter(c, DER_SEQUENCE))
        return false;
    while (cursor_left(c) > 0) {
        if (!next_value(c, &tag, &value))
            return false;
        if (tag == CONTEXT_0 && initial && !read_mechanisms(value, &out->offers_ntlm))
            return false;
        if (tag == CONTEXT_2 && !read_mechanism_token(value, &out->mechanism_token))
            return false;
    }
    return out->mechanism_token.len > 0 || out->offers_ntlm;
}

static bool enter_initial(struct cursor *c) {
    uint8_t tag;
    struct bytes oid;
    return enter(c, GSS_INITIAL) && next_value(c, &tag, &oid) && tag == DER_OID &&
           bytes_equal(oid, bytes_of(oid_spnego, sizeof oid_spnego)) && enter(c, CONTEXT_0);
}

int spnego_read(struct bytes token, struct spnego_token *out, struct err *e) {
    *out = (struct spnego_token){.mechanism_token = bytes_of("", 0)};
    struct cursor c = cursor_of(token);
    bool initial = token.len > 0 && token.data[0] == GSS_INITIAL;
    if (!(initial ? enter_initial(&c) : enter(&c, CONTEXT_1)) || !read_sequence(&c, initial, out))
        return err_set(e, ERR_NTLM_MESSAGE, "SPNEGO: malformed token of %zu bytes", token.len);
    return 0;
}

/* outer { inner { value } } */
static void put_nested(struct buf *out, uint8_t outer, uint8_t inner, struct bytes value) {
    AUTO_BUF nested = BUF_INIT(0xffff);
    der_put(&nested, inner, value);
    out->failed = out->failed || nested.failed;
    der_put(out, outer, buf_view(&nested));
}

int spnego_put(enum spnego_state state, struct bytes message, struct buf *out, struct err *e) {
    AUTO_BUF fields = BUF_INIT(0xfff0);
    uint8_t byte = (uint8_t)state;
    put_nested(&fields, CONTEXT_0, DER_ENUMERATED, bytes_of(&byte, 1));
    if (state == SPNEGO_INCOMPLETE)
        put_nested(&fields, CONTEXT_1, DER_OID, bytes_of(oid_ntlm, sizeof oid_ntlm));
    if (message.len > 0)
        put_nested(&fields, CONTEXT_2, DER_OCTETS, message);
    put_nested(out, CONTEXT_1, DER_SEQUENCE, buf_view(&fields));
    if (fields.failed || out->failed)
        return err_set(e, ERR_SYS_LIMIT, "SPNEGO: token too long");
    return 0;
}
