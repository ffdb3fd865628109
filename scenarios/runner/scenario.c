/* Loading a scenario: the tables first, then the parts with more than one shape, so that every
 * mistake of the file is told in one go. Must never start anything. */
#include "scenarios/runner/scenario.h"

#include "itl/names.h"

#include "scenarios/runner/words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LEN = 128 };

/* The first phone of the seed documents; the others count up from it. */
static const uint64_t first_mac = 0x74A02FC0A675;

static char *made_name(size_t i) {
    char *name = NULL;
    if (asprintf(&name, "SEP%012llX", (unsigned long long)(first_mac + i)) < 0)
        return NULL;
    return name;
}

static bool name_is_fit(const char *name) {
    size_t len = strlen(name);
    if (len == 0 || len > NAME_MAX_LEN)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && strchr("_.-", name[i]) == NULL)
            return false;
    return name[0] != '.';
}

static bool make_room(struct scenario *s, size_t count) {
    s->phones = calloc(count, sizeof *s->phones);
    s->phone_names = calloc(count, sizeof *s->phone_names);
    s->phone_count = s->phones != NULL && s->phone_names != NULL ? count : 0;
    return s->phone_count > 0;
}

/* What CAPF takes as an authentication string (capf-service.md 4, and other servers' 15). */
static bool string_is_fit(const char *string) {
    size_t len = strlen(string);
    return len >= 4 && len <= 15 && strspn(string, "0123456789") == len;
}

static void check_phone(const struct cfg_doc *doc, const struct cfg_node *node,
                        const struct phone_settings *p, struct cfg_mistakes *m) {
    if (p->authentication == AUTH_MODE_STRING && p->string == NULL)
        cfg_mistake_at(m, doc, node, ERR_CONFIG_MISSING,
                       "a phone that authenticates by string needs the key \"string\"");
    const char *stored = p->device.string != NULL ? p->device.string : p->string;
    if (stored != NULL && !string_is_fit(stored))
        cfg_mistake_at(m, doc, node, ERR_CONFIG_BAD_VALUE,
                       "\"%s\" is no authentication string: 4 to 15 digits", stored);
    if (!p->keys.rsa && !p->keys.ec)
        cfg_mistake_at(m, doc, node, ERR_CONFIG_BAD_VALUE, "a phone that makes no keys at all");
}

/* name of phone i: its own or the made one; a repeated or unfit one is a mistake. */
static void name_phone(struct scenario *s, size_t i, const struct cfg_node *node,
                       struct cfg_mistakes *m) {
    const char *given = s->phones[i].name;
    s->phone_names[i] = given != NULL ? strdup(given) : made_name(i);
    s->phones[i].name = s->phone_names[i];
    if (s->phone_names[i] == NULL)
        return;
    if (!name_is_fit(s->phone_names[i]))
        cfg_mistake_at(m, s->doc, node, ERR_CONFIG_BAD_VALUE,
                       "\"%s\" is no device name: letters, digits, '_', '.', '-', at most %d",
                       s->phone_names[i], NAME_MAX_LEN);
    for (size_t j = 0; j < i; j++)
        if (s->phone_names[j] != NULL && strcasecmp(s->phone_names[i], s->phone_names[j]) == 0)
            cfg_mistake_at(m, s->doc, node, ERR_CONFIG_BAD_VALUE, "two phones are called \"%s\"",
                           s->phone_names[i]);
}

static void read_same_phones(struct scenario *s, const struct cfg_node *node,
                             struct cfg_mistakes *m) {
    struct phone_settings all = {0};
    if (cfg_node_read(s->doc, node, phones_fields, &all, m) != 0)
        all.count = all.count < 1 || all.count > PHONES_MAX ? 1 : all.count;
    if (!make_room(s, (size_t)all.count))
        return;
    for (size_t i = 0; i < s->phone_count; i++) {
        s->phones[i] = all;
        name_phone(s, i, node, m);
    }
    check_phone(s->doc, node, &all, m);
}

