/* What was found in the logs that belong together: the lines that some rule or mark asked for, each
 * kept once, in the scope that it belongs to (a device, a stretch of the RA's work, the web
 * server). Everything else is forgotten at once; what is kept is bounded. */
#ifndef DIAGNOSE_CASEFILE_H
#define DIAGNOSE_CASEFILE_H

#include "diagnose/rules.h"
#include <stdint.h>

enum {
    CASE_KEPT_MAX = 100 * 1000,  /* lines */
    CASE_SCOPES_MAX = 50 * 1000, /* devices, starts and enrolments */
    CASE_TEXT_MAX = 512,         /* of a kept line */
    CASE_SAME_MAX = 3,           /* lines kept for one pattern in one scope; others are counted */
    CASE_FILES_MAX = 10 * 1000
};

enum scope_kind { SCOPE_DEVICE, SCOPE_RA, SCOPE_IIS };

/* A line that counts. */
struct kept {
    size_t file;
    uint64_t first_line, last_line;
    uint64_t order; /* over all files */
    size_t scope;
    enum source source;
    char *text;
    int64_t time; /* of day, in seconds; -1: not known */
    bool failure;
    unsigned repeats; /* lines like it that were not kept */
};

struct fact_capture {
    const char *name; /* the pattern's */
    char *value;
};

/* One pattern met by one line. */
struct fact {
    const struct rule_line *line;
    size_t kept;
    struct fact_capture captures[PATTERN_CAPTURES_MAX];
};

struct scope {
    enum scope_kind kind;
    char *device; /* SCOPE_DEVICE: "" when no line names it */
    struct fact *facts;
    size_t count, room;
    size_t next;           /* in the chain of devices with the same hash, plus 1 */
    uint64_t last_success; /* order of the last success, 0: none */
};

/* The first scope that has a fact of line. */
struct first_scope {
    const struct rule_line *line;
    size_t scope;
};

struct case_file {
    char *path;
    uint64_t lines, records;
    unsigned sources; /* SOURCE_BITs of what it holds */
};

enum { CASE_HASH = 4096 };

struct casefile {
    const struct rules *rules;
    char *name;
    struct case_file *files;
    size_t file_count, file_room;
    struct kept *kept;
    size_t kept_count, kept_room;
    struct scope *scopes;
    size_t scope_count, scope_room;
    struct first_scope *firsts; /* one for each line that was met */
    size_t first_count, first_room;
    size_t devices[CASE_HASH]; /* index + 1 */
    size_t iis;                /* index + 1 */
    uint64_t order;
    uint64_t dropped; /* lines that were not kept for want of room */
    uint64_t successes, installed;
};

/* NULL without memory. Caller frees. The rules outlive the case. */
struct casefile *case_new(const struct rules *rules, const char *name);
void case_free(struct casefile *c);

/* The index of a new file, or -1 (SYS_NOMEM, SYS_LIMIT). */
int64_t case_add_file(struct casefile *c, const char *path, struct err *e);

/* Scopes; CASE_NO_SCOPE when there is no room. */
#define CASE_NO_SCOPE ((size_t)-1)
size_t case_scope_device(struct casefile *c, struct bytes name);
size_t case_scope_iis(struct casefile *c);
size_t case_scope_new_ra(struct casefile *c);

/* Keeps a line in a scope; its index, or -1 when there is no room (it is counted as dropped). */
int64_t case_keep(struct casefile *c, const struct kept *line, struct bytes text);
/* Records that the kept line met a pattern. Takes over the values of the captures. */
void case_add_fact(struct casefile *c, size_t kept, const struct rule_line *line,
                   const struct fact_capture *captures);

/* The first fact of line in scope at or behind order; NULL: none. */
const struct fact *case_fact(const struct casefile *c, size_t scope, const struct rule_line *line,
                             uint64_t order);
/* The first fact of line in the first scope that has one; NULL: none has. */
const struct fact *case_fact_anywhere(const struct casefile *c, const struct rule_line *line);
/* How many facts of line the scope has. *last: the last of them. */
size_t case_count_facts(const struct casefile *c, size_t scope, const struct rule_line *line,
                        const struct fact **last);

#endif
