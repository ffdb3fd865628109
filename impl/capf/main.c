/* capflab-capf: the CAPF service, and the commands that administer its device store. */
#include "base/clock.h"
#include "base/program.h"
#include "base/workers.h"
#include "capf/cli.h"
#include "capf/service.h"
#include "capf/states.h"
#include <string.h>
#include <unistd.h>

static const struct program program = {
    .name = "capflab-capf",
    .summary = "CAPF service: gives IP phones their locally significant certificates.",
    .usage = "[serve] --config FILE [OPTION...]\n"
             "device add NAME... [--count N] [--file CSV] [COLUMN OPTION...]\n"
             "device set NAME|PATTERN... [--count N] [--file CSV] [COLUMN OPTION...]\n"
             "device copy NAME NEW [--count N]\n"
             "device list|report [NAME|PATTERN...] [--csv|--json]\n"
             "device renew [NAME|PATTERN...]\n"
             "device show NAME [--json]\n"
             "csr list|dump|delete [NAME|PATTERN...] [--output FOLDER|FILE.tgz] [--all]\n"
             "csr count\n"
             "cert import FILE|FOLDER|FILE.tgz...\n"
             "states [--diagram]",
    .example = "capflab-capf device add --store devices.sqlite SEP74A02FC0A675 \\\n"
               "    --operation install --mode null-string\n"
               "capflab-capf device add --store devices.sqlite 'SEP0011223344%02d' --count 100\n"
               "capflab-capf device set --store devices.sqlite 'SEP0011*' --operation install\n"
               "capflab-capf serve --config capf.yaml --listen 127.0.0.1:3804\n"
               "capflab-capf device report --store devices.sqlite --csv",
    .config = capf_config_fields,
};

struct arguments {
    struct process_options process;
    struct workers_options workers;
    struct cli_options cli;
};

static int parse(struct arguments *a, int argc, char **argv) {
    struct cli_options *o = &a->cli;
    const struct opt options[] = {
        PROCESS_OPTIONS(&a->process),
        WORKERS_OPTIONS(&a->workers),
        {"store", 's', OPT_STRING, &o->store, "FILE", "device store, instead of the config's"},
        {"operation", 0, OPT_STRING, &o->operation, "OPERATION",
         "none, install, delete or troubleshoot"},
        {"mode", 0, OPT_STRING, &o->mode, "MODE",
         "authentication mode: string, null-string, lsc or mic"},
        {"string", 0, OPT_STRING, &o->string, "DIGITS", "authentication string, 4 to 15 digits"},
        {"finish-by", 0, OPT_STRING, &o->finish_by, "TIME", "YYYY:MM:DD:HH:MM in UTC, or ''"},
        {"key-size", 0, OPT_STRING, &o->key_size, "BITS", "RSA: 512, 1024, 2048, 3072 or 4096"},
        {"ec-key-size", 0, OPT_STRING, &o->ec_key_size, "BITS", "EC: 256, 384, 521 or none"},
        {"key-order", 0, OPT_STRING, &o->key_order, "ORDER", "rsa-only, ec-only or ec-preferred"},
        {"model", 0, OPT_STRING, &o->model, "MODEL", "put before the name in the CN (CP-8845)"},
        {"description", 0, OPT_STRING, &o->description, "TEXT", "for people"},
        {"status", 0, OPT_STRING, &o->status, "STATUS", "LSC status, by text or number"},
        {"count", 0, OPT_INT, &o->count, "N", "NAME is a pattern with one %d or %X: N devices"},
        {"first", 0, OPT_INT, &o->first, "N", "first number for the pattern"},
        {"file", 'f', OPT_STRING, &o->file, "CSV", "devices with their columns, headings first"},
        {"output", 'o', OPT_STRING, &o->output, "PATH", "where csr dump writes"},
        {"all", 0, OPT_FLAG, &o->all, NULL, "csr delete: every one"},
        {"csv", 0, OPT_FLAG, &o->csv, NULL, "output as CSV"},
        {"json", 0, OPT_FLAG, &o->json, NULL, "output as JSON"},
        {"diagram", 0, OPT_FLAG, &o->diagram, NULL, "states as a Graphviz digraph"},
        {.type = OPT_END},
    };
    return program_options(&program, options, false, argc, argv);
}

static int announce(struct process *process, const struct capf_service *service, struct err *e) {
    json_t *facts = json_pack("{s:s}", "listen", service->address);
    return process_ready(process, facts, e);
}

