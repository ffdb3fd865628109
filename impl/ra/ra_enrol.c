/* The EST backend on top of certsrv: a visit decides whether a client may enrol, an order gets its
 * certificate. An order outlives a client that went away, so that what the CA issued is kept for
 * the retry; one request is never submitted twice. */
#include "ra/ra_enrol.h"
#include "base/workers.h"
#include "base/x509.h"
#include <string.h>
#include <sys/queue.h>

enum { WAITING_MAX = 64 }; /* retries that may wait for one and the same order */

/* What hangs on an EST request; first member of all. */
struct work {
    bool ordered;
};

/* A request for an enrolment that another worker has under way. */
struct parked {
    struct work work;
    struct ra_key key;
    struct est_request *request;
    LIST_ENTRY(parked) link;
};

struct visit {
    struct work work;
    struct ra_enrol *enrol;
    struct est_request *request;
    struct certsrv_session *session;
    LIST_ENTRY(visit) link;
};

struct order {
    struct work work;
    struct ra_enrol *enrol;
    struct ra_key key;
    uint32_t id; /* certsrv's; 0: not submitted yet */
    bool renewal;
    struct certsrv_session *session;
    struct est_request *waiting[WAITING_MAX]; /* the first one's request is submitted */
    size_t count;
    LIST_ENTRY(order) link;
};

struct ra_enrol {
    struct ra_enrol_options options;
    const char *address;
    LIST_HEAD(, visit) visits;
    LIST_HEAD(, order) orders;
    LIST_HEAD(, parked) parked;
};

static struct ra_client client_of(const struct ra_enrol *enrol, const struct est_request *r) {
    return (struct ra_client){
        .connection = est_request_connection_id(r),
        .peer = est_request_peer(r),
        .server = enrol->address != NULL ? enrol->address : "",
    };
}

struct ra_enrol *ra_enrol_new(const struct ra_enrol_options *options, struct err *e) {
    struct ra_enrol *enrol = calloc(1, sizeof *enrol);
    if (enrol == NULL) {
        err_set(e, ERR_SYS_NOMEM, "EST backend");
        return NULL;
    }
    enrol->options = *options;
    LIST_INIT(&enrol->visits);
    LIST_INIT(&enrol->orders);
    LIST_INIT(&enrol->parked);
    return enrol;
}

void ra_enrol_set_address(struct ra_enrol *enrol, const char *address) {
    enrol->address = address;
}

/* ---- authorize: login, then the template list (the A requests of certsrv.md 4.1) ---- */

static void visit_over(struct visit *v, bool offered, bool session_good) {
    struct est_request *r = v->request;
    ra_ca_give(v->enrol->options.ca, v->session, session_good);
    LIST_REMOVE(v, link);
    free(v);
    est_request_set_user(r, NULL);
    if (offered)
        est_authorized(r);
    else
        est_refuse(r);
}

static void on_templates(void *user, const struct certsrv_answer *answer) {
    struct visit *v = user;
    const struct ra_enrol_options *o = &v->enrol->options;
    struct ra_client who = client_of(v->enrol, v->request);
    ra_log_navigate_to_certsrv_page(o->log, &who, answer);
    bool offered = certsrv_template_find(&answer->templates, o->template_name) != NULL;
    if (!offered && answer->status == 200 && answer->err.code != ERR_OK)
        ra_log_form_not_read(o->log, &who, &answer->err);
    else if (!offered && answer->status == 200)
        ra_log_template_not_offered(o->log, &who, o->template_name);
    visit_over(v, offered, answer->err.code == ERR_OK);
}

static void on_visit_login(void *user, const struct certsrv_answer *answer) {
    struct visit *v = user;
    struct ra_client who = client_of(v->enrol, v->request);
    ra_log_login_to_certsrv_ca(v->enrol->options.log, &who, answer);
    if (answer->err.code == ERR_OK)
        certsrv_list_templates(v->session, on_templates, v);
    else
        visit_over(v, false, false);
}

static struct visit *visit_new(struct ra_enrol *enrol, struct est_request *r, bool *logged_in) {
    struct visit *v = calloc(1, sizeof *v);
    if (v == NULL)
        return NULL;
    v->enrol = enrol;
    v->request = r;
    v->session = ra_ca_take(enrol->options.ca, est_request_username(r), est_request_password(r),
                            logged_in, NULL);
    if (v->session != NULL)
        return v;
    free(v);
    return NULL;
}

