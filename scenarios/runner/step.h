/* The steps of `when`: one table from which the parser, --help and the reference page come. */
#ifndef SCENARIOS_RUNNER_STEP_H
#define SCENARIOS_RUNNER_STEP_H

#include "base/config.h"
#include <stdbool.h>
#include <stddef.h>

struct run; /* run.h */
struct step;
struct scenario;

/* X(enum suffix, name, function of run that does it, help). All take the same arguments. */
#define STEP_TABLE(X)                                                                              \
    X(INSTALL, "install-lsc", step_install,                                                        \
      "set the devices' operation to install/upgrade, then let the phones contact CAPF")           \
    X(DELETE, "delete-lsc", step_delete,                                                           \
      "set the devices' operation to delete, then let the phones contact CAPF")                    \
    X(TROUBLESHOOT, "troubleshoot", step_troubleshoot,                                             \
      "set the devices' operation to troubleshoot, then let the phones contact CAPF")              \
    X(CONNECT, "connect", step_connect,                                                            \
      "let the phones contact CAPF; the devices' operations stay as they are")                     \
    X(IMPORT_OFFLINE, "import-offline", step_import_offline,                                       \
      "sign the waiting requests with the offline CA and import the certificates into CAPF")

enum step_kind {
#define X(suffix, name, run, help) STEP_##suffix,
    STEP_TABLE(X)
#undef X
        STEP_COUNT
};

struct step {
    enum step_kind kind;
    struct cfg_strings phones; /* none: all */
    bool together;
    const struct cfg_node *node;
};

extern const struct cfg_field step_fields[];

const char *step_name(enum step_kind kind);
const char *step_help(enum step_kind kind);

/* Reads `when` into a malloc'ed array; mistakes go to m. */
void steps_read(struct cfg_doc *doc, const struct cfg_node *node, struct scenario *s,
                struct cfg_mistakes *m);

#endif
