/* The service against a scripted phone over real TLS: every flow of capf-protocol.md 7, hostile
 * input, and that one phone never waits for another. */
#include "capf/service_test_lab.h"

#define SETUP(lab_name)                                                                            \
    TEMPORARY(folder);                                                                             \
    struct lab lab_name;                                                                           \
    lab_init(&lab_name, folder);                                                                   \
    struct client c
#define TEARDOWN(lab_name)                                                                         \
    lab_end(&lab_name, SIGTERM);                                                                   \
    lab_free(&lab_name)

static void install_with_capf(struct lab *lab, unsigned version) {
    struct client c;
    client_log_on(&c, lab, version);
    struct capf_message m = client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    ck_assert_uint_eq(m.key_size.number, 2048);
    ck_assert_int_eq(m.key_type.present, version >= 3);
    client_send(&c, (struct capf_message){.type = CAPF_MSG_REQUEST_IN_PROGRESS});
    client_send(&c, (struct capf_message){.type = CAPF_MSG_REQUEST_IN_PROGRESS});
    client_send_key(&c);
    AUTO(X509) certificate = client_take_certificate(&c);
    ck_assert(x509_has_key(certificate, c.key));
    AUTO(char) cn = x509_name_cn(X509_get_subject_name(certificate));
    ck_assert_str_eq(cn, LAB_DEVICE);
    client_reason(&c, CAPF_MSG_STORE_CERT_RES, CAPF_REASON_OK);
    client_expect_end(&c, CAPF_REASON_OK);
    client_close(&c);
    struct device d = lab_device(lab);
    ck_assert_int_eq(d.operation, OPERATION_NONE);
    ck_assert_int_eq(d.status, CERT_STATUS_UPGRADE_SUCCESS);
    ck_assert_uint_eq(d.public_key_len, 270);
}

START_TEST(capf_issues) {
    SETUP(lab);
    (void)c;
    lab_start(&lab);
    for (unsigned version = 1; version <= 3; version++) {
        lab_schedule(&lab, OPERATION_UPGRADE);
        install_with_capf(&lab, version);
    }
    TEARDOWN(lab);
}
END_TEST

START_TEST(silent_phone_delays_nobody) {
    SETUP(lab);
    struct client idle;
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    int silent = client_tcp(&lab); /* no TLS at all */
    client_open(&idle, &lab);      /* TLS, but no AUTH_RES */
    client_expect(&idle, CAPF_MSG_AUTH_REQ);
    (void)c;
    install_with_capf(&lab, 3);
    client_close(&idle);
    close(silent);
    TEARDOWN(lab);
}
END_TEST

START_TEST(phone_without_tls_is_given_up) {
    SETUP(lab);
    (void)c;
    lab.config.handshake_timeout_us = 20000;
    lab_start(&lab);
    int silent = client_tcp(&lab);
    uint8_t byte;
    ck_assert_int_eq(read(silent, &byte, 1), 0);
    close(silent);
    TEARDOWN(lab);
}
END_TEST

START_TEST(phone_without_answer_is_given_up) {
    SETUP(lab);
    lab.config.message_timeout_us = 2000000;
    lab_start(&lab);
    client_open(&c, &lab);
    client_expect(&c, CAPF_MSG_AUTH_REQ);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    TEARDOWN(lab);
}
END_TEST

static void expect_refused_after(struct lab *lab, const void *data, size_t len) {
    struct client c;
    client_open(&c, lab);
    client_expect(&c, CAPF_MSG_AUTH_REQ);
    uint8_t frame[64];
    memcpy(frame, data, len);
    if (frame[0] == CAPF_DISCRIMINATOR)
        frame[5] = (uint8_t)c.session; /* the fault is meant to be another one */
    ck_assert_int_gt(SSL_write(c.ssl, frame, (int)len), 0);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
}

