/* capflab-dns: the name server of a laboratory. */
#include "base/owned.h"
#include "base/process.h"
#include "base/program.h"
#include "mocks/dns/server.h"

static struct program program = {
    .name = "capflab-dns",
    .summary = "Stand-in for a DNS server: gives the right answer, a wrong one, or none.",
    .usage = "[--config FILE] [OPTION...]",
    .example = "  $ capflab-dns --config dns.yaml --listen 127.0.0.1:5353\n"
               "  $ dig @127.0.0.1 -p 5353 lab-dc.michamen.com\n",
    .config = dns_fields,
};

static int serve(struct process *process, const struct dns_config *config, struct fault_set *faults,
                 struct err *e) {
    struct dns_server *server = dns_server_new(process_loop(process), config, faults, e);
    if (server == NULL)
        return -1;
    int rc = process_ready(process, json_pack("{s:s}", "listen", dns_server_address(server)), e);
    if (rc == 0)
        process_run(process);
    dns_server_free(server);
    return rc;
}

static int run(const struct process_options *options, struct err *e) {
    struct dns_config config = {0};
    struct cfg_doc *doc = program_config(&program, options->config, &config);
    struct fault_set *faults = fault_set_or_exit(&program, &config.faults, doc, &dns_faults);
    if (options->listen != NULL)
        config.listen = (char *)(uintptr_t)options->listen;
    struct process *process = process_new(&config.process, options, e);
    int rc = process != NULL ? serve(process, &config, faults, e) : -1;
    process_free(process);
    fault_set_free(faults);
    cfg_doc_free(doc);
    return rc;
}

int main(int argc, char **argv) {
    struct process_options options = PROCESS_OPTIONS_INIT;
    const struct opt table[] = {PROCESS_OPTIONS(&options), {.type = OPT_END}};
    struct err e = {0};
    AUTO(char) faults = fault_help(&dns_faults);
    program.more = faults;
    if (program_options(&program, table, false, argc, argv) < argc) {
        program_message(&program, "%s: no operands are taken; see --help", argv[argc - 1]);
        return EXIT_USAGE;
    }
    if (run(&options, &e) == 0)
        return EXIT_DONE;
    bool wrong_use = e.code == ERR_ARG_USAGE || e.code == ERR_CONFIG_BAD_VALUE;
    program_message(&program, "%s", e.text);
    return wrong_use ? EXIT_USAGE : EXIT_FAILED;
}
