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

/* lower is the line in lower case (pattern_lower); the captures are offsets of it, cut out of line,
 * which has the same length. */
bool pattern_matches(const struct pattern *p, struct bytes line, const char *lower,
                     struct pattern_match *m);

/* ASCII letters of line in lower case, into at least line.len bytes. */
void pattern_lower(struct bytes line, char *out);

#endif
