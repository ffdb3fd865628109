/* Reading --sut and the file of --sut-config. Must not start or open anything but that file. */
#include "scenarios/runner/sut.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "scenarios/runner/words.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum component component;
    bool https;
} kinds[] = {
#define X(id, name, https) {#name, COMPONENT_##id, https},
    SUT_TABLE(X)
#undef X
};

static const char *const kind_words[] = {
#define X(id, name, https) #name,
    SUT_TABLE(X)
#undef X
        NULL};

static const char *const capability_words[] = {
#define X(id, word, there, help) word,
    CAPABILITY_TABLE(X)
#undef X
        NULL};

static const char *const placeholder_words[] = {
#define X(word, help) #word,
    SUT_PLACEHOLDER_TABLE(X)
#undef X
        NULL};

static const struct cfg_field text_fields[] = {
    CFG_STRING_REQUIRED(struct sut_text, ours, "ours", "text that scenarios expect"),
    CFG_STRING_REQUIRED(struct sut_text, theirs, "theirs", "what stands there instead"),
    CFG_END,
};

static const struct cfg_field settings_fields[] = {
    CFG_STRING(struct sut_settings, host, "host", NULL, "name in its certificate"),
    CFG_STRING(struct sut_settings, username, "username", NULL, "account that it accepts"),
    CFG_STRING(struct sut_settings, password, "password", NULL, "password of that account"),
    CFG_STRING(struct sut_settings, template, "template", NULL, "template that it offers"),
    CFG_STRING(struct sut_settings, trust, "trust", NULL,
               "PEM file with the certificates by which it is trusted (default: the lab's)"),
    CFG_STRING(struct sut_settings, issuer, "issuer", NULL,
               "PEM file with the CA certificates that the LSCs must verify under"),
    CFG_NODE(struct sut_settings, capabilities, "capabilities",
             "list: what it can do; scenarios that need something else are skipped"),
    CFG_LIST(struct sut_settings, texts, "texts", struct sut_text, text_fields,
             "texts of its own that stand for ours"),
    CFG_END,
};

static const struct cfg_field excuse_fields[] = {
    CFG_STRING_REQUIRED(struct excuse, scenario, "scenario", "its name, or a pattern with * and ?"),
    CFG_STRING_REQUIRED(struct excuse, reason, "reason", "why it may fail"),
    {.type = CFG_T_NODE,
     .name = "expires",
     .offset = offsetof(struct excuse, expires),
     .required = true,
     .help = "YYYY-MM-DD, the last day of the excuse"},
    CFG_END,
};

