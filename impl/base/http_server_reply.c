/* Answers of the HTTP server: headers are collected, the body is copied, and a suspended connection
 * goes on. Every request is answered at most once, whatever the handler does. */
#include "http_server_impl.h"

#include "base/log.h"
#include <stdlib.h>
#include <string.h>

static bool is_token(const char *name) {
    static const char others[] = "!#$%&'*+-.^_`|~0123456789"
                                 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return name[0] != '\0' && name[strspn(name, others)] == '\0';
}

int http_reply_header(struct http_request *r, const char *name, const char *value) {
    if (!is_token(name) || value == NULL || strpbrk(value, "\r\n") != NULL ||
        r->header_count == REPLY_HEADERS_MAX || r->replied)
        return -1;
    struct reply_header *h = &r->headers[r->header_count];
    h->name = strdup(name);
    h->value = strdup(value);
    r->header_count++;
    return h->name != NULL && h->value != NULL ? 0 : -1;
}

static int add_headers(struct http_request *r) {
    for (size_t i = 0; i < r->header_count; i++) {
        const struct reply_header *h = &r->headers[i];
        if (h->name == NULL || h->value == NULL ||
            MHD_add_response_header(r->response, h->name, h->value) != MHD_YES)
            return -1;
    }
    return 0;
}

/* The response with its headers, or none. */
static void finish(struct http_request *r, bool close) {
    if (r->response == NULL)
        return;
    bool closing = close || r->too_large;
    if (add_headers(r) == 0 &&
        (!closing || MHD_add_response_header(r->response, "Connection", "close") == MHD_YES))
        return;
    MHD_destroy_response(r->response);
    r->response = NULL;
}

static struct MHD_Response *whole(struct bytes body) {
    static const char nothing[] = "";
    const void *data = body.len > 0 ? (const void *)body.data : nothing;
    return MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)data,
                                           MHD_RESPMEM_MUST_COPY);
}

/* What was decided goes out now, or when the handler returns. */
static void answer(struct http_request *r, unsigned status) {
    r->replied = true;
    r->status = status;
    server_deadline_start(r->connection, HTTP_PHASE_ANSWER);
    if (!r->suspended)
        return;
    r->suspended = false;
    r->server->progress++;
    LIST_REMOVE(r, link);
    MHD_resume_connection(r->mhd);
    server_loop_kick(r->server);
}

void http_reply(struct http_request *r, unsigned status, struct bytes body, bool close) {
    if (r->replied)
        return;
    r->response = whole(body);
    finish(r, close);
    answer(r, status);
}

static ssize_t read_cut(void *content, uint64_t at, char *out, size_t max) {
    struct buf *body = content;
    if (at >= body->len)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t left = body->len - (size_t)at;
    size_t len = left < max ? left : max;
    memcpy(out, body->data + at, len);
    return (ssize_t)len;
}

static void free_cut(void *content) {
    struct buf *body = content;
    buf_free(body);
    free(body);
}

/* A response that announces all of body and breaks off behind its first bytes. */
static struct MHD_Response *cut(struct bytes body, size_t sent) {
    enum { BLOCK = 32 * 1024 };
    struct buf *kept = calloc(1, sizeof *kept);
    if (kept == NULL)
        return NULL;
    *kept = (struct buf)BUF_INIT(body.len);
    buf_put(kept, body.data, sent < body.len ? sent : body.len);
    struct MHD_Response *response =
        MHD_create_response_from_callback(body.len, BLOCK, read_cut, kept, free_cut);
    if (response == NULL)
        free_cut(kept);
    return response;
}

void http_reply_cut(struct http_request *r, unsigned status, struct bytes body, size_t sent) {
    if (r->replied)
        return;
    r->response = cut(body, sent);
    finish(r, true);
    answer(r, status);
}

void http_hang_up(struct http_request *r) {
    if (!r->replied)
        answer(r, 0);
}

void http_hold(struct http_request *r) {
    r->held = true;
    if (http_request_peer_closed(r))
        http_hang_up(r);
}

unsigned http_reply_status(const struct http_request *r) {
    return r->status;
}

enum MHD_Result server_send_reply(struct http_request *r) {
    logs_flush();
    if (r->response == NULL)
        return MHD_NO;
    return MHD_queue_response(r->mhd, r->status, r->response);
}

void server_reply_free(struct http_request *r) {
    if (r->response != NULL)
        MHD_destroy_response(r->response);
    for (size_t i = 0; i < r->header_count; i++) {
        free(r->headers[i].name);
        free(r->headers[i].value);
    }
}