/* How many phones an item stands for; mistakes in it are told when it is read. */
static size_t count_of(const struct cfg_node *item) {
    const struct cfg_node *node = node_under(item, "count");
    const char *text = node == NULL ? NULL : cfg_node_scalar(node);
    long long count = text == NULL ? 1 : strtoll(text, NULL, 10);
    return count < 1 || count > PHONES_MAX ? 1 : (size_t)count;
}

static void read_group(struct scenario *s, size_t first, const struct cfg_node *item,
                       struct cfg_mistakes *m) {
    struct phone_settings *p = &s->phones[first];
    size_t count = count_of(item);
    if (cfg_node_read(s->doc, item, phone_fields, p, m) == 0)
        check_phone(s->doc, item, p, m);
    if (count > 1 && p->name != NULL)
        cfg_mistake_at(m, s->doc, item, ERR_CONFIG_BAD_VALUE,
                       "%zu phones cannot all be called \"%s\"; give them a group", count, p->name);
    for (size_t i = first; i < first + count; i++) {
        s->phones[i] = *p;
        if (i > first)
            s->phones[i].name = NULL;
        name_phone(s, i, item, m);
    }
}

static void read_listed_phones(struct scenario *s, const struct cfg_node *node,
                               struct cfg_mistakes *m) {
    size_t count = 0;
    for (size_t i = 0; i < cfg_node_count(node); i++)
        count += count_of(cfg_node_item(node, i));
    if (count == 0 || count > PHONES_MAX) {
        cfg_mistake_at(m, s->doc, node, ERR_CONFIG_BAD_VALUE, "between 1 and %d phones",
                       PHONES_MAX);
        return;
    }
    if (!make_room(s, count))
        return;
    for (size_t i = 0, first = 0; i < cfg_node_count(node); i++) {
        const struct cfg_node *item = cfg_node_item(node, i);
        read_group(s, first, item, m);
        first += count_of(item);
    }
}

static void read_phones(struct scenario *s, struct cfg_mistakes *m) {
    static const char one[] = "{}";
    if (s->phones_node == NULL) {
        struct phone_settings all = {0};
        struct cfg_doc *defaults =
            cfg_load_text("phones", bytes_of_str(one), phones_fields, &all, m);
        if (defaults == NULL || !make_room(s, 1))
            return;
        s->defaults = defaults;
        s->phones[0] = all;
        s->phone_names[0] = s->phones[0].name = made_name(0);
    } else if (cfg_node_kind(s->phones_node) == CFG_MAPPING) {
        read_same_phones(s, s->phones_node, m);
    } else if (cfg_node_kind(s->phones_node) == CFG_SEQUENCE) {
        read_listed_phones(s, s->phones_node, m);
    } else {
        cfg_mistake_at(m, s->doc, s->phones_node, ERR_CONFIG_BAD_VALUE,
                       "phones takes a mapping or a list of mappings");
    }
}

static void read_faults(struct scenario *s, struct cfg_mistakes *m) {
    const struct cfg_node *lab = node_under(cfg_root(s->doc), "lab");
    s->faults = fault_set_new(&s->fault_rows, s->doc, lab_fault_tables, m);
    s->lab.has_dns = node_under(lab, "dns") != NULL || scenario_has_fault(s, "dns.");
    s->lab.has_tftp = node_under(lab, "tftp") != NULL || scenario_has_fault(s, "tftp.");
    s->lab.has_tvs = node_under(lab, "tvs") != NULL || scenario_has_fault(s, "tvs.");
    s->lab.has_ntp = node_under(lab, "ntp") != NULL || scenario_has_fault(s, "ntp.") ||
                     s->lab.capf.ntp || s->lab.ra.ntp || s->lab.certsrv.ntp;
}

static void check_schemes(const struct scenario *s, struct cfg_mistakes *m) {
    static const char *const schemes[] = {"negotiate", "ntlm", "basic", NULL};
    const struct cfg_strings *given = &s->lab.certsrv.authentication;
    const struct cfg_node *certsrv = node_under(node_under(cfg_root(s->doc), "lab"), "certsrv");
    for (size_t i = 0; i < given->count; i++) {
        bool known = false;
        for (size_t j = 0; schemes[j] != NULL; j++)
            known = known || strcmp(schemes[j], given->items[i]) == 0;
        if (!known)
            unknown_word(m, s->doc, node_under(certsrv, "authentication"), "scheme",
                         given->items[i], schemes);
    }
}

