/* capflab-wire: relays for a laboratory's connections, which can be damaged on demand. */
#include "base/owned.h"
#include "base/process.h"
#include "base/program.h"
#include "mocks/wire/wire.h"

static struct program program = {
    .name = "capflab-wire",
    .summary = "Relay that passes TCP connections on, and damages them on demand.",
    .usage = "[OPTION...] --config FILE",
    .example = "cat > wire.yaml <<END\n"
               "relays:\n"
               "- {name: ra-certsrv, listen: 127.0.0.1:8443, to: 127.0.0.1:443}\n"
               "faults:\n"
               "- {at: wire:ra-certsrv, nth: 2, do: reset-after 1000}\n"
               "END\n"
               "capflab wire --config wire.yaml\n",
    .config = wire_fields,
};

/* Everything that a running relay owns, freed in the opposite order. */
struct mock {
    struct wire_config config;
    struct cfg_doc *doc;
    struct wire_tables tables;
    struct fault_set *faults;
    struct process *process;
    struct wire *wire;
};

static void mock_free(struct mock *m) {
    wire_free(m->wire);
    process_free(m->process);
    fault_set_free(m->faults);
    wire_tables_free(&m->tables);
    cfg_doc_free(m->doc);
}

static int apply_options(struct mock *m, const struct process_options *o, struct err *e) {
    struct relay_config *relays = m->config.relays.items;
    if (o->listen == NULL)
        return 0;
    if (m->config.relays.count != 1)
        return err_set(e, ERR_ARG_USAGE, "--listen is for one relay; write listen: for each");
    relays[0].listen = (char *)(uintptr_t)o->listen;
    return 0;
}

static int start(struct mock *m, const struct process_options *o, struct err *e) {
    if (apply_options(m, o, e) != 0)
        return -1;
    m->process = process_new(&m->config.process, o, e);
    if (m->process == NULL)
        return -1;
    const struct wire_setup setup = {&m->config, m->faults, process_loop(m->process),
                                     process_resolver(m->process)};
    m->wire = wire_new(&setup, e);
    return m->wire == NULL ? -1 : 0;
}

static int announce(struct mock *m, struct err *e) {
    const struct relay_config *relays = m->config.relays.items;
    json_t *listen = json_object();
    for (size_t i = 0; i < m->config.relays.count; i++)
        json_object_set_new(listen, relays[i].name,
                            json_string(wire_address(m->wire, relays[i].name)));
    return process_ready(m->process, json_pack("{s:o}", "listen", listen), e);
}

static int serve(const struct process_options *o) {
    static struct mock m;
    struct err e = {0};
    m.doc = program_config(&program, o->config, &m.config);
    int rc = wire_tables_make(&m.tables, &m.config, &e);
    if (rc == 0)
        m.faults = fault_set_or_exit(&program, &m.config.faults, m.doc, &m.tables.tables);
    if (rc == 0)
        rc = start(&m, o, &e);
    if (rc == 0)
        rc = announce(&m, &e);
    if (rc == 0)
        process_run(m.process);
    else
        program_message(&program, "%s", e.text);
    mock_free(&m);
    if (rc == 0)
        return EXIT_DONE;
    bool wrong_use =
        e.code == ERR_ARG_USAGE || e.code == ERR_CONFIG_BAD_VALUE || e.code == ERR_CONFIG_MISSING;
    return wrong_use ? EXIT_USAGE : EXIT_FAILED;
}

int main(int argc, char **argv) {
    struct process_options o = PROCESS_OPTIONS_INIT;
    const struct opt options[] = {PROCESS_OPTIONS(&o), {.type = OPT_END}};
    AUTO(char) more = fault_help(&wire_faults);
    program.more = more;
    int first = program_options(&program, options, false, argc, argv);
    if (first == argc)
        return serve(&o);
    struct err e = {0};
    err_set(&e, ERR_ARG_USAGE, "%s: not understood; the relays stand in the configuration file",
            argv[first]);
    program_die(&program, EXIT_USAGE, &e);
}
