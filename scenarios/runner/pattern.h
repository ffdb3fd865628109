/* Patterns that scenario files give for lines of logs: a pattern is a substring of one line, exact
 * but for placeholders in braces. Parsed and linted before anything runs, matched at the end.
 *
 *     - "Enrollment rv = 0 (EST_ERR_NONE) with pkcs7 length = {number}"
 *     - each-phone:            # the inner list once for each phone, in order of the phones
 *         - "2:{phone}:Sending STORE_CERT_REQ msg"
 */
#ifndef SCENARIOS_RUNNER_PATTERN_H
#define SCENARIOS_RUNNER_PATTERN_H

#include "base/bytes.h"
#include "base/config.h"
#include <stdbool.h>
#include <stddef.h>

/* X(word, what it stands for) */
#define PLACEHOLDER_TABLE(X)                                                                       \
    X(phone, "name of the phone, inside each-phone (elsewhere: of any phone of the scenario)")     \
    X(number, "one or more digits")                                                                \
    X(any, "any text, also none")                                                                  \
    X(date, "2026-11-21")                                                                          \
    X(time, "10:00:00")                                                                            \
    X(start, "the start of the line")                                                              \
    X(end, "the end of the line")

struct pattern {
    const char *text;     /* NULL for an each-phone group */
    struct pattern *each; /* owned by the list */
    size_t each_count;
    const struct cfg_node *node; /* for the place in messages */
};

struct pattern_list {
    struct pattern *items;
    size_t count;
    bool given; /* the key stands in the file, maybe with an empty list */
};

/* Reads a list node (a scalar counts as a list of one). Texts belong to doc, the arrays to out:
 * free with pattern_list_free. Mistakes go to m. */
void pattern_list_read(const struct cfg_doc *doc, const struct cfg_node *node,
                       struct pattern_list *out, struct cfg_mistakes *m);
void pattern_list_free(struct pattern_list *list);

/* The names that {phone} may stand for. */
struct phone_names {
    const char *const *names;
    size_t count;
};

/* Whether the pattern occurs in the line. */
bool pattern_matches(const char *pattern, const struct phone_names *phones, struct bytes line);

/* Prints the placeholders for --help and the reference page. */
void placeholders_print(FILE *to, const char *row_format);

/* Lines of a text, without their ends (LF or CRLF). */
struct lines {
    struct bytes *items;
    size_t count;
};
struct lines lines_of(struct bytes text); /* views into text; free with lines_free */
void lines_free(struct lines *l);

/* Where a list stopped matching. */
struct pattern_miss {
    const struct pattern *pattern; /* NULL: everything matched */
    const char *phone;             /* the phone of the group, or NULL */
    size_t after;                  /* lines before this index were used up; in order: also without
                                    * a miss */
    size_t earlier;                /* line that matches but stands too early, or SIZE_MAX */
};

/* Each pattern in a line behind the previous one's (several may share a line only when equal
 * lines exist: every pattern takes a line of its own). */
struct pattern_miss patterns_in_order(const struct pattern_list *list,
                                      const struct phone_names *phones, const struct lines *lines);
/* The i-th pattern on the i-th line and no line left over; miss.after is the line that differs,
 * lines->count when there were too few. When lines are left over, pattern is the last one. */
struct pattern_miss patterns_exactly(const struct pattern_list *list,
                                     const struct phone_names *phones, const struct lines *lines);
/* No pattern on any line; miss.pattern and miss.after name the first that does occur. */
struct pattern_miss patterns_absent(const struct pattern_list *list,
                                    const struct phone_names *phones, const struct lines *lines);

#endif
