/* The small pattern language of the rules. A pattern is found anywhere in a line, whatever the case
 * of its letters; "^" at its start and "$" at its end tie it to the line's ends. A blank stands for
 * any run of white space. {any} stands for any run of bytes, {word} for a run without blanks,
 * {number} for digits; {host} captures a word, {text:any} and {code:number} capture the others;
 * "{{" is a brace. The work for one line is bounded, whatever the pattern. */
#ifndef DIAGNOSE_PATTERN_H
#define DIAGNOSE_PATTERN_H

#include "base/bytes.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum { PATTERN_CAPTURES_MAX = 6 };

struct pattern; /* opaque */

/* NULL with CONFIG_BAD_VALUE: a brace without its partner, a class that is none. Caller frees. */
struct pattern *pattern_new(const char *text, struct err *e);
void pattern_free(struct pattern *p);

/* The name of the i-th capture, owned by p; NULL behind the last. */
const char *pattern_capture(const struct pattern *p, size_t i);

/* What the captures took of the line: views into it. */
struct pattern_match {
    struct bytes captures[PATTERN_CAPTURES_MAX];
};

enum { PATTERN_PAIRS = 1024 };

/* A line made ready for many patterns: in lower case, and with the set of its pairs of neighbouring
 * bytes (hashed), by which most patterns are told to be absent. */
struct pattern_line {
    struct bytes line;
    const char *lower;
    uint64_t pairs[PATTERN_PAIRS / 64];
};

/* lower: at least line.len bytes, which out refers to afterwards. */
void pattern_line_init(struct pattern_line *out, struct bytes line, char *lower);

/* The captures are views into the line. */
bool pattern_matches(const struct pattern *p, const struct pattern_line *line,
                     struct pattern_match *m);

#endif
