/* One request and its reply, from arrival to its line in the log. */
#ifndef MOCKS_CERTSRV_EXCHANGE_H
#define MOCKS_CERTSRV_EXCHANGE_H

#include "base/http_server.h"
#include "base/process.h"
#include "mocks/certsrv/auth.h"
#include "mocks/certsrv/handlers.h"
#include "mocks/certsrv/iis_log.h"

struct certsrv_server;
struct exchange;
typedef void exchange_step_fn(struct certsrv_server *s, struct exchange *x);

struct exchange {
    struct http_request *http;
    struct certsrv_server *server;
    const struct route *route; /* NULL: no such page */
    char *stem;                /* decoded path */
    char *username;            /* for the log; NULL: "-" */
    unsigned substatus;
    uint32_t win32;
    const char *query_suffix; /* "|0|..." behind a failed page's query; NULL: none */
    bool asp;                 /* headers of an ASP page */
    struct reply reply;
    struct auth_result auth; /* of the logon, once it was judged */

    /* What faults made of it. */
    const struct fault *fault; /* at the point that was visited last; NULL: none */
    exchange_step_fn *next;    /* behind that point */
    struct timer *timer;       /* of a delay; NULL: none */
    struct damage damage;
    bool unlogged;    /* HTTP.sys answered: IIS knows nothing of it */
    bool client_gone; /* before the answer was there */
};

/* NULL without memory. */
struct exchange *exchange_new(struct http_request *http);
void exchange_free(struct exchange *x);

/* Answers with IIS' own page of that status. */
void exchange_reply_status(struct exchange *x, unsigned status, unsigned substatus, uint32_t win32);

/* Answers as HTTP.sys does without an application pool; not in the log. */
void exchange_reply_unavailable(struct exchange *x);

/* Sends what x->reply holds; the headers of IIS are added. session_cookie: "NAME=VALUE" for an ASP
 * page of a client without one, or NULL. */
void exchange_reply(struct exchange *x, const char *session_cookie);

/* The log line and the event of a finished exchange. sent: the answer went out. */
struct exchange_log {
    struct iis_log *log;
    const char *server_ip;
    unsigned port;
};
void exchange_log(const struct exchange *x, const struct exchange_log *to, bool sent);
void exchange_event_request(const struct exchange *x);

/* A header of the request, "" when absent. */
const char *exchange_header(const struct exchange *x, const char *name);

#endif
