/* From the paths of the command line to scenarios: folders are walked, files loaded, all mistakes
 * of all files gathered. */
#ifndef SCENARIOS_RUNNER_COLLECT_H
#define SCENARIOS_RUNNER_COLLECT_H

#include "scenarios/runner/scenario.h"

struct collection {
    struct scenario **items; /* sorted by name */
    size_t count;
    size_t files; /* read, with those that had mistakes */
};

/* A folder stands for every *.yaml below it, but for folders called testdata. Unreadable paths are
 * mistakes, too. Release with collection_free. */
void collect(const char *const *paths, size_t count, struct collection *out,
             struct cfg_mistakes *m);
void collection_free(struct collection *c);

/* Keeps the scenarios that have one of the tags (in `tags`, or as the first folder of the name). */
void collection_keep_tags(struct collection *c, const char *const *tags, size_t count);
/* Keeps the scenarios whose last run below dir failed. direct: the only one's artifacts are in dir
 * itself. */
void collection_keep_failed(struct collection *c, const char *dir, bool direct);
/* Keeps part index (1..parts) of parts. */
void collection_keep_shard(struct collection *c, size_t index, size_t parts);
/* The name that two scenarios have, or NULL. */
const char *collection_twice(const struct collection *c);

#endif
