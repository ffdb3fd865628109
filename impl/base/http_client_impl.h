/* The inside of the HTTP client, shared by its own files only. */
#ifndef BASE_HTTP_CLIENT_IMPL_H
#define BASE_HTTP_CLIENT_IMPL_H

#include "base/http_client.h"
#include <sys/queue.h>

struct lookup_wait; /* a look-up under way; outlives a cancelled transfer */

/* One transfer: waits for the name, then is curl's, then is reported and freed. */
struct transfer {
    LIST_ENTRY(transfer) link;
    struct http_client *client;
    CURL *easy;
    const struct http_endpoint *endpoint;
    http_done_fn *done;
    void *user;
    int64_t timeout_us;  /* component time */
    int64_t deadline_us; /* component monotonic */
    struct event *timer; /* limit of the look-up, and of curl; the next turn for early failures */
    struct lookup_wait *wait;
    bool added;     /* curl has it */
    bool tls_begun; /* a handshake was started: TCP stood */
    bool leaf_self_signed;
    int verify_error; /* X509_V_* of the last handshake */
    struct curl_slist *resolve;
    struct curl_slist *connect_to;
    struct http_result early; /* outcome known before curl had it */
    char text[CURL_ERROR_SIZE];
};
LIST_HEAD(transfer_list, transfer);

struct http_client {
    struct event_base *loop;
    struct resolver *resolver;
    CURLM *multi;
    struct event *timer;
    struct transfer_list transfers;
};

/* http_client.c: curl ended a transfer; calls done and frees. */
void transfer_finish(struct transfer *t, CURLcode code);

/* http_client_loop.c */
int client_loop_init(struct http_client *c, struct err *e);
void client_loop_free(struct http_client *c);

/* http_client_result.c: what the outcome means; text in component time. */
void client_result(const struct transfer *t, CURLcode code, struct http_result *result);
/* The outcome of a look-up that failed, or was given up (e == NULL: time ran out). */
void client_result_lookup(const struct transfer *t, const char *name, const struct err *e,
                          struct http_result *result);

/* http_client_tls.c: CURLOPT_SSL_CTX_FUNCTION with a struct transfer. */
CURLcode client_tls_setup(CURL *easy, void *ctx, void *transfer);

#endif
