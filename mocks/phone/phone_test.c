/* Tests of whole sessions of the phone over TLS with a scripted CAPF server: what it does when all
 * goes well. */
#include "mocks/phone/phone_test_lab.h"
#include <regex.h>

/* ---- Scripts ---- */

static void install(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_AUTH_RES) {
        lab_ask_rsa(lab, 1024);
    } else if (m->type == CAPF_MSG_KEY_GEN_RES) {
        lab_take_key(lab, m);
        lab_store(lab, lab->phone_key);
    } else if (m->type == CAPF_MSG_STORE_CERT_RES) {
        lab_end(lab, CAPF_REASON_OK);
    }
}

static void install_with_request(struct lab *lab, const struct capf_message *m) {
    struct err e = {0};
    if (m->type == CAPF_MSG_KEY_GEN_RES) {
        lab_take_key(lab, m);
        lab_ask_signature(lab);
    } else if (m->type == CAPF_MSG_ENCRYPT_RES || m->type == CAPF_MSG_SIGN_CERT_RES) {
        ck_assert_ok(lab_take_signature(lab, m, &e), e);
        lab_store(lab, lab->phone_key);
    } else {
        install(lab, m);
    }
}

static void install_p384(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_AUTH_RES)
        lab_send(lab, (struct capf_message){.type = CAPF_MSG_KEY_GEN_REQ,
                                            .key_type = CAPF_NUMBER(CAPF_KEY_TYPE_EC),
                                            .curve = CAPF_NUMBER(CAPF_CURVE_P384)});
    else
        install_with_request(lab, m);
}

static void check_lsc_files(const struct lab *lab) {
    struct err e = {0};
    AUTO(X509) lsc = x509_read_file(lab->config.lsc.certificate, &e);
    AUTO(EVP_PKEY) key = key_read_file(lab->config.lsc.key, &e);
    ck_assert_msg(lsc != NULL && key != NULL, "%s", e.text);
    ck_assert(x509_has_key(lsc, key));
    ck_assert(x509_has_key(lsc, lab->phone_key));
}

static void check_installed(const struct lab *lab) {
    lab_expect(lab, "installed", "LSC: Installed", "");
    ck_assert_str_eq(lab_text(lab, "lsc"), "Installed");
    ck_assert_str_eq(lab_text(lab, "operation"), "install");
    ck_assert_int_eq(lab_reason(lab), 1);
    check_lsc_files(lab);
}

START_TEST(null_string_install) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab_run(&lab, install);
    check_installed(&lab);
    lab_expect_sent(&lab, CAPF_MSG_AUTH_RES, CAPF_MSG_REQUEST_IN_PROGRESS, CAPF_MSG_KEY_GEN_RES,
                    CAPF_MSG_STORE_CERT_RES);
}
END_TEST

START_TEST(install_with_three_progress_messages) {
    AUTO_LAB lab;
    lab_open(&lab);
    clock_configure(0, 1000);
    lab.config.timeout_us = lab.config.connect_timeout_us = LAB_NO_LIMIT;
    lab.config.progress = 3;
    lab.config.key_generation_us = 3000000;
    lab_run(&lab, install);
    check_installed(&lab);
    lab_expect_sent(&lab, CAPF_MSG_AUTH_RES, CAPF_MSG_REQUEST_IN_PROGRESS,
                    CAPF_MSG_REQUEST_IN_PROGRESS, CAPF_MSG_REQUEST_IN_PROGRESS,
                    CAPF_MSG_KEY_GEN_RES, CAPF_MSG_STORE_CERT_RES);
}
END_TEST

START_TEST(install_without_progress_messages) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab.config.progress = 0;
    lab_run(&lab, install);
    check_installed(&lab);
    lab_expect_sent(&lab, CAPF_MSG_AUTH_RES, CAPF_MSG_KEY_GEN_RES, CAPF_MSG_STORE_CERT_RES);
}
END_TEST

START_TEST(a_phone_without_files_keeps_its_lsc_in_memory) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab.config.lsc = (struct phone_files){0};
    lab_run(&lab, install);
    lab_expect(&lab, "installed", "LSC: Installed", "");
    ck_assert_str_eq(lab_text(&lab, "lsc"), "Installed");
}
END_TEST

static void version_2_auth(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_AUTH_RES) {
        ck_assert_uint_eq(m->version.number, 2);
        ck_assert(!m->password.present);
        ck_assert(!m->sudi_data.present);
    }
    install_with_request(lab, m);
}

