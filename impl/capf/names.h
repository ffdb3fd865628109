/* The numbers of the CAPF protocol and their names, each in one table from which the enums, the
 * parser, the writer and the logs all come. Values that nobody has captured are marked inferred in
 * protocol/capf-protocol.md; changing a row here changes them everywhere. */
#ifndef CAPF_NAMES_H
#define CAPF_NAMES_H

#include <stdbool.h>
#include <stdint.h>

enum {
    CAPF_DISCRIMINATOR = 0x55,
    CAPF_HEADER_LEN = 8,
    CAPF_BODY_MAX = 65535,
    CAPF_FRAME_MAX = CAPF_HEADER_LEN + CAPF_BODY_MAX,
    CAPF_VERSION_MIN = 1, /* capf-protocol.md 6.1: 1 to 3 are accepted */
    CAPF_VERSION_MAX = 3,
    CAPF_DEVICE_NAME_MAX = 128,
    CAPF_PASSWORD_MAX = 16, /* capf-protocol.md 6.2; digits */
};

/* Who sends a message. */
enum capf_sender { CAPF_FROM_SERVER, CAPF_FROM_PHONE, CAPF_FROM_EITHER };

/* X(number, NAME, sender, NEEDS): capf-protocol.md 4. NEEDS is what a body must hold at least, in
 * terms of enum capf_needs below. The log form of a name is CAPF_MSG_NAME. */
#define CAPF_MESSAGE_TABLE(X)                                                                      \
    X(1, AUTH_REQ, FROM_SERVER, VERSION)                                                           \
    X(2, AUTH_RES, FROM_PHONE, VERSION_AND_NAME)                                                   \
    X(3, KEY_GEN_REQ, FROM_SERVER, KEY_KIND)                                                       \
    X(4, KEY_GEN_RES, FROM_PHONE, PUBLIC_KEY_OR_REASON)                                            \
    X(5, ENCRYPT_REQ, FROM_SERVER, OPERATION_DATA)                                                 \
    X(6, ENCRYPT_RES, FROM_PHONE, SIGNATURE_OR_REASON)                                             \
    X(7, DECRYPT_REQ, FROM_SERVER, NOTHING)                                                        \
    X(8, DECRYPT_RES, FROM_PHONE, NOTHING)                                                         \
    X(9, STORE_CERT_REQ, FROM_SERVER, CERTIFICATE)                                                 \
    X(10, STORE_CERT_RES, FROM_PHONE, REASON)                                                      \
    X(11, FETCH_CERT_REQ, FROM_SERVER, NOTHING)                                                    \
    X(12, FETCH_CERT_RES, FROM_PHONE, REASON)                                                      \
    X(13, DELETE_CERT_REQ, FROM_SERVER, NOTHING)                                                   \
    X(14, DELETE_CERT_RES, FROM_PHONE, REASON)                                                     \
    X(15, END_SESSION, FROM_SERVER, REASON)                                                        \
    X(16, RETRY_LATER, FROM_SERVER, NOTHING)                                                       \
    X(17, REQUEST_IN_PROGRESS, FROM_PHONE, NOTHING)                                                \
    X(18, STATUS_REQUEST, FROM_EITHER, NOTHING)                                                    \
    X(19, STATUS_RESPONSE, FROM_EITHER, NOTHING)                                                   \
    X(20, ABORT_REQ, FROM_EITHER, NOTHING)                                                         \
    X(21, ABORT_RES, FROM_EITHER, NOTHING)                                                         \
    X(22, SIGN_CERT_REQ, FROM_SERVER, OPERATION_DATA)                                              \
    X(23, SIGN_CERT_RES, FROM_PHONE, SIGNATURE_OR_REASON)

enum capf_type {
#define CAPF_MESSAGE_ENUM(number, name, sender, needs) CAPF_MSG_##name = (number),
    CAPF_MESSAGE_TABLE(CAPF_MESSAGE_ENUM)
#undef CAPF_MESSAGE_ENUM
};

