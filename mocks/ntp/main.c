/* capflab-ntp: the time server of a laboratory. */
#include "mocks/fault/mock_program.h"
#include "mocks/ntp/server.h"

static struct ntp_config config;

static void *start(struct process *process, struct fault_set *faults, struct err *e) {
    return ntp_server_new(process_loop(process), &config, faults, e);
}

static json_t *facts(const void *server) {
    return json_pack("{s:s}", "listen", ntp_server_address(server));
}

static void stop(void *server) {
    ntp_server_free(server);
}

static const struct mock_program mock = {
    .program = {.name = "capflab-ntp",
                .summary = "Stand-in for an NTP server: gives the right time, a wrong one, or "
                           "none.",
                .usage = "[--config FILE] [OPTION...]",
                .example = "  $ capflab-ntp --listen 127.0.0.1:1123\n"
                           "  $ chronyd -Q 'server 127.0.0.1 port 1123 iburst'\n",
                .config = ntp_fields},
    .faults = &ntp_faults,
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
