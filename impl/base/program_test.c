/* The face of programs: each case runs the parser in a child and looks at its output, its messages
 * and its exit code. */
#include "base/file.h"
#include "base/owned.h"
#include "base/program.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

struct lab {
    const char *config;
    bool verbose;
    int64_t jobs;
    int64_t timeout_us;
    struct opt_strings tags;
    int first;
};

struct lab_config {
    char *listen;
    int64_t port;
};

static const struct cfg_field lab_fields[] = {
    CFG_STRING(struct lab_config, listen, "listen", "127.0.0.1:0", "address to serve on"),
    {.type = CFG_T_INT,
     .name = "port",
     .offset = offsetof(struct lab_config, port),
     .min = 1,
     .max = 65535,
     .required = true,
     .help = "of the CA"},
    CFG_END,
};

static const struct program program = {
    .name = "capflab-lab",
    .summary = "Runs a laboratory.",
    .usage = "[OPTION...] PATH...\n--lint PATH...",
    .example = "capflab-lab -j 2 a.yaml\ncapflab-lab --lint a.yaml",
    .config = lab_fields,
    .more = "More is said elsewhere.",
};

static void parse(struct lab *lab, bool stop_at_operand, int argc, char **argv) {
    const struct opt options[] = {
        {"config", 'c', OPT_STRING, &lab->config, "FILE", "configuration (YAML)"},
        {"verbose", 'v', OPT_FLAG, &lab->verbose, NULL, "say more"},
        {"jobs", 'j', OPT_INT, &lab->jobs, "N", "run N at once"},
        {"timeout", 0, OPT_DURATION, &lab->timeout_us, "TIME", "give up\nafter that"},
        {"tag", 't', OPT_STRINGS, &lab->tags, "TAG", "only these"},
        {.type = OPT_END}};
    lab->first = program_options(&program, options, stop_at_operand, argc, argv);
}

enum { ARGS_MAX = 80 };

/* The words of line, split at spaces, behind the program's name. Owned by storage. */
static int split(const char *line, char **argv, char **storage) {
    static char name[] = "capflab-lab";
    int argc = 1;
    argv[0] = name;
    *storage = strdup(line);
    for (char *word = strtok(*storage, " "); word != NULL && argc < ARGS_MAX;
         word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    return argc;
}

static struct lab parsed(const char *line, bool stop_at_operand, char **storage) {
    char *argv[ARGS_MAX + 1];
    struct lab lab = {.jobs = 1};
    int argc = split(line, argv, storage);
    parse(&lab, stop_at_operand, argc, argv);
    return lab;
}

START_TEST(options_of_every_type_are_stored) {
    char *storage = NULL;
    struct lab lab =
        parsed("-v a.yaml -c lab.yaml --jobs=-3 --timeout 5m -t x --tag y b", false, &storage);
    ck_assert(lab.verbose);
    ck_assert_str_eq(lab.config, "lab.yaml");
    ck_assert_int_eq(lab.jobs, -3);
    ck_assert_int_eq(lab.timeout_us, 300000000);
    ck_assert_uint_eq(lab.tags.count, 2);
    ck_assert_str_eq(lab.tags.items[0], "x");
    ck_assert_str_eq(lab.tags.items[1], "y");
    ck_assert_int_eq(lab.first, 11);
    free(storage);
}
END_TEST

START_TEST(defaults_stay_and_long_names_may_be_cut) {
    char *storage = NULL;
    struct lab lab = parsed("--verb --conf x", false, &storage);
    ck_assert(lab.verbose);
    ck_assert_str_eq(lab.config, "x");
    ck_assert_int_eq(lab.jobs, 1);
    ck_assert_int_eq(lab.first, 4);
    free(storage);
}
END_TEST

START_TEST(operands_may_end_the_options) {
    char *storage = NULL;
    struct lab lab = parsed("-v run --unknown", true, &storage);
    ck_assert_int_eq(lab.first, 2);
    free(storage);
    lab = parsed("-v -- --unknown", false, &storage);
    ck_assert_int_eq(lab.first, 3);
    free(storage);
}
END_TEST

/* What a child said and how it ended. */
struct outcome {
    struct buf out, err;
    int code;
};

static void redirect(int fd, const char *path) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(file, fd);
    close(file);
}

