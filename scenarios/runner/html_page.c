/* Writing of the page in parts, and the escaping of every text. Must never let a byte from
 * elsewhere through as markup. */
#include "scenarios/runner/html_page.h"

#include "base/file.h"

#include <stdarg.h>
#include <string.h>

enum { PAGE_MEMORY_MAX = 4 * 1024 * 1024, PAGE_PART = 64 * 1024, REPLACEMENT = 0xfffd };

void page_begin(struct page *p, int fd) {
    *p = (struct page){.fd = fd, .out = BUF_INIT(PAGE_MEMORY_MAX)};
}

void page_free(struct page *p) {
    buf_free(&p->out);
}

static void flush(struct page *p) {
    if (p->out.failed || (p->fd >= 0 && file_write_all(p->fd, buf_view(&p->out)) != 0))
        p->failed = true;
    if (p->fd >= 0)
        buf_reset(&p->out);
}

int page_end(struct page *p) {
    flush(p);
    return p->failed ? -1 : 0;
}

static void flush_part(struct page *p) {
    if (p->fd >= 0 && p->out.len >= PAGE_PART)
        flush(p);
}

void page_put(struct page *p, const char *markup) {
    buf_put_str(&p->out, markup);
    flush_part(p);
}

void page_printf(struct page *p, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&p->out, fmt, args);
    va_end(args);
    flush_part(p);
}

/* Length of a sequence by its first byte, and the least code point that may take it. */
static size_t sequence(uint8_t first, uint32_t *bits, uint32_t *least) {
    static const struct {
        uint8_t mask, mark;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if ((first & forms[i].mask) == forms[i].mark) {
            *bits = first & (uint8_t)~forms[i].mask;
            *least = forms[i].least;
            return i + 1;
        }
    return 0;
}

/* The next code point of UTF-8 (RFC 3629), REPLACEMENT for one byte that is none. */
static uint32_t next_char(struct cursor *c) {
    const struct cursor begin = *c;
    uint32_t code = 0;
    uint32_t least = 0;
    uint8_t byte = 0;
    cursor_u8(c, &byte);
    size_t len = sequence(byte, &code, &least);
    bool good = len > 0;
    for (size_t i = 1; good && i < len; i++) {
        good = cursor_u8(c, &byte) && (byte & 0xc0) == 0x80;
        code = code << 6 | (byte & 0x3fU);
    }
    if (good && code >= least && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff))
        return code;
    *c = begin;
    cursor_u8(c, &byte);
    return REPLACEMENT;
}

struct range {
    uint32_t from, to;
};

static bool in_ranges(uint32_t code, const struct range *ranges, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].from && code <= ranges[i].to)
            return true;
    return false;
}

/* Controls, marks and overrides of direction, what is no character. */
static bool shown(uint32_t code) {
    static const struct range hidden[] = {{0, 8},           {0xb, 0x1f},      {0x7f, 0x9f},
                                          {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
                                          {0xfdd0, 0xfdef}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb}};
    return !in_ranges(code, hidden, sizeof hidden / sizeof hidden[0]) && (code & 0xfffe) != 0xfffe;
}

static size_t width_of(uint32_t code) {
    static const struct range wide[] = {{0x1100, 0x115f},   {0x2e80, 0xa4cf},  {0xac00, 0xd7a3},
                                        {0xf900, 0xfaff},   {0xfe30, 0xfe6f},  {0xff00, 0xff60},
                                        {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};
    return in_ranges(code, wide, sizeof wide / sizeof wide[0]) ? 2 : 1;
}

size_t text_columns(struct bytes text) {
    struct cursor c = cursor_of(text);
    size_t columns = 0;
    while (cursor_left(&c) > 0)
        columns += width_of(next_char(&c));
    return columns;
}

static void put_char(struct page *p, uint32_t code, struct bytes raw) {
    static const struct {
        uint32_t code;
        const char *reference;
    } escapes[] = {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++)
        if (escapes[i].code == code) {
            buf_put_str(&p->out, escapes[i].reference);
            return;
        }
    if (code == REPLACEMENT || !shown(code))
        buf_put_str(&p->out, "\xef\xbf\xbd");
    else
        buf_put_bytes(&p->out, raw);
}

void page_escape(struct page *p, struct bytes text, size_t max) {
    struct cursor c = cursor_of(text);
    bool cut = max > 0 && text.len > max && text_columns(text) > max;
    size_t columns = 0;
    while (cursor_left(&c) > 0) {
        const uint8_t *at = c.at;
        uint32_t code = next_char(&c);
        columns += width_of(code);
        if (cut && columns >= max)
            break;
        put_char(p, code, bytes_of(at, (size_t)(c.at - at)));
        flush_part(p);
    }
    if (cut)
        buf_put_str(&p->out, "…");
}

void page_str(struct page *p, const char *text) {
    page_escape(p, bytes_of_str(text), 0);
}
