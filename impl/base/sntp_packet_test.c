/* NTP packets: reading, writing, arithmetic over eras, and the answers that a client must refuse,
 * each a file of testdata/ntp made for a request with transmit timestamp 0123456789abcdef. */
#include "base/file.h"
#include "base/owned.h"
#include "base/sntp_packet.h"
#include "base/test.h"
#include <string.h>

#define SENT UINT64_C(0x0123456789abcdef)

static const struct {
    const char *file;
    enum err_code code;
    const char *text;
} answers[] = {
    {"good", ERR_OK, ""},
    {"good-leap-second-comes", ERR_OK, ""},
    {"good-version-3", ERR_OK, ""},
    {"good-with-mac", ERR_OK, ""},
    {"good-garbage-behind", ERR_OK, ""},
    {"empty", ERR_NTP_BAD_ANSWER, "a packet of 0 octets is too short"},
    {"one-octet", ERR_NTP_BAD_ANSWER, "a packet of 1 octets is too short"},
    {"short", ERR_NTP_BAD_ANSWER, "a packet of 47 octets is too short"},
    {"client-mode", ERR_NTP_BAD_ANSWER, "mode 3 is not a server's"},
    {"broadcast-mode", ERR_NTP_BAD_ANSWER, "mode 5 is not a server's"},
    {"control-mode", ERR_NTP_BAD_ANSWER, "mode 6 is not a server's"},
    {"version-0", ERR_NTP_BAD_ANSWER, "version 0"},
    {"version-7", ERR_NTP_BAD_ANSWER, "version 7"},
    {"other-originate", ERR_NTP_BAD_ANSWER, "the originate timestamp is not of our request"},
    {"no-originate", ERR_NTP_BAD_ANSWER, "the originate timestamp is not of our request"},
    {"kiss-forged", ERR_NTP_BAD_ANSWER, "the originate timestamp is not of our request"},
    {"kiss-deny", ERR_NTP_KISS, "kiss-o'-death DENY"},
    {"kiss-rate", ERR_NTP_KISS, "kiss-o'-death RATE"},
    {"kiss-octets", ERR_NTP_KISS, "kiss-o'-death 0a00ff25"},
    {"unsynchronised", ERR_NTP_UNSYNCHRONISED, "the server is not synchronised"},
    {"stratum-16", ERR_NTP_UNSYNCHRONISED, "the server is not synchronised"},
    {"stratum-255", ERR_NTP_UNSYNCHRONISED, "the server is not synchronised"},
    {"no-transmit", ERR_NTP_BAD_ANSWER, "a timestamp is missing"},
    {"no-receive", ERR_NTP_BAD_ANSWER, "a timestamp is missing"},
    {"sent-before-received", ERR_NTP_BAD_ANSWER, "it was sent before its request came"},
    {"far-from-reference", ERR_NTP_UNSYNCHRONISED, "the server is too far from its reference"},
    {"root-overflow", ERR_NTP_UNSYNCHRONISED, "the server is too far from its reference"},
    {"all-ones", ERR_NTP_BAD_ANSWER, "mode 7 is not a server's"},
    {"zeroes", ERR_NTP_BAD_ANSWER, "mode 0 is not a server's"},
};

static void load(const char *name, struct buf *out) {
    AUTO(char) path = path_join(TESTDATA, "ntp/%s.bin", name);
    struct err e = {0};
    ck_assert_ok(file_read(path, out, &e), e);
}

/* Exactly as long as the packet, so that a read behind its end is seen. */
static int judge(struct bytes octets, struct err *e) {
    struct sntp_packet p;
    uint8_t *exact = malloc(octets.len + 1);
    ck_assert_ptr_nonnull(exact);
    memcpy(exact + 1, octets.data, octets.len);
    int rc = sntp_read(bytes_of(exact + 1, octets.len), &p, e);
    free(exact);
    if (rc == 0)
        rc = sntp_is_for(&p, SENT, e);
    return rc == 0 ? sntp_is_usable(&p, e) : rc;
}

START_TEST(each_answer_is_judged) {
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        AUTO_BUF octets = BUF_INIT(4096);
        struct err e = {0};
        buf_put_str(&octets, "");
        load(answers[i].file, &octets);
        judge(buf_view(&octets), &e);
        ck_assert_msg(e.code == answers[i].code, "%s: %s", answers[i].file, err_name(e.code));
        ck_assert_str_eq(e.text, answers[i].text);
    }
}
END_TEST

