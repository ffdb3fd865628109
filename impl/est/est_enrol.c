/* One enrolment, from its first byte to its answer: the checks in libest's order, with the backend
 * in between. It must never call enroll() for a client that was not authorized or a request whose
 * signature is wrong, and never free what the backend still holds. */
#include "base/x509.h"
#include "est/est_check.h"
#include "est/est_log.h"
#include "est/est_server_impl.h"
#include "pki/csr.h"
#include "pki/p7.h"
#include <stdlib.h>
#include <string.h>

enum { AUTH_TYPE_BASIC = 1, SPKI_MAX = 16 * 1024 }; /* AUTH_BASIC (protocol/est.md 1.3) */

#define LINK_REQUIRED                                                                              \
    "Proof of Possession Mismatch. Linking of identity and proof of possession is required: "      \
    "put tls-unique into challengePassword (RFC 7030, 3.5)."

static void log_of(const struct est_request *r, enum est_log_line line) {
    est_log(r->server->options.log, line);
}

void est_enrol_free(struct est_request *r) {
    if (r->held && r->server != NULL)
        LIST_REMOVE(r, link);
    if (r->http != NULL)
        http_request_set_user(r->http, NULL);
    est_credentials_wipe(&r->credentials);
    X509_free(r->certificate);
    X509_REQ_free(r->csr);
    EVP_PKEY_free(r->key);
    free(r->subject);
    free(r->peer);
    free(r->token);
    free(r);
}

/* Ends the request with an error, when somebody still waits for it. */
static void fail(struct est_request *r, enum est_error error, unsigned status, const char *text) {
    if (r->http != NULL)
        est_reply_error(r->server, r->http, &r->path, error, status, text);
    est_enrol_free(r);
}

static void hold(struct est_request *r) {
    if (!r->held)
        LIST_INSERT_HEAD(&r->server->held, r, link);
    r->held = true;
}

/* ---- who asks ---- */

enum who { WHO_OK, WHO_REFUSED, WHO_ASK };

static enum who take_certificate(struct est_request *r) {
    const struct est_server_options *o = &r->server->options;
    struct bytes der = http_request_client_certificate(r->http);
    if (o->client_certificate == EST_CERT_NONE || der.len == 0) {
        log_of(r, EST_LOG_NO_PEER_CERT);
        return o->client_certificate == EST_CERT_REQUIRED ? WHO_REFUSED : WHO_OK;
    }
    struct err e = {0};
    r->certificate = est_check_client(der, o->trust, &e);
    if (r->certificate == NULL) {
        est_log(o->log, EST_LOG_BAD_PEER_CERT, e.text);
        return WHO_REFUSED;
    }
    log_of(r, EST_LOG_PEER_CERT);
    r->subject = x509_name_slashes(X509_get_subject_name(r->certificate));
    return r->subject != NULL ? WHO_OK : WHO_REFUSED;
}

static enum who take_credentials(struct est_request *r) {
    enum est_http_auth policy = r->server->options.http_auth;
    const char *authorization = http_request_header(r->http, "Authorization");
    if (policy == EST_HTTP_NONE)
        return WHO_OK;
    if (authorization == NULL) {
        if (policy == EST_HTTP_WITHOUT_CERTIFICATE && r->certificate != NULL)
            return WHO_OK;
        log_of(r, EST_LOG_AUTH_MISSING);
        return WHO_ASK;
    }
    if (est_basic_parse(authorization, &r->credentials, NULL) != 0) {
        log_of(r, EST_LOG_AUTH_BAD);
        return WHO_REFUSED;
    }
    r->has_credentials = true;
    return WHO_OK;
}

static enum who identify(struct est_request *r) {
    enum who who = take_certificate(r);
    return who == WHO_OK ? take_credentials(r) : who;
}

/* ---- what is asked ---- */

static int take_csr(struct est_request *r) {
    r->csr = csr_read(http_request_body(r->http), &r->shape, NULL);
    if (r->csr == NULL || csr_verify(r->csr, NULL) != 0)
        return -1;
    r->key = X509_REQ_get_pubkey(r->csr);
    return r->key != NULL ? 0 : -1;
}

