/* TFTP packets (RFC 1350 section 5 and its appendix; options of RFC 2347, 2348 and 2349): a
 * server's half, which reads requests and acknowledgements and writes what answers them. */
#ifndef MOCKS_TFTP_PACKET_H
#define MOCKS_TFTP_PACKET_H

#include "base/bytes.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    TFTP_REQUEST_MAX = 512, /* octets of a request (RFC 2347) */
    TFTP_HEADER = 4,
    TFTP_BLOCK_DEFAULT = 512,
    TFTP_BLOCK_MIN = 8, /* RFC 2348 */
    TFTP_BLOCK_MAX = 65464,
    TFTP_PACKET_MAX = TFTP_HEADER + TFTP_BLOCK_MAX,
    TFTP_TIMEOUT_MAX = 255, /* seconds, from 1 (RFC 2349) */
};

/* X(NAME, opcode) */
#define TFTP_OPCODE_TABLE(X)                                                                       \
    X(RRQ, 1)                                                                                      \
    X(WRQ, 2)                                                                                      \
    X(DATA, 3)                                                                                     \
    X(ACK, 4)                                                                                      \
    X(ERROR, 5)                                                                                    \
    X(OACK, 6)
enum tftp_opcode {
#define TFTP_OPCODE_ENUM(name, number) TFTP_##name = (number),
    TFTP_OPCODE_TABLE(TFTP_OPCODE_ENUM)
#undef TFTP_OPCODE_ENUM
};

/* X(NAME, error code, text) */
#define TFTP_ERROR_TABLE(X)                                                                        \
    X(UNDEFINED, 0, "Not defined")                                                                 \
    X(NOT_FOUND, 1, "File not found")                                                              \
    X(ACCESS, 2, "Access violation")                                                               \
    X(DISK_FULL, 3, "Disk full or allocation exceeded")                                            \
    X(OPERATION, 4, "Illegal TFTP operation")                                                      \
    X(UNKNOWN_ID, 5, "Unknown transfer ID")                                                        \
    X(EXISTS, 6, "File already exists")                                                            \
    X(NO_USER, 7, "No such user")                                                                  \
    X(OPTION, 8, "Option negotiation failed")
enum tftp_error {
#define TFTP_ERROR_ENUM(name, number, text) TFTP_ERROR_##name = (number),
    TFTP_ERROR_TABLE(TFTP_ERROR_ENUM)
#undef TFTP_ERROR_ENUM
        TFTP_ERRORS
};

/* "File not found"; that of 0 for a code outside the table. */
const char *tftp_error_text(unsigned code);
/* The code to answer with for an error of ours: TFTP_NOT_FOUND is 1 and so on; 0 for others. */
enum tftp_error tftp_error_of(enum err_code code);

/* A read request. Numbers are 0 when the option was not given, or given with 0 (tsize). */
struct tftp_request {
    char name[TFTP_REQUEST_MAX]; /* not empty; any octet but NUL */
    bool netascii;               /* else octet */
    bool size;                   /* the client asks for tsize */
    unsigned block_size;
    unsigned timeout_s;
};

/* Reads a request. -1 with TFTP_PACKET, TFTP_OPERATION (not a read request, or mode mail) or
 * TFTP_OPTION (a value outside its RFC, an option twice); unknown options are passed over (RFC
 * 2347).
 */
int tftp_request_read(struct bytes packet, struct tftp_request *out, struct err *e);

/* Whether an error may be answered with an error: what is itself one, or too short to be anything,
 * must not (RFC 1350 section 7: else two servers would talk for ever). */
bool tftp_may_answer(struct bytes packet);

/* What a client sends during a transfer. */
struct tftp_reply {
    enum tftp_opcode opcode; /* ACK or ERROR */
    uint16_t number;         /* block, or error code */
    struct bytes text;       /* of ERROR; a view of the packet, any octets */
};
/* -1 TFTP_PACKET (too short, no such opcode) or TFTP_OPERATION (not for a server to receive). */
int tftp_reply_read(struct bytes packet, struct tftp_reply *out, struct err *e);

/* Each appends one packet. An OACK names the options with a number; size < 0: no tsize. */
void tftp_put_data(struct buf *out, uint16_t block, struct bytes data);
void tftp_put_error(struct buf *out, unsigned code, const char *text);
void tftp_put_oack(struct buf *out, const struct tftp_request *accepted, int64_t size);

/* Appends text in netascii (RFC 764: LF becomes CR LF, CR becomes CR NUL). */
void tftp_put_netascii(struct buf *out, struct bytes text);

#endif
