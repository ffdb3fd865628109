/* Sessions with certsrv and the CA's chain. A kept session is only ever given to somebody who shows
 * the very name and password that it logged in with. */
#include "ra/ra_ca.h"
#include "base/process.h"
#include "certsrv/certsrv_form.h"
#include <string.h>

enum { KEPT_MAX = 16 };

struct ra_ca {
    struct event_base *loop;
    const struct ra_certsrv_config *config;
    struct ra_log *log;
    struct certsrv_client *client;
    struct certsrv_session *kept[KEPT_MAX]; /* the latest last */
    size_t kept_count;
    X509_STACK *chain;
    struct certsrv_session *start; /* of the chain's attempt under way */
    struct timer *again;
    ra_ca_done_fn *done;
    void *user;
};

static void attempt(void *user);

static struct certsrv_client *open_client(struct event_base *loop, struct resolver *resolver,
                                          const struct ra_certsrv_config *config, struct err *e) {
    struct certsrv_options options = {
        .endpoint = {.host = config->host,
                     .port = (uint16_t)config->port,
                     .via = config->via,
                     .ca_file = config->ca_file,
                     .mismatch_is_60 = config->mismatch_code == 60},
        .authentication = (enum certsrv_authentication)config->authentication,
        .timeout_us = config->timeout_us,
    };
    return certsrv_client_new(loop, resolver, &options, e);
}

/* What would otherwise only be found out by the first enrolment. */
static int check_config(const struct ra_certsrv_config *config, struct err *e) {
    AUTO(char) host = NULL;
    uint16_t port = 0;
    if (certsrv_form_check_template(config->template_name, e) != 0)
        return err_context(e, "certsrv.template");
    if (config->via != NULL && split_host_port(config->via, &host, &port, e) != 0)
        return err_context(e, "certsrv.via");
    return 0;
}

struct ra_ca *ra_ca_new(struct event_base *loop, struct resolver *resolver,
                        const struct ra_certsrv_config *config, struct ra_log *log, struct err *e) {
    if (check_config(config, e) != 0)
        return NULL;
    struct ra_ca *ca = calloc(1, sizeof *ca);
    if (ca == NULL) {
        err_set(e, ERR_SYS_NOMEM, "certsrv");
        return NULL;
    }
    ca->loop = loop;
    ca->config = config;
    ca->log = log;
    ca->client = open_client(loop, resolver, config, e);
    ca->again = ca->client != NULL ? timer_new(loop, attempt, ca) : NULL;
    if (ca->again != NULL)
        return ca;
    if (ca->client != NULL)
        err_set(e, ERR_SYS_NOMEM, "certsrv");
    ra_ca_free(ca);
    return NULL;
}

void ra_ca_free(struct ra_ca *ca) {
    if (ca == NULL)
        return;
    timer_free(ca->again);
    certsrv_session_free(ca->start);
    while (ca->kept_count > 0)
        certsrv_session_free(ca->kept[--ca->kept_count]);
    certsrv_client_free(ca->client);
    x509_stack_free(ca->chain);
    free(ca);
}

const X509_STACK *ra_ca_chain(const struct ra_ca *ca) {
    return ca->chain;
}

static struct certsrv_session *take_kept(struct ra_ca *ca, const char *username,
                                         const char *password) {
    for (size_t i = ca->kept_count; i-- > 0;) {
        struct certsrv_session *s = ca->kept[i];
        if (!certsrv_session_belongs_to(s, username, password))
            continue;
        ca->kept_count--;
        memmove(&ca->kept[i], &ca->kept[i + 1], (ca->kept_count - i) * sizeof ca->kept[0]);
        return s;
    }
    return NULL;
}

struct certsrv_session *ra_ca_take(struct ra_ca *ca, const char *username, const char *password,
                                   bool *logged_in, struct err *e) {
    if (username == NULL) {
        username = ca->config->username;
        password = ca->config->password;
    }
    struct certsrv_session *s = take_kept(ca, username, password != NULL ? password : "");
    *logged_in = s != NULL;
    if (s != NULL)
        return s;
    return certsrv_session_new(ca->client, username, password != NULL ? password : "", e);
}

void ra_ca_give(struct ra_ca *ca, struct certsrv_session *session, bool good) {
    if (session == NULL)
        return;
    if (!good || ca->config->session != RA_PERSISTENT) {
        certsrv_session_free(session);
        return;
    }
    if (ca->kept_count == KEPT_MAX) {
        certsrv_session_free(ca->kept[0]);
        ca->kept_count--;
        memmove(&ca->kept[0], &ca->kept[1], ca->kept_count * sizeof ca->kept[0]);
    }
    ca->kept[ca->kept_count++] = session;
}

static void attempt_over(struct ra_ca *ca, bool good) {
    ra_ca_give(ca, TAKE(ca->start), good);
    ra_log_plugin_postconf(ca->log, ca->chain != NULL);
    if (ca->chain == NULL)
        timer_start(ca->again, ca->config->chain_retry_us);
    ra_ca_done_fn *done = TAKE(ca->done);
    if (done != NULL)
        done(ca->user);
}

static void on_chain(void *user, const struct certsrv_answer *answer) {
    struct ra_ca *ca = user;
    ra_log_retrieve_cacerts(ca->log, answer);
    if (answer->chain != NULL)
        ca->chain = X509_chain_up_ref(answer->chain);
    attempt_over(ca, answer->err.code == ERR_OK);
}

static void on_login(void *user, const struct certsrv_answer *answer) {
    struct ra_ca *ca = user;
    ra_log_login_to_certsrv_ca(ca->log, NULL, answer);
    if (answer->err.code == ERR_OK) {
        certsrv_chain(ca->start, 0, on_chain, ca);
        return;
    }
    ra_log_retrieve_cacerts_no_login(ca->log);
    attempt_over(ca, false);
}

/* The first certificate of the CA is asked for even after a renewal, as CiscoRA does (certsrv.md
 * 4.1). */
static void attempt(void *user) {
    struct ra_ca *ca = user;
    ca->start = certsrv_session_new(ca->client, ca->config->username, ca->config->password, NULL);
    if (ca->start != NULL)
        certsrv_login(ca->start, on_login, ca);
    else
        attempt_over(ca, false);
}

void ra_ca_start(struct ra_ca *ca, ra_ca_done_fn *done, void *user) {
    ca->done = done;
    ca->user = user;
    attempt(ca);
}
