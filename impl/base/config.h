/* YAML configuration read through tables: the table gives the keys, their types, bounds, defaults
 * and help; loading, "all mistakes at once", --help and the reference pages all come from it.
 *
 * A mistake reads FILE:LINE:COLUMN: text, with the nearest valid word where one is near. Built on
 * libyaml's events: a loader that stops at the first mistake, or resolves aliases, would not do.
 *
 *     struct ra_config { char *listen; int64_t ca_timeout_us; struct cfg_list users; };
 *     static const struct cfg_field ra_fields[] = {
 *         CFG_STRING(struct ra_config, listen, "listen", "127.0.0.1:0", "address to serve on"),
 *         CFG_DURATION(struct ra_config, ca_timeout_us, "ca-timeout", "10s", "limit for one
 * request"), CFG_LIST(struct ra_config, users, "users", struct user, user_fields, "who may log
 * in"), CFG_END,
 *     };
 */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include "base/bytes.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum cfg_type {
    CFG_T_STRING,   /* char *; NULL when absent without default */
    CFG_T_INT,      /* int64_t, min..max */
    CFG_T_BOOL,     /* bool; true/false/yes/no/on/off */
    CFG_T_ENUM,     /* int; words from a table */
    CFG_T_DURATION, /* int64_t microseconds; "250ms" "10s" "5m" "2h" "30d", signed where min < 0 */
    CFG_T_REAL,     /* double, > 0 */
    CFG_T_STRINGS,  /* struct cfg_strings; a single scalar counts as a list of one */
    CFG_T_PAIRS,    /* struct cfg_pairs: a mapping of free names to scalars */
    CFG_T_MAP,      /* nested struct, in place */
    CFG_T_LIST,     /* struct cfg_list: a sequence of mappings */
    CFG_T_NODE,     /* struct cfg_node *: left to the caller, who walks it (cfg_node_*) */
    CFG_T_END
};

struct cfg_strings {
    char **items;
    size_t count;
};
struct cfg_pair {
    char *name;
    char *value;
};
struct cfg_pairs {
    struct cfg_pair *items;
    size_t count;
};
struct cfg_list {
    void *items; /* array of the element struct */
    size_t count;
};
struct cfg_word {
    const char *word;
    int value;
}; /* tables end with {NULL, 0} */

struct cfg_field {
    enum cfg_type type;
    const char *name;
    size_t offset;
    const char *def;  /* as it would be written in YAML (scalar); NULL: none */
    const char *help; /* one line for --help and the reference page */
    bool required;
    int64_t min, max; /* INT: bounds; DURATION: microseconds; both 0: INT any, DURATION >= 0 */
    const struct cfg_word *words;
    const struct cfg_field *fields; /* MAP, LIST */
    size_t item_size;               /* LIST */
};

#define CFG_STRING(T, member, key, dflt, text)                                                     \
    {                                                                                              \
        .type = CFG_T_STRING, .name = (key), .offset = offsetof(T, member), .def = (dflt),         \
        .help = (text)                                                                             \
    }
#define CFG_STRING_REQUIRED(T, member, key, text)                                                  \
    {                                                                                              \
        .type = CFG_T_STRING, .name = (key), .offset = offsetof(T, member), .required = true,      \
        .help = (text)                                                                             \
    }
#define CFG_INT(T, member, key, dflt, lo, hi, text)                                                \
    {                                                                                              \
        .type = CFG_T_INT, .name = (key), .offset = offsetof(T, member), .def = (dflt),            \
        .min = (lo), .max = (hi), .help = (text)                                                   \
    }
#define CFG_BOOL(T, member, key, dflt, text)                                                       \
    {                                                                                              \
        .type = CFG_T_BOOL, .name = (key), .offset = offsetof(T, member), .def = (dflt),           \
        .help = (text)                                                                             \
    }
#define CFG_ENUM(T, member, key, dflt, table, text)                                                \
    {                                                                                              \
        .type = CFG_T_ENUM, .name = (key), .offset = offsetof(T, member), .def = (dflt),           \
        .words = (table), .help = (text)                                                           \
    }
#define CFG_DURATION(T, member, key, dflt, text)                                                   \
    {                                                                                              \
        .type = CFG_T_DURATION, .name = (key), .offset = offsetof(T, member), .def = (dflt),       \
        .help = (text)                                                                             \
    }
#define CFG_DURATION_RANGE(T, member, key, dflt, lo_us, hi_us, text)                               \
    {                                                                                              \
        .type = CFG_T_DURATION, .name = (key), .offset = offsetof(T, member), .def = (dflt),       \
        .min = (lo_us), .max = (hi_us), .help = (text)                                             \
    }
#define CFG_REAL(T, member, key, dflt, text)                                                       \
    {                                                                                              \
        .type = CFG_T_REAL, .name = (key), .offset = offsetof(T, member), .def = (dflt),           \
        .help = (text)                                                                             \
    }
#define CFG_STRINGS(T, member, key, text)                                                          \
    { .type = CFG_T_STRINGS, .name = (key), .offset = offsetof(T, member), .help = (text) }
