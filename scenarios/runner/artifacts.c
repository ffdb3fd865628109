/* What a run leaves for its readers: all actors' events merged into events.ndjson, and the same as
 * timeline.txt. Lines of one file keep their order even when two have the same time. */
#include "scenarios/runner/run.h"

#include "base/file.h"
#include "base/owned.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EVENTS_BYTES_MAX = 256 * 1024 * 1024, LINE_SHOWN_MAX = 240 };

struct event {
    int64_t mono;
    size_t order;
    struct bytes line;
    json_t *value;
};

struct events {
    struct event *items;
    size_t count, cap;
    struct buf *texts; /* what the lines look into */
    size_t text_count;
};

static void events_free(struct events *all) {
    for (size_t i = 0; i < all->count; i++)
        json_decref(all->items[i].value);
    for (size_t i = 0; i < all->text_count; i++)
        buf_free(&all->texts[i]);
    free(all->items);
    free(all->texts);
}

static int add_event(struct events *all, struct bytes line) {
    if (all->count == all->cap) {
        size_t cap = all->cap == 0 ? 256 : all->cap * 2;
        struct event *grown = reallocarray(all->items, cap, sizeof *grown);
        if (grown == NULL)
            return -1;
        all->items = grown;
        all->cap = cap;
    }
    json_t *value = json_loadb((const char *)line.data, line.len, 0, NULL);
    if (value == NULL)
        return 0; /* the last line of a killed actor may be cut */
    all->items[all->count] =
        (struct event){.mono = json_integer_value(json_object_get(value, "mono")),
                       .order = all->count,
                       .line = line,
                       .value = value};
    all->count++;
    return 0;
}

static int read_events(struct events *all, const char *path, struct err *e) {
    struct buf *grown = reallocarray(all->texts, all->text_count + 1, sizeof *grown);
    if (grown == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    all->texts = grown;
    struct buf *text = &all->texts[all->text_count++];
    *text = (struct buf)BUF_INIT(EVENTS_BYTES_MAX);
    if (file_read(path, text, e) != 0)
        return -1;
    struct lines l = lines_of(buf_view(text));
    int added = 0;
    for (size_t i = 0; added == 0 && i < l.count; i++)
        added = add_event(all, l.items[i]);
    lines_free(&l);
    return added == 0 ? 0 : err_set(e, ERR_SYS_NOMEM, NULL);
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_events_file(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static int read_all(struct events *all, const char *dir, struct err *e) {
    struct dirent **names = NULL;
    int n = scandir(dir, &names, is_events_file, by_name);
    int failed = n < 0 ? err_errno(e, "%s", dir) : 0;
    for (int i = 0; i < n; i++) {
        AUTO(char) path = path_join(dir, "%s", names[i]->d_name);
        if (failed == 0)
            failed = path == NULL ? err_set(e, ERR_SYS_NOMEM, NULL) : read_events(all, path, e);
        free(names[i]);
    }
    free(names);
    return failed;
}

static int by_time(const void *left, const void *right) {
    const struct event *a = left;
    const struct event *b = right;
    if (a->mono != b->mono)
        return a->mono < b->mono ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static const char *text_of(const struct event *event, const char *key) {
    const char *text = json_string_value(json_object_get(event->value, key));
    return text == NULL ? "" : text;
}

static void put_timeline(const struct events *all, struct buf *out) {
    int64_t begin = all->count > 0 ? all->items[0].mono : 0;
    buf_printf(out, "%9s  %-16s %-3s %-16s %s\n", "seconds", "from", "", "to", "what");
    for (size_t i = 0; i < all->count; i++) {
        const struct event *event = &all->items[i];
        const char *from = text_of(event, "from");
        const char *to = text_of(event, "to");
        bool alone = strcmp(from, to) == 0;
        buf_printf(out, "%9.3f  %-16s %-3s %-16s %s  %.*s\n", (double)(event->mono - begin) / 1e6,
                   from, alone ? "" : "->", alone ? "" : to, text_of(event, "what"), LINE_SHOWN_MAX,
                   text_of(event, "detail"));
    }
}

static int write_both(const struct run *r, const struct events *all, struct err *e) {
    AUTO(char) merged_path = run_path(r, "events.ndjson");
    AUTO(char) timeline_path = run_path(r, "timeline.txt");
    AUTO_BUF merged = BUF_INIT(EVENTS_BYTES_MAX);
    AUTO_BUF timeline = BUF_INIT(EVENTS_BYTES_MAX);
    if (merged_path == NULL || timeline_path == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    for (size_t i = 0; i < all->count; i++) {
        buf_put_bytes(&merged, all->items[i].line);
        buf_put_str(&merged, "\n");
    }
    put_timeline(all, &timeline);
    if (merged.failed || timeline.failed)
        return err_set(e, ERR_SYS_LIMIT, "too many events");
    if (file_write(merged_path, buf_view(&merged), 0644, e) != 0)
        return -1;
    return file_write(timeline_path, buf_view(&timeline), 0644, e);
}

int artifacts_write(const struct run *r, struct err *e) {
    AUTO(char) dir = run_path(r, "events");
    struct events all = {0};
    if (dir == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    int failed = read_all(&all, dir, e);
    if (failed == 0 && all.count > 0)
        qsort(all.items, all.count, sizeof all.items[0], by_time);
    if (failed == 0)
        failed = write_both(r, &all, e);
    events_free(&all);
    return failed;
}