static void authorize(void *user, struct est_request *r) {
    struct ra_enrol *enrol = user;
    struct ra_client who = client_of(enrol, r);
    bool logged_in = false;
    ra_log_init_cert_store(enrol->options.log, &who, ra_ca_chain(enrol->options.ca));
    struct visit *v = visit_new(enrol, r, &logged_in);
    if (v == NULL) {
        est_fail(r, EST_ERR_MALLOC, 0, NULL);
        return;
    }
    LIST_INSERT_HEAD(&enrol->visits, v, link);
    est_request_set_user(r, &v->work);
    if (logged_in)
        certsrv_list_templates(v->session, on_templates, v);
    else
        certsrv_login(v->session, on_visit_login, v);
}

/* ---- enroll: login, submit, fetch (the B requests) ---- */

static struct ra_client client_of_order(const struct order *o) {
    return client_of(o->enrol, o->waiting[0]);
}

/* What workers claim: no two of them submit the same enrolment at the same time. */
static uint64_t thing_of(const struct ra_key *key) {
    uint64_t thing;
    memcpy(&thing, key->digest, sizeof thing);
    return thing;
}

/* Gives the session back and takes the order off the list; the caller answers and frees it. */
static void order_close(struct order *o, bool session_good) {
    ra_ca_give(o->enrol->options.ca, TAKE(o->session), session_good);
    LIST_REMOVE(o, link);
    worker_unclaim(thing_of(&o->key));
    for (size_t i = 0; i < o->count; i++)
        est_request_set_user(o->waiting[i], NULL);
}

static void order_fail(struct order *o, bool session_good, const struct err *cause) {
    struct ra_client who = client_of_order(o);
    ra_log_enroll_failed(o->enrol->options.log, &who, o->id, cause);
    order_close(o, session_good);
    for (size_t i = 0; i < o->count; i++)
        est_fail(o->waiting[i], EST_ERR_CA_ENROLL_FAIL, 0, NULL);
    free(o);
}

static void order_pend(struct order *o) {
    struct ra_client who = client_of_order(o);
    ra_log_enroll_pending(o->enrol->options.log, &who, o->id);
    order_close(o, true);
    AUTO_BUF token = BUF_INIT(16);
    buf_printf(&token, "%u", o->id);
    for (size_t i = 0; i < o->count; i++)
        est_pending(o->waiting[i], buf_str(&token), 0);
    free(o);
}

static void note_store_error(const struct order *o, const struct err *e) {
    struct ra_client who = client_of_order(o);
    ra_log_enroll_failed(o->enrol->options.log, &who, o->id, e);
}

static void keep(const struct order *o, bool pending) {
    struct err e;
    if (ra_store_put(o->enrol->options.store, &o->key, o->id, pending, &e) != 0)
        note_store_error(o, &e);
}

static void note_answered(const struct order *o) {
    struct err e;
    const struct ra_enrol_options *options = &o->enrol->options;
    if (ra_store_answered(options->store, &o->key, options->answer_memory_s, &e) != 0)
        note_store_error(o, &e);
}

static void forget(const struct order *o) {
    struct err e;
    if (ra_store_drop(o->enrol->options.store, &o->key, &e) != 0)
        note_store_error(o, &e);
}

static bool has_taker(const struct order *o) {
    for (size_t i = 0; i < o->count; i++)
        if (!est_request_client_gone(o->waiting[i]))
            return true;
    return false;
}

/* The certificate stays retrievable by its id until some client was there to take it, and for a
 * while after: the client may die before it has read the answer. A renewal with the same key wants
 * a new one each time. */
static void order_issue(struct order *o, X509 *certificate) {
    struct ra_client who = client_of_order(o);
    const X509_STACK *chain = ra_ca_chain(o->enrol->options.ca);
    ra_log_enroll_issued(o->enrol->options.log, &who, o->id);
    if (chain != NULL && !x509_issued_by_one(certificate, chain))
        ra_log_enroll_other_issuer(o->enrol->options.log, &who, o->id, certificate);
    if (has_taker(o) && (o->renewal || o->enrol->options.answer_memory_s <= 0))
        forget(o);
    else if (has_taker(o))
        note_answered(o);
    order_close(o, true);
    for (size_t i = 0; i < o->count; i++)
        est_issue(o->waiting[i], certificate);
    free(o);
}

static bool has_requested_key(const struct order *o, const X509 *certificate) {
    X509_REQ *request = est_request_csr(o->waiting[0]);
    return x509_has_key(certificate, X509_REQ_get0_pubkey(request));
}

