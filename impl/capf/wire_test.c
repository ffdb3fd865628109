/* Tests of the CAPF wire format: the byte examples of capf-protocol.md section 12 both ways, and
 * hostile frames (testdata/frames, one file each, which names the error code it must give). */
#include "base/frame_files_test.h"
#include "capf/wire.h"
#include <string.h>

enum { SESSION = 0x2a, FRAME_FILES = 87 };

static const char device[] = "SEP001122334455";

static void parse(struct bytes frame, struct err *e) {
    struct capf_message m;
    capf_message_parse(frame, &m, e);
}

START_TEST(every_frame_file_gives_its_code) {
    frame_files_check(parse, FRAME_FILES);
}
END_TEST

/* Whatever a peer cuts off, the reader stays inside. */
static void check_prefixes(const char *name) {
    AUTO_FRAME_FILE f = FRAME_FILE_INIT;
    frame_file_load(name, &f);
    for (size_t len = 0; len < f.frame.len; len++) {
        struct err e = {0};
        frame_parse_exactly(parse, bytes_of(f.frame.data, len), &e);
        ck_assert_err(e, CAPF_FRAME);
    }
}

START_TEST(every_prefix_of_a_frame_is_refused) {
    check_prefixes("auth-res-string-v3.hex");
    check_prefixes("key-gen-req-v3-ec.hex");
}
END_TEST

static struct capf_element text_element(const char *text) {
    return CAPF_OCTETS(bytes_of_str(text));
}

/* Section 12, as messages. */
static struct capf_message message(enum capf_type type) {
    return (struct capf_message){.type = (uint8_t)type, .session_id = SESSION};
}

static void check_written(const struct capf_message *m, const char *name) {
    AUTO_FRAME_FILE f = FRAME_FILE_INIT;
    AUTO_BUF out = BUF_INIT(CAPF_FRAME_MAX);
    struct err e = {0};
    frame_file_load(name, &f);
    ck_assert_ok(capf_message_write(m, &out, &e), e);
    ck_assert_msg(bytes_equal(buf_view(&out), buf_view(&f.frame)), "%s", name);
}

START_TEST(section_12_is_written_byte_for_byte) {
    struct capf_message m = message(CAPF_MSG_AUTH_REQ);
    m.version = CAPF_NUMBER(3);
    check_written(&m, "auth-req-cucm.hex");
    m.auth_type = CAPF_NUMBER(0);
    check_written(&m, "auth-req-capfd.hex");

    m = message(CAPF_MSG_AUTH_RES);
    m.reason = CAPF_NUMBER(CAPF_REASON_OK);
    m.version = CAPF_NUMBER(3);
    m.password = text_element("123456");
    m.device_name = text_element(device);
    check_written(&m, "auth-res-string-v3.hex");

    m = message(CAPF_MSG_KEY_GEN_REQ);
    m.key_size = CAPF_NUMBER(2048);
    check_written(&m, "key-gen-req-v2.hex");
    m.key_type = CAPF_NUMBER(CAPF_KEY_TYPE_RSA);
    check_written(&m, "key-gen-req-v3-rsa.hex");
    m = message(CAPF_MSG_KEY_GEN_REQ);
    m.key_type = CAPF_NUMBER(CAPF_KEY_TYPE_EC);
    m.curve = CAPF_NUMBER(CAPF_CURVE_P384);
    check_written(&m, "key-gen-req-v3-ec.hex");
}
END_TEST

