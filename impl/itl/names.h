/* The numbers of trust lists and signed files, each in one table: roles, tags, algorithms
 * (itl-format.md 2, 4, 8 and 9). Parser, writer, `show`, descriptions and --help come from them. */
#ifndef ITL_NAMES_H
#define ITL_NAMES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(FUNCTION, NAME, show name, word in configurations): itl-format.md 4. TVS's ROLES are the same
 * numbers (tvs-protocol.md 4). */
#define ITL_ROLE_TABLE(X)                                                                          \
    X(0, SAST, "System Administrator Security Token", "sast")                                      \
    X(1, CCM, "CCM", "ccm")                                                                        \
    X(2, CCM_TFTP, "CCM+TFTP", "ccm+tftp")                                                         \
    X(3, TFTP, "TFTP", "tftp")                                                                     \
    X(4, CAPF, "CAPF", "capf")                                                                     \
    X(7, APP_SERVER, "APP-SERVER", "app-server")                                                   \
    X(21, TVS, "TVS", "tvs")

/* For help texts: "roles:" ITL_ROLE_TABLE(ITL_ROLE_IN_HELP) is "roles: sast ccm ...". */
#define ITL_ROLE_IN_HELP(number, name, shown, word) " " word

enum itl_role {
#define X(number, name, shown, word) ITL_ROLE_##name = (number),
    ITL_ROLE_TABLE(X)
#undef X
};

/* How a value is written. Widths: U8 one byte, U16 and VERSION two, U32 four; a TEXT ends with a
 * NUL that its length counts; a CONTAINER holds the fields that name it. */
enum itl_kind {
    ITL_KIND_U8,
    ITL_KIND_U16,
    ITL_KIND_VERSION,
    ITL_KIND_U32,
    ITL_KIND_TEXT,
    ITL_KIND_OCTETS,
    ITL_KIND_CONTAINER
};

/* X(tag, NAME, show name, kind, container it stands in): itl-format.md 2. PADDING (13) is no field:
 * it has no length. 8 and 10 are misspelt as CUCM shows them. */
#define ITL_HEADER_TABLE(X)                                                                        \
    X(1, VERSION, "VERSION", VERSION, 0)                                                           \
    X(2, HEADERLENGTH, "HEADERLENGTH", U16, 0)                                                     \
    X(3, SIGNERID, "SIGNERID", CONTAINER, 0)                                                       \
    X(4, SIGNERNAME, "SIGNERNAME", TEXT, 3)                                                        \
    X(5, SERIALNUMBER, "SERIALNUMBER", OCTETS, 3)                                                  \
    X(6, CANAME, "CANAME", TEXT, 3)                                                                \
    X(7, SIGNATUREINFO, "SIGNATUREINFO", CONTAINER, 0)                                             \
    X(8, DIGESTALGORITHM, "DIGESTALGORTITHM", U8, 7)                                               \
    X(9, SIGNATUREALGOINFO, "SIGNATUREALGOINFO", CONTAINER, 7)                                     \
    X(10, SIGNATUREALGORITHM, "SIGNATUREALGORTITHM", U8, 9)                                        \
    X(11, SIGNATUREMODULUS, "SIGNATUREMODULUS", U8, 9)                                             \
    X(12, SIGNATURE, "SIGNATURE", OCTETS, 0)                                                       \
    X(14, FILENAME, "FILENAME", TEXT, 0)                                                           \
    X(15, TIMESTAMP, "TIMESTAMP", U32, 0)                                                          \
    X(28, SIGNERVERSION, "SIGNERVERSION", VERSION, 0)

enum itl_header_tag {
#define X(number, name, shown, kind, container) ITL_HEADER_##name = (number),
    ITL_HEADER_TABLE(X)
#undef X
        ITL_HEADER_PADDING = 13
};

/* X(tag, NAME, show name, kind): itl-format.md 4. */
#define ITL_RECORD_TABLE(X)                                                                        \
    X(1, RECORDLENGTH, "RECORDLENGTH", U16)                                                        \
    X(2, DNSNAME, "DNSNAME", TEXT)                                                                 \
    X(3, SUBJECTNAME, "SUBJECTNAME", TEXT)                                                         \
    X(4, FUNCTION, "FUNCTION", U16)                                                                \
    X(5, ISSUERNAME, "ISSUERNAME", TEXT)                                                           \
    X(6, SERIALNUMBER, "SERIALNUMBER", OCTETS)                                                     \
    X(7, PUBLICKEY, "PUBLICKEY", OCTETS)                                                           \
    X(8, SIGNATURE, "SIGNATURE", OCTETS)                                                           \
    X(9, CERTIFICATE, "CERTIFICATE", OCTETS)                                                       \
    X(10, IPADDRESS, "IPADDRESS", OCTETS)                                                          \
    X(11, CERTHASH, "CERTHASH", OCTETS)                                                            \
    X(12, HASHALGORITHM, "HASH ALGORITHM", U8)

enum itl_record_tag {
#define X(number, name, shown, kind) ITL_RECORD_##name = (number),
    ITL_RECORD_TABLE(X)
#undef X
};

/* X(number, NAME, OpenSSL's name, word, octets): DIGESTALGORITHM and HASH ALGORITHM. Phones and
 * writers know 1 and 3; 2 is only read. */
#define ITL_DIGEST_TABLE(X)                                                                        \
    X(1, SHA1, "SHA1", "sha1", 20)                                                                 \
    X(2, SHA256, "SHA256", "sha256", 32)                                                           \
    X(3, SHA512, "SHA512", "sha512", 64)

enum itl_digest {
#define X(number, name, openssl, word, octets) ITL_DIGEST_##name = (number),
    ITL_DIGEST_TABLE(X)
#undef X
};

/* X(index, octets of the signature): SIGNATUREMODULUS. RSA keys of 3072 bits have no index. */
#define ITL_MODULUS_TABLE(X)                                                                       \
    X(0, 64)                                                                                       \
    X(1, 128)                                                                                      \
    X(2, 256)                                                                                      \
    X(3, 512)

enum { ITL_SIGNATURE_RSA = 0 }; /* SIGNATUREALGORITHM knows no other */

/* What has no row reads as "unknown". Static. */
const char *itl_role_shown(unsigned role);       /* "System Administrator Security Token" */
const char *itl_role_word(unsigned role);        /* "sast" */
const char *itl_header_shown(unsigned tag);      /* "DIGESTALGORTITHM" */
const char *itl_record_shown(unsigned tag);      /* "HASH ALGORITHM" */
const char *itl_digest_word(unsigned digest);    /* "sha512" */
const char *itl_digest_openssl(unsigned digest); /* "SHA512"; NULL for an unknown one */
size_t itl_digest_octets(unsigned digest);       /* 64; 0 for an unknown one */
size_t itl_modulus_octets(unsigned index);       /* 256; 0 for an unknown one */
int itl_modulus_index(size_t octets);            /* 2; -1 for octets that have none */

bool itl_role_is_known(unsigned role);
bool itl_header_is_known(unsigned tag);
bool itl_record_is_known(unsigned tag);

/* The role of that word, or -1. */
int itl_role_by_word(const char *word);

/* The same for what a user wrote: -1 CONFIG_BAD_VALUE, with the word that was probably meant. */
int itl_role_read(const char *word, unsigned *role, struct err *e);

#endif
