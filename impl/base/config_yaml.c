/* YAML text to a tree of nodes with their places, from libyaml's event stream. Events rather than
 * libyaml's own documents, because those resolve aliases silently, and an alias is a mistake here.
 * Depth and number of nodes are bounded; nothing here recurses. */
#include "base/config_internal.h"
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { DEPTH_MAX = 64, NODES_MAX = 100000 };

struct cfg_block {
    struct cfg_block *next;
    _Alignas(max_align_t) uint8_t memory[];
};

void *cfg_doc_alloc(struct cfg_doc *doc, size_t count, size_t size) {
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total) || total > SIZE_MAX / 2)
        return NULL;
    struct cfg_block *block = calloc(1, sizeof *block + total);
    if (block == NULL)
        return NULL;
    block->next = doc->blocks;
    doc->blocks = block;
    return block->memory;
}

char *cfg_doc_strndup(struct cfg_doc *doc, const char *text, size_t len) {
    char *copy = cfg_doc_alloc(doc, len + 1, 1);
    if (copy != NULL)
        memcpy(copy, text, len);
    return copy;
}

void cfg_doc_free(struct cfg_doc *doc) {
    if (doc == NULL)
        return;
    for (struct cfg_block *block = doc->blocks; block != NULL;) {
        struct cfg_block *next = block->next;
        free(block);
        block = next;
    }
    free(doc);
}

/* A sequence or mapping that is still open, with the children found so far. */
struct frame {
    struct cfg_node *node;
    const struct cfg_node **children;
    size_t count, cap;
};

struct composer {
    struct cfg_doc *doc;
    struct cfg_mistakes *m;
    struct frame frames[DEPTH_MAX];
    size_t depth;
    size_t nodes;
    size_t documents;
};

static __attribute__((format(printf, 4, 5))) int mistake(struct composer *c, const yaml_mark_t *at,
                                                         enum err_code code, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    cfg_mistake_add(c->m, c->doc->name, at->line + 1, at->column + 1, code, fmt, args);
    va_end(args);
    return -1;
}

static int no_memory(struct composer *c, const yaml_mark_t *at) {
    return mistake(c, at, ERR_SYS_NOMEM, "out of memory");
}

static struct cfg_node *node_new(struct composer *c, const yaml_mark_t *at,
                                 enum cfg_node_kind kind) {
    if (c->nodes++ == NODES_MAX) {
        mistake(c, at, ERR_SYS_LIMIT, "more than %d values in one file", NODES_MAX);
        return NULL;
    }
    struct cfg_node *n = cfg_doc_alloc(c->doc, 1, sizeof *n);
    if (n == NULL) {
        no_memory(c, at);
        return NULL;
    }
    n->kind = kind;
    n->line = at->line + 1;
    n->column = at->column + 1;
    return n;
}

/* Hangs a complete or just opened node into the innermost open one. */
static int attach(struct composer *c, const yaml_mark_t *at, const struct cfg_node *n) {
    if (c->depth == 0) {
        c->doc->root = n;
        return 0;
    }
    struct frame *f = &c->frames[c->depth - 1];
    if (f->count == f->cap) {
        size_t cap = f->cap == 0 ? 8 : 2 * f->cap;
        const struct cfg_node **more = reallocarray(f->children, cap, sizeof *more);
        if (more == NULL)
            return no_memory(c, at);
        f->children = more;
        f->cap = cap;
    }
    f->children[f->count++] = n;
    return 0;
}

static void refuse_properties(struct composer *c, const yaml_event_t *event,
                              const yaml_char_t *anchor, const yaml_char_t *tag) {
    if (anchor != NULL)
        mistake(c, &event->start_mark, ERR_CONFIG_BAD_VALUE, "anchors (&%.*s) are not allowed here",
                cfg_shown((const char *)anchor), (const char *)anchor);
    if (tag != NULL)
        mistake(c, &event->start_mark, ERR_CONFIG_BAD_VALUE, "tags (%.*s) are not allowed here",
                cfg_shown((const char *)tag), (const char *)tag);
}

