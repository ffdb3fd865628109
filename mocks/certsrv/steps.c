/* Route, logon, handler: each a step. It never answers a page that needs a logon without one. */
#include "mocks/certsrv/steps.h"
#include "base/owned.h"
#include "base/random.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { COOKIE_VALUE = 24, COOKIE_MAX = 96 };

struct route {
    enum certsrv_point point;
    const char *path;
    bool logon, asp;
    handler_fn *handler;
};
static const struct route routes[] = {
#define CERTSRV_ROUTE_ROW(point, path, logon, asp, handler) {AT_##point, path, logon, asp, handler},
    CERTSRV_ROUTE_TABLE(CERTSRV_ROUTE_ROW)
#undef CERTSRV_ROUTE_ROW
};

static const struct route *find_route(const char *path) {
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcasecmp(routes[i].path, path) == 0)
            return &routes[i];
    return NULL;
}

/* A host for redirects: what the client called us, if it is a host, without the standard port. */
static char *redirect_host(const struct certsrv_server *s, const struct exchange *x) {
    const char *sent = exchange_header(x, "Host");
    size_t len = strlen(sent);
    bool sound = len > 0 && len < 256 &&
                 strspn(sent, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "-._:[]") == len;
    if (!sound)
        return strdup(s->setup.config->host);
    bool standard_port = len > 4 && strcmp(sent + len - 4, ":443") == 0;
    return strndup(sent, standard_port ? len - 4 : len);
}

void step_refuse(struct certsrv_server *s, struct exchange *x) {
    struct auth_result *auth = &x->auth;
    for (size_t i = 0; i < s->auth.offered_count && auth->offer_all; i++) {
        AUTO_BUF offer = BUF_INIT(1024);
        auth_put_offer(&s->auth, s->auth.offered[i], &offer);
        http_reply_header(x->http, "WWW-Authenticate", buf_str(&offer));
    }
    if (auth->header.len > 0)
        http_reply_header(x->http, "WWW-Authenticate", buf_str(&auth->header));
    exchange_reply_status(x, 401, auth->substatus, auth->win32);
}

static void random_letters(char *out, size_t count) {
    for (size_t i = 0; i < count; i++)
        out[i] = (char)('A' + random_below(26));
    out[count] = '\0';
}

static void send_page(struct certsrv_server *s, struct exchange *x) {
    char cookie[COOKIE_MAX], value[COOKIE_VALUE + 1];
    random_letters(value, COOKIE_VALUE);
    snprintf(cookie, sizeof cookie, "ASPSESSIONID%s=%s; secure; path=/", s->cookie_name, value);
    bool has_one = strstr(exchange_header(x, "Cookie"), "ASPSESSIONID") != NULL;
    exchange_reply(x, has_one ? NULL : cookie);
}

/* As ASP does: the failure stands in the log behind the query, the client learns nothing of it. */
static void send_failure(struct exchange *x) {
    x->query_suffix = "|-|ASP_0115|Unexpected_error";
    exchange_reply_status(x, 500, 0, 0);
}

static int fill_call(struct certsrv_server *s, struct exchange *x, struct form *query,
                     struct form *fields, struct call *call) {
    const struct certsrv_config *config = s->setup.config;
    struct err e;
    if (form_read(bytes_of_str(http_request_query(x->http)), query, &e) != 0 ||
        form_read(http_request_body(x->http), fields, &e) != 0)
        return -1;
    call->config = config;
    call->templates = s->setup.templates;
    call->ca = s->setup.ca;
    call->site = (struct page_site){.ca_name = config->ca.name,
                                    .language = (enum language)config->language,
                                    .renewals = ca_renewals(s->setup.ca)};
    call->query = query;
    call->fields = fields;
    call->user_agent = exchange_header(x, "User-Agent");
    call->raw_query = http_request_query(x->http);
    return 0;
}

static int give_page(const struct call *call, struct reply *reply, struct err *e) {
    reply->content_type = "text/html";
    return handle_home(call, reply, e);
}

/* What answers: the page's own handler, unless a fault says otherwise. */
static handler_fn *handler_of(const struct exchange *x) {
    if (x->damage.rpc_unavailable)
        return reply_rpc_unavailable;
    return x->damage.html ? give_page : x->route->handler;
}

static void run_handler(struct certsrv_server *s, struct exchange *x) {
    struct form query = {0}, fields = {0};
    struct err e = {0};
    AUTO(char) host = redirect_host(s, x);
    struct call call = {.user = x->auth.user, .host = host, .damage = &x->damage};
    int rc = host == NULL ? -1 : fill_call(s, x, &query, &fields, &call);
    x->asp = x->route->asp;
    if (rc == 0)
        rc = handler_of(x)(&call, &x->reply, &e);
    if (rc == 0 && !x->reply.body.failed)
        send_page(s, x);
    else
        send_failure(x);
    form_free(&query);
    form_free(&fields);
}

static bool is_method(const struct exchange *x) {
    const char *method = http_request_method(x->http);
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 || strcmp(method, "POST") == 0;
}

static bool is_certsrv(const char *path) {
    return strncasecmp(path, "/certsrv/", 9) == 0;
}

static void serve(struct certsrv_server *s, struct exchange *x) {
    if (x->route == NULL) {
        exchange_reply_status(x, 404, 0, IIS_NOT_FOUND);
    } else if (http_request_too_large(x->http)) {
        send_failure(x);
    } else if (!is_method(x)) {
        http_reply_header(x->http, "Allow", "GET, HEAD, POST");
        exchange_reply_status(x, 405, 0, 0);
    } else {
        step_pass(s, x, x->route->point, run_handler);
    }
}

static void after_logon(struct certsrv_server *s, struct exchange *x) {
    if (x->auth.user == NULL) {
        step_refuse(s, x);
        return;
    }
    x->username = TAKE(x->auth.log_name);
    if (x->auth.header.len > 0)
        http_reply_header(x->http, "WWW-Authenticate", buf_str(&x->auth.header));
    step_pass(s, x, AT_PAGE, serve);
}

static void after_judgement(struct certsrv_server *s, struct exchange *x) {
    static const enum certsrv_point points[] = {[AUTH_ANONYMOUS] = AT_ANONYMOUS,
                                                [AUTH_TYPE1] = AT_TYPE1,
                                                [AUTH_TYPE3] = AT_TYPE3,
                                                [AUTH_PLAIN] = AT_BASIC,
                                                [AUTH_SESSION] = AT_SESSION};
    if (x->auth.step == AUTH_NONSENSE)
        after_logon(s, x);
    else
        step_pass(s, x, points[x->auth.step], after_logon);
}

static void log_on(struct certsrv_server *s, struct exchange *x) {
    struct err e = {0};
    struct auth_connection *connection = http_request_connection(x->http);
    const char *sent = http_request_header(x->http, "Authorization");
    if (connection != NULL && auth_request(&s->auth, connection, sent, &x->auth, &e) == 0)
        after_judgement(s, x);
    else
        exchange_reply_status(x, 500, 0, 0);
}

static void after_arrival(struct certsrv_server *s, struct exchange *x) {
    bool guarded = x->route == NULL ? is_certsrv(x->stem) : x->route->logon;
    if (guarded)
        log_on(s, x);
    else
        serve(s, x);
}

void step_first(struct certsrv_server *s, struct exchange *x) {
    x->route = find_route(x->stem);
    step_pass(s, x, AT_REQUEST, after_arrival);
}
