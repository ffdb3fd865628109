/* The queue of a phone's questions, the walk along its servers, and whether an answer is the answer
 * to what was asked. Never calls back twice, never before the request was made. */
#include "mocks/tvs/tvs_client.h"
#include "base/owned.h"
#include "base/process.h"
#include "mocks/tvs/tvs_answer.h"
#include "mocks/tvs/tvs_link.h"
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { REQUESTS_MAX = 64 };

/* What was asked; owns the octets that its message looks at. */
struct request {
    STAILQ_ENTRY(request) link;
    struct tvs_message message;
    struct buf certificate, subject, issuer, serial;
    tvs_done_fn *done;
    void *user;
};

struct tvs_client {
    struct tvs_link_setup setup;
    struct tvs_member members[TVS_SERVERS_MAX];
    size_t member_count;
    char *device;
    int64_t connect_timeout_us, answer_timeout_us;
    void (*tell)(void *user, enum tvs_step step, const struct tvs_member *server, const char *text);
    void *user;
    STAILQ_HEAD(, request) requests; /* the first one is being asked */
    size_t request_count;
    uint32_t next_id;
    /* Where the first request stands. */
    bool left[TVS_SERVERS_MAX]; /* servers given up for it */
    bool asked;
    struct err last; /* of the server that was left last */
    /* The connection. */
    struct tvs_link *link;
    size_t at; /* the member it leads to */
    bool up;
    bool used; /* it has answered already: its end is no failure of the server */
    struct timer *timer;
    struct event *kick;
};

static void advance(struct tvs_client *c);

static void tell(const struct tvs_client *c, enum tvs_step step, const char *text) {
    if (c->tell != NULL)
        c->tell(c->user, step, &c->members[c->at], text);
}

static void tell_command(const struct tvs_client *c, enum tvs_step step, uint8_t command) {
    char word[TVS_WORD_MAX];
    tvs_command_log_name(command, word);
    tell(c, step, word);
}

static void request_free(struct request *r) {
    buf_free(&r->certificate);
    buf_free(&r->subject);
    buf_free(&r->issuer);
    buf_free(&r->serial);
    free(r);
}

static void hang_up(struct tvs_client *c) {
    timer_stop(c->timer);
    tvs_link_close(TAKE(c->link));
    c->up = c->used = c->asked = false;
}

/* The last thing that is done with c, which the callback may free. */
static void finish(struct tvs_client *c, const struct tvs_result *result, const struct err *e) {
    struct request *r = STAILQ_FIRST(&c->requests);
    tvs_done_fn *done = r->done;
    void *user = r->user;
    STAILQ_REMOVE_HEAD(&c->requests, link);
    c->request_count--;
    request_free(r);
    memset(c->left, 0, sizeof c->left);
    c->asked = false;
    timer_stop(c->timer);
    if (!STAILQ_EMPTY(&c->requests))
        event_active(c->kick, 0, 0);
    done(user, result, e);
}

/* Gives up the server at hand for the request at hand. */
static void leave(struct tvs_client *c, const struct err *e) {
    bool only_ended = c->used && (e->code == ERR_TCP_CLOSED || e->code == ERR_TCP_RESET);
    hang_up(c);
    if (STAILQ_EMPTY(&c->requests))
        return;
    if (!only_ended) {
        c->left[c->at] = true;
        c->last = *e;
        tell(c, TVS_LEFT, e->text);
    }
    advance(c);
}

/* ---- Answers ---- */

/* A no brings nothing else along, and only a QUERY's certificate has been compared. */
static struct tvs_result result_of(const struct tvs_client *c, const struct tvs_message *m) {
    struct tvs_result r = {.server = &c->members[c->at], .status = m->status.number};
    r.valid = r.status == TVS_STATUS_VALID;
    if (!r.valid)
        return r;
    r.roles = m->roles.octets;
    r.ttl = m->ttl.number;
    if (m->command == TVS_QUERY_CERT_RES)
        r.certificate = m->certificate.octets;
    return r;
}

static void on_frame(void *user, struct bytes frame) {
    struct tvs_client *c = user;
    const struct request *r = STAILQ_FIRST(&c->requests);
    struct tvs_message m;
    struct err e = {0};
    if (r == NULL || !c->asked) {
        err_set(&e, ERR_TVS_ANSWER, "%s answers what nobody asked", c->members[c->at].host);
        leave(c, &e);
        return;
    }
    if (tvs_message_parse(frame, &m, &e) != 0 || tvs_answer_check(&r->message, &m, &e) != 0) {
        err_context(&e, "%s", c->members[c->at].host);
        leave(c, &e);
        return;
    }
    tell_command(c, TVS_ANSWERED, m.command);
    c->used = true;
    const struct tvs_result result = result_of(c, &m);
    finish(c, &result, NULL);
}

