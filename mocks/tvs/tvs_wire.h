/* The wire format of the Trust Verification Service: frames, elements, messages (tvs-protocol.md 2
 * to 4), read and written for both sides.
 *
 * Every byte read comes from a peer: all reads are bounds-checked, a fault gives one error code,
 * and nothing here knows of connections or stores. Parsed messages are views into the frame. */
#ifndef MOCKS_TVS_TVS_WIRE_H
#define MOCKS_TVS_TVS_WIRE_H

#include "base/bytes.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    TVS_DISCRIMINATOR = 0x57,
    TVS_VERSION = 1,
    TVS_HEADER_LEN = 10,
    TVS_BODY_MAX = 65535,
    TVS_FRAME_MAX = TVS_HEADER_LEN + TVS_BODY_MAX,
    TVS_DEVICE_NAME_MAX = 64, /* "CP-8861-SEPB000B4BA0AEE" has 23 */
    TVS_NAME_MAX = 1024,      /* a subject or issuer, without its NUL */
    TVS_SERIAL_MAX = 64,
    TVS_ROLES_MAX = 64,
    TVS_PORT = 2445,
    TVS_FIRST_ID = 1001 /* of a phone's requests (tvs-protocol.md 2) */
};

/* X(number, NAME, NEEDS, name in the log): tvs-protocol.md 3. NEEDS: enum tvs_needs. */
#define TVS_COMMAND_TABLE(X)                                                                       \
    X(1, CERT_VERIFICATION_REQ, CERTIFICATE, "CERT_VERIF_REQ")                                     \
    X(2, CERT_VERIFICATION_RES, STATUS, "CERT_VERIF_RES")                                          \
    X(3, QUERY_CERT_REQ, NAMES_AND_SERIAL, "QUERY_CERT_REQ")                                       \
    X(4, QUERY_CERT_RES, STATUS, "QUERY_CERT_RES")

enum tvs_command {
#define TVS_COMMAND_ENUM(number, name, needs, log) TVS_##name = (number),
    TVS_COMMAND_TABLE(TVS_COMMAND_ENUM)
#undef TVS_COMMAND_ENUM
};

/* What a message holds at least. */
enum tvs_needs {
    TVS_NEEDS_CERTIFICATE,      /* and DEVICE_NAME */
    TVS_NEEDS_NAMES_AND_SERIAL, /* and DEVICE_NAME */
    TVS_NEEDS_STATUS
};

/* How a value is written, and which field of struct tvs_element holds it. */
enum tvs_encoding {
    TVS_ENC_U8,     /* number, exactly one byte */
    TVS_ENC_U32,    /* number, exactly four bytes, big-endian */
    TVS_ENC_DEVICE, /* octets behind a byte 01; no NUL */
    TVS_ENC_STRING, /* octets without the NUL that the wire carries and counts */
    TVS_ENC_OCTETS  /* octets as they are */
};

/* X(tag, NAME, member, encoding, least, most octets): tvs-protocol.md 4, in the order in which
 * messages are written. Tags 4 and 5 are inferred there: see tvs_message_parse. */
#define TVS_ELEMENT_TABLE(X)                                                                       \
    X(7, STATUS, status, U8, 0, 0)                                                                 \
    X(1, DEVICE_NAME, device, DEVICE, 1, TVS_DEVICE_NAME_MAX)                                      \
    X(2, CERTIFICATE, certificate, OCTETS, 1, TVS_BODY_MAX)                                        \
    X(3, SUBJECT_NAME, subject, STRING, 0, TVS_NAME_MAX)                                           \
    X(4, ISSUER_NAME, issuer, STRING, 1, TVS_NAME_MAX)                                             \
    X(5, SERIAL_NUMBER, serial, OCTETS, 1, TVS_SERIAL_MAX)                                         \
    X(8, ROLES, roles, OCTETS, 0, TVS_ROLES_MAX)                                                   \
    X(9, TTL, ttl, U32, 0, 0)

enum tvs_tag {
#define TVS_TAG_ENUM(tag, name, member, encoding, least, most) TVS_TAG_##name = (tag),
    TVS_ELEMENT_TABLE(TVS_TAG_ENUM)
#undef TVS_TAG_ENUM
};

