/* Placeholders and the matching of one line. A pattern was linted before: what is no placeholder
 * here is literal text. */
#include "scenarios/runner/pattern.h"

#include "scenarios/runner/words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum placeholder {
#define X(word, help) PLACEHOLDER_##word,
    PLACEHOLDER_TABLE(X)
#undef X
        PLACEHOLDER_COUNT
};

static const struct {
    const char *word;
    const char *help;
} placeholders[] = {
#define X(word, help) {#word, help},
    PLACEHOLDER_TABLE(X)
#undef X
};

void placeholders_print(FILE *to, const char *row_format) {
    for (size_t i = 0; i < PLACEHOLDER_COUNT; i++)
        fprintf(to, row_format, placeholders[i].word, placeholders[i].help);
}

/* The placeholder at p ("{word}"), its length in *len; PLACEHOLDER_COUNT when it is none. */
static enum placeholder placeholder_at(const char *p, size_t *len) {
    const char *end = *p == '{' ? strchr(p, '}') : NULL;
    if (end == NULL)
        return PLACEHOLDER_COUNT;
    *len = (size_t)(end - p) + 1;
    for (size_t i = 0; i < PLACEHOLDER_COUNT; i++)
        if (strlen(placeholders[i].word) == *len - 2 &&
            strncmp(placeholders[i].word, p + 1, *len - 2) == 0)
            return (enum placeholder)i;
    return PLACEHOLDER_COUNT;
}

struct match {
    const struct phone_names *phones;
    const char *begin;
    const char *end;
};

static bool match_here(const struct match *m, const char *p, const char *at);

static bool match_form(const struct match *m, const char *form, const char *rest, const char *at) {
    for (; *form != '\0'; form++, at++) {
        if (at == m->end)
            return false;
        if (*form == '9' ? !isdigit((unsigned char)*at) : *form != *at)
            return false;
    }
    return match_here(m, rest, at);
}

static bool match_number(const struct match *m, const char *rest, const char *at) {
    const char *stop = at;
    while (stop < m->end && isdigit((unsigned char)*stop))
        stop++;
    for (; stop > at; stop--)
        if (match_here(m, rest, stop))
            return true;
    return false;
}

static bool match_any(const struct match *m, const char *rest, const char *at) {
    for (; at <= m->end; at++)
        if (match_here(m, rest, at))
            return true;
    return false;
}

static bool match_phone(const struct match *m, const char *rest, const char *at) {
    for (size_t i = 0; i < m->phones->count; i++) {
        size_t len = strlen(m->phones->names[i]);
        if ((size_t)(m->end - at) >= len && memcmp(at, m->phones->names[i], len) == 0 &&
            match_here(m, rest, at + len))
            return true;
    }
    return false;
}

static bool match_placeholder(const struct match *m, enum placeholder which, const char *rest,
                              const char *at) {
    switch (which) {
    case PLACEHOLDER_phone:
        return match_phone(m, rest, at);
    case PLACEHOLDER_number:
        return match_number(m, rest, at);
    case PLACEHOLDER_any:
        return match_any(m, rest, at);
    case PLACEHOLDER_date:
        return match_form(m, "9999-99-99", rest, at);
    case PLACEHOLDER_time:
        return match_form(m, "99:99:99", rest, at);
    case PLACEHOLDER_start:
        return at == m->begin && match_here(m, rest, at);
    case PLACEHOLDER_end:
        return at == m->end && match_here(m, rest, at);
    case PLACEHOLDER_COUNT:
        break;
    }
    return false;
}

static bool match_here(const struct match *m, const char *p, const char *at) {
    for (; *p != '\0'; p++, at++) {
        size_t len = 0;
        enum placeholder which = placeholder_at(p, &len);
        if (which != PLACEHOLDER_COUNT)
            return match_placeholder(m, which, p + len, at);
        if (at >= m->end || *at != *p)
            return false;
    }
    return true;
}

