/* Lists of patterns against the lines of a log: in order, exactly, or absent. */
#include "scenarios/runner/pattern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct lines lines_of(struct bytes text) {
    size_t room = 1;
    for (size_t i = 0; i < text.len; i++)
        room += text.data[i] == '\n';
    struct lines l = {.items = calloc(room, sizeof *l.items)};
    const uint8_t *at = text.data;
    const uint8_t *end = text.data + text.len;
    while (l.items != NULL && at < end) {
        const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
        const uint8_t *next = stop == NULL ? end : stop + 1;
        stop = stop == NULL ? end : stop;
        if (stop > at && stop[-1] == '\r')
            stop--;
        l.items[l.count++] = bytes_of(at, (size_t)(stop - at));
        at = next;
    }
    return l;
}

void lines_free(struct lines *l) {
    free(l->items);
    *l = (struct lines){0};
}

/* A walk over a list with its groups unrolled: calls visit for each text. */
struct walk {
    const struct phone_names *all;
    const struct lines *lines;
    size_t at;
    struct pattern_miss miss;
};
typedef bool visit_fn(struct walk *w, const struct pattern *pattern, const struct phone_names *who);

static bool visit_group(struct walk *w, const struct pattern *group, visit_fn *visit) {
    for (size_t phone = 0; phone < w->all->count; phone++) {
        struct phone_names one = {.names = &w->all->names[phone], .count = 1};
        for (size_t i = 0; i < group->each_count; i++) {
            if (!visit(w, &group->each[i], &one)) {
                w->miss.phone = w->all->names[phone];
                return false;
            }
        }
    }
    return true;
}

static bool visit_all(struct walk *w, const struct pattern_list *list, visit_fn *visit) {
    for (size_t i = 0; i < list->count; i++) {
        const struct pattern *p = &list->items[i];
        if (!(p->text != NULL ? visit(w, p, w->all) : visit_group(w, p, visit)))
            return false;
    }
    return true;
}

static size_t find_line(const struct walk *w, const char *text, const struct phone_names *who,
                        size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        if (pattern_matches(text, who, w->lines->items[i]))
            return i;
    return SIZE_MAX;
}

static bool visit_in_order(struct walk *w, const struct pattern *p, const struct phone_names *who) {
    size_t found = find_line(w, p->text, who, w->at, w->lines->count);
    if (found == SIZE_MAX) {
        w->miss.pattern = p;
        w->miss.after = w->at;
        w->miss.earlier = find_line(w, p->text, who, 0, w->at);
        return false;
    }
    w->at = found + 1;
    return true;
}

static bool visit_exactly(struct walk *w, const struct pattern *p, const struct phone_names *who) {
    if (w->at < w->lines->count && pattern_matches(p->text, who, w->lines->items[w->at])) {
        w->at++;
        w->miss.pattern = p;
        return true;
    }
    w->miss.pattern = p;
    w->miss.after = w->at;
    return false;
}

static bool visit_absent(struct walk *w, const struct pattern *p, const struct phone_names *who) {
    size_t found = find_line(w, p->text, who, 0, w->lines->count);
    if (found == SIZE_MAX)
        return true;
    w->miss.pattern = p;
    w->miss.after = found;
    return false;
}

static struct walk walk_of(const struct phone_names *phones, const struct lines *lines) {
    return (struct walk){.all = phones, .lines = lines, .miss = {.earlier = SIZE_MAX}};
}

struct pattern_miss patterns_in_order(const struct pattern_list *list,
                                      const struct phone_names *phones, const struct lines *lines) {
    struct walk w = walk_of(phones, lines);
    if (visit_all(&w, list, visit_in_order))
        w.miss.after = w.at;
    return w.miss;
}

struct pattern_miss patterns_exactly(const struct pattern_list *list,
                                     const struct phone_names *phones, const struct lines *lines) {
    static const struct pattern nothing = {.text = ""};
    struct walk w = walk_of(phones, lines);
    if (!visit_all(&w, list, visit_exactly))
        return w.miss;
    if (w.at == lines->count) {
        w.miss.pattern = NULL;
        return w.miss;
    }
    if (w.miss.pattern == NULL)
        w.miss.pattern = &nothing;
    w.miss.after = w.at;
    return w.miss;
}

struct pattern_miss patterns_absent(const struct pattern_list *list,
                                    const struct phone_names *phones, const struct lines *lines) {
    struct walk w = walk_of(phones, lines);
    visit_all(&w, list, visit_absent);
    return w.miss;
}