/* ---- The way to a server ---- */

static void ask(struct tvs_client *c) {
    struct request *r = STAILQ_FIRST(&c->requests);
    AUTO_BUF frame = BUF_INIT(TVS_FRAME_MAX);
    struct err e = {0};
    r->message.id = c->next_id++;
    if (tvs_message_write(&r->message, &frame, &e) != 0) {
        leave(c, &e);
        return;
    }
    c->asked = true;
    tell_command(c, TVS_ASKED, r->message.command);
    timer_start(c->timer, c->answer_timeout_us);
    tvs_link_send(c->link, buf_view(&frame));
}

static void on_resolved(void *user, const char *address, const struct err *e) {
    const struct tvs_client *c = user;
    if (address != NULL)
        tell(c, TVS_RESOLVED, address);
    else
        tell(c, TVS_UNRESOLVED, e->text);
}

static void on_open(void *user) {
    struct tvs_client *c = user;
    timer_stop(c->timer);
    c->up = true;
    tell(c, TVS_CONNECTED, "");
    advance(c);
}

static void on_failed(void *user, const struct err *e) {
    const struct err mine = *e; /* the link's own goes with the link */
    leave(user, &mine);
}

static void on_timer(void *user) {
    struct tvs_client *c = user;
    struct err e = {0};
    err_set(&e, ERR_SYS_TIMEOUT, "%s: no %s in time", c->members[c->at].host,
            c->up ? "answer" : "connection");
    leave(c, &e);
}

/* False when none is left. */
static bool choose(struct tvs_client *c) {
    for (c->at = 0; c->at < c->member_count; c->at++)
        if (!c->left[c->at])
            return true;
    c->at = 0;
    return false;
}

static void connect_next(struct tvs_client *c) {
    const struct tvs_link_owner owner = {on_resolved, on_open, on_frame, on_failed, c};
    while (choose(c)) {
        c->link = tvs_link_open(&c->setup, &c->members[c->at], &owner, &c->last);
        if (c->link != NULL) {
            timer_start(c->timer, c->connect_timeout_us);
            return;
        }
        c->left[c->at] = true;
        tell(c, TVS_LEFT, c->last.text);
    }
    const struct err e = c->last;
    finish(c, NULL, &e);
}

/* Brings the first request one step on; may end in its callback. */
static void advance(struct tvs_client *c) {
    if (STAILQ_EMPTY(&c->requests) || c->asked)
        return;
    if (c->link == NULL)
        connect_next(c);
    else if (c->up)
        ask(c);
}

static void on_kick(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    advance(user);
}

/* ---- Requests ---- */

