/* Tests of the phone's sessions that fail: what it shows, what it sends, what it never does. */
#include "mocks/phone/phone_test_lab.h"

/* ---- Before the session ---- */

static void never_called(struct lab *lab, const struct capf_message *m) {
    (void)lab;
    ck_abort_msg("the phone sent %s", capf_message_name(m->type));
}

START_TEST(a_server_with_another_certificate_is_refused) {
    AUTO_LAB lab;
    struct err e = {0};
    lab_open(&lab);
    AUTO(EVP_PKEY) other = key_generate(KEY_EC, 256, &e);
    AUTO(X509) impostor = lab_issue(&lab, other, "O=cisco, CN=CAPF-eb606ac0");
    lab_write_certificate(lab.config.capf.certificate, impostor);
    lab_run(&lab, never_called);
    lab_expect(&lab, "connection-failed", "LSC: Connection failed", "TLS_UNTRUSTED");
    ck_assert(lab.peer_failed); /* by the alert */
}
END_TEST

START_TEST(without_a_capf_record_there_is_no_valid_server) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab.config.capf.certificate = NULL;
    lab_run(&lab, never_called);
    lab_expect(&lab, "no-capf-server", "No valid CAPF server", "");
    ck_assert_uint_eq(lab.connections, 0);
}
END_TEST

static void check_order(const struct lab *lab, const char *const *parts, size_t count) {
    AUTO_BUF log = BUF_INIT(1 << 20);
    lab_read_log(lab, &log);
    const char *at = buf_str(&log);
    for (size_t i = 0; i < count; i++) {
        at = strstr(at, parts[i]);
        ck_assert_msg(at != NULL, "not there, or not in order: %s", parts[i]);
    }
}

START_TEST(a_stopped_capf_is_a_failed_connection) {
    static const char *const parts[] = {"ERR", "SECUREAPP-SEC_CAPF_BIO_F: CAPF create bio failed\n",
                                        "SECUREAPP-SEC_CAPF_OP_F: CAPF operation failed, ret -7\n",
                                        "CRT"};
    AUTO_LAB lab;
    lab_open(&lab);
    evconnlistener_free(lab.listener);
    lab.listener = NULL;
    lab_run(&lab, never_called);
    lab_expect(&lab, "connection-failed", "LSC: Connection failed", "TCP_REFUSED");
    check_order(&lab, parts, sizeof parts / sizeof parts[0]);
}
END_TEST

/* Seed 5: the lines of a phone that cannot resolve the publisher. */
START_TEST(a_name_that_does_not_resolve) {
    static const char *const parts[] = {
        "WRN",
        " (12905:13036) JAVA-configmgr MQThread|NetUtil.traceIPv4DNSErrors:? - DNS unknown IPv4 "
        "host capf.michamen.com\n",
        "ERR",
        " (12905:13036) JAVA-configmgr MQThread|cip.sec.TvsProperty:? - Failed to resolve Tvs Ipv4 "
        "Address with hostname capf.michamen.com\n",
        "CertificateProperty.setCertificate() authMode=CAPF_AUTH_MODE_NULL_STR",
        "RCAPF_START_MODE: Start CAPF - mode:[1]([NULL_STR]), reason:[1]([AUTO]) no auth-str\n",
        "CAPF_CLNT_INIT:CAPF clnt initialized\n",
        "CAPFClnt: SetDelayTimer - set with value <0>\n",
        "ERR",
        " (322:17812) SECUREAPP-Sec create BIO - invalid parameter.\n",
        " (322:17812) SECUREAPP-SEC_CAPF_BIO_F: CAPF create bio failed\n",
        " (322:17812) SECUREAPP-SEC_CAPF_OP_F: CAPF operation failed, ret -7\n",
        "CRT",
        " (12905:13036) JAVA-configmgr MQThread|cip.sec.CertificateProperty$1:? - LSC: Connection "
        "failed\n"};
    /* Nothing answers on the listener's TCP-only port as a DNS server. */
    AUTO_LAB lab;
    struct err e = {0};
    lab_open(&lab);
    char *servers[] = {lab.address};
    lab.dns = (struct cfg_strings){servers, 1};
    resolver_free(lab.resolver);
    lab.resolver = resolver_new(lab.loop, &lab.dns, &lab.hosts, &e);
    lab.shared.resolver = lab.resolver;
    lab.config.capf.via = NULL;
    lab.config.connect_timeout_us = LAB_NO_LIMIT;
    lab_run(&lab, never_called);
    lab_expect(&lab, "connection-failed", "LSC: Connection failed", "DNS_TIMEOUT");
    check_order(&lab, parts, sizeof parts / sizeof parts[0]);
}
END_TEST

