/* From the tree of nodes to the caller's struct, by the caller's table. Reading goes on behind a
 * mistake, so that all of them are reported at once; what was put into the struct belongs to the
 * doc. */
#include "base/config_internal.h"
#include "base/file.h"
#include "base/owned.h"
#include <string.h>
#include <strings.h>

enum { FILE_MAX_BYTES = 1024 * 1024, FIELDS_MAX = 128, PATH_MAX_BYTES = 256 };

struct reader {
    struct cfg_doc *doc;
    struct cfg_mistakes *m;
};

/* Where a table is being read: the mapping, or, when it is absent, the nearest node around it and
 * the dotted names of the maps that are absent. */
struct scope {
    const struct cfg_node *map; /* NULL: absent */
    const struct cfg_node *place;
    char prefix[PATH_MAX_BYTES];
};

static void read_fields(struct reader *r, const struct scope *scope, const struct cfg_field *fields,
                        void *out);

static void mistake_at(struct reader *r, const struct cfg_node *at, enum err_code code,
                       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void add(struct cfg_mistakes *m, const struct cfg_doc *doc, const struct cfg_node *at,
                enum err_code code, const char *fmt, va_list args) {
    size_t first = doc->name[0] != '\0' ? 1 : 0; /* no file, no place */
    cfg_mistake_add(m, doc->name, at != NULL ? at->line : first, at != NULL ? at->column : first,
                    code, fmt, args);
}

static void mistake_at(struct reader *r, const struct cfg_node *at, enum err_code code,
                       const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    add(r->m, r->doc, at, code, fmt, args);
    va_end(args);
}

void cfg_mistake_at(struct cfg_mistakes *m, const struct cfg_doc *doc, const struct cfg_node *n,
                    enum err_code code, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    add(m, doc, n, code, fmt, args);
    va_end(args);
}

/* "key:", "key: ~" and "key: null" say the same as leaving the key out. */
static bool is_null(const struct cfg_node *n) {
    return n->kind == CFG_SCALAR && n->plain && !n->broken &&
           (n->text[0] == '\0' || strcmp(n->text, "~") == 0 || strcasecmp(n->text, "null") == 0);
}

static const char *kind_text(const struct cfg_node *n) {
    static const char *const texts[] = {
        [CFG_SCALAR] = "a single value", [CFG_SEQUENCE] = "a list", [CFG_MAPPING] = "a mapping"};
    return is_null(n) ? "nothing" : texts[n->kind];
}

/* True when n has the kind; otherwise a mistake, unless one was reported for n before. */
static bool expect(struct reader *r, const struct cfg_node *n, enum cfg_node_kind kind,
                   const char *name, const char *expected) {
    if (n->broken)
        return false;
    if (n->kind == kind && (kind != CFG_SCALAR || !is_null(n)))
        return true;
    mistake_at(r, n, ERR_CONFIG_BAD_VALUE, "%s: expected %s, found %s", name, expected,
               kind_text(n));
    return false;
}

static char *copy_text(struct reader *r, const struct cfg_node *n) {
    char *copy = cfg_doc_strndup(r->doc, n->text, strlen(n->text));
    if (copy == NULL)
        mistake_at(r, n, ERR_SYS_NOMEM, "out of memory");
    return copy;
}

static void *new_array(struct reader *r, const struct cfg_node *n, size_t count, size_t size) {
    void *items = cfg_doc_alloc(r->doc, count, size);
    if (items == NULL)
        mistake_at(r, n, ERR_SYS_NOMEM, "out of memory");
    return items;
}

static void read_scalar(struct reader *r, const struct cfg_field *f, const struct cfg_node *n,
                        void *at) {
    struct err e = {0};
    int result = 0;
    if (!expect(r, n, CFG_SCALAR, f->name, "a single value"))
        return;
    if (f->type == CFG_T_STRING)
        *(char **)at = copy_text(r, n);
    else if (f->type == CFG_T_INT)
        result = cfg_parse_int(f, n->text, at, &e);
    else if (f->type == CFG_T_BOOL)
        result = cfg_parse_bool(n->text, at, &e);
    else if (f->type == CFG_T_ENUM)
        result = cfg_parse_word(f, n->text, at, &e);
    else if (f->type == CFG_T_DURATION)
        result = cfg_parse_bounded_duration(f, n->text, at, &e);
    else
        result = cfg_parse_real(n->text, at, &e);
    if (result != 0)
        mistake_at(r, n, e.code, "%s: %s", f->name, e.text);
}

static void read_strings(struct reader *r, const struct cfg_field *f, const struct cfg_node *n,
                         void *at) {
    struct cfg_strings *out = at;
    bool single = n->kind == CFG_SCALAR;
    if (!single && !expect(r, n, CFG_SEQUENCE, f->name, "a list"))
        return;
    size_t count = single ? 1 : n->count;
    out->count = 0; /* a node read over a template takes the place of its list */
    out->items = new_array(r, n, count, sizeof out->items[0]);
    for (size_t i = 0; out->items != NULL && i < count; i++) {
        const struct cfg_node *item = single ? n : n->children[i];
        if (expect(r, item, CFG_SCALAR, f->name, "a single value"))
            out->items[out->count++] = copy_text(r, item);
    }
}

static void read_pairs(struct reader *r, const struct cfg_field *f, const struct cfg_node *n,
                       void *at) {
    struct cfg_pairs *out = at;
    if (!expect(r, n, CFG_MAPPING, f->name, "a mapping"))
        return;
    out->count = 0;
    out->items = new_array(r, n, n->count, sizeof out->items[0]);
    for (size_t i = 0; out->items != NULL && i < n->count; i++) {
        const struct cfg_node *key = n->children[2 * i];
        const struct cfg_node *value = n->children[2 * i + 1];
        if (key->kind != CFG_SCALAR || key->broken ||
            !expect(r, value, CFG_SCALAR, key->text, "a single value"))
            continue;
        out->items[out->count++] = (struct cfg_pair){copy_text(r, key), copy_text(r, value)};
    }
}

static void read_map(struct reader *r, const struct cfg_field *f, const struct cfg_node *n,
                     void *at) {
    struct scope inner = {.map = n, .place = n};
    if (expect(r, n, CFG_MAPPING, f->name, "a mapping"))
        read_fields(r, &inner, f->fields, at);
}

static void read_list(struct reader *r, const struct cfg_field *f, const struct cfg_node *n,
                      void *at) {
    struct cfg_list *out = at;
    if (!expect(r, n, CFG_SEQUENCE, f->name, "a list"))
        return;
    out->count = 0;
    out->items = new_array(r, n, n->count, f->item_size);
    for (size_t i = 0; out->items != NULL && i < n->count; i++)
        read_map(r, f, n->children[i], (char *)out->items + out->count++ * f->item_size);
}

static void read_value(struct reader *r, const struct cfg_field *f, const struct cfg_node *n,
                       void *at) {
    switch (f->type) {
    case CFG_T_STRINGS:
        read_strings(r, f, n, at);
        break;
    case CFG_T_PAIRS:
        read_pairs(r, f, n, at);
        break;
    case CFG_T_MAP:
        read_map(r, f, n, at);
        break;
    case CFG_T_LIST:
        read_list(r, f, n, at);
        break;
    case CFG_T_NODE:
        *(const struct cfg_node **)at = n;
        break;
    default:
        read_scalar(r, f, n, at);
    }
}

/* The defaults of a map that is not there come from its own table. */
static void read_absent(struct reader *r, const struct scope *scope, const struct cfg_field *f,
                        void *at) {
    const struct cfg_node *place = scope->place;
    if (f->required) {
        mistake_at(r, place, ERR_CONFIG_MISSING, "the required key \"%s%s\" is missing",
                   scope->prefix, f->name);
    } else if (f->type == CFG_T_MAP) {
        struct scope inner = {.place = place};
        snprintf(inner.prefix, sizeof inner.prefix, "%.120s%.120s.", scope->prefix, f->name);
        read_fields(r, &inner, f->fields, at);
    } else if (f->def != NULL) {
        const struct cfg_node written = {.kind = CFG_SCALAR,
                                         .line = place != NULL ? place->line : 1,
                                         .column = place != NULL ? place->column : 1,
                                         .text = f->def};
        read_value(r, f, &written, at);
    }
}

static const struct cfg_node *find_value(const struct cfg_node *map, const char *name) {
    for (size_t i = 0; map != NULL && i < map->count; i++) {
        const struct cfg_node *key = map->children[2 * i];
        if (key->kind == CFG_SCALAR && !key->broken && strcmp(key->text, name) == 0)
            return map->children[2 * i + 1];
    }
    return NULL;
}

static void unknown_key(struct reader *r, const struct cfg_node *key, const char *const *names) {
    const char *near = nearest_word(key->text, names);
    if (near != NULL) {
        mistake_at(r, key, ERR_CONFIG_UNKNOWN_KEY, "unknown key \"%.*s\", did you mean \"%s\"?",
                   cfg_shown(key->text), key->text, near);
        return;
    }
    AUTO_BUF list = BUF_INIT(4096);
    for (size_t i = 0; names[i] != NULL; i++)
        buf_printf(&list, "%s%s", i > 0 ? ", " : "", names[i]);
    mistake_at(r, key, ERR_CONFIG_UNKNOWN_KEY, "unknown key \"%.*s\"; known here: %s",
               cfg_shown(key->text), key->text, buf_str(&list));
}

static void refuse_unknown_keys(struct reader *r, const struct cfg_node *map,
                                const struct cfg_field *fields) {
    const char *names[FIELDS_MAX + 1] = {0};
    for (size_t i = 0; i < FIELDS_MAX && fields[i].type != CFG_T_END; i++)
        names[i] = fields[i].name;
    for (size_t i = 0; i < map->count; i++) {
        const struct cfg_node *key = map->children[2 * i];
        bool known = key->kind != CFG_SCALAR || key->broken;
        for (size_t n = 0; !known && names[n] != NULL; n++)
            known = strcmp(names[n], key->text) == 0;
        if (!known)
            unknown_key(r, key, names);
    }
}

static void read_fields(struct reader *r, const struct scope *scope, const struct cfg_field *fields,
                        void *out) {
    for (const struct cfg_field *f = fields; f->type != CFG_T_END; f++) {
        const struct cfg_node *n = find_value(scope->map, f->name);
        void *at = (char *)out + f->offset;
        if (n != NULL && f->type != CFG_T_NODE && is_null(n)) {
            struct scope here = {.map = scope->map, .place = n};
            read_absent(r, &here, f, at);
        } else if (n != NULL) {
            read_value(r, f, n, at);
        } else {
            read_absent(r, scope, f, at);
        }
    }
    if (scope->map != NULL)
        refuse_unknown_keys(r, scope->map, fields);
}

static void read_root(struct reader *r, const struct cfg_field *fields, void *out) {
    const struct cfg_node *root = r->doc->root;
    struct scope scope = {.map = root, .place = root};
    if (root != NULL && is_null(root))
        scope.map = NULL;
    else if (root != NULL && !expect(r, root, CFG_MAPPING, "the file", "a mapping"))
        return;
    read_fields(r, &scope, fields, out);
}

struct cfg_doc *cfg_doc_new(const char *name) {
    struct cfg_doc *doc = calloc(1, sizeof *doc);
    if (doc == NULL)
        return NULL;
    doc->name = cfg_doc_strndup(doc, name, strlen(name));
    if (doc->name != NULL)
        return doc;
    free(doc);
    return NULL;
}

/* A mistake without a tree: name need not be that of a readable file. */
static struct cfg_doc *refuse(struct cfg_mistakes *m, const char *name, const struct err *e) {
    const struct cfg_doc place = {.name = name};
    cfg_mistake_at(m, &place, NULL, e->code, "%s", e->text);
    return NULL;
}

/* The tree of text; *clean says whether it was parsed without a mistake. */
static struct cfg_doc *parse(const char *name, struct bytes text, bool *clean,
                             struct cfg_mistakes *m) {
    struct cfg_doc *doc = cfg_doc_new(name);
    if (doc == NULL)
        return refuse(m, name, &(struct err){ERR_SYS_NOMEM, "out of memory"});
    struct reader r = {.doc = doc, .m = m};
    if (text.len > FILE_MAX_BYTES)
        mistake_at(&r, NULL, ERR_SYS_LIMIT, "larger than %d bytes", FILE_MAX_BYTES);
    *clean = text.len <= FILE_MAX_BYTES && cfg_doc_parse(doc, text, m) == 0;
    return doc;
}

struct cfg_doc *cfg_load_text(const char *name, struct bytes text, const struct cfg_field *fields,
                              void *out, struct cfg_mistakes *m) {
    size_t before = cfg_mistakes_count(m);
    bool clean = false;
    struct cfg_doc *doc = parse(name, text, &clean, m);
    struct reader r = {.doc = doc, .m = m};
    if (clean)
        read_root(&r, fields, out);
    if (cfg_mistakes_count(m) == before)
        return doc;
    cfg_doc_free(doc);
    return NULL;
}

struct cfg_doc *cfg_parse_text(const char *name, struct bytes text, struct cfg_mistakes *m) {
    bool clean = false;
    struct cfg_doc *doc = parse(name, text, &clean, m);
    struct reader r = {.doc = doc, .m = m};
    if (clean && doc->root == NULL)
        mistake_at(&r, NULL, ERR_CONFIG_BAD_VALUE, "the file: expected a mapping, found nothing");
    else if (clean && expect(&r, doc->root, CFG_MAPPING, "the file", "a mapping"))
        return doc;
    cfg_doc_free(doc);
    return NULL;
}

/* Appends the file's text; a file that cannot be read is a mistake. */
static int read_text(const char *path, struct buf *text, struct cfg_mistakes *m) {
    struct err e = {0};
    if (file_read(path, text, &e) == 0)
        return 0;
    /* The place of the mistake names the file already. */
    size_t name = strlen(path);
    struct err short_text = {.code = e.code};
    bool named = strncmp(e.text, path, name) == 0 && strncmp(e.text + name, ": ", 2) == 0;
    snprintf(short_text.text, sizeof short_text.text, "%s", named ? e.text + name + 2 : e.text);
    refuse(m, path, &short_text);
    return -1;
}

struct cfg_doc *cfg_load_file(const char *path, const struct cfg_field *fields, void *out,
                              struct cfg_mistakes *m) {
    AUTO_BUF text = BUF_INIT(FILE_MAX_BYTES);
    if (read_text(path, &text, m) != 0)
        return NULL;
    return cfg_load_text(path, buf_view(&text), fields, out, m);
}

struct cfg_doc *cfg_parse_file(const char *path, struct cfg_mistakes *m) {
    AUTO_BUF text = BUF_INIT(FILE_MAX_BYTES);
    if (read_text(path, &text, m) != 0)
        return NULL;
    return cfg_parse_text(path, buf_view(&text), m);
}

int cfg_node_read(struct cfg_doc *doc, const struct cfg_node *n, const struct cfg_field *fields,
                  void *out, struct cfg_mistakes *m) {
    size_t before = cfg_mistakes_count(m);
    struct reader r = {.doc = doc, .m = m};
    struct scope scope = {.map = n, .place = n};
    if (expect(&r, n, CFG_MAPPING, "this", "a mapping"))
        read_fields(&r, &scope, fields, out);
    return cfg_mistakes_count(m) == before ? 0 : -1;
}
