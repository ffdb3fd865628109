/* Answers of the HTTP server: headers are collected, the body is copied, and a suspended connection
 * goes on. Every request is answered at most once, whatever the handler does. */
#include "http_server_impl.h"

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

static void build(struct http_request *r, struct bytes body, bool close) {
    static const char nothing[] = "";
    const void *data = body.len > 0 ? (const void *)body.data : nothing;
    r->response =
        MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)data, MHD_RESPMEM_MUST_COPY);
    if (r->response == NULL)
        return;
    bool closing = close || r->too_large;
    if (add_headers(r) == 0 &&
        (!closing || MHD_add_response_header(r->response, "Connection", "close") == MHD_YES))
        return;
    MHD_destroy_response(r->response);
    r->response = NULL;
}

void http_reply(struct http_request *r, unsigned status, struct bytes body, bool close) {
    if (r->replied)
        return;
    build(r, body, close);
    r->replied = true;
    r->status = status;
    if (!r->suspended)
        return;
    r->suspended = false;
    r->server->progress++;
    LIST_REMOVE(r, link);
    MHD_resume_connection(r->mhd);
    server_loop_kick(r->server);
}

unsigned http_reply_status(const struct http_request *r) {
    return r->status;
}

enum MHD_Result server_send_reply(struct http_request *r) {
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
