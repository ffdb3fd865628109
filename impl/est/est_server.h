/* EST server (RFC 7030): the protocol above base/http_server.h, independent of what stands behind.
 *
 * It routes, checks and answers; a backend authorizes and enrols. Order of an enrolment, as in
 * libest: path, method, size, content type, TLS client certificate, HTTP credentials, authorize(),
 * request syntax and signature, proof of possession, names of a re-enrolment, enroll(). Sources:
 * protocol/est.md 1.3 to 1.9, 2 and 5; log lines of seed 1 (est/est_log.h). */
#ifndef EST_EST_SERVER_H
#define EST_EST_SERVER_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/http_server.h"
#include "base/log.h"
#include "base/owned.h"
#include "est/est_error.h"
#include "est/est_path.h"
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

enum est_http_auth {
    EST_HTTP_REQUIRED,            /* Basic always, also with a good client certificate */
    EST_HTTP_WITHOUT_CERTIFICATE, /* Basic only when no client certificate came */
    EST_HTTP_NONE                 /* never asked for; credentials that come are not looked at */
};
enum est_client_certificate { EST_CERT_NONE, EST_CERT_OPTIONAL, EST_CERT_REQUIRED };
enum est_pop { EST_POP_OFF, EST_POP_WHEN_PRESENT, EST_POP_REQUIRED };

struct est_server;  /* opaque */
struct est_request; /* opaque: one enrolment in the hands of the backend */

/* What stands behind. authorize and enroll get a request and must lead to exactly one of the
 * answers below, at once or later; the request lives until that answer, also when the client goes
 * away meanwhile (then the answer goes nowhere). */
struct est_backend {
    /* Decide about the client -> est_authorized, est_refuse, est_fail. Called for every enrolment
     * whose HTTP credentials, if the policy demands any, are there and whose client certificate, if
     * any, verified. NULL: everybody who got so far is authorized. */
    void (*authorize)(void *user, struct est_request *r);
    /* Get the certificate -> est_issue, est_pending, est_fail. The request is well-formed, its
     * signature good, proof of possession settled. */
    void (*enroll)(void *user, struct est_request *r);
    /* CA certificates for /cacerts; borrowed until the next loop iteration. NULL or empty: 204. */
    const X509_STACK *(*cacerts)(void *user, const char *label);
    /* DER of CsrAttrs for /csrattrs; len 0: none of its own. challengePassword is added when proof
     * of possession is required. May be NULL. */
    struct bytes (*csrattrs)(void *user, const char *label);
    /* The connection of r was ended here (the server is being freed); work for it may be stopped,
     * but r must still be answered. A client that closed its side shows in
     * est_request_client_gone. May be NULL. */
    void (*abandoned)(void *user, struct est_request *r);
    /* A connection was cut off or turned away, for logs. May be NULL. */
    void (*cut)(void *user, const struct http_cut *cut);
    void *user;
};

struct est_server_options {
    const char *listen;           /* "HOST:PORT" */
    const char *certificate_file; /* PEM chain */
    const char *key_file;
    const char *priorities;  /* GnuTLS; NULL: "NORMAL", without TLS 1.3 when pop is REQUIRED
                                (TLS 1.3 has no tls-unique) */
    const X509_STACK *trust; /* issuers of client certificates; borrowed; NULL: none is trusted */
    enum est_http_auth http_auth;
    enum est_client_certificate client_certificate;
    enum est_pop pop;
    const char *realm;       /* NULL: "estrealm" (libest's) */
    const char **labels;     /* NULL-terminated; NULL or empty: every label is good */
    size_t body_max;         /* bytes; 0: 65536 */
    int64_t retry_after_us;  /* when the backend names none; 0: 60 s */
    int64_t idle_timeout_us; /* 0: 30 s */
    int64_t handshake_timeout_us, request_timeout_us; /* as in http_server.h */
    unsigned connections_max;
    unsigned connections_per_address_max;
    bool wrap_by_default; /* GET of a client that cannot be told by User-Agent: 64 columns */
    struct log *log;      /* libest's lines (est/est_log.h); NULL: none. Borrowed */
    const char *client;   /* the client's name in events.ndjson; NULL: "est-client" */
};

