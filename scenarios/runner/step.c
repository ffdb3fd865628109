/* Reading the steps of a scenario. What they do is in run_steps.c. */
#include "scenarios/runner/step.h"

#include "scenarios/runner/lab_certs.h"
#include "scenarios/runner/scenario.h"
#include "scenarios/runner/words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DAY_US (INT64_C(24) * 3600 * 1000000)

#define PHONES_ROW                                                                                 \
    CFG_STRINGS(struct step, phones, "phones", "which phones or groups (default: all)"),           \
        CFG_BOOL(struct step, together, "together", "false", "all at once, not one after another")

static const struct cfg_field phone_step_fields[] = {
    PHONES_ROW,
    CFG_BOOL(struct step, background, "background", "false",
             "all at once, and go on with the next step; `finish` waits for them"),
    CFG_END,
};

static const struct cfg_field choice_step_fields[] = {PHONES_ROW, CFG_END};

static const struct cfg_field no_step_fields[] = {CFG_END};

static const struct cfg_field device_step_fields[] = {
    CFG_STRINGS(struct step, phones, "phones", "which phones' devices (default: all)"),
    CFG_PAIRS(struct step, keys, "options", "options of that command and their values: mode: mic"),
    CFG_END,
};

#define X(id, name, program, log) " " name
#define ACTOR_HELP                "one of" COMPONENT_TABLE(X)

static const struct cfg_field kill_step_fields[] = {
    CFG_STRING(struct step, actor, "actor", NULL, ACTOR_HELP ", or a phone, or a group of them"),
    CFG_INT(struct step, worker, "worker", "0", 0, WORKERS_MAX,
            "only this one of its workers, which is then started again; 0: the whole program"),
    CFG_END,
};

static const struct cfg_field actor_step_fields[] = {
    CFG_STRING(struct step, actor, "actor", NULL, ACTOR_HELP),
    CFG_END,
};

static const struct cfg_field set_step_fields[] = {
    CFG_STRING(struct step, actor, "actor", NULL, ACTOR_HELP),
    CFG_PAIRS(struct step, keys, "keys", "keys of its configuration: certsrv.timeout: 90s"),
    CFG_END,
};

static const struct cfg_field clock_step_fields[] = {
    CFG_STRING(struct step, actor, "actor", NULL, ACTOR_HELP " (default: all that run)"),
    CFG_DURATION_RANGE(struct step, by_us, "by", "0s", -36500 * DAY_US, 36500 * DAY_US,
                       "how much it is ahead of what it was"),
    CFG_END,
};

static const struct cfg_field wait_step_fields[] = {
    CFG_NODE(struct step, log, "log", "mapping of one log to patterns; not of phones"),
    CFG_STRING(struct step, fault, "fault", NULL,
               "instead of log: a point at which a fault is to be met; not of phones"),
    CFG_DURATION(struct step, within_us, "within", "60s", "no longer than this, in the lab's time"),
    CFG_END,
};

const struct cfg_word certificate_words[] = {{"capf", CERT_CAPF},
                                             {"tvs", CERT_TVS},
                                             {"callmanager", CERT_CALLMANAGER},
                                             {"itlrecovery", CERT_ITLRECOVERY},
                                             {NULL, 0}};

static const struct cfg_field certificate_step_fields[] = {
    CFG_ENUM(struct step, certificate, "certificate", "capf", certificate_words, "whose"),
    CFG_END,
};

static const struct cfg_field request_step_fields[] = {
    CFG_INT(struct step, request, "request", "0", 0, INT32_MAX, "its id; 0: all that wait"),
    CFG_END,
};

static const struct {
    const char *name;
    const struct cfg_field *fields;
    const char *value_key;
    const char *help;
} steps[] = {
#undef X
#define X(suffix, name, run, fields, value, help) {name, fields##_fields, value, help},
    STEP_TABLE(X)
#undef X
};

const char *step_name(enum step_kind kind) {
    return steps[kind].name;
}

const char *step_help(enum step_kind kind) {
    return steps[kind].help;
}

const struct cfg_field *step_fields(enum step_kind kind) {
    return steps[kind].fields;
}

const char *step_value_key(enum step_kind kind) {
    return steps[kind].value_key;
}

static enum step_kind kind_of(const char *word) {
    for (size_t i = 0; i < STEP_COUNT; i++)
        if (strcmp(steps[i].name, word) == 0)
            return (enum step_kind)i;
    return STEP_COUNT;
}

static void unknown_step(const struct cfg_doc *doc, const struct cfg_node *node, const char *word,
                         struct cfg_mistakes *m) {
    const char *names[STEP_COUNT + 1] = {NULL};
    for (size_t i = 0; i < STEP_COUNT; i++)
        names[i] = steps[i].name;
    unknown_word(m, doc, node, "step", word, names);
}