static struct request *request_new(const struct tvs_client *c, uint8_t command, struct err *e) {
    if (c->request_count == REQUESTS_MAX) {
        err_set(e, ERR_SYS_LIMIT, "%d requests wait already", REQUESTS_MAX);
        return NULL;
    }
    struct request *r = calloc(1, sizeof *r);
    if (r == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    r->certificate = (struct buf)BUF_INIT(TVS_BODY_MAX);
    r->subject = r->issuer = (struct buf)BUF_INIT(TVS_NAME_MAX);
    r->serial = (struct buf)BUF_INIT(TVS_SERIAL_MAX);
    r->message.command = command;
    r->message.device = TVS_OCTETS(bytes_of_str(c->device));
    return r;
}

/* Whether it can be written shows now, not when a server waits for it. */
static int enqueue(struct tvs_client *c, struct request *r, tvs_done_fn *done, void *user,
                   struct err *e) {
    AUTO_BUF frame = BUF_INIT(TVS_FRAME_MAX);
    bool kept =
        !r->certificate.failed && !r->subject.failed && !r->issuer.failed && !r->serial.failed;
    if (!kept || tvs_message_write(&r->message, &frame, e) != 0) {
        request_free(r);
        return err_set(e, ERR_SYS_LIMIT, "the request does not fit into a message");
    }
    r->done = done;
    r->user = user;
    STAILQ_INSERT_TAIL(&c->requests, r, link);
    c->request_count++;
    event_active(c->kick, 0, 0);
    return 0;
}

int tvs_client_verify(struct tvs_client *c, struct bytes der, tvs_done_fn *done, void *user,
                      struct err *e) {
    struct request *r = request_new(c, TVS_CERT_VERIFICATION_REQ, e);
    if (r == NULL)
        return -1;
    buf_put_bytes(&r->certificate, der);
    r->message.certificate = TVS_OCTETS(buf_view(&r->certificate));
    return enqueue(c, r, done, user, e);
}

int tvs_client_query(struct tvs_client *c, const char *subject, const char *issuer,
                     struct bytes serial, tvs_done_fn *done, void *user, struct err *e) {
    struct request *r = request_new(c, TVS_QUERY_CERT_REQ, e);
    if (r == NULL)
        return -1;
    buf_put_str(&r->subject, subject);
    buf_put_str(&r->issuer, issuer);
    buf_put_bytes(&r->serial, serial);
    r->message.subject = TVS_OCTETS(buf_view(&r->subject));
    r->message.issuer = TVS_OCTETS(buf_view(&r->issuer));
    r->message.serial = TVS_OCTETS(buf_view(&r->serial));
    return enqueue(c, r, done, user, e);
}

/* ---- Life ---- */

static void insert_member(struct tvs_client *c, const struct tvs_member *member) {
    size_t at = c->member_count++;
    while (at > 0 && c->members[at - 1].priority > member->priority) {
        c->members[at] = c->members[at - 1];
        at--;
    }
    c->members[at] = *member;
}

static int copy_members(struct tvs_client *c, const struct tvs_client_options *o, struct err *e) {
    for (size_t i = 0; i < o->member_count && i < TVS_SERVERS_MAX; i++) {
        struct tvs_member copy = o->members[i];
        copy.host = strdup(o->members[i].host);
        copy.via = copy.via != NULL ? strdup(copy.via) : NULL;
        copy.port = copy.port != 0 ? copy.port : TVS_PORT;
        insert_member(c, &copy);
        if (copy.host == NULL || (o->members[i].via != NULL && copy.via == NULL))
            return err_set(e, ERR_SYS_NOMEM, NULL);
    }
    return 0;
}

static void set_up(struct tvs_client *c, const struct tvs_client_options *o) {
    STAILQ_INIT(&c->requests);
    c->setup = (struct tvs_link_setup){.loop = o->loop,
                                       .resolver = o->resolver,
                                       .certificate = o->certificate,
                                       .key = o->key,
                                       .trusts = o->trusts,
                                       .user = o->user};
    if (o->certificate != NULL)
        X509_up_ref(o->certificate);
    if (o->key != NULL)
        EVP_PKEY_up_ref(o->key);
    c->connect_timeout_us = o->connect_timeout_us;
    c->answer_timeout_us = o->answer_timeout_us;
    c->tell = o->tell;
    c->user = o->user;
    c->next_id = TVS_FIRST_ID;
    err_set(&c->last, ERR_CONFIG_MISSING, "no TVS server is known");
}

static int acquire(struct tvs_client *c, const struct tvs_client_options *o, struct err *e) {
    if (copy_members(c, o, e) != 0)
        return -1;
    c->device = strdup(o->device);
    c->timer = timer_new(o->loop, on_timer, c);
    c->kick = event_new(o->loop, -1, 0, on_kick, c);
    if (c->device == NULL || c->timer == NULL || c->kick == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    c->setup.tls = tvs_link_tls(o->legacy_tls, e);
    return c->setup.tls != NULL ? 0 : -1;
}

struct tvs_client *tvs_client_new(const struct tvs_client_options *options, struct err *e) {
    struct tvs_client *c = calloc(1, sizeof *c);
    if (c == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    set_up(c, options);
    if (acquire(c, options, e) == 0)
        return c;
    tvs_client_free(c);
    return NULL;
}

void tvs_client_free(struct tvs_client *c) {
    if (c == NULL)
        return;
    tvs_link_close(c->link);
    while (!STAILQ_EMPTY(&c->requests)) {
        struct request *r = STAILQ_FIRST(&c->requests);
        STAILQ_REMOVE_HEAD(&c->requests, link);
        request_free(r);
    }
    for (size_t i = 0; i < c->member_count; i++) {
        free((char *)(uintptr_t)c->members[i].host);
        free((char *)(uintptr_t)c->members[i].via);
    }
    if (c->kick != NULL)
        event_free(c->kick);
    timer_free(c->timer);
    SSL_CTX_free(c->setup.tls);
    X509_free(c->setup.certificate);
    EVP_PKEY_free(c->setup.key);
    free(c->device);
    free(c);
}
