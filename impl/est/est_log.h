/* The log lines of libest's server side, as one table of where libest 2.2.0 writes them
 * ("***EST [INFO][est_enroll_auth:356]--> TLS: no peer certificate"). Sources: seed 1 (start-up and
 * "wrong certificate template"), protocol/est.md 1.8. Function and line of rows that no seed
 * shows are inferred. Nothing secret is a parameter of any row. */
#ifndef EST_EST_LOG_H
#define EST_EST_LOG_H

#include "base/log.h"
#include "est/est_error.h"
#include <stdint.h>

/* X(enumerator, level, function, line, format) */
#define EST_LOG_TABLE(X)                                                                           \
    X(VERSION, "INFO", "est_log_version", 216, "libest %s (API level %d)")                         \
    X(COMPILED, "INFO", "est_log_version", 220, "Compiled against %s")                             \
    X(LINKED, "INFO", "est_log_version", 221, "Linking to %s")                                     \
    X(ADD_CERT, "INFO", "ossl_init_cert_store_from_raw", 182, "Adding cert to store (%s)")         \
    X(ECDHE, "INFO", "set_ssl_option", 1378, "Using non-default ECDHE curve (nid=%d)")             \
    X(NO_SRP, "INFO", "set_ssl_option", 1432, "TLS SRP not enabled")                               \
    X(REQUEST_URI, "INFO", "handle_request", 1262, "%s")                                           \
    X(PEER_CERT, "INFO", "est_enroll_auth", 338, "TLS: client certificate is valid")               \
    X(BAD_PEER_CERT, "INFO", "est_enroll_auth", 347, "TLS: client certificate not verified (%s)")  \
    X(NO_PEER_CERT, "INFO", "est_enroll_auth", 356, "TLS: no peer certificate")                    \
    X(AUTH_FAILED, "WARNING", "est_enroll_auth", 394, "HTTP authentication failed. Auth type=%d")  \
    X(AUTH_MISSING, "INFO", "est_enroll_auth", 403,                                                \
      "HTTP auth headers missing, sending HTTP auth request to client.")                           \
    X(AUTH_BAD, "WARNING", "est_enroll_auth", 411,                                                 \
      "Client sent incomplete HTTP authorization header")                                          \
    X(CMC_RA, "INFO", "est_check_cmcRA", 470, "id-kp-cmcRA present: %d")                           \
    X(POP_VALID, "INFO", "est_tls_uid_auth", 538, "PoP is valid")                                  \
    X(POP_INVALID, "WARNING", "est_tls_uid_auth", 542, "PoP is not valid")                         \
    X(ENROLL_FAILED, "WARNING", "est_http_request", 1435, "Enrollment failed with rc=%d (%s)\n")   \
    X(HTTP_ERROR, "INFO", "mg_send_http_error", 389, "[Error %u: %s\n%s\n]")                       \
    X(ERROR_CODE, "ERROR", "est_mg_handler", 1234, "EST error response code: %d (%s)\n")           \
    X(REQUEST_FAILED, "WARNING", "handle_request", 1267, "Incoming request failed rv=%d (%s)")     \
    X(ACCESS, "INFO", "log_access", 1298, "%s [%s] \"%s %s HTTP/1.1\" %d %d")                      \
    X(REFERER, "INFO", "log_header", 1276, "%s")                                                   \
    X(USER_AGENT, "INFO", "log_header", 1278, "%s")                                                \
    X(SHUTDOWN_FAILED, "WARNING", "est_server_handle_request", 1716, "SSL_shutdown failed")

enum est_log_line {
#define EST_LOG_ENUM(name, level, function, line, format) EST_LOG_##name,
    EST_LOG_TABLE(EST_LOG_ENUM)
#undef EST_LOG_ENUM
        EST_LOG_COUNT
};

/* Writes one row with its parameters (see the format in the table). Control characters of the
 * parameters are escaped, and cut at 1024 bytes; a line break of the row itself stays one
 * (libest leaves an empty line behind two of them, seed 1). log NULL: nothing. */
void est_log(struct log *log, enum est_log_line line, ...);

/* "27/Feb/2019:16:53:28 +0000" of component time, into at least EST_LOG_STAMP_MAX bytes. */
enum { EST_LOG_STAMP_MAX = 40 };
void est_log_stamp(int64_t wall_us, char *out);

#endif
