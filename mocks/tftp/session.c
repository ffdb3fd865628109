/* The state of one transfer is the number of the packet under way; everything else follows from it.
 * It must never send anything that nobody asked for, nor go on for a client that is gone. */
#include "mocks/tftp/session.h"

enum { DOUBLINGS_MAX = 16 };

uint64_t tftp_session_blocks(const struct tftp_session *s) {
    return s->content.len / s->block_size + 1;
}

static struct bytes block_of(const struct tftp_session *s) {
    size_t from = (size_t)(s->block - 1) * s->block_size;
    size_t left = s->content.len - from;
    if (left == 0)
        return bytes_of(NULL, 0); /* an empty file may have no address to count from */
    return bytes_of(s->content.data + from, left < s->block_size ? left : s->block_size);
}

static bool is_lost(const struct tftp_session *s) {
    if (s->block == 0)
        return false;
    bool stalled = s->damage.stall != 0 && s->block >= s->damage.stall;
    return stalled || (s->block == s->damage.drop && s->sent == 0);
}

static void put_packet(struct tftp_session *s, struct buf *out) {
    bool lost = is_lost(s);
    s->sent++;
    if (lost)
        return;
    if (s->block == 0)
        tftp_put_oack(out, &s->accepted, s->accepted.size ? (int64_t)s->content.len : -1);
    else
        tftp_put_data(out, (uint16_t)s->block, block_of(s)); /* 65535 is followed by 0 */
}

/* What is answered is what was asked for, with a block size that we can do; but no size of nothing:
 * libcurl calls an OACK with tsize 0 illegal (lib/tftp.c, tftp_parse_option_ack). */
static void negotiate(struct tftp_session *s, const struct tftp_request *request) {
    s->accepted = *request;
    s->accepted.size = request->size && s->content.len > 0;
    if (s->accepted.block_size > s->limits.block_size)
        s->accepted.block_size = s->limits.block_size;
    s->block_size = s->accepted.block_size != 0 ? s->accepted.block_size : TFTP_BLOCK_DEFAULT;
    if (request->timeout_s != 0)
        s->limits.timeout_us = (int64_t)request->timeout_s * 1000000;
}

void tftp_session_start(struct tftp_session *s, const struct tftp_request *request,
                        struct bytes content, const struct tftp_limits *limits,
                        const struct tftp_damage *damage, struct buf *out) {
    *s = (struct tftp_session){.content = content, .limits = *limits, .damage = *damage};
    negotiate(s, request);
    bool options = s->accepted.block_size != 0 || s->accepted.timeout_s != 0 || s->accepted.size;
    s->block = options ? 0 : 1;
    put_packet(s, out);
}

static enum tftp_progress next(struct tftp_session *s, struct buf *out) {
    s->acknowledged = s->block;
    if (s->block == tftp_session_blocks(s))
        return TFTP_DONE;
    s->block++;
    s->sent = 0;
    put_packet(s, out);
    return TFTP_SENDS;
}

static enum tftp_progress refuse(struct buf *out, enum tftp_error code) {
    tftp_put_error(out, code, tftp_error_text(code));
    return TFTP_FAILED;
}

enum tftp_progress tftp_session_packet(struct tftp_session *s, struct bytes packet, struct buf *out,
                                       struct err *e) {
    struct tftp_reply reply;
    struct err why = {0};
    if (tftp_reply_read(packet, &reply, &why) != 0) {
        if (why.code != ERR_TFTP_OPERATION)
            return TFTP_WAITS;
        err_set(e, why.code, "%s", why.text);
        return refuse(out, TFTP_ERROR_OPERATION);
    }
    if (reply.opcode == TFTP_ERROR) {
        err_set(e, ERR_TFTP_ABORTED, "the client sent error %u: %.*s", reply.number,
                (int)reply.text.len, (const char *)reply.text.data);
        return TFTP_FAILED;
    }
    return reply.number == (uint16_t)s->block ? next(s, out) : TFTP_WAITS;
}

int64_t tftp_session_wait_us(const struct tftp_session *s) {
    unsigned doublings = s->sent > 0 ? s->sent - 1 : 0;
    return s->limits.timeout_us << (doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX);
}

enum tftp_progress tftp_session_timeout(struct tftp_session *s, struct buf *out, struct err *e) {
    if (s->sent >= s->limits.tries) {
        err_set(e, ERR_SYS_TIMEOUT, "block %llu was not acknowledged, though sent %u times",
                (unsigned long long)s->block, s->sent);
        return TFTP_FAILED;
    }
    s->sent_again++;
    put_packet(s, out);
    return TFTP_SENDS;
}
