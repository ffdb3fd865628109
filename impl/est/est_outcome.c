/* Outcomes of EST exchanges in libest's numbers (protocol/est.md 1.2, 1.3, 1.7; seed 1). It must
 * never call a failed exchange a success. */
#include "est/est_outcome.h"
#include <stddef.h>

struct code_row {
    CURLcode code;
    enum est_error error;
};

/* Codes whose number does not depend on how far the exchange came. */
static const struct code_row code_rows[] = {
    {CURLE_COULDNT_RESOLVE_HOST, EST_ERR_IP_GETADDR},
    {CURLE_COULDNT_RESOLVE_PROXY, EST_ERR_IP_GETADDR},
    {CURLE_COULDNT_CONNECT, EST_ERR_IP_CONNECT},
    {CURLE_SSL_CONNECT_ERROR, EST_ERR_SSL_CONNECT},
    {CURLE_PEER_FAILED_VERIFICATION, EST_ERR_SSL_CONNECT},
    {CURLE_SSL_ISSUER_ERROR, EST_ERR_SSL_CONNECT},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, EST_ERR_SSL_CONNECT},
    {CURLE_SSL_CIPHER, EST_ERR_SSL_CIPHER_LIST},
    {CURLE_SSL_CACERT_BADFILE, EST_ERR_LOAD_TRUST_CERTS},
    {CURLE_SSL_CERTPROBLEM, EST_ERR_PEM_READ},
    {CURLE_SSL_ENGINE_INITFAILED, EST_ERR_SSL_CTX_NEW},
    {CURLE_SEND_ERROR, EST_ERR_HTTP_WRITE},
    {CURLE_WRITE_ERROR, EST_ERR_BUF_EXCEEDS_MAX_LEN},
    {CURLE_FILESIZE_EXCEEDED, EST_ERR_BUF_EXCEEDS_MAX_LEN},
    {CURLE_OUT_OF_MEMORY, EST_ERR_MALLOC},
    {CURLE_URL_MALFORMAT, EST_ERR_INVALID_SERVER_NAME},
    {CURLE_RECV_ERROR, EST_ERR_SSL_READ},
    {CURLE_GOT_NOTHING, EST_ERR_SSL_READ},
    {CURLE_PARTIAL_FILE, EST_ERR_SSL_READ},
};

static enum est_error error_of_timeout(const struct est_exchange *x) {
    if (x->cause >= ERR_DNS_NXDOMAIN && x->cause <= ERR_DNS_BAD_ANSWER)
        return EST_ERR_IP_GETADDR;
    if (!x->connected)
        return EST_ERR_IP_CONNECT;
    return x->request_sent ? EST_ERR_SSL_READ : EST_ERR_SSL_CONNECT;
}

enum est_error est_error_of_transport(const struct est_exchange *x) {
    if (x->cause == ERR_TLS_NAME_MISMATCH)
        return EST_ERR_FQDN_MISMATCH;
    if (x->code == CURLE_OPERATION_TIMEDOUT)
        return error_of_timeout(x);
    for (size_t i = 0; i < sizeof code_rows / sizeof code_rows[0]; i++)
        if (code_rows[i].code == x->code)
            return code_rows[i].error;
    return EST_ERR_UNKNOWN;
}

enum est_error est_error_of_status(long status, enum est_operation operation) {
    bool may_have_none = operation == EST_CSRATTRS;
    switch (status) {
    case 200:
        return EST_ERR_NONE;
    case 202:
        return EST_ERR_CA_ENROLL_RETRY;
    case 204:
        return may_have_none ? EST_ERR_NONE : EST_ERR_HTTP_NO_CONTENT;
    case 400:
        return EST_ERR_HTTP_BAD_REQ;
    case 401:
        return EST_ERR_AUTH_FAIL;
    case 404:
        return may_have_none ? EST_ERR_NONE : EST_ERR_HTTP_NOT_FOUND;
    case 423:
        return EST_ERR_HTTP_LOCKED;
    default:
        return EST_ERR_UNKNOWN;
    }
}

enum err_code est_cause_of(enum est_error error) {
    switch (error) {
    case EST_ERR_NONE:
        return ERR_OK;
    case EST_ERR_AUTH_FAIL:
        return ERR_EST_AUTH_FAIL;
    case EST_ERR_CA_ENROLL_RETRY:
        return ERR_EST_PENDING;
    case EST_ERR_INVALID_RETRY_VALUE:
        return ERR_EST_BAD_RETRY;
    case EST_ERR_BUF_EXCEEDS_MAX_LEN:
        return ERR_HTTP_TOO_LARGE;
    case EST_ERR_BAD_CONTENT_TYPE:
        return ERR_HTTP_CONTENT_TYPE;
    case EST_ERR_X509_PUBKEY:
        return ERR_X509_KEY_MISMATCH;
    case EST_ERR_NO_CERTIFICATE:
    case EST_ERR_LOAD_CACERTS:
    case EST_ERR_BAD_BASE64:
        return ERR_EST_BAD_RESPONSE;
    default:
        return ERR_HTTP_STATUS;
    }
}
