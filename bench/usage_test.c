/* Texts of proc(5), and the process that reads them. */
#include "base/test.h"
#include "bench/usage.h"

#include <sys/wait.h>
#include <unistd.h>

START_TEST(cpu_is_user_and_system_time) {
    const char *text = "42 (capf) S 1 42 42 0 -1 4194560 10 0 0 0 150 50 7 7 20 0 1 0 99 1 2\n";
    struct err e = {0};
    int64_t cpu = 0;
    ck_assert_ok(usage_parse_stat(text, 100, &cpu, &e), e);
    ck_assert_int_eq(cpu, 2000000);
}
END_TEST

START_TEST(a_name_may_look_like_fields) {
    const char *text = "42 (a) S 1 (b) R 1 42 42 0 -1 4194560 10 0 0 0 1 2 0 0 20 0 1 0 99 1 2\n";
    struct err e = {0};
    int64_t cpu = 0;
    ck_assert_ok(usage_parse_stat(text, 100, &cpu, &e), e);
    ck_assert_int_eq(cpu, 30000);
}
END_TEST

START_TEST(other_texts_are_refused) {
    struct err e = {0};
    int64_t value = 0;
    ck_assert_int_eq(usage_parse_stat("", 100, &value, &e), -1);
    ck_assert_err(e, SYS_IO);
    ck_assert_int_eq(usage_parse_stat("1 (a) S 1 2 3", 100, &value, &e), -1);
    ck_assert_int_eq(usage_parse_status("Name:\ta\nVmRSS:\t 1 kB\n", &value, &e), -1);
    ck_assert_err(e, SYS_IO);
}
END_TEST

START_TEST(peak_memory_is_in_kilobytes) {
    struct err e = {0};
    int64_t kb = 0;
    ck_assert_ok(usage_parse_status("Name:\ta\nVmHWM:\t   13700 kB\nVmRSS:\t 1 kB\n", &kb, &e), e);
    ck_assert_int_eq(kb, 13700);
}
END_TEST

START_TEST(this_process_has_memory) {
    struct err e = {0};
    struct usage u = {.cpu_us = -1};
    ck_assert_ok(usage_read(getpid(), &u, &e), e);
    ck_assert_int_ge(u.cpu_us, 0);
    ck_assert_int_gt(u.rss_peak_kb, 0);
    ck_assert_int_eq(usage_read(0, &u, &e), -1);
    ck_assert_err(e, SYS_IO);
}
END_TEST

/* A supervisor and its worker, which are ready when the pipe says so and end when it is closed. */
static pid_t start_family(int ready[2], int end[2]) {
    ck_assert_int_eq(pipe(ready), 0);
    ck_assert_int_eq(pipe(end), 0);
    pid_t parent = fork();
    if (parent > 0)
        return parent;
    char byte = 'r';
    bool is_worker = fork() == 0;
    close(end[1]);
    if (is_worker && write(ready[1], &byte, 1) != 1)
        _exit(1);
    _exit(read(end[0], &byte, 1) == 0 ? 0 : 1);
}

START_TEST(workers_count_with_their_supervisor) {
    int ready[2], end[2];
    char byte;
    struct err e = {0};
    struct usage alone, family;
    pid_t parent = start_family(ready, end);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_ok(usage_read_one(parent, &alone, &e), e);
    ck_assert_ok(usage_read(parent, &family, &e), e);
    ck_assert_int_gt(family.rss_peak_kb, alone.rss_peak_kb);
    close(end[0]);
    close(end[1]);
    waitpid(parent, NULL, 0);
}
END_TEST

TEST_MAIN("bench usage", cpu_is_user_and_system_time, a_name_may_look_like_fields,
          other_texts_are_refused, peak_memory_is_in_kilobytes, this_process_has_memory,
          workers_count_with_their_supervisor)
