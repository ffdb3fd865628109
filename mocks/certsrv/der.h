/* Writing DER by hand: the few structures of this mock that OpenSSL has no type for. Readers use
 * OpenSSL or a cursor of their own. */
#ifndef MOCKS_CERTSRV_DER_H
#define MOCKS_CERTSRV_DER_H

#include "base/bytes.h"
#include <stdbool.h>

enum {
    DER_INTEGER = 0x02,
    DER_OCTETS = 0x04,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8 = 0x0c,
    DER_BMP = 0x1e,
    DER_SEQUENCE = 0x30,
    DER_CONTEXT = 0x80,             /* + number: primitive */
    DER_CONTEXT_CONSTRUCTED = 0xa0, /* + number */
};

/* Appends tag, length (below 16 MiB) and content. */
void der_put(struct buf *out, unsigned tag, struct bytes content);

/* Replaces what is in content by tag, length and that. */
void der_wrap(struct buf *content, unsigned tag);

/* Appends an OBJECT IDENTIFIER, given by name or in dotted form. false: not one. */
bool der_put_oid(struct buf *out, const char *name_or_oid);

/* Appends a non-negative INTEGER. */
void der_put_integer(struct buf *out, int64_t value);

#endif
