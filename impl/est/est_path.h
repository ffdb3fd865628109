/* EST operations and the paths they live under: /.well-known/est[/label]/operation
 * (RFC 7030 section 3.2.2; protocol/est.md 5, U1 to U5). Shared by client and server. */
#ifndef EST_EST_PATH_H
#define EST_EST_PATH_H

#include "base/bytes.h"
#include "base/err.h"

/* X(enumerator, path segment, method) */
#define EST_OPERATION_TABLE(X)                                                                     \
    X(CACERTS, "cacerts", "GET")                                                                   \
    X(CSRATTRS, "csrattrs", "GET")                                                                 \
    X(SIMPLEENROLL, "simpleenroll", "POST")                                                        \
    X(SIMPLEREENROLL, "simplereenroll", "POST")

enum est_operation {
#define EST_OPERATION_ENUM(name, segment, method) EST_##name,
    EST_OPERATION_TABLE(EST_OPERATION_ENUM)
#undef EST_OPERATION_ENUM
        EST_OPERATION_COUNT
};

enum { EST_LABEL_MAX = 128 }; /* bytes, as libest's (protocol/est.md 1.9) */

const char *est_operation_name(enum est_operation operation);   /* "simpleenroll" */
const char *est_operation_method(enum est_operation operation); /* "POST" */

struct est_path {
    enum est_operation operation;
    char label[EST_LABEL_MAX + 1]; /* percent-decoded; "" without one */
};

/* A label, decoded, is 1 to EST_LABEL_MAX bytes without '/' and control characters, not "." or
 * "..", and not the name of an operation of RFC 7030 (also of those not offered here). -1
 * EST_BAD_REQUEST. */
int est_label_check(const char *label, struct err *e);

enum est_path_result {
    EST_PATH_OK,
    EST_PATH_UNKNOWN,  /* not below /.well-known/est, or an operation that is not offered: 404 */
    EST_PATH_BAD_LABEL /* a label that breaks the rules, or more than one segment: 404 */
};

/* Takes a raw request path apart. A segment in front of /.well-known (where strongSwan's pki puts a
 * label, protocol/est.md 2) counts as the label when there is none behind it. */
enum est_path_result est_path_parse(const char *path, struct est_path *out);

/* Appends the path, the label percent-encoded where needed. label NULL or "": none. -1
 * EST_BAD_REQUEST for a label that breaks the rules.
 */
int est_path_put(enum est_operation operation, const char *label, struct buf *out, struct err *e);

#endif
