/* Reading and writing what a round of torture makes fail. Must never start anything. */
#include "scenarios/runner/torture_spec.h"

#include "base/owned.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS_MAX = 4 };

static const char *const class_words[] = {
#define X(id, word, help) word,
    TORTURE_CLASS_TABLE(X)
#undef X
};

static const char *const phase_words[] = {
#define X(id, word, help) word,
    TORTURE_PHASE_TABLE(X)
#undef X
};

const char *torture_class_word(enum torture_class kind) {
    return class_words[kind];
}

const char *torture_phase_word(enum torture_phase phase) {
    return phase_words[phase];
}

/* The row of a word; count: none has it. */
static unsigned row_of(const char *const *words, unsigned count, const char *word) {
    unsigned i = 0;
    while (i < count && strcmp(words[i], word) != 0)
        i++;
    return i;
}

int torture_class_read(const char *word, enum torture_class *out, struct err *e) {
    *out = (enum torture_class)row_of(class_words, TORTURE_CLASSES, word);
    if (*out != TORTURE_CLASSES || strcmp(word, "fault") == 0)
        return 0;
    return err_set(e, ERR_ARG_USAGE, "--torture-class %s: there are alloc, socket, file and fault",
                   word);
}

static bool read_number(const char *text, int base, uint64_t *out) {
    char *end = NULL;
    *out = strtoull(text, &end, base);
    return text[0] != '\0' && text[0] != '-' && *end == '\0' && *out > 0;
}

/* "alloc" or "alloc@PATH" */
static bool read_class(char *text, struct torture_spec *out) {
    char *at = strchr(text, '@');
    if (at != NULL)
        *at++ = '\0';
    out->kind = (enum torture_class)row_of(class_words, TORTURE_CLASSES, text);
    out->path = 0;
    return out->kind != TORTURE_CLASSES && (at == NULL || read_number(at, 16, &out->path));
}

static bool read_parts(char *const *parts, size_t count, struct torture_spec *out) {
    if (count < PARTS_MAX - 1 || count > PARTS_MAX)
        return false;
    out->component = component_of(parts[0]);
    out->phase = count < PARTS_MAX
                     ? TORTURE_SERVE
                     : (enum torture_phase)row_of(phase_words, TORTURE_PHASES, parts[1]);
    return out->component != COMPONENT_COUNT && out->phase != TORTURE_PHASES &&
           read_class(parts[count - 2], out) && read_number(parts[count - 1], 10, &out->nth);
}

static int read_fault(const char *text, struct torture_spec *out, struct err *e) {
    if (strlen(text) >= sizeof out->fault)
        return err_set(e, ERR_ARG_USAGE, "%s: longer than %zu characters", text,
                       sizeof out->fault - 1);
    *out = (struct torture_spec){.component = COMPONENT_COUNT, .phase = TORTURE_PHASES};
    memcpy(out->fault, text, strlen(text));
    return 0;
}

static const char nothing[] = "none";

int torture_spec_read(const char *text, struct torture_spec *out, struct err *e) {
    if (strcmp(text, nothing) == 0) {
        *out = (struct torture_spec){.component = COMPONENT_COUNT, .phase = TORTURE_PHASES};
        return 0;
    }
    if (text[0] == '{')
        return read_fault(text, out, e);
    AUTO(char) copy = strdup(text);
    if (copy == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    char *parts[PARTS_MAX + 1];
    size_t count = 0;
    char *rest = NULL;
    for (char *p = strtok_r(copy, ":", &rest); p != NULL && count <= PARTS_MAX;
         p = strtok_r(NULL, ":", &rest))
        parts[count++] = p;
    *out = (struct torture_spec){0};
    if (read_parts(parts, count, out))
        return 0;
    return err_set(e, ERR_ARG_USAGE,
                   "%s: give COMPONENT:PHASE:CLASS[@PATH]:N (capf:serve:alloc:137) or a row of "
                   "`faults:` in braces",
                   text);
}

char *torture_spec_text(const struct torture_spec *spec) {
    char *text = NULL;
    char path[24] = "";
    if (spec->fault[0] != '\0' || spec->nth == 0)
        return strdup(spec->nth == 0 && spec->fault[0] == '\0' ? nothing : spec->fault);
    if (spec->path != 0)
        snprintf(path, sizeof path, "@%016" PRIx64, spec->path);
    if (asprintf(&text, "%s:%s:%s%s:%" PRIu64, component_name(spec->component),
                 phase_words[spec->phase], class_words[spec->kind], path, spec->nth) < 0)
        return NULL;
    return text;
}
