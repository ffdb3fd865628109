/* Cleaning of foreign text. The result never holds a byte that a terminal or JSON would choke on.
 */
#include "diagnose/utf8.h"
#include <string.h>

/* How long the sequence at text is by its first byte; 0: none begins so. */
static size_t sequence(uint8_t first) {
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* Over-long forms, surrogates, numbers beyond 0x10ffff (RFC 3629), and the control characters of
 * Latin 1 show in the second byte. */
static int second_is_allowed(uint8_t first, uint8_t second) {
    uint8_t low = first == 0xe0 || first == 0xc2 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high;
}

static size_t valid(const uint8_t *text, size_t len) {
    size_t n = sequence(text[0]);
    if (n == 0 || n > len || !second_is_allowed(text[0], text[1]))
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

size_t utf8_clean(struct bytes text, char *out) {
    size_t at = 0;
    while (at < text.len) {
        uint8_t c = text.data[at];
        size_t n = c < 0x80 ? 1 : valid(text.data + at, text.len - at);
        if (n > 1) {
            memcpy(out + at, text.data + at, n);
            at += n;
            continue;
        }
        out[at++] = c == '\t' ? ' ' : c < 0x20 || c >= 0x7f ? '?' : (char)c;
    }
    return at;
}
