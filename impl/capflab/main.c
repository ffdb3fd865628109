/* capflab COMMAND ... runs the program capflab-COMMAND, as git does: the one beside this program,
 * else the one in PATH. It knows nothing of what the commands do. */
#include "base/bytes.h"
#include "base/owned.h"
#include "base/program.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { COMMANDS_MAX = 64, HELP_MAX_BYTES = 16 * 1024 };

static const char prefix[] = "capflab-";

/* What the list of commands says of each. */
static const struct {
    const char *command;
    const char *summary;
} summaries[] = {
    {"capf", "the CAPF service, and the administration of its devices"},
    {"ra", "the registration authority: EST for CAPF, certsrv for the CA"},
    {"certsrv", "a mock of IIS and AD CS web enrolment"},
    {"phone", "a simulated IP phone that gets or gives up its LSC"},
    {"run", "run scenarios and judge them"},
    {"up", "start a lab and leave it running for real clients"},
};

/* The commands found beside this program, in alphabetical order; ends with NULL. */
struct commands {
    char folder[PATH_MAX];
    const char *names[COMMANDS_MAX + 1];
    size_t count;
};

static const char *summary_of(const char *command) {
    for (size_t i = 0; i < sizeof summaries / sizeof summaries[0]; i++) {
        if (strcmp(summaries[i].command, command) == 0)
            return summaries[i].summary;
    }
    return "";
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void find_folder(struct commands *c) {
    ssize_t n = readlink("/proc/self/exe", c->folder, sizeof c->folder - 1);
    c->folder[n > 0 ? n : 0] = '\0';
    char *last = strrchr(c->folder, '/');
    if (last != NULL)
        *last = '\0';
}

static void add_command(struct commands *c, DIR *folder, const char *file) {
    size_t skip = sizeof prefix - 1;
    if (strncmp(file, prefix, skip) != 0 || c->count == COMMANDS_MAX ||
        faccessat(dirfd(folder), file, X_OK, 0) != 0)
        return;
    char *name = strdup(file + skip);
    if (name != NULL)
        c->names[c->count++] = name;
}

static void find_commands(struct commands *c) {
    find_folder(c);
    DIR *folder = opendir(c->folder);
    if (folder == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        add_command(c, folder, entry->d_name);
    closedir(folder);
    qsort(c->names, c->count, sizeof c->names[0], by_name);
}

static void free_commands(struct commands *c) {
    for (size_t i = 0; i < c->count; i++)
        free((void *)(uintptr_t)c->names[i]);
}

static void describe(const struct commands *c, struct buf *out) {
    buf_put_str(out, "Commands:\n");
    for (size_t i = 0; i < c->count; i++)
        buf_printf(out, "  %-10s  %s\n", c->names[i], summary_of(c->names[i]));
    buf_put_str(out, "\ncapflab COMMAND --help describes each.\n");
}

static bool is_known(const struct commands *c, const char *command) {
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->names[i], command) == 0)
            return true;
    }
    return false;
}

/* Returns only when there is no such program; errno says why. */
static void exec_command(const struct commands *c, const char *command, char **argv) {
    AUTO(char) name = NULL;
    AUTO(char) beside = NULL;
    if (asprintf(&name, "%s%s", prefix, command) < 0)
        name = NULL;
    if (name == NULL || asprintf(&beside, "%s/%s", c->folder, name) < 0) {
        beside = NULL;
        errno = ENOMEM;
        return;
    }
    argv[0] = name;
    if (is_known(c, command))
        execv(beside, argv);
    else if (strchr(command, '/') == NULL)
        execvp(name, argv);
    else
        errno = ENOENT;
}

static int run_command(const struct program *program, const struct commands *c, char **argv) {
    const char *command = argv[0];
    exec_command(c, command, argv);
    if (errno != ENOENT) {
        program_message(program, "%s: %s", command, strerror(errno));
        return EXIT_FAILED;
    }
    const char *near = nearest_word(command, c->names);
    if (near != NULL)
        program_message(program, "unknown command \"%s\", did you mean \"%s\"?", command, near);
    else
        program_message(program, "unknown command \"%s\"; capflab help lists them", command);
    return EXIT_USAGE;
}

/* "help COMMAND" is "COMMAND --help". */
static int help(const struct program *program, const struct opt *options, const struct commands *c,
                const char *command) {
    char ask[] = "--help";
    AUTO(char) name = command != NULL ? strdup(command) : NULL;
    if (name == NULL) {
        program_print_help(program, options, stdout);
        return EXIT_DONE;
    }
    char *argv[] = {name, ask, NULL};
    return run_command(program, c, argv);
}

int main(int argc, char **argv) {
    struct commands commands = {0};
    find_commands(&commands);
    AUTO_BUF list = BUF_INIT(HELP_MAX_BYTES);
    describe(&commands, &list);
    const struct program program = {
        .name = "capflab",
        .summary = "A laboratory in a box for Cisco's CAPF Online CA.",
        .usage = "COMMAND [ARGUMENT...]\nhelp [COMMAND]",
        .example = "capflab run -o out scenarios/healthy/online-ca.yaml",
        .more = buf_str(&list),
    };
    const struct opt options[] = {{.type = OPT_END}};
    int first = program_options(&program, options, true, argc, argv);
    int result = EXIT_USAGE;
    if (first == argc)
        program_message(&program, "which command? capflab help lists them");
    else if (strcmp(argv[first], "help") == 0)
        result = help(&program, options, &commands, argv[first + 1]);
    else
        result = run_command(&program, &commands, argv + first);
    free_commands(&commands);
    return result;
}
