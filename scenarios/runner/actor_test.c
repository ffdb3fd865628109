/* Starting, awaiting and stopping programs, with the shell as the program; and the merging of what
 * actors wrote. */
#include "base/file.h"
#include "base/owned.h"
#include "base/test.h"
#include "scenarios/runner/actor.h"
#include "scenarios/runner/place.h"
#include "scenarios/runner/run.h"

#include <ftw.h>
#include <string.h>

enum { SOON_US = 20 * 1000000, NEVER_US = 50 * 1000 };

static void start(struct actor *a, const char *name, const char *script, bool ready) {
    struct err e = {0};
    const char *const args[] = {"-c", script, "sh", NULL};
    const struct actor_command command = {.name = name,
                                          .program = "/bin/sh",
                                          .args = args,
                                          .stderr_path = "/dev/null",
                                          .ready = ready};
    ck_assert_ok(actor_start(a, &command, &e), e);
}

START_TEST(output_is_collected_until_the_end) {
    struct actor a;
    struct actor b;
    struct err e = {0};
    start(&a, "a", "echo one; echo two", false);
    start(&b, "b", "exit 3", false);
    struct actor *const both[] = {&a, &b};
    ck_assert_ok(actors_wait(both, 2, deadline_in(SOON_US), &e), e);
    ck_assert_str_eq(buf_str(&a.out), "one\ntwo\n");
    ck_assert(actor_ended_with(&a, 0));
    ck_assert(actor_ended_with(&b, 3));
    actor_release(&a);
    actor_release(&b);
}
END_TEST

START_TEST(readiness_is_a_line_of_json) {
    struct actor a;
    struct err e = {0};
    json_t *facts = NULL;
    start(&a, "a", "echo '{\"listen\":\"127.0.0.1:1\"}' >&3; exec cat /dev/zero >/dev/null", true);
    ck_assert_ok(actor_wait_ready(&a, deadline_in(SOON_US), &facts, &e), e);
    ck_assert_str_eq(json_string_value(json_object_get(facts, "listen")), "127.0.0.1:1");
    json_decref(facts);
    ck_assert_int_eq(actor_stop(&a, deadline_in(SOON_US), &e), -1);
    ck_assert_str_eq(e.text, "a ended with signal 15 (Terminated)");
    actor_release(&a);
}
END_TEST

START_TEST(who_ends_before_being_ready_is_told) {
    struct actor a;
    struct err e = {0};
    json_t *facts = NULL;
    start(&a, "a", "exit 2", true);
    ck_assert_int_eq(actor_wait_ready(&a, deadline_in(SOON_US), &facts, &e), -1);
    ck_assert_str_eq(e.text, "a did not get ready: exit status 2");
    actor_release(&a);
    start(&a, "a", "echo nonsense >&3; exec cat /dev/zero >/dev/null", true);
    ck_assert_int_eq(actor_wait_ready(&a, deadline_in(SOON_US), &facts, &e), -1);
    ck_assert_err(e, SYS_IO);
    actor_release(&a);
}
END_TEST

START_TEST(deadlines_are_kept) {
    struct actor a;
    struct err e = {0};
    json_t *facts = NULL;
    start(&a, "slow", "exec cat /dev/zero >/dev/null", true);
    struct actor *const one[] = {&a};
    ck_assert_int_eq(actor_wait_ready(&a, deadline_in(NEVER_US), &facts, &e), -1);
    ck_assert_err(e, SYS_TIMEOUT);
    ck_assert_int_eq(actors_wait(one, 1, deadline_in(NEVER_US), &e), -1);
    ck_assert_str_eq(e.text, "slow did not end in time");
    actor_release(&a);
}
END_TEST

START_TEST(who_ignores_sigterm_is_killed) {
    struct actor a;
    struct err e = {0};
    json_t *facts = NULL;
    start(&a, "a", "trap '' TERM; echo '{}' >&3; while :; do read x </dev/zero; done", true);
    ck_assert_ok(actor_wait_ready(&a, deadline_in(SOON_US), &facts, &e), e);
    json_decref(facts);
    ck_assert_int_eq(actor_stop(&a, deadline_in(NEVER_US), &e), -1);
    ck_assert_err(e, SYS_TIMEOUT);
    ck_assert(a.ended);
    actor_release(&a);
}
END_TEST

