/* Reading, writing and judging NTP packets. Everything here is a pure function of octets that a
 * stranger may have sent: nothing of them is believed before both judgements. */
#include "base/sntp_packet.h"
#include <stdbool.h>
#include <string.h>

/* Seconds from 1900 to 1970. */
#define EPOCH_1970 UINT64_C(2208988800)

static const int64_t SECOND_US = 1000000;
static const uint64_t ROOT_DISTANCE_MAX = UINT64_C(16) << 16; /* MAXDISP of RFC 5905, in 16.16 */

static uint64_t take_u64(struct cursor *c) {
    uint32_t high = 0;
    uint32_t low = 0;
    cursor_u32(c, &high);
    cursor_u32(c, &low);
    return (uint64_t)high << 32 | low;
}

int sntp_read(struct bytes octets, struct sntp_packet *out, struct err *e) {
    if (octets.len < SNTP_PACKET_BYTES)
        return err_set(e, ERR_NTP_BAD_ANSWER, "a packet of %zu octets is too short", octets.len);
    struct cursor c = cursor_of(octets);
    uint8_t head[4] = {0};
    struct bytes id = {0};
    for (size_t i = 0; i < sizeof head; i++)
        cursor_u8(&c, &head[i]);
    *out = (struct sntp_packet){.leap = head[0] >> 6,
                                .version = head[0] >> 3 & 7,
                                .mode = head[0] & 7,
                                .stratum = head[1],
                                .poll = (int8_t)head[2],
                                .precision = (int8_t)head[3]};
    cursor_u32(&c, &out->root_delay);
    cursor_u32(&c, &out->root_dispersion);
    cursor_bytes(&c, sizeof out->reference_id, &id);
    memcpy(out->reference_id, id.data, sizeof out->reference_id);
    out->reference = take_u64(&c);
    out->originate = take_u64(&c);
    out->receive = take_u64(&c);
    out->transmit = take_u64(&c);
    return 0;
}

static uint8_t *put(uint8_t *at, uint64_t value, unsigned octets) {
    for (unsigned i = octets; i > 0; i--)
        *at++ = (uint8_t)(value >> (8 * (i - 1)));
    return at;
}

void sntp_write(const struct sntp_packet *p, uint8_t out[SNTP_PACKET_BYTES]) {
    uint8_t *at = out;
    *at++ = (uint8_t)((p->leap & 3) << 6 | (p->version & 7) << 3 | (p->mode & 7));
    *at++ = p->stratum;
    *at++ = (uint8_t)p->poll;
    *at++ = (uint8_t)p->precision;
    at = put(at, p->root_delay, 4);
    at = put(at, p->root_dispersion, 4);
    memcpy(at, p->reference_id, sizeof p->reference_id);
    at += sizeof p->reference_id;
    at = put(at, p->reference, 8);
    at = put(at, p->originate, 8);
    at = put(at, p->receive, 8);
    put(at, p->transmit, 8);
}

/* The fraction is rounded up, so that the way back, which rounds down, gives the same microsecond.
 */
uint64_t sntp_timestamp(int64_t wall_us) {
    int64_t second = wall_us / SECOND_US;
    int64_t us = wall_us % SECOND_US;
    if (us < 0) {
        us += SECOND_US;
        second--;
    }
    uint64_t fraction = (((uint64_t)us << 32) + (uint64_t)SECOND_US - 1) / (uint64_t)SECOND_US;
    return ((uint64_t)second + EPOCH_1970) << 32 | fraction;
}

int64_t sntp_difference_us(uint64_t a, uint64_t b) {
    int64_t difference = (int64_t)(a - b);
    int64_t fraction = difference & UINT32_MAX;
    return (difference >> 32) * SECOND_US + (fraction * SECOND_US >> 32);
}

int sntp_is_for(const struct sntp_packet *answer, uint64_t sent, struct err *e) {
    if (answer->mode != SNTP_MODE_SERVER)
        return err_set(e, ERR_NTP_BAD_ANSWER, "mode %u is not a server's", answer->mode);
    if (answer->version < 1 || answer->version > SNTP_VERSION)
        return err_set(e, ERR_NTP_BAD_ANSWER, "version %u", answer->version);
    if (answer->originate != sent)
        return err_set(e, ERR_NTP_BAD_ANSWER, "the originate timestamp is not of our request");
    return 0;
}

static bool is_printable(const uint8_t *text, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            return false;
    return true;
}

static int kiss(const struct sntp_packet *answer, struct err *e) {
    const uint8_t *code = answer->reference_id;
    if (!is_printable(code, sizeof answer->reference_id))
        return err_set(e, ERR_NTP_KISS, "kiss-o'-death %02x%02x%02x%02x", code[0], code[1], code[2],
                       code[3]);
    return err_set(e, ERR_NTP_KISS, "kiss-o'-death %.4s", (const char *)code);
}

int sntp_is_usable(const struct sntp_packet *answer, struct err *e) {
    if (answer->stratum == 0)
        return kiss(answer, e);
    if (answer->leap == SNTP_LEAP_UNSYNCHRONISED || answer->stratum >= SNTP_STRATUM_UNSYNCHRONISED)
        return err_set(e, ERR_NTP_UNSYNCHRONISED, "the server is not synchronised");
    if (answer->transmit == 0 || answer->receive == 0)
        return err_set(e, ERR_NTP_BAD_ANSWER, "a timestamp is missing");
    if (sntp_difference_us(answer->transmit, answer->receive) < 0)
        return err_set(e, ERR_NTP_BAD_ANSWER, "it was sent before its request came");
    if ((uint64_t)answer->root_delay / 2 + answer->root_dispersion >= ROOT_DISTANCE_MAX)
        return err_set(e, ERR_NTP_UNSYNCHRONISED, "the server is too far from its reference");
    return 0;
}

int64_t sntp_offset_us(const struct sntp_packet *answer, uint64_t left, uint64_t came) {
    int64_t there = sntp_difference_us(answer->receive, left);
    int64_t back = sntp_difference_us(answer->transmit, came);
    return there / 2 + back / 2 + (there % 2 + back % 2) / 2;
}
