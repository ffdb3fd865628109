/* Errors: one table of codes (layer and cause), and a carrier with the text of where and what.
 *
 * A function that can fail returns 0 or -1 (or a pointer or NULL) and fills the struct err it was
 * given. Tests and scenarios name the code; people read the text. A struct err owns nothing and may
 * be copied. Every function accepts a NULL carrier. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

/* X(code, layer, what it means when no text was given) */
#define ERR_TABLE(X)                                                                               \
    X(OK, "none", "no error")                                                                      \
    X(SYS_NOMEM, "system", "out of memory")                                                        \
    X(SYS_IO, "system", "input or output failed")                                                  \
    X(SYS_LIMIT, "system", "a size or count limit was reached")                                    \
    X(SYS_TIMEOUT, "system", "time ran out")                                                       \
    X(SYS_CANCELLED, "system", "the operation was cancelled")                                      \
    X(SYS_INTERNAL, "system", "internal error")                                                    \
    X(ARG_USAGE, "command line", "wrong use")                                                      \
    X(CONFIG_SYNTAX, "configuration", "not valid YAML")                                            \
    X(CONFIG_UNKNOWN_KEY, "configuration", "unknown key")                                          \
    X(CONFIG_BAD_VALUE, "configuration", "value not allowed here")                                 \
    X(CONFIG_MISSING, "configuration", "a required key is missing")                                \
    X(DNS_NXDOMAIN, "dns", "domain name not found")                                                \
    X(DNS_NODATA, "dns", "the name has no address")                                                \
    X(DNS_SERVFAIL, "dns", "the DNS server failed")                                                \
    X(DNS_REFUSED, "dns", "the DNS server refused the query")                                      \
    X(DNS_TIMEOUT, "dns", "no answer from the DNS server")                                         \
    X(DNS_BAD_ANSWER, "dns", "malformed DNS answer")                                               \
    X(NTP_NO_ANSWER, "ntp", "no answer from the NTP server")                                       \
    X(NTP_KISS, "ntp", "the NTP server told us to go away")                                        \
    X(NTP_UNSYNCHRONISED, "ntp", "the NTP server does not know the time")                          \
    X(NTP_BAD_ANSWER, "ntp", "not an answer of an NTP server")                                     \
    X(TFTP_PACKET, "tftp", "malformed TFTP packet")                                                \
    X(TFTP_OPERATION, "tftp", "illegal TFTP operation")                                            \
    X(TFTP_OPTION, "tftp", "TFTP option with a value that is not allowed")                         \
    X(TFTP_NOT_FOUND, "tftp", "file not found")                                                    \
    X(TFTP_ACCESS, "tftp", "not a name of a file that may be read")                                \
    X(TFTP_ABORTED, "tftp", "the client ended the transfer")                                       \
    X(TCP_REFUSED, "tcp", "connection refused")                                                    \
    X(TCP_TIMEOUT, "tcp", "no answer from the peer")                                               \
    X(TCP_RESET, "tcp", "connection reset by the peer")                                            \
    X(TCP_CLOSED, "tcp", "connection closed by the peer")                                          \
    X(TLS_CONFIG, "tls", "TLS could not be set up")                                                \
    X(TLS_HANDSHAKE, "tls", "TLS handshake failed")                                                \
    X(TLS_UNTRUSTED, "tls", "issuer of the peer's certificate is not trusted")                     \
    X(TLS_SELF_SIGNED, "tls", "the peer's certificate is self-signed")                             \
    X(TLS_NAME_MISMATCH, "tls", "the peer's certificate is for another name")                      \
    X(TLS_NOT_YET_VALID, "tls", "the peer's certificate is not yet valid")                         \
    X(TLS_EXPIRED, "tls", "the peer's certificate has expired")                                    \
    X(X509_PARSE, "x509", "not a certificate")                                                     \
    X(X509_CHAIN, "x509", "the certificate chain does not verify")                                 \
    X(X509_NOT_YET_VALID, "x509", "the certificate is not yet valid")                              \
    X(X509_EXPIRED, "x509", "the certificate has expired")                                         \
    X(X509_KEY_MISMATCH, "x509", "the certificate is for another key")                             \
    X(X509_ISSUE, "x509", "the certificate could not be made")                                     \
    X(KEY_PARSE, "key", "not a key")                                                               \
    X(KEY_UNSUPPORTED, "key", "key type or size not supported")                                    \
    X(KEY_GENERATE, "key", "key generation failed")                                                \
    X(CSR_PARSE, "csr", "not a PKCS#10 request")                                                   \
    X(CSR_SIGNATURE, "csr", "the signature of the request is wrong")                               \
    X(CSR_KEY_MISMATCH, "csr", "the request is for another key")                                   \
    X(CSR_POLICY, "csr", "the request breaks the policy")                                          \
    X(PKCS7_PARSE, "pkcs7", "not a PKCS#7 message")                                                \
    X(PKCS7_EMPTY, "pkcs7", "the PKCS#7 message holds no certificate")                             \
    X(B64_PARSE, "base64", "not base64")                                                           \
    X(CNF_SYNTAX, "cnf.xml", "not a phone's configuration file")                                   \
    X(CNF_VALUE, "cnf.xml", "value that the phone does not take")                                  \
    X(CNF_TOO_LARGE, "cnf.xml", "the configuration file is too large or nested too deeply")        \
    X(HTTP_STATUS, "http", "unexpected HTTP status")                                               \
    X(HTTP_CONTENT_TYPE, "http", "unexpected content type")                                        \
    X(HTTP_TOO_LARGE, "http", "the HTTP message is too large")                                     \
    X(HTTP_TIMEOUT, "http", "the HTTP exchange timed out")                                         \
    X(HTTP_TRANSPORT, "http", "the HTTP exchange failed")                                          \
    X(NTLM_MESSAGE, "ntlm", "malformed NTLM message")                                              \
    X(NTLM_LOGON, "ntlm", "logon denied")                                                          \
    X(NTLM_BINDINGS, "ntlm", "wrong channel binding")                                              \
    X(CERTSRV_AUTH, "certsrv", "the web server refused the credentials")                           \
    X(CERTSRV_NO_NTLM, "certsrv", "this libcurl has no NTLM")                                      \
    X(CERTSRV_TEMPLATE_UNKNOWN, "certsrv", "the template is not offered")                          \
    X(CERTSRV_PENDING, "certsrv", "the request waits for approval")                                \
    X(CERTSRV_DENIED, "certsrv", "the request was denied")                                         \
    X(CERTSRV_ERROR_PAGE, "certsrv", "the CA answered with an error page")                         \
    X(CERTSRV_PAGE_UNKNOWN, "certsrv", "the page is none that is known")                           \
    X(EST_BAD_REQUEST, "est", "the EST request is malformed")                                      \
    X(EST_AUTH_FAIL, "est", "the EST server refused the credentials")                              \
    X(EST_PENDING, "est", "the enrolment waits for approval")                                      \
    X(EST_POP, "est", "proof of possession is missing or wrong")                                   \
    X(EST_BAD_RETRY, "est", "Retry-After is missing or malformed")                                 \
    X(EST_BAD_RESPONSE, "est", "the EST response is malformed")                                    \
    X(CAPF_FRAME, "capf", "malformed frame")                                                       \
    X(CAPF_ELEMENT, "capf", "malformed element")                                                   \
    X(CAPF_DUPLICATE_ELEMENT, "capf", "element given twice")                                       \
    X(CAPF_MISSING_ELEMENT, "capf", "a required element is missing")                               \
    X(CAPF_SESSION_ID, "capf", "session id of another session")                                    \
    X(CAPF_VERSION, "capf", "protocol version not supported")                                      \
    X(CAPF_UNEXPECTED_MESSAGE, "capf", "message not expected in this state")                       \
    X(CAPF_AUTH_STRING, "capf", "wrong authentication string")                                     \
    X(CAPF_AUTH_LSC, "capf", "the phone's LSC was not accepted")                                   \
    X(CAPF_AUTH_MIC, "capf", "the phone's MIC was not accepted")                                   \
    X(CAPF_AUTH_CREDENTIALS, "capf", "the phone's signature does not verify")                      \
    X(CAPF_LOCKED, "capf", "too many wrong authentication strings")                                \
    X(CAPF_REFUSED, "capf", "the server ended the session")                                        \
    X(TVS_FRAME, "tvs", "malformed frame")                                                         \
    X(TVS_ELEMENT, "tvs", "malformed element")                                                     \
    X(TVS_DUPLICATE_ELEMENT, "tvs", "element given twice")                                         \
    X(TVS_MISSING_ELEMENT, "tvs", "a required element is missing")                                 \
    X(TVS_ANSWER, "tvs", "the answer is for another request")                                      \
    X(ITL_TOO_LARGE, "itl", "the trust list is larger than phones can hold")                       \
    X(ITL_VERSION, "itl", "a trust list or signed file of another version")                        \
    X(ITL_HEADER, "itl", "malformed header of a trust list or signed file")                        \
    X(ITL_RECORD, "itl", "malformed record of a trust list")                                       \
    X(ITL_ALGORITHM, "itl", "signature algorithm that trust lists do not have")                    \
    X(ITL_CERTIFICATE, "itl", "a certificate of the trust list cannot be used")                    \
    X(ITL_SIGNER_UNKNOWN, "itl", "the signer is not among those that are trusted")                 \
    X(ITL_SIGNATURE, "itl", "the signature does not verify")                                       \
    X(ITL_PLAN, "itl", "the trust list cannot be made as described")                               \
    X(STORE_OPEN, "store", "the database could not be opened")                                     \
    X(STORE_SQL, "store", "the database refused a statement")                                      \
    X(STORE_NOT_FOUND, "store", "no such row")                                                     \
    X(STORE_EXISTS, "store", "the row exists already")

enum err_code {
#define ERR_ENUM(code, layer, meaning) ERR_##code,
    ERR_TABLE(ERR_ENUM)
#undef ERR_ENUM
        ERR_CODE_COUNT
};

enum { ERR_TEXT_MAX = 512 };

struct err {
    enum err_code code;
    char
        text[ERR_TEXT_MAX]; /* where and what, one line, no newline at the end; cut when too long */
};

/* Sets code and text (printf form; "" or NULL takes the table's meaning). Returns -1, so that a
 * failing function can say `return err_set(e, ...)`. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the text already there, keeping the code. Returns -1. */
int err_context(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As err_set with SYS_IO and ": strerror(errno)" behind the text. Returns -1. */
int err_errno(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As err_set, with the reasons of OpenSSL's error queue behind the text; empties the queue. */
int err_openssl(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* "DNS_NXDOMAIN", "dns", "domain name not found". A code outside the table reads as SYS_INTERNAL.
 */
const char *err_name(enum err_code code);
const char *err_layer(enum err_code code);
const char *err_meaning(enum err_code code);

/* The code with that name, or ERR_CODE_COUNT. */
enum err_code err_by_name(const char *name);

#endif