START_TEST(section_12_messages_with_a_reason_or_nothing) {
    static const struct {
        enum capf_type type;
        int reason; /* -1: none */
        const char *file;
    } rows[] = {
        {CAPF_MSG_REQUEST_IN_PROGRESS, -1, "request-in-progress.hex"},
        {CAPF_MSG_KEY_GEN_RES, CAPF_REASON_REFUSED, "key-gen-res-failed.hex"},
        {CAPF_MSG_STORE_CERT_RES, CAPF_REASON_OK, "store-cert-res.hex"},
        {CAPF_MSG_FETCH_CERT_REQ, -1, "fetch-cert-req.hex"},
        {CAPF_MSG_DELETE_CERT_REQ, -1, "delete-cert-req.hex"},
        {CAPF_MSG_DELETE_CERT_RES, CAPF_REASON_OK, "delete-cert-res.hex"},
        {CAPF_MSG_END_SESSION, CAPF_REASON_OK, "end-session.hex"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct capf_message m = message(rows[i].type);
        if (rows[i].reason >= 0)
            m.reason = CAPF_NUMBER(rows[i].reason);
        check_written(&m, rows[i].file);
    }
}
END_TEST

static void parse_file(const char *name, struct frame_file *f, struct capf_message *m) {
    struct err e = {0};
    frame_file_load(name, f);
    ck_assert_ok(capf_message_parse(buf_view(&f->frame), m, &e), e);
    ck_assert_uint_eq(m->session_id, SESSION);
}

static void check_text(struct capf_element element, const char *text) {
    ck_assert(element.present);
    ck_assert(bytes_equal(element.octets, bytes_of_str(text)));
}

START_TEST(auth_res_is_read_in_any_order) {
    AUTO_FRAME_FILE f = FRAME_FILE_INIT;
    struct capf_message m;
    parse_file("auth-res-null-v2.hex", &f, &m);
    ck_assert_uint_eq(m.type, CAPF_MSG_AUTH_RES);
    ck_assert_uint_eq(m.length, 0x1b);
    ck_assert_uint_eq(m.version.number, 2);
    ck_assert_uint_eq(m.reason.number, CAPF_REASON_OK);
    ck_assert(!m.password.present);
    check_text(m.device_name, device);
}
END_TEST

START_TEST(auth_res_with_a_string_is_read) {
    AUTO_FRAME_FILE f = FRAME_FILE_INIT;
    struct capf_message m;
    parse_file("auth-res-string-v3.hex", &f, &m);
    ck_assert_uint_eq(m.version.number, 3);
    check_text(m.password, "123456");
    check_text(m.device_name, device);
}
END_TEST

START_TEST(auth_type_is_accepted_in_auth_res) {
    AUTO_FRAME_FILE f = FRAME_FILE_INIT;
    struct capf_message m;
    parse_file("auth-res-auth-type.hex", &f, &m);
    ck_assert_uint_eq(m.auth_type.number, CAPF_AUTH_TYPE_NULL_STRING);
    ck_assert(!m.reason.present);
}
END_TEST

START_TEST(key_kind_is_read) {
    AUTO_FRAME_FILE f = FRAME_FILE_INIT, g = FRAME_FILE_INIT;
    struct capf_message m;
    parse_file("key-gen-req-v3-rsa.hex", &f, &m);
    ck_assert_uint_eq(m.key_size.number, 2048);
    ck_assert_uint_eq(m.key_type.number, CAPF_KEY_TYPE_RSA);
    ck_assert(!m.curve.present);
    parse_file("key-gen-req-v3-ec.hex", &g, &m);
    ck_assert_uint_eq(m.curve.number, CAPF_CURVE_P384);
    ck_assert(!m.key_size.present);
}
END_TEST

START_TEST(strings_without_nul_and_with_two) {
    AUTO_FRAME_FILE f = FRAME_FILE_INIT, g = FRAME_FILE_INIT;
    struct capf_message m;
    parse_file("tolerated-device-name-without-nul.hex", &f, &m);
    check_text(m.device_name, device);
    parse_file("tolerated-password-cut-at-nul.hex", &g, &m);
    check_text(m.password, "12");
}
END_TEST

START_TEST(the_first_of_a_repeatable_element_counts) {
    AUTO_FRAME_FILE f = FRAME_FILE_INIT;
    struct capf_message m;
    parse_file("tolerated-second-certificate-type.hex", &f, &m);
    ck_assert_uint_eq(m.certificate_type.number, CAPF_CERTIFICATE_MIC);
}
END_TEST

/* Filler stands for the octets that section 12 leaves out. */
static struct bytes filler(size_t len) {
    static uint8_t octets[CAPF_FRAME_MAX];
    ck_assert_uint_le(len, sizeof octets);
    for (size_t i = 0; i < len; i++)
        octets[i] = (uint8_t)i;
    return bytes_of(octets, len);
}

static void check_head(const struct buf *out, const char *hex, size_t total) {
    AUTO_BUF head = BUF_INIT(64);
    frame_file_add_hex(&head, hex);
    ck_assert_uint_eq(out->len, total);
    ck_assert_mem_eq(out->data, head.data, head.len);
}

START_TEST(store_cert_req_both_ways) {
    AUTO_BUF out = BUF_INIT(CAPF_FRAME_MAX);
    struct capf_message m = message(CAPF_MSG_STORE_CERT_REQ), back;
    struct err e = {0};
    m.certificate_type = CAPF_NUMBER(CAPF_CERTIFICATE_LSC);
    m.certificate = CAPF_NUMBERED_OCTETS(CAPF_CERTIFICATE_LSC, filler(785));
    ck_assert_ok(capf_message_write(&m, &out, &e), e);
    check_head(&out, "55 09 00 00 00 2a 03 1d 03 00 01 01 04 03 16 01 03 13 00 01", 805);
    ck_assert_ok(capf_message_parse(buf_view(&out), &back, &e), e);
    ck_assert_uint_eq(back.certificate.number, CAPF_CERTIFICATE_LSC);
    ck_assert(bytes_equal(back.certificate.octets, filler(785)));
}
END_TEST

START_TEST(key_gen_res_both_ways) {
    AUTO_BUF out = BUF_INIT(CAPF_FRAME_MAX);
    struct capf_message m = message(CAPF_MSG_KEY_GEN_RES), back;
    struct err e = {0};
    m.public_key = CAPF_OCTETS(filler(294));
    ck_assert_ok(capf_message_write(&m, &out, &e), e);
    check_head(&out, "55 04 00 00 00 2a 01 29 09 01 26", 305);
    ck_assert_ok(capf_message_parse(buf_view(&out), &back, &e), e);
    ck_assert(bytes_equal(back.public_key.octets, filler(294)));
}
END_TEST

START_TEST(a_body_may_be_65535_bytes_and_no_more) {
    AUTO_BUF out = BUF_INIT(2 * CAPF_FRAME_MAX);
    struct capf_message m = message(CAPF_MSG_KEY_GEN_RES), back;
    struct err e = {0};
    m.public_key = CAPF_OCTETS(filler(CAPF_BODY_MAX - 3));
    ck_assert_ok(capf_message_write(&m, &out, &e), e);
    ck_assert_uint_eq(out.len, CAPF_FRAME_MAX);
    ck_assert_ok(capf_message_parse(buf_view(&out), &back, &e), e);
    m.public_key = CAPF_OCTETS(filler(CAPF_BODY_MAX - 2));
    ck_assert_int_eq(capf_message_write(&m, &out, &e), -1);
    ck_assert_err(e, CAPF_FRAME);
    ck_assert_uint_eq(out.len, CAPF_FRAME_MAX);
}
END_TEST

START_TEST(a_number_that_does_not_fit_is_not_written) {
    AUTO_BUF out = BUF_INIT(CAPF_FRAME_MAX);
    struct capf_message m = message(CAPF_MSG_END_SESSION);
    struct err e = {0};
    m.reason = CAPF_NUMBER(256);
    ck_assert_int_eq(capf_message_write(&m, &out, &e), -1);
    ck_assert_err(e, CAPF_ELEMENT);
    ck_assert_uint_eq(out.len, 0);
}
END_TEST

START_TEST(a_full_buffer_keeps_what_it_had) {
    AUTO_BUF out = BUF_INIT(10);
    struct capf_message m = message(CAPF_MSG_END_SESSION);
    struct err e = {0};
    m.reason = CAPF_NUMBER(1);
    buf_put_str(&out, "abc");
    ck_assert_int_eq(capf_message_write(&m, &out, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
    ck_assert_uint_eq(out.len, 3);
}
END_TEST

START_TEST(frames_are_found_in_a_stream) {
    AUTO_FRAME_FILE f = FRAME_FILE_INIT;
    struct err e = {0};
    size_t need = 0;
    frame_file_load("end-session.hex", &f);
    buf_put_u8(&f.frame, CAPF_DISCRIMINATOR);
    for (size_t len = 0; len < CAPF_HEADER_LEN; len++) {
        ck_assert_ok(capf_frame_length(bytes_of(f.frame.data, len), &need, &e), e);
        ck_assert_uint_eq(need, CAPF_HEADER_LEN);
    }
    for (size_t len = CAPF_HEADER_LEN; len <= f.frame.len; len++) {
        ck_assert_ok(capf_frame_length(bytes_of(f.frame.data, len), &need, &e), e);
        ck_assert_uint_eq(need, 12);
    }
}
END_TEST

START_TEST(a_stream_of_something_else_is_refused_at_its_first_byte) {
    struct err e = {0};
    size_t need = 0;
    ck_assert_int_eq(capf_frame_length(bytes_of("\x16", 1), &need, &e), -1);
    ck_assert_err(e, CAPF_FRAME);
}
END_TEST

START_TEST(another_session_is_refused) {
    struct capf_message m = message(CAPF_MSG_AUTH_RES);
    struct err e = {0};
    ck_assert_ok(capf_message_check_session(&m, SESSION, &e), e);
    ck_assert_int_eq(capf_message_check_session(&m, SESSION + 1, &e), -1);
    ck_assert_err(e, CAPF_SESSION_ID);
}
END_TEST

static void check_dump(const char *frame, const char *expected) {
    AUTO_FRAME_FILE f = FRAME_FILE_INIT;
    AUTO_BUF out = BUF_INIT(4096);
    struct capf_message m;
    parse_file(frame, &f, &m);
    capf_message_dump(&m, &out);
    ck_assert_str_eq(buf_str(&out), expected);
}

START_TEST(end_session_is_shown_as_in_the_trace) {
    check_dump("end-session.hex", "Decoded Phone Msg:\n"
                                  "     Protocol Discriminator: 55\n"
                                  "     MsgType      : CAPF_MSG_END_SESSION\n"
                                  "     Session Id   : 42\n"
                                  "     Length       : 4\n"
                                  "     Reason       : 1 (ok)\n");
}
END_TEST

START_TEST(the_authentication_string_is_not_shown) {
    check_dump("auth-res-string-v3.hex", "Decoded Phone Msg:\n"
                                         "     Protocol Discriminator: 55\n"
                                         "     MsgType      : CAPF_MSG_AUTH_RES\n"
                                         "     Session Id   : 42\n"
                                         "     Length       : 37\n"
                                         "     Reason       : 1 (ok)\n"
                                         "     Version      : 3\n"
                                         "     PASSWORD     : present\n"
                                         "     DeviceName   : SEP001122334455\n");
}
END_TEST

START_TEST(a_dumped_certificate_has_the_lines_of_the_trace) {
    AUTO_BUF out = BUF_INIT(4096);
    struct capf_message m = message(CAPF_MSG_STORE_CERT_REQ);
    m.certificate = CAPF_NUMBERED_OCTETS(CAPF_CERTIFICATE_LSC, filler(785));
    capf_message_dump(&m, &out);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "     Number of Certs: 1\n"
                                                "     Cert[0]      : 785 bytes\n"
                                                "     Cert Type    : 1 (LSC)\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "     Length       : 793\n"));
}
END_TEST

START_TEST(peer_text_cannot_forge_a_line) {
    AUTO_BUF out = BUF_INIT(4096);
    struct capf_message m = message(CAPF_MSG_END_SESSION);
    m.reason_info = text_element("a\n14:05:05.971 |   debug \\x");
    capf_message_dump(&m, &out);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "ReasonInfo   : a\\x0a14:05:05.971 |   debug "
                                                "\\x5cx\n"));
}
END_TEST

START_TEST(hex_dump_has_eight_bytes_a_line) {
    AUTO_FRAME_FILE f = FRAME_FILE_INIT;
    AUTO_BUF out = BUF_INIT(4096);
    frame_file_load("end-session.hex", &f);
    capf_frame_hex_dump(buf_view(&f.frame), &out);
    ck_assert_str_eq(buf_str(&out), "HEX_DUMP: Len = 12:\n"
                                    "55 0f 00 00 00 2a 00 04\n"
                                    "01 00 01 01\n");
}
END_TEST

START_TEST(hex_dump_hides_every_password) {
    AUTO_FRAME_FILE f = FRAME_FILE_INIT;
    AUTO_BUF out = BUF_INIT(4096);
    frame_file_load("duplicate-password.hex", &f);
    capf_frame_hex_dump(buf_view(&f.frame), &out);
    ck_assert_str_eq(buf_str(&out), "HEX_DUMP: Len = 41:\n"
                                    "55 02 00 00 00 2a 00 21\n"
                                    "07 00 01 03 0d 00 10 53\n"
                                    "45 50 30 30 31 31 32 32\n"
                                    "33 33 34 34 35 35 00 0b\n"
                                    "00 02 ** ** 0b 00 02 **\n"
                                    "**\n");
}
END_TEST

START_TEST(hex_dump_hides_what_follows_a_lie) {
    AUTO_BUF frame = BUF_INIT(64), out = BUF_INIT(4096);
    frame_file_add_hex(&frame, "55 02 00 00 00 2a 00 09 07 00 01 03 0b 00 09 31 32 33");
    capf_frame_hex_dump(buf_view(&frame), &out);
    ck_assert_str_eq(buf_str(&out), "HEX_DUMP: Len = 18:\n"
                                    "55 02 00 00 00 2a 00 09\n"
                                    "07 00 01 03 0b 00 09 **\n"
                                    "** **\n");
}
END_TEST

static void check_summary(const char *frame, const char *expected) {
    AUTO_FRAME_FILE f = FRAME_FILE_INIT;
    AUTO_BUF out = BUF_INIT(4096);
    struct capf_message m;
    parse_file(frame, &f, &m);
    capf_message_summary(&m, &out);
    ck_assert_str_eq(buf_str(&out), expected);
}

START_TEST(summaries_say_what_matters) {
    check_summary("auth-res-null-v2.hex", "version 2, SEP001122334455, null string");
    check_summary("auth-res-string-v3.hex", "version 3, SEP001122334455, authentication string");
    check_summary("key-gen-req-v3-rsa.hex", "RSA 2048");
    check_summary("key-gen-req-v3-ec.hex", "EC P-384");
    check_summary("end-session.hex", "reason 1 (ok)");
    check_summary("request-in-progress.hex", "");
}
END_TEST

START_TEST(names_come_from_the_tables) {
    ck_assert_str_eq(capf_message_name(CAPF_MSG_STORE_CERT_REQ), "STORE_CERT_REQ");
    ck_assert_str_eq(capf_message_log_name(CAPF_MSG_END_SESSION), "CAPF_MSG_END_SESSION");
    ck_assert_str_eq(capf_message_name(0), "UNKNOWN");
    ck_assert_str_eq(capf_message_log_name(24), "CAPF_MSG_UNKNOWN");
    ck_assert_str_eq(capf_element_name(CAPF_TAG_SUDI_DATA), "SUDI_DATA");
    ck_assert_str_eq(capf_reason_name(9), "unknown device");
    ck_assert_str_eq(capf_reason_name(5), "unknown");
    ck_assert_int_eq(capf_message_sender(CAPF_MSG_END_SESSION), CAPF_FROM_SERVER);
    ck_assert_uint_eq(capf_curve_bits(CAPF_CURVE_P521), 521);
    ck_assert_int_eq(capf_curve_of_bits(384), CAPF_CURVE_P384);
    ck_assert_int_eq(capf_curve_of_bits(2048), -1);
}
END_TEST

TEST_MAIN("capf wire", every_frame_file_gives_its_code, every_prefix_of_a_frame_is_refused,
          section_12_is_written_byte_for_byte, section_12_messages_with_a_reason_or_nothing,
          auth_res_is_read_in_any_order, auth_res_with_a_string_is_read,
          auth_type_is_accepted_in_auth_res, key_kind_is_read, strings_without_nul_and_with_two,
          the_first_of_a_repeatable_element_counts, store_cert_req_both_ways, key_gen_res_both_ways,
          a_body_may_be_65535_bytes_and_no_more, a_number_that_does_not_fit_is_not_written,
          a_full_buffer_keeps_what_it_had, frames_are_found_in_a_stream,
          a_stream_of_something_else_is_refused_at_its_first_byte, another_session_is_refused,
          end_session_is_shown_as_in_the_trace, the_authentication_string_is_not_shown,
          a_dumped_certificate_has_the_lines_of_the_trace, peer_text_cannot_forge_a_line,
          hex_dump_has_eight_bytes_a_line, hex_dump_hides_every_password,
          hex_dump_hides_what_follows_a_lie, summaries_say_what_matters, names_come_from_the_tables)
