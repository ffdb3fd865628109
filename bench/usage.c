/* Reading /proc/PID/stat and status. The name of a program may hold blanks and parentheses, so the
 * fields are counted from the last parenthesis. */
#include "bench/usage.h"

#include "base/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROC_TEXT_MAX = 64 * 1024 };

int usage_parse_stat(const char *text, int64_t ticks_per_second, int64_t *cpu_us, struct err *e) {
    const char *behind = strrchr(text, ')');
    int64_t user = 0;
    int64_t system = 0;
    /* state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime */
    if (behind == NULL || ticks_per_second <= 0 ||
        sscanf(behind + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNd64 " %" SCNd64,
               &user, &system) != 2)
        return err_set(e, ERR_SYS_IO, "not the text of /proc/PID/stat");
    *cpu_us = (user + system) * 1000000 / ticks_per_second;
    return 0;
}

int usage_parse_status(const char *text, int64_t *rss_peak_kb, struct err *e) {
    const char *line = strstr(text, "\nVmHWM:");
    if (line == NULL || sscanf(line, "\nVmHWM: %" SCNd64 " kB", rss_peak_kb) != 1)
        return err_set(e, ERR_SYS_IO, "no VmHWM in /proc/PID/status");
    return 0;
}

static int read_text(pid_t pid, const char *name, struct buf *text, struct err *e) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return file_read(path, text, e);
}

int usage_read_one(pid_t pid, struct usage *u, struct err *e) {
    AUTO_BUF stat = BUF_INIT(PROC_TEXT_MAX);
    AUTO_BUF status = BUF_INIT(PROC_TEXT_MAX);
    if (read_text(pid, "stat", &stat, e) != 0 || read_text(pid, "status", &status, e) != 0 ||
        usage_parse_stat(buf_str(&stat), sysconf(_SC_CLK_TCK), &u->cpu_us, e) != 0)
        return -1;
    return usage_parse_status(buf_str(&status), &u->rss_peak_kb, e);
}

/* A child that ended meanwhile is left out: what it used is no longer told apart. */
static void add_children(const char *pids, struct usage *u) {
    char *end = NULL;
    for (long pid; (pid = strtol(pids, &end, 10)) > 0; pids = end) {
        struct usage child = {0};
        struct err ignored;
        if (usage_read_one((pid_t)pid, &child, &ignored) != 0)
            continue;
        u->cpu_us += child.cpu_us;
        u->rss_peak_kb += child.rss_peak_kb;
    }
}

int usage_read(pid_t pid, struct usage *u, struct err *e) {
    AUTO_BUF children = BUF_INIT(PROC_TEXT_MAX);
    char name[48];
    snprintf(name, sizeof name, "task/%d/children", (int)pid);
    if (usage_read_one(pid, u, e) != 0)
        return -1;
    if (pid != getpid() && read_text(pid, name, &children, NULL) == 0)
        add_children(buf_str(&children), u);
    return 0;
}

int usage_memory_now(pid_t pid, int64_t *kb, struct err *e) {
    AUTO_BUF text = BUF_INIT(PROC_TEXT_MAX);
    if (read_text(pid, "smaps_rollup", &text, e) != 0)
        return -1;
    const char *line = strstr(buf_str(&text), "\nPss:");
    if (line == NULL || sscanf(line, "\nPss: %" SCNd64 " kB", kb) != 1)
        return err_set(e, ERR_SYS_IO, "no Pss in /proc/PID/smaps_rollup");
    return 0;
}