START_TEST(a_capf_that_does_not_speak_runs_into_the_limit) {
    AUTO_LAB lab;
    lab_open(&lab);
    clock_configure(0, 100);
    lab.silent = true;
    lab.config.connect_timeout_us = LAB_NO_LIMIT;
    lab_run(&lab, never_called);
    lab_expect(&lab, "timeout", "LSC: Connection failed", "SYS_TIMEOUT");
    ck_assert_uint_eq(lab.connections, 1);
}
END_TEST

static void hang_up(struct lab *lab, const struct capf_message *m) {
    (void)m;
    lab_drop_peer(lab);
}

START_TEST(a_lost_connection_is_tried_again) {
    AUTO_LAB lab;
    lab_open(&lab);
    clock_configure(0, 1000);
    lab.config.timeout_us = lab.config.connect_timeout_us = LAB_NO_LIMIT;
    lab.config.retries = 3;
    lab_run(&lab, hang_up);
    lab_expect(&lab, "connection-lost", "LSC: Connection failed", "TCP_CLOSED");
    ck_assert_uint_eq(lab.connections, 4);
    ck_assert_int_eq(json_integer_value(json_object_get(lab.result, "attempts")), 4);
    ck_assert_uint_eq(json_array_size(json_object_get(lab.result, "status")), 4);
}
END_TEST

static void come_again_once(struct lab *lab, const struct capf_message *m) {
    (void)m;
    if (lab->connections == 1)
        lab_send(lab, (struct capf_message){.type = CAPF_MSG_RETRY_LATER,
                                            .retry_delay = CAPF_NUMBER(7)});
    else
        lab_end(lab, CAPF_REASON_NO_ACTION);
}

START_TEST(retry_later_is_obeyed) {
    static const char *const parts[] = {"SetDelayTimer - set with value <7>\n"};
    AUTO_LAB lab;
    lab_open(&lab);
    clock_configure(0, 1000);
    lab.config.timeout_us = lab.config.connect_timeout_us = LAB_NO_LIMIT;
    lab.config.retries = 1;
    lab_run(&lab, come_again_once);
    lab_expect(&lab, "nothing", "", "");
    ck_assert_uint_eq(lab.connections, 2);
    check_order(&lab, parts, 1);
}
END_TEST

/* ---- END_SESSION ---- */

static unsigned end_with;

static void end_at_once(struct lab *lab, const struct capf_message *m) {
    (void)m;
    lab_end(lab, end_with);
}

START_TEST(end_session_reasons) {
    static const struct {
        unsigned reason;
        const char *result, *status, *error;
    } rows[] = {{0, "nothing", "", ""},
                {1, "nothing", "", ""},
                {7, "refused", "LSC: Failed", "CAPF_REFUSED"},
                {9, "unknown-device", "LSC: Failed", "CAPF_REFUSED"},
                {200, "refused", "LSC: Failed", "CAPF_REFUSED"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        AUTO_LAB lab;
        lab_open(&lab);
        end_with = rows[i].reason;
        lab_run(&lab, end_at_once);
        lab_expect(&lab, rows[i].result, rows[i].status, rows[i].error);
        ck_assert_int_eq(lab_reason(&lab), rows[i].reason);
    }
}
END_TEST

/* ---- Keys and certificates ---- */

/* Whatever the phone answers, CAPF ends with 7. */
static void refuse_after_key(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_AUTH_RES)
        lab_ask_rsa(lab, 1024);
    else if (m->type != CAPF_MSG_REQUEST_IN_PROGRESS)
        lab_end(lab, CAPF_REASON_REFUSED);
}

