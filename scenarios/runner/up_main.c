/* capflab-up: starts the lab of a scenario file and leaves it running for real clients. The lab
 * runs in a process group of its own; this program watches over it and hands on SIGINT and SIGTERM.
 */
#include "base/owned.h"
#include "base/program.h"
#include "scenarios/runner/place.h"
#include "scenarios/runner/up.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct program program = {
    .name = "capflab-up",
    .summary = "Starts the lab of a scenario file and leaves it running until SIGINT or SIGTERM.",
    .usage = "[OPTION...] FILE",
    .example = "capflab up scenarios/healthy/online-ca.yaml\n"
               "capflab up --certsrv 0.0.0.0:8443 --ra 0.0.0.0:8084 --capf 0.0.0.0:3804 FILE",
    .more =
        "The steps of the scenario are not taken: each device waits for its phone with an\n"
        "install/upgrade pending. What the lab listens on, its names, users, files and commands\n"
        "to try are printed once everything is ready.",
};

static sigset_t ending_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

/* The child: the lab itself. */
static _Noreturn void be_lab(const struct scenario *s, const struct run_options *options,
                             const char *dir, pid_t parent) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_FAILED);
    exit(up_run(s, options, dir, stdout));
}

/* Waits for the lab's end; signals that come meanwhile are handed on as SIGTERM. */
static int watch(pid_t lab) {
    sigset_t set = ending_signals();
    sigaddset(&set, SIGCHLD);
    int status = 0;
    pid_t got = 0;
    while ((got = waitpid(lab, &status, WNOHANG)) == 0) {
        int signal = 0;
        if (sigwait(&set, &signal) == 0 && signal != SIGCHLD)
            kill(lab, SIGTERM);
    }
    kill(-lab, SIGKILL);
    return got == lab && WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
}

static int start_and_watch(const struct scenario *s, const struct run_options *options,
                           const char *dir) {
    sigset_t set = ending_signals();
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    fflush(NULL);
    pid_t parent = getpid();
    pid_t lab = fork();
    if (lab == 0)
        be_lab(s, options, dir, parent);
    if (lab < 0) {
        program_message(&program, "fork: %s", strerror(errno));
        return EXIT_FAILED;
    }
    setpgid(lab, lab);
    return watch(lab);
}

static struct scenario *load(const char *path) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    AUTO(char) name = place_scenario_name(path, NULL);
    struct scenario *s = m == NULL || name == NULL ? NULL : scenario_load(path, name, m);
    if (s == NULL && m != NULL)
        cfg_mistakes_print(m, stderr);
    cfg_mistakes_free(m);
    return s;
}

int main(int argc, char **argv) {
    const char *dir = "out/up";
    struct run_options options = {.seed = "1", .patience = 1};
    const struct opt table[] = {
        {"output", 'o', OPT_STRING, &dir, "DIR", "folder for the lab's files (default: out/up)"},
        {"certsrv", 0, OPT_STRING, &options.listen[COMPONENT_CERTSRV], "HOST:PORT",
         "where certsrv listens (default: a free port of 127.0.0.1)"},
        {"ra", 0, OPT_STRING, &options.listen[COMPONENT_RA], "HOST:PORT", "where the RA listens"},
        {"capf", 0, OPT_STRING, &options.listen[COMPONENT_CAPF], "HOST:PORT", "where CAPF listens"},
        {"seed", 0, OPT_STRING, &options.seed, "N", "seed of every random choice (default: 1)"},
        {.type = OPT_END},
    };
    int first = program_options(&program, table, false, argc, argv);
    if (argc - first != 1) {
        program_message(&program, "give one scenario file; --help has an example");
        return EXIT_USAGE;
    }
    struct scenario *s = load(argv[first]);
    AUTO(char) programs = place_programs();
    AUTO(char) keys = keypool_default_dir();
    if (s == NULL)
        return EXIT_USAGE;
    options.programs = programs;
    options.keys = keys;
    int code = programs == NULL || keys == NULL ? EXIT_FAILED : start_and_watch(s, &options, dir);
    scenario_free(s);
    return code;
}
