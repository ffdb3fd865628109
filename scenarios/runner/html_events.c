/* events.ndjson for the page. Must never trust a line: any may be cut, huge or no JSON. */
#include "scenarios/runner/html_events.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 64 * 1024 };

static char *string_of(const json_t *o, const char *key) {
    const char *text = json_string_value(json_object_get(o, key));
    return strdup(text == NULL ? "" : text);
}

static int keep(struct html_events *all, const json_t *o) {
    struct html_event *event = &all->items[all->count++];
    *event = (struct html_event){.mono = json_integer_value(json_object_get(o, "mono")),
                                 .from = string_of(o, "from"),
                                 .to = string_of(o, "to"),
                                 .what = string_of(o, "what"),
                                 .detail = string_of(o, "detail")};
    bool whole =
        event->from != NULL && event->to != NULL && event->what != NULL && event->detail != NULL;
    return whole ? 0 : -1;
}

static int take_line(struct html_events *all, size_t max, const char *line) {
    json_t *o = json_loads(line, 0, NULL);
    int failed = 0;
    if (!json_is_object(o))
        all->unreadable++;
    else if (all->total++ < max)
        failed = keep(all, o);
    json_decref(o);
    return failed;
}

/* Reads to the end of the line; false at the end of the file. whole: it fitted into line and holds
 * no NUL. */
static bool read_line(FILE *from, char *line, bool *whole) {
    size_t len = 0;
    int c = getc_unlocked(from);
    bool any = c != EOF;
    *whole = true;
    for (; c != EOF && c != '\n'; c = getc_unlocked(from)) {
        if (c == '\0' || len + 1 == LINE_MAX_BYTES)
            *whole = false;
        else
            line[len++] = (char)c;
    }
    line[len] = '\0';
    return any;
}

static int read_lines(FILE *from, size_t max, struct html_events *out) {
    char line[LINE_MAX_BYTES];
    bool whole = false;
    while (read_line(from, line, &whole)) {
        if (!whole)
            out->unreadable++;
        else if (take_line(out, max, line) != 0)
            return -1;
    }
    return 0;
}

int html_events_read(const char *path, size_t max, struct html_events *out, struct err *e) {
    *out = (struct html_events){.items = calloc(max, sizeof *out->items)};
    FILE *from = fopen(path, "re");
    if (from == NULL)
        return err_errno(e, "%s", path);
    int failed = out->items == NULL ? -1 : read_lines(from, max, out);
    if (failed != 0)
        err_set(e, ERR_SYS_NOMEM, "%s", path);
    else if (ferror(from) != 0)
        failed = err_errno(e, "%s", path);
    fclose(from);
    return failed;
}

void html_events_free(struct html_events *events) {
    for (size_t i = 0; i < events->count; i++) {
        free(events->items[i].from);
        free(events->items[i].to);
        free(events->items[i].what);
        free(events->items[i].detail);
    }
    free(events->items);
    *events = (struct html_events){0};
}

double html_event_seconds(const struct html_events *events, const struct html_event *event) {
    return ((double)event->mono - (double)events->items[0].mono) / 1e6;
}

enum html_mark html_event_mark(const struct html_event *event) {
    static const char *const trouble[] = {"error", "no answer", "LSC: Failed", "killed"};
    if (strcmp(event->what, "fault") == 0)
        return HTML_FAULT;
    for (size_t i = 0; i < sizeof trouble / sizeof trouble[0]; i++)
        if (strcmp(event->what, trouble[i]) == 0)
            return HTML_TROUBLE;
    return HTML_PLAIN;
}
