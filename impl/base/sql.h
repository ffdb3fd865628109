/* SQLite: WAL, synchronous=FULL, prepared statements kept, errors with the statement. What a call
 * committed survives kill -9. */
#ifndef BASE_SQL_H
#define BASE_SQL_H

#include "base/bytes.h"
#include "base/err.h"
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct sql; /* opaque: a connection and its statements */

/* Opens or makes path and runs schema (idempotent DDL, several statements). busy time-out 5 s real.
 * NULL STORE_OPEN. */
struct sql *sql_open(const char *path, const char *schema, struct err *e);
/* Opens what is there, never to write. NULL STORE_OPEN. */
struct sql *sql_open_to_read(const char *path, struct err *e);
void sql_close(struct sql *db);
/* How far a commit goes before it returns. NORMAL survives the death of the process, FULL that of
 * the machine; OFF syncs nothing at all, for comparison only. -1 STORE_SQL. */
enum sql_sync { SQL_SYNC_OFF, SQL_SYNC_NORMAL, SQL_SYNC_FULL };
int sql_sync(struct sql *db, enum sql_sync sync, struct err *e);

/* A statement, kept for the text (which must be a literal: it is the key), reset, without bindings.
 * Owned by db. NULL STORE_SQL. */
sqlite3_stmt *sql_prepare(struct sql *db, const char *text, struct err *e);
/* Steps once: 1 a row, 0 done (statement reset), -1 STORE_SQL. */
int sql_step(struct sql *db, sqlite3_stmt *statement, struct err *e);
/* Runs to the end, ignoring rows; the count of changed rows, or -1 STORE_SQL. */
int sql_run(struct sql *db, sqlite3_stmt *statement, struct err *e);
int sql_exec(struct sql *db, const char *text, struct err *e);
int64_t sql_last_id(struct sql *db);
/* How many rows kept statements have stepped over that no index picked out, for tests of what must
 * not cost by the size of a table. */
int64_t sql_scanned(const struct sql *db);

/* Binding and reading with the types of this code base; indexes as in SQLite (1.., 0..). When a
 * value cannot be bound, the statement fails with STORE_SQL where it is stepped. Reading cannot
 * fail. */
void sql_bind_str(sqlite3_stmt *s, int index, const char *text); /* NULL binds NULL; copied */
void sql_bind_int(sqlite3_stmt *s, int index, int64_t value);
void sql_bind_bytes(sqlite3_stmt *s, int index, struct bytes value); /* copied */
const char *sql_str(sqlite3_stmt *s, int column); /* "" for NULL; valid until the next step */
struct bytes sql_bytes(sqlite3_stmt *s, int column);
int64_t sql_int(sqlite3_stmt *s, int column);

#endif
