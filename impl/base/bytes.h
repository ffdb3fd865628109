/* Bytes: views, bounded growing buffers, and the one bounds-checked cursor for peer bytes. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A view: owns nothing, valid as long as what it looks at. */
struct bytes {
    const uint8_t *data;
    size_t len;
};

struct bytes bytes_of(const void *data, size_t len);
struct bytes bytes_of_str(const char *text); /* without the NUL; NULL gives an empty view */
bool bytes_equal(struct bytes a, struct bytes b);
bool bytes_equal_constant_time(struct bytes a, struct bytes b);

/* A growing buffer with a stated maximum. Once a put did not fit, `failed` stays set and later puts
 * do nothing, so that a writer can put everything and check once. data is always NUL-terminated
 * behind len (the NUL is not counted), and never NULL after a successful put. */
struct buf {
    uint8_t *data;
    size_t len;
    size_t cap;
    size_t max;
    bool failed;
};

#define BUF_INIT(maximum)                                                                          \
    { .max = (maximum) }
#define AUTO_BUF __attribute__((cleanup(buf_free))) struct buf

void buf_free(struct buf *b);                             /* the buffer may be used again */
void buf_reset(struct buf *b);                            /* empties, keeps the memory */
int buf_put(struct buf *b, const void *data, size_t len); /* 0, or -1 */
int buf_put_bytes(struct buf *b, struct bytes v);
int buf_put_str(struct buf *b, const char *text);
int buf_put_u8(struct buf *b, uint8_t v);
int buf_put_u16(struct buf *b, uint16_t v); /* big-endian */
int buf_put_u32(struct buf *b, uint32_t v); /* big-endian */
int buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int buf_vprintf(struct buf *b, const char *fmt, va_list args);
void buf_drop_front(struct buf *b, size_t n); /* n > len drops all */
struct bytes buf_view(const struct buf *b);
const char *buf_str(const struct buf *b); /* "" when empty; owned by b */
char *buf_take_str(struct buf *b); /* malloc'ed, caller frees; NULL when failed; b is empty then */

/* Reads front to back; a read that does not fit returns false and moves nothing. */
struct cursor {
    const uint8_t *at;
    const uint8_t *end;
};

struct cursor cursor_of(struct bytes v);
size_t cursor_left(const struct cursor *c);
bool cursor_u8(struct cursor *c, uint8_t *v);
bool cursor_u16(struct cursor *c, uint16_t *v); /* big-endian */
bool cursor_u32(struct cursor *c, uint32_t *v); /* big-endian */
bool cursor_u16le(struct cursor *c, uint16_t *v);
bool cursor_u32le(struct cursor *c, uint32_t *v);
bool cursor_bytes(struct cursor *c, size_t len, struct bytes *v);

/* Lower-case hex of v, separator between the bytes when not 0. malloc'ed, caller frees. */
char *hex_encode(struct bytes v, char separator);

#endif
