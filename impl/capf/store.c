/* The Device table. All SQL on it stands here; enrolments are in store_enrolment.c. A name reaches
 * SQL as a bound value only. No statement of a session looks at more rows than its device's. */
#include "capf/store.h"
#include "base/clock.h"
#include "base/sql.h"
#include "capf/store_internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS Device("
    " pkid INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE COLLATE NOCASE,"
    " description TEXT NOT NULL DEFAULT '',"
    " model TEXT NOT NULL DEFAULT '',"
    " tkcertificateoperation INTEGER NOT NULL DEFAULT 1,"
    " tkcertificatestatus INTEGER NOT NULL DEFAULT 1,"
    " tkauthenticationmode INTEGER NOT NULL DEFAULT 2,"
    " authenticationstring TEXT NOT NULL DEFAULT '',"
    " upgradefinishtime TEXT NOT NULL DEFAULT '',"
    " publickey BLOB,"
    " tkkeysize INTEGER NOT NULL DEFAULT 3,"
    " tkeckeysize INTEGER NOT NULL DEFAULT 0,"
    " tkkeyorder INTEGER NOT NULL DEFAULT 1,"
    " tkkeyauthority INTEGER NOT NULL DEFAULT 1,"
    " tkcertificate INTEGER NOT NULL DEFAULT 0,"
    " certificate BLOB,"
    " wrongstrings INTEGER NOT NULL DEFAULT 0,"
    " lockeduntil INTEGER NOT NULL DEFAULT 0,"
    " nosignversion INTEGER NOT NULL DEFAULT 0,"
    " lastoperated INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE IF NOT EXISTS Enrolment("
    " id INTEGER PRIMARY KEY,"
    " device TEXT NOT NULL COLLATE NOCASE,"
    " issuer INTEGER NOT NULL,"
    " state INTEGER NOT NULL,"
    " started INTEGER NOT NULL,"
    " offers INTEGER NOT NULL DEFAULT 0,"
    " spki BLOB NOT NULL,"
    " csr BLOB,"
    " certificate BLOB);"
    "CREATE INDEX IF NOT EXISTS EnrolmentDevice ON Enrolment(device, state);";

#define DEVICE_COLUMNS                                                                             \
    "pkid, name, description, model, tkcertificateoperation, tkcertificatestatus,"                 \
    " tkauthenticationmode, authenticationstring, upgradefinishtime, tkkeysize, tkeckeysize,"      \
    " tkkeyorder, publickey, certificate, wrongstrings, lockeduntil, nosignversion, lastoperated"

int store_limit(struct store *s, int64_t pages, struct err *e) {
    char statement[64];
    if (pages == 0)
        return 0;
    snprintf(statement, sizeof statement, "PRAGMA max_page_count=%lld", (long long)pages);
    return sql_exec(s->db, statement, e) < 0 ? -1 : 0;
}

int store_never_sync(struct store *s, struct err *e) {
    return sql_sync(s->db, SQL_SYNC_OFF, e) < 0 ? -1 : 0;
}

/* Takes db; NULL is the failure of whoever opened it. */
static struct store *store_of(struct sql *db, struct err *e) {
    struct store *s = db != NULL ? calloc(1, sizeof *s) : NULL;
    if (db != NULL && s == NULL)
        err_set(e, ERR_SYS_NOMEM, NULL);
    if (s == NULL) {
        sql_close(db);
        return NULL;
    }
    s->db = db;
    return s;
}

struct store *store_open(const char *path, struct err *e) {
    return store_of(sql_open(path, schema, e), e);
}

struct store *store_open_to_read(const char *path, struct err *e) {
    return store_of(sql_open_to_read(path, e), e);
}

void store_close(struct store *s) {
    if (s == NULL)
        return;
    if (s->db != NULL)
        sql_close(s->db);
    free(s);
}

