/* The rules: which lines mean what. One YAML file (rules.yaml), read through tables, so that a
 * mistake names its line and column; nothing about any failure is in the code. */
#ifndef DIAGNOSE_RULES_H
#define DIAGNOSE_RULES_H

#include "base/config.h"
#include "diagnose/pattern.h"
#include "diagnose/source.h"
#include <stdbool.h>

/* X(NAME, word): where the cause lies, from the phone to the CA. */
#define PLACE_TABLE(X)                                                                             \
    X(PHONE, "phone")                                                                              \
    X(CAPF, "capf")                                                                                \
    X(RA, "ra")                                                                                    \
    X(CERTSRV, "certsrv")                                                                          \
    X(CA, "ca")

enum place {
#define X(name, word) PLACE_##name,
    PLACE_TABLE(X)
#undef X
        PLACE_COUNT
};

/* X(NAME, word) */
#define CERTAINTY_TABLE(X)                                                                         \
    X(POSSIBLE, "possible")                                                                        \
    X(LIKELY, "likely")                                                                            \
    X(CERTAIN, "certain")

enum certainty {
#define X(name, word) CERTAINTY_##name,
    CERTAINTY_TABLE(X)
#undef X
        CERTAINTY_COUNT
};

const char *place_word(enum place place);
const char *certainty_word(enum certainty certainty);

/* One line of evidence. */
struct rule_line {
    int sources;                 /* SOURCE_BITs */
    const struct cfg_node *text; /* the pattern as written */
    struct pattern *pattern;
};

enum rule_part { PART_ALL, PART_ANY, PART_NONE, PART_ALSO, PART_COUNT };

struct rule {
    const struct cfg_node *id_node;
    const char *id;
    char *title;
    struct cfg_list parts[PART_COUNT]; /* of struct rule_line */
    bool ordered;
    bool symptom, harmless;
    int place;
    int certainty;
    char *cause, *remedy;
    char *document, *heading;
    const struct cfg_node *unless_node; /* ids */
};

struct rules {
    struct cfg_list rules;    /* of struct rule */
    struct cfg_list failures; /* of struct rule_line: marks that something went wrong */
    struct cfg_list usual;    /* look like failures and are none */
    struct cfg_list successes;
    struct cfg_doc *doc;
};

/* The rules of path, or the built-in ones when NULL. NULL with the mistakes in m. Caller frees. */
struct rules *rules_load(const char *path, struct cfg_mistakes *m);
/* The same from memory; name stands for the file. */
struct rules *rules_load_text(const char *name, struct bytes text, struct cfg_mistakes *m);
void rules_free(struct rules *r);

size_t rules_count(const struct rules *r);
const struct rule *rules_at(const struct rules *r, size_t i);
const struct rule *rules_find(const struct rules *r, const char *id);
size_t rule_lines(const struct rule *rule, enum rule_part part);
const struct rule_line *rule_line(const struct rule *rule, enum rule_part part, size_t i);
/* Whether the list of ids names id. */
bool rule_ids_name(const struct cfg_node *ids, const char *id);

struct bytes rules_embedded(void);
/* The schema of the file, for --help. */
void rules_print_schema(FILE *to);

#endif
