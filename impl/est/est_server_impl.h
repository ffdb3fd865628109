/* What the files of the EST server share: est_server.c (set-up, routing, GET), est_enrol.c (one
 * enrolment), est_reply.c (answers and their log lines). For them only. */
#ifndef EST_EST_SERVER_IMPL_H
#define EST_EST_SERVER_IMPL_H

#include "est/est_http.h"
#include "est/est_pending.h"
#include "est/est_server.h"
#include <sys/queue.h>

enum {
    EST_REALM_MAX = 255,        /* bytes, as libest's (protocol/est.md 1.9) */
    EST_PENDING_MAX = 16 * 1024 /* enrolments remembered while they wait */
};

struct est_server {
    struct est_server_options options;
    struct est_backend backend;
    struct http_server *http;
    struct est_pending_table *pending;
    LIST_HEAD(, est_request) held; /* requests in the hands of the backend */
};

struct est_request {
    LIST_ENTRY(est_request) link;
    struct est_server *server; /* NULL: gone */
    struct http_request *http; /* NULL: the client is gone */
    bool held;                 /* by the backend: only its answer frees the request */
    struct est_path path;
    bool has_credentials;
    struct est_credentials credentials;
    X509 *certificate;
    char *subject; /* of certificate */
    char *peer;
    uint64_t connection_id;
    X509_REQ *csr;
    EVP_PKEY *key; /* of csr */
    struct b64_shape shape;
    bool linked;
    struct est_pending_key pending_key;
    char *token;
    void *user;
};

/* est_enrol.c */
/* A POST to an enrolment operation; answers it at once or later. */
void est_enrol_begin(struct est_server *s, struct http_request *http, const struct est_path *path);
/* The connection of a request ended. */
void est_enrol_completed(struct est_request *r);
/* Frees r, also when the server is gone. */
void est_enrol_free(struct est_request *r);

/* est_reply.c: each answers and writes libest's lines and the event. */
/* 200 with der in base64, of that content type, wrapped so. */
void est_reply_content(struct est_server *s, struct http_request *http, const struct est_path *path,
                       const char *content_type, struct bytes der, enum b64_wrap wrap);
/* 204. */
void est_reply_none(struct est_server *s, struct http_request *http, const struct est_path *path);
/* 202 with Retry-After. */
void est_reply_wait(struct est_server *s, struct http_request *http, const struct est_path *path,
                    int64_t retry_after_us);
/* 401 without a text: credentials are missing. */
void est_reply_challenge(struct est_server *s, struct http_request *http,
                         const struct est_path *path);
/* An error with its text; status 0 and text NULL as in est_failure_of. path NULL: none was
 * recognised. 401 carries WWW-Authenticate, 405 Allow. */
void est_reply_error(struct est_server *s, struct http_request *http, const struct est_path *path,
                     enum est_error error, unsigned status, const char *text);
/* Writes what is logged and told of a request that came in. */
void est_note_request(struct est_server *s, const struct http_request *http,
                      const struct est_path *path);

#endif
