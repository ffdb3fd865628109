/* Base64 (RFC 4648) in every shape that EST and certsrv peers send: one line, wrapped at 64 or 76,
 * LF or CRLF, PEM armour, trailing NUL, or not encoded at all (DER).
 * Sources: RFC 8951 section 3; protocol/est.md 1.7 and 5 (Z1 to Z4); protocol/certsrv.md 1.4. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/bytes.h"
#include "base/err.h"

enum b64_wrap { B64_ONE_LINE, B64_WRAP_64_LF, B64_WRAP_64_CRLF };

/* Appends the encoding of v to out; wrapped forms end with a line end, one line does not.
 * 0, or -1 when out is full. */
int b64_encode(struct bytes v, enum b64_wrap wrap, struct buf *out);

/* Decodes text, ignoring CR, LF, space and TAB; "=" padding may be missing. Appends to out.
 * -1 B64_PARSE: another character, data behind the padding, or a lone trailing character. */
int b64_decode(struct bytes text, struct buf *out, struct err *e);

/* How a peer wrote its base64: decides how the answer is wrapped (protocol/est.md 2). */
struct b64_shape {
    bool der;     /* not base64: the first byte is 0x30, a DER SEQUENCE */
    bool armour;  /* had -----BEGIN ...----- lines */
    bool wrapped; /* had a line break inside the payload */
};

/* Decodes any of the shapes to DER, appended to out; *shape may be NULL. Of several PEM blocks the
 * first is taken. -1 B64_PARSE. */
int b64_decode_any(struct bytes body, struct buf *out, struct b64_shape *shape, struct err *e);

/* Appends a PEM block with that label ("CERTIFICATE"), 64 columns, with the line end of wrap. */
int b64_armour(struct bytes der, const char *label, enum b64_wrap wrap, struct buf *out);

#endif
