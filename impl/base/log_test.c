/* Logs and events: escaping, appending, what happens when nothing can be written. */
#include "base/events.h"
#include "base/file.h"
#include "base/log.h"
#include "base/owned.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void check_content(const char *path, const char *expected) {
    AUTO_BUF content = BUF_INIT(1024 * 1024);
    ck_assert_int_eq(file_read(path, &content, NULL), 0);
    ck_assert_str_eq(buf_str(&content), expected);
}

START_TEST(lines_are_appended) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "a.log");
    for (int i = 0; i < 2; i++) {
        struct err e = {0};
        struct log *log = log_open(path, &e);
        ck_assert_msg(log != NULL, "%s", e.text);
        log_line(log, "line %d of %s", i, "SEP");
        log_close(log);
    }
    check_content(path, "line 0 of SEP\nline 1 of SEP\n");
}
END_TEST

START_TEST(held_lines_are_written_together) {
    TEMPORARY(dir);
    AUTO(char) one = path_join(dir, "one.log");
    AUTO(char) two = path_join(dir, "two.log");
    struct log *first = log_open(one, NULL);
    struct log *second = log_open(two, NULL);
    logs_hold();
    log_line(first, "a");
    log_line(second, "b");
    log_line(first, "c");
    check_content(one, "");
    check_content(two, "");
    logs_flush();
    check_content(one, "a\nc\n");
    check_content(two, "b\n");
    log_line(second, "d");
    logs_release();
    check_content(two, "b\nd\n");
    log_line(second, "e");
    check_content(two, "b\nd\ne\n");
    log_close(first);
    log_close(second);
}
END_TEST

START_TEST(what_is_held_is_bounded_and_written_at_the_end) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "a.log");
    AUTO_BUF expected = BUF_INIT(1024 * 1024);
    AUTO_BUF block = BUF_INIT(1024 * 1024);
    struct log *log = log_open(path, NULL);
    logs_hold();
    for (int i = 0; i < 5; i++) {
        buf_reset(&block);
        for (int j = 0; j <= i * 1000; j++)
            buf_printf(&block, "%d: a line of a block that is longer than the others\n", j);
        log_block(log, buf_view(&block));
        buf_put_bytes(&expected, buf_view(&block));
    }
    log_close(log);
    check_content(path, buf_str(&expected));
    logs_release();
}
END_TEST

START_TEST(control_characters_are_escaped) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "a.log");
    struct log *log = log_open(path, NULL);
    log_line(log, "%s", "a\nb\r\x1b[0m\x7f\t\\ caf\xc3\xa9");
    log_line(log, "%s", "");
    log_close(log);
    check_content(path, "a\\x0ab\\x0d\\x1b[0m\\x7f\\x09\\ caf\xc3\xa9\n\n");
}
END_TEST

START_TEST(blocks_are_written_as_they_are) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "a.log");
    struct log *log = log_open(path, NULL);
    log_block(log, bytes_of_str("one\ntwo\n"));
    log_block(log, bytes_of_str(""));
    log_close(log);
    check_content(path, "one\ntwo\n");
}
END_TEST

START_TEST(long_lines_are_cut_and_still_end) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "a.log");
    struct log *log = log_open(path, NULL);
    AUTO(char) text = malloc(100001);
    memset(text, '\n', 100000);
    text[100000] = '\0';
    log_line(log, "%s", text);
    log_close(log);
    AUTO_BUF content = BUF_INIT(1024 * 1024);
    ck_assert_int_eq(file_read(path, &content, NULL), 0);
    ck_assert_uint_eq(content.len, 65535 / 4 * 4 + 1);
    ck_assert_uint_eq(content.data[content.len - 1], '\n');
}
END_TEST

START_TEST(a_log_of_null_writes_nothing) {
    log_line(NULL, "x %d", 1);
    log_block(NULL, bytes_of_str("x"));
    log_close(NULL);
}
END_TEST

START_TEST(a_log_that_cannot_be_opened_is_an_error) {
    struct err e = {0};
    ck_assert_ptr_null(log_open("/nonexistent/a.log", &e));
    ck_assert_err(e, SYS_IO);
    ck_assert_str_eq(e.text, "/nonexistent/a.log: No such file or directory");
    ck_assert_int_eq(events_open("/nonexistent/a.ndjson", "capf", &e), -1);
    ck_assert_err(e, SYS_IO);
}
END_TEST

/* Standard error into a file from here on. */
static void capture_standard_error(const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    ck_assert_int_ge(dup2(fd, STDERR_FILENO), 0);
    close(fd);
}

