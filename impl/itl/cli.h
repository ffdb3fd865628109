/* What `capflab itl` does: show, verify, build, sign, strip, diff. */
#ifndef ITL_CLI_H
#define ITL_CLI_H

#include "base/program.h"
#include <stdio.h>

struct itl_cli_options {
    bool json, add_signer;
    const char *signer, *key, *trusted, *output;
    const char *layout, *digest, *file_name, *signer_version;
    int64_t timestamp;
    struct opt_strings records; /* ROLE=FILE[,FORM] */
};

struct itl_cli {
    const struct program *program;
    const struct itl_cli_options *options;
    FILE *out; /* text, and what is written without --output */
};

/* argv[0] is the verb, its operands follow. An exit code; messages go to standard error. */
int itl_cli(const struct itl_cli *c, int argc, char **argv);

/* What the options that are words or numbers say, on top of *d. -1 ARG_USAGE. */
struct itl_description;
int itl_cli_words(const struct itl_cli_options *options, struct itl_description *d, struct err *e);

/* build DESCRIPTION.yaml, or everything from options; appends the list (cli_build.c). */
int itl_cli_build(const struct itl_cli *c, const char *description, struct buf *out, struct err *e);

#endif