static int on_scalar(struct composer *c, const yaml_event_t *event) {
    const char *value = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    struct cfg_node *n = node_new(c, &event->start_mark, CFG_SCALAR);
    if (n == NULL)
        return -1;
    refuse_properties(c, event, event->data.scalar.anchor, event->data.scalar.tag);
    n->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    n->text = cfg_doc_strndup(c->doc, value, len);
    if (n->text == NULL)
        return no_memory(c, &event->start_mark);
    if (strlen(value) != len) {
        n->broken = true;
        mistake(c, &event->start_mark, ERR_CONFIG_BAD_VALUE, "a NUL byte is not allowed here");
    }
    return attach(c, &event->start_mark, n);
}

static int on_alias(struct composer *c, const yaml_event_t *event) {
    struct cfg_node *n = node_new(c, &event->start_mark, CFG_SCALAR);
    if (n == NULL)
        return -1;
    n->text = "";
    n->broken = true;
    mistake(c, &event->start_mark, ERR_CONFIG_BAD_VALUE, "aliases (*%.*s) are not allowed here",
            cfg_shown((const char *)event->data.alias.anchor),
            (const char *)event->data.alias.anchor);
    return attach(c, &event->start_mark, n);
}

static int on_open(struct composer *c, const yaml_event_t *event, enum cfg_node_kind kind) {
    if (c->depth == DEPTH_MAX)
        return mistake(c, &event->start_mark, ERR_SYS_LIMIT, "nested deeper than %d levels",
                       DEPTH_MAX);
    struct cfg_node *n = node_new(c, &event->start_mark, kind);
    if (n == NULL || attach(c, &event->start_mark, n) != 0)
        return -1;
    c->frames[c->depth++] = (struct frame){.node = n};
    return 0;
}

static int by_text_then_place(const void *a, const void *b) {
    const struct cfg_node *x = *(const struct cfg_node *const *)a;
    const struct cfg_node *y = *(const struct cfg_node *const *)b;
    int order = strcmp(x->text, y->text);
    if (order != 0)
        return order;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x->column < y->column ? -1 : 1;
}

static yaml_mark_t place_of(const struct cfg_node *n) {
    return (yaml_mark_t){.line = n->line - 1, .column = n->column - 1};
}

/* Keys are single words: a pair with another key is reported and left out, so that readers that go
 * on behind the mistake meet words only. */
static void drop_wordless_pairs(struct composer *c, struct cfg_node *map) {
    size_t kept = 0;
    for (size_t i = 0; i < map->count; i++) {
        const struct cfg_node *key = map->children[2 * i];
        yaml_mark_t at = place_of(key);
        if (key->kind != CFG_SCALAR) {
            mistake(c, &at, ERR_CONFIG_BAD_VALUE, "a key must be a single word");
            continue;
        }
        map->children[2 * kept] = key;
        map->children[2 * kept + 1] = map->children[2 * i + 1];
        kept++;
    }
    map->count = kept;
}

/* Those that were not reported already. */
static size_t collect_keys(const struct cfg_node *map, const struct cfg_node **keys) {
    size_t count = 0;
    for (size_t i = 0; i < map->count; i++)
        if (!map->children[2 * i]->broken)
            keys[count++] = map->children[2 * i];
    return count;
}

/* By sorting, since a hostile file may have very many keys. */
static int check_keys(struct composer *c, struct cfg_node *map) {
    drop_wordless_pairs(c, map);
    if (map->count == 0)
        return 0;
    yaml_mark_t at = place_of(map);
    const struct cfg_node **keys = calloc(map->count, sizeof(struct cfg_node *));
    if (keys == NULL)
        return no_memory(c, &at);
    size_t count = collect_keys(map, keys);
    if (count > 1)
        qsort(keys, count, sizeof keys[0], by_text_then_place);
    for (size_t i = 1; i < count; i++) {
        at = place_of(keys[i]);
        if (strcmp(keys[i - 1]->text, keys[i]->text) == 0)
            mistake(c, &at, ERR_CONFIG_BAD_VALUE, "key \"%.*s\" is given twice, before in line %zu",
                    cfg_shown(keys[i]->text), keys[i]->text, keys[i - 1]->line);
    }
    free(keys);
    return 0;
}

