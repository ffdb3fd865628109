/* What the outcome of a transfer means: curl's return code and text as CiscoRA logs them (seed 1),
 * and our own error code. Must not lose curl's text where it is not known to differ. */
#include "http_client_impl.h"

#include "base/clock.h"
#include <errno.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* CURLE_PEER_FAILED_VERIFICATION's old number for a wrong name; since 7.62 both are 60, but the
 * logs of seed 1 ("host name does not match the common name") have 51. */
#define CURLE_NAME_MISMATCH CURLE_OBSOLETE51

static const struct {
    CURLcode curl;
    enum err_code code;
} curl_codes[] = {
    {CURLE_COULDNT_RESOLVE_HOST, ERR_DNS_NXDOMAIN},
    {CURLE_SSL_CONNECT_ERROR, ERR_TLS_HANDSHAKE},
    {CURLE_SSL_CACERT_BADFILE, ERR_TLS_CONFIG},
    {CURLE_SSL_CERTPROBLEM, ERR_TLS_CONFIG},
    {CURLE_SSL_CIPHER, ERR_TLS_CONFIG},
    {CURLE_GOT_NOTHING, ERR_TCP_CLOSED},
    {CURLE_PARTIAL_FILE, ERR_TCP_CLOSED},
    {CURLE_RECV_ERROR, ERR_TCP_RESET},
    {CURLE_SEND_ERROR, ERR_TCP_RESET},
    {CURLE_WRITE_ERROR, ERR_HTTP_TOO_LARGE},
    {CURLE_FILESIZE_EXCEEDED, ERR_HTTP_TOO_LARGE},
    {CURLE_OUT_OF_MEMORY, ERR_SYS_NOMEM},
    {CURLE_ABORTED_BY_CALLBACK, ERR_SYS_CANCELLED},
};

static enum err_code connect_code(CURL *easy) {
    long os = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os);
    if (os == ETIMEDOUT || os == EHOSTUNREACH || os == ENETUNREACH)
        return ERR_TCP_TIMEOUT;
    return os == ECONNRESET ? ERR_TCP_RESET : ERR_TCP_REFUSED;
}

static enum err_code verify_code(const struct transfer *t) {
    if (t->leaf_self_signed)
        return ERR_TLS_SELF_SIGNED;
    switch (t->verify_error) {
    case X509_V_OK:
        return ERR_TLS_NAME_MISMATCH;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return ERR_TLS_NOT_YET_VALID;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return ERR_TLS_EXPIRED;
    default:
        return ERR_TLS_UNTRUSTED;
    }
}

/* TCP stood when a handshake was begun, or when the connection was there already: then curl knows
 * the local port. */
static enum err_code timeout_code(const struct transfer *t) {
    long local_port = 0;
    curl_easy_getinfo(t->easy, CURLINFO_LOCAL_PORT, &local_port);
    return local_port == 0 && !t->tls_begun ? ERR_TCP_TIMEOUT : ERR_HTTP_TIMEOUT;
}

static enum err_code code_of(const struct transfer *t, CURLcode code) {
    if (code == CURLE_COULDNT_CONNECT)
        return connect_code(t->easy);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return verify_code(t);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return timeout_code(t);
    for (size_t i = 0; i < sizeof curl_codes / sizeof curl_codes[0]; i++)
        if (curl_codes[i].curl == code)
            return curl_codes[i].code;
    return ERR_HTTP_TRANSPORT;
}

/* The number of milliseconds in curl's text, and what stands around it. */
struct duration_text {
    int before; /* bytes up to the number */
    long long ms;
    const char *behind;
};

static bool find_duration(const char *text, struct duration_text *d) {
    static const char mark[] = " after ";
    const char *at = strstr(text, mark);
    if (at == NULL)
        return false;
    const char *number = at + sizeof mark - 1;
    d->before = (int)(number - text);
    d->ms = strtoll(number, NULL, 10);
    d->behind = number + strspn(number, "0123456789");
    return true;
}