/* X(value, NAME): of element STATUS; what is not VALID is a no. */
#define TVS_STATUS_TABLE(X)                                                                        \
    X(0, VALID)                                                                                    \
    X(1, INVALID)

enum tvs_status {
#define TVS_STATUS_ENUM(value, name) TVS_STATUS_##name = (value),
    TVS_STATUS_TABLE(TVS_STATUS_ENUM)
#undef TVS_STATUS_ENUM
};

struct tvs_element {
    bool present;
    uint32_t number;
    struct bytes octets; /* a view: of the frame when parsed, of the caller's bytes when written */
};

#define TVS_NUMBER(value) ((struct tvs_element){.present = true, .number = (uint32_t)(value)})
#define TVS_OCTETS(view)  ((struct tvs_element){.present = true, .octets = (view)})

/* A message: one member for each row of TVS_ELEMENT_TABLE (device, certificate, subject, issuer,
 * serial, status, roles, ttl). Copying it copies views, not bytes. */
struct tvs_message {
    uint8_t command; /* enum tvs_command */
    uint32_t id;     /* the server's answer has that of the request */
    uint16_t length; /* of the body as the header says; set by parsing, ignored by writing */
#define TVS_ELEMENT_MEMBER(tag, name, member, encoding, least, most) struct tvs_element member;
    TVS_ELEMENT_TABLE(TVS_ELEMENT_MEMBER)
#undef TVS_ELEMENT_MEMBER
};

/* "CERT_VERIFICATION_REQ", and "CERT_VERIF_REQ" as CUCM's log has it; "command 9" for no row. */
enum { TVS_WORD_MAX = 32 };
void tvs_command_name(uint8_t command, char out[TVS_WORD_MAX]);
void tvs_command_log_name(uint8_t command, char out[TVS_WORD_MAX]);

/* For reassembly from a stream. received: what has arrived and not yet been consumed. *need: length
 * of the frame at its front, or TVS_HEADER_LEN while the header is not complete; the frame is there
 * when received.len >= *need, and more frames may follow it. -1 TVS_FRAME as soon as discriminator,
 * version or command is none of ours. */
int tvs_frame_length(struct bytes received, size_t *need, struct err *e);

/* Parses exactly one frame (as long as tvs_frame_length says). *m holds views into frame.
 *
 * The reserved byte is ignored (CUCM leaves garbage there), unknown tags are skipped. Of a
 * QUERY_CERT_REQ, whose tags behind 3 nobody has seen, tags 4 to 6 are told apart by what they
 * hold: the first text with its NUL is the issuer, the other one the serial. -1:
 *   TVS_FRAME              wrong discriminator, version or command; header cut short; body length
 *                          other than the frame
 *   TVS_ELEMENT            element header or value over the end of the body; a value longer or
 *                          shorter than its row allows; a name without its NUL, with one inside, or
 *                          with control characters; DEVICE_NAME without its 01, or with a character
 *                          outside [A-Za-z0-9_.-]
 *   TVS_DUPLICATE_ELEMENT  a known element twice
 *   TVS_MISSING_ELEMENT    what TVS_COMMAND_TABLE says the message needs is not there */
int tvs_message_parse(struct bytes frame, struct tvs_message *m, struct err *e);

/* Appends the message as one frame, so that one TLS write can send it; elements in the order of the
 * table. What a message needs is not checked here: the mock writes
 * incomplete ones on purpose. On failure out is as before. -1 TVS_FRAME: body over 65535;
 * TVS_ELEMENT: a value longer or shorter than its row allows; SYS_LIMIT: out is full. */
int tvs_message_write(const struct tvs_message *m, struct buf *out, struct err *e);

/* Whether the roles (one byte each, enum of the trust lists' FUNCTION) have this one. */
bool tvs_has_role(struct bytes roles, unsigned role);

/* Appends a short text for events: "CP-8861-SEPB000B4BA0AEE, serial 05af..", "status 0, roles 0 3,
 * ttl 86400". Peer text is plain: the reader let no control character in. */
void tvs_message_summary(const struct tvs_message *m, struct buf *out);

#endif
