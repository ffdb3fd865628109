/* Whole files: bounds, replacing, modes, errors. */
#include "base/file.h"
#include "base/owned.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void check_content(const char *path, const char *expected) {
    struct err e = {0};
    AUTO_BUF content = BUF_INIT(65536);
    ck_assert_ok(file_read(path, &content, &e), e);
    ck_assert_str_eq(buf_str(&content), expected);
}

static mode_t mode_of(const char *path) {
    struct stat s;
    ck_assert_int_eq(stat(path, &s), 0);
    return s.st_mode & 0777;
}

START_TEST(what_is_written_is_read) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "%s.%d", "a", 1);
    struct err e = {0};
    ck_assert_ok(file_write(path, bytes_of_str("one\n"), 0644, &e), e);
    check_content(path, "one\n");
    ck_assert_ok(file_write(path, bytes_of_str("two\n"), 0644, &e), e);
    check_content(path, "two\n");
    ck_assert_ok(file_write(path, bytes_of_str(""), 0644, &e), e);
    check_content(path, "");
}
END_TEST

START_TEST(reading_appends_up_to_the_bound) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "a");
    struct err e = {0};
    ck_assert_ok(file_write(path, bytes_of_str("12345"), 0644, &e), e);
    AUTO_BUF content = BUF_INIT(7);
    buf_put_str(&content, "ab");
    ck_assert_ok(file_read(path, &content, &e), e);
    ck_assert_str_eq(buf_str(&content), "ab12345");
    AUTO_BUF small = BUF_INIT(4);
    ck_assert_int_eq(file_read(path, &small, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
}
END_TEST

START_TEST(what_cannot_be_read_is_an_error) {
    struct err e = {0};
    AUTO_BUF content = BUF_INIT(16);
    ck_assert_int_eq(file_read("/nonexistent/file", &content, &e), -1);
    ck_assert_err(e, SYS_IO);
    ck_assert_str_eq(e.text, "/nonexistent/file: No such file or directory");
    ck_assert_int_eq(file_read("/", &content, &e), -1);
    ck_assert_err(e, SYS_IO);
}
END_TEST

static size_t entries_of(const char *dir) {
    size_t count = 0;
    DIR *d = opendir(dir);
    while (readdir(d) != NULL)
        count++;
    closedir(d);
    return count - 2;
}

START_TEST(a_failed_write_leaves_the_old_content_and_nothing_else) {
    TEMPORARY(dir);
    AUTO(char) folder = path_join(dir, "folder");
    struct err e = {0};
    ck_assert_int_eq(mkdir(folder, 0755), 0);
    ck_assert_int_eq(file_write(folder, bytes_of_str("x"), 0644, &e), -1);
    ck_assert_err(e, SYS_IO);
    ck_assert_int_eq(file_write("/nonexistent/file", bytes_of_str("x"), 0644, &e), -1);
    ck_assert_err(e, SYS_IO);
    ck_assert_uint_eq(entries_of(dir), 1);
}
END_TEST

START_TEST(the_mode_is_that_of_the_last_write) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "key.pem");
    umask(022);
    ck_assert_int_eq(file_write(path, bytes_of_str("x"), 0666, NULL), 0);
    ck_assert_uint_eq(mode_of(path), 0644);
    ck_assert_int_eq(file_write(path, bytes_of_str("x"), 0600, NULL), 0);
    ck_assert_uint_eq(mode_of(path), 0600);
}
END_TEST

START_TEST(what_a_killed_process_left_is_replaced) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "key.pem");
    AUTO(char) left = path_join(dir, "key.pem.tmp-%ld", (long)getpid());
    close(open(left, O_WRONLY | O_CREAT, 0666));
    ck_assert_int_eq(file_write(path, bytes_of_str("x"), 0600, NULL), 0);
    ck_assert_uint_eq(mode_of(path), 0600);
    ck_assert_uint_eq(entries_of(dir), 1);
}
END_TEST

/* A process that has ended and been waited for. */
static long dead_process(void) {
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    return (long)pid;
}

START_TEST(orphans_are_removed_and_nothing_else) {
    TEMPORARY(dir);
    struct err e = {0};
    AUTO(char) orphan = path_join(dir, "a.csr.tmp-%ld", dead_process());
    AUTO(char) own = path_join(dir, "b.csr.tmp-%ld", (long)getpid());
    AUTO(char) other = path_join(dir, "c.tmp-%ldx", dead_process());
    AUTO(char) plain = path_join(dir, "d.csr");
    const char *const all[] = {orphan, own, other, plain};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        ck_assert_ok(file_write(all[i], bytes_of_str("x"), 0600, &e), e);
    file_remove_orphans(dir);
    ck_assert(!file_exists(orphan));
    for (size_t i = 1; i < sizeof all / sizeof all[0]; i++)
        ck_assert_msg(file_exists(all[i]), "%s", all[i]);
    file_remove_orphans("/nonexistent");
}
END_TEST

START_TEST(folders_are_made_with_those_above) {
    TEMPORARY(dir);
    struct err e = {0};
    AUTO(char) deep = path_join(dir, "a/b//c/");
    AUTO(char) file = path_join(dir, "a/file");
    AUTO(char) under_file = path_join(dir, "a/file/d");
    ck_assert_ok(file_mkdirs(deep, &e), e);
    ck_assert_ok(file_mkdirs(deep, &e), e);
    ck_assert(file_exists(deep));
    ck_assert(!file_exists(file));
    ck_assert_int_eq(file_write(file, bytes_of_str(""), 0644, NULL), 0);
    ck_assert(file_exists(file));
    ck_assert_int_eq(file_mkdirs(under_file, &e), -1);
    ck_assert_err(e, SYS_IO);
    ck_assert_int_eq(file_mkdirs(file, &e), -1);
    ck_assert_err(e, SYS_IO);
}
END_TEST

TEST_MAIN("file", what_is_written_is_read, reading_appends_up_to_the_bound,
          what_cannot_be_read_is_an_error, a_failed_write_leaves_the_old_content_and_nothing_else,
          the_mode_is_that_of_the_last_write, what_a_killed_process_left_is_replaced,
          orphans_are_removed_and_nothing_else, folders_are_made_with_those_above)
