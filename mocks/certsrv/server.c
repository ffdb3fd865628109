/* From a complete HTTP request to its reply: route, logon, handler. It never answers a page that
 * needs a logon without one, and one client's failure is never another's. */
#include "mocks/certsrv/server.h"
#include "base/file.h"
#include "base/http_server.h"
#include "base/random.h"
#include "base/x509.h"
#include "mocks/certsrv/auth.h"
#include "mocks/certsrv/exchange.h"
#include "mocks/certsrv/handlers.h"
#include "mocks/certsrv/iis_log.h"
#include "mocks/certsrv/points.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BODY_MAX = 256 * 1024, COOKIE_NAME = 8, COOKIE_VALUE = 24, COOKIE_MAX = 96 };

struct certsrv_server {
    struct certsrv_setup setup;
    struct http_server *http;
    struct iis_log *log;
    struct auth_policy auth;
    char *netbios_computer; /* LAB-DC */
    char *address_ip;
    unsigned port;
    char cookie_name[COOKIE_NAME + 1];
};

struct point {
    const char *name, *path;
    bool logon, asp;
    handler_fn *handler;
};
static const struct point points[] = {
#define CERTSRV_POINT_ROW(name, path, logon, asp, handler) {name, path, logon, asp, handler},
    CERTSRV_POINT_TABLE(CERTSRV_POINT_ROW)
#undef CERTSRV_POINT_ROW
};

static const struct point *find_point(const char *path) {
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        if (strcasecmp(points[i].path, path) == 0)
            return &points[i];
    return NULL;
}

