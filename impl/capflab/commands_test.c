/* Finding, describing and starting commands, with shell scripts in their place. */
#include "base/file.h"
#include "base/owned.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include "capflab/commands.h"
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

static void put(const char *dir, const char *name, mode_t mode) {
    AUTO(char) path = path_join(dir, "%s", name);
    struct bytes script = bytes_of_str("#!/bin/sh\n[ \"$1\" = --help ] && exit 43\nexit 44\n");
    ck_assert_int_eq(file_write(path, script, mode, NULL), 0);
}

static struct commands commands_in(const char *dir) {
    struct commands c;
    put(dir, "capflab-run", 0755);
    put(dir, "capflab-capf", 0755);
    put(dir, "capflab-mine", 0755);
    put(dir, "capflab-notes", 0644);
    put(dir, "capflab", 0755);
    put(dir, "other", 0755);
    commands_find(&c, dir);
    return c;
}

START_TEST(commands_are_the_programs_beside) {
    TEMPORARY(dir);
    struct commands c = commands_in(dir);
    ck_assert_uint_eq(c.count, 3);
    ck_assert_str_eq(c.names[0], "capf");
    ck_assert_str_eq(c.names[1], "mine");
    ck_assert_str_eq(c.names[2], "run");
    ck_assert_ptr_null(c.names[3]);
    commands_free(&c);
    commands_find(&c, "/nonexistent");
    ck_assert_uint_eq(c.count, 0);
    commands_free(&c);
}
END_TEST

START_TEST(each_is_described_if_known) {
    TEMPORARY(dir);
    struct commands c = commands_in(dir);
    AUTO_BUF text = BUF_INIT(4096);
    commands_describe(&c, &text);
    ck_assert_str_eq(buf_str(&text),
                     "  capf        the CAPF service, and the administration of its devices\n"
                     "  mine        \n"
                     "  run         run scenarios and judge them\n");
    ck_assert_str_eq(commands_nearest(&c, "cpaf"), "capf");
    ck_assert_ptr_null(commands_nearest(&c, "unheard"));
    commands_free(&c);
}
END_TEST

/* The exit code of the command, or 100 when nothing was started because there is no such command.
 */
static int code_of(const struct commands *c, char *command, char *argument) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        char *argv[] = {command, argument, NULL};
        commands_exec(c, command, argv);
        _exit(errno == ENOENT ? 100 : 101);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(a_command_gets_its_arguments) {
    TEMPORARY(dir);
    struct commands c = commands_in(dir);
    ck_assert_int_eq(code_of(&c, (char[]){"run"}, (char[]){"--help"}), 43);
    ck_assert_int_eq(code_of(&c, (char[]){"run"}, NULL), 44);
    commands_free(&c);
}
END_TEST

START_TEST(what_is_not_beside_is_sought_in_path) {
    TEMPORARY(dir);
    struct commands none;
    struct commands c = commands_in(dir);
    commands_find(&none, "/nonexistent");
    ck_assert_int_eq(code_of(&none, (char[]){"run"}, NULL), 100);
    setenv("PATH", dir, 1);
    ck_assert_int_eq(code_of(&none, (char[]){"run"}, NULL), 44);
    commands_free(&c);
    commands_free(&none);
}
END_TEST

START_TEST(nothing_else_can_be_started) {
    TEMPORARY(dir);
    struct commands c = commands_in(dir);
    char longest[300];
    memset(longest, 'a', sizeof longest);
    longest[299] = '\0';
    ck_assert_int_eq(code_of(&c, (char[]){"../bin/true"}, NULL), 100);
    ck_assert_int_eq(code_of(&c, (char[]){"/bin/true"}, NULL), 100);
    ck_assert_int_eq(code_of(&c, (char[]){""}, NULL), 100);
    ck_assert_int_eq(code_of(&c, longest, NULL), 100);
    commands_free(&c);
}
END_TEST

START_TEST(the_own_folder_is_known) {
    AUTO(char) folder = own_folder();
    ck_assert_ptr_nonnull(folder);
    ck_assert_int_eq(folder[0], '/');
    ck_assert(file_exists(folder));
}
END_TEST

TEST_MAIN("commands", commands_are_the_programs_beside, each_is_described_if_known,
          a_command_gets_its_arguments, what_is_not_beside_is_sought_in_path,
          nothing_else_can_be_started, the_own_folder_is_known)