#define CFG_PAIRS(T, member, key, text)                                                            \
    { .type = CFG_T_PAIRS, .name = (key), .offset = offsetof(T, member), .help = (text) }
#define CFG_MAP(T, member, key, table, text)                                                       \
    {                                                                                              \
        .type = CFG_T_MAP, .name = (key), .offset = offsetof(T, member), .fields = (table),        \
        .help = (text)                                                                             \
    }
#define CFG_LIST(T, member, key, item, table, text)                                                \
    {                                                                                              \
        .type = CFG_T_LIST, .name = (key), .offset = offsetof(T, member), .fields = (table),       \
        .item_size = sizeof(item), .help = (text)                                                  \
    }
#define CFG_NODE(T, member, key, text)                                                             \
    { .type = CFG_T_NODE, .name = (key), .offset = offsetof(T, member), .help = (text) }
#define CFG_END                                                                                    \
    { .type = CFG_T_END }

/* The mistakes of one or more files, in the order of the files and lines. */
struct cfg_mistakes;
struct cfg_mistakes *cfg_mistakes_new(void);
void cfg_mistakes_free(struct cfg_mistakes *m);
size_t cfg_mistakes_count(const struct cfg_mistakes *m);
/* The i-th as "FILE:LINE:COLUMN: text"; its code. Owned by m. */
const char *cfg_mistake_text(const struct cfg_mistakes *m, size_t i);
enum err_code cfg_mistake_code(const struct cfg_mistakes *m, size_t i);
void cfg_mistakes_print(const struct cfg_mistakes *m, FILE *to);

/* What counts where: "key:" without a value, "~" and "null" stand for an absent key. A required key
 * is asked for in absent maps too, so that a required string is never NULL; a map that may be left
 * out keeps its keys optional, and its owner checks them. An absent CFG_T_NODE stays NULL. */

/* A loaded document: owns every string, array and node that was put into the struct. */
struct cfg_doc;
void cfg_doc_free(struct cfg_doc *doc);

/* Reads path (at most 1 MiB, 64 levels, no aliases) into *out, which the caller zeroed; defaults
 * are set for absent keys, nested ones too. NULL when there was any mistake (they are in m; a file
 * that cannot be read is one at 1:1). Caller frees the doc after the last use of *out. */
struct cfg_doc *cfg_load_file(const char *path, const struct cfg_field *fields, void *out,
                              struct cfg_mistakes *m);
/* The same from memory; name stands for the file. An empty document takes all defaults. */
struct cfg_doc *cfg_load_text(const char *name, struct bytes text, const struct cfg_field *fields,
                              void *out, struct cfg_mistakes *m);

/* Only the tree: for readers that go on behind a mistake with cfg_node_read on the root, which is a
 * mapping; all its keys are single words. NULL when there is no usable tree (the mistakes are in
 * m). Caller frees. */
struct cfg_doc *cfg_parse_text(const char *name, struct bytes text, struct cfg_mistakes *m);
struct cfg_doc *cfg_parse_file(const char *path, struct cfg_mistakes *m);
const struct cfg_node *cfg_root(const struct cfg_doc *doc);

/* Prints "key  type  default  help" lines, nested keys indented: for --help. */
void cfg_print_help(const struct cfg_field *fields, FILE *to);
/* The same as a Markdown table with dotted keys: for reference pages. */
void cfg_print_reference(const struct cfg_field *fields, FILE *to);

/* Walking CFG_T_NODE values. Nodes belong to the doc. */
enum cfg_node_kind { CFG_SCALAR, CFG_SEQUENCE, CFG_MAPPING };
struct cfg_node;
enum cfg_node_kind cfg_node_kind(const struct cfg_node *n);
const char *cfg_node_scalar(const struct cfg_node *n); /* NULL unless scalar */
bool cfg_node_is_plain(const struct cfg_node *n);      /* scalar written without quotes */
size_t cfg_node_count(const struct cfg_node *n);       /* items or pairs */
size_t cfg_node_line(const struct cfg_node *n);        /* from 1 */
const struct cfg_node *cfg_node_item(const struct cfg_node *n, size_t i);  /* sequence */
const struct cfg_node *cfg_node_key(const struct cfg_node *n, size_t i);   /* mapping */
const struct cfg_node *cfg_node_value(const struct cfg_node *n, size_t i); /* mapping */
/* Reads a mapping node through a table, as a nested map would be. 0, or -1 with mistakes added. */
int cfg_node_read(struct cfg_doc *doc, const struct cfg_node *n, const struct cfg_field *fields,
                  void *out, struct cfg_mistakes *m);
/* Adds a mistake at the node's place. */
void cfg_mistake_at(struct cfg_mistakes *m, const struct cfg_doc *doc, const struct cfg_node *n,
                    enum err_code code, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* "10s" to microseconds; -1 CONFIG_BAD_VALUE. Also used for command-line options. */
int cfg_parse_duration(const char *text, int64_t *us, struct err *e);

/* The candidate nearest to word by edit distance, or NULL when none is near (more than a third of
 * the letters wrong). candidates ends with NULL. */
const char *nearest_word(const char *word, const char *const *candidates);

#endif
