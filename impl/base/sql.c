/* SQLite with the settings that this code base relies on: WAL, every commit synced, foreign keys
 * checked. Statements are prepared once for each text. Values only ever get in by binding: an error
 * shows the statement, and the statement holds no secret. */
#include "base/sql.h"
#include <stdlib.h>
#include <string.h>

enum { BUSY_TIMEOUT_MS = 5000, STATEMENTS_MAX = 256 };

static const char settings[] = "PRAGMA journal_mode=WAL;"
                               "PRAGMA synchronous=FULL;"
                               "PRAGMA foreign_keys=ON;";

struct sql {
    sqlite3 *connection;
    sqlite3_stmt *statements[STATEMENTS_MAX];
    size_t count;
};

/* The statement of which a value could not be bound, for want of memory. One is enough: values are
 * bound and the statement is run before the next one is. */
static sqlite3_stmt *unbound;

static int fail(struct sql *db, const char *text, struct err *e) {
    return err_set(e, ERR_STORE_SQL, "%s: %.200s", sqlite3_errmsg(db->connection), text);
}

/* Another process commits, which takes as long as the disk does. SQLite's own steps grow to a tenth
 * of a second, and would put who lost once behind everybody who comes later. */
static int on_busy(void *unused, int times) {
    (void)unused;
    if (times >= BUSY_TIMEOUT_MS)
        return 0;
    sqlite3_sleep(1);
    return 1;
}

