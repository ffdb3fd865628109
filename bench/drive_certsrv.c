/* Requests posted to the certsrv pages by the client that the RA uses, in the RA's order: log in,
 * submit, fetch the certificate. Each is for a device of its own. */
#include "base/owned.h"
#include "base/x509.h"
#include "bench/drive_impl.h"
#include "certsrv/certsrv_client.h"

#include <string.h>

struct certsrv {
    struct certsrv_client *client;
    struct certsrv_options options;
    char *host; /* of an address outside */
    char *user, *password;
    const char *template_name;
    bool fresh; /* a session for each enrolment */
    struct certsrv_session **kept;
    size_t kept_count, kept_max;
    struct driver *driver;
};

struct one_order {
    struct certsrv *certsrv;
    struct load_job *job;
    struct certsrv_session *session;
    X509_REQ *request;
    bool good;
};

static const enum certsrv_authentication logins[] = {
#define X(id, word, authentication) authentication,
    BENCH_LOGIN_TABLE(X)
#undef X
};

static void order_done(struct one_order *o, const struct certsrv_answer *answer) {
    o->good = answer->err.code == ERR_OK;
    load_job_done(o->job, o->good ? NULL : err_name(answer->err.code));
}

static void on_fetched(void *user, const struct certsrv_answer *answer) {
    order_done(user, answer);
}

static void on_submitted(void *user, const struct certsrv_answer *answer) {
    struct one_order *o = user;
    if (answer->err.code == ERR_OK)
        certsrv_fetch(o->session, answer->request_id, on_fetched, o);
    else
        order_done(o, answer);
}

static void submit(struct one_order *o) {
    certsrv_submit(o->session, o->request, o->certsrv->template_name, on_submitted, o);
}

static void on_login(void *user, const struct certsrv_answer *answer) {
    struct one_order *o = user;
    if (answer->err.code == ERR_OK)
        submit(o);
    else
        order_done(o, answer);
}

static struct certsrv_session *take_session(struct certsrv *c, bool *logged_in, struct err *e) {
    *logged_in = c->kept_count > 0;
    if (*logged_in)
        return c->kept[--c->kept_count];
    return certsrv_session_new(c->client, c->user, c->password, e);
}

static void give_session(struct certsrv *c, struct certsrv_session *session, bool good) {
    if (good && !c->fresh && c->kept_count < c->kept_max)
        c->kept[c->kept_count++] = session;
    else
        certsrv_session_free(session);
}

static void free_order(struct one_order *o) {
    give_session(o->certsrv, o->session, o->good);
    X509_REQ_free(o->request);
    free(o);
}

static int start(void *user, struct load_job *job, size_t index, struct err *e) {
    struct certsrv *c = user;
    bool logged_in = false;
    struct one_order *o = calloc(1, sizeof *o);
    if (o == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    *o = (struct one_order){.certsrv = c, .job = job};
    o->request = driver_request(c->driver, index, e);
    o->session = o->request == NULL ? NULL : take_session(c, &logged_in, e);
    if (o->session == NULL) {
        free_order(o);
        return -1;
    }
    job->state = o;
    if (logged_in)
        submit(o);
    else
        certsrv_login(o->session, on_login, o);
    return 0;
}

static void release(void *user, struct load_job *job) {
    (void)user;
    free_order(job->state);
}

static void free_certsrv(struct driver *d) {
    struct certsrv *c = d->inside;
    while (c->kept_count > 0)
        certsrv_session_free(c->kept[--c->kept_count]);
    certsrv_client_free(c->client);
    free(c->kept);
    free(c->host);
    free(c->user);
    free(c->password);
    free(c);
}

/* "DOMAIN\user:password"; the options have seen to the colon. */
static int set_user(struct certsrv *c, const char *both, struct err *e) {
    const char *colon = strchr(both, ':');
    c->user = strndup(both, (size_t)(colon - both));
    c->password = strdup(colon + 1);
    return c->user == NULL || c->password == NULL ? err_set(e, ERR_SYS_NOMEM, NULL) : 0;
}

static int prepare(struct certsrv *c, struct process *process, const struct bench_options *o,
                   const struct drive_target *target, struct err *e) {
    c->options.authentication = logins[o->login];
    c->template_name = o->template_name;
    c->options.timeout_us = DRIVE_TIMEOUT_US;
    c->kept_max = (size_t)o->concurrency;
    c->kept = calloc(c->kept_max, sizeof(struct certsrv_session *));
    if (c->kept == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (set_user(c, target->user, e) != 0 ||
        drive_endpoint(target, "lab-dc.michamen.com", 443, &c->options.endpoint, &c->host, e) != 0)
        return -1;
    c->client =
        certsrv_client_new(process_loop(process), process_resolver(process), &c->options, e);
    return c->client == NULL ? -1 : 0;
}

struct driver *drive_certsrv(struct process *process, const struct bench_options *o,
                             const struct drive_target *target, struct err *e) {
    struct driver *d = driver_new(o->key, e);
    struct certsrv *c = d == NULL ? NULL : calloc(1, sizeof *c);
    if (c == NULL) {
        driver_free(d);
        return NULL;
    }
    *c = (struct certsrv){.fresh = o->session == BENCH_SESSION_PER_ENROLLMENT, .driver = d};
    d->inside = c;
    d->free_inside = free_certsrv;
    d->work = (struct load_work){start, release, c};
    if (prepare(c, process, o, target, e) == 0)
        return d;
    driver_free(d);
    return NULL;
}
