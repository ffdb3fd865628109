/* Answers of the EST server in libest's words, and what the log and the events say of them. It must
 * never put anything a client sent into an answer. */
#include "base/clock.h"
#include "base/events.h"
#include "est/est_log.h"
#include "est/est_server_impl.h"
#include <stdio.h>
#include <string.h>

enum {
    BODY_MAX_BYTES = 4 * 1024 * 1024,
    ERROR_MAX_BYTES = 2048,
    FIELD_MAX_BYTES = EST_REALM_MAX + 64,
    ACCESS_NO_STATUS = -1 /* what libest logs for every success (protocol/est.md 1.8) */
};
static const int64_t DEFAULT_RETRY_US = 60 * 1000000;

struct failure_row {
    enum est_error error;
    struct est_failure failure;
};

#define BAD_CSR                                                                                    \
    { 400, "Invalid or corrupted pkcs10 request." }
#define BAD_GATEWAY                                                                                \
    { 502, "The certification authority could not be reached." }
#define NOT_FOUND                                                                                  \
    { 404, "The path specified is not recognized." }

/* Texts as libest's where it has one (protocol/est.md 1.4). */
static const struct failure_row failures[] = {
    {EST_ERR_AUTH_FAIL, {401, "The server was unable to authorize the request."}},
    {EST_ERR_AUTH_FAIL_TLSUID, {401, "Proof of Possession Mismatch."}},
    {EST_ERR_BAD_PKCS10, BAD_CSR},
    {EST_ERR_BAD_BASE64, BAD_CSR},
    {EST_ERR_BAD_X509, BAD_CSR},
    {EST_ERR_X509_ATTR, BAD_CSR},
    {EST_ERR_X509_CN, BAD_CSR},
    {EST_ERR_X509_VER, BAD_CSR},
    {EST_ERR_HTTP_BAD_REQ, {400, "The HTTP request is malformed."}},
    {EST_ERR_CSR_ATTR_MISSING, {400, "CSR Attributes missing in request."}},
    {EST_ERR_HTTP_NOT_FOUND, NOT_FOUND},
    {EST_ERR_HTTP_INVALID_PATH_SEGMENT, NOT_FOUND},
    {EST_ERR_HTTP_PATH_SEGMENT_NOT_SUPPORTED, NOT_FOUND},
    {EST_ERR_WRONG_METHOD, {405, "Invalid HTTP method used for this path."}},
    {EST_ERR_BUF_EXCEEDS_MAX_LEN, {413, "The request is too large."}},
    {EST_ERR_BAD_CONTENT_TYPE, {415, "Invalid content type used."}},
    {EST_ERR_HTTP_LOCKED, {423, "The content is locked."}},
    {EST_ERR_IP_GETADDR, BAD_GATEWAY},
    {EST_ERR_IP_CONNECT, BAD_GATEWAY},
    {EST_ERR_SSL_CONNECT, BAD_GATEWAY},
    {EST_ERR_FQDN_MISMATCH, BAD_GATEWAY},
    {EST_ERR_HTTP_UNSUPPORTED, BAD_GATEWAY},
    {EST_ERR_SSL_READ, {504, "The certification authority did not answer in time."}},
};

struct est_failure est_failure_of(enum est_error error) {
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
        if (failures[i].error == error)
            return failures[i].failure;
    return (struct est_failure){500, "An error has occured during enrollment."};
}

