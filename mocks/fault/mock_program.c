/* One way through every mock's main. Knows nothing of what is served. */
#include "mocks/fault/mock_program.h"
#include "base/owned.h"

static int serve(const struct mock_program *mock, struct process *process, struct fault_set *faults,
                 struct err *e) {
    void *server = mock->start(process, faults, e);
    if (server == NULL)
        return -1;
    int rc = process_ready(process, mock->facts(server), e);
    if (rc == 0)
        process_run(process);
    mock->stop(server);
    return rc;
}

static int run(const struct mock_program *mock, const struct program *program,
               const struct process_options *options, struct err *e) {
    struct cfg_doc *doc = program_config(program, options->config, mock->config);
    struct fault_set *faults = fault_set_or_exit(program, mock->fault_rows, doc, mock->faults);
    if (options->listen != NULL)
        *mock->listen = (char *)(uintptr_t)options->listen;
    struct process *process = process_new(mock->process, options, e);
    int rc = process != NULL ? serve(mock, process, faults, e) : -1;
    process_free(process);
    fault_set_free(faults);
    cfg_doc_free(doc);
    return rc;
}

static void read_options(const struct mock_program *mock, const struct program *program,
                         struct process_options *options, int argc, char **argv) {
    struct opt table[MOCK_OPTIONS_MAX] = {PROCESS_OPTIONS(options), {.type = OPT_END}};
    size_t n = 0;
    while (table[n].type != OPT_END)
        n++;
    for (const struct opt *own = mock->options;
         own != NULL && own->type != OPT_END && n + 1 < MOCK_OPTIONS_MAX; own++)
        table[n++] = *own;
    table[n] = (struct opt){.type = OPT_END};
    if (program_options(program, table, false, argc, argv) == argc)
        return;
    program_message(program, "%s: no operands are taken; see --help", argv[argc - 1]);
    exit(EXIT_USAGE);
}

static bool is_wrong_use(enum err_code code) {
    return code == ERR_ARG_USAGE || code == ERR_CONFIG_BAD_VALUE || code == ERR_CONFIG_MISSING;
}

int mock_program_main(const struct mock_program *mock, int argc, char **argv) {
    struct process_options options = PROCESS_OPTIONS_INIT;
    struct program program = mock->program;
    struct err e = {0};
    AUTO(char) faults = fault_help(mock->faults);
    program.more = faults;
    read_options(mock, &program, &options, argc, argv);
    if (run(mock, &program, &options, &e) == 0)
        return EXIT_DONE;
    program_message(&program, "%s", e.text);
    return is_wrong_use(e.code) ? EXIT_USAGE : EXIT_FAILED;
}
