/* The element table as an array, for the reader, the writer and the dump. Internal to the wire
 * format. */
#ifndef CAPF_WIRE_ROWS_H
#define CAPF_WIRE_ROWS_H

#include "capf/wire.h"
#include <stddef.h>

struct wire_row {
    uint8_t tag;
    enum capf_encoding encoding;
    enum capf_repeat repeat;
    const char *name;
    size_t offset; /* of the struct capf_element in struct capf_message */
};

enum {
#define X(tag, name, member, encoding, repeat) WIRE_ROW_##name,
    CAPF_ELEMENT_TABLE(X)
#undef X
        WIRE_ROW_COUNT
};

extern const struct wire_row wire_rows[WIRE_ROW_COUNT];

/* NULL for an unknown tag. */
const struct wire_row *wire_row_of(uint8_t tag);

static inline struct capf_element *wire_element(struct capf_message *m,
                                                const struct wire_row *row) {
    return (struct capf_element *)((char *)m + row->offset);
}

static inline const struct capf_element *wire_const_element(const struct capf_message *m,
                                                            const struct wire_row *row) {
    return (const struct capf_element *)((const char *)m + row->offset);
}

/* Length of m's body on the wire; all numbers and lengths are checked, so that writing afterwards
 * can only fail for want of room. -1 as capf_message_write. */
int wire_body_length(const struct capf_message *m, uint16_t *len, struct err *e);

#endif
