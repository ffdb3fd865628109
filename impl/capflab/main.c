/* capflab COMMAND ... runs the program capflab-COMMAND, as git does: the one beside this program,
 * else the one in PATH. It knows nothing of what the commands do. */
#include "base/owned.h"
#include "base/program.h"
#include "capflab/commands.h"
#include <errno.h>
#include <string.h>

enum { HELP_MAX_BYTES = 16 * 1024 };

static int run_command(const struct program *program, const struct commands *c, char **argv) {
    const char *command = argv[0];
    commands_exec(c, command, argv);
    if (errno != ENOENT) {
        program_message(program, "%s: %s", command, strerror(errno));
        return EXIT_FAILED;
    }
    const char *near = commands_nearest(c, command);
    if (near != NULL)
        program_message(program, "unknown command \"%s\", did you mean \"%s\"?", command, near);
    else
        program_message(program, "unknown command \"%s\"; capflab help lists them", command);
    return EXIT_USAGE;
}

/* "help COMMAND" is "COMMAND --help". */
static int help(const struct program *program, const struct opt *options, const struct commands *c,
                char *command) {
    char ask[] = "--help";
    char *argv[] = {command, ask, NULL};
    if (command != NULL)
        return run_command(program, c, argv);
    program_print_help(program, options, stdout);
    return EXIT_DONE;
}

static int dispatch(const struct commands *c, int argc, char **argv) {
    AUTO_BUF list = BUF_INIT(HELP_MAX_BYTES);
    buf_put_str(&list, "Commands:\n");
    commands_describe(c, &list);
    buf_put_str(&list, "\ncapflab COMMAND --help describes each.\n");
    const struct program program = {
        .name = "capflab",
        .summary = "A laboratory in a box for Cisco's CAPF Online CA.",
        .usage = "COMMAND [ARGUMENT...]\nhelp [COMMAND]",
        .example = "capflab run -o out scenarios/healthy/online-ca.yaml",
        .more = buf_str(&list),
    };
    const struct opt options[] = {{.type = OPT_END}};
    int first = program_options(&program, options, true, argc, argv);
    if (first < argc && strcmp(argv[first], "help") == 0)
        return help(&program, options, c, argv[first + 1]);
    if (first < argc)
        return run_command(&program, c, argv + first);
    program_message(&program, "which command? capflab help lists them");
    return EXIT_USAGE;
}

int main(int argc, char **argv) {
    struct commands commands;
    AUTO(char) folder = own_folder();
    commands_find(&commands, folder != NULL ? folder : "");
    int result = dispatch(&commands, argc, argv);
    commands_free(&commands);
    return result;
}