START_TEST(a_key_that_cannot_be_made_is_a_reason) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab.config.keys.rsa = false;
    lab_run(&lab, refuse_after_key);
    lab_expect(&lab, "refused", "LSC: Failed", "CAPF_REFUSED");
    lab_expect_sent(&lab, CAPF_MSG_AUTH_RES, CAPF_MSG_REQUEST_IN_PROGRESS, CAPF_MSG_KEY_GEN_RES);
    ck_assert_uint_eq(lab.reason, CAPF_REASON_REFUSED);
}
END_TEST

static void ask_ec(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_AUTH_RES)
        lab_send(lab, (struct capf_message){.type = CAPF_MSG_KEY_GEN_REQ,
                                            .key_type = CAPF_NUMBER(CAPF_KEY_TYPE_EC),
                                            .curve = CAPF_NUMBER(CAPF_CURVE_P256)});
    else
        refuse_after_key(lab, m);
}

START_TEST(version_2_has_no_ec_keys) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab.config.version = 2;
    lab_run(&lab, ask_ec);
    lab_expect(&lab, "refused", "LSC: Failed", "CAPF_REFUSED");
    ck_assert_uint_eq(lab.reason, CAPF_REASON_REFUSED);
}
END_TEST

static void store_for_another_key(struct lab *lab, const struct capf_message *m) {
    struct err e = {0};
    if (m->type == CAPF_MSG_KEY_GEN_RES) {
        AUTO(EVP_PKEY) other = key_generate(KEY_RSA, 1024, &e);
        lab_store(lab, other);
    } else {
        refuse_after_key(lab, m);
    }
}

START_TEST(a_certificate_for_another_key_is_not_stored) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab_run(&lab, store_for_another_key);
    lab_expect(&lab, "refused", "LSC: Failed", "X509_KEY_MISMATCH");
    lab_expect_sent(&lab, CAPF_MSG_AUTH_RES, CAPF_MSG_REQUEST_IN_PROGRESS, CAPF_MSG_KEY_GEN_RES,
                    CAPF_MSG_STORE_CERT_RES);
    ck_assert_uint_eq(lab.reason, CAPF_REASON_REFUSED);
    ck_assert(!file_exists(lab.config.lsc.certificate));
    ck_assert(!file_exists(lab.config.lsc.key));
}
END_TEST

static void store_nonsense(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_KEY_GEN_RES)
        lab_send(lab, (struct capf_message){.type = CAPF_MSG_STORE_CERT_REQ,
                                            .certificate =
                                                CAPF_NUMBERED_OCTETS(1, bytes_of_str("nonsense"))});
    else
        refuse_after_key(lab, m);
}

START_TEST(what_is_no_certificate_is_not_stored) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab_run(&lab, store_nonsense);
    lab_expect(&lab, "refused", "LSC: Failed", "X509_PARSE");
    ck_assert_uint_eq(lab.reason, CAPF_REASON_REFUSED);
}
END_TEST

static void store_without_key(struct lab *lab, const struct capf_message *m) {
    struct err e = {0};
    if (m->type == CAPF_MSG_AUTH_RES) {
        AUTO(EVP_PKEY) other = key_generate(KEY_RSA, 1024, &e);
        lab_store(lab, other);
    } else {
        lab_end(lab, CAPF_REASON_REFUSED);
    }
}

START_TEST(a_certificate_without_a_key_is_not_stored) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab_give_lsc(&lab);
    lab_run(&lab, store_without_key);
    lab_expect(&lab, "refused", "LSC: Failed", "X509_KEY_MISMATCH");
    ck_assert_str_eq(lab_text(&lab, "lsc"), "Installed"); /* the old one */
}
END_TEST

/* ---- Signing ---- */

static void ask_for_raw_signature(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_KEY_GEN_RES)
        lab_send(lab, (struct capf_message){.type = CAPF_MSG_ENCRYPT_REQ,
                                            .operation_data =
                                                CAPF_OCTETS(bytes_of_str("sign this for me"))});
    else
        refuse_after_key(lab, m);
}

