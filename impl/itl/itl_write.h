/* Making trust lists: from certificates and roles to the bytes of a signed list, in CUCM's layout
 * or in that of the open-source tool (itl-format.md 10 and 11). A plan may describe lists that no
 * phone accepts (no CAPF record, a foreign signer): that is what a laboratory needs. */
#ifndef ITL_ITL_WRITE_H
#define ITL_ITL_WRITE_H

#include "itl/itl.h"

/* What a record carries of its certificate: the whole, its hash, or nothing (the empty CCM+TFTP
 * record of CTLs: DNSNAME, FUNCTION, IPADDRESS only). */
enum itl_form { ITL_FORM_DEFAULT, ITL_FORM_FULL, ITL_FORM_HASH, ITL_FORM_EMPTY };

struct itl_entry {
    unsigned role;
    X509 *certificate;    /* borrowed; NULL with ITL_FORM_EMPTY */
    enum itl_form form;   /* DEFAULT: CUCM hashes CAPF and TVS, all else is full */
    const char *dns_name; /* NULL or "": CUCM's empty name, no field in tlvfile's layout */
    struct bytes address; /* 4 or 16 octets; empty: no field */
    struct bytes hash;    /* instead of the certificate's own, SHA-1; empty: its own */
};

struct itl_plan {
    enum itl_layout layout;
    enum itl_digest digest;  /* of the signature: SHA-1 or SHA-512; 0: SHA-1 */
    const char *file_name;   /* in the header; NULL: ITLFile.tlv */
    uint32_t timestamp;      /* Unix time, the caller's */
    uint8_t major, minor;    /* 0.0: 1.2 */
    uint16_t signer_version; /* 0x0101; 0: none in CUCM's layout, 1.0 in tlvfile's */
    X509 *signer;            /* borrowed */
    EVP_PKEY *signer_key;    /* borrowed */
    const struct itl_entry *entries;
    size_t count;
    bool add_signer; /* puts the signer's SAST record in front when entries have none */
};

/* Appends the signed list. The signer need not be in it. -1, out as before:
 *   ITL_PLAN         key and signer do not match, no RSA key of 512, 1024, 2048 or 4096 bits (those
 *                    that SIGNATUREMODULUS can tell), digest, an entry without certificate, a text
 *                    that is too long; says which entry
 *   ITL_TOO_LARGE    over ITL_MAX; says which record crosses that line
 *   ITL_CERTIFICATE  a certificate whose name cannot be written */
int itl_build(const struct itl_plan *plan, struct buf *out, struct err *e);

/* Appends list again, signed by another key (`utils itl reset localkey`): records, layout, version
 * and file name stay. digest 0: as it was. -1 as itl_build. */
int itl_sign_again(const struct itl *list, X509 *signer, EVP_PKEY *signer_key,
                   enum itl_digest digest, uint32_t timestamp, struct buf *out, struct err *e);

/* Appends a parsed list field by field, its lengths reckoned anew: for what itl_parse accepted, the
 * same bytes. -1 SYS_LIMIT. */
int itl_put(const struct itl *list, struct buf *out, struct err *e);

#endif