static void check_roles(const struct scenario *s, const struct cfg_strings *given,
                        const char *section, struct cfg_mistakes *m) {
    static const char *const roles[] = {
#define X(number, name, shown, word) word,
        ITL_ROLE_TABLE(X)
#undef X
            NULL};
    const struct cfg_node *lab = node_under(cfg_root(s->doc), "lab");
    const struct cfg_node *node = node_under(node_under(lab, section), "without");
    for (size_t i = 0; i < given->count; i++)
        if (itl_role_by_word(given->items[i]) < 0)
            unknown_word(m, s->doc, node, "role", given->items[i], roles);
}

static void missing(const struct scenario *s, const char *key, struct cfg_mistakes *m) {
    cfg_mistake_at(m, s->doc, cfg_root(s->doc), ERR_CONFIG_MISSING,
                   "the required key \"%s\" is missing", key);
}

static void read_parts(struct scenario *s, struct cfg_mistakes *m) {
    check_schemes(s, m);
    check_roles(s, &s->lab.tftp.without, "tftp", m);
    check_roles(s, &s->lab.tvs.without, "tvs", m);
    read_phones(s, m);
    read_faults(s, m);
    if (s->when_node != NULL)
        steps_read(s->doc, s->when_node, s, m);
    else
        missing(s, "when", m);
    if (s->then_node != NULL)
        then_read(s->doc, s->then_node, s, m);
    else
        missing(s, "then", m);
}

/* Takes over doc. */
static struct scenario *scenario_new(const char *path, const char *name, struct cfg_doc *doc) {
    struct scenario *s = calloc(1, sizeof *s);
    if (s == NULL) {
        cfg_doc_free(doc);
        return NULL;
    }
    s->doc = doc;
    s->path = strdup(path);
    s->name = strdup(name);
    s->then.iis_count = -1;
    return s;
}

/* before: how many mistakes there were when the reading of doc began. */
static struct scenario *read_doc(const char *path, const char *name, struct cfg_doc *doc,
                                 size_t before, struct cfg_mistakes *m) {
    struct scenario *s = doc == NULL ? NULL : scenario_new(path, name, doc);
    if (s == NULL)
        return NULL;
    cfg_node_read(s->doc, cfg_root(s->doc), scenario_fields, s, m);
    read_parts(s, m);
    if (cfg_mistakes_count(m) == before && s->phone_count > 0 && s->path != NULL && s->name != NULL)
        return s;
    scenario_free(s);
    return NULL;
}

struct scenario *scenario_load_text(const char *path, const char *name, struct bytes text,
                                    struct cfg_mistakes *m) {
    size_t before = cfg_mistakes_count(m);
    return read_doc(path, name, cfg_parse_text(path, text, m), before, m);
}

struct scenario *scenario_load(const char *path, const char *name, struct cfg_mistakes *m) {
    size_t before = cfg_mistakes_count(m);
    return read_doc(path, name, cfg_parse_file(path, m), before, m);
}

void scenario_free(struct scenario *s) {
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->phone_count; i++)
        free(s->phone_names[i]);
    free(s->phone_names);
    free(s->phones);
    steps_free(s->steps, s->step_count);
    fault_set_free(s->faults);
    then_free(&s->then);
    cfg_doc_free(s->defaults);
    cfg_doc_free(s->doc);
    free(s->path);
    free(s->name);
    free(s);
}

struct phone_names scenario_phone_names(const struct scenario *s) {
    return (struct phone_names){.names = (const char *const *)s->phone_names,
                                .count = s->phone_count};
}

bool phone_is_meant(const struct phone_settings *phone, const char *word) {
    return strcasecmp(phone->name, word) == 0 ||
           (phone->group != NULL && strcmp(phone->group, word) == 0);
}

const struct phone_settings *scenario_phone(const struct scenario *s, const char *name) {
    for (size_t i = 0; i < s->phone_count; i++)
        if (phone_is_meant(&s->phones[i], name))
            return &s->phones[i];
    return NULL;
}
