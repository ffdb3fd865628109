/* Unknown words, and finding the node that a message is about. */
#include "scenarios/runner/words.h"

#include "base/bytes.h"

#include <string.h>

enum { LIST_BYTES_MAX = 4096 };

void unknown_word(struct cfg_mistakes *m, const struct cfg_doc *doc, const struct cfg_node *node,
                  const char *what, const char *word, const char *const *words) {
    const char *near = nearest_word(word, words);
    if (near != NULL) {
        cfg_mistake_at(m, doc, node, ERR_CONFIG_BAD_VALUE,
                       "unknown %s \"%.80s\", did you mean \"%s\"?", what, word, near);
        return;
    }
    AUTO_BUF list = BUF_INIT(LIST_BYTES_MAX);
    for (size_t i = 0; words[i] != NULL; i++)
        buf_printf(&list, "%s%s", i > 0 ? ", " : "", words[i]);
    cfg_mistake_at(m, doc, node, ERR_CONFIG_BAD_VALUE, "unknown %s \"%.80s\"; known here: %s", what,
                   word, buf_str(&list));
}

const struct cfg_node *node_under(const struct cfg_node *n, const char *key) {
    if (n == NULL || cfg_node_kind(n) != CFG_MAPPING)
        return NULL;
    for (size_t i = 0; i < cfg_node_count(n); i++) {
        const char *word = cfg_node_scalar(cfg_node_key(n, i));
        if (word != NULL && strcmp(word, key) == 0)
            return cfg_node_value(n, i);
    }
    return NULL;
}
