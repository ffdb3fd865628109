/* GET and HEAD of plain names. It must never decode a path: a name with an escape is none. */
#include "mocks/tftp/web.h"
#include "base/http_server.h"
#include "base/owned.h"
#include <string.h>

enum { BODY_MAX = 1024, DETAIL_MAX = 16 };

struct tftp_web {
    struct event_base *loop;
    const struct service *service;
    struct http_server *server;
};

/* A request, until its connection is done with it. */
struct call {
    struct tftp_web *web;
    struct http_request *request;
    struct offer offer;
    struct timer *timer; /* NULL: no delay */
};

static const char *name_of(const struct http_request *r) {
    const char *path = http_request_path(r);
    return path[0] == '/' ? path + 1 : path;
}

static unsigned status_of(const struct offer *o) {
    if (offer_fault_is(o, TFTP_DO_STATUS))
        return (unsigned)o->fault->value;
    switch (o->e.code) {
    case ERR_OK:
        return 200;
    case ERR_TFTP_NOT_FOUND:
        return 404;
    case ERR_TFTP_ACCESS:
        return 403;
    default:
        return 500;
    }
}

static void tell(const struct call *call, unsigned status) {
    char detail[DETAIL_MAX];
    snprintf(detail, sizeof detail, "%u", status);
    offer_tell(&call->offer, "HTTP answer", name_of(call->request), detail);
}

static void reply(struct call *call, unsigned status) {
    struct http_request *r = call->request;
    struct bytes body = status == 200 ? buf_view(&call->offer.content) : bytes_of("", 0);
    http_reply_header(r, "Content-Type", "application/octet-stream");
    http_reply_header(r, "Cache-Control", "no-store");
    tell(call, status);
    if (offer_fault_is(&call->offer, TFTP_DO_CUT) && (int64_t)body.len > call->offer.fault->value)
        http_reply_cut(r, status, body, (size_t)call->offer.fault->value);
    else
        http_reply(r, status, body, false);
}

static void answer(void *user) {
    struct call *call = user;
    if (offer_fault_is(&call->offer, TFTP_DO_SILENCE))
        http_hold(call->request);
    else if (offer_fault_is(&call->offer, TFTP_DO_CLOSE))
        http_hang_up(call->request);
    else
        reply(call, status_of(&call->offer));
}

static void answer_later(struct call *call) {
    call->timer = timer_new(call->web->loop, answer, call);
    if (call->timer == NULL)
        http_hang_up(call->request);
    else
        timer_start(call->timer, call->offer.delay_us);
}

/* What is no GET of a file; 0 when it is one. */
static unsigned refusal(struct http_request *r) {
    const char *method = http_request_method(r);
    if (http_request_too_large(r))
        return 413;
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        return 0;
    http_reply_header(r, "Allow", "GET, HEAD");
    return 405;
}

/* A phone asks for its own files first: whoever has named itself on the connection is known there.
 */
static void look_up(struct call *call) {
    char *known = http_request_connection(call->request); /* NULL without memory */
    const struct ask ask = {AT_TFTP_HTTP, "HTTP GET", name_of(call->request),
                            known != NULL && known[0] != '\0' ? known : NULL};
    service_look_up(call->web->service, &ask, &call->offer);
    if (known != NULL)
        memcpy(known, call->offer.device, FILES_DEVICE_MAX);
}

static void *on_connection(void *user) {
    (void)user;
    return calloc(1, FILES_DEVICE_MAX);
}

static void on_connection_end(void *user, void *connection) {
    (void)user;
    free(connection);
}

static void on_request(void *user, struct http_request *r) {
    struct tftp_web *w = user;
    unsigned refused = refusal(r);
    struct call *call = refused == 0 ? calloc(1, sizeof *call) : NULL;
    if (call == NULL) {
        http_reply(r, refused != 0 ? refused : 500, bytes_of("", 0), true);
        return;
    }
    *call = (struct call){.web = w, .request = r};
    http_request_set_user(r, call);
    look_up(call);
    if (call->offer.delay_us > 0)
        answer_later(call);
    else
        answer(call);
}

static void log_end(const struct tftp_web *w, const struct http_request *r, const struct call *call,
                    bool sent) {
    const struct offer *offer = call != NULL ? &call->offer : NULL;
    unsigned status = http_reply_status(r);
    AUTO_BUF peer = BUF_INIT(SOCKADDR_TEXT_MAX);
    buf_printf(&peer, "%s:%u", http_request_peer(r), http_request_peer_port(r));
    bool why = offer != NULL && offer->e.code != ERR_OK;
    size_t octets = offer != NULL && status == 200 ? offer->content.len : 0;
    service_log(w->service, "http", buf_str(&peer), name_of(r), offer,
                "%s, status %u, %zu octets%s%s%s", http_request_method(r), status, octets,
                why ? ", " : "", why ? offer->e.text : "",
                sent ? "" : ", the answer was not sent to its end");
}

static void on_completed(void *user, struct http_request *r, bool sent) {
    struct call *call = http_request_user(r);
    log_end(user, r, call, sent);
    if (call == NULL)
        return;
    timer_free(call->timer);
    offer_free(&call->offer);
    free(call);
}

static void on_cut(void *user, const struct http_cut *cut) {
    const struct tftp_web *w = user;
    service_log(w->service, "http", cut->peer, "-", NULL, "%s (%s)", cut->why.text,
                err_name(cut->why.code));
}

struct tftp_web *tftp_web_new(struct event_base *loop, const struct service *service,
                              struct err *e) {
    struct tftp_web *w = calloc(1, sizeof *w);
    if (w == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    w->loop = loop;
    w->service = service;
    const struct tftp_config *config = service->config;
    const struct http_server_options options = {
        .listen = config->http,
        .body_max = BODY_MAX,
        .idle_timeout_us = config->idle_timeout_us,
        .request_timeout_us = config->request_timeout_us,
        .connections_max = (unsigned)config->connections_max,
        .connections_per_address_max = (unsigned)config->connections_per_address_max};
    const struct http_server_callbacks callbacks = {.request = on_request,
                                                    .completed = on_completed,
                                                    .connection_open = on_connection,
                                                    .connection_close = on_connection_end,
                                                    .cut = on_cut,
                                                    .user = w};
    w->server = http_server_new(loop, &options, &callbacks, e);
    if (w->server != NULL)
        return w;
    free(w);
    return NULL;
}

void tftp_web_free(struct tftp_web *w) {
    if (w == NULL)
        return;
    http_server_free(w->server);
    free(w);
}

const char *tftp_web_address(const struct tftp_web *w) {
    return http_server_address(w->server);
}
