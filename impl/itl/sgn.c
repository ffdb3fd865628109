/* Signed files: the header of trust lists in front of a file (itl-format.md 8). */
#include "itl/sgn.h"

#include "itl/itl_fields.h"
#include "itl/itl_maker.h"

int sgn_parse(struct bytes file, struct sgn *s, struct err *e) {
    *s = (struct sgn){.file = file};
    if (file.len > SGN_MAX)
        return err_set(e, ERR_ITL_TOO_LARGE, "%zu bytes; no more than %d are read", file.len,
                       SGN_MAX);
    if (itl_header_read(file, &s->header, e) != 0)
        return -1;
    s->payload = bytes_of(file.data + s->header.length, file.len - s->header.length);
    return 0;
}

int sgn_verify_by(const struct sgn *s, X509 *signer, struct err *e) {
    struct itl_signed covered = itl_signed_of(&s->header, s->file);
    if (itl_header_is_by(&s->header, signer, e) != 0)
        return -1;
    return itl_signature_verify(&covered, signer, e);
}

int sgn_verify(const struct sgn *s, const struct itl *trusted, const struct itl_record **record,
               struct err *e) {
    return itl_verify_header(&s->header, s->file, trusted, ITL_ROLE_TFTP, record, e);
}

int sgn_sign(const struct sgn_plan *plan, struct bytes payload, struct buf *out, struct err *e) {
    struct itl_maker maker = {.signer = plan->signer, .key = plan->signer_key};
    const struct itl_header_plan header = {
        .layout = plan->layout,
        .digest = plan->digest,
        .major = 1,
        .file_name = plan->file_name,
        .timestamp = plan->timestamp,
    };
    int rc = itl_maker_header(&maker, &header, e);
    if (rc == 0 && payload.len > SGN_MAX - itl_header_size(&maker.header))
        rc = err_set(e, ERR_ITL_TOO_LARGE, "a file of %zu bytes is too large to be signed",
                     payload.len);
    if (rc == 0)
        rc = itl_maker_sign(&maker, payload, out, e);
    itl_maker_free(&maker);
    return rc;
}
