/* Trust lists (ITL, CTL) as phones read them: parse, verify, look up. itl_write.h makes them,
 * sgn.h does the same for signed files, show.h and diff.h put them into words.
 *
 * Every byte comes from a peer. A list is taken whole or refused whole; nothing in it counts for
 * anything before its signature was checked by the caller's choice of itl_verify functions. */
#ifndef ITL_ITL_H
#define ITL_ITL_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/owned.h"
#include "itl/names.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    ITL_MAX = 65535,        /* octets of a list that phones take: itl-format.md 1 */
    ITL_READ_MAX = 1 << 20, /* what tools read in order to tell what is wrong with it */
    ITL_FIELDS_MAX = 24,    /* in a header, unknown ones included */
    ITL_RECORD_FIELDS_MAX = 16
};

/* One TLV in the order of the file. depth: 0, or how many containers it stands in. A container's
 * value is its content, whose fields follow. */
struct itl_field {
    struct bytes value;
    uint32_t offset; /* of the tag, from the start of the file */
    uint8_t tag;
    uint8_t depth;
};

/* The header of a list or a signed file (itl-format.md 2). Texts are without their NUL. */
struct itl_header {
    uint8_t major, minor; /* VERSION */
    uint16_t length;      /* HEADERLENGTH: where the first record, or the payload, starts */
    bool has_signer_version;
    uint16_t signer_version; /* 0x0100, 0x0101 (EC keys and HTTPS 6971) */
    struct bytes signer_name, issuer_name;
    struct bytes serial; /* as in the file: compare with itl_serial_equal */
    uint8_t digest;      /* enum itl_digest */
    uint8_t modulus;     /* index of ITL_MODULUS_TABLE */
    struct bytes signature;
    size_t signature_at; /* offset of the SIGNATURE field, which the signature leaves out */
    struct bytes file_name;
    uint32_t timestamp;
    struct itl_field fields[ITL_FIELDS_MAX];
    size_t field_count;
    uint8_t padding; /* octets of PADDING */
};

/* One record (itl-format.md 4). What the record does not have is empty. */
struct itl_record {
    size_t number;   /* from 1, as `show` counts */
    uint32_t offset; /* of its RECORDLENGTH field in the file */
    uint16_t length; /* RECORDLENGTH */
    uint16_t role;   /* FUNCTION; also numbers that ITL_ROLE_TABLE does not have */
    uint8_t hash_algorithm;
    struct bytes dns_name, subject, issuer; /* without the NUL */
    struct bytes serial, public_key, signature, certificate, address, hash;
    struct itl_field fields[ITL_RECORD_FIELDS_MAX];
    size_t field_count;
};

struct itl {
    struct bytes file; /* the whole list: own copy, which all views look at */
    struct itl_header header;
    struct itl_record *records;
    size_t count;
};

/* AUTO(ITL) list = itl_parse(...); */
typedef struct itl ITL;
void itl_free(struct itl *list);
AUTO_TYPE(ITL, itl_free);

/* Reads a whole list, of either layout, in any order of fields (RECORDLENGTH first in a record,
 * VERSION and HEADERLENGTH first in the header). file is copied; caller frees. Signature and
 * certificates are not looked into, beyond that a CERTIFICATE is one DER value. Unknown tags and
 * roles are kept. NULL, with a text that names the byte offset, the record and the field:
 *   ITL_TOO_LARGE  over ITL_MAX octets; says which record crosses that line
 *   ITL_VERSION    an encrypted file (2.0), or another major version than 1
 *   ITL_HEADER     a field over its end, of a wrong width, missing, twice, outside its container;
 *                  HEADERLENGTH that is not where the fields end; a text without NUL
 *   ITL_ALGORITHM  digest, algorithm or modulus that no table has, or another length of signature
 *   ITL_RECORD     the same of a record; a RECORDLENGTH over the end of the file or of its fields;
 *                  no FUNCTION; both CERTIFICATE and CERTHASH; a hash of another length
 *   SYS_NOMEM */
struct itl *itl_parse(struct bytes file, struct err *e);

/* As itl_parse, from a file. Also SYS_IO, and the path before the text. */
struct itl *itl_read_file(const char *path, struct err *e);

/* "CTLFile.tlv" and "CTLSEP....tlv" are CTLs; the rest, by the header's file name, ITLs. */
bool itl_is_ctl(const struct itl *list);

/* --- comparing --- */

/* Serial numbers as numbers: leading zeros do not count (itl-format.md 4.2). */
bool itl_serial_equal(struct bytes a, struct bytes b);