void device_defaults(struct device *d) {
    memset(d, 0, sizeof *d);
    d->operation = OPERATION_NONE;
    d->status = CERT_STATUS_NONE;
    d->auth_mode = AUTH_MODE_NULL_STRING;
    d->key_size = KEY_SIZE_2048;
    d->key_order = KEY_ORDER_RSA_ONLY;
}

void store_copy_text(char *out, size_t size, const char *text) {
    size_t len = strnlen(text, size - 1);
    memcpy(out, text, len);
    out[len] = '\0';
}

size_t store_copy_blob(uint8_t *out, size_t size, struct bytes blob) {
    if (blob.len > size)
        return 0;
    if (blob.len > 0)
        memcpy(out, blob.data, blob.len);
    return blob.len;
}

static void read_device(sqlite3_stmt *q, struct device *d) {
    memset(d, 0, sizeof *d);
    d->pkid = sql_int(q, 0);
    store_copy_text(d->name, sizeof d->name, sql_str(q, 1));
    store_copy_text(d->description, sizeof d->description, sql_str(q, 2));
    store_copy_text(d->model, sizeof d->model, sql_str(q, 3));
    d->operation = (int)sql_int(q, 4);
    d->status = (int)sql_int(q, 5);
    d->auth_mode = (int)sql_int(q, 6);
    store_copy_text(d->auth_string, sizeof d->auth_string, sql_str(q, 7));
    store_copy_text(d->finish_by, sizeof d->finish_by, sql_str(q, 8));
    d->key_size = (int)sql_int(q, 9);
    d->ec_key_size = (int)sql_int(q, 10);
    d->key_order = (int)sql_int(q, 11);
    d->public_key_len = store_copy_blob(d->public_key, sizeof d->public_key, sql_bytes(q, 12));
    d->certificate_len = store_copy_blob(d->certificate, sizeof d->certificate, sql_bytes(q, 13));
    d->wrong_strings = (int)sql_int(q, 14);
    d->locked_until = sql_int(q, 15);
    d->no_sign_version = (int)sql_int(q, 16);
    d->last_operated = sql_int(q, 17);
}

int store_device(struct store *s, const char *name, struct device *d, struct err *e) {
    sqlite3_stmt *q =
        sql_prepare(s->db, "SELECT " DEVICE_COLUMNS " FROM Device WHERE name = ?1", e);
    if (q == NULL)
        return -1;
    sql_bind_str(q, 1, name);
    int rc = sql_step(s->db, q, e);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return err_set(e, ERR_STORE_NOT_FOUND, "no device %s", name);
    read_device(q, d);
    sqlite3_reset(q);
    return 0;
}

int store_each(struct store *s, store_device_fn *fn, void *user, struct err *e) {
    sqlite3_stmt *q = sql_prepare(s->db, "SELECT " DEVICE_COLUMNS " FROM Device ORDER BY name", e);
    if (q == NULL)
        return -1;
    int rc;
    struct device d;
    while ((rc = sql_step(s->db, q, e)) == 1) {
        read_device(q, &d);
        if (!fn(user, &d))
            break;
    }
    sqlite3_reset(q);
    return rc < 0 ? -1 : 0;
}

static void bind_admin_columns(sqlite3_stmt *q, const struct device *d) {
    sql_bind_str(q, 1, d->name);
    sql_bind_str(q, 2, d->description);
    sql_bind_str(q, 3, d->model);
    sql_bind_int(q, 4, d->operation);
    sql_bind_int(q, 5, d->status);
    sql_bind_int(q, 6, d->auth_mode);
    sql_bind_str(q, 7, d->auth_string);
    sql_bind_str(q, 8, d->finish_by);
    sql_bind_int(q, 9, d->key_size);
    sql_bind_int(q, 10, d->ec_key_size);
    sql_bind_int(q, 11, d->key_order);
}