enum capf_needs {
    CAPF_NEEDS_NOTHING,
    CAPF_NEEDS_VERSION,
    CAPF_NEEDS_VERSION_AND_NAME,
    CAPF_NEEDS_KEY_KIND, /* KEY_SIZE, or KEY_TYPE and CURVE */
    CAPF_NEEDS_PUBLIC_KEY_OR_REASON,
    CAPF_NEEDS_OPERATION_DATA,
    CAPF_NEEDS_SIGNATURE_OR_REASON, /* tag 6, 15 or 20, or REASON */
    CAPF_NEEDS_CERTIFICATE,
    CAPF_NEEDS_REASON,
};

/* How an element's value is written, and where it stands in struct capf_element (wire.h). */
enum capf_encoding {
    CAPF_ENC_U8,          /* number, exactly one byte */
    CAPF_ENC_U16,         /* number, exactly two bytes, big-endian */
    CAPF_ENC_STRING,      /* octets without the trailing NUL that the wire carries and counts */
    CAPF_ENC_OCTETS,      /* octets as they are */
    CAPF_ENC_CERTIFICATE, /* nested, 3.1: number = certificate type, octets = DER */
    CAPF_ENC_HASHED,      /* tag 20: number = digest id, octets = signature */
};

/* What a second element with the same tag means: an error, or nothing (the first one counts). */
enum capf_repeat { CAPF_REPEAT_REFUSED, CAPF_REPEAT_FIRST_COUNTS };

/* X(tag, NAME, member of struct capf_message, encoding, repeat): capf-protocol.md 3 and 13.
 * The widths of 12 and 19 and everything about 14 and 15 are inferred (10.3 uses 14 for the octets
 * that the phone signs and reads its answer from 6, 15 or 20). The order is the order of writing.
 */
#define CAPF_ELEMENT_TABLE(X)                                                                      \
    X(1, REASON, reason, U8, REFUSED)                                                              \
    X(2, REASON_INFO, reason_info, STRING, FIRST_COUNTS)                                           \
    X(3, CERTIFICATE_TYPE, certificate_type, U8, FIRST_COUNTS)                                     \
    X(4, CERTIFICATE, certificate, CERTIFICATE, FIRST_COUNTS)                                      \
    X(5, CERTIFICATE_ID, certificate_id, OCTETS, FIRST_COUNTS)                                     \
    X(6, SIGNED_DATA, signed_data, OCTETS, FIRST_COUNTS)                                           \
    X(7, VERSION, version, U8, REFUSED)                                                            \
    X(8, AUTH_TYPE, auth_type, U8, FIRST_COUNTS)                                                   \
    X(9, PUBLIC_KEY, public_key, OCTETS, REFUSED)                                                  \
    X(10, KEY_SIZE, key_size, U16, FIRST_COUNTS)                                                   \
    X(11, PASSWORD, password, STRING, REFUSED)                                                     \
    X(12, RETRY_DELAY, retry_delay, U16, FIRST_COUNTS)                                             \
    X(13, DEVICE_NAME, device_name, STRING, REFUSED)                                               \
    X(14, OPERATION_DATA, operation_data, OCTETS, FIRST_COUNTS)                                    \
    X(15, OPERATION_RESULT, operation_result, OCTETS, FIRST_COUNTS)                                \
    X(16, SUDI_DATA, sudi_data, OCTETS, FIRST_COUNTS)                                              \
    X(17, KEY_TYPE, key_type, U8, FIRST_COUNTS)                                                    \
    X(18, CURVE, curve, U8, FIRST_COUNTS)                                                          \
    X(19, DIGEST_TYPE, digest_type, U8, FIRST_COUNTS)                                              \
    X(20, SHA2_SIGNED_DATA, sha2_signed_data, HASHED, FIRST_COUNTS)

enum capf_tag {
#define CAPF_TAG_ENUM(tag, name, member, encoding, repeat) CAPF_TAG_##name = (tag),
    CAPF_ELEMENT_TABLE(CAPF_TAG_ENUM)
#undef CAPF_TAG_ENUM
};

