/* Reading the expectations of a scenario. Judging them is in judge*.c. */
#include "scenarios/runner/expect.h"

#include "base/owned.h"
#include "est/est_error.h"
#include "scenarios/runner/scenario.h"
#include "scenarios/runner/words.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const char *argument;
    const char *help;
} expectations[] = {
#define X(name, suffix, argument, help) {name, argument, help},
    EXPECT_TABLE(X)
#undef X
};

static const struct {
    const char *word;
    const char *file;
    enum component writer;
} logs[] = {
#define X(id, word, file, writer) {word, file, writer},
    LOG_TABLE(X)
#undef X
};

const char *expect_name(enum expect_kind kind) {
    return expectations[kind].name;
}
const char *expect_argument(enum expect_kind kind) {
    return expectations[kind].argument;
}
const char *expect_help(enum expect_kind kind) {
    return expectations[kind].help;
}
const char *log_word(enum log_kind kind) {
    return logs[kind].word;
}
const char *log_file(enum log_kind kind) {
    return logs[kind].file;
}
enum component log_writer(enum log_kind kind) {
    return logs[kind].writer;
}

static const struct cfg_word lsc_words[] = {{"any", LSC_IS_ANYTHING},
                                            {"none", LSC_IS_NONE},
                                            {"installed", LSC_IS_INSTALLED},
                                            {"kept", LSC_IS_KEPT},
                                            {NULL, 0}};
static const struct cfg_word stored_words[] = {
    {"any", STORED_ANYTHING}, {"none", STORED_NONE}, {"stored", STORED_YES}, {NULL, 0}};

const struct cfg_field phone_expect_fields[] = {
    CFG_STRING(struct phone_expect, name, "name", NULL, "the phone or group (only in a list)"),
    CFG_ENUM(struct phone_expect, lsc, "lsc", "any", lsc_words,
             "installed: an LSC of the issuer for the phone's own key and name; kept: the one of "
             "the start, unchanged"),
    CFG_STRING(struct phone_expect, status, "status", NULL,
               "last status message about its LSC; without one, the last of all"),
    CFG_STRINGS(struct phone_expect, statuses, "statuses",
                "all status messages of the last contact, in their order"),
    CFG_STRING(struct phone_expect, result, "result", NULL, "result of the last session"),
    CFG_INT(struct phone_expect, reason, "reason", "-1", -1, 255, "REASON of END_SESSION"),
    CFG_END,
};

const struct cfg_field device_expect_fields[] = {
    CFG_STRING(struct device_expect, name, "name", NULL, "the device or group (only in a list)"),
    CFG_STRING(struct device_expect, status, "status", NULL, "text of tkcertificatestatus"),
    CFG_ENUM(struct device_expect, operation, "operation", NULL, operation_words,
             "tkcertificateoperation"),
    CFG_ENUM(struct device_expect, public_key, "public-key", "any", stored_words,
             "stored: the PKCS#1 public key of the phone's LSC"),
    CFG_END,
};

const struct cfg_field files_expect_fields[] = {
    CFG_STRINGS(struct then, files_present, "present", "files that are there"),
    CFG_STRINGS(struct then, files_absent, "absent", "files that are not there"),
    CFG_END,
};

/* What every reader below gets. */
struct reader {
    struct cfg_doc *doc;
    struct scenario *s;
    struct cfg_mistakes *m;
};

static void check_name(const struct reader *r, const struct cfg_node *node, const char *name,
                       bool listed) {
    if (!listed && name != NULL)
        cfg_mistake_at(r->m, r->doc, node, ERR_CONFIG_BAD_VALUE,
                       "\"name\" stands only in a list; a mapping is for all");
    else if (listed && name == NULL)
        cfg_mistake_at(r->m, r->doc, node, ERR_CONFIG_MISSING,
                       "the required key \"name\" is missing");
    else if (listed && scenario_phone(r->s, name) == NULL)
        cfg_mistake_at(r->m, r->doc, node, ERR_CONFIG_BAD_VALUE, "there is no phone \"%s\"", name);
}

static bool is_list(const struct cfg_node *node) {
    return cfg_node_kind(node) == CFG_SEQUENCE;
}

static size_t item_count(const struct cfg_node *node) {
    return is_list(node) ? cfg_node_count(node) : 1;
}

static const struct cfg_node *item_of(const struct cfg_node *node, size_t i) {
    return is_list(node) ? cfg_node_item(node, i) : node;
}

