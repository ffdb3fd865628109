/* Reads /proc and the lab's folder. */
#include "bench/chaos_health.h"

#include "base/file.h"
#include "base/owned.h"
#include "bench/usage.h"
#include "scenarios/runner/component.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>

enum { DIRECTORIES_OPEN = 16 };

static int add_one(pid_t pid, struct chaos_health *out, struct err *e) {
    int64_t descriptors = 0;
    int64_t kb = 0;
    if (usage_descriptors(pid, &descriptors, e) != 0 || usage_rss(pid, &kb, e) != 0)
        return -1;
    out->descriptors += (size_t)descriptors;
    out->rss_mb += (double)kb / 1024;
    return 0;
}

int chaos_health_read(pid_t pid, struct chaos_health *out, struct err *e) {
    pid_t children[CHAOS_WORKERS_MAX];
    *out = (struct chaos_health){0};
    if (add_one(pid, out, e) != 0)
        return -1;
    size_t count = usage_children(pid, children, CHAOS_WORKERS_MAX);
    for (size_t i = 0; i < count; i++)
        add_one(children[i], out, NULL); /* one that has just ended has nothing */
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
