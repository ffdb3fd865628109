/* capflab-dns: the name server of a laboratory. */
#include "mocks/dns/server.h"
#include "mocks/fault/mock_program.h"

static struct dns_config config;

static void *start(struct process *process, struct fault_set *faults, struct err *e) {
    return dns_server_new(process_loop(process), &config, faults, e);
}

static json_t *facts(const void *server) {
    return json_pack("{s:s}", "listen", dns_server_address(server));
}

static void stop(void *server) {
    dns_server_free(server);
}

static const struct mock_program mock = {
    .program = {.name = "capflab-dns",
                .summary =
                    "Stand-in for a DNS server: gives the right answer, a wrong one, or none.",
                .usage = "[--config FILE] [OPTION...]",
                .example = "  $ capflab-dns --config dns.yaml --listen 127.0.0.1:5353\n"
                           "  $ dig @127.0.0.1 -p 5353 lab-dc.michamen.com\n",
                .config = dns_fields},
    .faults = &dns_faults,
    .config = &config,
    .process = &config.process,
    .listen = &config.listen,
    .fault_rows = &config.faults,
    .start = start,
    .facts = facts,
    .stop = stop,
};

int main(int argc, char **argv) {
    return mock_program_main(&mock, argc, argv);
}