START_TEST(malformed_frames_end_the_session) {
    SETUP(lab);
    (void)c;
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    static const struct {
        const char *data;
        size_t len;
    } cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", 18},                 /* discriminator */
        {"\x55\x02\0\0\0\1\0\0", 8},                    /* elements missing */
        {"\x55\x02\0\0\0\1\0\5\x0d\0\x20zz", 13},       /* element over the end */
        {"\x55\x02\0\0\0\1\0\7\x07\0\1\3\x0d\0\0", 15}, /* empty name */
        {"\x55\xc8\0\0\0\1\0\0", 8},                    /* unknown type */
        {"\x55\x04\0\0\0\1\0\4\1\0\1\7", 12},           /* out of order */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_refused_after(&lab, cases[i].data, cases[i].len);
    ck_assert_int_eq(lab_log_count(&lab, "CAPF_SESSION_ID"), 0);
    install_with_capf(&lab, 3);
    TEARDOWN(lab);
}
END_TEST

START_TEST(other_session_id_ends_the_session) {
    SETUP(lab);
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    client_open(&c, &lab);
    client_expect(&c, CAPF_MSG_AUTH_REQ);
    c.session++;
    client_send(&c, client_auth_res(3, LAB_DEVICE));
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    ck_assert_int_eq(lab_log_count(&lab, "CAPF_SESSION_ID"), 1);
    TEARDOWN(lab);
}
END_TEST

START_TEST(unknown_device_and_nothing_pending) {
    SETUP(lab);
    lab_schedule(&lab, OPERATION_NONE);
    lab_start(&lab);
    client_open(&c, &lab);
    client_expect(&c, CAPF_MSG_AUTH_REQ);
    client_send(&c, client_auth_res(3, "SEP000000000000"));
    client_expect_end(&c, CAPF_REASON_UNKNOWN_DEVICE);
    client_close(&c);
    client_log_on(&c, &lab, 3);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    TEARDOWN(lab);
}
END_TEST

START_TEST(version_four_is_refused) {
    SETUP(lab);
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    client_log_on(&c, &lab, 4);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    ck_assert_int_eq(lab_device(&lab).operation, OPERATION_UPGRADE);
    TEARDOWN(lab);
}
END_TEST

static void try_string(struct lab *lab, const char *string, unsigned expected) {
    struct client c;
    struct capf_message m = client_auth_res(3, LAB_DEVICE);
    client_open(&c, lab);
    client_expect(&c, CAPF_MSG_AUTH_REQ);
    m.password = CAPF_OCTETS(bytes_of_str(string));
    client_send(&c, m);
    if (expected == CAPF_MSG_END_SESSION)
        client_expect_end(&c, CAPF_REASON_REFUSED);
    else
        client_expect(&c, expected);
    client_close(&c);
}

START_TEST(ten_wrong_strings_lock) {
    SETUP(lab);
    (void)c;
    struct device d;
    device_defaults(&d);
    d.auth_mode = AUTH_MODE_STRING;
    snprintf(d.auth_string, sizeof d.auth_string, "%s", "123456");
    lab_put_device(&lab, &d, OPERATION_UPGRADE);
    lab_start(&lab);
    for (int i = 0; i < 9; i++)
        try_string(&lab, "654321", CAPF_MSG_END_SESSION);
    try_string(&lab, "123456", CAPF_MSG_KEY_GEN_REQ); /* the ninth is followed by the right one */
    for (int i = 0; i < 10; i++)
        try_string(&lab, "", CAPF_MSG_END_SESSION);
    try_string(&lab, "123456", CAPF_MSG_END_SESSION);
    struct device after = lab_device(&lab);
    ck_assert_int_eq(after.operation, OPERATION_UPGRADE);
    ck_assert_int_eq(after.status, CERT_STATUS_UPGRADE_INVALID_AUTH_STR);
    ck_assert_int_eq(lab_log_count(&lab, "CAPF_LOCKED"), 1);
    ck_assert_int_eq(lab_log_count(&lab, "123456"), 0);
    ck_assert_int_eq(lab_log_count(&lab, "654321"), 0);
    TEARDOWN(lab);
}
END_TEST