static void on_fetched(void *user, const struct certsrv_answer *answer) {
    struct order *o = user;
    struct ra_client who = client_of_order(o);
    ra_log_navigate_to_certsrv_page(o->enrol->options.log, &who, answer);
    struct err cause = answer->err;
    if (cause.code == ERR_CERTSRV_PENDING) {
        keep(o, true);
        order_pend(o);
        return;
    }
    if (answer->certificate != NULL && has_requested_key(o, answer->certificate)) {
        order_issue(o, answer->certificate);
        return;
    }
    if (answer->certificate != NULL)
        err_set(&cause, ERR_X509_KEY_MISMATCH, "the CA's certificate is for another key");
    bool final = cause.code == ERR_X509_KEY_MISMATCH || cause.code == ERR_CERTSRV_DENIED ||
                 answer->hresult == CERTSRV_E_PROPERTY_EMPTY;
    if (final)
        forget(o);
    order_fail(o, answer->status == 200, &cause);
}

static void on_submitted(void *user, const struct certsrv_answer *answer) {
    struct order *o = user;
    struct ra_client who = client_of_order(o);
    ra_log_navigate_to_certsrv_page(o->enrol->options.log, &who, answer);
    bool pending = answer->err.code == ERR_CERTSRV_PENDING && answer->request_id != 0;
    o->id = answer->request_id;
    if (answer->err.code == ERR_OK || pending)
        keep(o, pending);
    if (answer->err.code == ERR_OK)
        certsrv_fetch(o->session, o->id, on_fetched, o);
    else if (pending)
        order_pend(o);
    else
        order_fail(o, answer->status == 200, &answer->err);
}

static void submit_or_fetch(struct order *o) {
    if (o->id != 0)
        certsrv_fetch(o->session, o->id, on_fetched, o);
    else
        certsrv_submit(o->session, est_request_csr(o->waiting[0]), o->enrol->options.template_name,
                       on_submitted, o);
}

static void on_order_login(void *user, const struct certsrv_answer *answer) {
    struct order *o = user;
    struct ra_client who = client_of_order(o);
    ra_log_login_to_certsrv_ca(o->enrol->options.log, &who, answer);
    if (answer->err.code == ERR_OK)
        submit_or_fetch(o);
    else
        order_fail(o, false, &answer->err);
}

static struct order *order_of(struct ra_enrol *enrol, const struct ra_key *key) {
    struct order *o;
    LIST_FOREACH(o, &enrol->orders, link) {
        if (memcmp(o->key.digest, key->digest, sizeof key->digest) == 0)
            return o;
    }
    return NULL;
}

static void join(struct order *o, struct est_request *r) {
    if (o->count == WAITING_MAX) {
        est_fail(r, EST_ERR_HTTP_LOCKED, 0, NULL);
        return;
    }
    o->waiting[o->count++] = r;
    est_request_set_user(r, &o->work);
}

/* The id of an earlier attempt. The EST server's token is asked only when the store cannot answer:
 * it does not tell subjects apart. */
static uint32_t earlier_id(const struct ra_enrol *enrol, const struct ra_key *key,
                           const struct est_request *r, bool joins) {
    uint32_t id = 0;
    struct err e;
    struct ra_store *store = enrol->options.store;
    int rc = joins ? ra_store_get_joined(store, key, &id, &e) : ra_store_get(store, key, &id, &e);
    if (rc == 0)
        return id;
    struct ra_client who = client_of(enrol, r);
    ra_log_enroll_failed(enrol->options.log, &who, 0, &e);
    const char *token = est_request_token(r);
    return token != NULL ? (uint32_t)strtoul(token, NULL, 10) : 0;
}

/* joins: it came while the same enrolment was under way. The claim is this worker's. */
static void order_start(struct ra_enrol *enrol, const struct ra_key *key, struct est_request *r,
                        bool joins) {
    bool logged_in = false;
    struct order *o = calloc(1, sizeof *o);
    struct certsrv_session *s = o == NULL ? NULL
                                          : ra_ca_take(enrol->options.ca, est_request_username(r),
                                                       est_request_password(r), &logged_in, NULL);
    if (s == NULL) {
        free(o);
        worker_unclaim(thing_of(key));
        est_fail(r, EST_ERR_MALLOC, 0, NULL);
        return;
    }
    *o = (struct order){.work = {.ordered = true}, .enrol = enrol, .key = *key, .session = s};
    o->renewal = est_request_operation(r) == EST_SIMPLEREENROLL;
    if (o->renewal)
        memset(o->key.request, 0, sizeof o->key.request);
    o->id = earlier_id(enrol, &o->key, r, joins);
    LIST_INSERT_HEAD(&enrol->orders, o, link);
    join(o, r);
    if (logged_in)
        submit_or_fetch(o);
    else
        certsrv_login(s, on_order_login, o);
}

