/* Reading /proc, but for CPU time: its fields there are whole clock ticks, of which a short run has
 * too few. */
#include "bench/usage.h"

#include "base/clock.h"
#include "base/file.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROC_TEXT_MAX = 64 * 1024 };

int usage_number(const char *text, const char *name, int64_t *number, struct err *e) {
    size_t len = strlen(name);
    const char *line = text;
    while (line != NULL && (strncmp(line, name, len) != 0 || line[len] != ':')) {
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    if (line == NULL || sscanf(line + len + 1, "%" SCNd64, number) != 1)
        return err_set(e, ERR_SYS_IO, "no %s in /proc/PID", name);
    return 0;
}

static int read_text(pid_t pid, const char *name, struct buf *text, struct err *e) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return file_read(path, text, e);
}

int usage_read_one(pid_t pid, struct usage *u, struct err *e) {
    AUTO_BUF status = BUF_INIT(PROC_TEXT_MAX);
    if (read_text(pid, "status", &status, e) != 0)
        return -1;
    if (clock_cpu_us(pid, &u->cpu_us) != 0)
        return err_set(e, ERR_SYS_IO, "process %d has no clock", (int)pid);
    return usage_number(buf_str(&status), "VmHWM", &u->rss_peak_kb, e);
}

size_t usage_children(pid_t pid, pid_t *out, size_t max) {
    AUTO_BUF text = BUF_INIT(PROC_TEXT_MAX);
    char name[48];
    size_t count = 0;
    char *end = NULL;
    snprintf(name, sizeof name, "task/%d/children", (int)pid);
    if (read_text(pid, name, &text, NULL) != 0)
        return 0;
    const char *at = buf_str(&text);
    for (long child; count < max && (child = strtol(at, &end, 10)) > 0; at = end)
        out[count++] = (pid_t)child;
    return count;
}

/* A child that ended meanwhile is left out: what it used is no longer told apart. */
static void add_child(pid_t pid, struct usage *u) {
    struct usage child = {0};
    struct err ignored;
    if (usage_read_one(pid, &child, &ignored) != 0)
        return;
    u->cpu_us += child.cpu_us;
    u->rss_peak_kb += child.rss_peak_kb;
}

int usage_read(pid_t pid, struct usage *u, struct err *e) {
    pid_t children[USAGE_CHILDREN_MAX];
    if (usage_read_one(pid, u, e) != 0)
        return -1;
    size_t count = pid == getpid() ? 0 : usage_children(pid, children, USAGE_CHILDREN_MAX);
    for (size_t i = 0; i < count; i++)
        add_child(children[i], u);
    return 0;
}

int usage_look(pid_t pid, struct usage_view *v, struct err *e) {
    AUTO_BUF rollup = BUF_INIT(PROC_TEXT_MAX);
    AUTO_BUF status = BUF_INIT(PROC_TEXT_MAX);
    struct usage u;
    if (read_text(pid, "smaps_rollup", &rollup, e) != 0 ||
        read_text(pid, "status", &status, e) != 0 || usage_read_one(pid, &u, e) != 0 ||
        usage_number(buf_str(&rollup), "Pss", &v->memory_kb, e) != 0 ||
        usage_number(buf_str(&status), "Threads", &v->threads, e) != 0)
        return -1;
    v->cpu_us = u.cpu_us;
    return usage_number(buf_str(&status), "voluntary_ctxt_switches", &v->wakeups, e);
}

int usage_rss(pid_t pid, int64_t *kb, struct err *e) {
    AUTO_BUF status = BUF_INIT(PROC_TEXT_MAX);
    return read_text(pid, "status", &status, e) != 0
               ? -1
               : usage_number(buf_str(&status), "VmRSS", kb, e);
}

int usage_descriptors(pid_t pid, int64_t *count, struct err *e) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    if (dir == NULL)
        return err_errno(e, "%s", path);
    *count = 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        *count += entry->d_name[0] != '.';
    closedir(dir);
    return 0;
}
