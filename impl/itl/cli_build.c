/* capflab itl build: a description file with the options on top of it. */
#include "base/owned.h"
#include "itl/cli.h"
#include "itl/description.h"

#include <stddef.h>
#include <string.h>

enum { WORDS_MAX = 16 };

static int find_word(const struct cfg_word *words, const char *option, const char *word, int *value,
                     struct err *e) {
    const char *known[WORDS_MAX + 1] = {NULL};
    for (size_t i = 0; i < WORDS_MAX && words[i].word != NULL; i++) {
        known[i] = words[i].word;
        if (strcmp(words[i].word, word) == 0) {
            *value = words[i].value;
            return 0;
        }
    }
    const char *near = nearest_word(word, known);
    return err_set(e, ERR_ARG_USAGE, "--%s: there is no '%s'%s%s", option, word,
                   near == NULL ? "; see --help" : ", did you mean ", near == NULL ? "" : near);
}

static const struct cfg_word signer_version_words[] = {{"1.0", 0x0100}, {"1.1", 0x0101}, {NULL, 0}};

struct overlay {
    struct itl_description_record records[OPT_STRINGS_MAX];
    char *owned[OPT_STRINGS_MAX];
};

/* "ROLE=FILE" or "ROLE=FILE,FORM". */
static int read_record(const char *text, char **own, struct itl_description_record *r,
                       struct err *e) {
    *own = strdup(text);
    char *file = *own == NULL ? NULL : strchr(*own, '=');
    if (file == NULL)
        return err_set(e, ERR_ARG_USAGE, "--record %s: write ROLE=FILE or ROLE=FILE,FORM", text);
    *file++ = '\0';
    char *form = strrchr(file, ',');
    *r = (struct itl_description_record){.certificate = file};
    if (form != NULL) {
        *form++ = '\0';
        if (find_word(itl_form_words, "record", form, &r->form, e) != 0)
            return -1;
    }
    if (*file == '\0')
        r->certificate = NULL;
    return find_word(itl_role_words, "record", *own, &r->role, e);
}

static int lay_words(const struct itl_cli_options *o, struct itl_description *d, struct err *e) {
    if (o->layout != NULL && find_word(itl_layout_words, "layout", o->layout, &d->layout, e) != 0)
        return -1;
    if (o->digest != NULL && find_word(itl_digest_words, "digest", o->digest, &d->digest, e) != 0)
        return -1;
    if (o->signer_version == NULL)
        return 0;
    return find_word(signer_version_words, "signer-version", o->signer_version, &d->signer_version,
                     e);
}

static int lay_options(const struct itl_cli_options *o, struct itl_description *d,
                       struct overlay *overlay, struct err *e) {
    d->add_signer = d->add_signer || o->add_signer;
    if (o->file_name != NULL)
        d->file_name = (char *)(uintptr_t)o->file_name;
    if (o->signer != NULL)
        d->signer = (char *)(uintptr_t)o->signer;
    if (o->key != NULL)
        d->key = (char *)(uintptr_t)o->key;
    if (o->timestamp != 0)
        d->timestamp = o->timestamp;
    for (size_t i = 0; i < o->records.count; i++)
        if (read_record(o->records.items[i], &overlay->owned[i], &overlay->records[i], e) != 0)
            return -1;
    if (o->records.count > 0)
        d->records = (struct cfg_list){overlay->records, o->records.count};
    return lay_words(o, d, e);
}

/* Options are relative to the current folder, what a description says to the description's. */
static char *folder_of(const struct itl_cli_options *o, const char *description) {
    const char *slash = description == NULL ? NULL : strrchr(description, '/');
    bool from_options = o->records.count > 0 || o->signer != NULL || o->key != NULL;
    return slash == NULL || from_options ? NULL
                                         : strndup(description, (size_t)(slash - description) + 1);
}

int itl_cli_build(const struct itl_cli *c, const char *description, struct buf *out,
                  struct err *e) {
    struct itl_description d = {0};
    struct overlay overlay = {0};
    struct program program = *c->program;
    program.config = itl_description_fields;
    AUTO(char) folder = folder_of(c->options, description);
    struct cfg_doc *doc = program_config(&program, description, &d);
    int rc = lay_options(c->options, &d, &overlay, e);
    if (rc == 0)
        rc = itl_description_build(&d, folder, out, e);
    for (size_t i = 0; i < OPT_STRINGS_MAX; i++)
        free(overlay.owned[i]);
    cfg_doc_free(doc);
    return rc;
}
