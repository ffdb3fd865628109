/* The request table in SQLite. Statements are literals with bindings; it never builds SQL from a
 * peer's text. */
#include "mocks/certsrv/store.h"
#include "base/sql.h"
#include <stdlib.h>
#include <string.h>

static const char schema[] = "CREATE TABLE IF NOT EXISTS requests ("
                             " id INTEGER PRIMARY KEY AUTOINCREMENT,"
                             " submitted INTEGER NOT NULL,"
                             " disposition INTEGER NOT NULL,"
                             " status INTEGER NOT NULL,"
                             " message TEXT NOT NULL,"
                             " requester TEXT NOT NULL,"
                             " template TEXT NOT NULL,"
                             " serial TEXT NOT NULL,"
                             " resolved INTEGER NOT NULL,"
                             " request BLOB NOT NULL,"
                             " attributes BLOB NOT NULL,"
                             " certificate BLOB NOT NULL);"
                             /* A CRL costs by what was revoked, not by what was issued. */
                             "CREATE INDEX IF NOT EXISTS requests_revoked ON requests (id)"
                             " WHERE disposition = 21;";

struct store {
    struct sql *db;
    int64_t first_id;
};

const char *disposition_word(enum disposition d) {
    static const struct {
        enum disposition number;
        const char *word;
    } words[] = {
#define DISPOSITION_WORD(name, number, word) {DISPOSITION_##name, word},
        DISPOSITION_TABLE(DISPOSITION_WORD)
#undef DISPOSITION_WORD
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].number == d)
            return words[i].word;
    return "unknown";
}

void store_row_init(struct store_row *row) {
    *row = (struct store_row){.request = BUF_INIT(STORE_BLOB_MAX),
                              .attributes = BUF_INIT(STORE_BLOB_MAX),
                              .certificate = BUF_INIT(STORE_BLOB_MAX)};
}

void store_row_free(struct store_row *row) {
    buf_free(&row->request);
    buf_free(&row->attributes);
    buf_free(&row->certificate);
}

struct store *store_open(const char *path, int64_t first_id, struct err *e) {
    struct store *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    s->first_id = first_id;
    s->db = sql_open(path, schema, e);
    if (s->db != NULL)
        return s;
    store_close(s);
    return NULL;
}

void store_close(struct store *s) {
    if (s == NULL)
        return;
    sql_close(s->db);
    free(s);
}

int store_never_sync(struct store *s, struct err *e) {
    return sql_sync(s->db, SQL_SYNC_OFF, e);
}

int store_begin(struct store *s, struct err *e) {
    return sql_exec(s->db, "BEGIN IMMEDIATE", e);
}

int store_commit(struct store *s, struct err *e) {
    return sql_exec(s->db, "COMMIT", e);
}

void store_rollback(struct store *s) {
    sql_exec(s->db, "ROLLBACK", NULL);
}

static bool is_empty(struct store *s, struct err *e) {
    sqlite3_stmt *q = sql_prepare(s->db, "SELECT 1 FROM sqlite_sequence WHERE name='requests'", e);
    bool empty = q != NULL && sql_step(s->db, q, e) == 0;
    if (q != NULL)
        sqlite3_reset(q);
    return empty;
}

int store_add(struct store *s, struct store_row *row, struct err *e) {
    sqlite3_stmt *q =
        sql_prepare(s->db,
                    "INSERT INTO requests (id, submitted, disposition, status, message, requester,"
                    " template, serial, resolved, request, attributes, certificate)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, '', 0, ?, ?, x'')",
                    e);
    if (q == NULL)
        return -1;
    if (is_empty(s, e))
        sql_bind_int(q, 1, s->first_id);
    sql_bind_int(q, 2, row->submitted);
    sql_bind_int(q, 3, row->disposition);
    sql_bind_int(q, 4, row->status);
    sql_bind_str(q, 5, row->message);
    sql_bind_str(q, 6, row->requester);
    sql_bind_str(q, 7, row->template);
    sql_bind_bytes(q, 8, buf_view(&row->request));
    sql_bind_bytes(q, 9, buf_view(&row->attributes));
    if (sql_run(s->db, q, e) < 0)
        return -1;
    row->id = sql_last_id(s->db);
    return 0;
}

int store_save(struct store *s, const struct store_row *row, struct err *e) {
    sqlite3_stmt *q = sql_prepare(s->db,
                                  "UPDATE requests SET disposition=?, status=?, message=?,"
                                  " template=?, serial=?, resolved=?, certificate=? WHERE id=?",
                                  e);
    if (q == NULL)
        return -1;
    sql_bind_int(q, 1, row->disposition);
    sql_bind_int(q, 2, row->status);
    sql_bind_str(q, 3, row->message);
    sql_bind_str(q, 4, row->template);
    sql_bind_str(q, 5, row->serial);
    sql_bind_int(q, 6, row->resolved);
    sql_bind_bytes(q, 7, buf_view(&row->certificate));
    sql_bind_int(q, 8, row->id);
    int changed = sql_run(s->db, q, e);
    if (changed == 0)
        return err_set(e, ERR_STORE_NOT_FOUND, "no request %lld", (long long)row->id);
    return changed < 0 ? -1 : 0;
}

