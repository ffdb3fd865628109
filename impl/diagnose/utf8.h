/* Text that may be shown: UTF-8 without control bytes. */
#ifndef DIAGNOSE_UTF8_H
#define DIAGNOSE_UTF8_H

#include "base/bytes.h"

/* Copies text to out (at least text.len bytes); tabs become blanks, other control bytes and what is
 * no UTF-8 become "?". Returns the length. */
size_t utf8_clean(struct bytes text, char *out);

#endif
