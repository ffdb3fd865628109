/* Reaches sntp_read, sntp_write, sntp_is_for, sntp_is_usable, sntp_offset_us and
 * sntp_difference_us. Input: a packet of an NTP server; the 16 octets behind it are when the
 * request left and when the answer came. Floor: 1000000/s. */
#include "base/sntp_packet.h"
#include "fuzz/fuzz.h"
#include <stdbool.h>
#include <string.h>

static uint64_t u64_at(const uint8_t *data) {
    uint64_t v = 0;
    for (size_t i = 0; i < 8; i++)
        v = v << 8 | data[i];
    return v;
}

/* Offsets are within the 68 years that differences are, and ways there and back of the same length
 * change nothing. */
static void check_offset(const struct sntp_packet *p, const uint8_t *times) {
    static const int64_t most_us = INT64_C(2147483648) * 1000000;
    int64_t offset = sntp_offset_us(p, u64_at(times), u64_at(times + 8));
    FUZZ_CHECK(offset >= -most_us && offset <= most_us);
    struct sntp_packet instant = *p;
    instant.transmit = p->receive;
    int64_t exact = sntp_offset_us(&instant, u64_at(times), u64_at(times));
    FUZZ_CHECK(exact == sntp_difference_us(p->receive, u64_at(times)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sntp_packet p;
    struct err e = {0};
    uint8_t again[SNTP_PACKET_BYTES];
    if (sntp_read(bytes_of(data, size), &p, &e) != 0) {
        FUZZ_CHECK(size < SNTP_PACKET_BYTES && e.code == ERR_NTP_BAD_ANSWER);
        return 0;
    }
    sntp_write(&p, again);
    FUZZ_CHECK(memcmp(again, data, sizeof again) == 0);
    FUZZ_CHECK(sntp_is_for(&p, ~p.originate, &e) == -1 && e.code == ERR_NTP_BAD_ANSWER);
    sntp_is_for(&p, p.originate, &e);
    bool usable = sntp_is_usable(&p, &e) == 0;
    FUZZ_CHECK(!usable || (p.stratum > 0 && p.stratum < SNTP_STRATUM_UNSYNCHRONISED && p.leap < 3));
    if (size >= SNTP_PACKET_BYTES + 16)
        check_offset(&p, data + SNTP_PACKET_BYTES);
    return 0;
}
