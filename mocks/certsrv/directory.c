/* Putting users and templates together. Passwords stay in memory: no message shows one. */
#include "mocks/certsrv/directory.h"
#include "base/owned.h"
#include <openssl/objects.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Remembers a malloc'ed text for directory_free; NULL stays NULL. */
static char *own(struct directory *d, char *text) {
    if (text != NULL)
        d->owned[d->owned_count++] = text;
    return text;
}

static int add_user(struct directory *d, const char *text, struct err *e) {
    const char *colon = strchr(text, ':');
    const char *slash = strchr(text, '\\');
    if (colon != NULL && slash > colon)
        slash = NULL;
    const char *name = slash == NULL ? text : slash + 1;
    if (colon == NULL || colon == name)
        return err_set(e, ERR_ARG_USAGE, "--user: write 'DOMAIN\\NAME:PASSWORD'");
    if (d->accounts.count == DIRECTORY_MAX)
        return err_set(e, ERR_SYS_LIMIT, "more than %d users", DIRECTORY_MAX);
    struct user *user = &d->users[d->accounts.count++];
    *user = (struct user){.enroll = true, .request = true};
    user->name = own(d, strndup(name, (size_t)(colon - name)));
    user->password = own(d, strdup(colon + 1));
    if (slash != NULL && d->accounts.count == 1)
        d->accounts.domain.netbios = own(d, strndup(text, (size_t)(slash - text)));
    return user->name == NULL || user->password == NULL || d->accounts.domain.netbios == NULL
               ? err_set(e, ERR_SYS_NOMEM, NULL)
               : 0;
}

static int fill_users(const struct certsrv_config *config, const struct opt_strings *users,
                      struct directory *d, struct err *e) {
    const struct user *configured = config->users.items;
    d->accounts = (struct accounts){.domain = config->domain, .users = d->users};
    for (size_t i = 0; i < users->count; i++)
        if (add_user(d, users->items[i], e) != 0)
            return -1;
    if (d->accounts.count + config->users.count > DIRECTORY_MAX)
        return err_set(e, ERR_SYS_LIMIT, "more than %d users", DIRECTORY_MAX);
    for (size_t i = 0; i < config->users.count; i++)
        d->users[d->accounts.count++] = configured[i];
    return 0;
}

static int load_defaults(struct directory *d, struct cfg_list *list, struct err *e) {
    static const struct cfg_field fields[] = {
        CFG_LIST(struct certsrv_config, templates, "templates", struct template, template_fields,
                 ""),
        CFG_END,
    };
    struct certsrv_config built_in = {0};
    struct cfg_mistakes *mistakes = cfg_mistakes_new();
    if (mistakes != NULL)
        d->defaults = cfg_load_text("built-in templates", bytes_of_str(template_defaults), fields,
                                    &built_in, mistakes);
    cfg_mistakes_free(mistakes);
    if (d->defaults == NULL)
        return err_set(e, ERR_SYS_INTERNAL, "built-in templates");
    *list = built_in.templates;
    return 0;
}

static int add_template(struct directory *d, const struct template *like, const char *name,
                        struct err *e) {
    if (template_find(&d->templates, name) != NULL)
        return 0;
    if (d->templates.count == DIRECTORY_MAX)
        return err_set(e, ERR_SYS_LIMIT, "more than %d templates", DIRECTORY_MAX);
    struct template *t = &d->items[d->templates.count++];
    *t = *like;
    t->name = own(d, strdup(name));
    return t->name == NULL ? err_set(e, ERR_SYS_NOMEM, NULL) : 0;
}

static bool is_key_usage(const char *word) {
    static const char *const words[] = {
        "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
        "keyCertSign",      "cRLSign",        "encipherOnly",    "decipherOnly",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static bool is_oid(const char *word) {
    ASN1_OBJECT *object = OBJ_txt2obj(word, 0);
    ASN1_OBJECT_free(object);
    return object != NULL;
}

/* What would otherwise fail at the first request. */
static int check_template(const struct template *t, struct err *e) {
    for (size_t i = 0; i < t->key_usage.count; i++)
        if (!is_key_usage(t->key_usage.items[i]))
            return err_set(e, ERR_CONFIG_BAD_VALUE, "template %s: %s is no key usage", t->name,
                           t->key_usage.items[i]);
    for (size_t i = 0; i < t->extended_key_usage.count; i++)
        if (!is_oid(t->extended_key_usage.items[i]))
            return err_set(e, ERR_CONFIG_BAD_VALUE, "template %s: %s is no extended key usage",
                           t->name, t->extended_key_usage.items[i]);
    if (t->oid != NULL && !is_oid(t->oid))
        return err_set(e, ERR_CONFIG_BAD_VALUE, "template %s: %s is no OID", t->name, t->oid);
    return strpbrk(t->name, ";\"\r\n") == NULL
               ? 0
               : err_set(e, ERR_CONFIG_BAD_VALUE, "template %s: not a template name", t->name);
}

static int fill_templates(const struct certsrv_config *config, const struct opt_strings *names,
                          struct directory *d, struct err *e) {
    struct cfg_list built_in, chosen = config->templates;
    if (load_defaults(d, &built_in, e) != 0)
        return -1;
    if (chosen.count == 0)
        chosen = built_in;
    if (chosen.count > DIRECTORY_MAX)
        return err_set(e, ERR_SYS_LIMIT, "more than %d templates", DIRECTORY_MAX);
    const struct template *items = chosen.items;
    d->templates.items = d->items;
    for (size_t i = 0; i < chosen.count; i++)
        d->items[d->templates.count++] = items[i];
    for (size_t i = 0; i < names->count; i++)
        if (add_template(d, built_in.items, names->items[i], e) != 0)
            return -1;
    for (size_t i = 0; i < d->templates.count; i++)
        if (check_template(&d->items[i], e) != 0)
            return -1;
    return 0;
}

int directory_fill(const struct certsrv_config *config, const struct opt_strings *users,
                   const struct opt_strings *templates, struct directory *out, struct err *e) {
    *out = (struct directory){0};
    if (fill_users(config, users, out, e) != 0)
        return -1;
    return fill_templates(config, templates, out, e);
}

void directory_free(struct directory *d) {
    for (size_t i = 0; i < d->owned_count; i++)
        free(d->owned[i]);
    cfg_doc_free(d->defaults);
}
