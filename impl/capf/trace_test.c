/* The shapes of trace lines, and that peers cannot forge one. */
#include "base/file.h"
#include "base/owned.h"
#include "base/temporary_test.h"
#include "capf/trace.h"
#include <regex.h>
#include <string.h>

static char *traced(const char *folder) {
    struct err e = {0};
    AUTO(char) path = path_join(folder, "capf.log");
    AUTO_BUF text = BUF_INIT(64 * 1024);
    ck_assert_ok(file_read(path, &text, &e), e);
    return buf_take_str(&text);
}

static struct trace *open_in(const char *folder) {
    struct err e = {0};
    AUTO(char) path = path_join(folder, "capf.log");
    struct trace *t = trace_open(path, &e);
    ck_assert_ptr_nonnull(t);
    return t;
}

static void assert_matches(const char *text, const char *pattern) {
    regex_t compiled;
    ck_assert_int_eq(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
    ck_assert_msg(regexec(&compiled, text, 0, NULL, 0) == 0, "%s does not match %s", text, pattern);
    regfree(&compiled);
}

#define STAMP "[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\\.[0-9]{3} "

START_TEST(debug_is_three_lines) {
    TEMPORARY(folder);
    struct trace *t = open_in(folder);
    trace_session(t, 2, "SEP74A02FC0A675", "Sending %s msg", "STORE_CERT_REQ");
    trace_session(t, 7, NULL, "x");
    trace_close(t);
    AUTO(char) text = traced(folder);
    assert_matches(text, "^" STAMP "\\|-->debug\n" STAMP
                         "\\|   debug 2:SEP74A02FC0A675:Sending STORE_CERT_REQ msg\n" STAMP
                         "\\|<--debug\n" STAMP "\\|-->debug\n" STAMP
                         "\\|   debug 7:UNKNOWN:x\n" STAMP "\\|<--debug\n$");
}
END_TEST

START_TEST(scopes) {
    TEMPORARY(folder);
    struct trace *t = open_in(folder);
    trace_enter(t, "Select(SEP1)");
    trace_in(t, "Select(SEP1)", "device exists");
    trace_leave(t, "Select(SEP1)");
    trace_close(t);
    AUTO(char) text = traced(folder);
    assert_matches(text,
                   "^" STAMP "\\|-->Select\\(SEP1\\)\n" STAMP
                   "\\|   Select\\(SEP1\\) device exists\n" STAMP "\\|<--Select\\(SEP1\\)\n$");
}
END_TEST

START_TEST(long_scopes_are_cut_as_in_the_seed) {
    TEMPORARY(folder);
    struct trace *t = open_in(folder);
    trace_enter(t, "CAPFDevice::MapCapf_OpStatusToDBLTypeCertificateStatus(OPERATION_UPGRADE, "
                   "Success:CAPF_OP_SUCCESS)");
    trace_close(t);
    AUTO(char) text = traced(folder);
    assert_matches(text, "\\(OPERATION_UPGRADE, Suc\n$");
}
END_TEST

START_TEST(peers_cannot_forge_lines) {
    TEMPORARY(folder);
    struct trace *t = open_in(folder);
    trace_debug(t, "name %s", "a\n00:00:00.000 |   debug forged\x1b[2J");
    trace_close(t);
    AUTO(char) text = traced(folder);
    int lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    ck_assert_int_eq(lines, 3);
    ck_assert_ptr_null(strchr(text, 0x1b));
}
END_TEST

START_TEST(dumps_are_one_block_a_line) {
    TEMPORARY(folder);
    struct trace *t = open_in(folder);
    trace_lines(t, bytes_of_str("Decoded Phone Msg:\n     MsgType      : CAPF_MSG_END_SESSION\n"));
    trace_close(t);
    AUTO(char) text = traced(folder);
    assert_matches(text, "\\|   debug Decoded Phone Msg:\n");
    assert_matches(text,
                   "\\|   debug      MsgType      : CAPF_MSG_END_SESSION\n" STAMP "\\|<--debug\n$");
}
END_TEST

START_TEST(binary_is_printed_to_its_first_nul) {
    AUTO_BUF out = BUF_INIT(256);
    trace_binary(&out, bytes_of("0\x82\x01\n\\A\0B", 8));
    ck_assert_str_eq(buf_str(&out), "0\\x82\\x01\\x0a\\x5cA");
}
END_TEST

START_TEST(no_trace_is_fine) {
    trace_debug(NULL, "x");
    trace_enter(NULL, "x");
    trace_lines(NULL, bytes_of_str("x"));
    trace_close(NULL);
}
END_TEST

TEST_MAIN("capf trace", debug_is_three_lines, scopes, long_scopes_are_cut_as_in_the_seed,
          peers_cannot_forge_lines, dumps_are_one_block_a_line, binary_is_printed_to_its_first_nul,
          no_trace_is_fine)
