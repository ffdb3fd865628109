/* Faults on demand: at a named point, the nth time, so many times, do this. Exact, never a
 * percentage, so that the same run gives the same events.
 *
 * Each mock has one table of points and one of actions; from them come what its configuration
 * accepts, its --help and what --lint knows:
 *
 *     faults:
 *       - {at: certsrv.certnew-cer, nth: 2, do: status 500}
 *       - {at: dns.query, name: ra.michamen.com, times: always, do: nxdomain}
 *
 *     static const struct fault_point points[] = {{"ntp.request", 0, "a request came"}, {0}};
 *     static const struct fault_action actions[] = {
 *         {.name = "silence", .help = "no answer"},
 *         {.name = "offset", .argument = FAULT_DURATION, .min = -DAY_US, .max = DAY_US, ...}, {0}};
 *     static const struct fault_tables tables = {"ntp", points, actions};
 *
 * A visit that no fault applies to costs a look at the list and nothing else. */
#ifndef MOCKS_FAULT_FAULT_H
#define MOCKS_FAULT_FAULT_H

#include "base/config.h"
#include "base/program.h"
#include <stdbool.h>
#include <stdint.h>

/* What stands behind the action in `do:`. */
enum fault_argument {
    FAULT_NONE,
    FAULT_DURATION, /* value in microseconds of component time */
    FAULT_NUMBER,   /* value */
    FAULT_TEXT,     /* text */
    FAULT_ADDRESS,  /* text: a numeric IPv4 or IPv6 address */
    FAULT_BYTES     /* octets, written as hexadecimal pairs: 1603 or "16 03" or 16:03 */
};

/* Tables end with a row whose name is NULL. The index of a row is its number: an X-macro makes both
 * the table and an enum of it. */
struct fault_point {
    const char *name;
    unsigned kind; /* bits; an action is possible here when they meet its `kinds` (0: any) */
    const char *help;
};

struct fault_action {
    const char *name;
    enum fault_argument argument;
    const char *argument_name;  /* in --help; NULL: by its type (DURATION, N, TEXT, HEX) */
    const char *default_text;   /* argument when none is given; NULL: it must be given */
    const char *const *choices; /* the only arguments allowed, NULL at the end; NULL: any */
    int64_t min, max;           /* of DURATION and NUMBER; both 0: >= 0 */
    unsigned kinds;             /* kinds of points where it is possible; 0: all */
    bool lasting; /* visits cannot be counted while it applies: only `times: always` */
    bool beside;  /* applies beside another action at the same visit (a delay) */
    const char *help;
};

struct fault_tables {
    const char *mock; /* "certsrv" */
    const struct fault_point *points;
    const struct fault_action *actions;
    bool named; /* visits have a name, and faults a `name:` that filters by it (dns, tftp) */
};

/* One fault as read. Everything is owned by its set. */
struct fault {
    const struct fault_tables *tables;
    unsigned point, action; /* row numbers */
    char *name;             /* NULL: any; compared without regard to case */
    int64_t nth;            /* from 1 */
    int64_t times;          /* INT64_MAX: always */
    int64_t value;
    char *text;          /* the argument as written; "" without one */
    struct bytes octets; /* of FAULT_BYTES */
    size_t line;         /* in its file */
    int64_t seen;        /* visits that its point and name met */
};

struct fault_set {
    struct fault *items;
    size_t count;
};

/* A row of `faults:` as the configuration reads it: a CFG_LIST in the mock's own struct,
 *     CFG_LIST(struct x_config, faults, "faults", struct fault_row, fault_fields, "...")
 * which fault_set_new then checks against the tables. */
struct fault_row {
    const struct cfg_node *at, *times, *todo;
    int64_t nth;
    char *name;
};
extern const struct cfg_field fault_fields[];

/* Turns rows (struct fault_row, read from doc) into faults. tables: those a row may speak of,
 * NULL at the end (a mock gives its own; the runner all). NULL when there is any mistake (they are
 * in m, with place and nearest word) or no memory (a mistake too). No rows give an empty set.
 * Caller frees with fault_set_free. The set keeps nothing of doc. */
struct fault_set *fault_set_new(const struct cfg_list *rows, const struct cfg_doc *doc,
                                const struct fault_tables *const *tables, struct cfg_mistakes *m);
void fault_set_free(struct fault_set *set);

/* A set that counts on its own, from where set stands. Caller frees. NULL without memory. */
struct fault_set *fault_set_copy(const struct fault_set *set);

/* The same for a program's main: prints the mistakes and exits 2 when there are any. */
struct fault_set *fault_set_or_exit(const struct program *program, const struct cfg_list *rows,
                                    const struct cfg_doc *doc, const struct fault_tables *tables);

/* What applies at one visit: at most one action, and those that go beside it. */
enum { FAULT_BESIDE_MAX = 4 };
struct fault_visit {
    const struct fault *fault; /* NULL: none; the first in the file where several would apply */
    const struct fault *beside[FAULT_BESIDE_MAX]; /* in the order of the file */
    size_t beside_count;
};

/* Counts a visit of the point (name: of what is asked for, or NULL) and says what applies now; each
 * fault that does is an event ("fault", "certsrv.certfnsh: status 503") of this process. Only to be
 * called once a visit. set may be NULL. */
struct fault_visit fault_visit(struct fault_set *set, unsigned point, const char *name);

/* The same for mocks without actions that go beside others: the fault, or NULL. */
const struct fault *fault_next(struct fault_set *set, unsigned point, const char *name);

/* What would apply at the next visit of the point, which is not counted (nor told); NULL: none, or
 * only what goes beside others. For names, ask at the visit. */
const struct fault *fault_peek(const struct fault_set *set, unsigned point);

/* "status 503": for events and logs. */
const char *fault_action_name(const struct fault *fault);
void fault_put(const struct fault *fault, struct buf *out);
/* The fault as one line of YAML (a flow mapping) that reads back as the same fault: for whoever
 * writes a mock's configuration. */
void fault_put_yaml(const struct fault *fault, struct buf *out);

/* "Fault points:" and "Actions:" for --help, from the tables. malloc'ed, caller frees; NULL without
 * memory. */
char *fault_help(const struct fault_tables *tables);
/* The same as two Markdown tables: for the reference page. */
void fault_print_reference(const struct fault_tables *tables, FILE *to);

#endif