/* X(value, NAME, meaning): capf-protocol.md 5. */
#define CAPF_REASON_TABLE(X)                                                                       \
    X(0, NO_ACTION, "no action")                                                                   \
    X(1, OK, "ok")                                                                                 \
    X(7, REFUSED, "refused")                                                                       \
    X(9, UNKNOWN_DEVICE, "unknown device")

/* X(value, NAME, log name): capf-protocol.md 6; the same numbers as tkauthenticationmode. */
#define CAPF_AUTH_TYPE_TABLE(X)                                                                    \
    X(0, NONE, "none")                                                                             \
    X(1, STRING, "authentication string")                                                          \
    X(2, NULL_STRING, "null string")                                                               \
    X(3, LSC, "existing LSC")                                                                      \
    X(4, MIC, "existing MIC")

#define CAPF_CERTIFICATE_TYPE_TABLE(X)                                                             \
    X(1, LSC, "LSC")                                                                               \
    X(2, MIC, "MIC")

#define CAPF_KEY_TYPE_TABLE(X)                                                                     \
    X(0, RSA, "RSA")                                                                               \
    X(1, EC, "EC")

#define CAPF_CURVE_TABLE(X)                                                                        \
    X(0, P256, "P-256")                                                                            \
    X(1, P384, "P-384")                                                                            \
    X(2, P521, "P-521")

#define CAPF_DIGEST_TABLE(X)                                                                       \
    X(1, SHA1, "SHA-1")                                                                            \
    X(2, SHA256, "SHA-256")                                                                        \
    X(3, SHA512, "SHA-512")

enum capf_reason {
#define X(value, name, text) CAPF_REASON_##name = (value),
    CAPF_REASON_TABLE(X)
#undef X
};
enum capf_auth_type {
#define X(value, name, text) CAPF_AUTH_TYPE_##name = (value),
    CAPF_AUTH_TYPE_TABLE(X)
#undef X
};
enum capf_certificate_type {
#define X(value, name, text) CAPF_CERTIFICATE_##name = (value),
    CAPF_CERTIFICATE_TYPE_TABLE(X)
#undef X
};
enum capf_key_type {
#define X(value, name, text) CAPF_KEY_TYPE_##name = (value),
    CAPF_KEY_TYPE_TABLE(X)
#undef X
};
enum capf_curve {
#define X(value, name, text) CAPF_CURVE_##name = (value),
    CAPF_CURVE_TABLE(X)
#undef X
};
enum capf_digest {
#define X(value, name, text) CAPF_DIGEST_##name = (value),
    CAPF_DIGEST_TABLE(X)
#undef X
};

/* Names for logs and events; a number outside the table gives "UNKNOWN" or "unknown". Static. */
const char *capf_message_name(unsigned type);     /* "AUTH_REQ", as in events */
const char *capf_message_log_name(unsigned type); /* "CAPF_MSG_AUTH_REQ", as in the CAPF trace */
const char *capf_element_name(unsigned tag);      /* "DEVICE_NAME" */
const char *capf_reason_name(unsigned reason);    /* "unknown device" */
const char *capf_auth_type_name(unsigned type);   /* "null string" */
const char *capf_certificate_type_name(unsigned type); /* "LSC" */
const char *capf_key_type_name(unsigned type);         /* "RSA" */
const char *capf_curve_name(unsigned curve);           /* "P-384" */
const char *capf_digest_name(unsigned digest);         /* "SHA-512" */

/* The number of bits of a curve (256, 384, 521), 0 for an unknown one; and back: -1 for bits that
 * no curve has. */
unsigned capf_curve_bits(unsigned curve);
int capf_curve_of_bits(unsigned bits);

/* Whether a message type is known, and who sends it; CAPF_FROM_EITHER for an unknown one. */
bool capf_message_known(unsigned type);
enum capf_sender capf_message_sender(unsigned type);

#endif