START_TEST(version_2_signs_its_request_with_encrypt_req) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab_give_mic(&lab);
    lab.config.version = 2;
    lab_run(&lab, version_2_auth);
    check_installed(&lab);
    lab_expect_sent(&lab, CAPF_MSG_AUTH_RES, CAPF_MSG_REQUEST_IN_PROGRESS, CAPF_MSG_KEY_GEN_RES,
                    CAPF_MSG_ENCRYPT_RES, CAPF_MSG_STORE_CERT_RES);
}
END_TEST

START_TEST(the_lower_version_is_taken) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab.offered = 2;
    lab_run(&lab, version_2_auth);
    check_installed(&lab);
}
END_TEST

START_TEST(version_3_signs_its_request_with_an_ec_key) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab_run(&lab, install_p384);
    check_installed(&lab);
    ck_assert_int_eq(EVP_PKEY_get_bits(lab.phone_key), 384);
    lab_expect_sent(&lab, CAPF_MSG_AUTH_RES, CAPF_MSG_REQUEST_IN_PROGRESS, CAPF_MSG_KEY_GEN_RES,
                    CAPF_MSG_SIGN_CERT_RES, CAPF_MSG_STORE_CERT_RES);
}
END_TEST

START_TEST(a_given_key_is_taken_when_it_fits) {
    AUTO_LAB lab;
    struct err e = {0};
    AUTO(EVP_PKEY) given = key_generate(KEY_RSA, 1024, &e);
    lab_open(&lab);
    lab.config.key_file = lab_path(&lab, "given.key");
    ck_assert_ok(key_write_file(lab.config.key_file, given, &e), e);
    lab_run(&lab, install);
    check_installed(&lab);
    ck_assert_int_eq(EVP_PKEY_eq(lab.phone_key, given), 1);
}
END_TEST

START_TEST(a_given_key_that_does_not_fit_is_not_taken) {
    AUTO_LAB lab;
    struct err e = {0};
    AUTO(EVP_PKEY) given = key_generate(KEY_RSA, 512, &e);
    lab_open(&lab);
    lab.config.key_file = lab_path(&lab, "given.key");
    ck_assert_ok(key_write_file(lab.config.key_file, given, &e), e);
    lab_run(&lab, install);
    check_installed(&lab);
    ck_assert_int_eq(EVP_PKEY_get_bits(lab.phone_key), 1024);
}
END_TEST

/* ---- Authentication ---- */

static void expect_string(struct lab *lab, const struct capf_message *m) {
    struct err e = {0};
    ck_assert_ok(auth_check_string(m, bytes_of_str("0934847523"), &e), e);
    lab_end(lab, CAPF_REASON_NO_ACTION);
}

START_TEST(the_string_is_sent_and_never_logged) {
    AUTO_LAB lab;
    AUTO_BUF log = BUF_INIT(1 << 20);
    lab_open(&lab);
    lab.config.authentication =
        (struct phone_authentication){CAPF_AUTH_TYPE_STRING, (char *)"0934847523"};
    lab.config.dump = true;
    lab_run(&lab, expect_string);
    lab_expect(&lab, "nothing", "", "");
    lab_read_log(&lab, &log);
    ck_assert_ptr_nonnull(strstr(buf_str(&log), "HEX_DUMP: Len = "));
    ck_assert_ptr_null(strstr(buf_str(&log), "0934847523"));
    ck_assert_ptr_null(strstr(buf_str(&log), "30 39 33"));
}
END_TEST

START_TEST(without_a_string_the_phone_waits_for_its_user) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab.config.authentication.mode = CAPF_AUTH_TYPE_STRING;
    lab_run(&lab, install);
    lab_expect(&lab, "waiting-for-user", "", "");
    ck_assert_str_eq(lab_text(&lab, "lsc"), "Pending");
    ck_assert_uint_eq(lab.connections, 0);
}
END_TEST

START_TEST(mode_none_means_no_capf) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab.config.authentication.mode = CAPF_AUTH_TYPE_NONE;
    lab_run(&lab, install);
    lab_expect(&lab, "nothing", "", "");
    ck_assert_uint_eq(lab.connections, 0);
}
END_TEST

static void expect_certificate(struct lab *lab, const struct capf_message *m, unsigned type) {
    struct err e = {0};
    AUTO(X509) certificate = NULL;
    AUTO(X509) mic = NULL;
    ck_assert_uint_eq(m->certificate.number, type);
    ck_assert_ok(auth_check_certificate(m, 3, &certificate, &e), e);
    ck_assert_ok(auth_sudi_check(m->sudi_data.octets, LAB_SESSION, &mic, &e), e);
    lab_end(lab, CAPF_REASON_NO_ACTION);
}