static bool client_is_ra(const struct est_request *r) {
    if (r->certificate == NULL)
        return false;
    bool is_ra = est_is_ra(r->certificate);
    est_log(r->server->options.log, EST_LOG_CMC_RA, (int)is_ra);
    return is_ra;
}

/* 0, or -1 with the text of the refusal. */
static int check_possession(struct est_request *r, const char **text) {
    enum est_pop policy = r->server->options.pop;
    *text = NULL;
    if (policy == EST_POP_OFF)
        return 0;
    bool present = false;
    AUTO(char) tls_unique = http_request_tls_unique(r->http);
    int result = est_check_link(r->csr, tls_unique, &present, NULL);
    r->linked = present && result == 0;
    if (present)
        log_of(r, result == 0 ? EST_LOG_POP_VALID : EST_LOG_POP_INVALID);
    if (present || policy == EST_POP_WHEN_PRESENT)
        return result;
    *text = LINK_REQUIRED;
    return -1;
}

static int check_renewal(struct est_request *r) {
    bool compare = r->path.operation == EST_SIMPLEREENROLL && r->certificate != NULL;
    return compare ? est_check_names(r->csr, r->certificate, NULL) : 0;
}

static int find_token(struct est_request *r) {
    AUTO_BUF spki = BUF_INIT(SPKI_MAX);
    if (csr_put_spki(r->csr, &spki, NULL) != 0 ||
        est_pending_key_of(est_request_identity(r), r->path.label, buf_view(&spki), &r->pending_key,
                           NULL) != 0)
        return -1;
    const char *token = est_pending_find(r->server->pending, &r->pending_key);
    if (token != NULL)
        r->token = strdup(token);
    return 0;
}

/* ---- the way of an enrolment ---- */

static struct est_request *request_new(struct est_server *s, struct http_request *http,
                                       const struct est_path *path) {
    struct est_request *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->server = s;
    r->http = http;
    r->path = *path;
    r->connection_id = http_request_connection_id(http);
    r->peer = strdup(http_request_peer(http));
    http_request_set_user(http, r);
    if (r->peer != NULL)
        return r;
    est_enrol_free(r);
    return NULL;
}

static void authorize(struct est_request *r) {
    const struct est_backend *backend = &r->server->backend;
    hold(r);
    if (backend->authorize != NULL)
        backend->authorize(backend->user, r);
    else
        est_authorized(r);
}

void est_enrol_begin(struct est_server *s, struct http_request *http, const struct est_path *path) {
    struct est_request *r = request_new(s, http, path);
    if (r == NULL) {
        est_reply_error(s, http, path, EST_ERR_MALLOC, 500, NULL);
        return;
    }
    if (!est_media_type_is(http_request_header(http, "Content-Type"), "application/pkcs10")) {
        fail(r, EST_ERR_BAD_CONTENT_TYPE, 0, NULL);
        return;
    }
    switch (identify(r)) {
    case WHO_OK:
        authorize(r);
        break;
    case WHO_ASK:
        est_reply_challenge(s, http, path);
        est_enrol_free(r);
        break;
    case WHO_REFUSED:
        fail(r, EST_ERR_AUTH_FAIL, 0, NULL);
        break;
    }
}

void est_authorized(struct est_request *r) {
    const char *text = NULL;
    if (r->http == NULL) {
        est_enrol_free(r);
        return;
    }
    if (take_csr(r) != 0) {
        fail(r, EST_ERR_BAD_PKCS10, 0, NULL);
        return;
    }
    bool is_ra = client_is_ra(r);
    if (!is_ra && check_possession(r, &text) != 0) {
        fail(r, EST_ERR_AUTH_FAIL_TLSUID, 0, text);
    } else if (!is_ra && check_renewal(r) != 0) {
        fail(r, EST_ERR_X509_ATTR, 403,
             "Subject and subjectAltName of the request must be those of the certificate.");
    } else if (find_token(r) != 0) {
        fail(r, EST_ERR_MALLOC, 500, NULL);
    } else {
        hold(r);
        r->server->backend.enroll(r->server->backend.user, r);
    }
}

