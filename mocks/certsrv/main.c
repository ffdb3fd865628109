/* capflab-certsrv: IIS + AD CS web enrolment for a laboratory. Wires configuration, CA and web
 * server together; runs the manager's commands. */
#include "base/owned.h"
#include "base/process.h"
#include "base/program.h"
#include "base/workers.h"
#include "mocks/certsrv/directory.h"
#include "mocks/certsrv/made.h"
#include "mocks/certsrv/manager.h"
#include "mocks/certsrv/points.h"
#include "mocks/certsrv/server.h"
#include <stdlib.h>
#include <string.h>

static struct program program = {
    .name = "capflab-certsrv",
    .summary = "Stand-in for Microsoft AD CS web enrolment (/certsrv on IIS).",
    .usage = "[OPTION...]\nlist --database FILE\nissue|deny|revoke --database FILE ID\n"
             "copy --database FILE --count N [ID]",
    .example = "capflab certsrv --listen 127.0.0.1:8443 --user 'MICHAMEN\\ciscora:PASSWORD' "
               "--template CiscoRA\n"
               "curl -k --ntlm -u 'MICHAMEN\\ciscora:PASSWORD' "
               "https://127.0.0.1:8443/certsrv/certrqxt.asp\n",
    .config = certsrv_fields,
};

struct options {
    struct process_options process;
    struct workers_options workers;
    struct opt_strings users, templates;
    const char *state, *database, *as;
    int64_t count;
};

/* Everything that a running mock owns, freed in the opposite order. */
struct mock {
    struct certsrv_config config;
    struct cfg_doc *doc;
    struct process *process;
    struct directory directory;
    struct made made;
    struct ca *ca;
    struct fault_set *faults;
    struct certsrv_server *server;
};

static void mock_free(struct mock *m) {
    certsrv_server_free(m->server);
    ca_close(m->ca);
    made_free(&m->made);
    directory_free(&m->directory);
    fault_set_free(m->faults);
    process_free(m->process);
    cfg_doc_free(m->doc);
}

/* The command line beats the file. */
static void apply_options(struct certsrv_config *config, const struct options *o) {
    if (o->process.listen != NULL)
        config->listen = (char *)(uintptr_t)o->process.listen;
    if (o->state != NULL)
        config->state = (char *)(uintptr_t)o->state;
    if (o->database != NULL)
        config->database = (char *)(uintptr_t)o->database;
}

static int start(struct mock *m, const struct options *o, struct err *e) {
    m->process = process_new(&m->config.process, &o->process, e);
    if (m->process == NULL ||
        directory_fill(&m->config, &o->users, &o->templates, &m->directory, e) != 0 ||
        made_fill(&m->config, &m->made, e) != 0)
        return -1;
    const struct ca_setup ca = {.config = &m->config.ca,
                                .accounts = &m->directory.accounts,
                                .templates = &m->directory.templates,
                                .host = m->config.host,
                                .database = m->config.database};
    m->ca = ca_open(&ca, e);
    const struct certsrv_setup setup = {&m->config, &m->directory.accounts, &m->directory.templates,
                                        m->ca, m->faults};
    if (m->ca != NULL && !m->config.workers.durable && ca_never_sync(m->ca, e) != 0)
        return -1;
    if (m->ca != NULL)
        m->server = certsrv_server_new(process_loop(m->process), &setup, e);
    return m->server == NULL ? -1 : 0;
}

static int announce(struct mock *m, struct err *e) {
    if (m->directory.accounts.count == 0 && worker_is_first())
        program_message(&program, "nobody can log on: give --user 'DOMAIN\\NAME:PASSWORD'");
    if (m->made.count > 0 && worker_is_first())
        program_message(&program, "CA certificate: %s", m->config.ca.certificate);
    json_t *facts = json_pack("{s:s, s:s, s:s}", "listen", certsrv_server_address(m->server), "ca",
                              m->config.ca.certificate, "database", m->config.database);
    return process_ready(m->process, facts, e);
}