static void expect_lsc(struct lab *lab, const struct capf_message *m) {
    expect_certificate(lab, m, CAPF_CERTIFICATE_LSC);
}

static void expect_mic(struct lab *lab, const struct capf_message *m) {
    expect_certificate(lab, m, CAPF_CERTIFICATE_MIC);
}

START_TEST(mode_lsc_proves_the_lsc) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab_give_mic(&lab);
    lab_give_lsc(&lab);
    lab.config.authentication.mode = CAPF_AUTH_TYPE_LSC;
    lab_run(&lab, expect_lsc);
    lab_expect(&lab, "nothing", "", "");
}
END_TEST

START_TEST(mode_lsc_falls_back_to_the_mic) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab_give_mic(&lab);
    lab.config.authentication.mode = CAPF_AUTH_TYPE_LSC;
    lab_run(&lab, expect_mic);
    lab_expect(&lab, "nothing", "", "");
}
END_TEST

START_TEST(mode_mic_proves_the_mic_although_there_is_an_lsc) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab_give_mic(&lab);
    lab_give_lsc(&lab);
    lab.config.authentication.mode = CAPF_AUTH_TYPE_MIC;
    lab_run(&lab, expect_mic);
    lab_expect(&lab, "nothing", "", "");
}
END_TEST

/* ---- Fetch and delete ---- */

/* LSC first, then MIC (capf-protocol.md 7). */
static void fetch_both(struct lab *lab, const struct capf_message *m) {
    struct capf_message fetch = {.type = CAPF_MSG_FETCH_CERT_REQ};
    if (m->type == CAPF_MSG_FETCH_CERT_RES && m->reason.number == CAPF_REASON_OK)
        ck_assert_uint_eq(m->certificate.number,
                          lab->type_count == 2 ? CAPF_CERTIFICATE_LSC : CAPF_CERTIFICATE_MIC);
    if (lab->type_count == 3) {
        lab_end(lab, CAPF_REASON_NO_ACTION);
        return;
    }
    if (lab->type_count == 2)
        fetch.certificate_type = CAPF_NUMBER(CAPF_CERTIFICATE_MIC);
    lab_send(lab, fetch);
}

START_TEST(lsc_and_mic_are_fetched) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab_give_mic(&lab);
    lab_give_lsc(&lab);
    lab_run(&lab, fetch_both);
    lab_expect(&lab, "fetched", "", "");
    lab_expect_sent(&lab, CAPF_MSG_AUTH_RES, CAPF_MSG_FETCH_CERT_RES, CAPF_MSG_FETCH_CERT_RES);
    ck_assert_uint_eq(lab.reason, CAPF_REASON_OK);
}
END_TEST

START_TEST(there_may_be_nothing_to_fetch) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab_run(&lab, fetch_both);
    lab_expect(&lab, "nothing", "", "");
    ck_assert_uint_eq(lab.reason, CAPF_REASON_REFUSED);
}
END_TEST

static void delete_lsc(struct lab *lab, const struct capf_message *m) {
    if (m->type == CAPF_MSG_AUTH_RES)
        lab_send(lab, (struct capf_message){.type = CAPF_MSG_DELETE_CERT_REQ});
    else
        lab_end(lab, CAPF_REASON_OK);
}

START_TEST(the_lsc_is_deleted) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab_give_lsc(&lab);
    lab_run(&lab, delete_lsc);
    lab_expect(&lab, "deleted", "", "");
    ck_assert_uint_eq(lab.reason, CAPF_REASON_OK);
    ck_assert_str_eq(lab_text(&lab, "lsc"), "Not Installed");
    ck_assert(!file_exists(lab.config.lsc.certificate));
    ck_assert(!file_exists(lab.config.lsc.key));
}
END_TEST

START_TEST(there_may_be_nothing_to_delete) {
    AUTO_LAB lab;
    lab_open(&lab);
    lab_run(&lab, delete_lsc);
    lab_expect(&lab, "nothing", "", "");
    ck_assert_uint_eq(lab.reason, CAPF_REASON_REFUSED);
}
END_TEST

/* ---- The stream ---- */

static void send_in_pieces(struct lab *lab, const uint8_t *octets, size_t len, size_t piece) {
    for (size_t at = 0; at < len; at += piece) {
        size_t n = len - at < piece ? len - at : piece;
        struct evbuffer *one = evbuffer_new();
        evbuffer_add(one, octets + at, n);
        bufferevent_write_buffer(lab->peer, one);
        evbuffer_free(one);
    }
}

