/* The W3C log of IIS: which column holds what, and a line's facts in one fixed order for the rules,
 * whatever fields the administrator chose (protocol/certsrv.md 4). */
#ifndef DIAGNOSE_IIS_FIELDS_H
#define DIAGNOSE_IIS_FIELDS_H

#include "base/bytes.h"
#include <stdbool.h>

/* X(NAME, field name in #Fields, column in the default set of IIS 7 to 10) */
#define IIS_FIELD_TABLE(X)                                                                         \
    X(METHOD, "cs-method", 3)                                                                      \
    X(STEM, "cs-uri-stem", 4)                                                                      \
    X(QUERY, "cs-uri-query", 5)                                                                    \
    X(USER, "cs-username", 7)                                                                      \
    X(AGENT, "cs(User-Agent)", 9)                                                                  \
    X(STATUS, "sc-status", 11)                                                                     \
    X(SUBSTATUS, "sc-substatus", 12)                                                               \
    X(WIN32, "sc-win32-status", 13)                                                                \
    X(TAKEN, "time-taken", 14)

enum iis_field {
#define X(name, field, column) IIS_FIELD_##name,
    IIS_FIELD_TABLE(X)
#undef X
        IIS_FIELD_COUNT
};

struct iis_fields {
    int columns[IIS_FIELD_COUNT]; /* from 0; -1: not logged */
};

/* The default set. */
void iis_fields_init(struct iis_fields *f);
/* Takes over "#Fields: ..."; false when line is none. */
bool iis_fields_read(struct iis_fields *f, struct bytes line);

/* "GET /certsrv ReqID=1 user MICHAMEN\ciscora agent CiscoRA+1.0 status 401 1 2148074254 taken 0"
 * from a line; a column that is not there reads "-". */
void iis_fields_put(const struct iis_fields *f, struct bytes line, struct buf *out);

#endif