bool pattern_matches(const char *pattern, const struct phone_names *phones, struct bytes line) {
    const char *begin = (const char *)line.data;
    struct match m = {.phones = phones, .begin = begin, .end = begin + line.len};
    for (const char *at = m.begin; at <= m.end; at++)
        if (match_here(&m, pattern, at))
            return true;
    return false;
}

static void check_placeholders(const struct cfg_doc *doc, const struct cfg_node *node,
                               struct cfg_mistakes *m) {
    const char *words[PLACEHOLDER_COUNT + 1] = {NULL};
    for (size_t i = 0; i < PLACEHOLDER_COUNT; i++)
        words[i] = placeholders[i].word;
    for (const char *p = cfg_node_scalar(node); (p = strchr(p, '{')) != NULL; p++) {
        size_t len = 0;
        if (placeholder_at(p, &len) != PLACEHOLDER_COUNT || len == 0)
            continue;
        char word[64];
        snprintf(word, sizeof word, "%.*s", (int)(len - 2), p + 1);
        unknown_word(m, doc, node, "placeholder", word, words);
    }
}

static void read_text(const struct cfg_doc *doc, const struct cfg_node *node, struct pattern *out,
                      struct cfg_mistakes *m) {
    out->text = cfg_node_scalar(node);
    if (out->text[0] == '\0')
        cfg_mistake_at(m, doc, node, ERR_CONFIG_BAD_VALUE, "an empty pattern matches every line");
    check_placeholders(doc, node, m);
}

static void read_group(const struct cfg_doc *doc, const struct cfg_node *node, struct pattern *out,
                       struct cfg_mistakes *m) {
    const char *key = cfg_node_count(node) == 1 ? cfg_node_scalar(cfg_node_key(node, 0)) : NULL;
    if (key == NULL || strcmp(key, "each-phone") != 0) {
        cfg_mistake_at(
            m, doc, node, ERR_CONFIG_BAD_VALUE,
            "expected a text or each-phone: [TEXT, ...]; a text with a colon needs quotes");
        return;
    }
    const struct cfg_node *list = cfg_node_value(node, 0);
    if (cfg_node_kind(list) != CFG_SEQUENCE || cfg_node_count(list) == 0) {
        cfg_mistake_at(m, doc, list, ERR_CONFIG_BAD_VALUE, "each-phone takes a list of texts");
        return;
    }
    out->each = calloc(cfg_node_count(list), sizeof *out->each);
    for (size_t i = 0; out->each != NULL && i < cfg_node_count(list); i++) {
        const struct cfg_node *item = cfg_node_item(list, i);
        out->each[i].node = item;
        out->each_count = i + 1;
        if (cfg_node_kind(item) == CFG_SCALAR)
            read_text(doc, item, &out->each[i], m);
        else
            cfg_mistake_at(m, doc, item, ERR_CONFIG_BAD_VALUE, "each-phone takes a list of texts");
    }
}

static void read_item(const struct cfg_doc *doc, const struct cfg_node *node, struct pattern *out,
                      struct cfg_mistakes *m) {
    out->node = node;
    if (cfg_node_kind(node) == CFG_SCALAR)
        read_text(doc, node, out, m);
    else if (cfg_node_kind(node) == CFG_MAPPING)
        read_group(doc, node, out, m);
    else
        cfg_mistake_at(m, doc, node, ERR_CONFIG_BAD_VALUE, "expected a text, not a list");
}

void pattern_list_read(const struct cfg_doc *doc, const struct cfg_node *node,
                       struct pattern_list *out, struct cfg_mistakes *m) {
    bool single = cfg_node_kind(node) != CFG_SEQUENCE;
    size_t count = single ? 1 : cfg_node_count(node);
    out->given = true;
    out->items = calloc(count + 1, sizeof *out->items);
    for (size_t i = 0; out->items != NULL && i < count; i++) {
        read_item(doc, single ? node : cfg_node_item(node, i), &out->items[i], m);
        out->count = i + 1;
    }
}

void pattern_list_free(struct pattern_list *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].each);
    free(list->items);
    *list = (struct pattern_list){0};
}
