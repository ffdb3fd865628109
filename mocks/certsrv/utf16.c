/* UTF-8 and UTF-16LE, strict in both directions. It never guesses: what is malformed is refused. */
#include "mocks/certsrv/utf16.h"

/* Reads one character; false at malformed input. *at moves behind it. */
static bool next_utf8(const unsigned char **at, uint32_t *character) {
    static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    uint32_t lead = *(*at)++;
    unsigned more = lead < 0x80 ? 0 : lead >> 5 == 6 ? 1 : lead >> 4 == 14 ? 2 : 3;
    if (more == 3 && lead >> 3 != 30)
        return false;
    *character = more == 0 ? lead : lead & (0x3fU >> more);
    for (unsigned i = 0; i < more; i++, (*at)++) {
        if ((**at & 0xc0) != 0x80)
            return false;
        *character = *character << 6 | (**at & 0x3fU);
    }
    bool surrogate = *character >= 0xd800 && *character <= 0xdfff;
    return *character >= smallest[more] && *character <= 0x10ffff && !surrogate;
}

static void put_unit(struct buf *out, uint32_t unit) {
    buf_put_u8(out, (uint8_t)unit);
    buf_put_u8(out, (uint8_t)(unit >> 8));
}

static void put_utf16_character(struct buf *out, uint32_t character) {
    if (character < 0x10000) {
        put_unit(out, character);
        return;
    }
    put_unit(out, 0xd800 + ((character - 0x10000) >> 10));
    put_unit(out, 0xdc00 + ((character - 0x10000) & 0x3ff));
}

bool utf16_put(struct buf *out, const char *utf8) {
    const unsigned char *at = (const unsigned char *)utf8;
    while (*at != '\0') {
        uint32_t character;
        if (!next_utf8(&at, &character))
            return false;
        put_utf16_character(out, character);
    }
    return !out->failed;
}

bool utf8_valid(const char *text) {
    const unsigned char *at = (const unsigned char *)text;
    uint32_t character;
    while (*at != '\0')
        if (!next_utf8(&at, &character))
            return false;
    return true;
}

static void put_utf8_character(struct buf *out, uint32_t c) {
    if (c < 0x80) {
        buf_put_u8(out, (uint8_t)c);
        return;
    }
    if (c >= 0x10000)
        buf_put_u8(out, (uint8_t)(0xf0 | c >> 18));
    if (c >= 0x800)
        buf_put_u8(out, (uint8_t)(c >= 0x10000 ? 0x80 | (c >> 12 & 0x3f) : 0xe0 | c >> 12));
    buf_put_u8(out, (uint8_t)(c >= 0x800 ? 0x80 | (c >> 6 & 0x3f) : 0xc0 | c >> 6));
    buf_put_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
}

static bool next_utf16(struct cursor *c, uint32_t *character) {
    uint16_t high, low;
    if (!cursor_u16le(c, &high) || high == 0)
        return false;
    *character = high;
    if (high < 0xd800 || high > 0xdfff)
        return true;
    if (high > 0xdbff || !cursor_u16le(c, &low) || low < 0xdc00 || low > 0xdfff)
        return false;
    *character = 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
    return true;
}

bool utf16_to_utf8(struct bytes utf16, struct buf *out) {
    struct cursor c = cursor_of(utf16);
    while (cursor_left(&c) > 0) {
        uint32_t character;
        if (!next_utf16(&c, &character))
            return false;
        put_utf8_character(out, character);
    }
    return !out->failed;
}

static uint16_t upper(uint16_t c) {
    bool ascii = c >= 'a' && c <= 'z';
    bool latin1 = c >= 0xe0 && c <= 0xfe && c != 0xf7;
    bool greek = c >= 0x3b1 && c <= 0x3c9 && c != 0x3c2;
    bool cyrillic = c >= 0x430 && c <= 0x44f;
    if (ascii || latin1 || greek || cyrillic)
        return (uint16_t)(c - 0x20);
    return c >= 0x450 && c <= 0x45f ? (uint16_t)(c - 0x50) : c;
}

void utf16_upper(uint8_t *utf16, size_t len) {
    for (size_t i = 0; i + 1 < len; i += 2) {
        uint16_t c = upper((uint16_t)(utf16[i] | utf16[i + 1] << 8));
        utf16[i] = (uint8_t)c;
        utf16[i + 1] = (uint8_t)(c >> 8);
    }
}
