/* The administration commands of capflab-capf: they work on the device store, with or without a
 * service running on it. */
#ifndef CAPF_CLI_H
#define CAPF_CLI_H

#include "base/program.h"
#include "capf/capf_config.h"
#include "capf/store.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Options of all commands; NULL and false: not given. */
struct cli_options {
    const char *store; /* instead of the configuration's */
    bool csv, json, all;
    const char *file;   /* --file: devices to add or set, CSV */
    const char *output; /* --output: folder for dumped requests */
    int64_t count, first;
    bool diagram;
    /* What device add and device set change, by the name of the column. */
    const char *operation, *status, *mode, *string, *finish_by, *key_size, *ec_key_size, *key_order,
        *model, *description;
};

struct cli {
    const struct program *program;
    const struct cli_options *options;
    const struct capf_config *config; /* root; the rest may be defaults */
    struct store *store;
    FILE *out;
};

/* argv[0] is the verb ("add"), its operands follow. An exit code; messages go to standard error. */
int cli_device(struct cli *c, int argc, char **argv);
int cli_csr(struct cli *c, int argc, char **argv);
int cli_cert(struct cli *c, int argc, char **argv);

/* A table of commands, looked up by verb; an unknown one is told with the nearest. */
typedef int cli_fn(struct cli *c, int argc, char **argv);
struct cli_verb {
    const char *verb;
    cli_fn *fn;
}; /* ends with {NULL} */
int cli_dispatch(struct cli *c, const char *what, const struct cli_verb *verbs, int argc,
                 char **argv);

/* Operands that choose devices: names or shell patterns ("SEP0011*"), case-insensitive; none: all.
 */
struct cli_choice {
    char **names; /* argv, borrowed */
    int count;
    int taken; /* by the caller: how many were chosen */
};
bool cli_wants(const struct cli_choice *choice, const char *device);
/* After the walk: 0, or -1 STORE_NOT_FOUND when names were given and nothing was taken. */
int cli_chosen(const struct cli_choice *choice, struct err *e);
bool cli_is_pattern(const char *name);

/* Prints the error and returns EXIT_USAGE for ARG_* and CONFIG_*, else EXIT_FAILED. */
int cli_fail(const struct cli *c, const struct err *e);

#endif