/* A visit is counted in one process, and what is made at start for nobody to name is its own. */
static int check_workers(const struct mock *m, struct err *e) {
    const struct certsrv_config *c = &m->config;
    bool named = c->ca.certificate != NULL && c->certificate != NULL && c->database != NULL;
    if (c->workers.count <= 1)
        return 0;
    if (m->faults->count > 0)
        return err_set(e, ERR_CONFIG_BAD_VALUE, "faults are counted in one process: no workers");
    if (c->state == NULL && !named)
        return err_set(e, ERR_CONFIG_MISSING,
                       "workers need --state DIR, where they find the same "
                       "CA, web certificate and database");
    return 0;
}

static void read_everything(struct mock *m, const struct options *o) {
    struct err e = {0};
    m->doc = program_config(&program, o->process.config, &m->config);
    m->faults = fault_set_or_exit(&program, &m->config.faults, m->doc, &certsrv_faults);
    apply_options(&m->config, o);
    if (workers_apply(&m->config.workers, &o->workers, &e) != 0 || check_workers(m, &e) != 0)
        program_die(&program, EXIT_USAGE, &e);
}

static int serve(struct options *o) {
    static struct mock m;
    struct err e = {0};
    int supervised = EXIT_DONE;
    read_everything(&m, o);
    const struct workers_plan plan = {m.config.workers.count, m.config.listen, &m.config.process};
    if (!workers_split(&plan, &o->process, &supervised)) {
        mock_free(&m);
        return supervised;
    }
    int rc = start(&m, o, &e);
    if (rc == 0)
        rc = announce(&m, &e);
    if (rc == 0)
        process_run(m.process);
    else
        program_message(&program, "%s", e.text);
    mock_free(&m);
    if (rc == 0)
        return EXIT_DONE;
    return e.code == ERR_ARG_USAGE || e.code == ERR_CONFIG_BAD_VALUE ? EXIT_USAGE : EXIT_FAILED;
}

static int manage(const struct options *o, const char *command, const char *id) {
    struct err e = {0};
    bool copies = strcmp(command, "copy") == 0;
    if ((copies ? manager_copy(o->database, id, o->count, &e)
                : manager_run(command, o->database, id, o->as, &e)) == 0)
        return EXIT_DONE;
    program_die(&program, e.code == ERR_ARG_USAGE ? EXIT_USAGE : EXIT_FAILED, &e);
}

int main(int argc, char **argv) {
    struct options o = {.process = PROCESS_OPTIONS_INIT, .as = "MICHAMEN\\Administrator"};
    const struct opt options[] = {
        PROCESS_OPTIONS(&o.process),
        WORKERS_OPTIONS(&o.workers),
        {"user", 'u', OPT_STRINGS, &o.users, "DOMAIN\\NAME:PASSWORD",
         "may log on and enrol; may be given several times"},
        {"template", 't', OPT_STRINGS, &o.templates, "NAME",
         "certificate template to add; may be given several times"},
        {"state", 's', OPT_STRING, &o.state, "DIR",
         "keep CA, web certificate and database here; default: a temporary folder"},
        {"database", 'd', OPT_STRING, &o.database, "FILE", "request database"},
        {"as", 0, OPT_STRING, &o.as, "NAME", "certificate manager, for deny, issue and revoke"},
        {"count", 0, OPT_INT, &o.count, "N", "rows that copy adds to the database"},
        {.type = OPT_END},
    };
    AUTO(char) more = fault_help(&certsrv_faults);
    program.more = more;
    int first = program_options(&program, options, false, argc, argv);
    const char *command = first < argc ? argv[first] : NULL;
    if (command == NULL)
        return serve(&o);
    if ((manager_is_command(command) || strcmp(command, "copy") == 0) && first + 2 >= argc)
        return manage(&o, command, argv[first + 1]);
    struct err e = {0};
    err_set(&e, ERR_ARG_USAGE,
            "%s: not understood; the commands are list, issue, deny, revoke, copy", argv[argc - 1]);
    program_die(&program, EXIT_USAGE, &e);
}
