/* Whose is this line? The device, the start of the RA or the enrolment at the RA that a record
 * belongs to, from what stood before it in the same file. */
#ifndef DIAGNOSE_WHOSE_H
#define DIAGNOSE_WHOSE_H

#include "diagnose/casefile.h"
#include "diagnose/records.h"

enum { WHOSE_NAME_MAX = 64, WHOSE_CONNECTIONS = 256 };

struct whose {
    char device[WHOSE_NAME_MAX + 1]; /* of the lines that name none */
    size_t start;                    /* scope of the RA's start-up; CASE_NO_SCOPE: none yet */
    size_t current;                  /* scope of the enrolment that wrote the last line */
    bool unbound;                    /* current is known to libest only, not to a connection */
    bool ended;                      /* current has its access line */
    bool start_failed; /* the start-up in start has failed to log in or to get the chain */
    struct {
        uint64_t number;
        size_t scope;
    } connections[WHOSE_CONNECTIONS];
};

void whose_init(struct whose *w, const char *path);
size_t whose_scope(struct whose *w, struct casefile *c, const struct record *record);

#endif