START_TEST(late_request) {
    SETUP(lab);
    struct device d;
    device_defaults(&d);
    snprintf(d.finish_by, sizeof d.finish_by, "%s", "2019:01:20:12:00");
    lab_put_device(&lab, &d, OPERATION_UPGRADE);
    lab_start(&lab);
    client_log_on(&c, &lab, 3);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_UPGRADE_LATE_REQUEST);
    ck_assert_int_eq(lab_device(&lab).operation, OPERATION_NONE);
    TEARDOWN(lab);
}
END_TEST

static void log_on_with(struct client *c, struct lab *lab, const char *cert, const char *key_file,
                        unsigned type) {
    struct err e = {0};
    AUTO(X509) certificate = x509_read_file(cert, &e);
    AUTO(EVP_PKEY) key = key_read_file(key_file, &e);
    AUTO_BUF octets = BUF_INIT(16 * 1024);
    struct capf_message m = client_auth_res(3, LAB_DEVICE);
    client_open(c, lab);
    client_expect(c, CAPF_MSG_AUTH_REQ);
    ck_assert_ok(auth_put_certificate(&m, 3, type, certificate, key, &octets, &e), e);
    client_send(c, m);
}

START_TEST(a_mic_counts_for_an_lsc_only_where_that_is_allowed) {
    for (int allowed = 0; allowed < 2; allowed++) {
        SETUP(lab);
        struct device d;
        device_defaults(&d);
        d.auth_mode = AUTH_MODE_LSC;
        lab.config.authentication.mic_for_lsc = allowed == 1;
        lab_put_device(&lab, &d, OPERATION_UPGRADE);
        lab_start(&lab);
        log_on_with(&c, &lab, LAB("mic.pem"), LAB("mic.key"), CAPF_CERTIFICATE_MIC);
        if (allowed == 1)
            client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
        else
            client_expect_end(&c, CAPF_REASON_REFUSED);
        client_close(&c);
        if (allowed == 0)
            ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_UPGRADE_INVALID_LSC);
        TEARDOWN(lab);
    }
}
END_TEST

START_TEST(mic_is_accepted_for_its_phone_only) {
    SETUP(lab);
    struct device d;
    device_defaults(&d);
    d.auth_mode = AUTH_MODE_MIC;
    lab_put_device(&lab, &d, OPERATION_UPGRADE);
    lab_start(&lab);
    log_on_with(&c, &lab, LAB("mic.pem"), LAB("other.key"), CAPF_CERTIFICATE_MIC);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_UPGRADE_INVALID_CREDENTIALS);
    log_on_with(&c, &lab, LAB("online-ca.pem"), LAB("online-ca.key"), CAPF_CERTIFICATE_MIC);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_UPGRADE_INVALID_MIC);
    log_on_with(&c, &lab, LAB("mic.pem"), LAB("mic.key"), CAPF_CERTIFICATE_MIC);
    client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    client_send_key(&c);
    AUTO(X509) lsc = client_take_certificate(&c);
    AUTO(char) subject = x509_name_rfc2253(X509_get_subject_name(lsc));
    ck_assert_ptr_nonnull(strstr(subject, "CN=CP-8845-" LAB_DEVICE));
    ck_assert_ptr_nonnull(strstr(subject, "PID:CP-8845 SN:FCH18198CNQ"));
    client_close(&c);
    TEARDOWN(lab);
}
END_TEST

/* Logs on with SUDI_DATA for the connection's session id plus off. */
static void log_on_with_sudi(struct client *c, struct lab *lab, unsigned off) {
    struct err e = {0};
    AUTO(X509) mic = x509_read_file(LAB("mic.pem"), &e);
    AUTO(EVP_PKEY) key = key_read_file(LAB("mic.key"), &e);
    AUTO_BUF sudi = BUF_INIT(CAPF_SUDI_MAX);
    struct capf_message m = client_auth_res(3, LAB_DEVICE);
    client_open(c, lab);
    client_expect(c, CAPF_MSG_AUTH_REQ);
    ck_assert_ok(auth_sudi_write(c->session + off, mic, key, &sudi, &e), e);
    m.sudi_data = CAPF_OCTETS(buf_view(&sudi));
    client_send(c, m);
}

