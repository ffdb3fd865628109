/* The tables of phone.yaml, and the expansion of one file into many phones. Never opens the files
 * it names. */
#include "mocks/phone/phone_config.h"
#include "base/owned.h"
#include "capf/names.h"
#include <stdlib.h>
#include <string.h>

static const struct cfg_word mode_words[] = {{"none", CAPF_AUTH_TYPE_NONE},
                                             {"string", CAPF_AUTH_TYPE_STRING},
                                             {"null-string", CAPF_AUTH_TYPE_NULL_STRING},
                                             {"lsc", CAPF_AUTH_TYPE_LSC},
                                             {"mic", CAPF_AUTH_TYPE_MIC},
                                             {NULL, 0}};

static const struct cfg_word action_words[] = {
#define X(action, word, help) {word, PHONE_##action},
    PHONE_ACTION_TABLE(X)
#undef X
        {NULL, 0}};

static const struct cfg_word fallback_words[] = {
#define X(fallback, word) {word, PHONE_LSC_FALLBACK_##fallback},
    PHONE_LSC_FALLBACK_TABLE(X)
#undef X
        {NULL, 0}};

static const struct cfg_word unresolved_words[] = {
#define X(message, word) {word, PHONE_UNRESOLVED_##message},
    PHONE_UNRESOLVED_TABLE(X)
#undef X
        {NULL, 0}};

/* Only what is proved can be wrong. */
enum { KIND_PROOF = 1, KIND_OTHER = 2 };