/* "Operation timed out after 201 milliseconds with ..." counts real time: the limit of the
 * component goes in its place. A handshake without an answer reads as it did before curl 7.87: the
 * connection stood, the operation timed out (seed 1, "CES authentication timeout"). */
static void timeout_text(const struct transfer *t, const char *text, char *out) {
    static const char connecting[] = "Connection timed out", in_tls[] = "SSL connection timeout";
    long long limit = (long long)(t->timeout_us / 1000);
    struct duration_text d;
    if ((t->tls_begun && strncmp(text, connecting, sizeof connecting - 1) == 0) ||
        strcmp(text, in_tls) == 0)
        snprintf(out, ERR_TEXT_MAX,
                 "Operation timed out after %lld milliseconds with 0 bytes received", limit);
    else if (find_duration(text, &d))
        snprintf(out, ERR_TEXT_MAX, "%.*s%lld%s", d.before, text, limit, d.behind);
    else
        snprintf(out, ERR_TEXT_MAX, "%s", text);
}

/* "Failed to connect to HOST port N after M ms: ...": the endpoint as configured goes in the place
 * of the address that it is reached by. When a kept connection died first, curl's text is still of
 * that one, and is replaced. */
static void connect_text(const struct transfer *t, const char *text, char *out) {
    static const char mark[] = "Failed to connect to ";
    struct duration_text d;
    if (strncmp(text, mark, sizeof mark - 1) != 0 || !find_duration(text, &d))
        snprintf(out, ERR_TEXT_MAX, "%s%.250s port %u after 0 ms: %s", mark, t->endpoint->host,
                 (unsigned)t->endpoint->port, curl_easy_strerror(CURLE_COULDNT_CONNECT));
    else
        snprintf(out, ERR_TEXT_MAX, "%s%.250s port %u after %lld%s", mark, t->endpoint->host,
                 (unsigned)t->endpoint->port, (long long)((double)d.ms * clock_rate()), d.behind);
}

static void error_text(const struct transfer *t, CURLcode code, char *out) {
    const char *text = t->text[0] != '\0' ? t->text : curl_easy_strerror(code);
    if (code == CURLE_OPERATION_TIMEDOUT)
        timeout_text(t, text, out);
    else if (code == CURLE_COULDNT_CONNECT)
        connect_text(t, text, out);
    else if (code == CURLE_SEND_FAIL_REWIND)
        snprintf(out, ERR_TEXT_MAX, "Empty reply from server");
    else
        snprintf(out, ERR_TEXT_MAX, "%s", text);
}

/* A body that its owner does not give twice (CURLOPT_SEEKFUNCTION): what happened is that no answer
 * came to it. */
static CURLcode told_as(CURLcode code) {
    return code == CURLE_SEND_FAIL_REWIND ? CURLE_GOT_NOTHING : code;
}

void client_result(const struct transfer *t, CURLcode code, struct http_result *result) {
    curl_off_t received = 0;
    *result = (struct http_result){.code = told_as(code)};
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &result->status);
    curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
    result->received = received;
    if (code == CURLE_OK)
        return;
    error_text(t, code, result->text);
    err_set(&result->err, code_of(t, result->code), "%s", result->text);
    if (result->err.code == ERR_TLS_NAME_MISMATCH && !t->endpoint->mismatch_is_60)
        result->code = CURLE_NAME_MISMATCH;
}

void client_result_lookup(const struct transfer *t, const char *name, const struct err *e,
                          struct http_result *result) {
    *result = (struct http_result){0};
    if (e == NULL) {
        result->code = CURLE_OPERATION_TIMEDOUT;
        snprintf(result->text, sizeof result->text, "Resolving timed out after %lld milliseconds",
                 (long long)(t->timeout_us / 1000));
        err_set(&result->err, ERR_DNS_TIMEOUT, "%s", result->text);
        return;
    }
    result->code = CURLE_COULDNT_RESOLVE_HOST;
    snprintf(result->text, sizeof result->text, "Could not resolve: %.200s (%.200s)", name,
             e->text);
    err_set(&result->err, e->code, "%s", result->text);
}
