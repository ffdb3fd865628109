/* capflab-tvs: the Trust Verification Service of a laboratory. */
#include "mocks/fault/mock_program.h"
#include "mocks/tvs/server.h"

static struct tvs_config config;

static void *start(struct process *process, struct fault_set *faults, struct err *e) {
    return tvs_server_new(process_loop(process), &config, faults, e);
}

static json_t *facts(const void *server) {
    return json_pack("{s:s}", "listen", tvs_server_address(server));
}

static void stop(void *server) {
    tvs_server_free(server);
}

static const struct mock_program mock = {
    .program = {.name = "capflab-tvs",
                .summary = "Stand-in for CUCM's Trust Verification Service: tells phones which "
                           "certificates to trust, and for what.",
                .usage = "--config FILE [OPTION...]",
                .example = "  $ cat > tvs.yaml <<END\n"
                           "  certificate: tvs.pem\n"
                           "  key: tvs.key\n"
                           "  store:\n"
                           "  - {certificate: callmanager.pem, roles: [sast, ccm+tftp]}\n"
                           "  - {certificate: capf.pem, roles: capf}\n"
                           "  END\n"
                           "  $ capflab-tvs --config tvs.yaml --listen 127.0.0.1:2445\n",
                .config = tvs_fields},
    .faults = &tvs_faults,
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