START_TEST(octets_that_are_no_digest_info_are_not_signed) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab_run(&lab, ask_for_raw_signature);
    lab_expect(&lab, "refused", "LSC: Failed", "CAPF_REFUSED");
    lab_expect_sent(&lab, CAPF_MSG_AUTH_RES, CAPF_MSG_REQUEST_IN_PROGRESS, CAPF_MSG_KEY_GEN_RES,
                    CAPF_MSG_ENCRYPT_RES);
    ck_assert_uint_eq(lab.reason, CAPF_REASON_REFUSED);
}
END_TEST

static void ask_signature_first(struct lab *lab, const struct capf_message *m) {
    (void)m;
    lab_send(lab, (struct capf_message){.type = CAPF_MSG_ENCRYPT_REQ,
                                        .operation_data = CAPF_OCTETS(bytes_of_str("x"))});
}

START_TEST(nothing_is_signed_outside_an_install) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab_run(&lab, ask_signature_first);
    lab_expect(&lab, "protocol-error", "LSC: Failed", "CAPF_UNEXPECTED_MESSAGE");
    lab_expect_sent(&lab, CAPF_MSG_AUTH_RES);
}
END_TEST

static enum err_code signature_error;

static void judge_signature(struct lab *lab, const struct capf_message *m) {
    struct err e = {0};
    if (m->type == CAPF_MSG_KEY_GEN_RES) {
        lab_take_key(lab, m);
        lab_ask_signature(lab);
    } else if (m->type == CAPF_MSG_ENCRYPT_RES) {
        lab_take_signature(lab, m, &e);
        signature_error = e.code;
        lab_end(lab, CAPF_REASON_REFUSED);
    } else {
        refuse_after_key(lab, m);
    }
}

START_TEST(a_phone_may_sign_wrongly) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab.config.behaviour[PHONE_AT_SIGNATURE] = PHONE_WRONG;
    lab_run(&lab, judge_signature);
    ck_assert_int_eq(signature_error, ERR_CSR_SIGNATURE);
}
END_TEST

START_TEST(a_phone_may_refuse_to_sign) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab.config.behaviour[PHONE_AT_SIGNATURE] = PHONE_REFUSE;
    lab_run(&lab, judge_signature);
    ck_assert_int_eq(signature_error, ERR_CAPF_REFUSED);
}
END_TEST

/* As Jabber on a message that it does not know (capf-protocol.md 10.3 item 5). */
START_TEST(a_phone_that_cannot_sign_closes) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab.config.sign = false;
    lab_run(&lab, judge_signature);
    lab_expect(&lab, "connection-lost", "LSC: Connection failed", "TCP_CLOSED");
    lab_expect_sent(&lab, CAPF_MSG_AUTH_RES, CAPF_MSG_REQUEST_IN_PROGRESS, CAPF_MSG_KEY_GEN_RES);
}
END_TEST

START_TEST(a_phone_may_show_a_key_that_it_does_not_have) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab.config.behaviour[PHONE_AT_KEY_GENERATION] = PHONE_WRONG;
    lab_run(&lab, judge_signature);
    ck_assert_int_eq(signature_error, ERR_CSR_SIGNATURE);
}
END_TEST

TEST_MAIN("phone failures", a_server_with_another_certificate_is_refused,
          without_a_capf_record_there_is_no_valid_server, a_stopped_capf_is_a_failed_connection,
          a_name_that_does_not_resolve, a_capf_that_does_not_speak_runs_into_the_limit,
          a_lost_connection_is_tried_again, retry_later_is_obeyed, end_session_reasons,
          a_key_that_cannot_be_made_is_a_reason, version_2_has_no_ec_keys,
          a_certificate_for_another_key_is_not_stored, what_is_no_certificate_is_not_stored,
          a_certificate_without_a_key_is_not_stored, octets_that_are_no_digest_info_are_not_signed,
          nothing_is_signed_outside_an_install, a_phone_may_sign_wrongly,
          a_phone_may_refuse_to_sign, a_phone_that_cannot_sign_closes,
          a_phone_may_show_a_key_that_it_does_not_have)
