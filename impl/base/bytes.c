/* Bytes: bounded buffers and cursors. Never reads or writes outside what it was given. */
#include "base/bytes.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes bytes_of(const void *data, size_t len) {
    return (struct bytes){data, len};
}

struct bytes bytes_of_str(const char *text) {
    return (struct bytes){(const uint8_t *)text, text == NULL ? 0 : strlen(text)};
}

bool bytes_equal(struct bytes a, struct bytes b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool bytes_equal_constant_time(struct bytes a, struct bytes b) {
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.data, b.data, a.len) == 0);
}

void buf_free(struct buf *b) {
    free(b->data);
    *b = (struct buf){.max = b->max};
}

void buf_reset(struct buf *b) {
    b->len = 0;
    b->failed = false;
    if (b->data != NULL)
        b->data[0] = '\0';
}

static size_t grown_capacity(const struct buf *b, size_t need) {
    size_t cap = b->cap < 64 ? 64 : b->cap;
    while (cap < need)
        cap *= 2;
    return cap > b->max + 1 ? b->max + 1 : cap;
}

/* Makes room for len more bytes and the NUL. */
static int reserve(struct buf *b, size_t len) {
    if (b->failed || len > b->max - b->len) {
        b->failed = true;
        return -1;
    }
    size_t need = b->len + len + 1;
    if (need <= b->cap)
        return 0;
    size_t cap = grown_capacity(b, need);
    uint8_t *data = realloc(b->data, cap);
    if (data == NULL) {
        b->failed = true;
        return -1;
    }
    b->data = data;
    b->cap = cap;
    return 0;
}

int buf_put(struct buf *b, const void *data, size_t len) {
    if (reserve(b, len) != 0)
        return -1;
    if (len > 0)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
    return 0;
}

int buf_put_bytes(struct buf *b, struct bytes v) {
    return buf_put(b, v.data, v.len);
}

int buf_put_str(struct buf *b, const char *text) {
    return buf_put_bytes(b, bytes_of_str(text));
}

int buf_put_u8(struct buf *b, uint8_t v) {
    return buf_put(b, &v, 1);
}

int buf_put_u16(struct buf *b, uint16_t v) {
    uint8_t octets[2] = {(uint8_t)(v >> 8), (uint8_t)v};
    return buf_put(b, octets, sizeof octets);
}

int buf_put_u32(struct buf *b, uint32_t v) {
    uint8_t octets[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
    return buf_put(b, octets, sizeof octets);
}

/* Most texts fit into the room that is there and are formatted once. */
int buf_vprintf(struct buf *b, const char *fmt, va_list args) {
    size_t room = b->cap - b->len;
    char *end = b->data == NULL ? NULL : (char *)b->data + b->len;
    va_list again;
    if (b->failed)
        return -1;
    va_copy(again, args);
    int need = vsnprintf(end, room, fmt, again);
    va_end(again);
    if (need >= 0 && (size_t)need < room) {
        b->len += (size_t)need;
        return 0;
    }
    if (room > 0)
        *end = '\0';
    if (need < 0 || reserve(b, (size_t)need) != 0) {
        b->failed = true;
        return -1;
    }
    vsnprintf((char *)b->data + b->len, (size_t)need + 1, fmt, args);
    b->len += (size_t)need;
    return 0;
}

int buf_printf(struct buf *b, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    int result = buf_vprintf(b, fmt, args);
    va_end(args);
    return result;
}

void buf_drop_front(struct buf *b, size_t n) {
    if (n > b->len)
        n = b->len;
    if (n == 0)
        return;
    memmove(b->data, b->data + n, b->len - n + 1);
    b->len -= n;
}

struct bytes buf_view(const struct buf *b) {
    return (struct bytes){b->data, b->len};
}

const char *buf_str(const struct buf *b) {
    return b->data == NULL ? "" : (const char *)b->data;
}

char *buf_take_str(struct buf *b) {
    if (b->failed || (b->data == NULL && buf_put_str(b, "") != 0))
        return NULL;
    char *text = (char *)b->data;
    *b = (struct buf){.max = b->max};
    return text;
}

struct cursor cursor_of(struct bytes v) {
    return (struct cursor){v.data, v.len == 0 ? v.data : v.data + v.len};
}

size_t cursor_left(const struct cursor *c) {
    return c->at == c->end ? 0 : (size_t)(c->end - c->at);
}

bool cursor_bytes(struct cursor *c, size_t len, struct bytes *v) {
    if (cursor_left(c) < len)
        return false;
    *v = (struct bytes){c->at, len};
    if (len > 0)
        c->at += len;
    return true;
}

bool cursor_u8(struct cursor *c, uint8_t *v) {
    struct bytes b;
    if (!cursor_bytes(c, 1, &b))
        return false;
    *v = b.data[0];
    return true;
}

bool cursor_u16(struct cursor *c, uint16_t *v) {
    struct bytes b;
    if (!cursor_bytes(c, 2, &b))
        return false;
    *v = (uint16_t)(b.data[0] << 8 | b.data[1]);
    return true;
}

bool cursor_u32(struct cursor *c, uint32_t *v) {
    struct bytes b;
    if (!cursor_bytes(c, 4, &b))
        return false;
    *v = (uint32_t)b.data[0] << 24 | (uint32_t)b.data[1] << 16 | (uint32_t)b.data[2] << 8 |
         b.data[3];
    return true;
}

bool cursor_u16le(struct cursor *c, uint16_t *v) {
    struct bytes b;
    if (!cursor_bytes(c, 2, &b))
        return false;
    *v = (uint16_t)(b.data[1] << 8 | b.data[0]);
    return true;
}

bool cursor_u32le(struct cursor *c, uint32_t *v) {
    struct bytes b;
    if (!cursor_bytes(c, 4, &b))
        return false;
    *v = (uint32_t)b.data[3] << 24 | (uint32_t)b.data[2] << 16 | (uint32_t)b.data[1] << 8 |
         b.data[0];
    return true;
}

char *hex_encode(struct bytes v, char separator) {
    static const char digits[] = "0123456789abcdef";
    size_t width = separator != 0 ? 3 : 2;
    char *text = malloc(v.len * width + 1);
    if (text == NULL)
        return NULL;
    char *at = text;
    for (size_t i = 0; i < v.len; i++) {
        if (separator != 0 && i > 0)
            *at++ = separator;
        *at++ = digits[v.data[i] >> 4];
        *at++ = digits[v.data[i] & 15];
    }
    *at = '\0';
    return text;
}