const struct cfg_field sut_fields[] = {
#define X(id, name, https)                                                                         \
    CFG_MAP(struct sut_file, of[SUT_##id], #name, settings_fields, "what replaces " #name),
    SUT_TABLE(X)
#undef X
        CFG_LIST(struct sut_file, excuses, "excuses", struct excuse, excuse_fields,
                 "failures that count as skipped"),
    CFG_END,
};

const char *sut_name(enum sut_kind kind) {
    return kinds[kind].name;
}
enum component sut_component(enum sut_kind kind) {
    return kinds[kind].component;
}

/* HOST:PORT without blanks. */
static bool is_address(const char *text) {
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    if (colon == NULL || colon == text || strpbrk(text, " /\t") != NULL || colon[1] < '0' ||
        colon[1] > '9')
        return false;
    unsigned long port = strtoul(colon + 1, &end, 10);
    return *end == '\0' && port > 0 && port < 65536;
}

static int check_command(const char *name, const char *command, struct err *e) {
    for (const char *p = command; (p = strchr(p, '{')) != NULL;) {
        size_t len = strcspn(++p, "}");
        char word[32];
        bool known = false;
        snprintf(word, sizeof word, "%.*s", (int)(len < 31 ? len : 31), p);
        for (size_t i = 0; placeholder_words[i] != NULL; i++)
            known = known || strcmp(word, placeholder_words[i]) == 0;
        if (!known)
            return err_set(e, ERR_CONFIG_BAD_VALUE, "--sut %s: unknown placeholder {%s}", name,
                           word);
    }
    return 0;
}

static char *without_slash(const char *text) {
    size_t len = strlen(text);
    return strndup(text, len > 0 && text[len - 1] == '/' ? len - 1 : len);
}

static int parse_value(struct sut *sut, enum sut_kind kind, const char *value, struct err *e) {
    static const char scheme[] = "https://";
    bool url = strncmp(value, scheme, sizeof scheme - 1) == 0;
    const char *name = kinds[kind].name;
    AUTO(char) address = without_slash(url ? value + sizeof scheme - 1 : value);
    if (address == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (url != kinds[kind].https && (url || is_address(address) || strncmp(value, "http:", 5) == 0))
        return err_set(e, ERR_CONFIG_BAD_VALUE, "--sut %s takes %sHOST:PORT or a command", name,
                       kinds[kind].https ? scheme : "");
    if (url && !is_address(address))
        return err_set(e, ERR_CONFIG_BAD_VALUE, "--sut %s: \"%s\" is not https://HOST:PORT", name,
                       value);
    if (is_address(address))
        sut->address = TAKE(address);
    else if (check_command(name, value, e) != 0 || (sut->command = strdup(value)) == NULL)
        return -1;
    sut->given = true;
    return 0;
}

static int unknown_kind(const char *word, struct err *e) {
    const char *near = nearest_word(word, kind_words);
    return near == NULL
               ? err_set(e, ERR_CONFIG_BAD_VALUE,
                         "--sut: unknown component \"%s\"; known here: ra, capf, certsrv", word)
               : err_set(e, ERR_CONFIG_BAD_VALUE,
                         "--sut: unknown component \"%s\", did you mean \"%s\"?", word, near);
}

int sut_parse(struct suts *s, const char *text, struct err *e) {
    const char *equals = strchr(text, '=');
    char word[32];
    if (equals == NULL || equals[1 + strspn(equals + 1, " ")] == '\0')
        return err_set(e, ERR_CONFIG_BAD_VALUE, "--sut takes COMPONENT=ADDRESS or =COMMAND");
    snprintf(word, sizeof word, "%.*s", (int)(equals - text < 31 ? equals - text : 31), text);
    for (size_t kind = 0; kind < SUT_COUNT; kind++) {
        if (strcmp(word, kinds[kind].name) != 0)
            continue;
        if (s->items[kind].given)
            return err_set(e, ERR_CONFIG_BAD_VALUE, "--sut %s was given twice", word);
        return parse_value(&s->items[kind], (enum sut_kind)kind, equals + 1, e);
    }
    return unknown_kind(word, e);
}

static void read_capability(struct suts *s, struct sut_settings *settings,
                            const struct cfg_node *node, struct cfg_mistakes *m) {
    const char *word = cfg_node_scalar(node);
    for (size_t i = 0; word != NULL && i < CAPABILITY_COUNT; i++)
        if (strcmp(word, capability_words[i]) == 0) {
            settings->can[i] = true;
            return;
        }
    unknown_word(m, s->doc, node, "capability", word == NULL ? "" : word, capability_words);
}

static void read_capabilities(struct suts *s, struct sut_settings *settings,
                              struct cfg_mistakes *m) {
    const struct cfg_node *list = settings->capabilities;
    if (list == NULL)
        return;
    if (cfg_node_kind(list) != CFG_SEQUENCE) {
        cfg_mistake_at(m, s->doc, list, ERR_CONFIG_BAD_VALUE, "capabilities is a list of words");
        return;
    }
    for (size_t i = 0; i < cfg_node_count(list); i++)
        read_capability(s, settings, cfg_node_item(list, i), m);
}

/* The moment at which the day is over; -1: that is no date. */
static int64_t end_of_day(const char *text) {
    struct tm t = {0};
    const char *end = text == NULL || strlen(text) != 10 ? NULL : strptime(text, "%Y-%m-%d", &t);
    int day = t.tm_mday;
    if (end == NULL || *end != '\0')
        return -1;
    time_t begin = timegm(&t);
    return t.tm_mday == day ? (int64_t)begin + 86400 : -1;
}

static void check_present(const struct suts *s, enum sut_kind kind, const char *key,
                          struct cfg_mistakes *m) {
    const struct cfg_node *node = node_under(node_under(cfg_root(s->doc), kinds[kind].name), key);
    const char *path = node == NULL ? NULL : cfg_node_scalar(node);
    if (path != NULL && !file_exists(path))
        cfg_mistake_at(m, s->doc, node, ERR_CONFIG_BAD_VALUE, "%s: there is no file \"%s\"", key,
                       path);
}

/* x stands in node. */
static void check_excuse(const struct suts *s, const struct excuse *x, const struct cfg_node *node,
                         struct cfg_mistakes *m) {
    const char *date = cfg_node_scalar(x->expires);
    int64_t over = end_of_day(date);
    if (x->reason != NULL && x->reason[strspn(x->reason, " ")] == '\0')
        cfg_mistake_at(m, s->doc, node_under(node, "reason"), ERR_CONFIG_BAD_VALUE,
                       "reason: an excuse needs one");
    if (over < 0)
        cfg_mistake_at(m, s->doc, x->expires, ERR_CONFIG_BAD_VALUE,
                       "expires is a date, YYYY-MM-DD");
    else if (clock_wall() >= over)
        cfg_mistake_at(m, s->doc, x->expires, ERR_CONFIG_BAD_VALUE,
                       "the excuse for %s expired on %s", x->scenario, date);
}

static int check_file(struct suts *s, struct cfg_mistakes *m) {
    const struct excuse *excuses = s->file.excuses.items;
    if (s->doc == NULL)
        return -1;
    for (size_t kind = 0; kind < SUT_COUNT; kind++) {
        read_capabilities(s, &s->file.of[kind], m);
        check_present(s, (enum sut_kind)kind, "trust", m);
        check_present(s, (enum sut_kind)kind, "issuer", m);
    }
    const struct cfg_node *list = node_under(cfg_root(s->doc), "excuses");
    for (size_t i = 0; i < s->file.excuses.count; i++)
        check_excuse(s, &excuses[i], cfg_node_item(list, i), m);
    return cfg_mistakes_count(m) == 0 ? 0 : -1;
}

int sut_load(struct suts *s, const char *path, struct cfg_mistakes *m) {
    s->doc = cfg_load_file(path, sut_fields, &s->file, m);
    return check_file(s, m);
}

int sut_load_text(struct suts *s, const char *name, struct bytes text, struct cfg_mistakes *m) {
    s->doc = cfg_load_text(name, text, sut_fields, &s->file, m);
    return check_file(s, m);
}

void suts_free(struct suts *s) {
    for (size_t kind = 0; kind < SUT_COUNT; kind++) {
        free(s->items[kind].address);
        free(s->items[kind].command);
    }
    cfg_doc_free(s->doc);
    *s = (struct suts){0};
}

const struct excuse *sut_excuse(const struct suts *s, const char *scenario) {
    const struct excuse *excuses = s == NULL ? NULL : s->file.excuses.items;
    for (size_t i = 0; s != NULL && i < s->file.excuses.count; i++)
        if (fnmatch(excuses[i].scenario, scenario, 0) == 0)
            return &excuses[i];
    return NULL;
}

const struct sut *sut_of(const struct suts *s, enum component c, enum sut_kind *kind) {
    for (size_t i = 0; s != NULL && i < SUT_COUNT; i++)
        if (s->items[i].given && kinds[i].component == c) {
            if (kind != NULL)
                *kind = (enum sut_kind)i;
            return &s->items[i];
        }
    return NULL;
}

const struct sut_settings *sut_settings_of(const struct suts *s, enum component c) {
    enum sut_kind kind = SUT_RA;
    return sut_of(s, c, &kind) == NULL ? NULL : &s->file.of[kind];
}

void sut_print_help(FILE *to) {
    fprintf(to, "\nPrograms under test: --sut ra=, capf= or certsrv= with an address, or with a "
                "command, whose\nwords are split at blanks, and which may hold\n");
#define X(word, help) fprintf(to, "  %-16s %s\n", "{" #word "}", help);
    SUT_PLACEHOLDER_TABLE(X)
#undef X
    fprintf(to, "Exit status 77: it skips this; 89: not implemented. Keys of --sut-config:\n");
    cfg_print_help(sut_fields, to);
    fprintf(to, "Capabilities:\n");
#define X(id, word, there, help) fprintf(to, "  %-16s %s\n", word, help);
    CAPABILITY_TABLE(X)
#undef X
}
