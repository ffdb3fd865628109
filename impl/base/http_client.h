/* libcurl's multi interface on the event loop. Callers set up easy handles as they need; this layer
 * resolves the name through c-ares, scales time-outs to component time, and reports the outcome
 * with curl's own return code, whose number and text are what CiscoRA logs (seed 1). */
#ifndef BASE_HTTP_CLIENT_H
#define BASE_HTTP_CLIENT_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/resolver.h"
#include <curl/curl.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

struct http_client; /* opaque: one multi handle */

/* NULL SYS_NOMEM. */
struct http_client *http_client_new(struct event_base *loop, struct resolver *resolver,
                                    struct err *e);
void http_client_free(struct http_client *c); /* transfers under way end with SYS_CANCELLED */

/* One server, as the caller names it and as it is reached. Strings belong to the caller. */
struct http_endpoint {
    const char *host; /* name in URL, Host header and certificate check */
    uint16_t port;
    const char *via; /* "HOST:PORT" to connect to instead (host resolved too); NULL: host:port */
    const char *ca_file; /* PEM trust store; NULL: the system's */
    bool mismatch_is_60; /* a wrong name gives 60, as curl since 7.62; else 51, as in seed 1 */
};

struct http_result {
    CURLcode code;           /* CURLE_OK: there is a response */
    char text[ERR_TEXT_MAX]; /* curl's text for code, times in component time */
    long status;             /* HTTP status, 0 without response */
    int64_t received;        /* body bytes */
    struct err err;          /* code mapped to DNS_*, TCP_*, TLS_*, HTTP_* */
};
typedef void http_done_fn(void *user, CURL *easy, const struct http_result *result);

/* Prepares easy for endpoint: URL https://host:port + path (path begins with '/'), HTTP/1.1, trust,
 * component time in certificate checks, no signals, no Expect. -1 SYS_NOMEM. */
int http_client_target(CURL *easy, const struct http_endpoint *endpoint, const char *path,
                       struct err *e);

/* The same for a file of a server without TLS: a whole URL, http:// or tftp://, whose host and port
 * are those of the endpoint that http_client_start gets. No redirect is followed. -1 SYS_NOMEM. */
int http_client_target_plain(CURL *easy, const char *url, struct err *e);

/* Starts the transfer; done is called exactly once, never before this returns. timeout_us:
 * component time for the whole exchange. easy, body sinks and endpoint must live until then. The
 * connection stays with easy's multi handle for reuse. */
void http_client_start(struct http_client *c, CURL *easy, const struct http_endpoint *endpoint,
                       int64_t timeout_us, http_done_fn *done, void *user);
/* Ends a transfer without calling done. */
void http_client_cancel(struct http_client *c, CURL *easy);

/* CURLOPT_WRITEFUNCTION for a struct buf * (its max is the limit; more fails the transfer with
 * CURLE_WRITE_ERROR). */
size_t http_client_to_buf(char *data, size_t size, size_t count, void *buf);

/* The value of a response header of the last response, or NULL (owned by easy). */
const char *http_client_header(CURL *easy, const char *name);

bool http_client_has_ntlm(void);

#endif
