/* The EST client: one easy handle an exchange, at most two exchanges an operation. It must never
 * send credentials before the server was verified, nor hand out a certificate for another key. */
#include "est/est_client.h"
#include "est/est_answer.h"
#include "est/est_outcome.h"
#include "pki/csr.h"
#include <string.h>
#include <strings.h>

enum {
    PATH_MAX_BYTES = 1024,
    BODY_MAX_BYTES = 2 * CSR_MAX /* base64 of a request, with its line ends */
};
static const int64_t DEFAULT_TIMEOUT_US = 10 * 1000000;

struct est_client {
    struct http_client *http;
    struct est_client_options options;
    struct est_call *calls; /* under way, doubly linked */
};

struct est_call {
    struct est_client *client;
    struct est_call *next, *previous;
    enum est_operation operation;
    CURL *easy;
    struct curl_slist *headers;
    struct buf path;
    struct buf request;  /* base64; empty for a GET */
    struct buf response; /* as received */
    EVP_PKEY *key;       /* of the request; NULL for a GET */
    bool authenticated;  /* this exchange carries the credentials */
    est_done_fn *done;
    void *user;
};

static bool has_credentials(const struct est_client *c) {
    return c->options.username != NULL && c->options.username[0] != '\0';
}

static int check_options(const struct est_client_options *o, struct err *e) {
    if (o->label != NULL && o->label[0] != '\0' && est_label_check(o->label, e) != 0)
        return -1;
    if (o->username != NULL && strchr(o->username, ':') != NULL)
        return err_set(e, ERR_EST_BAD_REQUEST, "a user name of HTTP Basic cannot hold a colon");
    return 0;
}

struct est_client *est_client_new(struct http_client *http,
                                  const struct est_client_options *options, struct err *e) {
    if (check_options(options, e) != 0)
        return NULL;
    struct est_client *c = calloc(1, sizeof *c);
    if (c == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    c->http = http;
    c->options = *options;
    if (c->options.user_agent == NULL)
        c->options.user_agent = EST_CLIENT_USER_AGENT;
    if (c->options.timeout_us <= 0)
        c->options.timeout_us = DEFAULT_TIMEOUT_US;
    return c;
}

static void unlink_call(struct est_call *call) {
    if (call->client == NULL)
        return;
    if (call->previous != NULL)
        call->previous->next = call->next;
    else if (call->client->calls == call)
        call->client->calls = call->next;
    if (call->next != NULL)
        call->next->previous = call->previous;
}

static void link_call(struct est_call *call) {
    call->next = call->client->calls;
    if (call->next != NULL)
        call->next->previous = call;
    call->client->calls = call;
}

static void call_free(struct est_call *call) {
    unlink_call(call);
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    buf_free(&call->path);
    buf_free(&call->request);
    buf_free(&call->response);
    EVP_PKEY_free(call->key);
    free(call);
}
typedef struct est_call EST_CALL;
AUTO_TYPE(EST_CALL, call_free);

void est_call_cancel(struct est_call *call) {
    http_client_cancel(call->client->http, call->easy);
    call_free(call);
}

void est_client_free(struct est_client *c) {
    if (c == NULL)
        return;
    while (c->calls != NULL)
        est_call_cancel(c->calls);
    free(c);
}

/* ---- the end of an exchange ---- */

/* curl counts its connect time to the end of the handshake; only the local port tells when TCP was
 * up. */
static struct est_exchange exchange_of(CURL *easy, const struct http_result *result) {
    long local_port = 0, sent = 0;
    curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &local_port);
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
    return (struct est_exchange){.code = result->code,
                                 .cause = result->err.code,
                                 .connected = local_port > 0,
                                 .request_sent = sent > 0};
}

static struct est_answer answer_of(const struct est_call *call, long status) {
    const struct http_endpoint *server = &call->client->options.server;
    return (struct est_answer){.operation = call->operation,
                               .status = status,
                               .content_type = http_client_header(call->easy, "Content-Type"),
                               .retry_after = http_client_header(call->easy, "Retry-After"),
                               .body = buf_view(&call->response),
                               .key = call->key,
                               .host = server->host,
                               .port = server->port};
}

