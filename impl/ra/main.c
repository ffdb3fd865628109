/* capflab-ra: the registration authority as a program. */
#include "base/owned.h"
#include "base/process.h"
#include "base/program.h"
#include "base/workers.h"
#include "ra/ra.h"
#include <stdlib.h>
#include <string.h>

static const struct program program = {
    .name = "capflab-ra",
    .summary = "Registration authority: an EST server (RFC 7030) on top of AD CS web enrolment.",
    .usage = "--config FILE [OPTION...]",
    .example = "capflab-ra --config ra.yaml --listen 127.0.0.1:8084\n"
               "curl --cacert ra.pem https://127.0.0.1:8084/.well-known/est/cacerts",
    .config = ra_fields,
};

static void serve(struct process *process, const struct ra_config *config) {
    struct err e = {.code = ERR_OK};
    struct ra *ra = ra_new(process, config, &e);
    if (ra == NULL) {
        process_free(process);
        program_die(&program, EXIT_FAILED, &e);
    }
    ra_start(ra);
    process_run(process);
    bool failed = ra_failure(ra) != NULL;
    if (failed)
        e = *ra_failure(ra);
    ra_free(ra);
    if (failed) {
        process_free(process);
        program_die(&program, EXIT_FAILED, &e);
    }
}

static int serve_process(struct process_options *options, const struct ra_config *config) {
    struct err e;
    struct process *process = process_new(&config->process, options, &e);
    if (process == NULL)
        program_die(&program, EXIT_FAILED, &e);
    serve(process, config);
    process_free(process);
    return EXIT_DONE;
}

/* What workers must share cannot be in the memory of one of them. */
static void apply_workers(struct ra_config *config, const struct workers_options *options) {
    struct err e;
    int rc = workers_apply(&config->workers, options, &e);
    if (rc == 0 && config->workers.count > 1 && config->store == NULL)
        rc = err_set(&e, ERR_CONFIG_MISSING,
                     "workers share open requests in a file: name one, "
                     "\"store\"");
    if (rc != 0)
        program_die(&program, EXIT_USAGE, &e);
}

int main(int argc, char **argv) {
    struct process_options options = PROCESS_OPTIONS_INIT;
    struct workers_options workers = {0};
    const struct opt table[] = {
        PROCESS_OPTIONS(&options), WORKERS_OPTIONS(&workers), {.type = OPT_END}};
    if (program_options(&program, table, false, argc, argv) < argc) {
        program_message(&program, "%s: no operands are taken; see --help", argv[argc - 1]);
        return EXIT_USAGE;
    }
    struct ra_config config = {.listen = NULL};
    struct cfg_doc *doc = program_config(&program, options.config, &config);
    AUTO(char) listen = options.listen != NULL ? strdup(options.listen) : NULL;
    if (listen != NULL)
        config.listen = listen;
    apply_workers(&config, &workers);
    const struct workers_plan plan = {config.workers.count, config.listen, &config.process};
    int status = EXIT_DONE;
    if (workers_split(&plan, &options, &status))
        status = serve_process(&options, &config);
    cfg_doc_free(doc);
    return status;
}
