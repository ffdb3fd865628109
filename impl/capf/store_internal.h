/* What the files of the device store share; nobody else includes this. */
#ifndef CAPF_STORE_INTERNAL_H
#define CAPF_STORE_INTERNAL_H

#include "base/sql.h"
#include "capf/store.h"

struct store {
    struct sql *db;
};

/* Cut to size - 1. */
void store_copy_text(char *out, size_t size, const char *text);
/* The length copied; 0 when it does not fit. */
size_t store_copy_blob(uint8_t *out, size_t size, struct bytes blob);

/* Runs a statement whose only parameter is the device's name; a literal, as for sql_prepare. */
int store_run_for(struct store *s, const char *statement, const char *device, struct err *e);

/* Open enrolments of the device belong to an operation that is over. */
int store_enrolments_become_stale(struct store *s, const char *device, struct err *e);

#endif
