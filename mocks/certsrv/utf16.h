/* UTF-16LE, the text of NTLM messages and of BMPStrings, to and from UTF-8. */
#ifndef MOCKS_CERTSRV_UTF16_H
#define MOCKS_CERTSRV_UTF16_H

#include "base/bytes.h"
#include <stdbool.h>

/* Appends utf8 as UTF-16LE. false: not UTF-8, or out is full. */
bool utf16_put(struct buf *out, const char *utf8);

/* Appends utf16 as UTF-8. false: odd length, a lone surrogate, a NUL, or out is full. */
bool utf16_to_utf8(struct bytes utf16, struct buf *out);

/* Upper case in place, as far as account names need it: ASCII, Latin-1, Greek, Cyrillic. */
void utf16_upper(uint8_t *utf16, size_t len);

/* Whether text is well-formed UTF-8 (no surrogates, no over-long forms). */
bool utf8_valid(const char *text);

#endif