START_TEST(fields_are_where_the_rfc_puts_them) {
    AUTO_BUF octets = BUF_INIT(4096);
    struct err e = {0};
    struct sntp_packet p;
    load("good", &octets);
    ck_assert_ok(sntp_read(buf_view(&octets), &p, &e), e);
    ck_assert_uint_eq(p.leap, 0);
    ck_assert_uint_eq(p.version, 4);
    ck_assert_uint_eq(p.mode, 4);
    ck_assert_uint_eq(p.stratum, 2);
    ck_assert_int_eq(p.poll, 6);
    ck_assert_int_eq(p.precision, -20);
    ck_assert_uint_eq(p.root_delay, 0x10);
    ck_assert_uint_eq(p.root_dispersion, 0x20);
    ck_assert_mem_eq(p.reference_id, "\x7f\0\0\x01", 4);
    ck_assert_uint_eq(p.reference, UINT64_C(0xeea0000000000000));
    ck_assert_uint_eq(p.originate, SENT);
    ck_assert_uint_eq(p.receive, UINT64_C(0xeea0000180000000));
    ck_assert_uint_eq(p.transmit, UINT64_C(0xeea0000180001000));
}
END_TEST

START_TEST(what_is_read_is_written_again) {
    AUTO_BUF octets = BUF_INIT(4096);
    struct err e = {0};
    struct sntp_packet p;
    uint8_t again[SNTP_PACKET_BYTES];
    load("good-leap-second-comes", &octets);
    ck_assert_ok(sntp_read(buf_view(&octets), &p, &e), e);
    sntp_write(&p, again);
    ck_assert_uint_eq(octets.len, sizeof again);
    ck_assert_mem_eq(octets.data, again, sizeof again);
}
END_TEST

/* The seconds of RFC 5905 figure 4. */
START_TEST(timestamps_of_known_days) {
    static const int64_t second = 1000000;
    ck_assert_uint_eq(sntp_timestamp(0) >> 32, 2208988800);
    ck_assert_uint_eq(sntp_timestamp(INT64_C(63072000) * second) >> 32, 2272060800);
    ck_assert_uint_eq(sntp_timestamp(INT64_C(946598400) * second) >> 32, 3155587200);
    ck_assert_uint_eq(sntp_timestamp(INT64_C(-2208988800) * second), 0);
    ck_assert_uint_eq(sntp_timestamp(INT64_C(2085978496) * second), 0); /* 2036-02-07 06:28:16 */
    ck_assert_uint_eq(sntp_timestamp(INT64_C(500000)) & UINT32_MAX, 0x80000000);
}
END_TEST

START_TEST(differences_are_exact_to_the_microsecond) {
    static const int64_t starts[] = {
        0, 1, 999999, INT64_C(1795000000123457), INT64_C(2085978495999999), INT64_C(-1)};
    static const int64_t steps[] = {0,  1,      -1,      333333,
                                    -7, 999999, 1000000, INT64_C(-2000000000123457)};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
            uint64_t a = sntp_timestamp(starts[i] + steps[k]);
            int64_t difference = sntp_difference_us(a, sntp_timestamp(starts[i]));
            ck_assert_int_le(llabs(difference - steps[k]), 1);
        }
    ck_assert_int_eq(sntp_difference_us(0, UINT64_MAX), 0);
    ck_assert_int_eq(sntp_difference_us(UINT64_C(1) << 63, 0), INT64_C(-2147483648000000));
}
END_TEST

/* Figure of RFC 4330 section 5: half of the sum of both ways. */
START_TEST(the_offset_is_the_mean_of_both_ways) {
    static const int64_t left = INT64_C(1795000000000000);
    struct sntp_packet p = {.receive = sntp_timestamp(left + 3600000000 + 100),
                            .transmit = sntp_timestamp(left + 3600000000 + 250)};
    int64_t offset = sntp_offset_us(&p, sntp_timestamp(left), sntp_timestamp(left + 350));
    ck_assert_int_le(llabs(offset - 3600000000), 1);
    p = (struct sntp_packet){.receive = UINT64_C(1) << 63, .transmit = UINT64_C(1) << 63};
    ck_assert_int_eq(sntp_offset_us(&p, 0, 0), INT64_C(-2147483648000000));
}
END_TEST

TEST_MAIN("sntp packet", each_answer_is_judged, fields_are_where_the_rfc_puts_them,
          what_is_read_is_written_again, timestamps_of_known_days,
          differences_are_exact_to_the_microsecond, the_offset_is_the_mean_of_both_ways)