START_TEST(a_full_disk_is_reported_once_and_survived) {
    TEMPORARY(dir);
    AUTO(char) captured = path_join(dir, "stderr");
    struct log *log = log_open("/dev/full", NULL);
    capture_standard_error(captured);
    log_line(log, "one");
    log_line(log, "two");
    log_close(log);
    check_content(captured, "/dev/full: No space left on device; lines of this log are lost\n");
}
END_TEST

START_TEST(a_file_at_its_size_limit_is_survived) {
    TEMPORARY(dir);
    AUTO(char) captured = path_join(dir, "stderr");
    AUTO(char) path = path_join(dir, "a.log");
    struct log *log = log_open(path, NULL);
    capture_standard_error(captured);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {.rlim_cur = 10, .rlim_max = RLIM_INFINITY};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    log_line(log, "0123456789abcdef");
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &limit);
    log_line(log, "after");
    log_close(log);
    check_content(path, "0123456789after\n");
}
END_TEST

START_TEST(a_dash_is_standard_error) {
    TEMPORARY(dir);
    AUTO(char) captured = path_join(dir, "stderr");
    capture_standard_error(captured);
    struct log *log = log_open("-", NULL);
    log_line(log, "one");
    log_close(log);
    log = log_open("-", NULL);
    log_line(log, "two");
    log_close(log);
    check_content(captured, "one\ntwo\n");
}
END_TEST

enum { WRITERS = 4, LINES = 200 };

static void write_many(const char *path, int writer) {
    struct log *log = log_open(path, NULL);
    for (int i = 0; i < LINES; i++)
        log_line(log, "%d %0500d", writer, i);
    log_close(log);
    _exit(0);
}

START_TEST(lines_of_several_processes_do_not_mix) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "a.log");
    for (int i = 0; i < WRITERS; i++) {
        if (fork() == 0)
            write_many(path, i);
    }
    while (wait(NULL) > 0)
        ;
    AUTO_BUF content = BUF_INIT(1024 * 1024);
    ck_assert_int_eq(file_read(path, &content, NULL), 0);
    ck_assert_uint_eq(content.len, WRITERS * LINES * 503);
    for (size_t at = 0; at < content.len; at += 503) {
        ck_assert_uint_eq(content.data[at + 1], ' ');
        ck_assert_uint_eq(content.data[at + 502], '\n');
    }
}
END_TEST

START_TEST(events_are_json_lines) {
    TEMPORARY(dir);
    struct err e = {0};
    AUTO(char) path = path_join(dir, "events.ndjson");
    event_message(NULL, NULL, "LOST", "%s", "nobody opened a file");
    ck_assert_ok(events_open(path, "capf", &e), e);
    event_message("SEP74A02FC0A675", NULL, "AUTH_RES", "version %d, \"null\"\n", 3);
    events_close();
    event_message(NULL, NULL, "LOST", "%s", "closed");

    json_error_t error;
    json_t *event = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(event != NULL, "%s", error.text);
    ck_assert_uint_eq(json_object_size(event), 7);
    ck_assert_str_eq(json_string_value(json_object_get(event, "actor")), "capf");
    ck_assert_str_eq(json_string_value(json_object_get(event, "from")), "SEP74A02FC0A675");
    ck_assert_str_eq(json_string_value(json_object_get(event, "to")), "capf");
    ck_assert_str_eq(json_string_value(json_object_get(event, "what")), "AUTH_RES");
    ck_assert_str_eq(json_string_value(json_object_get(event, "detail")), "version 3, \"null\"\n");
    ck_assert(json_is_integer(json_object_get(event, "mono")));
    ck_assert_uint_eq(strlen(json_string_value(json_object_get(event, "at"))), 27);
    json_decref(event);
}
END_TEST

START_TEST(events_take_bytes_that_are_no_utf8) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "events.ndjson");
    ck_assert_int_eq(events_open(path, "capf", NULL), 0);
    event_message("SEP\xff", "b", "c", "caf\xc3\xa9 \xe9");
    events_close();
    json_t *event = json_load_file(path, 0, NULL);
    ck_assert_str_eq(json_string_value(json_object_get(event, "from")), "SEP\\xff");
    ck_assert_str_eq(json_string_value(json_object_get(event, "detail")), "caf\\xc3\\xa9 \\xe9");
    json_decref(event);
}
END_TEST

TEST_MAIN("log", lines_are_appended, held_lines_are_written_together,
          what_is_held_is_bounded_and_written_at_the_end, control_characters_are_escaped,
          blocks_are_written_as_they_are, long_lines_are_cut_and_still_end,
          a_log_of_null_writes_nothing, a_log_that_cannot_be_opened_is_an_error,
          a_full_disk_is_reported_once_and_survived, a_file_at_its_size_limit_is_survived,
          a_dash_is_standard_error, lines_of_several_processes_do_not_mix, events_are_json_lines,
          events_take_bytes_that_are_no_utf8)
