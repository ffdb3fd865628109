/* Making headers and signing: what itl_build, itl_sign_again and sgn_sign share. Internal to
 * impl/itl. */
#ifndef ITL_ITL_MAKER_H
#define ITL_ITL_MAKER_H

#include "itl/itl_write.h"

struct itl_header_plan {
    enum itl_layout layout;
    enum itl_digest digest; /* 0: SHA-1 */
    uint8_t major, minor;
    uint16_t signer_version; /* 0: no such field */
    const char *file_name;
    uint32_t timestamp;
};

enum { ITL_SIGNATURE_MAX = 512, ITL_NAME_MAX = 16 * 1024 };

/* A header whose fields look at the texts and numbers beside it: it must not be copied. Before the
 * first call only signer and key (both borrowed) are set. */
struct itl_maker {
    X509 *signer;
    EVP_PKEY *key;
    struct itl_header header;
    struct buf signer_name, issuer_name, serial, file_name; /* texts with their NUL */
    uint8_t version[2], length[2], signer_version[2], digest, algorithm, modulus, timestamp[4];
    uint8_t signature[ITL_SIGNATURE_MAX];
};
void itl_maker_free(struct itl_maker *m);

/* Appends the certificate's number as lists of that layout have it. */
void itl_put_serial(const X509 *cert, enum itl_layout layout, struct buf *out);

/* Fills in the header, SIGNATURE with its length only. -1 ITL_PLAN, ITL_CERTIFICATE. */
int itl_maker_header(struct itl_maker *m, const struct itl_header_plan *plan, struct err *e);

/* Signs header and body, and appends both; out as before on failure. -1 ITL_PLAN, SYS_LIMIT. */
int itl_maker_sign(struct itl_maker *m, struct bytes body, struct buf *out, struct err *e);

#endif
