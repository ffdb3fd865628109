/* Mistakes about words that are not known: told as base/config.h tells those about keys. */
#ifndef SCENARIOS_RUNNER_WORDS_H
#define SCENARIOS_RUNNER_WORDS_H

#include "base/config.h"

/* 'unknown WHAT "word", did you mean "near"?', or with the list of what is known. words ends with
 * NULL. */
void unknown_word(struct cfg_mistakes *m, const struct cfg_doc *doc, const struct cfg_node *node,
                  const char *what, const char *word, const char *const *words);

/* The value of a key of a mapping; NULL when n is none (or NULL) or has no such key. */
const struct cfg_node *node_under(const struct cfg_node *n, const char *key);

#endif