static void check_names(const struct cfg_doc *doc, const struct cfg_node *node,
                        const struct step *step, const struct scenario *s, struct cfg_mistakes *m) {
    for (size_t i = 0; i < step->phones.count; i++)
        if (scenario_phone(s, step->phones.items[i]) == NULL)
            cfg_mistake_at(m, doc, node, ERR_CONFIG_BAD_VALUE, "there is no phone \"%s\"",
                           step->phones.items[i]);
}

/* What every reader of a step gets. */
struct reader {
    struct cfg_doc *doc;
    const struct scenario *s;
    struct cfg_mistakes *m;
};

static void lacks(const struct reader *r, const struct step *step, const char *key) {
    cfg_mistake_at(r->m, r->doc, step->node, ERR_CONFIG_MISSING,
                   "the step \"%s\" needs the key \"%s\"", steps[step->kind].name, key);
}

static void unknown_actor(const struct reader *r, const struct step *step) {
    const char *names[COMPONENT_COUNT + 1] = {NULL};
    for (size_t i = 0; i < COMPONENT_COUNT; i++)
        names[i] = component_name((enum component)i);
    unknown_word(r->m, r->doc, step->node, "actor", step->actor, names);
}

static void check_actor(const struct reader *r, const struct step *step) {
    if (step->actor == NULL) {
        if (step->kind != STEP_ADVANCE_CLOCK)
            lacks(r, step, "actor");
        return;
    }
    enum component c = component_of(step->actor);
    if (c != COMPONENT_COUNT && !scenario_needs(r->s, c))
        cfg_mistake_at(r->m, r->doc, step->node, ERR_CONFIG_BAD_VALUE,
                       "there is no \"%s\" in this lab", step->actor);
    else if (step->kind == STEP_RELEASE &&
             (c == COMPONENT_COUNT || component_connection(c) == NULL))
        cfg_mistake_at(r->m, r->doc, step->node, ERR_CONFIG_BAD_VALUE, "\"%s\" is no relay",
                       step->actor);
    else if (c == COMPONENT_COUNT &&
             (step->kind != STEP_KILL || scenario_phone(r->s, step->actor) == NULL))
        unknown_actor(r, step);
}

static void check_log(const struct reader *r, struct step *step) {
    if (step->log == NULL) {
        lacks(r, step, "log");
        return;
    }
    if (cfg_node_kind(step->log) != CFG_MAPPING || cfg_node_count(step->log) != 1) {
        cfg_mistake_at(r->m, r->doc, step->log, ERR_CONFIG_BAD_VALUE,
                       "log takes a mapping of one log to patterns");
        return;
    }
    const char *words[LOG_COUNT + 1] = {NULL};
    for (size_t i = 0; i < LOG_PHONE; i++)
        words[i] = log_word((enum log_kind)i);
    const char *word = cfg_node_scalar(cfg_node_key(step->log, 0));
    for (size_t i = 0; i < LOG_PHONE; i++)
        if (word != NULL && strcmp(words[i], word) == 0) {
            step->log_kind = (enum log_kind)i;
            pattern_list_read(r->doc, cfg_node_value(step->log, 0), &step->patterns, r->m);
            return;
        }
    unknown_word(r->m, r->doc, step->log, "log", word == NULL ? "" : word, words);
}

static bool has_fault_at(const struct scenario *s, const char *point) {
    for (size_t i = 0; i < s->faults->count; i++) {
        const struct fault *f = &s->faults->items[i];
        if (strcmp(f->tables->points[f->point].name, point) == 0)
            return true;
    }
    return false;
}

/* Without faults that can be read nothing is said of which there are. */
static void check_fault(const struct reader *r, struct step *step) {
    step->fault_side = component_at(step->fault);
    if (step->log != NULL)
        cfg_mistake_at(r->m, r->doc, step->node, ERR_CONFIG_BAD_VALUE,
                       "wait-for takes log or fault, not both");
    else if (step->fault_side == COMPONENT_COUNT ||
             (r->s->faults != NULL && !has_fault_at(r->s, step->fault)))
        cfg_mistake_at(r->m, r->doc, step->node, ERR_CONFIG_BAD_VALUE,
                       "there is no fault at \"%s\" to wait for", step->fault);
}

