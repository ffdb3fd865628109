/* The EST server: set-up, routing, and the operations that only read. It must never ask for
 * authentication where RFC 7030 gives everybody an answer (cacerts, csrattrs). */
#include "est/est_server.h"
#include "est/est_check.h"
#include "est/est_log.h"
#include "est/est_server_impl.h"
#include "pki/p7.h"
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX_DEFAULT = 64 * 1024, CSRATTRS_MAX = 64 * 1024 };
static const int64_t IDLE_DEFAULT_US = 30 * 1000000;

static bool label_served(const struct est_server *s, const char *label) {
    const char **labels = s->options.labels;
    if (label[0] == '\0' || labels == NULL || labels[0] == NULL)
        return true;
    for (size_t i = 0; labels[i] != NULL; i++)
        if (strcmp(labels[i], label) == 0)
            return true;
    return false;
}

static void reply_cacerts(struct est_server *s, struct http_request *http,
                          const struct est_path *path, enum b64_wrap wrap) {
    const X509_STACK *certificates =
        s->backend.cacerts != NULL ? s->backend.cacerts(s->backend.user, path->label) : NULL;
    AUTO_BUF der = BUF_INIT(P7_MAX);
    if (certificates == NULL || sk_X509_num(certificates) <= 0)
        est_reply_none(s, http, path);
    else if (p7_put(certificates, &der, NULL) != 0)
        est_reply_error(s, http, path, EST_ERR_UNKNOWN, 500, NULL);
    else
        est_reply_content(s, http, path, "application/pkcs7-mime; smime-type=certs-only",
                          buf_view(&der), wrap);
}

static void reply_csrattrs(struct est_server *s, struct http_request *http,
                           const struct est_path *path, enum b64_wrap wrap) {
    bool link = s->options.pop == EST_POP_REQUIRED;
    struct bytes own = s->backend.csrattrs != NULL
                           ? s->backend.csrattrs(s->backend.user, path->label)
                           : bytes_of(NULL, 0);
    AUTO_BUF der = BUF_INIT(CSRATTRS_MAX);
    if (own.len == 0 && !link)
        est_reply_none(s, http, path);
    else if (est_put_csrattrs(own, link, &der, NULL) != 0)
        est_reply_error(s, http, path, EST_ERR_UNKNOWN, 500, NULL);
    else
        est_reply_content(s, http, path, "application/csrattrs", buf_view(&der), wrap);
}

static void route(struct est_server *s, struct http_request *http, const struct est_path *path) {
    enum b64_wrap wrap =
        est_wrap_for(http_request_header(http, "User-Agent"), s->options.wrap_by_default);
    if (!label_served(s, path->label))
        est_reply_error(s, http, path, EST_ERR_HTTP_PATH_SEGMENT_NOT_SUPPORTED, 0, NULL);
    else if (strcmp(http_request_method(http), est_operation_method(path->operation)) != 0)
        est_reply_error(s, http, path, EST_ERR_WRONG_METHOD, 0, NULL);
    else if (http_request_too_large(http))
        est_reply_error(s, http, path, EST_ERR_BUF_EXCEEDS_MAX_LEN, 0, NULL);
    else if (path->operation == EST_CACERTS)
        reply_cacerts(s, http, path, wrap);
    else if (path->operation == EST_CSRATTRS)
        reply_csrattrs(s, http, path, wrap);
    else
        est_enrol_begin(s, http, path);
}

static void on_request(void *user, struct http_request *http) {
    struct est_server *s = user;
    struct est_path path;
    enum est_path_result known = est_path_parse(http_request_path(http), &path);
    est_note_request(s, http, known == EST_PATH_OK ? &path : NULL);
    if (known == EST_PATH_OK)
        route(s, http, &path);
    else
        est_reply_error(s, http, NULL,
                        known == EST_PATH_UNKNOWN ? EST_ERR_HTTP_NOT_FOUND
                                                  : EST_ERR_HTTP_INVALID_PATH_SEGMENT,
                        0, NULL);
}

static void on_completed(void *user, struct http_request *http, bool sent) {
    struct est_server *s = user;
    struct est_request *r = http_request_user(http);
    if (!sent)
        est_log(s->options.log, EST_LOG_SHUTDOWN_FAILED);
    if (r != NULL)
        est_enrol_completed(r);
}

static void on_cut(void *user, const struct http_cut *cut) {
    const struct est_server *s = user;
    if (s->backend.cut != NULL)
        s->backend.cut(s->backend.user, cut);
}

static int check_options(const struct est_server_options *o, struct err *e) {
    if (o->realm != NULL && (strlen(o->realm) > EST_REALM_MAX || strpbrk(o->realm, "\"\\\r\n")))
        return err_set(e, ERR_CONFIG_BAD_VALUE,
                       "realm: at most %d bytes, no quotes, backslashes or line breaks",
                       EST_REALM_MAX);
    for (size_t i = 0; o->labels != NULL && o->labels[i] != NULL; i++)
        if (est_label_check(o->labels[i], e) != 0)
            return -1;
    return 0;
}

static struct http_server *listen_http(struct est_server *s, struct event_base *loop,
                                       struct err *e) {
    const struct est_server_options *o = &s->options;
    const char *without_tls13 = o->pop == EST_POP_REQUIRED ? "NORMAL:-VERS-TLS1.3" : NULL;
    struct http_server_options http = {
        .listen = o->listen,
        .certificate_file = o->certificate_file,
        .key_file = o->key_file,
        .priorities = o->priorities != NULL ? o->priorities : without_tls13,
        .request_client_certificate = o->client_certificate != EST_CERT_NONE,
        .body_max = o->body_max != 0 ? o->body_max : BODY_MAX_DEFAULT,
        .idle_timeout_us = o->idle_timeout_us > 0 ? o->idle_timeout_us : IDLE_DEFAULT_US,
        .handshake_timeout_us = o->handshake_timeout_us,
        .request_timeout_us = o->request_timeout_us,
        .connections_max = o->connections_max,
        .connections_per_address_max = o->connections_per_address_max,
    };
    struct http_server_callbacks callbacks = {
        .request = on_request, .completed = on_completed, .cut = on_cut, .user = s};
    return http_server_new(loop, &http, &callbacks, e);
}

struct est_server *est_server_new(struct event_base *loop, const struct est_server_options *options,
                                  const struct est_backend *backend, struct err *e) {
    if (check_options(options, e) != 0)
        return NULL;
    struct est_server *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    s->options = *options;
    s->backend = *backend;
    LIST_INIT(&s->held);
    s->pending = est_pending_new(EST_PENDING_MAX, e);
    s->http = s->pending != NULL ? listen_http(s, loop, e) : NULL;
    if (s->http != NULL)
        return s;
    est_server_free(s);
    return NULL;
}

void est_server_free(struct est_server *s) {
    if (s == NULL)
        return;
    http_server_free(s->http);
    while (!LIST_EMPTY(&s->held)) {
        struct est_request *r = LIST_FIRST(&s->held);
        LIST_REMOVE(r, link);
        r->server = NULL;
        r->http = NULL;
    }
    est_pending_free(s->pending);
    free(s);
}

const char *est_server_address(const struct est_server *s) {
    return http_server_address(s->http);
}
