/* From rows of the configuration to faults: every word is checked against the mocks' tables, and
 * each mistake is told at its place. */
#include "base/owned.h"
#include "mocks/fault/fault.h"
#include "mocks/fault/fault_internal.h"
#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>

enum { NTH_MAX = 1000000000, WORDS_MAX = 256, BYTES_MAX = 65536 };

#define NODE_REQUIRED(member, key, text)                                                           \
    {                                                                                              \
        .type = CFG_T_NODE, .name = (key), .offset = offsetof(struct fault_row, member),           \
        .required = true, .help = (text)                                                           \
    }

const struct cfg_field fault_fields[] = {
    NODE_REQUIRED(at, "at", "the point"),
    CFG_INT(struct fault_row, nth, "nth", "1", 1, NTH_MAX, "the first visit it applies to"),
    CFG_NODE(struct fault_row, times, "times", "to how many visits: 1 (default), N or always"),
    NODE_REQUIRED(todo, "do", "ACTION [ARGUMENT]"),
    CFG_STRING(struct fault_row, name, "name", NULL, "only visits for this name (dns, tftp)"),
    CFG_END,
};

struct reader {
    const struct cfg_doc *doc;
    const struct fault_tables *const *tables;
    struct cfg_mistakes *m;
};

static int mistake(const struct reader *r, const struct cfg_node *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int mistake(const struct reader *r, const struct cfg_node *n, const char *fmt, ...) {
    AUTO(char) text = NULL;
    va_list args;
    va_start(args, fmt);
    int length = vasprintf(&text, fmt, args);
    va_end(args);
    if (length < 0)
        text = NULL;
    cfg_mistake_at(r->m, r->doc, n, ERR_CONFIG_BAD_VALUE, "%s",
                   text != NULL ? text : "out of memory");
    return -1;
}

/* Says what is wrong with word, and what may stand there. */
static int unknown(const struct reader *r, const struct cfg_node *n, const char *what,
                   const char *word, const char *const *known) {
    const char *near = nearest_word(word, known);
    if (near != NULL)
        return mistake(r, n, "unknown %s \"%.80s\", did you mean \"%s\"?", what, word, near);
    AUTO_BUF list = BUF_INIT(8192);
    for (size_t i = 0; known[i] != NULL; i++)
        buf_printf(&list, "%s%s", i > 0 ? ", " : "", known[i]);
    return mistake(r, n, "unknown %s \"%.80s\"; known here: %s", what, word, buf_str(&list));
}

static int unknown_point(const struct reader *r, const struct cfg_node *n, const char *word) {
    const char *known[WORDS_MAX + 1] = {0};
    size_t count = 0;
    for (size_t t = 0; r->tables[t] != NULL; t++)
        for (const struct fault_point *p = r->tables[t]->points; p->name != NULL; p++)
            if (count < WORDS_MAX)
                known[count++] = p->name;
    return unknown(r, n, "fault point", word, known);
}

static int read_point(const struct reader *r, const struct fault_row *row, struct fault *f) {
    const char *word = cfg_node_scalar(row->at);
    if (word == NULL)
        return mistake(r, row->at, "at: expected the name of a fault point");
    for (size_t t = 0; r->tables[t] != NULL; t++) {
        f->tables = r->tables[t];
        for (f->point = 0; f->tables->points[f->point].name != NULL; f->point++)
            if (strcmp(f->tables->points[f->point].name, word) == 0)
                return 0;
    }
    return unknown_point(r, row->at, word);
}

static bool possible(const struct fault_point *point, const struct fault_action *action) {
    return action->kinds == 0 || (action->kinds & point->kind) != 0;
}

static int unknown_action(const struct reader *r, const struct fault_row *row,
                          const struct fault *f, const char *word) {
    const struct fault_point *point = &f->tables->points[f->point];
    const char *known[WORDS_MAX + 1] = {0};
    size_t count = 0;
    bool elsewhere = false;
    for (const struct fault_action *a = f->tables->actions; a->name != NULL; a++) {
        elsewhere = elsewhere || strcmp(a->name, word) == 0;
        if (possible(point, a) && count < WORDS_MAX)
            known[count++] = a->name;
    }
    if (!elsewhere)
        return unknown(r, row->todo, "action", word, known);
    AUTO_BUF list = BUF_INIT(8192);
    for (size_t i = 0; known[i] != NULL; i++)
        buf_printf(&list, "%s%s", i > 0 ? ", " : "", known[i]);
    return mistake(r, row->todo, "action \"%s\" is not possible at %s; possible there: %s", word,
                   point->name, buf_str(&list));
}

static int find_action(const struct reader *r, const struct fault_row *row, const char *word,
                       struct fault *f) {
    const struct fault_point *point = &f->tables->points[f->point];
    const struct fault_action *actions = f->tables->actions;
    for (f->action = 0; actions[f->action].name != NULL; f->action++)
        if (strcmp(actions[f->action].name, word) == 0 && possible(point, &actions[f->action]))
            return 0;
    return unknown_action(r, row, f, word);
}

static bool in_bounds(const struct fault_action *a, int64_t value) {
    return a->min == 0 && a->max == 0 ? value >= 0 : value >= a->min && value <= a->max;
}

static int read_duration(const struct reader *r, const struct cfg_node *n,
                         const struct fault_action *a, struct fault *f) {
    struct err e = {0};
    if (cfg_parse_duration(f->text, &f->value, &e) != 0)
        return mistake(r, n, "%s: %s", a->name, e.text);
    if (!in_bounds(a, f->value))
        return mistake(r, n, "%s: %s is out of bounds", a->name, f->text);
    return 0;
}

static int read_number(const struct reader *r, const struct cfg_node *n,
                       const struct fault_action *a, struct fault *f) {
    bool signed_number = f->text[0] == '-';
    const char *digits = f->text + (signed_number ? 1 : 0);
    size_t len = strlen(digits);
    if (len == 0 || strspn(digits, "0123456789") != len)
        return mistake(r, n, "%s: \"%.80s\" is not a whole number", a->name, f->text);
    f->value = len > 18 ? INT64_MAX : strtoll(f->text, NULL, 10);
    if (len > 18 || !in_bounds(a, f->value))
        return mistake(r, n, "%s: %.80s is out of bounds", a->name, f->text);
    return 0;
}

static int check_address(const struct reader *r, const struct cfg_node *n,
                         const struct fault_action *a, const struct fault *f) {
    struct in6_addr address;
    if (inet_pton(AF_INET, f->text, &address) == 1 || inet_pton(AF_INET6, f->text, &address) == 1)
        return 0;
    return mistake(r, n, "%s: \"%.80s\" is no numeric address", a->name, f->text);
}

static int hex_digit(char c) {
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

static int read_bytes(const struct reader *r, const struct cfg_node *n,
                      const struct fault_action *a, struct fault *f) {
    AUTO_BUF octets = BUF_INIT(BYTES_MAX);
    for (const char *at = f->text + strspn(f->text, " :"); *at != '\0';
         at += 2 + strspn(at + 2, " :")) {
        int high = hex_digit(*at);
        int low = high < 0 ? -1 : hex_digit(at[1]);
        if (low < 0)
            return mistake(r, n, "%s: \"%.80s\" is not a row of hexadecimal pairs", a->name,
                           f->text);
        buf_put_u8(&octets, (uint8_t)(high << 4 | low));
    }
    if (octets.failed)
        return mistake(r, n, "%s: more than %d bytes", a->name, (int)BYTES_MAX);
    f->octets = bytes_of(octets.data, octets.len);
    octets = (struct buf)BUF_INIT(0);
    return 0;
}

static int check_choice(const struct reader *r, const struct cfg_node *n,
                        const struct fault_action *a, const char *text) {
    for (size_t i = 0; a->choices != NULL && a->choices[i] != NULL; i++)
        if (strcmp(a->choices[i], text) == 0)
            return 0;
    return a->choices == NULL ? 0 : unknown(r, n, a->name, text, a->choices);
}

static int read_argument(const struct reader *r, const struct cfg_node *n, struct fault *f) {
    const struct fault_action *a = &f->tables->actions[f->action];
    if (check_choice(r, n, a, f->text) != 0)
        return -1;
    switch (a->argument) {
    case FAULT_DURATION:
        return read_duration(r, n, a, f);
    case FAULT_NUMBER:
        return read_number(r, n, a, f);
    case FAULT_ADDRESS:
        return check_address(r, n, a, f);
    case FAULT_BYTES:
        return read_bytes(r, n, a, f);
    default:
        return 0;
    }
}

/* The text behind the action's word, or the default one. */
static int take_argument(const struct reader *r, const struct cfg_node *n, const char *given,
                         struct fault *f) {
    const struct fault_action *a = &f->tables->actions[f->action];
    if (given[0] != '\0' && a->argument == FAULT_NONE)
        return mistake(r, n, "%s takes no argument", a->name);
    if (given[0] == '\0' && a->argument != FAULT_NONE && a->default_text == NULL)
        return mistake(r, n, "%s needs an argument: %s", a->name, fault_argument_name(a));
    f->text = strdup(given[0] == '\0' && a->default_text != NULL ? a->default_text : given);
    if (f->text == NULL)
        return mistake(r, n, "out of memory");
    return a->argument == FAULT_NONE ? 0 : read_argument(r, n, f);
}

static int read_action(const struct reader *r, const struct fault_row *row, struct fault *f) {
    const char *text = cfg_node_scalar(row->todo);
    if (text == NULL)
        return mistake(r, row->todo, "do: expected ACTION [ARGUMENT]");
    text += strspn(text, " ");
    size_t len = strcspn(text, " ");
    AUTO(char) word = strndup(text, len);
    if (word == NULL)
        return mistake(r, row->todo, "out of memory");
    if (find_action(r, row, word, f) != 0)
        return -1;
    return take_argument(r, row->todo, text + len + strspn(text + len, " "), f);
}

static int read_times(const struct reader *r, const struct fault_row *row, struct fault *f) {
    f->times = 1;
    if (row->times == NULL)
        return 0;
    const char *text = cfg_node_scalar(row->times);
    f->times = INT64_MAX;
    if (text != NULL && strcmp(text, "always") == 0)
        return 0;
    size_t len = text != NULL ? strlen(text) : 0;
    if (len == 0 || strspn(text, "0123456789") != len)
        return mistake(r, row->times, "times: expected a whole number or always");
    f->times = len > 10 ? INT64_MAX : strtoll(text, NULL, 10);
    if (f->times < 1 || f->times > NTH_MAX)
        return mistake(r, row->times, "times: %.80s is not between 1 and %d", text, (int)NTH_MAX);
    return 0;
}

static int read_name(const struct reader *r, const struct fault_row *row, struct fault *f) {
    if (row->name == NULL)
        return 0;
    if (!f->tables->named)
        return mistake(r, row->at, "%s has no name to filter by", f->tables->points[f->point].name);
    f->name = strdup(row->name);
    return f->name != NULL ? 0 : mistake(r, row->at, "out of memory");
}

static int check_lasting(const struct reader *r, const struct fault_row *row,
                         const struct fault *f) {
    const struct fault_action *a = &f->tables->actions[f->action];
    if (!a->lasting || f->times == INT64_MAX)
        return 0;
    return mistake(r, row->todo, "%s lasts: write times: always", a->name);
}

/* All mistakes of a row are told, but an action means nothing at an unknown point. What a row
 * lacks is told by who read its keys. */
static int read_row(const struct reader *r, const struct fault_row *row, struct fault *f) {
    if (row->at == NULL || row->todo == NULL)
        return -1;
    int wrong = read_times(r, row, f);
    f->nth = row->nth;
    f->line = cfg_node_line(row->at);
    if (read_point(r, row, f) != 0)
        return -1;
    wrong |= read_name(r, row, f);
    wrong |= read_action(r, row, f);
    return wrong != 0 ? -1 : check_lasting(r, row, f);
}

struct fault_set *fault_set_new(const struct cfg_list *rows, const struct cfg_doc *doc,
                                const struct fault_tables *const *tables, struct cfg_mistakes *m) {
    const struct reader r = {doc, tables, m};
    struct fault_set *set = calloc(1, sizeof *set);
    if (set != NULL)
        set->items = calloc(rows->count > 0 ? rows->count : 1, sizeof *set->items);
    bool sound = set != NULL && set->items != NULL;
    if (!sound)
        mistake(&r, NULL, "out of memory");
    for (size_t i = 0; set != NULL && set->items != NULL && i < rows->count; i++) {
        set->count = i + 1;
        if (read_row(&r, &((const struct fault_row *)rows->items)[i], &set->items[i]) != 0)
            sound = false;
    }
    if (sound)
        return set;
    fault_set_free(set);
    return NULL;
}

struct fault_set *fault_set_or_exit(const struct program *program, const struct cfg_list *rows,
                                    const struct cfg_doc *doc, const struct fault_tables *tables) {
    const struct fault_tables *const all[] = {tables, NULL};
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct fault_set *set = m != NULL ? fault_set_new(rows, doc, all, m) : NULL;
    if (set == NULL) {
        if (m != NULL)
            cfg_mistakes_print(m, stderr);
        program_message(program, "the configuration was not accepted");
        exit(EXIT_USAGE);
    }
    cfg_mistakes_free(m);
    return set;
}
