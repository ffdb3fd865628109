/* The registration authority, put together: logs, store, certsrv, EST server, start-up. */
#include "ra/ra.h"
#include "base/workers.h"
#include "base/x509.h"
#include "est/est_server.h"
#include "ra/ra_ca.h"
#include "ra/ra_csrattrs.h"
#include "ra/ra_enrol.h"
#include "ra/ra_log.h"
#include "ra/ra_store.h"
#include <stdlib.h>

struct ra {
    struct process *process;
    const struct ra_config *config;
    struct ra_log *log;
    struct ra_store *store;
    X509_STACK *trust;
    struct ra_ca *ca;
    struct ra_enrol *enrol;
    struct est_server *server;
    struct buf csr_attributes;
    const char **labels; /* NULL-terminated, strings of config */
    struct err failure;  /* why the process was stopped; ERR_OK: nobody did but a signal */
};

void ra_free(struct ra *ra) {
    if (ra == NULL)
        return;
    ra_enrol_free(ra->enrol);
    est_server_free(ra->server);
    ra_ca_free(ra->ca);
    ra_store_close(ra->store);
    x509_stack_free(ra->trust);
    buf_free(&ra->csr_attributes);
    free(ra->labels);
    ra_log_close(ra->log);
    free(ra);
}

static int open_files(struct ra *ra, struct err *e) {
    const struct ra_config *c = ra->config;
    /* The CiscoRA log is of the start, and a service starts once. */
    ra->log = ra_log_open(worker_is_first() ? c->log : NULL, c->error_log, e);
    if (ra->log == NULL)
        return -1;
    if (c->trust != NULL && (ra->trust = x509_read_all_file(c->trust, e)) == NULL)
        return -1;
    ra->store = ra_store_open(c->store, e);
    ra->csr_attributes.max = 0xffff + 4;
    if (ra->store == NULL || (!c->workers.durable && ra_store_never_sync(ra->store, e) != 0))
        return -1;
    return ra_csrattrs_put(&c->csr_attributes, &ra->csr_attributes, e);
}

static int copy_labels(struct ra *ra, struct err *e) {
    const struct cfg_strings *labels = &ra->config->labels;
    ra->labels = calloc(labels->count + 1, sizeof ra->labels[0]);
    if (ra->labels == NULL)
        return err_set(e, ERR_SYS_NOMEM, "labels");
    for (size_t i = 0; i < labels->count; i++)
        ra->labels[i] = labels->items[i];
    return 0;
}

static int open_backend(struct ra *ra, struct err *e) {
    const struct ra_config *c = ra->config;
    ra->ca = ra_ca_new(process_loop(ra->process), process_resolver(ra->process), &c->certsrv,
                       ra->log, e);
    if (ra->ca == NULL)
        return -1;
    struct ra_enrol_options options = {
        .template_name = c->certsrv.template_name,
        .ca = ra->ca,
        .log = ra->log,
        .store = ra->store,
        .csr_attributes = buf_view(&ra->csr_attributes),
        .answer_memory_s = c->answer_memory_us / INT64_C(1000000),
    };
    ra->enrol = ra_enrol_new(&options, e);
    return ra->enrol != NULL ? ra_enrol_share(ra->enrol, process_loop(ra->process), e) : -1;
}

static int open_server(struct ra *ra, struct err *e) {
    const struct ra_config *c = ra->config;
    struct est_server_options options = {
        .listen = c->listen,
        .certificate_file = c->certificate,
        .key_file = c->key,
        .priorities = c->tls_priorities,
        .trust = ra->trust,
        .http_auth = (enum est_http_auth)c->authentication.http,
        .client_certificate = (enum est_client_certificate)c->authentication.client_certificate,
        .pop = (enum est_pop)c->pop,
        .labels = ra->labels,
        .body_max = (size_t)c->body_max,
        .retry_after_us = c->retry_after_us,
        .idle_timeout_us = c->idle_timeout_us,
        .handshake_timeout_us = c->handshake_timeout_us,
        .request_timeout_us = c->request_timeout_us,
        .connections_max = (unsigned)c->connections_max,
        .connections_per_address_max = (unsigned)c->connections_per_address_max,
        .log = ra_log_error_file(ra->log),
        .client = "capf",
    };
    struct est_backend backend = ra_enrol_backend(ra->enrol);
    ra->server = est_server_new(process_loop(ra->process), &options, &backend, e);
    if (ra->server == NULL)
        return -1;
    ra_enrol_set_address(ra->enrol, est_server_address(ra->server));
    return 0;
}

struct ra *ra_new(struct process *process, const struct ra_config *config, struct err *e) {
    struct ra *ra = calloc(1, sizeof *ra);
    if (ra == NULL) {
        err_set(e, ERR_SYS_NOMEM, "RA");
        return NULL;
    }
    ra->process = process;
    ra->config = config;
    if (open_files(ra, e) == 0 && copy_labels(ra, e) == 0 && open_backend(ra, e) == 0 &&
        open_server(ra, e) == 0)
        return ra;
    ra_free(ra);
    return NULL;
}

/* The order of the lines is that of the seed, where the CA's answer comes before libest's banner.
 */
static void started(void *user) {
    struct ra *ra = user;
    ra_log_init_cert_store(ra->log, NULL, ra->trust);
    ra_log_est_start(ra->log, ra->trust, ra->config->pop == EST_POP_REQUIRED);
    ra_log_started(ra->log);
    json_t *facts = json_pack("{s:s}", "listen", est_server_address(ra->server));
    if (process_ready(ra->process, facts, &ra->failure) != 0)
        process_stop(ra->process);
}

const struct err *ra_failure(const struct ra *ra) {
    return ra->failure.code == ERR_OK ? NULL : &ra->failure;
}

void ra_start(struct ra *ra) {
    ra_log_nothing_set_yet(ra->log);
    ra_ca_start(ra->ca, started, ra);
}
