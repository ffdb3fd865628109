/* Tests of the TVS wire format: the captured lengths of tvs-protocol.md section 5 both ways, and
 * hostile frames (testdata/frames, one file each, which names the error code it must give). */
#include "base/frame_files_test.h"
#include "mocks/tvs/tvs_wire.h"
#include <string.h>

enum { FRAME_FILES = 66 };

static void parse(struct bytes frame, struct err *e) {
    struct tvs_message m;
    tvs_message_parse(frame, &m, e);
}

START_TEST(every_frame_file_gives_its_code) {
    frame_files_check(parse, FRAME_FILES);
}
END_TEST

/* Whatever a peer cuts off, the reader stays inside. */
START_TEST(every_prefix_of_a_frame_is_refused) {
    AUTO_FRAME_FILE f = FRAME_FILE_INIT;
    frame_file_load("query-req.hex", &f);
    for (size_t len = 0; len < f.frame.len; len++) {
        struct err e = {0};
        size_t need = 0;
        frame_parse_exactly(parse, bytes_of(f.frame.data, len), &e);
        ck_assert_err(e, TVS_FRAME);
        ck_assert_ok(tvs_frame_length(bytes_of(f.frame.data, len), &need, &e), e);
        ck_assert_uint_eq(need, len < TVS_HEADER_LEN ? TVS_HEADER_LEN : f.frame.len);
    }
}
END_TEST

/* One octet is enough to hang up on whoever speaks something else. */
START_TEST(another_protocol_is_seen_at_once) {
    static const char *const starts[] = {"G", "\x55", "\x57\x02", "\x57\x01\x09"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        struct err e = {0};
        size_t need = 0;
        ck_assert_int_eq(tvs_frame_length(bytes_of_str(starts[i]), &need, &e), -1);
        ck_assert_err(e, TVS_FRAME);
    }
}
END_TEST

static void check_summary(const struct tvs_message *m, const char *expected) {
    AUTO_BUF summary = BUF_INIT(8192);
    tvs_message_summary(m, &summary);
    ck_assert_str_eq(buf_str(&summary), expected);
}

static void parse_file(struct frame_file *f, const char *name, struct tvs_message *m) {
    struct err e = {0};
    frame_file_load(name, f);
    ck_assert_ok(tvs_message_parse(buf_view(&f->frame), m, &e), e);
}

/* Writes what was read: the same octets, but for the reserved one. */
static void check_written(const struct frame_file *f, const struct tvs_message *m) {
    AUTO_BUF out = BUF_INIT(TVS_FRAME_MAX);
    struct err e = {0};
    ck_assert_ok(tvs_message_write(m, &out, &e), e);
    f->frame.data[3] = 0;
    ck_assert(bytes_equal(buf_view(&out), buf_view(&f->frame)));
}

START_TEST(the_captured_query) {
    AUTO_FRAME_FILE f = FRAME_FILE_INIT;
    struct tvs_message m;
    parse_file(&f, "query-req.hex", &m);
    ck_assert_uint_eq(f.frame.len, 153);
    ck_assert_uint_eq(m.id, TVS_FIRST_ID);
    ck_assert_uint_eq(m.length, 143);
    ck_assert_uint_eq(m.device.octets.len, 23);
    ck_assert_uint_eq(m.subject.octets.len, 65);
    ck_assert_uint_eq(m.issuer.octets.len, 21);
    ck_assert_uint_eq(m.serial.octets.len, 19);
    check_summary(&m, "CP-8861-SEPB000B4BA0AEE, subject CN=ucm11pub.michamen.com;OU=TAC;O=Michamen;"
                      "L=Brisbane;ST=QLD;C=AU, issuer CN=michamen-2012-CA01, "
                      "serial 24000000179479b8f124ac3f3b000000000017");
    check_written(&f, &m);
}
END_TEST

START_TEST(the_captured_answer) {
    AUTO_FRAME_FILE f = FRAME_FILE_INIT;
    struct tvs_message m;
    parse_file(&f, "query-res.hex", &m);
    ck_assert_uint_eq(f.frame.len, 1480);
    ck_assert_uint_eq(m.length, 1470);
    ck_assert_uint_eq(m.certificate.octets.len, 1451);
    ck_assert(tvs_has_role(m.roles.octets, 0) && tvs_has_role(m.roles.octets, 3));
    ck_assert(!tvs_has_role(m.roles.octets, 4) && !tvs_has_role(m.roles.octets, 256));
    check_summary(&m, "status 0, certificate of 1451 bytes, roles 0 3, ttl 86400");
    check_written(&f, &m);
}
END_TEST

START_TEST(tags_that_nobody_has_seen_are_told_apart) {
    static const char *const files[] = {"query-req.hex", "query-other-tags.hex",
                                        "query-serial-first.hex"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        AUTO_FRAME_FILE f = FRAME_FILE_INIT;
        struct tvs_message m;
        parse_file(&f, files[i], &m);
        ck_assert_uint_eq(m.issuer.octets.len, 21);
        ck_assert_uint_eq(m.serial.octets.data[0], 0x24);
    }
}
END_TEST

static enum err_code code_of_writing(const struct tvs_message *m, size_t room) {
    AUTO_BUF out = BUF_INIT(room);
    struct err e = {0};
    int rc = tvs_message_write(m, &out, &e);
    ck_assert_int_eq(rc, e.code == ERR_OK ? 0 : -1);
    ck_assert(rc == 0 || out.len == 0);
    return e.code;
}

START_TEST(what_does_not_fit_is_not_written) {
    static uint8_t octets[TVS_BODY_MAX];
    struct tvs_message m = {.command = TVS_CERT_VERIFICATION_REQ};
    m.certificate = TVS_OCTETS(bytes_of(octets, TVS_BODY_MAX));
    ck_assert_int_eq(code_of_writing(&m, TVS_FRAME_MAX), ERR_TVS_FRAME);
    m.certificate = TVS_OCTETS(bytes_of(octets, TVS_BODY_MAX - 3));
    ck_assert_int_eq(code_of_writing(&m, TVS_FRAME_MAX), ERR_OK);
    ck_assert_int_eq(code_of_writing(&m, TVS_FRAME_MAX - 1), ERR_SYS_LIMIT);
    m = (struct tvs_message){.command = TVS_CERT_VERIFICATION_RES, .status = TVS_NUMBER(256)};
    ck_assert_int_eq(code_of_writing(&m, TVS_FRAME_MAX), ERR_TVS_ELEMENT);
    m = (struct tvs_message){.serial = TVS_OCTETS(bytes_of(octets, TVS_SERIAL_MAX + 1))};
    ck_assert_int_eq(code_of_writing(&m, TVS_FRAME_MAX), ERR_TVS_ELEMENT);
}
END_TEST

START_TEST(commands_have_two_names) {
    char word[TVS_WORD_MAX];
    tvs_command_name(TVS_CERT_VERIFICATION_RES, word);
    ck_assert_str_eq(word, "CERT_VERIFICATION_RES");
    tvs_command_log_name(TVS_CERT_VERIFICATION_RES, word);
    ck_assert_str_eq(word, "CERT_VERIF_RES");
    tvs_command_log_name(9, word);
    ck_assert_str_eq(word, "command 9");
}
END_TEST

TEST_MAIN("tvs wire", every_frame_file_gives_its_code, every_prefix_of_a_frame_is_refused,
          another_protocol_is_seen_at_once, the_captured_query, the_captured_answer,
          tags_that_nobody_has_seen_are_told_apart, what_does_not_fit_is_not_written,
          commands_have_two_names)
