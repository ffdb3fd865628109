/* The packet of NTP version 4 (RFC 5905 section 7.3, RFC 4330 section 4), its arithmetic, and what
 * makes an answer one that a client may believe. */
#ifndef BASE_SNTP_PACKET_H
#define BASE_SNTP_PACKET_H

#include "base/bytes.h"
#include "base/err.h"
#include <stdint.h>

enum { SNTP_PACKET_BYTES = 48, SNTP_PORT = 123 };
enum { SNTP_VERSION = 4, SNTP_MODE_CLIENT = 3, SNTP_MODE_SERVER = 4 };
enum { SNTP_LEAP_UNSYNCHRONISED = 3, SNTP_STRATUM_UNSYNCHRONISED = 16 };

/* Timestamps and root fields as on the wire: seconds since 1900 modulo 2^32 above a fraction, and
 * seconds in 16.16. */
struct sntp_packet {
    uint8_t leap, version, mode, stratum;
    int8_t poll, precision; /* powers of two of a second */
    uint32_t root_delay, root_dispersion;
    uint8_t reference_id[4]; /* the kiss code when stratum is 0 */
    uint64_t reference, originate, receive, transmit;
};

/* What stands behind the 48 octets (extensions, a MAC) is not looked at. -1 NTP_BAD_ANSWER when it
 * is shorter. */
int sntp_read(struct bytes octets, struct sntp_packet *out, struct err *e);
void sntp_write(const struct sntp_packet *p, uint8_t out[SNTP_PACKET_BYTES]);

/* Microseconds since 1970 as a timestamp, and a - b in microseconds, right as long as the two are
 * within 68 years (RFC 5905 section 6), whatever the era. */
uint64_t sntp_timestamp(int64_t wall_us);
int64_t sntp_difference_us(uint64_t a, uint64_t b);

/* Whether the answer was made for the request whose transmit timestamp was `sent`. One that was not
 * may come from anybody, so the client goes on waiting. -1 NTP_BAD_ANSWER. */
int sntp_is_for(const struct sntp_packet *answer, uint64_t sent, struct err *e);

/* Whether its time may be taken (RFC 4330 section 5, RFC 5905 sections 7.4 and A.5.1.1). -1
 * NTP_KISS with the code in the text, NTP_UNSYNCHRONISED, NTP_BAD_ANSWER. */
int sntp_is_usable(const struct sntp_packet *answer, struct err *e);

/* Server's clock minus ours, when the request left at `left` and the answer came at `came` on our
 * clock. */
int64_t sntp_offset_us(const struct sntp_packet *answer, uint64_t left, uint64_t came);

#endif