static void read_phones(const struct reader *r, const struct cfg_node *node) {
    struct then *t = &r->s->then;
    t->phones = calloc(item_count(node) + 1, sizeof *t->phones);
    for (size_t i = 0; t->phones != NULL && i < item_count(node); i++) {
        const struct cfg_node *item = item_of(node, i);
        t->phones[i].node = item;
        t->phone_count = i + 1;
        if (cfg_node_kind(item) != CFG_MAPPING)
            cfg_mistake_at(r->m, r->doc, item, ERR_CONFIG_BAD_VALUE, "phones takes %s",
                           expect_argument(EXPECT_phones));
        else if (cfg_node_read(r->doc, item, phone_expect_fields, &t->phones[i], r->m) == 0)
            check_name(r, item, t->phones[i].name, is_list(node));
    }
}

static void check_status(const struct reader *r, const struct cfg_node *node, const char *status) {
    const char *texts[64] = {NULL};
    size_t n = 0;
    for (const struct enum_row *row = capf_statuses; row->symbol != NULL && n < 63; row++) {
        if (strcmp(row->text, status) == 0)
            return;
        texts[n++] = row->text;
    }
    unknown_word(r->m, r->doc, node, "device status", status, texts);
}

static void read_one_device(const struct reader *r, const struct cfg_node *node, bool listed,
                            struct device_expect *d) {
    d->node = node;
    if (cfg_node_kind(node) == CFG_SCALAR && !listed)
        d->status = (char *)cfg_node_scalar(node);
    else if (cfg_node_kind(node) != CFG_MAPPING)
        cfg_mistake_at(r->m, r->doc, node, ERR_CONFIG_BAD_VALUE, "device takes %s",
                       expect_argument(EXPECT_device));
    else if (cfg_node_read(r->doc, node, device_expect_fields, d, r->m) == 0)
        check_name(r, node, d->name, listed);
    if (d->status != NULL)
        check_status(r, node, d->status);
}

static void read_device(const struct reader *r, const struct cfg_node *node) {
    struct then *t = &r->s->then;
    t->devices = calloc(item_count(node) + 1, sizeof *t->devices);
    for (size_t i = 0; t->devices != NULL && i < item_count(node); i++) {
        read_one_device(r, item_of(node, i), is_list(node), &t->devices[i]);
        t->device_count = i + 1;
    }
}

static const char *const est_words[] = {
    "none",
#define X(name, number) "EST_ERR_" #name,
    EST_ERR_TABLE(X)
#undef X
        NULL,
};

static void read_est(const struct reader *r, const struct cfg_node *node) {
    const char *word = cfg_node_scalar(node);
    if (word == NULL) {
        cfg_mistake_at(r->m, r->doc, node, ERR_CONFIG_BAD_VALUE, "est takes %s",
                       expect_argument(EXPECT_est));
        return;
    }
    r->s->then.est = word;
    for (size_t i = 0; est_words[i] != NULL; i++)
        if (strcmp(est_words[i], word) == 0)
            return;
    unknown_word(r->m, r->doc, node, "EST result", word, est_words);
}

static enum log_kind log_of(const char *word) {
    for (size_t i = 0; i < LOG_COUNT; i++)
        if (strcmp(logs[i].word, word) == 0)
            return (enum log_kind)i;
    return LOG_COUNT;
}

static void read_log_map(const struct reader *r, const struct cfg_node *node,
                         struct pattern_list *out) {
    const char *words[LOG_COUNT + 1] = {NULL};
    for (size_t i = 0; i < LOG_COUNT; i++)
        words[i] = logs[i].word;
    if (cfg_node_kind(node) != CFG_MAPPING) {
        cfg_mistake_at(r->m, r->doc, node, ERR_CONFIG_BAD_VALUE,
                       "expected a mapping of log to list of patterns");
        return;
    }
    for (size_t i = 0; i < cfg_node_count(node); i++) {
        const char *word = cfg_node_scalar(cfg_node_key(node, i));
        enum log_kind kind = word == NULL ? LOG_COUNT : log_of(word);
        if (kind == LOG_COUNT)
            unknown_word(r->m, r->doc, cfg_node_key(node, i), "log", word == NULL ? "" : word,
                         words);
        else if (!out[kind].given)
            pattern_list_read(r->doc, cfg_node_value(node, i), &out[kind], r->m);
    }
}

static void read_logs(const struct reader *r, const struct cfg_node *node) {
    read_log_map(r, node, r->s->then.logs);
}

static void read_no_logs(const struct reader *r, const struct cfg_node *node) {
    read_log_map(r, node, r->s->then.no_logs);
}

static void read_iis_requests(const struct reader *r, const struct cfg_node *node) {
    struct then *t = &r->s->then;
    if (cfg_node_kind(node) != CFG_SCALAR) {
        pattern_list_read(r->doc, node, &t->iis_requests, r->m);
        return;
    }
    char *end = NULL;
    const char *text = cfg_node_scalar(node);
    t->iis_count = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || t->iis_count < 0)
        cfg_mistake_at(r->m, r->doc, node, ERR_CONFIG_BAD_VALUE, "iis-requests takes a %s",
                       expect_argument(EXPECT_iis_requests));
}

