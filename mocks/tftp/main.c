/* capflab-tftp: the file service of a laboratory. */
#include "mocks/fault/mock_program.h"
#include "mocks/tftp/server.h"

static struct tftp_config config;
static const char *http;

static const struct opt options[] = {
    {"http", 0, OPT_STRING, &http, "HOST:PORT", "address of HTTP; port 0 picks one"},
    {.type = OPT_END},
};

static void *start(struct process *process, struct fault_set *faults, struct err *e) {
    if (http != NULL)
        config.http = (char *)(uintptr_t)http;
    return tftp_server_new(process_loop(process), &config, faults, e);
}

static json_t *facts(const void *server) {
    return json_pack("{s:s, s:s}", "listen", tftp_server_address(server), "http",
                     tftp_server_http_address(server));
}

static void stop(void *server) {
    tftp_server_free(server);
}

static const struct mock_program mock = {
    .program = {.name = "capflab-tftp",
                .summary = "Stand-in for CUCM's TFTP service: trust lists and phones' "
                           "configurations, over TFTP and HTTP.",
                .usage = "[--config FILE] [OPTION...]",
                .example = "  $ capflab-tftp --config tftp.yaml --listen 127.0.0.1:6969 "
                           "--http 127.0.0.1:6970\n"
                           "  $ curl -O http://127.0.0.1:6970/ITLFile.tlv\n"
                           "  $ curl -O tftp://127.0.0.1:6969/SEP74A02FC0A675.cnf.xml\n",
                .config = tftp_fields},
    .faults = &tftp_faults,
    .options = options,
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