static void outcome_free(struct outcome *o) {
    buf_free(&o->out);
    buf_free(&o->err);
}
#define OUTCOME __attribute__((cleanup(outcome_free))) struct outcome

/* Runs act in a child; a child that comes back from it exits 42. */
static struct outcome outcome_of(void act(const char *), const char *argument) {
    TEMPORARY(dir);
    AUTO(char) out = path_join(dir, "out");
    AUTO(char) err = path_join(dir, "err");
    struct outcome o = {.out = BUF_INIT(65536), .err = BUF_INIT(65536)};
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        redirect(STDOUT_FILENO, out);
        redirect(STDERR_FILENO, err);
        act(argument);
        exit(42);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    o.code = WEXITSTATUS(status);
    ck_assert_int_eq(file_read(out, &o.out, NULL), 0);
    ck_assert_int_eq(file_read(err, &o.err, NULL), 0);
    return o;
}

static void act_parse(const char *line) {
    char *storage = NULL;
    parsed(line, false, &storage);
    free(storage);
}

static const struct {
    const char *line;
    const char *message;
} refused[] = {
    {"--confg x", "unknown option --confg, did you mean --config?"},
    {"--jbos=3", "unknown option --jbos, did you mean --jobs?"},
    {"--verison", "unknown option --verison, did you mean --version?"},
    {"--zzzzz", "unknown option --zzzzz"},
    {"--ver", "option --ver is the beginning of several"},
    {"a.yaml --wrong b.yaml", "unknown option --wrong"},
    {"-x", "unknown option -x"},
    {"-vx", "unknown option -x"},
    {"-c", "option -c needs FILE"},
    {"--config", "option --config needs FILE"},
    {"--verbose=yes", "option --verbose takes no value"},
    {"--jobs many", "option --jobs: \"many\" is not a whole number"},
    {"-j 99999999999999999999", "option --jobs: \"99999999999999999999\" is not a whole number"},
    {"--timeout 10",
     "option --timeout: \"10\" is not a duration such as 250ms, 10s, 5m, 2h or 30d"},
};

START_TEST(mistakes_end_with_a_message_and_2) {
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        OUTCOME o = outcome_of(act_parse, refused[i].line);
        AUTO(char) expected = NULL;
        ck_assert_int_gt(
            asprintf(&expected, "capflab-lab: %s (see capflab-lab --help)\n", refused[i].message),
            0);
        ck_assert_str_eq(buf_str(&o.err), expected);
        ck_assert_str_eq(buf_str(&o.out), "");
        ck_assert_int_eq(o.code, EXIT_USAGE);
    }
}
END_TEST

START_TEST(an_option_may_not_be_given_without_end) {
    AUTO_BUF line = BUF_INIT(1024);
    for (int i = 0; i <= OPT_STRINGS_MAX; i++)
        buf_put_str(&line, "-tx ");
    OUTCOME o = outcome_of(act_parse, buf_str(&line));
    ck_assert_str_eq(buf_str(&o.err),
                     "capflab-lab: option --tag: given more than 64 times (see capflab-lab "
                     "--help)\n");
    ck_assert_int_eq(o.code, EXIT_USAGE);
}
END_TEST

