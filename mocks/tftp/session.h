/* One transfer from server to client (RFC 1350 sections 2, 4 and 6; RFC 2347), without its socket
 * and timer: packets and ends of waiting go in, packets come out.
 *
 * Lock-step: one block under way. Only the timer sends a block again, never a duplicate of an ACK,
 * or each of them would be doubled to the end of the file (RFC 1123 section 4.2.3.1). */
#ifndef MOCKS_TFTP_SESSION_H
#define MOCKS_TFTP_SESSION_H

#include "mocks/tftp/packet.h"

struct tftp_limits {
    unsigned block_size; /* larger ones that a client asks for are answered with this one */
    int64_t timeout_us;  /* before the first packet is sent again; doubled each time */
    unsigned tries;      /* how often a packet is sent before the transfer is given up */
};

/* What a fault does to a transfer; numbers of blocks, from 1; 0: none. */
struct tftp_damage {
    uint64_t drop;  /* this block is lost once */
    uint64_t stall; /* from this block on nothing is sent any more */
};

enum tftp_progress {
    TFTP_WAITS,  /* nothing has changed */
    TFTP_SENDS,  /* what was put into out goes to the client, and waiting begins anew */
    TFTP_DONE,   /* the client has everything */
    TFTP_FAILED, /* over; `e` says why. What was put into out (maybe nothing) goes to the client */
};

struct tftp_session {
    struct bytes content; /* not owned; in the form of the mode */
    struct tftp_limits limits;
    struct tftp_damage damage;
    struct tftp_request accepted; /* the options as answered */
    size_t block_size;
    uint64_t block;      /* the one under way, from 1; 0: the OACK */
    unsigned sent;       /* how often the packet under way was sent */
    uint64_t sent_again; /* how often any was, for the log */
    uint64_t acknowledged;
};

/* Begins: puts OACK or the first DATA. content must outlive the session. */
void tftp_session_start(struct tftp_session *s, const struct tftp_request *request,
                        struct bytes content, const struct tftp_limits *limits,
                        const struct tftp_damage *damage, struct buf *out);

/* A packet from the client of this transfer. FAILED with TFTP_ABORTED (the client sent an error),
 * TFTP_OPERATION (it sent what a client never sends). What cannot be read, and ACKs of other
 * blocks, change nothing. */
enum tftp_progress tftp_session_packet(struct tftp_session *s, struct bytes packet, struct buf *out,
                                       struct err *e);

/* Nothing came for tftp_session_wait_us. FAILED with SYS_TIMEOUT after the last try. */
enum tftp_progress tftp_session_timeout(struct tftp_session *s, struct buf *out, struct err *e);
int64_t tftp_session_wait_us(const struct tftp_session *s);

/* How many blocks the content has: the last is shorter than the others, maybe empty. */
uint64_t tftp_session_blocks(const struct tftp_session *s);

#endif