START_TEST(sudi_of_another_session_is_refused) {
    SETUP(lab);
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    log_on_with_sudi(&c, &lab, 1);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_UPGRADE_INVALID_CREDENTIALS);
    log_on_with_sudi(&c, &lab, 0);
    client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    client_send_key(&c);
    AUTO(X509) lsc = client_take_certificate(&c);
    AUTO(char) subject = x509_name_rfc2253(X509_get_subject_name(lsc));
    ck_assert_ptr_nonnull(strstr(subject, "PID:CP-8845 SN:FCH18198CNQ"));
    client_close(&c);
    TEARDOWN(lab);
}
END_TEST

static void put_sudi_part(struct buf *out, uint8_t kind, struct bytes value) {
    buf_put_u8(out, kind);
    buf_put_u16(out, (uint16_t)value.len);
    buf_put_bytes(out, value);
}

/* There is no form of SUDI_DATA for EC keys; a phone that has one all the same is served. */
START_TEST(sudi_with_an_ec_key_is_left_aside) {
    SETUP(lab);
    struct err e = {0};
    AUTO(EVP_PKEY) key = key_read_file(LAB("phone-ec.key"), &e);
    AUTO(X509_NAME) name = x509_name_parse("CN=CP-8845-" LAB_DEVICE, &e);
    struct issue_request r = {.subject = name,
                              .key = key,
                              .issuer_key = key,
                              .not_before = 1700000000,
                              .not_after = 4000000000};
    AUTO(X509) mic = issue_certificate(&r, &e);
    ck_assert_msg(mic != NULL, "%s", e.text);
    AUTO_BUF der = BUF_INIT(4096);
    AUTO_BUF sudi = BUF_INIT(CAPF_SUDI_MAX);
    ck_assert_ok(x509_put_der(mic, &der, &e), e);
    put_sudi_part(&sudi, 0, buf_view(&der));
    put_sudi_part(&sudi, CAPF_DIGEST_SHA1, bytes_of_str("signature"));
    put_sudi_part(&sudi, CAPF_DIGEST_SHA512, bytes_of_str("signature"));
    struct capf_message m = client_auth_res(3, LAB_DEVICE);
    m.sudi_data = CAPF_OCTETS(buf_view(&sudi));
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    client_open(&c, &lab);
    client_expect(&c, CAPF_MSG_AUTH_REQ);
    client_send(&c, m);
    client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    client_close(&c);
    ck_assert_int_eq(lab_log_count(&lab, "SUDI_DATA is not used"), 1);
    TEARDOWN(lab);
}
END_TEST

START_TEST(lsc_must_have_the_stored_key) {
    SETUP(lab);
    struct err e = {0};
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    install_with_capf(&lab, 3);
    struct device d = lab_device(&lab);
    AUTO(char) lsc = path_join(folder, "lsc.pem");
    ck_assert_ok(file_write(lsc, bytes_of(d.certificate, d.certificate_len), 0600, &e), e);
    d.auth_mode = AUTH_MODE_LSC;
    lab_put_device(&lab, &d, OPERATION_DELETE);
    log_on_with(&c, &lab, lsc, LAB("phone.key"), CAPF_CERTIFICATE_LSC);
    client_expect(&c, CAPF_MSG_DELETE_CERT_REQ);
    client_reason(&c, CAPF_MSG_DELETE_CERT_RES, CAPF_REASON_OK);
    client_expect_end(&c, CAPF_REASON_OK);
    client_close(&c);
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_DELETE_SUCCESS);
    ck_assert_uint_eq(lab_device(&lab).public_key_len, 0);
    lab_put_device(&lab, &d, OPERATION_UPGRADE);
    log_on_with(&c, &lab, lsc, LAB("phone.key"), CAPF_CERTIFICATE_LSC);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_UPGRADE_INVALID_LSC);
    TEARDOWN(lab);
}
END_TEST

