/* Shared by the config_*.c files only: the tree that a YAML text becomes, the memory behind it, and
 * the readers of single values. */
#ifndef BASE_CONFIG_INTERNAL_H
#define BASE_CONFIG_INTERNAL_H

#include "base/config.h"
#include <stdarg.h>

struct cfg_node {
    enum cfg_node_kind kind;
    bool plain;          /* scalar without quotes */
    bool broken;         /* a mistake was reported here already: readers pass over it */
    size_t line, column; /* from 1 */
    const char *text;    /* scalar; has no NUL inside */
    size_t count;        /* items or pairs */
    const struct cfg_node **children; /* items, or key, value, key, value ... */
};

struct cfg_block; /* one allocation of a document */
struct cfg_doc {
    struct cfg_block *blocks;
    const char *name;
    const struct cfg_node *root; /* NULL: the text held no document */
};

/* A doc without a tree. NULL without memory. */
struct cfg_doc *cfg_doc_new(const char *name);

/* Zeroed memory that lives as long as the doc; NULL without memory. */
void *cfg_doc_alloc(struct cfg_doc *doc, size_t count, size_t size);
char *cfg_doc_strndup(struct cfg_doc *doc, const char *text, size_t len);

/* Parses text into doc->root. 0, or -1 with at least one mistake added (the tree is incomplete
 * then). Mistakes that leave a usable tree are added too, with 0. */
int cfg_doc_parse(struct cfg_doc *doc, struct bytes text, struct cfg_mistakes *m);

/* line 0: the mistake has no place in a file. Control characters in the text are escaped. */
void cfg_mistake_add(struct cfg_mistakes *m, const char *file, size_t line, size_t column,
                     enum err_code code, const char *fmt, va_list args);

/* Single values from text. -1 CONFIG_BAD_VALUE with a text that names the value, not the key. */
int cfg_parse_int(const struct cfg_field *f, const char *text, int64_t *value, struct err *e);
int cfg_parse_bool(const char *text, bool *value, struct err *e);
int cfg_parse_word(const struct cfg_field *f, const char *text, int *value, struct err *e);
int cfg_parse_real(const char *text, double *value, struct err *e);
int cfg_parse_bounded_duration(const struct cfg_field *f, const char *text, int64_t *us,
                               struct err *e);

/* How much of a value is shown in a message: whole characters, at most 80 bytes. */
int cfg_shown(const char *text);

#endif
