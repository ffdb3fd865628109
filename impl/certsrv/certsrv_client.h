/* Client of the AD CS web enrolment pages: one session is one user on one connection.
 *
 * NTLM authenticates a connection, so a session has a connection cache of its own and runs one step
 * at a time; steps of different sessions run side by side. What a step asked for is answered
 * exactly once, never before the call returns. The connection is kept between steps; if the server
 * closed it, the next step authenticates again by itself. Sources: certsrv.md 1, 3.2, 4.1, 8.5;
 * seed 1. */
#ifndef CERTSRV_CLIENT_H
#define CERTSRV_CLIENT_H

#include "base/err.h"
#include "base/http_client.h"
#include "base/owned.h"
#include "base/resolver.h"
#include "certsrv/certsrv_page.h"
#include <event2/event.h>
#include <stdint.h>

#define CERTSRV_USER_AGENT "CiscoRA 1.0"

enum certsrv_authentication { CERTSRV_NTLM, CERTSRV_BASIC, CERTSRV_NEGOTIATE };

struct certsrv_options {
    struct http_endpoint endpoint; /* strings belong to the caller, for the client's life */
    enum certsrv_authentication authentication;
    int64_t timeout_us; /* component time, for each request */
};

struct certsrv_client;  /* opaque */
struct certsrv_session; /* opaque */

/* -1 CERTSRV_NO_NTLM when libcurl cannot do what authentication asks. */
int certsrv_check_library(enum certsrv_authentication authentication, struct err *e);

/* loop and resolver must outlive the client. NULL CERTSRV_NO_NTLM, SYS_NOMEM. */
struct certsrv_client *certsrv_client_new(struct event_base *loop, struct resolver *resolver,
                                          const struct certsrv_options *options, struct err *e);
/* After all its sessions were freed. NULL allowed. */
void certsrv_client_free(struct certsrv_client *c);

/* username "DOMAIN\user", "user" or "user@domain"; both copied. Nothing is sent yet. NULL
 * SYS_NOMEM. */
struct certsrv_session *certsrv_session_new(struct certsrv_client *c, const char *username,
                                            const char *password, struct err *e);
/* Cancels a step under way (it is not answered); closes the connection soon. May be called from the
 * step's own answer. NULL allowed. */
void certsrv_session_free(struct certsrv_session *s);

/* Whether the session was made for exactly this user and password (compared in constant time). */
bool certsrv_session_belongs_to(const struct certsrv_session *s, const char *username,
                                const char *password);

/* The answer of a step. Everything is borrowed for the duration of the call. */
struct certsrv_answer {
    struct err err;                     /* OK, or DNS_*, TCP_*, TLS_*, HTTP_*, CERTSRV_* */
    const char *url;                    /* as configured, always with the port; what CiscoRA logs */
    CURLcode curl;                      /* libcurl's result, with its text */
    const char *text;                   /* "" without an error of libcurl */
    long status;                        /* HTTP status, 0: no response */
    size_t received;                    /* bytes of the body */
    uint32_t request_id;                /* submit, check: 0 when the page named none */
    uint32_t hresult;                   /* of a denial or error page; 0: none */
    struct certsrv_templates templates; /* list */
    uint32_t renewals;                  /* renewals */
    X509 *certificate;                  /* fetch; NULL on failure */
    X509_STACK *chain;                  /* chain; NULL on failure */
};
typedef void certsrv_fn(void *user, const struct certsrv_answer *answer);

/* GET /certsrv: OK for 301 (not followed) and 200; CERTSRV_AUTH for 401. */
void certsrv_login(struct certsrv_session *s, certsrv_fn *fn, void *user);

/* GET /certsrv/certrqxt.asp: the templates that this user may enrol for. */
void certsrv_list_templates(struct certsrv_session *s, certsrv_fn *fn, void *user);

/* POST /certsrv/certfnsh.asp: OK with the id of an issued request; CERTSRV_PENDING with its id;
 * CERTSRV_DENIED, CERTSRV_ERROR_PAGE. request is not used after the call. */
void certsrv_submit(struct certsrv_session *s, const X509_REQ *request, const char *template_name,
                    certsrv_fn *fn, void *user);

/* POST /certsrv/certfnsh.asp, Mode=chkpnd: as certsrv_submit. */
void certsrv_check_pending(struct certsrv_session *s, uint32_t request_id, certsrv_fn *fn,
                           void *user);

/* GET /certsrv/certnew.cer?ReqID=N&ENC=b64: OK with the certificate; CERTSRV_PENDING or
 * CERTSRV_DENIED from the error page. */
void certsrv_fetch(struct certsrv_session *s, uint32_t request_id, certsrv_fn *fn, void *user);

/* GET /certsrv/certnew.p7b?ReqID=CACert&Renewal=N&Enc=bin: the CA's chain, in no particular order.
 */
void certsrv_chain(struct certsrv_session *s, uint32_t renewal, certsrv_fn *fn, void *user);

/* GET /certsrv/certcarc.asp: how often the CA's certificate was renewed. */
void certsrv_renewals(struct certsrv_session *s, certsrv_fn *fn, void *user);

#endif