static void finish(struct est_call *call, const struct http_result *result) {
    AUTO(X509_STACK) certificates = NULL;
    AUTO_BUF der = BUF_INIT(EST_CLIENT_RESPONSE_MAX);
    struct est_result r = {.status = 0};
    if (result->code == CURLE_OK) {
        struct est_answer a = answer_of(call, result->status);
        est_answer_judge(&a, &der, &certificates, &r);
    } else {
        struct est_exchange x = exchange_of(call->easy, result);
        r.code = est_error_of_transport(&x);
        r.err = result->err;
    }
    /* The call leaves its client first, since done may free the client; the answer stays alive. */
    unlink_call(call);
    call->client = NULL;
    call->done(call->user, &r);
    call_free(call);
}

/* ---- sending ---- */

/* Whether the server asks for Basic; libest looks at the first challenge only, here any will do. */
static bool asks_for_basic(CURL *easy) {
    struct curl_header *header;
    for (size_t i = 0;
         curl_easy_header(easy, "WWW-Authenticate", i, CURLH_HEADER, -1, &header) == CURLHE_OK; i++)
        if (strncasecmp(header->value, "Basic", 5) == 0)
            return true;
    return false;
}

static void on_done(void *user, CURL *easy, const struct http_result *result);

static int set_authentication(struct est_call *call) {
    const struct est_client_options *o = &call->client->options;
    if (!call->authenticated)
        return 0;
    const char *password = o->password != NULL ? o->password : "";
    bool set = curl_easy_setopt(call->easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC) == CURLE_OK &&
               curl_easy_setopt(call->easy, CURLOPT_USERNAME, o->username) == CURLE_OK &&
               curl_easy_setopt(call->easy, CURLOPT_PASSWORD, password) == CURLE_OK;
    return set ? 0 : -1;
}

static int set_session(struct est_call *call) {
    const struct est_client_options *o = &call->client->options;
    long fresh = o->session == EST_SESSION_PER_ENROLLMENT;
    bool set = curl_easy_setopt(call->easy, CURLOPT_FRESH_CONNECT, fresh) == CURLE_OK &&
               curl_easy_setopt(call->easy, CURLOPT_FORBID_REUSE, fresh) == CURLE_OK &&
               curl_easy_setopt(call->easy, CURLOPT_USERAGENT, o->user_agent) == CURLE_OK;
    if (set && o->certificate_file != NULL)
        set = curl_easy_setopt(call->easy, CURLOPT_SSLCERT, o->certificate_file) == CURLE_OK &&
              curl_easy_setopt(call->easy, CURLOPT_SSLKEY, o->key_file) == CURLE_OK;
    return set ? 0 : -1;
}

static int add_header(struct est_call *call, const char *line) {
    struct curl_slist *longer = curl_slist_append(call->headers, line);
    if (longer == NULL)
        return -1;
    call->headers = longer;
    return 0;
}

static int make_headers(struct est_call *call) {
    bool fresh = call->client->options.session == EST_SESSION_PER_ENROLLMENT;
    if (add_header(call, fresh ? "Connection: close" : "Connection: keep-alive") != 0 ||
        add_header(call, "Expect:") != 0)
        return -1;
    if (call->key == NULL)
        return 0;
    return add_header(call, "Content-Type: application/pkcs10") != 0 ||
                   add_header(call, "Content-Transfer-Encoding: base64") != 0
               ? -1
               : 0;
}

static int set_message(struct est_call *call) {
    bool set =
        curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers) == CURLE_OK &&
        curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, http_client_to_buf) == CURLE_OK &&
        curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, &call->response) == CURLE_OK;
    if (set && call->key != NULL)
        set = curl_easy_setopt(call->easy, CURLOPT_POST, 1L) == CURLE_OK &&
              curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE, (long)call->request.len) ==
                  CURLE_OK &&
              curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, buf_str(&call->request)) == CURLE_OK;
    return set ? 0 : -1;
}