/* Two messages that the phone has to take apart, in records of three bytes. */
static void two_in_small_records(struct lab *lab, const struct capf_message *m) {
    static const uint8_t frames[] = {0x55, 0x12, 0, 0,    0, 0x2a, 0, 0, 0x55, 0x0f,
                                     0,    0,    0, 0x2a, 0, 4,    1, 0, 1,    0};
    if (m->type == CAPF_MSG_AUTH_RES)
        send_in_pieces(lab, frames, sizeof frames, 3);
}

static void two_in_one_record(struct lab *lab, const struct capf_message *m) {
    static const uint8_t frames[] = {0x55, 0x12, 0, 0,    0, 0x2a, 0, 0, 0x55, 0x0f,
                                     0,    0,    0, 0x2a, 0, 4,    1, 0, 1,    0};
    if (m->type == CAPF_MSG_AUTH_RES)
        send_in_pieces(lab, frames, sizeof frames, sizeof frames);
}

START_TEST(frames_are_reassembled) {
    lab_script_fn *const scripts[] = {two_in_small_records, two_in_one_record};
    for (size_t i = 0; i < 2; i++) {
        AUTO_LAB lab;
        lab_open(&lab);
        lab_run(&lab, scripts[i]);
        lab_expect(&lab, "nothing", "", "");
        ck_assert_int_eq(lab_reason(&lab), 0);
    }
}
END_TEST

/* ---- The console ---- */

static const char line_shape[] =
    "^[0-9]{4} (INF|NOT|WRN|ERR|CRT) [A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}"
    "\\.[0-9]{6} \\((322:17812|12905:13036)\\) (SECUREAPP-|JAVA-configmgr MQThread\\|).";

static void check_line_shapes(char *log) {
    regex_t shape;
    char *rest = NULL;
    ck_assert_int_eq(regcomp(&shape, line_shape, REG_EXTENDED | REG_NOSUB), 0);
    for (char *line = strtok_r(log, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        ck_assert_msg(regexec(&shape, line, 0, NULL, 0) == 0, "%s", line);
    regfree(&shape);
}

START_TEST(the_console_is_that_of_seed_5) {
    static const char *const parts[] = {
        " (12905:13036) JAVA-configmgr MQThread|cip.sec.TvsProperty:? - Resolve Tvs Ipv4 Address "
        "to 127.0.0.1 from hostname capf.michamen.com\n",
        " (12905:13036) JAVA-configmgr MQThread|cip.sec.CertificateProperty:? - "
        "CertificateProperty.setCertificate() authMode=CAPF_AUTH_MODE_NULL_STR "
        "authorizationString=null theReason=CAPF_REASON_AUTO\n",
        " (322:17812) SECUREAPP-RCAPF_START_MODE: Start CAPF - mode:[1]([NULL_STR]), "
        "reason:[1]([AUTO]) no auth-str\n",
        " (322:17812) SECUREAPP-CAPF_CLNT_INIT:CAPF clnt initialized\n",
        " (322:17812) SECUREAPP-CAPFClnt: SetDelayTimer - set with value <0>\n",
        " (12905:13036) JAVA-configmgr MQThread|cip.sec.CertificateProperty$1:? - LSC: "
        "Installed\n"};
    AUTO_LAB lab;
    AUTO_BUF log = BUF_INIT(1 << 20);
    lab_open(&lab);
    lab_run(&lab, install);
    lab_read_log(&lab, &log);
    const char *at = buf_str(&log);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        at = strstr(at, parts[i]);
        ck_assert_msg(at != NULL, "%s", parts[i]);
    }
    ck_assert_int_eq(strncmp(buf_str(&log), "0001 NOT ", 9), 0);
    check_line_shapes((char *)log.data);
}
END_TEST

TEST_MAIN("phone", null_string_install, install_with_three_progress_messages,
          install_without_progress_messages, a_phone_without_files_keeps_its_lsc_in_memory,
          version_2_signs_its_request_with_encrypt_req, the_lower_version_is_taken,
          version_3_signs_its_request_with_an_ec_key, a_given_key_is_taken_when_it_fits,
          a_given_key_that_does_not_fit_is_not_taken, the_string_is_sent_and_never_logged,
          without_a_string_the_phone_waits_for_its_user, mode_none_means_no_capf,
          mode_lsc_proves_the_lsc, mode_lsc_falls_back_to_the_mic,
          mode_mic_proves_the_mic_although_there_is_an_lsc, lsc_and_mic_are_fetched,
          there_may_be_nothing_to_fetch, the_lsc_is_deleted, there_may_be_nothing_to_delete,
          frames_are_reassembled, the_console_is_that_of_seed_5)
