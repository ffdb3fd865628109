/* Reading and checking of the rules. All mistakes of a file are found at once, each at its place; a
 * file with a mistake gives no rules. */
#include "diagnose/rules.h"
#include "base/owned.h"
#include <string.h>

enum { IDS_MAX = 512 };

static const struct cfg_word place_words[] = {
#define X(name, word) {word, PLACE_##name},
    PLACE_TABLE(X)
#undef X
        {NULL, 0}};

static const struct cfg_word certainty_words[] = {
#define X(name, word) {word, CERTAINTY_##name},
    CERTAINTY_TABLE(X)
#undef X
        {NULL, 0}};

static const struct cfg_word source_words[] = {
#define X(name, word, bit, text) {word, SOURCE_BIT(bit)},
    SOURCE_TABLE(X)
#undef X
        {"nginx-or-ra", SOURCE_BIT(SOURCE_NGINX) | SOURCE_BIT(SOURCE_RA)},
    {"phone-or-status", SOURCE_BIT(SOURCE_PHONE) | SOURCE_BIT(SOURCE_STATUS)},
    {NULL, 0}};

const char *place_word(enum place place) {
    return place_words[place].word;
}

const char *certainty_word(enum certainty certainty) {
    return certainty_words[certainty].word;
}

static const struct cfg_field line_fields[] = {
    CFG_ENUM(struct rule_line, sources, "in", "capf", source_words, "the log that holds the line"),
    CFG_NODE(struct rule_line, text, "line", "pattern of the line"),
    CFG_END,
};

#define LINES(T, member, key, text) CFG_LIST(T, member, key, struct rule_line, line_fields, text)

static const struct cfg_field rule_fields[] = {
    CFG_NODE(struct rule, id_node, "id", "name for scenarios; stable"),
    CFG_STRING_REQUIRED(struct rule, title, "title",
                        "what happened, one sentence; {name} or {name|else} is a capture"),
    LINES(struct rule, parts[PART_ALL], "all", "lines that must all be there"),
    LINES(struct rule, parts[PART_ANY], "any", "lines of which one must be there"),
    LINES(struct rule, parts[PART_NONE], "none", "lines that must not be there"),
    LINES(struct rule, parts[PART_ALSO], "also", "lines that are shown when they are there"),
    CFG_BOOL(struct rule, ordered, "ordered", "false", "the lines of all stand in this order"),
    CFG_ENUM(struct rule, place, "place", "certsrv", place_words, "where the cause lies"),
    CFG_BOOL(struct rule, symptom, "symptom", "false",
             "gives way to any rule whose place is as near to the CA or nearer"),
    CFG_BOOL(struct rule, harmless, "harmless", "false", "no failure, although lines look so"),
    CFG_ENUM(struct rule, certainty, "certainty", "certain", certainty_words, "how sure it is"),
    CFG_STRING_REQUIRED(struct rule, cause, "cause", "why it happens"),
    CFG_STRING_REQUIRED(struct rule, remedy, "remedy", "what to do"),
    CFG_STRING(struct rule, document, "document", "Troubleshoot CAPF Online CA",
               "the document that describes it"),
    CFG_STRING(struct rule, heading, "heading", NULL, "the heading there, in English"),
    CFG_NODE(struct rule, unless_node, "unless", "ids of rules that win over this one"),
    CFG_END,
};

static const struct cfg_field file_fields[] = {
    CFG_LIST(struct rules, rules, "rules", struct rule, rule_fields, "the rules"),
    LINES(struct rules, failures, "failures", "lines that say that something went wrong"),
    LINES(struct rules, usual, "usual", "lines that look like failures and are none"),
    LINES(struct rules, successes, "successes", "lines that say that all went well"),
    CFG_END,
};

void rules_print_schema(FILE *to) {
    cfg_print_help(file_fields, to);
}

/* ---- access ---- */

size_t rules_count(const struct rules *r) {
    return r->rules.count;
}

static struct rule *rule_at(const struct rules *r, size_t i) {
    return (struct rule *)r->rules.items + i;
}

const struct rule *rules_at(const struct rules *r, size_t i) {
    return rule_at(r, i);
}

const struct rule *rules_find(const struct rules *r, const char *id) {
    for (size_t i = 0; i < rules_count(r); i++)
        if (strcmp(rules_at(r, i)->id, id) == 0)
            return rules_at(r, i);
    return NULL;
}

size_t rule_lines(const struct rule *rule, enum rule_part part) {
    return rule->parts[part].count;
}

const struct rule_line *rule_line(const struct rule *rule, enum rule_part part, size_t i) {
    return (const struct rule_line *)rule->parts[part].items + i;
}

bool rule_ids_name(const struct cfg_node *ids, const char *id) {
    if (ids == NULL || cfg_node_kind(ids) != CFG_SEQUENCE)
        return false;
    for (size_t i = 0; i < cfg_node_count(ids); i++) {
        const char *named = cfg_node_scalar(cfg_node_item(ids, i));
        if (named != NULL && strcmp(named, id) == 0)
            return true;
    }
    return false;
}

/* ---- checking ---- */

struct check {
    struct rules *rules;
    struct cfg_mistakes *m;
    const char *ids[IDS_MAX + 1];
    size_t count;
};

static void check_line(struct check *c, struct rule_line *line) {
    struct err e = {0};
    const char *text = line->text != NULL ? cfg_node_scalar(line->text) : NULL;
    if (text == NULL) {
        const struct cfg_node *at = line->text != NULL ? line->text : cfg_root(c->rules->doc);
        cfg_mistake_at(c->m, c->rules->doc, at, ERR_CONFIG_MISSING,
                       "each line of evidence needs \"line\", a pattern");
        return;
    }
    line->pattern = pattern_new(text, &e);
    if (line->pattern == NULL)
        cfg_mistake_at(c->m, c->rules->doc, line->text, e.code, "pattern: %s", e.text);
}

