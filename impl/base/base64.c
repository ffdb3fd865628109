/* Base64 in all the shapes peers send. Strict about the alphabet, tolerant of white space; never
 * guesses at damaged input. */
#include "base/base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { LINE_COLUMNS = 64, DER_SEQUENCE = 0x30 };

static const char *line_end(enum b64_wrap wrap) {
    return wrap == B64_ONE_LINE ? "" : wrap == B64_WRAP_64_LF ? "\n" : "\r\n";
}

static void put_group(struct bytes v, size_t at, char group[4]) {
    size_t left = v.len - at;
    uint32_t bits = (uint32_t)v.data[at] << 16;
    if (left > 1)
        bits |= (uint32_t)v.data[at + 1] << 8;
    if (left > 2)
        bits |= v.data[at + 2];
    group[0] = alphabet[bits >> 18];
    group[1] = alphabet[bits >> 12 & 63];
    group[2] = left > 1 ? alphabet[bits >> 6 & 63] : '=';
    group[3] = left > 2 ? alphabet[bits & 63] : '=';
}

/* A line at a time: a call for each group would cost more than the encoding. */
int b64_encode(struct bytes v, enum b64_wrap wrap, struct buf *out) {
    char line[LINE_COLUMNS];
    size_t column = 0;
    for (size_t at = 0; at < v.len; at += 3) {
        put_group(v, at, line + column);
        column += 4;
        if (column == LINE_COLUMNS || at + 3 >= v.len) {
            buf_put(out, line, column);
            if (wrap != B64_ONE_LINE || at + 3 >= v.len)
                buf_put_str(out, line_end(wrap));
            column = 0;
        }
    }
    return out->failed ? -1 : 0;
}

/* By character, the value and 1; 0: not in the alphabet. */
static const uint8_t places[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64};

static int value_of(uint8_t c) {
    return places[c] - 1;
}

static bool is_blank(uint8_t c) {
    return c == '\r' || c == '\n' || c == ' ' || c == '\t';
}

struct decoder {
    uint32_t bits;
    unsigned count;   /* characters in bits, 0..3 */
    unsigned padding; /* '=' seen */
};

static int finish(const struct decoder *d, struct buf *out, struct err *e) {
    if (d->count == 1 || (d->padding != 0 && d->count + d->padding != 4))
        return err_set(e, ERR_B64_PARSE, "base64 ends in the middle of a group");
    if (d->count == 2)
        buf_put_u8(out, (uint8_t)(d->bits >> 4));
    if (d->count == 3)
        buf_put_u16(out, (uint16_t)(d->bits >> 2));
    return out->failed ? err_set(e, ERR_SYS_LIMIT, "base64 content is too large") : 0;
}

static int take(struct decoder *d, uint8_t c, size_t at, struct buf *out, struct err *e) {
    if (c == '=' && d->count >= 2) {
        d->padding++;
        return 0;
    }
    int value = value_of(c);
    if (value < 0 || d->padding != 0)
        return err_set(e, ERR_B64_PARSE, "byte 0x%02x at offset %zu is not base64", c, at);
    d->bits = d->bits << 6 | (uint32_t)value;
    if (++d->count < 4)
        return 0;
    uint8_t octets[3] = {(uint8_t)(d->bits >> 16), (uint8_t)(d->bits >> 8), (uint8_t)d->bits};
    *d = (struct decoder){0};
    return buf_put(out, octets, sizeof octets) == 0
               ? 0
               : err_set(e, ERR_SYS_LIMIT, "base64 content is too large");
}

/* Whole groups without anything between them, a line at most: what all but the ends of lines is.
 * How many characters were used. */
