/* Phones that keep to the letter of the protocol and mean harm. */
#include "capf/service_test_lab.h"

static void finish(struct lab *lab) {
    lab_end(lab, SIGTERM);
    lab_free(lab);
}

static unsigned answers_until_the_end(struct client *c) {
    unsigned answers = 0;
    for (struct capf_message m; (m = client_receive(c)).type != CAPF_MSG_END_SESSION; answers++)
        ck_assert_uint_eq(m.type, CAPF_MSG_STATUS_RESPONSE);
    return answers;
}

START_TEST(a_phone_that_talks_without_end_is_cut_off) {
    enum { REQUESTS = 5000 };
    TEMPORARY(folder);
    struct lab lab;
    struct client c;
    lab_init(&lab, folder);
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    client_log_on(&c, &lab, 3);
    client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    for (unsigned i = 0; i < REQUESTS; i++)
        client_send(&c, (struct capf_message){.type = CAPF_MSG_STATUS_REQUEST});
    unsigned answers = answers_until_the_end(&c);
    ck_assert_uint_gt(answers, 1000);
    ck_assert_uint_lt(answers, REQUESTS);
    client_close(&c);
    ck_assert_int_eq(lab_device(&lab).operation, OPERATION_UPGRADE);
    finish(&lab);
}
END_TEST

static void expect_refused_key(struct lab *lab, const char *spki_file) {
    struct client c;
    struct err e = {0};
    AUTO_BUF spki = BUF_INIT(4096);
    ck_assert_ok(file_read(spki_file, &spki, &e), e);
    client_log_on(&c, lab, 3);
    client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    client_send(&c, (struct capf_message){.type = CAPF_MSG_KEY_GEN_RES,
                                          .public_key = CAPF_OCTETS(buf_view(&spki))});
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    ck_assert_int_eq(lab_device(lab).status, CERT_STATUS_UPGRADE_KEY_GEN_FAILED);
}

START_TEST(a_key_on_another_curve_gets_no_certificate) {
    TEMPORARY(folder);
    struct lab lab;
    struct device d;
    lab_init(&lab, folder);
    device_defaults(&d);
    d.key_order = KEY_ORDER_EC_ONLY;
    d.ec_key_size = EC_KEY_SIZE_256;
    lab_put_device(&lab, &d, OPERATION_UPGRADE);
    lab_start(&lab);
    expect_refused_key(&lab, TESTDATA "/spki-secp256k1.der");
    finish(&lab);
}
END_TEST

START_TEST(an_rsa_key_that_anybody_can_sign_with_gets_no_certificate) {
    TEMPORARY(folder);
    struct lab lab;
    lab_init(&lab, folder);
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    expect_refused_key(&lab, TESTDATA "/spki-rsa2048-exponent-1.der");
    finish(&lab);
}
END_TEST

START_TEST(hex_dump_of_a_giant_is_cut) {
    static const uint8_t giant[CAPF_FRAME_MAX] = {0x55};
    AUTO_BUF out = BUF_INIT(64 * 1024);
    capf_frame_hex_dump(bytes_of(giant, sizeof giant), &out);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), " 00 00\n... 61447 more\n"));
    ck_assert_uint_lt(out.len, 16 * 1024);
}
END_TEST

TEST_MAIN("capf service, hostile phones", a_phone_that_talks_without_end_is_cut_off,
          a_key_on_another_curve_gets_no_certificate,
          an_rsa_key_that_anybody_can_sign_with_gets_no_certificate, hex_dump_of_a_giant_is_cut)
