/* EST client (RFC 7030), asynchronous, on base/http_client.h, with libest's behaviour and result
 * numbers: what CAPF uses to reach the RA.
 *
 * The first request goes out anonymous with the whole request; on 401 a second one follows on a new
 * connection with HTTP Basic; a second 401 is EST_ERR_AUTH_FAIL (protocol/est.md 1.3). tls-unique
 * is never put into a request: it would have to be signed by whoever holds the key, and a phone
 * signs its request before this client connects (RFC 7030 section 3.5 is a SHOULD there). A request
 * that carries a challengePassword already is sent as it is. Answers are taken in every base64
 * shape, chunked or with Content-Length. Redirects are not followed, as in libest. */
#ifndef EST_EST_CLIENT_H
#define EST_EST_CLIENT_H

#include "base/base64.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/http_client.h"
#include "base/owned.h"
#include "est/est_error.h"
#include "est/est_path.h"
#include <stdbool.h>
#include <stdint.h>

#define EST_CLIENT_USER_AGENT "Cisco EST client 1.0" /* seed 1, log_header */

enum {
    EST_CLIENT_RESPONSE_MAX = 2 * 1000 * 1000, /* bytes of a body (protocol/est.md 1.9) */
    EST_CLIENT_RETRY_MAX_S = 366 * 24 * 3600   /* a longer Retry-After is refused */
};

enum est_session {
    EST_SESSION_PER_ENROLLMENT, /* a fresh TCP and TLS connection for each HTTP request (libest) */
    EST_SESSION_PERSISTENT      /* connections are kept and used again */
};

struct est_client_options {
    struct http_endpoint server;
    const char *label;    /* NULL or "": none */
    const char *username; /* NULL or "": no HTTP authentication. UTF-8, no colon */
    const char *password;
    bool basic_hint;              /* credentials already on the first request */
    const char *certificate_file; /* TLS client certificate, PEM chain; NULL: none */
    const char *key_file;         /* its key, PEM */
    const char *user_agent;       /* NULL: EST_CLIENT_USER_AGENT */
    int64_t timeout_us;           /* component time for each HTTP request; 0: 10 s (libest's) */
    enum est_session session;
    enum b64_wrap csr_wrap; /* how requests are written */
};
/* libest writes requests in 64 columns. */
#define EST_CLIENT_OPTIONS_INIT                                                                    \
    { .csr_wrap = B64_WRAP_64_LF }

/* Valid during the callback only. */
struct est_result {
    enum est_error code; /* log it as `%d (%s)`, code, est_err_name(code): the numbers of 2.x */
    struct err err;      /* OK with EST_ERR_NONE, else layer, cause and text */
    long status;         /* HTTP status of the last answer; 0 without one */
    /* EST_ERR_NONE: */
    struct bytes body; /* the answer as received (base64): its length is libest's pkcs7 length */
    struct bytes der;  /* decoded: PKCS#7, or CsrAttrs; empty when the server has no csrattrs */
    const X509_STACK *certificates; /* cacerts: one or more; enrolment: exactly one; else NULL */
    /* EST_ERR_CA_ENROLL_RETRY: */
    int64_t retry_after_us; /* how long to wait, component time; at least 1 s */
};
typedef void est_done_fn(void *user, const struct est_result *result);

struct est_client; /* opaque */
struct est_call;   /* opaque: one operation under way */

/* options are copied, the strings are not: they must outlive the client. NULL EST_BAD_REQUEST (bad
 * label, colon in the user name), SYS_NOMEM. */
struct est_client *est_client_new(struct http_client *http,
                                  const struct est_client_options *options, struct err *e);
/* Cancels what is under way without calling done. NULL allowed. */
void est_client_free(struct est_client *c);

/* Each starts an operation; done is called exactly once, never before the function returns, and may
 * start the next one or free the client. The handle is for est_call_cancel and dies with done.
 * NULL with e set (SYS_NOMEM, CSR_PARSE): done will not be called. */
struct est_call *est_client_cacerts(struct est_client *c, est_done_fn *done, void *user,
                                    struct err *e);
struct est_call *est_client_csrattrs(struct est_client *c, est_done_fn *done, void *user,
                                     struct err *e);
/* request: the DER of a PKCS#10 (copied); key: its public key (shared), or NULL to have it read
 * from the request. The certificate of the answer must carry it, otherwise EST_ERR_X509_PUBKEY. */
struct est_call *est_client_simpleenroll(struct est_client *c, struct bytes request, EVP_PKEY *key,
                                         est_done_fn *done, void *user, struct err *e);
struct est_call *est_client_simplereenroll(struct est_client *c, struct bytes request,
                                           EVP_PKEY *key, est_done_fn *done, void *user,
                                           struct err *e);

/* Ends it without calling done. */
void est_call_cancel(struct est_call *call);

/* The outcome table, for tests and reports (protocol/est.md 1.2, 1.7; seed 1):
 *
 *   name not resolved            42 IP_GETADDR        400  13 HTTP_BAD_REQ
 *   refused, connect time-out    43 IP_CONNECT        401  22 AUTH_FAIL (after the credentials)
 *   TLS handshake, trust         38 SSL_CONNECT       404  14 HTTP_NOT_FOUND (csrattrs: none)
 *   certificate for other name   53 FQDN_MISMATCH     202  26 CA_ENROLL_RETRY, or 60 INVALID_RETRY_
 *   could not write              10 HTTP_WRITE             VALUE without a usable Retry-After
 *   no (whole) answer in time,   35 SSL_READ          204  15 HTTP_NO_CONTENT (csrattrs: none)
 *   or connection lost                                423  16 HTTP_LOCKED
 *   body over the limit          50 BUF_EXCEEDS_MAX_LEN    other statuses 73 UNKNOWN
 *   wrong content type           19 BAD_CONTENT_TYPE  enrol answer not a certs-only PKCS#7: 51
 *   cacerts answer unusable       6 LOAD_CACERTS           NO_CERTIFICATE; other key: 32
 * X509_PUBKEY
 */

#endif
