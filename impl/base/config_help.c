/* The keys of a table for people: columns for --help, Markdown for the reference pages. Both print
 * what the reader of files accepts, because they walk the same table. */
#include "base/config_internal.h"
#include <string.h>

enum { FACE_MAX = 256, KEY_COLUMN_MAX = 30, TYPE_COLUMN_MAX = 34, DEFAULT_COLUMN_MAX = 16 };

static void int_face(const struct cfg_field *f, char *out, size_t size) {
    if (f->min == 0 && f->max == 0)
        snprintf(out, size, "whole number");
    else
        snprintf(out, size, "%lld..%lld", (long long)f->min, (long long)f->max);
}

static void words_face(const struct cfg_word *words, char *out, size_t size) {
    size_t used = 0;
    for (const struct cfg_word *w = words; w->word != NULL && used < size; w++) {
        int n = snprintf(out + used, size - used, "%s%s", w == words ? "" : "|", w->word);
        used += (size_t)n;
    }
}

/* What may stand behind the key, in a word or two. */
static const char *type_face(const struct cfg_field *f, char *out, size_t size) {
    static const char *const faces[] = {[CFG_T_STRING] = "text",
                                        [CFG_T_BOOL] = "true|false",
                                        [CFG_T_DURATION] = "duration",
                                        [CFG_T_REAL] = "number above 0",
                                        [CFG_T_STRINGS] = "list of texts",
                                        [CFG_T_PAIRS] = "name: text",
                                        [CFG_T_MAP] = "mapping",
                                        [CFG_T_LIST] = "list",
                                        [CFG_T_NODE] = "any"};
    if (f->type == CFG_T_INT)
        int_face(f, out, size);
    else if (f->type == CFG_T_ENUM)
        words_face(f->words, out, size);
    else
        snprintf(out, size, "%s", faces[f->type]);
    return out;
}

static const char *default_face(const struct cfg_field *f) {
    if (f->required)
        return "required";
    if (f->def == NULL)
        return "";
    return f->def[0] == '\0' ? "\"\"" : f->def;
}

struct columns {
    int key, type, def;
};

static void widen(int *column, int width, int max) {
    if (width > *column)
        *column = width < max ? width : max;
}

static bool has_inner(const struct cfg_field *f) {
    return f->type == CFG_T_MAP || f->type == CFG_T_LIST;
}

static void measure(const struct cfg_field *fields, int depth, struct columns *c) {
    for (const struct cfg_field *f = fields; f->type != CFG_T_END; f++) {
        char face[FACE_MAX];
        widen(&c->key, 2 * depth + (int)strlen(f->name), KEY_COLUMN_MAX);
        widen(&c->type, (int)strlen(type_face(f, face, sizeof face)), TYPE_COLUMN_MAX);
        widen(&c->def, (int)strlen(default_face(f)), DEFAULT_COLUMN_MAX);
        if (has_inner(f))
            measure(f->fields, depth + 1, c);
    }
}

static void print_fields(const struct cfg_field *fields, int depth, const struct columns *c,
                         FILE *to) {
    for (const struct cfg_field *f = fields; f->type != CFG_T_END; f++) {
        char face[FACE_MAX];
        fprintf(to, "  %*s%-*s  %-*s  %-*s  %s\n", 2 * depth, "", c->key - 2 * depth, f->name,
                c->type, type_face(f, face, sizeof face), c->def, default_face(f),
                f->help != NULL ? f->help : "");
        if (has_inner(f))
            print_fields(f->fields, depth + 1, c, to);
    }
}

void cfg_print_help(const struct cfg_field *fields, FILE *to) {
    struct columns c = {0};
    measure(fields, 0, &c);
    print_fields(fields, 0, &c, to);
}

/* A bar would end the cell. */
static void print_cell(const char *text, FILE *to) {
    for (; *text != '\0'; text++) {
        if (*text == '|')
            fputc('\\', to);
        fputc(*text, to);
    }
}

static void print_code_cell(const char *text, FILE *to) {
    if (text[0] == '\0')
        return;
    fputc('`', to);
    print_cell(text, to);
    fputc('`', to);
}

static void print_rows(const struct cfg_field *fields, const char *prefix, FILE *to) {
    for (const struct cfg_field *f = fields; f->type != CFG_T_END; f++) {
        char face[FACE_MAX];
        char inner[FACE_MAX];
        fprintf(to, "| `%s%s` | ", prefix, f->name);
        print_cell(type_face(f, face, sizeof face), to);
        fputs(" | ", to);
        print_code_cell(f->required ? "" : default_face(f), to);
        fputs(f->required ? "required | " : " | ", to);
        print_cell(f->help != NULL ? f->help : "", to);
        fputs(" |\n", to);
        snprintf(inner, sizeof inner, "%.100s%.100s%s.", prefix, f->name,
                 f->type == CFG_T_LIST ? "[]" : "");
        if (has_inner(f))
            print_rows(f->fields, inner, to);
    }
}

void cfg_print_reference(const struct cfg_field *fields, FILE *to) {
    fputs("| key | type | default | meaning |\n|---|---|---|---|\n", to);
    print_rows(fields, "", to);
}