static void check_lines(struct check *c, const struct cfg_list *lines) {
    for (size_t i = 0; i < lines->count; i++)
        check_line(c, (struct rule_line *)lines->items + i);
}

static bool is_id(const char *text) {
    return text[0] != '\0' && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

static void check_id(struct check *c, struct rule *rule) {
    const struct cfg_node *node = rule->id_node;
    const char *id = node != NULL ? cfg_node_scalar(node) : NULL;
    const struct cfg_node *at = node != NULL ? node : cfg_root(c->rules->doc);
    rule->id = id != NULL ? id : "";
    if (id == NULL)
        cfg_mistake_at(c->m, c->rules->doc, at, ERR_CONFIG_MISSING, "rule \"%s\" has no id",
                       rule->title);
    else if (!is_id(id))
        cfg_mistake_at(c->m, c->rules->doc, at, ERR_CONFIG_BAD_VALUE,
                       "an id is small letters, digits and hyphens");
    else if (c->count == IDS_MAX)
        cfg_mistake_at(c->m, c->rules->doc, at, ERR_SYS_LIMIT, "more than %d rules", IDS_MAX);
    else
        c->ids[c->count++] = id;
}

static void check_duplicate(struct check *c, size_t i) {
    const struct rule *rule = rule_at(c->rules, i);
    for (size_t earlier = 0; earlier < i; earlier++) {
        if (rule->id[0] == '\0' || strcmp(rule_at(c->rules, earlier)->id, rule->id) != 0)
            continue;
        cfg_mistake_at(c->m, c->rules->doc, rule->id_node, ERR_CONFIG_BAD_VALUE,
                       "id \"%s\" is taken (line %zu)", rule->id,
                       cfg_node_line(rule_at(c->rules, earlier)->id_node));
        return;
    }
}

static void check_named_id(struct check *c, const struct cfg_node *node) {
    const char *id = cfg_node_scalar(node);
    if (id != NULL && rules_find(c->rules, id) != NULL)
        return;
    const char *near = id != NULL ? nearest_word(id, c->ids) : NULL;
    cfg_mistake_at(c->m, c->rules->doc, node, ERR_CONFIG_BAD_VALUE, "no rule \"%s\"%s%s%s",
                   id != NULL ? id : "", near != NULL ? ", did you mean \"" : "",
                   near != NULL ? near : "", near != NULL ? "\"?" : "");
}

static void check_named_ids(struct check *c, const struct cfg_node *ids) {
    if (ids == NULL)
        return;
    if (cfg_node_kind(ids) != CFG_SEQUENCE) {
        cfg_mistake_at(c->m, c->rules->doc, ids, ERR_CONFIG_BAD_VALUE, "a list of ids is expected");
        return;
    }
    for (size_t i = 0; i < cfg_node_count(ids); i++)
        check_named_id(c, cfg_node_item(ids, i));
}

static void check_rule(struct check *c, size_t i) {
    struct rule *rule = rule_at(c->rules, i);
    for (int part = 0; part < PART_COUNT; part++)
        check_lines(c, &rule->parts[part]);
    check_duplicate(c, i);
    check_named_ids(c, rule->unless_node);
    if (rule->parts[PART_ALL].count + rule->parts[PART_ANY].count == 0 && rule->id_node != NULL)
        cfg_mistake_at(c->m, c->rules->doc, rule->id_node, ERR_CONFIG_MISSING,
                       "rule \"%s\" has no evidence: \"all\" or \"any\"", rule->id);
}

static void check_all(struct rules *r, struct cfg_mistakes *m) {
    struct check c = {.rules = r, .m = m};
    for (size_t i = 0; i < rules_count(r); i++)
        check_id(&c, rule_at(r, i));
    for (size_t i = 0; i < rules_count(r); i++)
        check_rule(&c, i);
    check_lines(&c, &r->failures);
    check_lines(&c, &r->usual);
    check_lines(&c, &r->successes);
}

/* ---- loading ---- */

static void free_lines(struct cfg_list *lines) {
    for (size_t i = 0; i < lines->count; i++)
        pattern_free(((struct rule_line *)lines->items + i)->pattern);
}

void rules_free(struct rules *r) {
    if (r == NULL)
        return;
    for (size_t i = 0; r->doc != NULL && i < rules_count(r); i++)
        for (int part = 0; part < PART_COUNT; part++)
            free_lines(&rule_at(r, i)->parts[part]);
    if (r->doc != NULL) {
        free_lines(&r->failures);
        free_lines(&r->usual);
        free_lines(&r->successes);
    }
    cfg_doc_free(r->doc);
    free(r);
}

/* r with its document, or NULL when there was a mistake. */
static struct rules *checked(struct rules *r, size_t mistakes_before, struct cfg_mistakes *m) {
    if (r->doc != NULL)
        check_all(r, m);
    if (r->doc != NULL && cfg_mistakes_count(m) == mistakes_before)
        return r;
    rules_free(r);
    return NULL;
}

struct rules *rules_load_text(const char *name, struct bytes text, struct cfg_mistakes *m) {
    struct rules *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    size_t before = cfg_mistakes_count(m);
    r->doc = cfg_load_text(name, text, file_fields, r, m);
    return checked(r, before, m);
}

struct rules *rules_load(const char *path, struct cfg_mistakes *m) {
    if (path == NULL)
        return rules_load_text("rules.yaml", rules_embedded(), m);
    struct rules *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    size_t before = cfg_mistakes_count(m);
    r->doc = cfg_load_file(path, file_fields, r, m);
    return checked(r, before, m);
}
