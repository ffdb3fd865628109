/* Form decoding. It never refuses a field for its spelling: a browser of 1999 and a shell script
 * must both get through. It refuses only what is too much. */
#include "mocks/certsrv/form.h"
#include <string.h>
#include <strings.h>

static int hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that "%XY" at v[i] stands for; -1 when it is not an escape. */
static int escaped_byte(struct bytes v, size_t i) {
    if (v.data[i] != '%' || v.len - i < 3)
        return -1;
    int high = hex_digit(v.data[i + 1]), low = hex_digit(v.data[i + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* A path is a C string from here on: "%00" stays as it is in one. */
static void decode(struct buf *out, struct bytes v, bool is_form) {
    for (size_t i = 0; i < v.len; i++) {
        int byte = escaped_byte(v, i);
        if (byte > 0 || (byte == 0 && is_form)) {
            buf_put_u8(out, (uint8_t)byte);
            i += 2;
        } else {
            buf_put_u8(out, is_form && v.data[i] == '+' ? ' ' : v.data[i]);
        }
    }
}

void form_decode_path(struct buf *out, const char *text) {
    decode(out, bytes_of_str(text), false);
}

/* Cuts v at the first separator: what stands before it; *rest is what stands behind it. */
static struct bytes cut(struct bytes v, char separator, struct bytes *rest) {
    const uint8_t *at = v.len > 0 ? memchr(v.data, separator, v.len) : NULL;
    size_t len = at == NULL ? v.len : (size_t)(at - v.data);
    *rest = at == NULL ? bytes_of(v.data + v.len, 0) : bytes_of(at + 1, v.len - len - 1);
    return bytes_of(v.data, len);
}

/* Decodes v into the form's text, whose memory was reserved in full and so never moves. */
static struct bytes keep(struct form *f, struct bytes v) {
    size_t start = f->text.len;
    decode(&f->text, v, true);
    return bytes_of(f->text.data + start, f->text.len - start);
}

int form_read(struct bytes encoded, struct form *out, struct err *e) {
    *out = (struct form){.text = BUF_INIT(FORM_TEXT_MAX + 1)};
    if (encoded.len > FORM_TEXT_MAX)
        return err_set(e, ERR_SYS_LIMIT, "form: %zu bytes are too many", encoded.len);
    if (encoded.len == 0)
        return 0;
    if (buf_put_bytes(&out->text, encoded) != 0)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    buf_reset(&out->text);
    for (struct bytes rest = encoded; rest.len > 0;) {
        struct bytes value, pair = cut(rest, '&', &rest);
        struct bytes name = cut(pair, '=', &value);
        if (name.len == 0)
            continue;
        if (out->count == FORM_FIELDS_MAX)
            return err_set(e, ERR_SYS_LIMIT, "form: more than %d fields", FORM_FIELDS_MAX);
        struct bytes kept = keep(out, name);
        out->fields[out->count++] = (struct form_field){kept, keep(out, value)};
    }
    return 0;
}

void form_free(struct form *f) {
    buf_free(&f->text);
    f->count = 0;
}

struct bytes form_get(const struct form *f, const char *name) {
    size_t len = strlen(name);
    for (size_t i = 0; i < f->count; i++) {
        struct bytes n = f->fields[i].name;
        if (n.len == len && strncasecmp((const char *)n.data, name, len) == 0)
            return f->fields[i].value;
    }
    return (struct bytes){NULL, 0};
}

char *form_get_text(const struct form *f, const char *name) {
    struct bytes v = form_get(f, name);
    return v.data == NULL ? strdup("") : strndup((const char *)v.data, v.len);
}
