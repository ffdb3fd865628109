/* From logs to the cause and its cure: the whole of it as one call. Reads CAPF traces, CiscoRA
 * logs, nginx's error.log, libest's lines, IIS W3C logs, phone consoles and status messages, in any
 * mix, and says for each incident what happened, by which lines, why, and what to do. */
#ifndef DIAGNOSE_DIAGNOSE_H
#define DIAGNOSE_DIAGNOSE_H

#include "base/config.h"
#include "base/err.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* X(NAME, word) */
#define VERDICT_TABLE(X)                                                                           \
    X(NOTHING, "nothing") /* no line of any known log */                                           \
    X(QUIET, "quiet")     /* logs, but neither success nor failure in them */                      \
    X(HEALTHY, "healthy") /* success, and nothing failed */                                        \
    X(UNKNOWN, "unknown") /* something failed that no rule explains, and nothing else */           \
    X(FOUND, "found")     /* at least one cause is named */

enum verdict {
#define X(name, word) VERDICT_##name,
    VERDICT_TABLE(X)
#undef X
};
const char *verdict_word(enum verdict verdict);

struct diagnosis; /* opaque */

/* Reads the paths (files, folders, "-") with the rules of the file named, or with the built-in ones
 * when it is NULL. NULL with e set: CONFIG_* when the rules have mistakes (they are in m, which may
 * be NULL), SYS_IO when a path cannot be read. Caller frees. */
struct diagnosis *diagnose_run(const char *const *paths, size_t count, const char *rules_file,
                               struct cfg_mistakes *m, struct err *e);
void diagnosis_free(struct diagnosis *d);

/* Of all cases together: the highest. */
enum verdict diagnosis_verdict(const struct diagnosis *d);
/* Whether an incident names this rule ("unknown": an unexplained failure). */
bool diagnosis_names(const struct diagnosis *d, const char *id);
/* The ids of all incidents, each once, separated by ", "; alternatives of one incident by "|".
 * malloc'ed, caller frees; NULL without memory. */
char *diagnosis_ids(const struct diagnosis *d);

/* The report for people; width in columns. */
void diagnosis_print(const struct diagnosis *d, unsigned width, FILE *to);
/* The same for programs (schema in capflab-diagnose --help). New reference; NULL without memory. */
json_t *diagnosis_json(const struct diagnosis *d);

#endif