static void random_letters(char *out, size_t count) {
    for (size_t i = 0; i < count; i++)
        out[i] = (char)('A' + random_below(26));
    out[count] = '\0';
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

static void refuse(struct certsrv_server *s, struct exchange *x, const struct auth_result *auth) {
    for (size_t i = 0; i < s->auth.offered_count && auth->offer_all; i++) {
        AUTO_BUF offer = BUF_INIT(1024);
        auth_put_offer(&s->auth, s->auth.offered[i], &offer);
        http_reply_header(x->http, "WWW-Authenticate", buf_str(&offer));
    }
    if (auth->header.len > 0)
        http_reply_header(x->http, "WWW-Authenticate", buf_str(&auth->header));
    exchange_reply_status(x, 401, auth->substatus, auth->win32);
}

/* The user of this request; NULL: it was answered. */
static const struct user *logon(struct certsrv_server *s, struct exchange *x) {
    struct auth_result auth;
    struct err e = {0};
    const struct user *user = NULL;
    struct auth_connection *connection = http_request_connection(x->http);
    if (connection == NULL ||
        auth_request(&s->auth, connection, http_request_header(x->http, "Authorization"), &auth,
                     &e) != 0) {
        exchange_reply_status(x, 500, 0, 0);
    } else if (auth.user == NULL) {
        refuse(s, x, &auth);
    } else {
        user = auth.user;
        x->username = TAKE(auth.log_name);
        if (auth.header.len > 0)
            http_reply_header(x->http, "WWW-Authenticate", buf_str(&auth.header));
    }
    if (connection != NULL)
        auth_result_free(&auth);
    return user;
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

static void run_handler(struct certsrv_server *s, struct exchange *x, const struct point *point,
                        const struct user *user) {
    struct form query = {0}, fields = {0};
    struct err e = {0};
    AUTO(char) host = redirect_host(s, x);
    struct call call = {.user = user, .host = host};
    int rc = host == NULL ? -1 : fill_call(s, x, &query, &fields, &call);
    x->asp = point->asp;
    if (rc == 0)
        rc = point->handler(&call, &x->reply, &e);
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
    const struct point *point = find_point(x->stem);
    const struct user *user = NULL;
    bool guarded = point == NULL ? is_certsrv(x->stem) : point->logon;
    if (guarded && (user = logon(s, x)) == NULL)
        return;
    if (point == NULL) {
        exchange_reply_status(x, 404, 0, IIS_NOT_FOUND);
    } else if (http_request_too_large(x->http)) {
        send_failure(x);
    } else if (!is_method(x)) {
        http_reply_header(x->http, "Allow", "GET, HEAD, POST");
        exchange_reply_status(x, 405, 0, 0);
    } else {
        run_handler(s, x, point, user);
    }
}

static void on_request(void *server, struct http_request *r) {
    struct exchange *x = exchange_new(r);
    if (x == NULL) {
        http_reply(r, 500, bytes_of("", 0), true);
        return;
    }
    http_request_set_user(r, x);
    exchange_event_request(x);
    serve(server, x);
}

static void on_completed(void *server, struct http_request *r, bool sent) {
    const struct certsrv_server *s = server;
    struct exchange *x = http_request_user(r);
    if (x == NULL)
        return;
    const struct exchange_log to = {s->log, s->address_ip, s->port};
    exchange_log(x, &to, sent);
    http_request_set_user(r, NULL);
    exchange_free(x);
}

static void *on_open(void *server) {
    (void)server;
    return calloc(1, sizeof(struct auth_connection));
}

static void on_close(void *server, void *connection) {
    (void)server;
    free(connection);
}

/* Hash for tls-server-end-point: that of the certificate's signature, SHA-256 at least (RFC 5929
 * 4.1). */
static int set_binding(struct auth_policy *auth, const char *certificate_file, struct err *e) {
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    int digest_nid = NID_undef;
    AUTO(X509) cert = x509_read_file(certificate_file, e);
    if (cert == NULL)
        return -1;
    OBJ_find_sigid_algs(X509_get_signature_nid(cert), &digest_nid, NULL);
    bool strong = digest_nid == NID_sha384 || digest_nid == NID_sha512;
    if (X509_digest(cert, strong ? EVP_get_digestbynid(digest_nid) : EVP_sha256(), hash, &len) != 1)
        return err_openssl(e, ERR_SYS_INTERNAL, "channel binding");
    return ntlm_channel_binding(bytes_of(hash, len), auth->binding, e);
}

/* LAB-DC of lab-dc.michamen.com. */
static char *computer_name(const char *host) {
    char *name = strndup(host, strcspn(host, "."));
    for (char *at = name; at != NULL && *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
    return name;
}

static int offer_schemes(struct auth_policy *auth, const struct cfg_strings *words, struct err *e) {
    if (words->count == 0)
        return auth_offer(auth, "negotiate", e) == 0 ? auth_offer(auth, "ntlm", e) : -1;
    for (size_t i = 0; i < words->count; i++)
        if (auth_offer(auth, words->items[i], e) != 0)
            return -1;
    return 0;
}

static int set_up_auth(struct certsrv_server *s, struct err *e) {
    const struct certsrv_config *config = s->setup.config;
    s->netbios_computer = computer_name(config->host);
    if (s->netbios_computer == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    s->auth.realm = config->host;
    s->auth.accounts = s->setup.accounts;
    s->auth.epa = (enum ntlm_epa)config->extended_protection;
    s->auth.per_request = config->logon_per_request;
    s->auth.names = (struct ntlm_names){.netbios_domain = s->setup.accounts->domain.netbios,
                                        .netbios_computer = s->netbios_computer,
                                        .dns_domain = s->setup.accounts->domain.dns,
                                        .dns_computer = config->host,
                                        .forest = s->setup.accounts->domain.dns};
    return offer_schemes(&s->auth, &config->authentication, e) == 0
               ? set_binding(&s->auth, config->certificate, e)
               : -1;
}

static int start(struct certsrv_server *s, struct event_base *loop, struct err *e) {
    const struct certsrv_config *config = s->setup.config;
    const struct http_server_options options = {.listen = config->listen,
                                                .certificate_file = config->certificate,
                                                .key_file = config->key,
                                                .body_max = BODY_MAX};
    const struct http_server_callbacks callbacks = {.request = on_request,
                                                    .completed = on_completed,
                                                    .connection_open = on_open,
                                                    .connection_close = on_close,
                                                    .user = s};
    uint16_t port;
    random_letters(s->cookie_name, COOKIE_NAME);
    s->log = iis_log_open(config->log, e);
    if (s->log == NULL || set_up_auth(s, e) != 0)
        return -1;
    s->http = http_server_new(loop, &options, &callbacks, e);
    if (s->http == NULL ||
        split_host_port(http_server_address(s->http), &s->address_ip, &port, e) != 0)
        return -1;
    s->port = config->log_port != 0 ? (unsigned)config->log_port : port;
    return 0;
}

struct certsrv_server *certsrv_server_new(struct event_base *loop,
                                          const struct certsrv_setup *setup, struct err *e) {
    struct certsrv_server *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    s->setup = *setup;
    if (start(s, loop, e) == 0)
        return s;
    certsrv_server_free(s);
    return NULL;
}

void certsrv_server_free(struct certsrv_server *s) {
    if (s == NULL)
        return;
    if (s->http != NULL)
        http_server_free(s->http);
    iis_log_close(s->log);
    free(s->netbios_computer);
    free(s->address_ip);
    free(s);
}

const char *certsrv_server_address(const struct certsrv_server *s) {
    return http_server_address(s->http);
}
