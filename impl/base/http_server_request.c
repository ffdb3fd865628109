/* From libmicrohttpd's callbacks to one call of the handler for a complete request. Keeps the raw
 * target, bounds the body, and suspends the connection until the answer is there. */
#include "http_server_impl.h"

#include "base/clock.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* A body beyond its limit is read on for this long, so that the peer gets to read the 413; a longer
 * one is cut off. */
enum { DRAIN_MAX = 1024 * 1024 };

static void request_free(struct http_request *r) {
    if (r == NULL)
        return;
    if (r->suspended)
        LIST_REMOVE(r, link);
    if (r->connection != NULL && r->connection->request == r)
        r->connection->request = NULL;
    server_reply_free(r);
    buf_free(&r->body);
    free(r->method);
    free(r->path);
    free(r->query);
    free(r);
}

static int set_target(struct http_request *r, const char *uri) {
    const char *mark = strchr(uri, '?');
    r->path = mark != NULL ? strndup(uri, (size_t)(mark - uri)) : strdup(uri);
    r->query = strdup(mark != NULL ? mark + 1 : "");
    return r->path != NULL && r->query != NULL ? 0 : -1;
}

static struct http_connection *connection_of(struct MHD_Connection *mhd) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

/* The request line was read; libmicrohttpd takes it apart in place afterwards. */
void *server_on_uri(void *server, const char *uri, struct MHD_Connection *mhd) {
    struct http_server *s = server;
    struct http_connection *c = connection_of(mhd);
    s->progress++;
    if (c == NULL)
        return NULL;
    request_free(c->request);
    struct http_request *r = calloc(1, sizeof *r);
    c->request = r;
    if (r == NULL)
        return NULL;
    r->server = s;
    r->connection = c;
    r->mhd = mhd;
    r->body = (struct buf)BUF_INIT(s->body_max);
    r->start_us = clock_mono_us();
    if (set_target(r, uri) == 0)
        return r;
    request_free(r);
    return NULL;
}

static enum MHD_Result hand_over(struct http_request *r) {
    struct http_server *s = r->server;
    if (r->handed)
        return MHD_NO; /* woken without an answer: the server is being freed */
    r->handed = true;
    server_deadline_stop(r->connection);
    s->callbacks.request(s->callbacks.user, r);
    if (r->replied)
        return server_send_reply(r);
    r->suspended = true;
    LIST_INSERT_HEAD(&s->suspended, r, link);
    MHD_suspend_connection(r->mhd);
    return MHD_YES;
}

static bool announces_flood(const struct http_request *r) {
    const char *text = http_request_header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return text != NULL && strtoull(text, NULL, 10) > (uint64_t)r->body.max + DRAIN_MAX;
}

static enum MHD_Result on_head(struct http_request *r, const char *method) {
    r->begun = true;
    r->method = strdup(method);
    if (r->method == NULL)
        return MHD_NO;
    if (!announces_flood(r))
        return MHD_YES;
    r->too_large = true;
    return hand_over(r);
}

static enum MHD_Result on_body(struct http_request *r, const char *data, size_t *size) {
    if (!r->too_large && (*size > r->body.max - r->body.len || buf_put(&r->body, data, *size) != 0))
        r->too_large = true;
    if (r->too_large) {
        buf_free(&r->body);
        r->drained += *size;
    }
    *size = 0;
    return r->drained > DRAIN_MAX ? MHD_NO : MHD_YES;
}

enum MHD_Result server_on_access(void *server, struct MHD_Connection *mhd, const char *url,
                                 const char *method, const char *version, const char *data,
                                 size_t *size, void **request) {
    struct http_request *r = *request;
    ((struct http_server *)server)->progress++;
    (void)mhd;
    (void)url;
    (void)version;
    if (r == NULL)
        return MHD_NO;
    if (r->replied)
        return server_send_reply(r);
    if (!r->begun)
        return on_head(r, method);
    return *size > 0 ? on_body(r, data, size) : hand_over(r);
}