START_TEST(troubleshoot_writes_two_files) {
    SETUP(lab);
    struct err e = {0};
    lab_schedule(&lab, OPERATION_TROUBLESHOOT);
    lab_start(&lab);
    AUTO(X509) mic = x509_read_file(LAB("mic.pem"), &e);
    AUTO_BUF der = BUF_INIT(8192);
    ck_assert_ok(x509_put_der(mic, &der, &e), e);
    client_log_on(&c, &lab, 3);
    for (unsigned type = CAPF_CERTIFICATE_LSC; type <= CAPF_CERTIFICATE_MIC; type++) {
        struct capf_message m = client_expect(&c, CAPF_MSG_FETCH_CERT_REQ);
        ck_assert_uint_eq(m.certificate_type.number, type);
        m = (struct capf_message){.type = CAPF_MSG_FETCH_CERT_RES,
                                  .reason = CAPF_NUMBER(CAPF_REASON_OK),
                                  .certificate = CAPF_NUMBERED_OCTETS(type, buf_view(&der))};
        client_send(&c, m);
    }
    client_expect_end(&c, CAPF_REASON_NO_ACTION);
    client_close(&c);
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_TROUBLESHOOT_SUCCESS);
    AUTO(char) lsc_file = path_join(folder, LAB_DEVICE "_LSC.txt");
    AUTO(char) mic_file = path_join(folder, LAB_DEVICE "_MIC.txt");
    AUTO(char) text = lab_read(mic_file);
    ck_assert(file_exists(lsc_file));
    ck_assert_ptr_nonnull(strstr(text, "-----BEGIN CERTIFICATE-----"));
    TEARDOWN(lab);
}
END_TEST

START_TEST(key_orders) {
    SETUP(lab);
    struct err e = {0};
    struct device d;
    device_defaults(&d);
    d.key_order = KEY_ORDER_EC_ONLY;
    d.ec_key_size = EC_KEY_SIZE_384;
    lab_put_device(&lab, &d, OPERATION_UPGRADE);
    lab_start(&lab);
    client_log_on(&c, &lab, 2);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_UPGRADE_NO_EC_SUPPORT);
    d.key_order = KEY_ORDER_EC_PREFERRED;
    lab_put_device(&lab, &d, OPERATION_UPGRADE);
    client_log_on(&c, &lab, 3);
    struct capf_message m = client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    ck_assert_uint_eq(m.key_type.number, CAPF_KEY_TYPE_EC);
    ck_assert_uint_eq(m.curve.number, CAPF_CURVE_P384);
    client_reason(&c, CAPF_MSG_KEY_GEN_RES, CAPF_REASON_REFUSED);
    m = client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    ck_assert_uint_eq(m.key_type.number, CAPF_KEY_TYPE_RSA);
    EVP_PKEY_free(c.key);
    c.key = key_read_file(LAB("phone-ec.key"), &e);
    client_send_key(&c); /* not what was asked for */
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_UPGRADE_KEY_GEN_FAILED);
    TEARDOWN(lab);
}
END_TEST

START_TEST(key_generation_is_asked_for_again) {
    SETUP(lab);
    lab.config.key_generation.timeout_us = 20000;
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    client_log_on(&c, &lab, 3);
    for (int i = 0; i < 3; i++)
        client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_UPGRADE_KEY_GEN_FAILED);
    TEARDOWN(lab);
}
END_TEST

START_TEST(lost_connection_keeps_the_operation) {
    SETUP(lab);
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    client_log_on(&c, &lab, 3);
    client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    client_send_key(&c);
    AUTO(X509) first = client_take_certificate(&c);
    client_close(&c);
    /* The certificate that was issued is offered, without another key. */
    client_log_on(&c, &lab, 3);
    AUTO(X509) again = client_take_certificate(&c);
    ck_assert_int_eq(X509_cmp(first, again), 0);
    /* A phone that lost the key says so and gets a new one. */
    client_reason(&c, CAPF_MSG_STORE_CERT_RES, CAPF_REASON_REFUSED);
    client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    client_close(&c);
    install_with_capf(&lab, 3);
    TEARDOWN(lab);
}
END_TEST