/* The number of cert without leading zeros: a view into cert. */
struct bytes itl_serial_of(const X509 *cert);

/* Appends a certificate's name as lists of that layout write it: CUCM "CN=..;OU=..;O=..;L=..;ST=..;
 * C=.." whatever the order in the certificate, tlvfile "C=..,O=.." in the certificate's order
 * (itl-format.md 4.1). -1 ITL_CERTIFICATE for a name with a NUL inside; SYS_LIMIT. */
enum itl_layout { ITL_LAYOUT_CUCM, ITL_LAYOUT_TLVFILE };
int itl_put_name(const X509_NAME *name, enum itl_layout layout, struct buf *out, struct err *e);

/* Whether a name of a list or of TVS is that name, in either layout. */
bool itl_name_is(struct bytes text, const X509_NAME *name);

/* --- looking up --- */

/* Whether a record of role `has` serves where `wanted` is asked for: CCM+TFTP is both. */
bool itl_role_covers(unsigned has, unsigned wanted);

/* The first record for that role behind `after` (NULL: the first of all). NULL: no more.
 *
 *     for (const struct itl_record *r = NULL; (r = itl_next(list, ITL_ROLE_TVS, r)) != NULL;) */
const struct itl_record *itl_next(const struct itl *list, unsigned role,
                                  const struct itl_record *after);
bool itl_has_role(const struct itl *list, unsigned role);

/* The record for that role that holds cert: its whole DER, or the hash of it, and its serial number
 * (leading zeros do not count). This is how phones accept a TLS server (phone-behaviour.md 2):
 * NULL means not acceptable by this list. */
const struct itl_record *itl_find(const struct itl *list, unsigned role, const X509 *cert);

/* Whether a record holds cert, whatever its role. */
bool itl_record_holds(const struct itl_record *record, const X509 *cert);

/* The record for that role with that issuer (byte by byte, as phones compare) and serial number. */
const struct itl_record *itl_find_issued(const struct itl *list, unsigned role, struct bytes issuer,
                                         struct bytes serial);

/* The record's certificate; caller frees. NULL ITL_CERTIFICATE (hash only, or not a certificate),
 * with record and offset. */
X509 *itl_record_certificate(const struct itl_record *record, struct err *e);

/* SIGNER VERSION 1.1 and later: phones may use EC keys (itl-format.md 2, tag 28). */
bool itl_allows_ec(const struct itl *list);

/* --- verifying (itl-format.md 3) --- */

/* By that certificate: issuer in either layout and serial number must be the header's. -1:
 *   ITL_SIGNER_UNKNOWN  the header names another certificate
 *   ITL_SIGNATURE       the signature does not verify, or is not of the key's length
 *   ITL_CERTIFICATE     no RSA key in it */
int itl_verify_by(const struct itl *list, X509 *signer, struct err *e);

/* By the SAST records of a list that is trusted already, which may be the list itself (what `show`
 * says): the record with the header's issuer and serial number must verify it. *record (may be
 * NULL): that record, of trusted, also when the signature is wrong; else NULL. Errors as above;
 * ITL_SIGNER_UNKNOWN tells a record that differs only in the way its name is written. */
int itl_verify(const struct itl *list, const struct itl *trusted, const struct itl_record **record,
               struct err *e);

/* What a phone does with a list that it was offered (phone-behaviour.md 2). */
#define ITL_UPDATE_TABLE(X)                                                                        \
    X(FIRST_USE, "no list yet: taken on trust")                                                    \
    X(IDENTICAL, "the same file: nothing changes")                                                 \
    X(ACCEPTED, "signed by a known SAST: taken")                                                   \
    X(ASK_TVS, "signer unknown: TVS is asked for it")                                              \
    X(REFUSED, "kept out: the phone goes on with the list it has")

enum itl_update {
#define X(name, meaning) ITL_UPDATE_##name,
    ITL_UPDATE_TABLE(X)
#undef X
};

/* held: the lists that the phone trusts (CTL, ITL; NULL entries are left out); none of them: first
 * use, for which the list must verify by its own SAST records. REFUSED: the signature is wrong, or
 * the signer unknown and no TVS record in held; *why (may be NULL) has the reason, also for
 * ASK_TVS. *record as in itl_verify. With ASK_TVS the caller asks TVS for the header's signer_name,
 * issuer_name and serial, then calls itl_verify_by. */
enum itl_update itl_judge_update(const struct itl *const *held, size_t held_count,
                                 const struct itl *offered, const struct itl_record **record,
                                 struct err *why);

#endif