int store_add(struct store *s, const struct device *d, struct err *e) {
    if (!device_name_ok(d->name))
        return err_set(e, ERR_ARG_USAGE, "'%s' is not a device name", d->name);
    sqlite3_stmt *q = sql_prepare(
        s->db,
        "INSERT OR IGNORE INTO Device(name, description, model, tkcertificateoperation,"
        " tkcertificatestatus, tkauthenticationmode, authenticationstring, upgradefinishtime,"
        " tkkeysize, tkeckeysize, tkkeyorder) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        e);
    if (q == NULL)
        return -1;
    bind_admin_columns(q, d);
    int changed = sql_run(s->db, q, e);
    if (changed == 0)
        return err_set(e, ERR_STORE_EXISTS, "device %s exists already", d->name);
    return changed < 0 ? -1 : 0;
}

int store_run_for(struct store *s, const char *statement, const char *device, struct err *e) {
    sqlite3_stmt *q = sql_prepare(s->db, statement, e);
    if (q == NULL)
        return -1;
    sql_bind_str(q, 1, device);
    return sql_run(s->db, q, e) < 0 ? -1 : 0;
}

static int forget_attempts(struct store *s, const char *device, struct err *e) {
    return store_run_for(s,
                         "UPDATE Device SET wrongstrings = 0, lockeduntil = 0,"
                         " nosignversion = 0 WHERE name = ?1",
                         device, e);
}

static int update_columns(struct store *s, const struct device *d, struct err *e) {
    sqlite3_stmt *q = sql_prepare(
        s->db,
        "UPDATE Device SET description = ?2, model = ?3, tkcertificateoperation = ?4,"
        " tkcertificatestatus = ?5, tkauthenticationmode = ?6, authenticationstring = ?7,"
        " upgradefinishtime = ?8, tkkeysize = ?9, tkeckeysize = ?10, tkkeyorder = ?11"
        " WHERE name = ?1",
        e);
    if (q == NULL)
        return -1;
    bind_admin_columns(q, d);
    int changed = sql_run(s->db, q, e);
    if (changed == 0)
        return err_set(e, ERR_STORE_NOT_FOUND, "no device %s", d->name);
    return changed < 0 ? -1 : 0;
}

int store_update(struct store *s, const struct device *d, bool schedules, struct err *e) {
    if (update_columns(s, d, e) < 0)
        return -1;
    if (!schedules)
        return 0;
    if (forget_attempts(s, d->name, e) < 0)
        return -1;
    return store_enrolments_become_stale(s, d->name, e);
}

int store_begin(struct store *s, struct err *e) {
    return sql_exec(s->db, "BEGIN IMMEDIATE", e) < 0 ? -1 : 0;
}

int store_commit(struct store *s, struct err *e) {
    return sql_exec(s->db, "COMMIT", e) < 0 ? -1 : 0;
}

void store_rollback(struct store *s) {
    struct err ignored;
    sql_exec(s->db, "ROLLBACK", &ignored);
}

bool device_name_ok(const char *name) {
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    size_t len = strlen(name);
    return len >= 1 && len <= CAPF_DEVICE_NAME_MAX && strspn(name, allowed) == len;
}

int store_outcome_statement(const struct store_outcome *o, char out[STORE_STATEMENT_MAX],
                            struct err *e) {
    if (!device_name_ok(o->device))
        return err_set(e, ERR_STORE_SQL, "'%.40s' is not a device name", o->device);
    snprintf(out, STORE_STATEMENT_MAX,
             "UPDATE Device SET tkCertificateOperation=%d, tkcertificatestatus='%d' WHERE "
             "my_lower(name)=my_lower('%s')",
             o->operation, o->status, o->device);
    return 0;
}

/* What store_outcome_statement says, by way of the index: the name is unique without case. */
static int write_status(struct store *s, const struct store_outcome *o, struct err *e) {
    sqlite3_stmt *q = sql_prepare(s->db,
                                  "UPDATE Device SET tkcertificateoperation = ?2,"
                                  " tkcertificatestatus = ?3 WHERE name = ?1",
                                  e);
    if (q == NULL)
        return -1;
    sql_bind_str(q, 1, o->device);
    sql_bind_int(q, 2, o->operation);
    sql_bind_int(q, 3, o->status);
    return sql_run(s->db, q, e) < 0 ? -1 : 0;
}

static int write_lsc(struct store *s, const struct store_outcome *o, struct err *e) {
    sqlite3_stmt *q =
        sql_prepare(s->db, "UPDATE Device SET publickey = ?2, certificate = ?3 WHERE name = ?1", e);
    if (q == NULL)
        return -1;
    sql_bind_str(q, 1, o->device);
    if (o->installed) {
        sql_bind_bytes(q, 2, o->public_key);
        sql_bind_bytes(q, 3, o->certificate);
    }
    return sql_run(s->db, q, e) < 0 ? -1 : 0;
}

static int close_operation(struct store *s, const struct store_outcome *o, struct err *e) {
    if (store_run_for(s, "UPDATE Device SET authenticationstring = '' WHERE name = ?1", o->device,
                      e) < 0)
        return -1;
    return store_enrolments_become_stale(s, o->device, e);
}

static int stamp_operated(struct store *s, const char *device, struct err *e) {
    sqlite3_stmt *q = sql_prepare(s->db, "UPDATE Device SET lastoperated = ?2 WHERE name = ?1", e);
    if (q == NULL)
        return -1;
    sql_bind_str(q, 1, device);
    sql_bind_int(q, 2, (int64_t)clock_wall());
    return sql_run(s->db, q, e) < 0 ? -1 : 0;
}

static int outcome_in_transaction(struct store *s, const struct store_outcome *o, struct err *e) {
    if (write_status(s, o, e) < 0)
        return -1;
    if ((o->installed || o->deleted) && write_lsc(s, o, e) < 0)
        return -1;
    if (o->installed && o->enrolment != 0 &&
        store_enrolment_state(s, o->enrolment, ENROLMENT_DELIVERED, e) < 0)
        return -1;
    if (o->operation == OPERATION_NONE && close_operation(s, o, e) < 0)
        return -1;
    return stamp_operated(s, o->device, e);
}

int store_outcome(struct store *s, const struct store_outcome *o, struct err *e) {
    if (store_begin(s, e) < 0)
        return -1;
    if (outcome_in_transaction(s, o, e) < 0 || store_commit(s, e) < 0) {
        store_rollback(s);
        return -1;
    }
    return 0;
}

int store_wrong_string(struct store *s, const char *device, int64_t attempts, int64_t now,
                       int64_t lockout_s, struct err *e) {
    /* The count starts again with a lock, so that after it ten more are needed. */
    sqlite3_stmt *q = sql_prepare(
        s->db,
        "UPDATE Device SET"
        " lockeduntil = CASE WHEN wrongstrings + 1 >= ?2 THEN ?3 ELSE lockeduntil END,"
        " wrongstrings = CASE WHEN wrongstrings + 1 >= ?2 THEN 0 ELSE wrongstrings + 1 END"
        " WHERE name = ?1",
        e);
    if (q == NULL)
        return -1;
    sql_bind_str(q, 1, device);
    sql_bind_int(q, 2, attempts);
    sql_bind_int(q, 3, now + lockout_s);
    return sql_run(s->db, q, e) < 0 ? -1 : 0;
}

int store_right_string(struct store *s, const char *device, struct err *e) {
    return store_run_for(s,
                         "UPDATE Device SET wrongstrings = 0, lockeduntil = 0"
                         " WHERE name = ?1 AND (wrongstrings <> 0 OR lockeduntil <> 0)",
                         device, e);
}

int store_no_sign(struct store *s, const char *device, int version, struct err *e) {
    sqlite3_stmt *q = sql_prepare(s->db,
                                  "UPDATE Device SET nosignversion = ?2"
                                  " WHERE name = ?1 AND nosignversion <> ?2",
                                  e);
    if (q == NULL)
        return -1;
    sql_bind_str(q, 1, device);
    sql_bind_int(q, 2, version);
    return sql_run(s->db, q, e) < 0 ? -1 : 0;
}