START_TEST(kill_loses_no_certificate) {
    SETUP(lab);
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    client_log_on(&c, &lab, 3);
    client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    client_send_key(&c);
    AUTO(X509) first = client_take_certificate(&c);
    lab_end(&lab, SIGKILL);
    client_close(&c);
    lab_start(&lab);
    client_log_on(&c, &lab, 3);
    AUTO(X509) again = client_take_certificate(&c);
    ck_assert_int_eq(X509_cmp(first, again), 0);
    client_reason(&c, CAPF_MSG_STORE_CERT_RES, CAPF_REASON_OK);
    client_expect_end(&c, CAPF_REASON_OK);
    client_close(&c);
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_UPGRADE_SUCCESS);
    TEARDOWN(lab);
}
END_TEST

START_TEST(abort_and_status) {
    SETUP(lab);
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    client_log_on(&c, &lab, 3);
    client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    client_send(&c, (struct capf_message){.type = CAPF_MSG_STATUS_REQUEST});
    client_expect(&c, CAPF_MSG_STATUS_RESPONSE);
    client_send(&c, (struct capf_message){.type = CAPF_MSG_ABORT_REQ});
    client_expect(&c, CAPF_MSG_ABORT_RES);
    client_expect_end(&c, CAPF_REASON_REFUSED);
    client_close(&c);
    ck_assert_int_eq(lab_device(&lab).status, CERT_STATUS_UPGRADE_PHONE_COMM_ERROR);
    ck_assert_int_eq(lab_device(&lab).operation, OPERATION_UPGRADE);
    TEARDOWN(lab);
}
END_TEST

START_TEST(frames_may_be_split_and_merged) {
    SETUP(lab);
    struct err e = {0};
    lab_schedule(&lab, OPERATION_UPGRADE);
    lab_start(&lab);
    client_open(&c, &lab);
    client_expect(&c, CAPF_MSG_AUTH_REQ);
    AUTO_BUF stream = BUF_INIT(4096);
    struct capf_message m = client_auth_res(3, LAB_DEVICE);
    m.session_id = c.session;
    ck_assert_ok(capf_message_write(&m, &stream, &e), e);
    for (size_t i = 0; i < stream.len; i++)
        ck_assert_int_eq(SSL_write(c.ssl, stream.data + i, 1), 1);
    client_expect(&c, CAPF_MSG_KEY_GEN_REQ);
    buf_reset(&stream);
    AUTO_BUF spki = BUF_INIT(4096);
    ck_assert_ok(key_put_spki(c.key, &spki, &e), e);
    struct capf_message progress = {.type = CAPF_MSG_REQUEST_IN_PROGRESS, .session_id = c.session};
    struct capf_message key = {.type = CAPF_MSG_KEY_GEN_RES,
                               .session_id = c.session,
                               .public_key = CAPF_OCTETS(buf_view(&spki))};
    ck_assert_ok(capf_message_write(&progress, &stream, &e), e);
    ck_assert_ok(capf_message_write(&key, &stream, &e), e);
    ck_assert_int_gt(SSL_write(c.ssl, stream.data, (int)stream.len), 0);
    AUTO(X509) lsc = client_take_certificate(&c);
    ck_assert_ptr_nonnull(lsc);
    client_close(&c);
    TEARDOWN(lab);
}
END_TEST

TEST_MAIN("capf service", capf_issues, silent_phone_delays_nobody, phone_without_tls_is_given_up,
          phone_without_answer_is_given_up, malformed_frames_end_the_session,
          other_session_id_ends_the_session, unknown_device_and_nothing_pending,
          version_four_is_refused, ten_wrong_strings_lock, late_request,
          a_mic_counts_for_an_lsc_only_where_that_is_allowed, mic_is_accepted_for_its_phone_only,
          sudi_of_another_session_is_refused, sudi_with_an_ec_key_is_left_aside,
          lsc_must_have_the_stored_key, troubleshoot_writes_two_files, key_orders,
          key_generation_is_asked_for_again, lost_connection_keeps_the_operation,
          kill_loses_no_certificate, abort_and_status, frames_may_be_split_and_merged)