static void check_step(const struct reader *r, struct step *step) {
    check_names(r->doc, step->node, step, r->s, r->m);
    if (step->kind >= STEP_KILL && step->kind <= STEP_ADVANCE_CLOCK)
        check_actor(r, step);
    if (step->kind == STEP_WAIT_FOR && step->fault != NULL)
        check_fault(r, step);
    else if (step->kind == STEP_WAIT_FOR)
        check_log(r, step);
    if ((step->kind == STEP_SET || step->kind == STEP_SET_DEVICE) && step->keys.count == 0)
        lacks(r, step, step->kind == STEP_SET ? "keys" : "options");
    if (step->kind == STEP_RESET_LOCALKEY && !r->s->lab.has_tftp)
        cfg_mistake_at(r->m, r->doc, step->node, ERR_CONFIG_BAD_VALUE,
                       "there is no \"tftp\" in this lab");
    if (step->kind == STEP_ADVANCE_CLOCK && step->by_us == 0)
        lacks(r, step, "by");
}

static int read_certificate(const struct reader *r, const char *value, struct step *out) {
    const char *words[sizeof certificate_words / sizeof certificate_words[0]] = {NULL};
    for (size_t i = 0; certificate_words[i].word != NULL; i++) {
        words[i] = certificate_words[i].word;
        out->certificate = certificate_words[i].value;
        if (strcmp(words[i], value) == 0)
            return 0;
    }
    unknown_word(r->m, r->doc, out->node, "certificate", value, words);
    return -1;
}

/* `NAME: VALUE`, where a step has one argument that matters. */
static int read_value(const struct reader *r, const char *value, struct step *out) {
    struct err e = {0};
    char *end = NULL;
    if (out->kind == STEP_ADVANCE_CLOCK) {
        if (cfg_parse_duration(value, &out->by_us, &e) == 0)
            return 0;
        cfg_mistake_at(r->m, r->doc, out->node, ERR_CONFIG_BAD_VALUE, "%s", e.text);
        return -1;
    }
    if (out->kind == STEP_REGENERATE)
        return read_certificate(r, value, out);
    if (out->kind != STEP_ISSUE && out->kind != STEP_DENY) {
        out->actor = (char *)value;
        return 0;
    }
    out->request = strtoll(value, &end, 10);
    if (*end == '\0' && end != value && out->request > 0 && out->request <= INT32_MAX)
        return 0;
    cfg_mistake_at(r->m, r->doc, out->node, ERR_CONFIG_BAD_VALUE, "\"%s\" is no request id", value);
    return -1;
}

/* NULL in defaults is what a step alone has. */
static int read_arguments(const struct reader *r, const struct cfg_node *node, struct step *out) {
    const char *value = cfg_node_scalar(node);
    if (value != NULL && steps[out->kind].value_key != NULL)
        return read_value(r, value, out);
    return cfg_node_read(r->doc, node, steps[out->kind].fields, out, r->m);
}

/* `name` alone, `name: value` or a mapping of one name to its arguments. */
static void read_step(const struct reader *r, const struct cfg_node *node, struct step *out) {
    bool alone = cfg_node_kind(node) == CFG_SCALAR;
    if (!alone && (cfg_node_kind(node) != CFG_MAPPING || cfg_node_count(node) != 1)) {
        cfg_mistake_at(r->m, r->doc, node, ERR_CONFIG_BAD_VALUE,
                       "a step is its name, or one NAME: {ARGUMENTS}");
        return;
    }
    const char *word = cfg_node_scalar(alone ? node : cfg_node_key(node, 0));
    out->kind = word == NULL ? STEP_COUNT : kind_of(word);
    out->node = node;
    out->within_us = 60 * INT64_C(1000000);
    if (out->kind == STEP_COUNT)
        unknown_step(r->doc, node, word == NULL ? "" : word, r->m);
    else if (alone || read_arguments(r, cfg_node_value(node, 0), out) == 0)
        check_step(r, out);
}

void steps_read(struct cfg_doc *doc, const struct cfg_node *node, struct scenario *s,
                struct cfg_mistakes *m) {
    const struct reader r = {.doc = doc, .s = s, .m = m};
    if (cfg_node_kind(node) != CFG_SEQUENCE || cfg_node_count(node) == 0) {
        cfg_mistake_at(m, doc, node, ERR_CONFIG_BAD_VALUE, "when takes a list of steps");
        return;
    }
    s->steps = calloc(cfg_node_count(node), sizeof *s->steps);
    for (size_t i = 0; s->steps != NULL && i < cfg_node_count(node); i++) {
        read_step(&r, cfg_node_item(node, i), &s->steps[i]);
        s->step_count = i + 1;
    }
}

void steps_free(struct step *all, size_t count) {
    for (size_t i = 0; all != NULL && i < count; i++)
        pattern_list_free(&all[i].patterns);
    free(all);
}