static int run_service(const struct capf_config *config, const struct process_options *options,
                       struct err *e) {
    struct process *process = process_new(&config->process, options, e);
    if (process == NULL)
        return -1;
    struct capf_service *service = capf_service_new(
        config, process_loop(process), process_resolver(process), NULL, config->listen, e);
    int rc = service == NULL ? -1 : announce(process, service, e);
    if (rc == 0)
        process_run(process);
    capf_service_free(service);
    process_free(process);
    return rc;
}

static bool is_config_mistake(const struct err *e) {
    return strncmp(err_name(e->code), "CONFIG_", 7) == 0 || e->code == ERR_ARG_USAGE;
}

/* The command line beats the file. */
static void apply_options(struct capf_config *config, const struct arguments *a) {
    struct err e = {0};
    if (a->cli.store != NULL)
        config->store = (char *)a->cli.store;
    if (a->process.listen != NULL)
        config->listen = (char *)a->process.listen;
    if (workers_apply(&config->workers, &a->workers, &e) != 0)
        program_die(&program, EXIT_USAGE, &e);
}

static int serve(struct arguments *a) {
    struct capf_config config = {0};
    struct err e = {0};
    int supervised = EXIT_DONE;
    struct cfg_doc *doc = program_config(&program, a->process.config, &config);
    apply_options(&config, a);
    const struct workers_plan plan = {config.workers.count, config.listen, &config.process};
    int rc =
        workers_split(&plan, &a->process, &supervised) ? run_service(&config, &a->process, &e) : 0;
    cfg_doc_free(doc);
    if (rc < 0)
        program_die(&program, is_config_mistake(&e) ? EXIT_USAGE : EXIT_FAILED, &e);
    return supervised;
}

typedef int command_fn(struct cli *c, int argc, char **argv);

/* Only `device add` begins a store; elsewhere a path that leads nowhere is a mistake. */
static int check_store(const char *path, command_fn *command, int argc, char **argv,
                       struct err *e) {
    bool begins = command == cli_device && argc > 0 && strcmp(argv[0], "add") == 0;
    if (begins || access(path, F_OK) == 0)
        return 0;
    return err_set(e, ERR_STORE_OPEN, "%s: there is no such device store; device add makes one",
                   path);
}

/* The configuration is read for the store's path, for root and for the service's time; none of it
 * is needed with --store. */
static int administer(const struct arguments *a, command_fn *command, int argc, char **argv) {
    struct capf_config config = {0};
    struct err e = {0};
    struct cfg_doc *doc =
        a->process.config == NULL ? NULL : program_config(&program, a->process.config, &config);
    if (doc != NULL)
        clock_configure(config.process.clock_offset_us, config.process.clock_rate);
    const char *path = a->cli.store != NULL ? a->cli.store : config.store;
    if (path == NULL) {
        program_message(&program, "say --store FILE or --config FILE");
        return EXIT_USAGE;
    }
    struct cli c = {&program, &a->cli, &config, NULL, stdout};
    if (check_store(path, command, argc, argv, &e) == 0)
        c.store = store_open(path, &e);
    int rc = c.store == NULL ? cli_fail(&c, &e) : command(&c, argc, argv);
    store_close(c.store);
    cfg_doc_free(doc);
    return rc;
}

static int print_states(const struct arguments *a) {
    if (a->cli.diagram)
        states_print_diagram(stdout);
    else
        states_print_table(stdout);
    return EXIT_DONE;
}

int main(int argc, char **argv) {
    static const char *const commands[] = {"serve", "device", "csr", "cert", "states", NULL};
    struct arguments a = {.process = PROCESS_OPTIONS_INIT};
    int at = parse(&a, argc, argv);
    const char *command = at < argc ? argv[at] : "serve";
    int left = at < argc ? argc - at - 1 : 0;
    char **rest = argv + at + 1;
    if (strcmp(command, "serve") == 0)
        return serve(&a);
    if (strcmp(command, "device") == 0)
        return administer(&a, cli_device, left, rest);
    if (strcmp(command, "csr") == 0)
        return administer(&a, cli_csr, left, rest);
    if (strcmp(command, "cert") == 0)
        return administer(&a, cli_cert, left, rest);
    if (strcmp(command, "states") == 0)
        return print_states(&a);
    const char *near = nearest_word(command, commands);
    program_message(&program, "there is no command '%s'%s%s", command,
                    near == NULL ? "; see --help" : ", did you mean ", near == NULL ? "" : near);
    return EXIT_USAGE;
}
