/* Reaches cfg_load_text, cfg_parse_text, cfg_node_kind, cfg_node_line, cfg_node_scalar,
 * cfg_node_count, cfg_node_item, cfg_node_key, cfg_node_value, cfg_node_read, cfg_mistakes_print,
 * cfg_parse_duration and nearest_word, through a table that has every type of field. Input: a
 * configuration file. Floor: 2500/s. */
#include "base/config.h"
#include "base/owned.h"
#include "fuzz/fuzz.h"
#include <string.h>

enum { DEPTH_MAX = 64, LOW = -5, HIGH = 70000, DURATION_MAX_US = 60 * 1000 * 1000 };

struct inner {
    char *name;
    int64_t number;
    struct cfg_strings strings;
};
static const struct cfg_field inner_fields[] = {
    CFG_STRING_REQUIRED(struct inner, name, "name", "a name"),
    CFG_INT(struct inner, number, "number", "3", LOW, HIGH, "a number"),
    CFG_STRINGS(struct inner, strings, "strings", "words"),
    CFG_END,
};

struct outer {
    char *text;
    char *defaulted;
    int64_t bounded, unbounded;
    bool flag;
    int word;
    int64_t duration, ranged;
    double real;
    struct cfg_strings strings;
    struct cfg_pairs pairs;
    struct inner map;
    struct cfg_list list;
    struct cfg_node *node;
};
static const struct cfg_word words[] = {{"none", 0}, {"local", 1}, {"online-ca", 4}, {NULL, 0}};
static const struct cfg_field outer_fields[] = {
    CFG_STRING(struct outer, text, "text", NULL, "a text"),
    CFG_STRING(struct outer, defaulted, "defaulted", "127.0.0.1:0", "a text with a default"),
    CFG_INT(struct outer, bounded, "bounded", "1", LOW, HIGH, "a number within bounds"),
    CFG_INT(struct outer, unbounded, "unbounded", "0", 0, 0, "any number"),
    CFG_BOOL(struct outer, flag, "flag", "no", "a truth"),
    CFG_ENUM(struct outer, word, "word", "none", words, "a word"),
    CFG_DURATION(struct outer, duration, "duration", "10s", "a duration"),
    CFG_DURATION_RANGE(struct outer, ranged, "ranged", "0s", -DURATION_MAX_US, DURATION_MAX_US,
                       "a duration within bounds"),
    CFG_REAL(struct outer, real, "real", "1", "a real number"),
    CFG_STRINGS(struct outer, strings, "strings", "texts"),
    CFG_PAIRS(struct outer, pairs, "pairs", "names and texts"),
    CFG_MAP(struct outer, map, "map", inner_fields, "a map"),
    CFG_LIST(struct outer, list, "list", struct inner, inner_fields, "maps"),
    CFG_NODE(struct outer, node, "node", "anything"),
    CFG_END,
};

static void check_strings(const struct cfg_strings *strings) {
    for (size_t i = 0; i < strings->count; i++)
        FUZZ_CHECK(strings->items[i] != NULL && strlen(strings->items[i]) < SIZE_MAX);
}

static void check_inner(const struct inner *inner) {
    FUZZ_CHECK(inner->name != NULL && strlen(inner->name) < SIZE_MAX);
    FUZZ_CHECK(inner->number >= LOW && inner->number <= HIGH);
    check_strings(&inner->strings);
}

static void check_node(const struct cfg_node *node, unsigned depth) {
    enum cfg_node_kind kind = cfg_node_kind(node);
    FUZZ_CHECK(depth <= DEPTH_MAX && cfg_node_line(node) > 0);
    FUZZ_CHECK((cfg_node_scalar(node) != NULL) == (kind == CFG_SCALAR));
    for (size_t i = 0; i < cfg_node_count(node); i++) {
        if (kind == CFG_SEQUENCE) {
            check_node(cfg_node_item(node, i), depth + 1);
        } else {
            FUZZ_CHECK(cfg_node_scalar(cfg_node_key(node, i)) != NULL);
            check_node(cfg_node_value(node, i), depth + 1);
        }
    }
}