static const struct fault_point fault_points[] = {
#define X(point, key, text)                                                                        \
    {"phone." key, PHONE_AT_##point <= PHONE_AT_SIGNATURE ? KIND_PROOF : KIND_OTHER, text},
    PHONE_POINT_TABLE(X)
#undef X
        {0}};

static const struct fault_action fault_actions[] = {
#define X(action, word, text)                                                                      \
    {.name = (word), .kinds = PHONE_##action == PHONE_WRONG ? KIND_PROOF : 0, .help = (text)},
    PHONE_ACTION_TABLE(X)
#undef X
        {0}};

const struct fault_tables phone_faults = {
    .mock = "phone", .points = fault_points, .actions = fault_actions, .named = true};

#define T struct phone_config

static const struct cfg_field capf_fields[] = {
    CFG_STRING(struct phone_capf, host, "host", "capf.michamen.com", "name of the CAPF server"),
    CFG_INT(struct phone_capf, port, "port", "3804", 1, 65535, "its port"),
    CFG_STRING(struct phone_capf, via, "via", NULL, "HOST:PORT to connect to instead"),
    CFG_STRING(struct phone_capf, certificate, "certificate", NULL,
               "PEM that the phone trusts for role CAPF; none: no CAPF record in its list"),
    CFG_END,
};
static const struct cfg_field server_fields[] = {
    CFG_STRING_REQUIRED(struct phone_file_server, host, "host", "its name or address"),
    CFG_INT(struct phone_file_server, http_port, "http-port", "6970", 0, 65535, "0: no HTTP"),
    CFG_INT(struct phone_file_server, tftp_port, "tftp-port", "69", 0, 65535, "0: no TFTP"),
    CFG_END,
};
static const struct cfg_field tftp_fields[] = {
    CFG_LIST(struct phone_tftp, servers, "servers", struct phone_file_server, server_fields,
             "file servers, up to 2, asked in this order; none: no boot, as `capf` says"),
    CFG_DURATION(struct phone_tftp, timeout_us, "timeout", "10s",
                 "limit for one file from one server by one protocol"),
    CFG_END,
};
static const struct cfg_field before_fields[] = {
    CFG_STRING(struct phone_before, ctl, "ctl", NULL, "CTLFile.tlv"),
    CFG_STRING(struct phone_before, itl, "itl", NULL, "ITLFile.tlv"),
    CFG_STRING(struct phone_before, configuration, "configuration", NULL,
               "plain cnf.xml: where it asks TVS until it gets a new one"),
    CFG_END,
};
static const struct cfg_field authentication_fields[] = {
    CFG_ENUM(struct phone_authentication, mode, "mode", "null-string", mode_words,
             "how it proves who it is; none: no CAPF; with file servers cnf.xml says it"),
    CFG_STRING(struct phone_authentication, string, "string", NULL,
               "what the user entered; none: the phone waits for the user"),
    CFG_END,
};
static const struct cfg_field file_pair_fields[] = {
    CFG_STRING(struct phone_files, certificate, "certificate", NULL, "PEM"),
    CFG_STRING(struct phone_files, key, "key", NULL, "PEM"),
    CFG_END,
};
static const struct cfg_field key_fields[] = {
    CFG_BOOL(struct phone_keys, rsa, "rsa", "true", "can make RSA keys"),
    CFG_BOOL(struct phone_keys, ec, "ec", "true", "can make EC keys (version 3 only)"),
    CFG_END,
};
static const struct cfg_field behaviour_fields[] = {
#define X(point, key, text)                                                                        \
    {.type = CFG_T_ENUM,                                                                           \
     .name = (key),                                                                                \
     .offset = PHONE_AT_##point * sizeof(int),                                                     \
     .def = "answer",                                                                              \
     .words = action_words,                                                                        \
     .help = (text)},
    PHONE_POINT_TABLE(X)
#undef X
        CFG_END,
};

#define PHONE_FIELDS                                                                               \
    CFG_STRING(T, name, "name", "SEP74A02FC0A675", "device name"),                                 \
        CFG_STRING(T, model, "model", "CP-8845", "model"),                                         \
        CFG_STRING(T, log, "log", NULL, "console log"),                                            \
        CFG_MAP(T, capf, "capf", capf_fields, "the CAPF server"),                                  \
        CFG_MAP(T, tftp, "tftp", tftp_fields, "file servers; with them the phone boots"),          \
        CFG_PAIRS(T, routes, "routes",                                                             \
                  "HOST:PORT as the phone knows it (of files, TVS, CAPF): HOST:PORT to go to"),    \
        CFG_STRING(T, state, "state", NULL, "folder where it keeps its lists and configuration"),  \
        CFG_MAP(T, before, "before", before_fields, "what it has when that folder has nothing"),   \
        CFG_BOOL(T, erase_lists, "erase-lists", "false", "the user erases CTL and ITL at first"),  \
        CFG_INT(T, resets, "resets", "1", 0, 10, "boots after an operation, at most"),             \
        CFG_ENUM(T, lsc_fallback, "lsc-fallback", "mic", fallback_words,                           \
                 "what proves it in mode lsc without an LSC"),                                     \
        CFG_ENUM(T, unresolved, "unresolved", "connection-failed", unresolved_words,               \
                 "what it shows when no name of a CAPF server resolves"),                          \
        CFG_INT(T, version, "version", "3", 1, 3, "protocol version"),                             \
        CFG_MAP(T, authentication, "authentication", authentication_fields,                        \
                "authentication mode"),                                                            \
        CFG_MAP(T, mic, "mic", file_pair_fields, "manufacturer's certificate"),                    \
        CFG_MAP(T, lsc, "lsc", file_pair_fields,                                                   \
                "LSC: read when present, written when installed, removed when deleted"),           \
        CFG_STRING(T, key_file, "key-file", NULL,                                                  \
                   "key to take instead of generating one, when it is what CAPF asks for"),        \
        CFG_MAP(T, keys, "keys", key_fields, "kinds of keys it can make"),                         \
        CFG_BOOL(T, sudi, "sudi", "true", "sends SUDI_DATA when it has an RSA MIC (version 3)"),   \
        CFG_BOOL(T, sign, "sign", "true",                                                          \
                 "answers ENCRYPT_REQ and SIGN_CERT_REQ; otherwise it closes, as Jabber does"),    \
        CFG_BOOL(T, legacy_tls, "legacy-tls", "false", "TLS 1.0, as the 7900 series"),             \
        CFG_BOOL(T, dump, "dump", "false", "writes every message to the log, decoded and in hex"), \
        CFG_INT(T, progress, "progress", "1", 0, 1000, "REQUEST_IN_PROGRESS messages for a key"),  \
        CFG_DURATION(T, key_generation_us, "key-generation-time", "0s",                            \
                     "how long it makes as if it generated a key"),                                \
        CFG_DURATION(T, connect_timeout_us, "connect-timeout", "0s",                               \
                     "limit for name, connection and TLS; 0s: as timeout"),                        \
        CFG_DURATION(T, timeout_us, "timeout", "30s", "limit for each message of CAPF"),           \
        CFG_INT(T, retries, "retries", "0", 0, 100,                                                \
                "further tries after a communication failure (real phones: 3)"),                   \
        CFG_DURATION(T, retry_delay_us, "retry-delay", "30s", "time between tries"),               \
        CFG_MAP(T, behaviour, "behaviour", behaviour_fields, "what it does at a point"),           \
        CFG_LIST(T, faults, "faults", struct fault_row, fault_fields,                              \
                 "what it does at some visits of a point; each phone counts its own")

static const struct cfg_field phone_fields[] = {PHONE_FIELDS, CFG_END};

const struct cfg_field phone_file_fields[] = {
    CFG_MAP(struct phone_file, process, "process", process_fields, "clock, names, events"),
    PHONE_FIELDS,
    CFG_INT(struct phone_file, count, "count", "1", 1, PHONES_MAX,
            "phones of this kind, with names that count up"),
    CFG_INT(struct phone_file, concurrency, "concurrency", "32", 1, 10000,
            "sessions at the same time"),
    CFG_NODE(struct phone_file, phones, "phones",
             "list of phones, each with the keys above that differ"),
    CFG_END,
};

#undef T

/* An entry of phones: changes what it names and keeps the rest of the template, so it is read
 * through a copy of the table without defaults. */
enum { OVERLAY_MAX = 192 };
struct overlay {
    struct cfg_field fields[OVERLAY_MAX];
    size_t used;
};

static const struct cfg_field *without_defaults(struct overlay *o, const struct cfg_field *from) {
    size_t start = o->used, n = 0;
    while (from[n].type != CFG_T_END)
        n++;
    if (n + 1 > OVERLAY_MAX - o->used)
        return NULL;
    o->used += n + 1;
    for (size_t i = 0; i <= n; i++) {
        struct cfg_field field = from[i];
        field.def = NULL;
        field.required = false;
        if (field.type == CFG_T_MAP)
            field.fields = without_defaults(o, from[i].fields);
        o->fields[start + i] = field;
    }
    return &o->fields[start];
}

static char *keep_text(struct phone_list *list, char *text) {
    char **grown = realloc(list->texts, (list->text_count + 1) * sizeof *grown);
    if (text == NULL || grown == NULL) {
        free(text);
        if (grown != NULL)
            list->texts = grown;
        return NULL;
    }
    list->texts = grown;
    list->texts[list->text_count++] = text;
    return text;
}

/* The name with its last hexadecimal digits counted up by n; at most 12 digits, as in a MAC. */
static char *count_name(const char *name, size_t n) {
    size_t len = strlen(name), digits = 0;
    while (digits < len && digits < 12 && strchr("0123456789ABCDEF", name[len - 1 - digits]))
        digits++;
    char *out = NULL;
    unsigned long long value = digits > 0 ? strtoull(name + len - digits, NULL, 16) : 0;
    unsigned long long mask = digits > 0 ? (1ULL << (4 * digits)) - 1 : ~0ULL;
    if (asprintf(&out, "%.*s%0*llX", (int)(len - digits), name, (int)digits, (value + n) & mask) <
        0)
        return NULL;
    return out;
}

/* text with every mark replaced by value; malloc'ed. */
static char *replace(const char *text, const char *mark, const char *value) {
    AUTO_BUF out = BUF_INIT(4096);
    for (const char *at = text; *at != '\0';) {
        if (strncmp(at, mark, strlen(mark)) == 0) {
            buf_put_str(&out, value);
            at += strlen(mark);
        } else {
            buf_put(&out, at++, 1);
        }
    }
    buf_put_str(&out, "");
    return buf_take_str(&out);
}

static int fill_path(struct phone_list *list, char **path, const char *name, size_t index) {
    char number[24];
    if (*path == NULL || strchr(*path, '{') == NULL)
        return 0;
    snprintf(number, sizeof number, "%zu", index);
    AUTO(char) named = replace(*path, "{name}", name);
    *path = named == NULL ? NULL : keep_text(list, replace(named, "{index}", number));
    return *path == NULL ? -1 : 0;
}

static int fill_paths(struct phone_list *list, struct phone_config *phone) {
    char **const paths[] = {&phone->log,
                            &phone->mic.certificate,
                            &phone->mic.key,
                            &phone->key_file,
                            &phone->lsc.certificate,
                            &phone->lsc.key,
                            &phone->capf.host,
                            &phone->capf.certificate,
                            &phone->capf.via,
                            &phone->state,
                            &phone->before.ctl,
                            &phone->before.itl,
                            &phone->before.configuration};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (fill_path(list, paths[i], phone->name, list->count) != 0)
            return -1;
    }
    return 0;
}

static int add_phone(struct phone_list *list, const struct phone_config *like, size_t n) {
    struct phone_config *grown = realloc(list->items, (list->count + 1) * sizeof *grown);
    if (grown == NULL)
        return -1;
    list->items = grown;
    struct phone_config *phone = &grown[list->count];
    *phone = *like;
    if (n > 0)
        phone->name = keep_text(list, count_name(like->name, n));
    if (phone->name == NULL || fill_paths(list, phone) != 0)
        return -1;
    list->count++;
    return 0;
}

static int add_counted(struct phone_list *list, const struct phone_config *like, int64_t count) {
    for (int64_t n = 0; n < count; n++) {
        if (add_phone(list, like, (size_t)n) != 0)
            return -1;
    }
    return 0;
}

/* Reads the faults of a phone, unless its template has read them already. */
static int read_faults(struct phone_list *list, struct phone_config *phone, struct cfg_doc *doc,
                       struct cfg_mistakes *m) {
    static const struct fault_tables *const tables[] = {&phone_faults, NULL};
    if (phone->faults.count == 0 || phone->fault_set != NULL)
        return 0;
    struct fault_set **grown = realloc(list->sets, (list->set_count + 1) * sizeof *grown);
    if (grown == NULL)
        return -1;
    list->sets = grown;
    grown[list->set_count] = fault_set_new(&phone->faults, doc, tables, m);
    phone->fault_set = grown[list->set_count];
    if (phone->fault_set == NULL)
        return -1;
    list->set_count++;
    return 0;
}

static int check_servers(const struct phone_config *phone, const struct cfg_node *at,
                         struct cfg_doc *doc, struct cfg_mistakes *m) {
    if (phone->tftp.servers.count <= PHONE_FILE_SERVERS_MAX)
        return 0;
    cfg_mistake_at(m, doc, at, ERR_CONFIG_BAD_VALUE, "tftp.servers: a phone has at most %d",
                   PHONE_FILE_SERVERS_MAX);
    return -1;
}

static int add_entry(struct phone_list *list, const struct phone_file *file,
                     const struct phone_config *like, const struct cfg_node *entry,
                     const struct cfg_field *fields, struct cfg_doc *doc, struct cfg_mistakes *m) {
    struct phone_config phone = *like;
    if (cfg_node_read(doc, entry, fields, &phone, m) != 0)
        return 0;
    if (phone.faults.items != like->faults.items)
        phone.fault_set = NULL;
    if (read_faults(list, &phone, doc, m) != 0 || check_servers(&phone, entry, doc, m) != 0)
        return 0;
    return add_counted(list, &phone, file->count);
}

/* Mistakes in one entry do not hide those of the next. */
static int add_entries(struct phone_list *list, const struct phone_file *file,
                       const struct phone_config *like, struct cfg_doc *doc,
                       struct cfg_mistakes *m) {
    struct overlay overlay = {0};
    const struct cfg_field *fields = without_defaults(&overlay, phone_fields);
    if (cfg_node_kind(file->phones) != CFG_SEQUENCE) {
        cfg_mistake_at(m, doc, file->phones, ERR_CONFIG_BAD_VALUE, "phones: expected a list");
        return -1;
    }
    for (size_t i = 0; i < cfg_node_count(file->phones); i++) {
        const struct cfg_node *entry = cfg_node_item(file->phones, i);
        if (add_entry(list, file, like, entry, fields, doc, m) != 0)
            return -1;
    }
    return cfg_mistakes_count(m) == 0 ? 0 : -1;
}

int phone_list_make(struct phone_list *list, const struct phone_file *file, struct cfg_doc *doc,
                    struct cfg_mistakes *m) {
    struct phone_config like = file->phone;
    *list = (struct phone_list){0};
    if (read_faults(list, &like, doc, m) != 0 ||
        (doc != NULL && check_servers(&like, cfg_root(doc), doc, m) != 0))
        return -1;
    if (file->phones == NULL)
        return add_counted(list, &like, file->count);
    return add_entries(list, file, &like, doc, m);
}

void phone_list_free(struct phone_list *list) {
    for (size_t i = 0; i < list->text_count; i++)
        free(list->texts[i]);
    for (size_t i = 0; i < list->set_count; i++)
        fault_set_free(list->sets[i]);
    free(list->sets);
    free(list->texts);
    free(list->items);
    *list = (struct phone_list){0};
}
