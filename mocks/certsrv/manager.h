/* What a certificate manager does at the CA's own console: list requests, issue or deny pending
 * ones, revoke. It works on the database alone, also while the mock runs. */
#ifndef MOCKS_CERTSRV_MANAGER_H
#define MOCKS_CERTSRV_MANAGER_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

bool manager_is_command(const char *word); /* list, issue, deny, revoke */

/* id: decimal text; NULL for list. as: "MICHAMEN\officer", shown in messages. Prints on standard
 * output. -1 ARG_USAGE (id missing or not for list), STORE_*, CSR_POLICY: the request is not in a
 * state for that. */
int manager_run(const char *command, const char *database, const char *id, const char *as,
                struct err *e);

/* Adds count copies of an issued request (id NULL: the newest), each with an id and a serial number
 * of its own: a database as large as that of a CA that has issued for years. -1 ARG_USAGE,
 * STORE_NOT_FOUND, STORE_SQL. */
int manager_copy(const char *database, const char *id, int64_t count, struct err *e);

#endif
