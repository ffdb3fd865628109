/* TLVs of trust lists. A reader never moves behind the end it was given, and every refusal names
 * the byte, the record and the field. */
#include "itl/itl_fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FIELD_NAME_MAX = 32 };

uint32_t itl_reader_offset(const struct itl_reader *r) {
    return (uint32_t)(r->at.at - r->file.data);
}

static void name_field(size_t record, unsigned tag, char *out, size_t size) {
    bool known = record == 0 ? itl_header_is_known(tag) : itl_record_is_known(tag);
    const char *name = record == 0 ? itl_header_shown(tag) : itl_record_shown(tag);
    if (known)
        snprintf(out, size, "%s", name);
    else
        snprintf(out, size, "tag %u", tag);
}

static int fail(const struct itl_reader *r, enum err_code code, uint32_t offset, unsigned tag,
                const char *fmt, va_list args) {
    char what[ERR_TEXT_MAX], field[FIELD_NAME_MAX];
    vsnprintf(what, sizeof what, fmt, args);
    name_field(r->record, tag, field, sizeof field);
    if (r->record == 0)
        return err_set(r->e, code, "byte %u: header: %s: %s", (unsigned)offset, field, what);
    return err_set(r->e, code, "byte %u: record %zu: %s: %s", (unsigned)offset, r->record, field,
                   what);
}

int itl_reader_fail_as(const struct itl_reader *r, enum err_code code, uint32_t offset,
                       unsigned tag, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    int rc = fail(r, code, offset, tag, fmt, args);
    va_end(args);
    return rc;
}

int itl_reader_fail(const struct itl_reader *r, uint32_t offset, unsigned tag, const char *fmt,
                    ...) {
    va_list args;
    va_start(args, fmt);
    int rc = fail(r, r->record == 0 ? ERR_ITL_HEADER : ERR_ITL_RECORD, offset, tag, fmt, args);
    va_end(args);
    return rc;
}

int itl_reader_field(struct itl_reader *r, struct itl_field *f) {
    uint16_t len = 0;
    *f = (struct itl_field){.offset = itl_reader_offset(r)};
    if (!cursor_u8(&r->at, &f->tag) || !cursor_u16(&r->at, &len))
        return itl_reader_fail(r, f->offset, f->tag, "tag and length are cut off by the end of %s",
                               r->inside);
    size_t left = cursor_left(&r->at);
    if (!cursor_bytes(&r->at, len, &f->value))
        return itl_reader_fail(r, f->offset, f->tag, "%u bytes long, but %s ends after %zu", len,
                               r->inside, left);
    return 0;
}

static size_t width_of(enum itl_kind kind) {
    switch (kind) {
    case ITL_KIND_U8:
        return 1;
    case ITL_KIND_U16:
    case ITL_KIND_VERSION:
        return 2;
    case ITL_KIND_U32:
        return 4;
    case ITL_KIND_TEXT:
    case ITL_KIND_OCTETS:
    case ITL_KIND_CONTAINER:
        break;
    }
    return 0;
}

/* More NULs than one are seen in the field (itl-format.md 4, DNSNAME); text behind one would be
 * there for some readers and not for others. */
static int check_text(const struct itl_reader *r, const struct itl_field *f) {
    struct bytes text = itl_field_text(f);
    if (text.len == f->value.len)
        return itl_reader_fail(r, f->offset, f->tag, "the text does not end with a NUL");
    for (size_t i = text.len; i < f->value.len; i++)
        if (f->value.data[i] != '\0')
            return itl_reader_fail(r, f->offset, f->tag, "a NUL inside the text, at its byte %zu",
                                   text.len);
    return 0;
}

int itl_reader_check(const struct itl_reader *r, const struct itl_field *f, enum itl_kind kind) {
    size_t width = width_of(kind);
    if (width != 0 && f->value.len != width)
        return itl_reader_fail(r, f->offset, f->tag, "%zu bytes long instead of %zu", f->value.len,
                               width);
    return kind == ITL_KIND_TEXT ? check_text(r, f) : 0;
}

struct bytes itl_field_text(const struct itl_field *f) {
    return (struct bytes){f->value.data, strnlen((const char *)f->value.data, f->value.len)};
}

uint32_t itl_field_number(const struct itl_field *f) {
    uint32_t number = 0;
    for (size_t i = 0; i < f->value.len; i++)
        number = number << 8 | f->value.data[i];
    return number;
}

const char *itl_printable(struct bytes text, char *out, size_t size) {
    size_t len = text.len < size ? text.len : size - 1;
    for (size_t i = 0; i < len; i++)
        out[i] = text.data[i] >= ' ' && text.data[i] < 0x7f ? (char)text.data[i] : '?';
    out[len] = '\0';
    return out;
}
