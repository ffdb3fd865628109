/* Storage of a case. It must never grow beyond its bounds: what finds no room is counted. */
#include "diagnose/casefile.h"
#include "base/owned.h"
#include <string.h>

struct casefile *case_new(const struct rules *rules, const char *name) {
    struct casefile *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->rules = rules;
    c->name = strdup(name);
    if (c->name != NULL)
        return c;
    free(c);
    return NULL;
}

static void free_scope(struct scope *s) {
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = 0; k < PATTERN_CAPTURES_MAX; k++)
            free(s->facts[i].captures[k].value);
    free(s->facts);
    free(s->device);
}

void case_free(struct casefile *c) {
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->file_count; i++)
        free(c->files[i].path);
    for (size_t i = 0; i < c->kept_count; i++)
        free(c->kept[i].text);
    for (size_t i = 0; i < c->scope_count; i++)
        free_scope(&c->scopes[i]);
    free(c->files);
    free(c->kept);
    free(c->scopes);
    free(c->firsts);
    free(c->name);
    free(c);
}

/* Room for one more of count items; false without memory or beyond max. */
static bool grow(void **items, size_t *room, size_t count, size_t size, size_t max) {
    if (count >= max)
        return false;
    if (count < *room)
        return true;
    size_t more = *room == 0 ? 16 : *room * 2;
    void *grown = reallocarray(*items, more, size);
    if (grown == NULL)
        return false;
    *items = grown;
    *room = more;
    return true;
}

int64_t case_add_file(struct casefile *c, const char *path, struct err *e) {
    if (!grow((void **)&c->files, &c->file_room, c->file_count, sizeof *c->files, CASE_FILES_MAX))
        return err_set(e, ERR_SYS_LIMIT, "more than %d files", CASE_FILES_MAX);
    char *copy = strdup(path);
    if (copy == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    c->files[c->file_count] = (struct case_file){.path = copy};
    return (int64_t)c->file_count++;
}

static size_t new_scope(struct casefile *c, enum scope_kind kind) {
    if (!grow((void **)&c->scopes, &c->scope_room, c->scope_count, sizeof *c->scopes,
              CASE_SCOPES_MAX))
        return CASE_NO_SCOPE;
    c->scopes[c->scope_count] = (struct scope){.kind = kind};
    return c->scope_count++;
}

static size_t hash_of(struct bytes name) {
    size_t hash = 5381;
    for (size_t i = 0; i < name.len; i++)
        hash = hash * 33 + name.data[i];
    return hash % CASE_HASH;
}

size_t case_scope_device(struct casefile *c, struct bytes name) {
    size_t *first = &c->devices[hash_of(name)];
    for (size_t at = *first; at != 0; at = c->scopes[at - 1].next)
        if (bytes_equal(bytes_of_str(c->scopes[at - 1].device), name))
            return at - 1;
    AUTO(char) copy = strndup((const char *)name.data, name.len);
    size_t added = copy == NULL ? CASE_NO_SCOPE : new_scope(c, SCOPE_DEVICE);
    if (added == CASE_NO_SCOPE)
        return CASE_NO_SCOPE;
    c->scopes[added].device = TAKE(copy);
    c->scopes[added].next = *first;
    *first = added + 1;
    return added;
}

size_t case_scope_iis(struct casefile *c) {
    if (c->iis == 0)
        c->iis = new_scope(c, SCOPE_IIS) + 1;
    return c->iis - 1;
}

size_t case_scope_new_ra(struct casefile *c) {
    return new_scope(c, SCOPE_RA);
}

int64_t case_keep(struct casefile *c, const struct kept *line, struct bytes text) {
    char *copy = NULL;
    if (line->scope != CASE_NO_SCOPE &&
        grow((void **)&c->kept, &c->kept_room, c->kept_count, sizeof *c->kept, CASE_KEPT_MAX))
        copy = strndup((const char *)text.data, text.len);
    if (copy == NULL) {
        c->dropped++;
        return -1;
    }
    c->kept[c->kept_count] = *line;
    c->kept[c->kept_count].text = copy;
    return (int64_t)c->kept_count++;
}

static void free_captures(const struct fact_capture *captures) {
    for (size_t i = 0; i < PATTERN_CAPTURES_MAX; i++)
        free(captures[i].value);
}

static struct first_scope *first_of(const struct casefile *c, const struct rule_line *line) {
    for (size_t i = 0; i < c->first_count; i++)
        if (c->firsts[i].line == line)
            return &c->firsts[i];
    return NULL;
}

static void note_first(struct casefile *c, const struct rule_line *line, size_t scope) {
    struct first_scope *first = first_of(c, line);
    if (first != NULL)
        first->scope = scope < first->scope ? scope : first->scope;
    else if (grow((void **)&c->firsts, &c->first_room, c->first_count, sizeof *c->firsts, SIZE_MAX))
        c->firsts[c->first_count++] = (struct first_scope){line, scope};
}

void case_add_fact(struct casefile *c, size_t kept, const struct rule_line *line,
                   const struct fact_capture *captures) {
    struct scope *s = &c->scopes[c->kept[kept].scope];
    if (!grow((void **)&s->facts, &s->room, s->count, sizeof *s->facts, CASE_KEPT_MAX)) {
        free_captures(captures);
        return;
    }
    struct fact *f = &s->facts[s->count++];
    *f = (struct fact){.line = line, .kept = kept};
    memcpy(f->captures, captures, sizeof f->captures);
    note_first(c, line, c->kept[kept].scope);
}

const struct fact *case_fact(const struct casefile *c, size_t scope, const struct rule_line *line,
                             uint64_t order) {
    const struct scope *s = &c->scopes[scope];
    for (size_t i = 0; i < s->count; i++)
        if (s->facts[i].line == line && c->kept[s->facts[i].kept].order >= order)
            return &s->facts[i];
    return NULL;
}

const struct fact *case_fact_anywhere(const struct casefile *c, const struct rule_line *line) {
    const struct first_scope *first = first_of(c, line);
    return first == NULL ? NULL : case_fact(c, first->scope, line, 0);
}

size_t case_count_facts(const struct casefile *c, size_t scope, const struct rule_line *line,
                        const struct fact **last) {
    const struct scope *s = &c->scopes[scope];
    size_t count = 0;
    *last = NULL;
    for (size_t i = 0; i < s->count; i++) {
        if (s->facts[i].line != line)
            continue;
        *last = &s->facts[i];
        count++;
    }
    return count;
}
