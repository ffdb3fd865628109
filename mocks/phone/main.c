/* capflab-phone: simulated phones that boot, run their CAPF session and say how it went. */
#include "base/http_client.h"
#include "base/owned.h"
#include "base/process.h"
#include "base/program.h"
#include "mocks/phone/fleet.h"
#include "mocks/phone/phone_config.h"

static struct program program = {
    .name = "capflab-phone",
    .summary =
        "Runs simulated IP phones: boot, CAPF session, reset; prints one JSON line for each.",
    .usage = "[OPTION...]",
    .example =
        "$ capflab-phone --capf 127.0.0.1:3804 --certificate capf.pem --name SEP001122334455\n"
        "{\"device\":\"SEP001122334455\",\"result\":\"installed\",\"operation\":\"install\","
        "\"status\":[\"LSC: Installed\"],...}",
    .config = phone_file_fields,
};

struct arguments {
    struct process_options process;
    const char *name, *capf, *certificate;
    int64_t count, concurrency;
};

static void read_arguments(struct arguments *a, int argc, char **argv) {
    const struct opt options[] = {
        {"config", 'c', OPT_STRING, &a->process.config, "FILE", "configuration (YAML)"},
        {"name", 'n', OPT_STRING, &a->name, "NAME", "device name"},
        {"capf", 0, OPT_STRING, &a->capf, "HOST:PORT", "where CAPF is"},
        {"certificate", 0, OPT_STRING, &a->certificate, "FILE", "PEM trusted for role CAPF"},
        {"count", 0, OPT_INT, &a->count, "N", "phones, with names that count up"},
        {"concurrency", 0, OPT_INT, &a->concurrency, "N", "sessions at the same time"},
        {"die-with-parent", 0, OPT_FLAG, &a->process.die_with_parent, NULL,
         "end when the parent process ends"},
        {.type = OPT_END},
    };
    struct err e = {0};
    int operand = program_options(&program, options, false, argc, argv);
    if (operand < argc) {
        err_set(&e, ERR_ARG_USAGE, "%s: takes no operand, see --help", argv[operand]);
        program_die(&program, EXIT_USAGE, &e);
    }
}

/* Strings of options are the program's own argv: the file's struct does not free them. */
static void apply_arguments(struct phone_file *file, const struct arguments *a) {
    if (a->name != NULL)
        file->phone.name = (char *)(uintptr_t)a->name;
    if (a->capf != NULL)
        file->phone.capf.via = (char *)(uintptr_t)a->capf;
    if (a->certificate != NULL)
        file->phone.capf.certificate = (char *)(uintptr_t)a->certificate;
    if (a->count > 0)
        file->count = a->count;
    if (a->concurrency > 0)
        file->concurrency = a->concurrency;
}

static const char *dns_server(const struct phone_file *file) {
    const struct cfg_strings *servers = &file->process.dns_servers;
    return servers->count > 0 ? servers->items[0] : NULL;
}

static void on_done(void *user) {
    process_stop(user);
}

static int run_fleet(struct process *process, const struct phone_file *file,
                     const struct phone_list *list, const struct phone_shared *shared,
                     struct err *e) {
    struct fleet *fleet =
        fleet_new(shared, list, (size_t)file->concurrency, stdout, on_done, process, e);
    if (fleet == NULL)
        return -1;
    process_run(process);
    bool success = fleet_ended(fleet) == list->count && fleet_failed(fleet) == 0;
    fleet_free(fleet);
    return success ? EXIT_DONE : EXIT_FAILED;
}

static int run(struct process *process, const struct phone_file *file,
               const struct phone_list *list, struct err *e) {
    AUTO(SSL_CTX) tls = phone_tls_context(false, e);
    AUTO(SSL_CTX) legacy = phone_tls_context(true, e);
    if (tls == NULL || legacy == NULL)
        return -1;
    struct http_client *http = http_client_new(process_loop(process), process_resolver(process), e);
    if (http == NULL)
        return -1;
    const struct phone_shared shared = {.loop = process_loop(process),
                                        .resolver = process_resolver(process),
                                        .dns_server = dns_server(file),
                                        .http = http,
                                        .tls = tls,
                                        .legacy_tls = legacy};
    int result = run_fleet(process, file, list, &shared, e);
    http_client_free(http);
    return result;
}

static void make_list(struct phone_list *list, const struct phone_file *file, struct cfg_doc *doc) {
    struct cfg_mistakes *mistakes = cfg_mistakes_new();
    int made = mistakes == NULL ? -1 : phone_list_make(list, file, doc, mistakes);
    if (mistakes != NULL)
        cfg_mistakes_print(mistakes, stderr);
    cfg_mistakes_free(mistakes);
    if (made != 0)
        exit(EXIT_USAGE);
}

int main(int argc, char **argv) {
    struct arguments arguments = {.process = PROCESS_OPTIONS_INIT};
    struct phone_file file = {0};
    struct phone_list list;
    struct err e = {0};
    AUTO(char) more = fault_help(&phone_faults);
    program.more = more;
    read_arguments(&arguments, argc, argv);
    struct cfg_doc *doc = program_config(&program, arguments.process.config, &file);
    apply_arguments(&file, &arguments);
    make_list(&list, &file, doc);
    struct process *process = process_new(&file.process, &arguments.process, &e);
    int code = process == NULL ? -1 : run(process, &file, &list, &e);
    process_free(process);
    phone_list_free(&list);
    cfg_doc_free(doc);
    if (code < 0)
        program_die(&program, EXIT_USAGE, &e);
    return code;
}