static void check_outer(const struct outer *out) {
    FUZZ_CHECK(out->defaulted != NULL);
    FUZZ_CHECK(out->bounded >= LOW && out->bounded <= HIGH);
    FUZZ_CHECK(out->word == 0 || out->word == 1 || out->word == 4);
    FUZZ_CHECK(out->duration >= 0 && out->real > 0);
    FUZZ_CHECK(out->ranged >= -DURATION_MAX_US && out->ranged <= DURATION_MAX_US);
    check_strings(&out->strings);
    for (size_t i = 0; i < out->pairs.count; i++)
        FUZZ_CHECK(out->pairs.items[i].name != NULL && out->pairs.items[i].value != NULL);
    check_inner(&out->map);
    const struct inner *items = out->list.items;
    for (size_t i = 0; i < out->list.count; i++)
        check_inner(&items[i]);
    if (out->node != NULL)
        check_node(out->node, 1);
}

/* A mistake is one line that a terminal may show, and says where. */
static void check_mistakes(const struct cfg_mistakes *m) {
    for (size_t i = 0; i < cfg_mistakes_count(m); i++) {
        const char *text = cfg_mistake_text(m, i);
        FUZZ_CHECK(strncmp(text, "fuzz.yaml:", strlen("fuzz.yaml:")) == 0);
        FUZZ_CHECK(cfg_mistake_code(m, i) != ERR_OK);
        for (const char *at = text; *at != '\0'; at++)
            FUZZ_CHECK((unsigned char)*at >= ' ' && *at != 0x7f);
    }
    char *printed = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&printed, &size);
    FUZZ_CHECK(to != NULL);
    cfg_mistakes_print(m, to);
    fclose(to);
    FUZZ_CHECK((size == 0) == (cfg_mistakes_count(m) == 0));
    free(printed);
}

static void load(struct bytes text) {
    struct outer out = {0};
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct cfg_doc *doc = cfg_load_text("fuzz.yaml", text, outer_fields, &out, m);
    FUZZ_CHECK((doc != NULL) == (cfg_mistakes_count(m) == 0));
    check_mistakes(m);
    if (doc != NULL)
        check_outer(&out);
    cfg_doc_free(doc);
    cfg_mistakes_free(m);
}

/* As the reader of scenario files goes: the tree first, then the table on its root. */
static void walk(struct bytes text) {
    struct outer out = {0};
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct cfg_doc *doc = cfg_parse_text("fuzz.yaml", text, m);
    if (doc == NULL)
        FUZZ_CHECK(cfg_mistakes_count(m) > 0);
    if (doc != NULL && cfg_root(doc) != NULL) {
        check_node(cfg_root(doc), 0);
        size_t before = cfg_mistakes_count(m);
        int rc = cfg_node_read(doc, cfg_root(doc), outer_fields, &out, m);
        FUZZ_CHECK(rc == 0 || cfg_mistakes_count(m) > 0);
        FUZZ_CHECK(rc != 0 || cfg_mistakes_count(m) == before);
        cfg_mistake_at(m, doc, cfg_root(doc), ERR_CONFIG_BAD_VALUE, "%s", "at the root");
    }
    check_mistakes(m);
    cfg_doc_free(doc);
    cfg_mistakes_free(m);
}

static void check_word(struct bytes line) {
    static const char *const candidates[] = {"duration", "défaut", "", "flag", NULL};
    AUTO(char) text = fuzz_text(line);
    int64_t us;
    struct err e;
    if (cfg_parse_duration(text, &us, &e) != 0)
        FUZZ_CHECK(e.code == ERR_CONFIG_BAD_VALUE);
    nearest_word(text, candidates);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes text = bytes_of(data, size), rest = text;
    load(text);
    walk(text);
    check_word(fuzz_line(&rest));
    return 0;
}
