/* capflab itl build: a description file with the options on top of it. */
#include "base/file.h"
#include "base/owned.h"
#include "itl/cli.h"
#include "itl/description.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

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
    char *owned[2 * OPT_STRINGS_MAX + 2];
    size_t owned_count;
};

static char *own(struct overlay *o, char *text) {
    if (text != NULL)
        o->owned[o->owned_count++] = text;
    return text;
}

/* Options are relative to the current folder, what a description says to the description's. */
static char *from_here(struct overlay *o, const char *path) {
    AUTO(char) here = path[0] == '/' ? NULL : getcwd(NULL, 0);
    return own(o, here == NULL ? strdup(path) : path_join(here, "%s", path));
}

/* "ROLE=FILE" or "ROLE=FILE,FORM". */
static int read_record(const char *text, struct overlay *o, struct itl_description_record *r,
                       struct err *e) {
    char *role = own(o, strdup(text));
    char *file = role == NULL ? NULL : strchr(role, '=');
    if (file == NULL)
        return err_set(e, ERR_ARG_USAGE, "--record %s: write ROLE=FILE or ROLE=FILE,FORM", text);
    *file++ = '\0';
    char *form = strrchr(file, ',');
    *r = (struct itl_description_record){0};
    if (form != NULL) {
        *form++ = '\0';
        if (find_word(itl_form_words, "record", form, &r->form, e) != 0)
            return -1;
    }
    if (*file != '\0')
        r->certificate = from_here(o, file);
    return find_word(itl_role_words, "record", role, &r->role, e);
}

int itl_cli_words(const struct itl_cli_options *o, struct itl_description *d, struct err *e) {
    if (o->timestamp < 0 || o->timestamp > UINT32_MAX)
        return err_set(e, ERR_ARG_USAGE, "--timestamp: %lld is outside of 0 to 4294967295",
                       (long long)o->timestamp);
    if (o->timestamp != 0)
        d->timestamp = o->timestamp;
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
        d->signer = from_here(overlay, o->signer);
    if (o->key != NULL)
        d->key = from_here(overlay, o->key);
    for (size_t i = 0; i < o->records.count; i++)
        if (read_record(o->records.items[i], overlay, &overlay->records[i], e) != 0)
            return -1;
    if (o->records.count > 0)
        d->records = (struct cfg_list){overlay->records, o->records.count};
    return itl_cli_words(o, d, e);
}

static char *folder_of(const char *description) {
    const char *slash = description == NULL ? NULL : strrchr(description, '/');
    return slash == NULL ? NULL : strndup(description, (size_t)(slash - description) + 1);
}

int itl_cli_build(const struct itl_cli *c, const char *description, struct buf *out,
                  struct err *e) {
    struct itl_description d = {0};
    struct overlay overlay = {0};
    struct program program = *c->program;
    program.config = itl_description_fields;
    AUTO(char) folder = folder_of(description);
    struct cfg_doc *doc = program_config(&program, description, &d);
    int rc = lay_options(c->options, &d, &overlay, e);
    if (rc == 0)
        rc = itl_description_build(&d, folder, out, e);
    for (size_t i = 0; i < overlay.owned_count; i++)
        free(overlay.owned[i]);
    cfg_doc_free(doc);
    return rc;
}