void est_refuse(struct est_request *r) {
    if (r->server != NULL && r->has_credentials)
        est_log(r->server->options.log, EST_LOG_AUTH_FAILED, AUTH_TYPE_BASIC);
    fail(r, EST_ERR_AUTH_FAIL, 0, NULL);
}

static int put_certificate(X509 *certificate, struct buf *out) {
    X509_STACK *one = sk_X509_new_null();
    int result = one != NULL && sk_X509_push(one, certificate) > 0 ? p7_put(one, out, NULL) : -1;
    sk_X509_free(one);
    return result;
}

static void forget_token(struct est_request *r) {
    if (r->server != NULL && r->csr != NULL)
        est_pending_drop(r->server->pending, &r->pending_key);
}

static enum b64_wrap wrap_of(const struct est_request *r) {
    return r->shape.der ? est_wrap_for(http_request_header(r->http, "User-Agent"),
                                       r->server->options.wrap_by_default)
                        : est_wrap_like(&r->shape);
}

void est_issue(struct est_request *r, X509 *cert) {
    AUTO_BUF der = BUF_INIT(P7_MAX);
    if (r->http == NULL) {
        est_enrol_free(r);
        return;
    }
    /* A client that went away comes back for its certificate: the token still finds it. */
    if (!est_request_client_gone(r))
        forget_token(r);
    if (!x509_has_key(cert, r->key) || put_certificate(cert, &der) != 0) {
        fail(r, EST_ERR_X509_PUBKEY, 500, NULL);
        return;
    }
    est_reply_content(r->server, r->http, &r->path, "application/pkcs7-mime; smime-type=certs-only",
                      buf_view(&der), wrap_of(r));
    est_enrol_free(r);
}

void est_pending(struct est_request *r, const char *token, int64_t retry_after_us) {
    if (strlen(token) > EST_TOKEN_MAX) {
        fail(r, EST_ERR_INVALID_PARAMETERS, 500, NULL);
        return;
    }
    if (r->server != NULL &&
        est_pending_put(r->server->pending, &r->pending_key, token, NULL) != 0) {
        fail(r, EST_ERR_MALLOC, 500, NULL);
        return;
    }
    if (r->http != NULL)
        est_reply_wait(r->server, r->http, &r->path, retry_after_us);
    est_enrol_free(r);
}

/* A CA that is out of reach for a while still has the request that waits there. */
static bool is_passing(unsigned status) {
    return status == 502 || status == 503 || status == 504;
}

void est_fail(struct est_request *r, enum est_error error, unsigned status, const char *text) {
    if (!is_passing(status != 0 ? status : est_failure_of(error).status))
        forget_token(r);
    fail(r, error, status, text);
}

void est_enrol_completed(struct est_request *r) {
    const struct est_backend *backend = &r->server->backend;
    r->http = NULL;
    if (backend->abandoned != NULL)
        backend->abandoned(backend->user, r);
}

/* ---- accessors ---- */

enum est_operation est_request_operation(const struct est_request *r) {
    return r->path.operation;
}

const char *est_request_label(const struct est_request *r) {
    return r->path.label;
}

const char *est_request_username(const struct est_request *r) {
    return r->has_credentials ? r->credentials.username : NULL;
}

const char *est_request_password(const struct est_request *r) {
    return r->has_credentials ? r->credentials.password : NULL;
}

X509 *est_request_certificate(const struct est_request *r) {
    return r->certificate;
}

bool est_request_client_gone(const struct est_request *r) {
    return r->http == NULL || http_request_peer_closed(r->http);
}

const char *est_request_identity(const struct est_request *r) {
    if (r->has_credentials)
        return r->credentials.username;
    return r->subject != NULL ? r->subject : "";
}

const char *est_request_peer(const struct est_request *r) {
    return r->peer;
}

uint64_t est_request_connection_id(const struct est_request *r) {
    return r->connection_id;
}

X509_REQ *est_request_csr(const struct est_request *r) {
    return r->csr;
}

bool est_request_linked(const struct est_request *r) {
    return r->linked;
}

const char *est_request_token(const struct est_request *r) {
    return r->token;
}

void est_request_set_user(struct est_request *r, void *user) {
    r->user = user;
}

void *est_request_user(const struct est_request *r) {
    return r->user;
}