/* Starts one exchange on a fresh easy handle. -1: nothing was started. */
static int send_request(struct est_call *call, struct err *e) {
    const struct est_client_options *o = &call->client->options;
    curl_easy_cleanup(call->easy);
    call->easy = curl_easy_init();
    if (call->easy == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    buf_reset(&call->response);
    if (http_client_target(call->easy, &o->server, buf_str(&call->path), e) != 0)
        return -1;
    if (set_authentication(call) != 0 || set_session(call) != 0 || set_message(call) != 0)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    http_client_start(call->client->http, call->easy, &o->server, o->timeout_us, on_done, call);
    return 0;
}

static void on_done(void *user, CURL *easy, const struct http_result *result) {
    struct est_call *call = user;
    bool again = result->code == CURLE_OK && result->status == 401 && !call->authenticated &&
                 has_credentials(call->client) && asks_for_basic(easy);
    struct http_result saved = *result;
    if (again) {
        call->authenticated = true;
        if (send_request(call, &saved.err) == 0)
            return;
        saved.code = CURLE_OUT_OF_MEMORY;
    }
    finish(call, &saved);
}

/* ---- starting ---- */

struct request {
    struct bytes der;
    EVP_PKEY *key; /* NULL: to be read from der */
};

static EVP_PKEY *read_key(struct bytes der, struct err *e) {
    AUTO(X509_REQ) request = csr_read(der, NULL, e);
    EVP_PKEY *key = request == NULL ? NULL : X509_REQ_get_pubkey(request);
    if (request != NULL && key == NULL)
        err_openssl(e, ERR_CSR_PARSE, "the public key of the request");
    return key;
}

static int take_request(struct est_call *call, const struct request *request, struct err *e) {
    if (request->key != NULL && EVP_PKEY_up_ref(request->key) == 1)
        call->key = request->key;
    else if ((call->key = read_key(request->der, e)) == NULL)
        return -1;
    if (b64_encode(request->der, call->client->options.csr_wrap, &call->request) != 0)
        return err_set(e, ERR_SYS_LIMIT, "no room for the request");
    return 0;
}

static struct est_call *call_new(struct est_client *c, enum est_operation operation,
                                 est_done_fn *done, void *user, struct err *e) {
    struct est_call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    call->client = c;
    call->operation = operation;
    call->path.max = PATH_MAX_BYTES;
    call->request.max = BODY_MAX_BYTES;
    call->response.max = EST_CLIENT_RESPONSE_MAX;
    call->authenticated = c->options.basic_hint && has_credentials(c);
    call->done = done;
    call->user = user;
    link_call(call);
    return call;
}

static struct est_call *start(struct est_client *c, enum est_operation operation,
                              const struct request *request, est_done_fn *done, void *user,
                              struct err *e) {
    AUTO(EST_CALL) call = call_new(c, operation, done, user, e);
    if (call == NULL)
        return NULL;
    if (request != NULL && take_request(call, request, e) != 0)
        return NULL;
    if (est_path_put(operation, c->options.label, &call->path, e) != 0)
        return NULL;
    if (make_headers(call) != 0) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    return send_request(call, e) == 0 ? TAKE(call) : NULL;
}

struct est_call *est_client_cacerts(struct est_client *c, est_done_fn *done, void *user,
                                    struct err *e) {
    return start(c, EST_CACERTS, NULL, done, user, e);
}

struct est_call *est_client_csrattrs(struct est_client *c, est_done_fn *done, void *user,
                                     struct err *e) {
    return start(c, EST_CSRATTRS, NULL, done, user, e);
}

struct est_call *est_client_simpleenroll(struct est_client *c, struct bytes request, EVP_PKEY *key,
                                         est_done_fn *done, void *user, struct err *e) {
    return start(c, EST_SIMPLEENROLL, &(struct request){request, key}, done, user, e);
}

struct est_call *est_client_simplereenroll(struct est_client *c, struct bytes request,
                                           EVP_PKEY *key, est_done_fn *done, void *user,
                                           struct err *e) {
    return start(c, EST_SIMPLEREENROLL, &(struct request){request, key}, done, user, e);
}
