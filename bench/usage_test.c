/* A text of proc(5), and the process that reads them. */
#include "base/test.h"
#include "bench/usage.h"

#include <sys/wait.h>
#include <unistd.h>

START_TEST(numbers_stand_behind_their_names) {
    static const char text[] = "Name:\tVmRSS: 5\nVmHWM:\t   13700 kB\nVmRSS:\t 1 kB\nEmpty:\n";
    static const char *const missing[] = {"Vm", "VmPeak", "Empty"};
    struct err e = {0};
    int64_t kb = 0;
    ck_assert_ok(usage_number(text, "VmHWM", &kb, &e), e);
    ck_assert_int_eq(kb, 13700);
    ck_assert_ok(usage_number(text, "VmRSS", &kb, &e), e);
    ck_assert_int_eq(kb, 1);
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        ck_assert_int_eq(usage_number(text, missing[i], &kb, &e), -1);
        ck_assert_err(e, SYS_IO);
    }
}
END_TEST

START_TEST(this_process_has_memory) {
    struct err e = {0};
    struct usage u = {.cpu_us = -1};
    ck_assert_ok(usage_read(getpid(), &u, &e), e);
    ck_assert_int_gt(u.cpu_us, 0);
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
    ck_assert_int_gt(family.cpu_us, alone.cpu_us);
    close(end[0]);
    close(end[1]);
    waitpid(parent, NULL, 0);
}
END_TEST

START_TEST(a_look_shows_the_present) {
    struct err e = {0};
    struct usage_view v;
    int64_t before = 0, after = 0;
    int fds[2];
    ck_assert_ok(usage_look(getpid(), &v, &e), e);
    ck_assert_int_gt(v.memory_kb, 0);
    ck_assert_int_eq(v.threads, 1);
    ck_assert_ok(usage_rss(getpid(), &before, &e), e);
    ck_assert_int_gt(before, 0);
    ck_assert_int_ge(v.wakeups, 0);
    ck_assert_ok(usage_descriptors(getpid(), &before, &e), e);
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_ok(usage_descriptors(getpid(), &after, &e), e);
    ck_assert_int_eq(after, before + 2);
    close(fds[0]);
    close(fds[1]);
    ck_assert_int_eq(usage_look(0, &v, &e), -1);
    ck_assert_err(e, SYS_IO);
    ck_assert_int_eq(usage_rss(0, &after, &e), -1);
    ck_assert_int_eq(usage_descriptors(0, &after, &e), -1);
    ck_assert_err(e, SYS_IO);
}
END_TEST

TEST_MAIN("bench usage", numbers_stand_behind_their_names, this_process_has_memory,
          workers_count_with_their_supervisor, a_look_shows_the_present)