/* The last eight digits of a serial number are the id (mint.c). */
int store_multiply(struct store *s, int64_t id, int64_t count, struct err *e) {
    sqlite3_stmt *q = sql_prepare(
        s->db,
        "INSERT INTO requests (id, submitted, disposition, status, message, requester,"
        " template, serial, resolved, request, attributes, certificate)"
        " WITH RECURSIVE copies(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copies WHERE n < ?2)"
        " SELECT n + seq, submitted, disposition, status, message, requester, template,"
        " substr(serial, 1, length(serial) - 8) || printf('%08x', n + seq),"
        " resolved, request, attributes, certificate FROM requests CROSS JOIN sqlite_sequence"
        " CROSS JOIN copies WHERE name = 'requests' AND disposition = ?3 AND"
        " id = coalesce(nullif(?1, 0), (SELECT max(id) FROM requests WHERE disposition = ?3))",
        e);
    if (q == NULL)
        return -1;
    sql_bind_int(q, 1, id);
    sql_bind_int(q, 2, count);
    sql_bind_int(q, 3, DISPOSITION_ISSUED);
    int added = sql_run(s->db, q, e);
    if (added == 0)
        return err_set(e, ERR_STORE_NOT_FOUND, "there is no such issued request");
    return added < 0 ? -1 : 0;
}

static void copy_text(char *to, size_t size, const char *from) {
    size_t len = strnlen(from, size - 1);
    memcpy(to, from, len);
    to[len] = '\0';
}

/* The columns of both queries, in this order. */
#define ROW_COLUMNS                                                                                \
    "id, submitted, disposition, status, message, requester, template, serial, resolved"

static void read_row(sqlite3_stmt *q, struct store_row *row) {
    row->id = sql_int(q, 0);
    row->submitted = sql_int(q, 1);
    row->disposition = (enum disposition)sql_int(q, 2);
    row->status = (uint32_t)sql_int(q, 3);
    copy_text(row->message, sizeof row->message, sql_str(q, 4));
    copy_text(row->requester, sizeof row->requester, sql_str(q, 5));
    copy_text(row->template, sizeof row->template, sql_str(q, 6));
    copy_text(row->serial, sizeof row->serial, sql_str(q, 7));
    row->resolved = sql_int(q, 8);
}

int store_find(struct store *s, int64_t id, struct store_row *row, struct err *e) {
    sqlite3_stmt *q = sql_prepare(
        s->db, "SELECT " ROW_COLUMNS ", request, attributes, certificate FROM requests WHERE id=?",
        e);
    if (q == NULL)
        return -1;
    sql_bind_int(q, 1, id);
    int rc = sql_step(s->db, q, e);
    if (rc == 0)
        return err_set(e, ERR_STORE_NOT_FOUND, "no request %lld", (long long)id);
    if (rc < 0)
        return -1;
    read_row(q, row);
    buf_put_bytes(&row->request, sql_bytes(q, 9));
    buf_put_bytes(&row->attributes, sql_bytes(q, 10));
    buf_put_bytes(&row->certificate, sql_bytes(q, 11));
    sqlite3_reset(q);
    bool failed = row->request.failed || row->attributes.failed || row->certificate.failed;
    return failed ? err_set(e, ERR_SYS_NOMEM, NULL) : 0;
}

/* A statement with ROW_COLUMNS. */
static int each(struct store *s, const char *statement, store_fn *fn, void *user, struct err *e) {
    sqlite3_stmt *q = sql_prepare(s->db, statement, e);
    if (q == NULL)
        return -1;
    int rc = 0, stop = 0;
    while (stop == 0 && (rc = sql_step(s->db, q, e)) > 0) {
        AUTO_ROW row;
        store_row_init(&row);
        read_row(q, &row);
        stop = fn(user, &row);
    }
    sqlite3_reset(q);
    return rc < 0 ? -1 : stop;
}

int store_each(struct store *s, store_fn *fn, void *user, struct err *e) {
    return each(s, "SELECT " ROW_COLUMNS " FROM requests ORDER BY id", fn, user, e);
}

int store_each_revoked(struct store *s, store_fn *fn, void *user, struct err *e) {
    return each(s, "SELECT " ROW_COLUMNS " FROM requests WHERE disposition = 21 ORDER BY id", fn,
                user, e);
}

int64_t store_scanned(const struct store *s) {
    return sql_scanned(s->db);
}
