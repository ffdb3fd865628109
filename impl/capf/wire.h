/* The CAPF wire format: frames, elements, messages (capf-protocol.md 2, 3, 4 and 13), read and
 * written, and shown as the CAPF trace shows them.
 *
 * Every byte read comes from a peer: all reads are bounds-checked, a fault gives one error code,
 * and nothing here knows of sessions or states. Parsed messages are views into the frame. */
#ifndef CAPF_WIRE_H
#define CAPF_WIRE_H

#include "base/bytes.h"
#include "base/err.h"
#include "capf/names.h"
#include <stdbool.h>
#include <stdint.h>

/* One element, when present. The encoding in CAPF_ELEMENT_TABLE says which of the two fields count:
 * numbers U8 and U16: number; STRING and OCTETS: octets; CERTIFICATE: number is the certificate
 * type and octets the DER; SHA2_SIGNED_DATA: number is the digest id and octets the signature. */
struct capf_element {
    bool present;
    uint16_t number;
    struct bytes octets; /* a view: of the frame when parsed, of the caller's bytes when written */
};

#define CAPF_NUMBER(value) ((struct capf_element){.present = true, .number = (uint16_t)(value)})
#define CAPF_OCTETS(view)  ((struct capf_element){.present = true, .octets = (view)})
#define CAPF_NUMBERED_OCTETS(value, view)                                                          \
    ((struct capf_element){.present = true, .number = (uint16_t)(value), .octets = (view)})

/* A message: one member for each row of CAPF_ELEMENT_TABLE (reason, reason_info, certificate_type,
 * certificate, ..., sha2_signed_data). Copying it copies views, not bytes.
 *
 *     struct capf_message m = {.type = CAPF_MSG_KEY_GEN_REQ, .session_id = id,
 *                              .key_size = CAPF_NUMBER(2048)};
 *     capf_message_write(&m, &out, e);
 */
struct capf_message {
    uint8_t type; /* enum capf_type, or a number that no table row has */
    uint32_t session_id;
    uint16_t length; /* of the body as the header says; set by parsing, ignored by writing */
#define CAPF_ELEMENT_MEMBER(tag, name, member, encoding, repeat) struct capf_element member;
    CAPF_ELEMENT_TABLE(CAPF_ELEMENT_MEMBER)
#undef CAPF_ELEMENT_MEMBER
};

/* For reassembly from a stream. received: what has arrived and not yet been consumed. *need: length
 * of the frame at its front, or CAPF_HEADER_LEN while the header is not complete; the frame is
 * there when received.len >= *need, and more frames may follow it. -1 CAPF_FRAME as soon as the
 * first byte is not the protocol discriminator. */
int capf_frame_length(struct bytes received, size_t *need, struct err *e);

/* Parses exactly one frame (as long as capf_frame_length says). *m holds views into frame.
 *
 * Unknown tags are skipped; a message type that no table row has parses with its elements, so that
 * the state machine can refuse it as unexpected. -1:
 *   CAPF_FRAME              wrong discriminator, header cut short, body length other than the frame
 *   CAPF_ELEMENT            element header or value over the end of the body; fixed-width element
 *                           of another length; nested lengths that do not add up exactly;
 *                           DEVICE_NAME with a NUL inside, empty, over 128, or with a character
 *                           outside [A-Za-z0-9_.-]
 *   CAPF_DUPLICATE_ELEMENT  REASON, VERSION, PUBLIC_KEY, PASSWORD or DEVICE_NAME twice
 *   CAPF_MISSING_ELEMENT    what CAPF_MESSAGE_TABLE says the message needs is not there
 * A string without its NUL is accepted and ends at its first NUL otherwise. */
int capf_message_parse(struct bytes frame, struct capf_message *m, struct err *e);

/* -1 CAPF_SESSION_ID when m belongs to another session. */
int capf_message_check_session(const struct capf_message *m, uint32_t session_id, struct err *e);

/* Appends the message as one frame, so that one TLS write can send it (capf-protocol.md 1);
 * elements in the order of CAPF_ELEMENT_TABLE. What a message needs is not checked here: the mocks
 * write incomplete ones on purpose. On failure out is as before. -1 CAPF_FRAME: body over 65535;
 * CAPF_ELEMENT: a number that does not fit its width; SYS_LIMIT: out is full. */
int capf_message_write(const struct capf_message *m, struct buf *out, struct err *e);

/* Appends the decoded message as lines, each ended by '\n', as in CAPF's trace (capf-protocol.md
 * 9.3; the MsgType line is seed 1's):
 *
 *     Decoded Phone Msg:
 *          Protocol Discriminator: 55
 *          MsgType      : CAPF_MSG_END_SESSION
 *          Session Id   : 42
 *          Length       : 4
 *          Reason       : 1 (ok)
 *
 * Peer text is escaped. PASSWORD is shown as present, never by value; keys, certificates and
 * signatures by their length. */
void capf_message_dump(const struct capf_message *m, struct buf *out);

/* Appends "HEX_DUMP: Len = n:" and lines of 8 bytes ("55 01 00 00 00 2a 00 04"), each ended by
 * '\n'. frame may be malformed or cut; the value of every PASSWORD element is shown as "**", and so
 * is all that follows an element whose length cannot be believed. Of a frame longer than any peer
 * sends (capf-protocol.md 1) the rest is only counted ("... 61439 more"). */
enum { CAPF_HEX_DUMP_MAX = 4096 };
void capf_frame_hex_dump(struct bytes frame, struct buf *out);

/* Appends a short text for events and one-line logs: "version 3, SEP74A02FC0A675, null string". No
 * secrets. */
void capf_message_summary(const struct capf_message *m, struct buf *out);

#endif