void server_on_completed(void *server, struct MHD_Connection *mhd, void **request,
                         enum MHD_RequestTerminationCode how) {
    struct http_server *s = server;
    struct http_request *r = *request;
    (void)mhd;
    s->progress++;
    *request = NULL;
    if (r == NULL)
        return;
    if (r->connection != NULL)
        server_deadline_start(r->connection, HTTP_PHASE_REQUEST);
    if (r->handed)
        s->callbacks.completed(s->callbacks.user, r,
                               r->replied && how == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    request_free(r);
}

static void set_peer(struct http_connection *c, struct MHD_Connection *mhd) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *from = info != NULL ? info->client_addr : NULL;
    if (from != NULL)
        c->address = admission_peer_of(from);
    if (from != NULL && from->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)from;
        inet_ntop(AF_INET, &v4->sin_addr, c->peer, sizeof c->peer);
        c->peer_port = ntohs(v4->sin_port);
    } else if (from != NULL && from->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)from;
        inet_ntop(AF_INET6, &v6->sin6_addr, c->peer, sizeof c->peer);
        c->peer_port = ntohs(v6->sin6_port);
    }
}

static int socket_of(struct MHD_Connection *mhd) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info != NULL ? info->connect_fd : -1;
}

static struct http_connection *connection_new(struct http_server *s, struct MHD_Connection *mhd) {
    struct http_connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL; /* its requests will be cut off */
    c->server = s;
    c->id = ++s->connections;
    set_peer(c, mhd);
    c->fd = socket_of(mhd);
    server_hangup_watch(s, c);
    server_tls_connection(c, mhd);
    c->admitted = admission_enter(s->admission, &c->address, NULL) == 0;
    server_deadline_open(c);
    if (s->callbacks.connection_open != NULL)
        c->user = s->callbacks.connection_open(s->callbacks.user);
    return c;
}

static void connection_free(struct http_server *s, struct http_connection *c) {
    if (c == NULL)
        return;
    request_free(c->request);
    server_deadline_stop(c);
    if (c->admitted)
        admission_leave(s->admission, &c->address);
    server_hangup_forget(s, c);
    server_transport_forget(c);
    if (s->callbacks.connection_close != NULL)
        s->callbacks.connection_close(s->callbacks.user, c->user);
    free(c);
}

void server_on_connection(void *server, struct MHD_Connection *mhd, void **connection,
                          enum MHD_ConnectionNotificationCode how) {
    struct http_server *s = server;
    s->progress++;
    if (how == MHD_CONNECTION_NOTIFY_STARTED) {
        server_worker_opened(s);
        *connection = connection_new(s, mhd);
    } else {
        s->room = true;
        server_worker_closed(s);
        connection_free(s, *connection);
        *connection = NULL;
    }
    slack_note(s->slack, s->open);
}

const char *http_request_method(const struct http_request *r) {
    return r->method;
}

const char *http_request_path(const struct http_request *r) {
    return r->path;
}

const char *http_request_query(const struct http_request *r) {
    return r->query;
}

const char *http_request_header(const struct http_request *r, const char *name) {
    return MHD_lookup_connection_value(r->mhd, MHD_HEADER_KIND, name);
}

struct bytes http_request_body(const struct http_request *r) {
    return buf_view(&r->body);
}

bool http_request_too_large(const struct http_request *r) {
    return r->too_large;
}

const char *http_request_peer(const struct http_request *r) {
    return r->connection->peer;
}

uint16_t http_request_peer_port(const struct http_request *r) {
    return r->connection->peer_port;
}

void *http_request_connection(const struct http_request *r) {
    return r->connection->user;
}

uint64_t http_request_connection_id(const struct http_request *r) {
    return r->connection->id;
}

int64_t http_request_taken_us(const struct http_request *r) {
    return clock_mono_us() - r->start_us;
}

void http_request_set_user(struct http_request *r, void *user) {
    r->user = user;
}

void *http_request_user(const struct http_request *r) {
    return r->user;
}
