/* Replies with the headers of IIS, log lines and events. No password, form field or certificate
 * request ever reaches the log or an event: only the request line, and what was answered. */
#include "mocks/certsrv/exchange.h"
#include "base/clock.h"
#include "base/events.h"
#include "mocks/certsrv/pages_iis.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LEN = 64, TARGET_MAX = 64 * 1024, QUERY_SHOWN = 200 };

struct exchange *exchange_new(struct http_request *http) {
    struct exchange *x = calloc(1, sizeof *x);
    AUTO_BUF stem = BUF_INIT(TARGET_MAX);
    if (x == NULL)
        return NULL;
    form_decode_path(&stem, http_request_path(http));
    x->http = http;
    x->stem = strdup(buf_str(&stem));
    x->reply = (struct reply){.status = 200,
                              .content_type = "text/html",
                              .location = BUF_INIT(TARGET_MAX),
                              .body = BUF_INIT(PAGE_MAX)};
    if (x->stem != NULL)
        return x;
    exchange_free(x);
    return NULL;
}

void exchange_free(struct exchange *x) {
    if (x == NULL)
        return;
    timer_free(x->timer);
    auth_result_free(&x->auth);
    free(x->stem);
    free(x->username);
    buf_free(&x->reply.location);
    buf_free(&x->reply.body);
    free(x);
}

const char *exchange_header(const struct exchange *x, const char *name) {
    const char *value = http_request_header(x->http, name);
    return value == NULL ? "" : value;
}

void exchange_reply_status(struct exchange *x, unsigned status, unsigned substatus,
                           uint32_t win32) {
    x->substatus = substatus;
    x->win32 = win32;
    x->asp = false;
    x->reply.status = status;
    x->reply.content_type = "text/html";
    buf_reset(&x->reply.body);
    iis_page_status(&x->reply.body, status);
    exchange_reply(x, NULL);
}

void exchange_reply(struct exchange *x, const char *session_cookie) {
    struct http_request *r = x->http;
    if (x->asp)
        http_reply_header(r, "Cache-Control", "private");
    http_reply_header(r, "Content-Type", x->reply.content_type);
    if (x->reply.location.len > 0)
        http_reply_header(r, "Location", buf_str(&x->reply.location));
    http_reply_header(r, "Server", "Microsoft-IIS/10.0");
    if (x->asp && session_cookie != NULL)
        http_reply_header(r, "Set-Cookie", session_cookie);
    http_reply_header(r, "X-Powered-By", "ASP.NET");
    if (x->damage.truncated)
        http_reply_cut(r, x->reply.status, buf_view(&x->reply.body), x->damage.kept);
    else
        http_reply(r, x->reply.status, buf_view(&x->reply.body), x->damage.close);
}

void exchange_reply_unavailable(struct exchange *x) {
    x->unlogged = true;
    buf_reset(&x->reply.body);
    iis_page_unavailable(&x->reply.body);
    http_reply_header(x->http, "Content-Type", "text/html; charset=us-ascii");
    http_reply_header(x->http, "Server", "Microsoft-HTTPAPI/2.0");
    http_reply(x->http, 503, buf_view(&x->reply.body), true);
}

/* Who speaks, for events: the RA by its User-Agent, another client by its product name. */
static void client_name(const struct exchange *x, char out[NAME_MAX_LEN]) {
    const char *agent = exchange_header(x, "User-Agent");
    if (strncmp(agent, "CiscoRA", 7) == 0 || agent[0] == '\0') {
        snprintf(out, NAME_MAX_LEN, "%s", agent[0] == '\0' ? "client" : "ra");
        return;
    }
    snprintf(out, NAME_MAX_LEN, "%.*s", (int)strcspn(agent, "/ "), agent);
}

void exchange_event_request(const struct exchange *x) {
    char client[NAME_MAX_LEN];
    client_name(x, client);
    AUTO_BUF what = BUF_INIT(TARGET_MAX);
    buf_printf(&what, "%s %.200s", http_request_method(x->http), x->stem);
    event_message(client, NULL, buf_str(&what), "%.*s", QUERY_SHOWN, http_request_query(x->http));
}

static void event_reply(const struct exchange *x, unsigned status, bool sent) {
    char client[NAME_MAX_LEN], what[32];
    client_name(x, client);
    if (status == 0) {
        event_message(NULL, client, "no answer", "%s", x->stem);
        return;
    }
    snprintf(what, sizeof what, "HTTP %u", status);
    event_message(NULL, client, what, "%s%u.%u %" PRIu32 ", %zu bytes",
                  sent ? "" : "not sent: ", status, x->substatus, x->win32, x->reply.body.len);
}

void exchange_log(const struct exchange *x, const struct exchange_log *to, bool sent) {
    AUTO_BUF query = BUF_INIT(TARGET_MAX);
    unsigned answered = http_reply_status(x->http);
    /* To IIS, an answer that never left is one whose client went away. */
    unsigned status = answered != 0 ? answered : 200;
    bool received = sent && !x->client_gone;
    buf_put_str(&query, http_request_query(x->http));
    if (x->query_suffix != NULL)
        buf_put_str(&query, x->query_suffix);
    const struct iis_entry entry = {.wall_us = clock_wall_us(),
                                    .server_ip = to->server_ip,
                                    .method = http_request_method(x->http),
                                    .stem = x->stem,
                                    .query = buf_str(&query),
                                    .port = to->port,
                                    .username = x->username,
                                    .client_ip = http_request_peer(x->http),
                                    .user_agent = exchange_header(x, "User-Agent"),
                                    .referer = exchange_header(x, "Referer"),
                                    .status = status,
                                    .substatus = x->substatus,
                                    .win32 = received ? x->win32 : IIS_NAME_NO_LONGER_AVAILABLE,
                                    .taken_ms = http_request_taken_us(x->http) / 1000};
    /* In this order, so that who has seen the line of the log may count on the event. */
    event_reply(x, answered, received);
    if (!x->unlogged)
        iis_log_write(to->log, &entry);
}
