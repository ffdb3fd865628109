/* The web server's log in the W3C extended format of IIS 10: protocol/certsrv.md 4. */
#ifndef MOCKS_CERTSRV_IIS_LOG_H
#define MOCKS_CERTSRV_IIS_LOG_H

#include "base/bytes.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

/* sc-win32-status and sub-status of authentication (protocol/certsrv.md 3.4; that of a locked
 * account is inferred from the name of the Windows error). */
#define IIS_WIN32_TABLE(X)                                                                         \
    X(OK, 0)                                                                                       \
    X(NOT_FOUND, 2)                                                                                \
    X(ACCESS_DENIED, 5)                                                                            \
    X(NAME_NO_LONGER_AVAILABLE, 64)                                                                \
    X(LOGON_FAILURE, 1326)                                                                         \
    X(ACCOUNT_LOCKED_OUT, 1909)                                                                    \
    X(SEC_E_INVALID_TOKEN, 2148074248)                                                             \
    X(SEC_E_LOGON_DENIED, 2148074252)                                                              \
    X(SEC_E_NO_CREDENTIALS, 2148074254)                                                            \
    X(SEC_E_BAD_BINDINGS, 2148074310)
#define IIS_WIN32_CONSTANT(name, number) static const uint32_t IIS_##name = number;
IIS_WIN32_TABLE(IIS_WIN32_CONSTANT)
#undef IIS_WIN32_CONSTANT

/* One request. Texts may be NULL or "" ("-" in the log). */
struct iis_entry {
    int64_t wall_us; /* component time, logged as UTC */
    const char *server_ip, *method, *stem, *query;
    unsigned port;
    const char *username, *client_ip, *user_agent, *referer;
    unsigned status, substatus;
    uint32_t win32;
    int64_t taken_ms;
};

/* Append the four header lines, or the line of one request; CRLF. */
void iis_put_header(struct buf *out, int64_t wall_us);
void iis_put_entry(struct buf *out, const struct iis_entry *entry);

struct iis_log; /* opaque */

/* Appends to path ("-": standard error); header: writes it, as IIS does at each start. NULL with e
 * set. */
struct iis_log *iis_log_open(const char *path, bool header, struct err *e);
void iis_log_close(struct iis_log *log);
void iis_log_write(struct iis_log *log, const struct iis_entry *entry);

#endif