static size_t take_groups(struct bytes text, struct buf *out) {
    uint8_t octets[LINE_COLUMNS / 4 * 3];
    size_t len = 0, used = 0;
    for (; used + 4 <= text.len && len < sizeof octets; used += 4) {
        const uint8_t *c = text.data + used;
        if (places[c[0]] == 0 || places[c[1]] == 0 || places[c[2]] == 0 || places[c[3]] == 0)
            break;
        uint32_t bits = (uint32_t)value_of(c[0]) << 18 | (uint32_t)value_of(c[1]) << 12 |
                        (uint32_t)value_of(c[2]) << 6 | (uint32_t)value_of(c[3]);
        octets[len++] = (uint8_t)(bits >> 16);
        octets[len++] = (uint8_t)(bits >> 8);
        octets[len++] = (uint8_t)bits;
    }
    buf_put(out, octets, len);
    return used;
}

int b64_decode(struct bytes text, struct buf *out, struct err *e) {
    struct decoder d = {0};
    for (size_t i = 0; i < text.len; i++) {
        if (d.count == 0 && d.padding == 0)
            i += take_groups(bytes_of(text.data + i, text.len - i), out);
        if (i < text.len && !is_blank(text.data[i]) && take(&d, text.data[i], i, out, e) != 0)
            return -1;
    }
    return finish(&d, out, e);
}

static struct bytes trim(struct bytes v) {
    while (v.len > 0 && (is_blank(v.data[v.len - 1]) || v.data[v.len - 1] == '\0'))
        v.len--;
    while (v.len > 0 && is_blank(v.data[0])) {
        v.data++;
        v.len--;
    }
    return v;
}

static const uint8_t *find(struct bytes v, const char *word) {
    return v.len == 0 ? NULL : memmem(v.data, v.len, word, strlen(word));
}

static bool has_prefix(struct bytes v, const char *prefix) {
    size_t len = strlen(prefix);
    return v.len >= len && memcmp(v.data, prefix, len) == 0;
}

/* Narrows body to what stands between the armour lines, which may share one line with the payload
 * (certsrv.md 1.4: newlines removed). */
static int strip_armour(struct bytes *body, struct err *e) {
    static const char begin[] = "-----BEGIN ", dashes[] = "-----", end[] = "-----END ";
    struct bytes rest = {body->data + strlen(begin), body->len - strlen(begin)};
    const uint8_t *label_end = find(rest, dashes);
    if (label_end == NULL)
        return err_set(e, ERR_B64_PARSE, "the BEGIN line has no end");
    const uint8_t *start = label_end + strlen(dashes);
    struct bytes payload = {start, (size_t)(body->data + body->len - start)};
    const uint8_t *stop = find(payload, end);
    if (stop == NULL)
        return err_set(e, ERR_B64_PARSE, "there is no END line");
    payload.len = (size_t)(stop - start);
    *body = payload;
    return 0;
}

/* Base64 of a DER SEQUENCE begins with 'M', so that a first byte 0x30 can only be DER itself. */
int b64_decode_any(struct bytes body, struct buf *out, struct b64_shape *shape, struct err *e) {
    struct b64_shape seen = {0};
    struct bytes text = trim(body);
    if (body.len > 0 && body.data[0] == DER_SEQUENCE) {
        seen.der = true;
        if (buf_put_bytes(out, body) != 0)
            return err_set(e, ERR_SYS_LIMIT, "content is too large");
    } else {
        seen.armour = has_prefix(text, "-----BEGIN ");
        if (seen.armour && strip_armour(&text, e) != 0)
            return -1;
        seen.wrapped = find(trim(text), "\n") != NULL;
        if (text.len == 0)
            return err_set(e, ERR_B64_PARSE, "there is no content");
        if (b64_decode(text, out, e) != 0)
            return -1;
    }
    if (shape != NULL)
        *shape = seen;
    return 0;
}

int b64_armour(struct bytes der, const char *label, enum b64_wrap wrap, struct buf *out) {
    const char *end = wrap == B64_WRAP_64_CRLF ? "\r\n" : "\n";
    buf_printf(out, "-----BEGIN %s-----%s", label, end);
    b64_encode(der, wrap == B64_ONE_LINE ? B64_WRAP_64_LF : wrap, out);
    buf_printf(out, "-----END %s-----%s", label, end);
    return out->failed ? -1 : 0;
}
