/* The TLVs of trust lists: reading one with a message that says where, and writing a sequence.
 * Internal to impl/itl. */
#ifndef ITL_ITL_FIELDS_H
#define ITL_ITL_FIELDS_H

#include "itl/itl.h"

enum { ITL_FIELD_HEAD = 3, ITL_PADDING_MAX = 3 };

struct itl_reader {
    struct bytes file;
    struct cursor at;   /* ends where what is read ends */
    const char *inside; /* what that is: "the header", "SIGNERID", "the record" */
    size_t record;      /* from 1; 0: in the header */
    struct err *e;
};

uint32_t itl_reader_offset(const struct itl_reader *r);

/* "byte 12: record 3: FUNCTION: ..." with ITL_HEADER or ITL_RECORD, or with code. Returns -1. */
int itl_reader_fail(const struct itl_reader *r, uint32_t offset, unsigned tag, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
int itl_reader_fail_as(const struct itl_reader *r, enum err_code code, uint32_t offset,
                       unsigned tag, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* The next TLV; depth is left to the caller. */
int itl_reader_field(struct itl_reader *r, struct itl_field *f);

/* Whether the value is what the kind says. */
int itl_reader_check(const struct itl_reader *r, const struct itl_field *f, enum itl_kind kind);

/* The text of a checked TEXT field: up to the first NUL. */
struct bytes itl_field_text(const struct itl_field *f);
/* The number of a checked U8, U16, VERSION or U32 field. */
uint32_t itl_field_number(const struct itl_field *f);

/* Peer text for a message: what is not printable ASCII becomes '?', what does not fit is left out.
 * Returns out. */
const char *itl_printable(struct bytes text, char *out, size_t size);

/* Whether a tag of a header is that of a container. */
bool itl_header_is_container(unsigned tag);

/* The header at the front of file, which *h will look into (itl_parse's errors). */
int itl_header_read(struct bytes file, struct itl_header *h, struct err *e);

/* What the header takes, with its SIGNATURE and padding. */
size_t itl_header_size(const struct itl_header *h);
/* Appends the fields of h, HEADERLENGTH and the containers' lengths reckoned anew. Without its
 * SIGNATURE: as it is signed. */
void itl_header_put(const struct itl_header *h, bool with_signature, struct buf *out);
/* Appends the record's fields, RECORDLENGTH reckoned anew. -1 when that does not fit. */
int itl_record_put(const struct itl_record *record, struct buf *out);

/* Whether signature covers head and tail (itl-format.md 3). -1 ITL_SIGNATURE, ITL_CERTIFICATE. */
struct itl_signed {
    struct bytes head, tail;
    unsigned digest;
    struct bytes signature;
};
int itl_signature_verify(const struct itl_signed *s, X509 *signer, struct err *e);
/* What a file with that header is signed over. */
struct itl_signed itl_signed_of(const struct itl_header *h, struct bytes file);

/* The header's signer must be cert, by issuer and serial number. -1 ITL_SIGNER_UNKNOWN. */
int itl_header_is_by(const struct itl_header *h, const X509 *cert, struct err *e);
/* The record of trusted for one of the roles that has the header's signer. NULL
 * ITL_SIGNER_UNKNOWN. */
const struct itl_record *itl_header_signer(const struct itl_header *h, const struct itl *trusted,
                                           unsigned role, struct err *e);
int itl_verify_header(const struct itl_header *h, struct bytes file, const struct itl *trusted,
                      unsigned role, const struct itl_record **record, struct err *e);

#endif