static const char *reason_of(unsigned status) {
    static const struct {
        unsigned status;
        const char *reason;
    } reasons[] = {{400, "Bad Request"},
                   {401, "Unauthorized"},
                   {403, "Forbidden"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {413, "Content Too Large"},
                   {415, "Unsupported Media Type"},
                   {423, "Locked"},
                   {429, "Too Many Requests"},
                   {500, "Internal Server Error"},
                   {502, "Bad Gateway"},
                   {503, "Service Unavailable"},
                   {504, "Gateway Time-out"}};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Error";
}

static const char *client_of(const struct est_server *s) {
    return s->options.client != NULL ? s->options.client : "est-client";
}

static const char *name_of(const struct est_path *path) {
    return path != NULL ? est_operation_name(path->operation) : "request";
}

static bool is_enrolment(const struct est_path *path) {
    return path != NULL &&
           (path->operation == EST_SIMPLEENROLL || path->operation == EST_SIMPLEREENROLL);
}

void est_note_request(struct est_server *s, const struct http_request *http,
                      const struct est_path *path) {
    est_log(s->options.log, EST_LOG_REQUEST_URI, http_request_path(http));
    event_message(client_of(s), NULL, name_of(path), "%s %s, %zu bytes", http_request_method(http),
                  http_request_path(http), http_request_body(http).len);
}

/* ---- libest's access lines ---- */

/* A header's value in quotes, or "-" as Mongoose writes it. */
static void log_header(struct est_server *s, const struct http_request *http,
                       enum est_log_line line, const char *name) {
    const char *value = http_request_header(http, name);
    AUTO_BUF quoted = BUF_INIT(ERROR_MAX_BYTES);
    if (value == NULL || buf_printf(&quoted, "\"%.1024s\"", value) != 0)
        est_log(s->options.log, line, "-");
    else
        est_log(s->options.log, line, buf_str(&quoted));
}

static void log_access(struct est_server *s, const struct http_request *http, int status) {
    char stamp[EST_LOG_STAMP_MAX];
    est_log_stamp(clock_wall_us(), stamp);
    est_log(s->options.log, EST_LOG_ACCESS, http_request_peer(http), stamp,
            http_request_method(http), http_request_path(http), status, 0);
    log_header(s, http, EST_LOG_REFERER, "Referer");
    log_header(s, http, EST_LOG_USER_AGENT, "User-Agent");
}

static void log_failure(struct est_server *s, const struct http_request *http, enum est_error error,
                        unsigned status) {
    const char *name = est_err_name((int)error);
    est_log(s->options.log, EST_LOG_ERROR_CODE, (int)error, name);
    est_log(s->options.log, EST_LOG_REQUEST_FAILED, (int)error, name);
    log_access(s, http, (int)status);
}

/* ---- answers ---- */

static bool must_close(const struct http_request *http) {
    return est_reads_to_close(http_request_header(http, "User-Agent"),
                              http_request_header(http, "Connection"));
}

static void tell(struct est_server *s, const struct est_path *path, unsigned status,
                 const char *detail) {
    char what[16];
    snprintf(what, sizeof what, "%u", status);
    event_message(NULL, client_of(s), what, "%s: %s", name_of(path), detail);
}

static void succeed(struct est_server *s, struct http_request *http, const struct est_path *path,
                    unsigned status, struct bytes body, const char *detail) {
    http_reply(http, status, body, must_close(http));
    log_access(s, http, ACCESS_NO_STATUS);
    tell(s, path, status, detail);
}

void est_reply_content(struct est_server *s, struct http_request *http, const struct est_path *path,
                       const char *content_type, struct bytes der, enum b64_wrap wrap) {
    AUTO_BUF body = BUF_INIT(BODY_MAX_BYTES);
    if (b64_encode(der, wrap, &body) != 0) {
        est_reply_error(s, http, path, EST_ERR_BUF_EXCEEDS_MAX_LEN, 500, NULL);
        return;
    }
    http_reply_header(http, "Content-Type", content_type);
    http_reply_header(http, "Content-Transfer-Encoding", "base64");
    succeed(s, http, path, 200, buf_view(&body), est_err_name(EST_ERR_NONE));
}

void est_reply_none(struct est_server *s, struct http_request *http, const struct est_path *path) {
    succeed(s, http, path, 204, bytes_of(NULL, 0), "none");
}

void est_reply_wait(struct est_server *s, struct http_request *http, const struct est_path *path,
                    int64_t retry_after_us) {
    int64_t wait = retry_after_us > 0 ? retry_after_us : s->options.retry_after_us;
    if (wait <= 0)
        wait = DEFAULT_RETRY_US;
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%lld", (long long)((wait + 999999) / 1000000));
    http_reply_header(http, "Retry-After", seconds);
    succeed(s, http, path, 202, bytes_of(NULL, 0), est_err_name(EST_ERR_CA_ENROLL_RETRY));
}

static void add_challenge(struct est_server *s, struct http_request *http) {
    char value[FIELD_MAX_BYTES];
    const char *realm = s->options.realm != NULL ? s->options.realm : "estrealm";
    snprintf(value, sizeof value, "Basic realm=\"%s\"", realm);
    http_reply_header(http, "WWW-Authenticate", value);
}

void est_reply_challenge(struct est_server *s, struct http_request *http,
                         const struct est_path *path) {
    add_challenge(s, http);
    http_reply(http, 401, bytes_of(NULL, 0), must_close(http));
    log_failure(s, http, EST_ERR_AUTH_PENDING, 401);
    tell(s, path, 401, est_err_name(EST_ERR_AUTH_PENDING));
}

static void send_error(struct est_server *s, struct http_request *http, const struct est_path *path,
                       unsigned status, const char *text) {
    AUTO_BUF body = BUF_INIT(ERROR_MAX_BYTES);
    buf_printf(&body, "Error %u: %s\n%.1024s\n", status, reason_of(status), text);
    http_reply_header(http, "Content-Type", "text/plain");
    if (status == 401)
        add_challenge(s, http);
    if (status == 405 && path != NULL)
        http_reply_header(http, "Allow", est_operation_method(path->operation));
    http_reply(http, status, buf_view(&body), must_close(http));
}

void est_reply_error(struct est_server *s, struct http_request *http, const struct est_path *path,
                     enum est_error error, unsigned status, const char *text) {
    struct est_failure failure = est_failure_of(error);
    if (status != 0)
        failure.status = status;
    if (text != NULL)
        failure.text = text;
    const char *name = est_err_name((int)error);
    send_error(s, http, path, failure.status, failure.text);
    if (is_enrolment(path) && error != EST_ERR_WRONG_METHOD)
        est_log(s->options.log, EST_LOG_ENROLL_FAILED, (int)error, name);
    est_log(s->options.log, EST_LOG_HTTP_ERROR, failure.status, reason_of(failure.status),
            failure.text);
    log_failure(s, http, error, failure.status);
    tell(s, path, failure.status, name);
}