START_TEST(help_is_complete_and_in_columns) {
    static const char expected[] = "Usage: capflab-lab [OPTION...] PATH...\n"
                                   "       capflab-lab --lint PATH...\n"
                                   "\n"
                                   "Runs a laboratory.\n"
                                   "\n"
                                   "Options:\n"
                                   "  -c, --config FILE   configuration (YAML)\n"
                                   "  -v, --verbose       say more\n"
                                   "  -j, --jobs N        run N at once\n"
                                   "      --timeout TIME  give up\n"
                                   "                      after that\n"
                                   "  -t, --tag TAG       only these\n"
                                   "  -h, --help          print this and exit\n"
                                   "  -V, --version       print the version and exit\n"
                                   "\n"
                                   "Configuration file (YAML; key, type, default, meaning):\n"
                                   "  listen  text      127.0.0.1:0  address to serve on\n"
                                   "  port    1..65535  required     of the CA\n"
                                   "\n"
                                   "More is said elsewhere.\n"
                                   "\n"
                                   "Example:\n"
                                   "    capflab-lab -j 2 a.yaml\n"
                                   "    capflab-lab --lint a.yaml\n";
    OUTCOME o = outcome_of(act_parse, "--help --wrong");
    ck_assert_str_eq(buf_str(&o.out), expected);
    ck_assert_str_eq(buf_str(&o.err), "");
    ck_assert_int_eq(o.code, EXIT_DONE);
    OUTCOME short_form = outcome_of(act_parse, "-h");
    ck_assert_str_eq(buf_str(&short_form.out), expected);
}
END_TEST

START_TEST(the_version_is_told) {
    AUTO(char) expected = NULL;
    ck_assert_int_gt(asprintf(&expected, "capflab-lab %s\n", capflab_version), 0);
    OUTCOME o = outcome_of(act_parse, "-V");
    ck_assert_str_eq(buf_str(&o.out), expected);
    ck_assert_int_eq(o.code, EXIT_DONE);
}
END_TEST

static void act_die(const char *text) {
    struct err e = {0};
    err_set(&e, ERR_STORE_OPEN, "%s", text);
    program_message(&program, "a %s", "message");
    program_die(&program, EXIT_FAILED, &e);
}

START_TEST(dying_names_the_program_and_the_code) {
    OUTCOME o = outcome_of(act_die, "db/ca.sqlite: locked");
    ck_assert_str_eq(buf_str(&o.err), "capflab-lab: a message\n"
                                      "capflab-lab: db/ca.sqlite: locked (STORE_OPEN)\n");
    ck_assert_int_eq(o.code, EXIT_FAILED);
}
END_TEST

static void act_config(const char *path) {
    struct lab_config config = {0};
    struct cfg_doc *doc = program_config(&program, path, &config);
    printf("%s %lld\n", config.listen, (long long)config.port);
    cfg_doc_free(doc);
}

static struct outcome config_outcome(const char *yaml) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "lab.yaml");
    ck_assert_int_eq(file_write(path, bytes_of_str(yaml), 0600, NULL), 0);
    return outcome_of(act_config, path);
}

START_TEST(a_good_configuration_is_loaded) {
    OUTCOME o = config_outcome("port: 443\n");
    ck_assert_str_eq(buf_str(&o.out), "127.0.0.1:0 443\n");
    ck_assert_int_eq(o.code, 42);
}
END_TEST

START_TEST(all_mistakes_of_a_configuration_are_printed) {
    OUTCOME o = config_outcome("prot: 443\nlisten: []\n");
    const char *text = buf_str(&o.err);
    ck_assert_ptr_nonnull(strstr(text, "lab.yaml:1:1: the required key \"port\" is missing\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "lab.yaml:1:1: unknown key \"prot\", did you mean \"port\"?\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "lab.yaml:2:9: listen: expected a single value, found a list\n"));
    ck_assert_ptr_nonnull(strstr(text, "capflab-lab: the configuration was not accepted\n"));
    ck_assert_int_eq(o.code, EXIT_USAGE);
}
END_TEST

START_TEST(without_a_file_the_defaults_must_do) {
    OUTCOME o = outcome_of(act_config, NULL);
    ck_assert_str_eq(buf_str(&o.err),
                     "the required key \"port\" is missing\n"
                     "capflab-lab: no configuration file; give one with --config\n");
    ck_assert_int_eq(o.code, EXIT_USAGE);
}
END_TEST

TEST_MAIN("program", options_of_every_type_are_stored, defaults_stay_and_long_names_may_be_cut,
          operands_may_end_the_options, mistakes_end_with_a_message_and_2,
          an_option_may_not_be_given_without_end, help_is_complete_and_in_columns,
          the_version_is_told, dying_names_the_program_and_the_code, a_good_configuration_is_loaded,
          all_mistakes_of_a_configuration_are_printed, without_a_file_the_defaults_must_do)