static void park(struct ra_enrol *enrol, const struct ra_key *key, struct est_request *r) {
    struct ra_client who = client_of(enrol, r);
    ra_log_enroll_elsewhere(enrol->options.log, &who);
    struct parked *p = calloc(1, sizeof *p);
    if (p == NULL) {
        est_fail(r, EST_ERR_MALLOC, 0, NULL);
        return;
    }
    *p = (struct parked){.work = {.ordered = true}, .key = *key, .request = r};
    est_request_set_user(r, &p->work);
    LIST_INSERT_HEAD(&enrol->parked, p, link);
}

static void order_or_join(struct ra_enrol *enrol, const struct ra_key *key, struct est_request *r,
                          bool joins) {
    struct order *o = order_of(enrol, key);
    if (o != NULL)
        join(o, r);
    else if (worker_claim(thing_of(key), 0))
        order_start(enrol, key, r, joins);
    else
        park(enrol, key, r);
}

/* Another worker is done with something, or dead: what it had submitted is in the store. */
static void on_freed(void *user) {
    struct ra_enrol *enrol = user;
    struct parked *next;
    for (struct parked *p = LIST_FIRST(&enrol->parked); p != NULL; p = next) {
        next = LIST_NEXT(p, link);
        LIST_REMOVE(p, link);
        est_request_set_user(p->request, NULL);
        order_or_join(enrol, &p->key, p->request, true);
        free(p);
    }
}

int ra_enrol_share(struct ra_enrol *enrol, struct event_base *loop, struct err *e) {
    const struct worker_sharing sharing = {.freed = on_freed, .user = enrol};
    return workers_share(loop, &sharing, e);
}

static void enroll(void *user, struct est_request *r) {
    struct ra_enrol *enrol = user;
    struct ra_key key;
    if (ra_key_of(est_request_identity(r), est_request_label(r), enrol->options.template_name,
                  est_request_csr(r), &key, NULL) != 0) {
        est_fail(r, EST_ERR_BAD_PKCS10, 0, NULL);
        return;
    }
    order_or_join(enrol, &key, r, false);
}

/* A visit has no purpose without its client; an order goes on, because the CA may already have
 * issued. */
static void abandoned(void *user, struct est_request *r) {
    (void)user;
    struct work *work = est_request_user(r);
    if (work != NULL && !work->ordered)
        visit_over((struct visit *)(void *)work, false, false);
}

static void on_cut(void *user, const struct http_cut *cut) {
    const struct ra_enrol *enrol = user;
    ra_log_cut(enrol->options.log, cut, enrol->address != NULL ? enrol->address : "");
}

static const X509_STACK *cacerts(void *user, const char *label) {
    (void)label;
    struct ra_enrol *enrol = user;
    return ra_ca_chain(enrol->options.ca);
}

static struct bytes csrattrs(void *user, const char *label) {
    (void)label;
    struct ra_enrol *enrol = user;
    return enrol->options.csr_attributes;
}

struct est_backend ra_enrol_backend(struct ra_enrol *enrol) {
    return (struct est_backend){.authorize = authorize,
                                .enroll = enroll,
                                .cacerts = cacerts,
                                .csrattrs = csrattrs,
                                .abandoned = abandoned,
                                .cut = on_cut,
                                .user = enrol};
}

void ra_enrol_free(struct ra_enrol *enrol) {
    if (enrol == NULL)
        return;
    struct err stopped = {.code = ERR_SYS_CANCELLED, .text = "the service stops"};
    workers_share(NULL, NULL, NULL);
    while (!LIST_EMPTY(&enrol->parked)) {
        struct parked *p = LIST_FIRST(&enrol->parked);
        LIST_REMOVE(p, link);
        est_request_set_user(p->request, NULL);
        est_fail(p->request, EST_ERR_CA_ENROLL_FAIL, 0, NULL);
        free(p);
    }
    while (!LIST_EMPTY(&enrol->visits))
        visit_over(LIST_FIRST(&enrol->visits), false, false);
    while (!LIST_EMPTY(&enrol->orders))
        order_fail(LIST_FIRST(&enrol->orders), false, &stopped);
    free(enrol);
}