static int open_connection(struct sql *db, const char *path, int flags, struct err *e) {
    if (sqlite3_open_v2(path, &db->connection, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return err_set(e, ERR_STORE_OPEN, "%s: %s", path,
                       db->connection != NULL ? sqlite3_errmsg(db->connection) : "out of memory");
    sqlite3_busy_handler(db->connection, on_busy, NULL);
    return 0;
}

static int set_up(struct sql *db, const char *path, const char *schema, struct err *e) {
    if (sqlite3_exec(db->connection, settings, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(db->connection, schema, NULL, NULL, NULL) != SQLITE_OK)
        return err_set(e, ERR_STORE_OPEN, "%s: %s", path, sqlite3_errmsg(db->connection));
    return 0;
}

struct sql *sql_open(const char *path, const char *schema, struct err *e) {
    struct sql *db = calloc(1, sizeof *db);
    if (db == NULL) {
        err_set(e, ERR_SYS_NOMEM, "%s", path);
        return NULL;
    }
    if (open_connection(db, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e) == 0 &&
        set_up(db, path, schema, e) == 0)
        return db;
    sql_close(db);
    return NULL;
}

struct sql *sql_open_to_read(const char *path, struct err *e) {
    struct sql *db = calloc(1, sizeof *db);
    if (db == NULL) {
        err_set(e, ERR_SYS_NOMEM, "%s", path);
        return NULL;
    }
    if (open_connection(db, path, SQLITE_OPEN_READONLY, e) == 0)
        return db;
    sql_close(db);
    return NULL;
}

void sql_close(struct sql *db) {
    if (db == NULL)
        return;
    for (size_t i = 0; i < db->count; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close(db->connection);
    free(db);
}

static sqlite3_stmt *find_statement(const struct sql *db, const char *text) {
    for (size_t i = 0; i < db->count; i++) {
        if (strcmp(sqlite3_sql(db->statements[i]), text) == 0)
            return db->statements[i];
    }
    return NULL;
}

sqlite3_stmt *sql_prepare(struct sql *db, const char *text, struct err *e) {
    sqlite3_stmt *s = find_statement(db, text);
    if (s != NULL && s == unbound)
        unbound = NULL;
    if (s != NULL) {
        sqlite3_reset(s);
        sqlite3_clear_bindings(s);
        return s;
    }
    if (db->count == STATEMENTS_MAX) {
        err_set(e, ERR_STORE_SQL, "more than %d statements: %.200s", STATEMENTS_MAX, text);
        return NULL;
    }
    if (sqlite3_prepare_v3(db->connection, text, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) !=
            SQLITE_OK ||
        s == NULL) {
        fail(db, text, e);
        return NULL;
    }
    db->statements[db->count++] = s;
    return s;
}

static int fail_without_memory(sqlite3_stmt *statement, struct err *e) {
    sqlite3_reset(statement);
    return err_set(e, ERR_STORE_SQL, "out of memory: %.200s", sqlite3_sql(statement));
}

/* Reading a text may need memory; asked for once, it is there for whoever reads it later. */
static bool has_values(sqlite3_stmt *statement) {
    for (int i = 0; i < sqlite3_data_count(statement); i++) {
        int type = sqlite3_column_type(statement, i);
        if (type == SQLITE_TEXT && sqlite3_column_text(statement, i) == NULL)
            return false;
        if (type == SQLITE_BLOB && sqlite3_column_blob(statement, i) == NULL &&
            sqlite3_column_bytes(statement, i) > 0)
            return false;
    }
    return true;
}

/* The statement is reset at its end, so that it holds no lock while nobody reads. */
int sql_step(struct sql *db, sqlite3_stmt *statement, struct err *e) {
    if (statement == unbound)
        return fail_without_memory(statement, e);
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        return has_values(statement) ? 1 : fail_without_memory(statement, e);
    if (result != SQLITE_DONE)
        fail(db, sqlite3_sql(statement), e);
    sqlite3_reset(statement);
    return result == SQLITE_DONE ? 0 : -1;
}

/* sqlite3_changes() alone speaks of the last statement that changed something, maybe another one.
 */
int sql_run(struct sql *db, sqlite3_stmt *statement, struct err *e) {
    int before = sqlite3_total_changes(db->connection);
    int result;
    while ((result = sql_step(db, statement, e)) == 1)
        ;
    if (result != 0 || sqlite3_total_changes(db->connection) == before)
        return result;
    return sqlite3_changes(db->connection);
}

int sql_exec(struct sql *db, const char *text, struct err *e) {
    return sqlite3_exec(db->connection, text, NULL, NULL, NULL) == SQLITE_OK ? 0
                                                                             : fail(db, text, e);
}

int sql_sync(struct sql *db, enum sql_sync sync, struct err *e) {
    static const char *const statements[] = {[SQL_SYNC_OFF] = "PRAGMA synchronous=OFF",
                                             [SQL_SYNC_NORMAL] = "PRAGMA synchronous=NORMAL",
                                             [SQL_SYNC_FULL] = "PRAGMA synchronous=FULL"};
    return sql_exec(db, statements[sync], e);
}

int64_t sql_last_id(struct sql *db) {
    return sqlite3_last_insert_rowid(db->connection);
}

int64_t sql_scanned(const struct sql *db) {
    int64_t sum = 0;
    for (size_t i = 0; i < db->count; i++)
        sum += sqlite3_stmt_status(db->statements[i], SQLITE_STMTSTATUS_FULLSCAN_STEP, 0);
    return sum;
}

static void note_bound(sqlite3_stmt *s, int result) {
    if (result != SQLITE_OK)
        unbound = s;
}

void sql_bind_str(sqlite3_stmt *s, int index, const char *text) {
    note_bound(s, sqlite3_bind_text(s, index, text, -1, SQLITE_TRANSIENT));
}

void sql_bind_int(sqlite3_stmt *s, int index, int64_t value) {
    note_bound(s, sqlite3_bind_int64(s, index, value));
}

/* An empty view is an empty blob, not NULL. */
void sql_bind_bytes(sqlite3_stmt *s, int index, struct bytes value) {
    if (value.len == 0)
        note_bound(s, sqlite3_bind_zeroblob(s, index, 0));
    else
        note_bound(s, sqlite3_bind_blob64(s, index, value.data, value.len, SQLITE_TRANSIENT));
}

const char *sql_str(sqlite3_stmt *s, int column) {
    const unsigned char *text = sqlite3_column_text(s, column);
    return text != NULL ? (const char *)text : "";
}

struct bytes sql_bytes(sqlite3_stmt *s, int column) {
    const void *data = sqlite3_column_blob(s, column);
    int len = sqlite3_column_bytes(s, column);
    return bytes_of(data, data != NULL ? (size_t)len : 0);
}

int64_t sql_int(sqlite3_stmt *s, int column) {
    return sqlite3_column_int64(s, column);
}