/* options are copied, what they point to (and backend's user) must outlive the server. NULL with e
 * set (TLS_CONFIG, SYS_IO, ...). */
struct est_server *est_server_new(struct event_base *loop, const struct est_server_options *options,
                                  const struct est_backend *backend, struct err *e);
/* Open requests are abandoned; those that the backend still holds stay valid until it answers.
 * NULL allowed. */
void est_server_free(struct est_server *s);
const char *est_server_address(const struct est_server *s); /* "127.0.0.1:40321" */

/* ---- what a request says; all borrowed from it ---- */
enum est_operation est_request_operation(const struct est_request *r);
const char *est_request_label(const struct est_request *r);    /* "" without */
const char *est_request_username(const struct est_request *r); /* NULL without credentials */
const char *est_request_password(const struct est_request *r); /* never log it */
X509 *est_request_certificate(const struct est_request *r);    /* verified client cert, or NULL */
/* Who asks: the user name, else the subject of the client certificate ("/CN=x"), else "". */
const char *est_request_identity(const struct est_request *r);
const char *est_request_peer(const struct est_request *r);       /* "14.48.31.128" */
uint64_t est_request_connection_id(const struct est_request *r); /* nginx's *N */
/* From here on NULL or false before enroll(): */
X509_REQ *est_request_csr(const struct est_request *r);
bool est_request_linked(const struct est_request *r); /* tls-unique was there and right */
/* What est_pending kept for this (identity, label, public key); NULL the first time. */
const char *est_request_token(const struct est_request *r);

/* Whether the client has closed its connection, so that the answer will hardly reach it. */
bool est_request_client_gone(const struct est_request *r);

/* Caller's pointer on the request. */
void est_request_set_user(struct est_request *r, void *user);
void *est_request_user(const struct est_request *r);

/* ---- answers; each may be given from inside the backend's function ---- */
/* authorize: go on. r stays with the backend only if enroll() is called with it. */
void est_authorized(struct est_request *r);
/* authorize: 401 "The server was unable to authorize the request.", EST_ERR_AUTH_FAIL. */
void est_refuse(struct est_request *r);
/* enroll: 200 with that certificate, which must carry the request's public key (otherwise the
 * client gets 500). cert stays the caller's. */
void est_issue(struct est_request *r, X509 *cert);
/* enroll: 202. token (copied; at most EST_TOKEN_MAX bytes, e.g. the CA's request id) comes back
 * with the retry of the same client for the same key. retry_after_us 0: the option's. */
enum { EST_TOKEN_MAX = 255 };
void est_pending(struct est_request *r, const char *token, int64_t retry_after_us);
/* Either: status with an error text; NULL: libest's text for error, 0: its status
 * (est_failure_of). Forgets the pending token of this client and key, unless the status says that
 * the CA cannot be reached (502, 503, 504). */
void est_fail(struct est_request *r, enum est_error error, unsigned status, const char *text);

/* Status and text for an error, libest's where it has one: AUTH_FAIL and AUTH_FAIL_TLSUID 401;
 * BAD_PKCS10, BAD_BASE64, X509_ATTR and HTTP_BAD_REQ 400; path errors 404; WRONG_METHOD 405,
 * BUF_EXCEEDS_MAX_LEN 413, BAD_CONTENT_TYPE 415 (libest says 400: est.md 5, H1); HTTP_LOCKED 423;
 * an upstream CA that is not reached (IP_GETADDR, IP_CONNECT, SSL_CONNECT, FQDN_MISMATCH) 502, that
 * does not answer (SSL_READ) 504; all others 500 "An error has occured during enrollment.". */
struct est_failure {
    unsigned status;
    const char *text;
};
struct est_failure est_failure_of(enum est_error error);

#endif
