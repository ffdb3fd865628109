/* What `diagnosis:` may name. Must not read the rules itself: only their program knows them. */
#include "scenarios/runner/diagnosis_ids.h"

#include "base/file.h"
#include "base/owned.h"
#include "scenarios/runner/actor.h"
#include "scenarios/runner/words.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_US = 20 * 1000000 };

/* The ids of all rules, and the words that stand beside them. */
struct known {
    char **words; /* NULL at the end */
    size_t count;
};

static void known_free(struct known *k) {
    for (size_t i = 0; i < k->count; i++)
        free(k->words[i]);
    free(k->words);
}

static void add_word(struct known *k, const char *text, size_t len) {
    char **grown = reallocarray(k->words, k->count + 2, sizeof *grown);
    if (grown == NULL)
        return;
    k->words = grown;
    k->words[k->count] = strndup(text, len);
    k->count += k->words[k->count] != NULL;
    k->words[k->count] = NULL;
}

/* The first word of each line. */
static void read_list(struct bytes text, struct known *k) {
    struct lines l = lines_of(text);
    for (size_t i = 0; i < l.count; i++) {
        const uint8_t *blank = memchr(l.items[i].data, ' ', l.items[i].len);
        size_t len = blank == NULL ? l.items[i].len : (size_t)(blank - l.items[i].data);
        if (len > 0)
            add_word(k, (const char *)l.items[i].data, len);
    }
    lines_free(&l);
}

static void ask(const char *programs, struct known *k) {
    AUTO(char) program = path_join(programs, "capflab-diagnose");
    const char *const args[] = {"--list", NULL};
    const struct actor_command command = {
        .name = "diagnose", .program = program, .args = args, .stderr_path = "/dev/null"};
    struct actor a;
    struct actor *const one[] = {&a};
    struct err e = {0};
    if (program == NULL || !file_exists(program))
        return;
    if (actor_start(&a, &command, &e) == 0 && actors_wait(one, 1, deadline_in(LIST_US), &e) == 0 &&
        actor_ended_with(&a, 0))
        read_list(buf_view(&a.out), k);
    actor_release(&a);
}

static bool is_known(const struct known *k, const char *word) {
    for (size_t i = 0; i < k->count; i++)
        if (strcmp(k->words[i], word) == 0)
            return true;
    return false;
}

/* text: an id, or several with '|' between them. */
static void check(const struct scenario *s, const struct cfg_node *node, const struct known *k,
                  struct cfg_mistakes *m) {
    const char *text = cfg_node_scalar(node);
    for (const char *at = text; at != NULL && *at != '\0';) {
        size_t len = strcspn(at, "|");
        AUTO(char) word = strndup(at, len);
        if (word != NULL && !is_known(k, word))
            unknown_word(m, s->doc, node, "diagnosis", word, (const char *const *)k->words);
        at += len + (at[len] == '|');
    }
}

static void check_scenario(const struct scenario *s, const struct known *k,
                           struct cfg_mistakes *m) {
    const struct cfg_node *node = node_under(s->then_node, "diagnosis");
    if (node == NULL)
        return;
    if (cfg_node_kind(node) != CFG_SEQUENCE) {
        check(s, node, k, m);
        return;
    }
    for (size_t i = 0; i < cfg_node_count(node); i++)
        check(s, cfg_node_item(node, i), k, m);
}

void diagnosis_ids_check(const struct collection *c, const char *programs, struct cfg_mistakes *m) {
    struct known k = {0};
    ask(programs, &k);
    if (k.count > 0) {
        add_word(&k, "healthy", strlen("healthy"));
        add_word(&k, "unknown", strlen("unknown"));
        for (size_t i = 0; i < c->count; i++)
            check_scenario(c->items[i], &k, m);
    }
    known_free(&k);
}