START_TEST(a_wrapped_program_gets_its_arguments) {
    struct actor a;
    struct err e = {0};
    const char *const args[] = {"one two", "three", NULL};
    const struct actor_command command = {.name = "a",
                                          .program = "/bin/echo",
                                          .args = args,
                                          .stderr_path = "/dev/null",
                                          .wrap = "env -u  HOME"};
    ck_assert_ok(actor_start(&a, &command, &e), e);
    struct actor *const one[] = {&a};
    ck_assert_ok(actors_wait(one, 1, deadline_in(SOON_US), &e), e);
    ck_assert_str_eq(buf_str(&a.out), "one two three\n");
    actor_release(&a);
}
END_TEST

START_TEST(a_missing_program_is_told) {
    struct actor a;
    struct err e = {0};
    const char *const args[] = {NULL};
    const struct actor_command command = {
        .name = "a", .program = "/nowhere/capflab-capf", .args = args, .stderr_path = "/dev/null"};
    ck_assert_int_eq(actor_start(&a, &command, &e), -1);
    ck_assert_str_eq(e.text, "cannot start /nowhere/capflab-capf: No such file or directory");
    actor_release(&a);
}
END_TEST

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *ftw) {
    (void)status;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static void check_file(const char *dir, const char *name, const char *expected) {
    struct err e = {0};
    AUTO(char) path = path_join(dir, "%s", name);
    AUTO_BUF text = BUF_INIT(64 * 1024);
    ck_assert_ok(file_read(path, &text, &e), e);
    ck_assert_str_eq(buf_str(&text), expected);
}

static void write_events(const char *dir, const char *name, const char *text) {
    struct err e = {0};
    AUTO(char) path = path_join(dir, "events/%s", name);
    ck_assert_ok(file_write(path, bytes_of_str(text), 0644, &e), e);
}

#define EVENT(mono, from, to, what)                                                                \
    "{\"mono\":" #mono ",\"from\":\"" from "\",\"to\":\"" to "\",\"what\":\"" what                 \
    "\",\"detail\":\"d\"}\n"

/* The cut line is what kill -9 may leave. */
START_TEST(events_are_merged_by_time) {
    char dir[] = "/tmp/capflab-events-XXXXXX";
    struct err e = {0};
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_ok(place_prepare(dir, &e), e);
    write_events(dir, "a.ndjson",
                 EVENT(1000000, "a", "b", "one") EVENT(3000000, "a", "a", "three"));
    write_events(dir, "b.ndjson", EVENT(2000000, "b", "a", "two") "{\"mono\":25000");
    const struct run r = {.dir = dir};
    ck_assert_ok(artifacts_write(&r, &e), e);
    check_file(dir, "events.ndjson",
               EVENT(1000000, "a", "b", "one") EVENT(2000000, "b", "a", "two")
                   EVENT(3000000, "a", "a", "three"));
    check_file(dir, "timeline.txt",
               "  seconds  from                 to               what\n"
               "    0.000  a                ->  b                one  d\n"
               "    1.000  b                ->  a                two  d\n"
               "    2.000  a                                     three  d\n");
    nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}
END_TEST

START_TEST(a_tail_is_the_end_of_the_log) {
    char path[] = "/tmp/capflab-tail-XXXXXX";
    int fd = mkstemp(path);
    FILE *to = fdopen(fd, "w");
    AUTO_BUF out = BUF_INIT(64 * 1024);
    for (int i = 0; i < 10000; i++)
        fprintf(to, "line %d\n", i);
    fprintf(to, "\x1b[1mbold\n");
    fclose(to);
    file_tail(path, 2, "  ", &out);
    ck_assert_str_eq(buf_str(&out), "  line 9999\n  ?[1mbold\n");
    buf_reset(&out);
    file_tail("/nowhere", 2, "  ", &out);
    ck_assert_uint_eq(out.len, 0);
    unlink(path);
}
END_TEST

TEST_MAIN("actors", output_is_collected_until_the_end, readiness_is_a_line_of_json,
          who_ends_before_being_ready_is_told, deadlines_are_kept, who_ignores_sigterm_is_killed,
          a_wrapped_program_gets_its_arguments, a_missing_program_is_told,
          events_are_merged_by_time, a_tail_is_the_end_of_the_log)