static int on_close(struct composer *c, const yaml_event_t *event) {
    struct frame *f = &c->frames[c->depth - 1];
    size_t count = f->count;
    f->node->children = cfg_doc_alloc(c->doc, count, sizeof f->children[0]);
    if (f->node->children == NULL)
        return no_memory(c, &event->start_mark);
    if (count > 0)
        memcpy(f->node->children, f->children, count * sizeof f->children[0]);
    f->node->count = f->node->kind == CFG_MAPPING ? count / 2 : count;
    free(f->children);
    f->children = NULL;
    c->depth--;
    return f->node->kind == CFG_MAPPING ? check_keys(c, f->node) : 0;
}

static int on_event(struct composer *c, const yaml_event_t *event) {
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (c->documents++ > 0)
            return mistake(c, &event->start_mark, ERR_CONFIG_BAD_VALUE,
                           "a second document in one file is not allowed");
        return 0;
    case YAML_SCALAR_EVENT:
        return on_scalar(c, event);
    case YAML_ALIAS_EVENT:
        return on_alias(c, event);
    case YAML_SEQUENCE_START_EVENT:
        refuse_properties(c, event, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag);
        return on_open(c, event, CFG_SEQUENCE);
    case YAML_MAPPING_START_EVENT:
        refuse_properties(c, event, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag);
        return on_open(c, event, CFG_MAPPING);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_close(c, event);
    default:
        return 0;
    }
}

/* The reader knows only the byte at which the text went wrong, not its line. */
static yaml_mark_t place_of_byte(struct bytes text, size_t offset) {
    yaml_mark_t at = {0};
    for (size_t i = 0; i < offset && i < text.len; i++) {
        bool line_end = text.data[i] == '\n';
        bool begins_character = (text.data[i] & 0xc0) != 0x80;
        at.line += line_end ? 1 : 0;
        at.column = line_end ? 0 : at.column + (begins_character ? 1 : 0);
    }
    return at;
}

static int syntax_mistake(struct composer *c, const yaml_parser_t *parser, struct bytes text) {
    bool reader = parser->error == YAML_READER_ERROR;
    yaml_mark_t at = reader ? place_of_byte(text, parser->problem_offset) : parser->problem_mark;
    const char *problem = parser->problem != NULL ? parser->problem : "not readable";
    if (parser->context == NULL)
        return mistake(c, &at, ERR_CONFIG_SYNTAX, "not valid YAML: %s", problem);
    return mistake(c, &at, ERR_CONFIG_SYNTAX, "not valid YAML: %s, %s", parser->context, problem);
}

static int compose(struct composer *c, yaml_parser_t *parser, struct bytes text) {
    for (;;) {
        yaml_event_t event;
        if (yaml_parser_parse(parser, &event) == 0)
            return syntax_mistake(c, parser, text);
        bool end = event.type == YAML_STREAM_END_EVENT;
        int result = on_event(c, &event);
        yaml_event_delete(&event);
        if (result != 0 || end)
            return result;
    }
}

int cfg_doc_parse(struct cfg_doc *doc, struct bytes text, struct cfg_mistakes *m) {
    struct composer c = {.doc = doc, .m = m};
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0)
        return no_memory(&c, &(yaml_mark_t){0});
    /* libyaml asserts that there is an address, even of nothing. */
    static const unsigned char nothing[] = "";
    yaml_parser_set_input_string(&parser, text.data != NULL ? text.data : nothing, text.len);
    int result = compose(&c, &parser, text);
    while (c.depth > 0)
        free(c.frames[--c.depth].children);
    yaml_parser_delete(&parser);
    return result;
}
