/* Reading the steps of a scenario. What they do is in run_steps.c. */
#include "scenarios/runner/step.h"

#include "scenarios/runner/scenario.h"
#include "scenarios/runner/words.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const char *help;
} steps[] = {
#define X(suffix, name, run, help) {name, help},
    STEP_TABLE(X)
#undef X
};

const struct cfg_field step_fields[] = {
    CFG_STRINGS(struct step, phones, "phones", "which phones (default: all)"),
    CFG_BOOL(struct step, together, "together", "false", "all at once, not one after another"),
    CFG_END,
};

const char *step_name(enum step_kind kind) {
    return steps[kind].name;
}

const char *step_help(enum step_kind kind) {
    return steps[kind].help;
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

/* `name` alone, or a mapping of one name to its arguments. */
static void read_step(struct cfg_doc *doc, const struct cfg_node *node, struct step *out,
                      const struct scenario *s, struct cfg_mistakes *m) {
    bool alone = cfg_node_kind(node) == CFG_SCALAR;
    if (!alone && (cfg_node_kind(node) != CFG_MAPPING || cfg_node_count(node) != 1)) {
        cfg_mistake_at(m, doc, node, ERR_CONFIG_BAD_VALUE,
                       "a step is its name, or one NAME: {ARGUMENTS}");
        return;
    }
    const char *word = cfg_node_scalar(alone ? node : cfg_node_key(node, 0));
    out->kind = word == NULL ? STEP_COUNT : kind_of(word);
    out->node = node;
    if (out->kind == STEP_COUNT) {
        unknown_step(doc, node, word == NULL ? "" : word, m);
        return;
    }
    if (!alone && cfg_node_read(doc, cfg_node_value(node, 0), step_fields, out, m) == 0)
        check_names(doc, node, out, s, m);
}

void steps_read(struct cfg_doc *doc, const struct cfg_node *node, struct scenario *s,
                struct cfg_mistakes *m) {
    if (cfg_node_kind(node) != CFG_SEQUENCE || cfg_node_count(node) == 0) {
        cfg_mistake_at(m, doc, node, ERR_CONFIG_BAD_VALUE, "when takes a list of steps");
        return;
    }
    s->steps = calloc(cfg_node_count(node), sizeof *s->steps);
    for (size_t i = 0; s->steps != NULL && i < cfg_node_count(node); i++) {
        read_step(doc, cfg_node_item(node, i), &s->steps[i], s, m);
        s->step_count = i + 1;
    }
}
