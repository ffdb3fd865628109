/* Signed files (.sgn, itl-format.md 8): a header as lists have, then the file itself. Read as views
 * into the caller's bytes; the payload counts for nothing before sgn_verify. */
#ifndef ITL_SGN_H
#define ITL_SGN_H

#include "itl/itl.h"

enum { SGN_MAX = 16 * 1024 * 1024 };

struct sgn {
    struct bytes file;
    struct itl_header header;
    struct bytes payload; /* what is left when HEADERLENGTH octets are cut */
};

/* All views are of file. -1 ITL_HEADER, ITL_ALGORITHM, ITL_VERSION as itl_parse (2.0, encrypted
 * configurations, is refused), ITL_TOO_LARGE over SGN_MAX. */
int sgn_parse(struct bytes file, struct sgn *s, struct err *e);

/* By a certificate: -1 as itl_verify_by. */
int sgn_verify_by(const struct sgn *s, X509 *signer, struct err *e);

/* By the TFTP (or CCM+TFTP) records of a trusted list: -1 as itl_verify. */
int sgn_verify(const struct sgn *s, const struct itl *trusted, const struct itl_record **record,
               struct err *e);

struct sgn_plan {
    enum itl_layout layout;
    enum itl_digest digest; /* SHA-1 or SHA-512; 0: SHA-1 */
    const char *file_name;  /* as requested, "SEP001122334455.cnf.xml.sgn" */
    uint32_t timestamp;
    X509 *signer;         /* borrowed */
    EVP_PKEY *signer_key; /* borrowed */
};

/* Appends header and payload. -1 ITL_PLAN, ITL_CERTIFICATE as itl_build; ITL_TOO_LARGE. */
int sgn_sign(const struct sgn_plan *plan, struct bytes payload, struct buf *out, struct err *e);

#endif
