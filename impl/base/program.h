/* The face of every program: options from one table, --help with an example, --version, messages as
 * "program: where: what, and what to do", and the exit codes. */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include "base/config.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_SKIPPED = 77 };

enum opt_type {
    OPT_FLAG,     /* bool *        */
    OPT_STRING,   /* const char ** */
    OPT_INT,      /* int64_t *     */
    OPT_DURATION, /* int64_t * microseconds */
    OPT_STRINGS,  /* struct opt_strings *: may be given several times */
    OPT_END
};

enum { OPT_STRINGS_MAX = 64 };
struct opt_strings {
    const char *items[OPT_STRINGS_MAX];
    size_t count;
};

struct opt {
    const char *name; /* long name without dashes */
    char letter;      /* 0: none */
    enum opt_type type;
    void *value;     /* holds the default before parsing */
    const char *arg; /* "HOST:PORT" in --help; NULL for flags */
    const char *help;
}; /* tables end with {.type = OPT_END} */

struct program {
    const char *name;               /* "capflab-ra" */
    const char *summary;            /* one sentence */
    const char *usage;              /* "[OPTION...] PATH..."; several lines allowed */
    const char *example;            /* lines of an example session */
    const struct cfg_field *config; /* printed by --help under "Configuration file"; may be NULL */
    const char *more;               /* further help text; may be NULL */
};

/* Parses by getopt_long; --help and --version print and exit 0; a mistake prints a message with the
 * nearest option and exits 2. Returns the index of the first operand in argv. Options may follow
 * operands unless stop_at_operand. */
int program_options(const struct program *program, const struct opt *options, bool stop_at_operand,
                    int argc, char **argv);

/* What --help prints. */
void program_print_help(const struct program *program, const struct opt *options, FILE *to);

/* "program: TEXT" on standard error. */
void program_message(const struct program *program, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same with an error's text and code, then exit(code). */
_Noreturn void program_die(const struct program *program, enum exit_code code, const struct err *e);

/* Loads path through program->config into out; prints all mistakes and exits 2 when there are any.
 * path NULL loads the defaults. Caller frees the doc. */
struct cfg_doc *program_config(const struct program *program, const char *path, void *out);

extern const char capflab_version[];

#endif