static void read_events(const struct reader *r, const struct cfg_node *node) {
    pattern_list_read(r->doc, node, &r->s->then.events, r->m);
}

static void read_certificates(const struct reader *r, const struct cfg_node *node) {
    const char *word = cfg_node_scalar(node);
    if (word != NULL && strcmp(word, "verified") == 0)
        r->s->then.certificates = CERTIFICATES_VERIFIED;
    else if (word != NULL && strcmp(word, "none") == 0)
        r->s->then.certificates = CERTIFICATES_NONE;
    else
        cfg_mistake_at(r->m, r->doc, node, ERR_CONFIG_BAD_VALUE, "certificates takes %s",
                       expect_argument(EXPECT_certificates));
}

static void check_paths(const struct reader *r, const struct cfg_node *node,
                        const struct cfg_strings *paths) {
    for (size_t i = 0; i < paths->count; i++)
        if (paths->items[i][0] == '/' || strstr(paths->items[i], "..") != NULL)
            cfg_mistake_at(r->m, r->doc, node, ERR_CONFIG_BAD_VALUE,
                           "\"%s\" does not stand below the scenario's folder", paths->items[i]);
}

static void read_files(const struct reader *r, const struct cfg_node *node) {
    struct then *t = &r->s->then;
    if (cfg_node_read(r->doc, node, files_expect_fields, t, r->m) != 0)
        return;
    check_paths(r, node, &t->files_present);
    check_paths(r, node, &t->files_absent);
}

/* Ids are checked by diagnosis_ids.h: the rules are data of another program. */
static void read_diagnosis(const struct reader *r, const struct cfg_node *node) {
    struct then *t = &r->s->then;
    size_t count = item_count(node);
    t->diagnosis.items = calloc(count + 1, sizeof *t->diagnosis.items);
    for (size_t i = 0; t->diagnosis.items != NULL && i < count; i++) {
        const char *id = cfg_node_scalar(item_of(node, i));
        if (id == NULL)
            cfg_mistake_at(r->m, r->doc, node, ERR_CONFIG_BAD_VALUE, "diagnosis takes %s",
                           expect_argument(EXPECT_diagnosis));
        else if (count > 1 || strcmp(id, "healthy") != 0)
            t->diagnosis.items[t->diagnosis.count++] = (char *)id;
    }
}

typedef void read_fn(const struct reader *r, const struct cfg_node *node);

static void read_one(const struct reader *r, enum expect_kind kind, const struct cfg_node *node) {
    static read_fn *const readers[] = {
#define X(name, suffix, argument, help) [EXPECT_##suffix] = read_##suffix,
        EXPECT_TABLE(X)
#undef X
    };
    r->s->then.nodes[kind] = node;
    readers[kind](r, node);
}

static enum expect_kind expect_of(const char *word) {
    for (size_t i = 0; i < EXPECT_COUNT; i++)
        if (strcmp(expectations[i].name, word) == 0)
            return (enum expect_kind)i;
    return EXPECT_COUNT;
}

static void read_pair(const struct reader *r, const struct cfg_node *key,
                      const struct cfg_node *value) {
    const char *names[EXPECT_COUNT + 1] = {NULL};
    for (size_t i = 0; i < EXPECT_COUNT; i++)
        names[i] = expectations[i].name;
    const char *word = cfg_node_scalar(key);
    enum expect_kind kind = word == NULL ? EXPECT_COUNT : expect_of(word);
    if (kind == EXPECT_COUNT)
        unknown_word(r->m, r->doc, key, "expectation", word == NULL ? "" : word, names);
    else if (r->s->then.nodes[kind] != NULL)
        cfg_mistake_at(r->m, r->doc, key, ERR_CONFIG_BAD_VALUE, "\"%s\" stands here twice", word);
    else
        read_one(r, kind, value);
}

void then_read(struct cfg_doc *doc, const struct cfg_node *node, struct scenario *s,
               struct cfg_mistakes *m) {
    struct reader r = {.doc = doc, .s = s, .m = m};
    if (cfg_node_kind(node) != CFG_MAPPING || cfg_node_count(node) == 0) {
        cfg_mistake_at(m, doc, node, ERR_CONFIG_BAD_VALUE, "then takes a mapping of expectations");
        return;
    }
    for (size_t i = 0; i < cfg_node_count(node); i++)
        read_pair(&r, cfg_node_key(node, i), cfg_node_value(node, i));
}

void then_free(struct then *t) {
    for (size_t i = 0; i < LOG_COUNT; i++) {
        pattern_list_free(&t->logs[i]);
        pattern_list_free(&t->no_logs[i]);
    }
    pattern_list_free(&t->iis_requests);
    pattern_list_free(&t->events);
    free(t->diagnosis.items);
    free(t->phones);
    free(t->devices);
}
