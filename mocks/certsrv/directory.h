/* Users and templates as the mock runs with them: those of the configuration, or the built-in
 * templates, and what the command line adds. */
#ifndef MOCKS_CERTSRV_DIRECTORY_H
#define MOCKS_CERTSRV_DIRECTORY_H

#include "base/program.h"
#include "mocks/certsrv/config.h"

enum { DIRECTORY_MAX = 256 };

struct directory {
    struct user users[DIRECTORY_MAX];
    struct template items[DIRECTORY_MAX];
    struct accounts accounts;
    struct templates templates;
    struct cfg_doc *defaults; /* owns the built-in templates */
    char *owned[3 * OPT_STRINGS_MAX];
    size_t owned_count;
};

/* users: "[DOMAIN\]NAME:PASSWORD" each; the first DOMAIN takes the place of the configured NetBIOS
 * name. templates: names, made like CiscoRA unless they exist. config must outlive *out. Free *out
 * either way. -1 ARG_USAGE, SYS_LIMIT, SYS_NOMEM, CONFIG_BAD_VALUE. */
int directory_fill(const struct certsrv_config *config, const struct opt_strings *users,
                   const struct opt_strings *templates, struct directory *out, struct err *e);
void directory_free(struct directory *d);

#endif
