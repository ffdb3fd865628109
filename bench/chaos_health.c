/* Reads /proc and the lab's folder. */
#include "bench/chaos_health.h"

#include "base/file.h"
#include "base/owned.h"
#include "scenarios/runner/component.h"

#include <dirent.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { STATUS_MAX = 64 * 1024, DIRECTORIES_OPEN = 16 };

static int count_entries(const char *path, size_t *count, struct err *e) {
    DIR *dir = opendir(path);
    if (dir == NULL)
        return err_errno(e, "%s", path);
    *count = 0;
    for (const struct dirent *d; (d = readdir(dir)) != NULL;)
        *count += d->d_name[0] != '.';
    closedir(dir);
    return 0;
}

int chaos_health_read(pid_t pid, struct chaos_health *out, struct err *e) {
    char path[64];
    int64_t kb = 0;
    AUTO_BUF status = BUF_INIT(STATUS_MAX);
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    if (count_entries(path, &out->descriptors, e) != 0)
        return -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    if (file_read(path, &status, e) != 0)
        return -1;
    const char *line = strstr(buf_str(&status), "\nVmRSS:");
    if (line == NULL || sscanf(line, "\nVmRSS: %" SCNd64 " kB", &kb) != 1)
        return err_set(e, ERR_SYS_IO, "%s: no VmRSS", path);
    out->rss_mb = (double)kb / 1024;
    return 0;
}

bool chaos_memory_is_bounded(double before_mb, double after_mb) {
    return after_mb <= before_mb * CHAOS_MEMORY_FACTOR + CHAOS_MEMORY_ROOM_MB;
}

static void count_line(const char *line, struct chaos_events *out) {
    out->faults += strstr(line, "\"what\":\"fault\"") != NULL;
    out->cut += strstr(line, "\"what\":\"cut\"") != NULL;
    out->turned_away += strstr(line, "\"what\":\"turned away\"") != NULL;
}

void chaos_count_events(const char *dir, struct chaos_events *out) {
    for (size_t c = 0; c < COMPONENT_COUNT; c++) {
        AUTO(char) path = path_join(dir, "events/%s.ndjson", component_name((enum component)c));
        FILE *events = path == NULL ? NULL : fopen(path, "re");
        AUTO(char) line = NULL;
        size_t size = 0;
        while (events != NULL && getline(&line, &size, events) >= 0)
            count_line(line, out);
        if (events != NULL)
            fclose(events);
    }
}

/* nftw has no argument for its callback. */
static char *found;

static int look(const char *path, const struct stat *s, int kind, struct FTW *where) {
    (void)s;
    if (kind != FTW_F || strstr(path + where->base, ".tmp-") == NULL)
        return 0;
    found = strdup(path);
    return 1;
}

char *chaos_temporary_file(const char *dir) {
    found = NULL;
    nftw(dir, look, DIRECTORIES_OPEN, FTW_PHYS);
    return found;
}
