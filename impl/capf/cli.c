/* What the administration commands share. */
#include "capf/cli.h"
#include <fnmatch.h>
#include <string.h>

enum { VERBS_MAX = 16 };

int cli_fail(const struct cli *c, const struct err *e) {
    program_message(c->program, "%s (%s)", e->text, err_name(e->code));
    bool usage = e->code == ERR_ARG_USAGE || strncmp(err_name(e->code), "CONFIG_", 7) == 0;
    return usage ? EXIT_USAGE : EXIT_FAILED;
}

int cli_dispatch(struct cli *c, const char *what, const struct cli_verb *verbs, int argc,
                 char **argv) {
    const char *names[VERBS_MAX + 1] = {NULL};
    for (size_t i = 0; i < VERBS_MAX && verbs[i].verb != NULL; i++) {
        names[i] = verbs[i].verb;
        if (argc > 0 && strcmp(argv[0], verbs[i].verb) == 0)
            return verbs[i].fn(c, argc, argv);
    }
    const char *near = argc > 0 ? nearest_word(argv[0], names) : NULL;
    if (near != NULL)
        program_message(c->program, "%s: there is no '%s', did you mean '%s'?", what, argv[0],
                        near);
    else
        program_message(c->program, "%s: say what to do; --help lists it", what);
    return EXIT_USAGE;
}

bool cli_is_pattern(const char *name) {
    return strpbrk(name, "*?[") != NULL;
}

bool cli_wants(const struct cli_choice *choice, const char *device) {
    for (int i = 0; i < choice->count; i++)
        if (fnmatch(choice->names[i], device, FNM_CASEFOLD | FNM_NOESCAPE) == 0)
            return true;
    return choice->count == 0;
}

int cli_chosen(const struct cli_choice *choice, struct err *e) {
    if (choice->count == 0 || choice->taken > 0)
        return 0;
    return err_set(e, ERR_STORE_NOT_FOUND, "nothing fits %s%s", choice->names[0],
                   choice->count > 1 ? " and the others" : "");
}
