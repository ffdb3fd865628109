/* Whether the device store, the CA's database and the phones tell the same story. Reads with SQLite
 * alone, while the programs run or afterwards; must never write. */
#include "scenarios/runner/torture_lab.h"

#include "base/file.h"
#include "base/owned.h"
#include "base/x509.h"
#include "scenarios/runner/judge.h"

#include <sqlite3.h>
#include <string.h>

enum { BUSY_MS = 5000, BYTES_MAX = 64 * 1024 };

static void close_db(sqlite3 **db) {
    sqlite3_close(*db);
}
#define AUTO_DB __attribute__((cleanup(close_db))) sqlite3

static void end_query(sqlite3_stmt **query) {
    sqlite3_finalize(*query);
}
#define AUTO_QUERY __attribute__((cleanup(end_query))) sqlite3_stmt

/* NULL: there is no such database (an error is noted). */
static sqlite3 *open_db(struct run *r, const char *name) {
    AUTO(char) path = run_path(r, "db/%s.sqlite", name);
    sqlite3 *db = NULL;
    if (path == NULL || !file_exists(path))
        return NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
        sqlite3_busy_timeout(db, BUSY_MS);
        return db;
    }
    run_fail(r, NULL, NULL, "%s: %s", path, sqlite3_errmsg(db));
    sqlite3_close(db);
    return NULL;
}

static sqlite3_stmt *ask(struct run *r, sqlite3 *db, const char *text) {
    sqlite3_stmt *query = NULL;
    if (sqlite3_prepare_v2(db, text, -1, &query, NULL) != SQLITE_OK)
        run_fail(r, NULL, NULL, "%s: %s", text, sqlite3_errmsg(db));
    return query;
}

static bool next_row(struct run *r, sqlite3 *db, sqlite3_stmt *query) {
    int rc = query == NULL ? SQLITE_DONE : sqlite3_step(query);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        run_fail(r, NULL, NULL, "%s: %s", sqlite3_sql(query), sqlite3_errmsg(db));
    return rc == SQLITE_ROW;
}

static struct bytes blob(sqlite3_stmt *query, int column) {
    const void *data = sqlite3_column_blob(query, column);
    return (struct bytes){data, data == NULL ? 0 : (size_t)sqlite3_column_bytes(query, column)};
}

static const char *text(sqlite3_stmt *query, int column) {
    const unsigned char *value = sqlite3_column_text(query, column);
    return value == NULL ? "" : (const char *)value;
}

/* A certificate in the store: it can be read, the scenario's issuer made it, it is for that key. */
static int check_certificate(const struct run *r, struct bytes der, struct bytes spki,
                             struct err *e) {
    AUTO(X509) cert = x509_read(der, e);
    if (cert == NULL || lsc_chain_verify(r, cert, e) != 0)
        return -1;
    AUTO(EVP_PKEY) key = X509_get_pubkey(cert);
    AUTO_BUF own = BUF_INIT(BYTES_MAX);
    if (key == NULL)
        return err_openssl(e, ERR_X509_PARSE, "its key");
    if (key_put_spki(key, &own, e) != 0)
        return -1;
    return bytes_equal(buf_view(&own), spki)
               ? 0
               : err_set(e, ERR_X509_KEY_MISMATCH, "it is for another key than was asked for");
}

static void check_enrolments(struct run *r, sqlite3 *db) {
    AUTO_QUERY *q = ask(r, db,
                        "SELECT id, device, state, spki, certificate FROM Enrolment"
                        " WHERE certificate IS NOT NULL OR state IN (2, 3)");
    while (next_row(r, db, q)) {
        struct err e = {0};
        if (check_certificate(r, blob(q, 4), blob(q, 3), &e) != 0)
            run_fail(r, NULL, "capf", "%s: enrolment %lld in state %d: its certificate: %s",
                     text(q, 1), sqlite3_column_int64(q, 0), sqlite3_column_int(q, 2), e.text);
    }
}

static void check_twice(struct run *r, sqlite3 *db) {
    AUTO_QUERY *q = ask(r, db,
                        "SELECT device, count(*) FROM Enrolment WHERE certificate IS NOT NULL"
                        " GROUP BY spki HAVING count(*) > 1");
    while (next_row(r, db, q))
        run_fail(r, NULL, "capf", "%s: %d certificates for one key", text(q, 0),
                 sqlite3_column_int(q, 1));
}

static int same_as_phone(const struct run *r, const struct phone_settings *phone,
                         struct bytes stored, struct err *e) {
    AUTO(char) path = run_path(r, "lsc/%s.pem", phone->name);
    AUTO(X509) cert = path == NULL ? NULL : x509_read_file(path, e);
    AUTO_BUF own = BUF_INIT(BYTES_MAX);
    if (cert == NULL || lsc_verify(r, phone, e) != 0 || x509_put_der(cert, &own, e) != 0)
        return -1;
    return bytes_equal(buf_view(&own), stored)
               ? 0
               : err_set(e, ERR_X509_KEY_MISMATCH, "the phone holds another certificate");
}

/* What the store calls installed is installed. */
static void check_installed(struct run *r, sqlite3 *db) {
    AUTO_QUERY *q = ask(r, db,
                        "SELECT name, certificate FROM Device WHERE tkcertificatestatus = 3"
                        " AND tkcertificateoperation = 1");
    while (next_row(r, db, q)) {
        const struct phone_settings *phone = scenario_phone(r->scenario, text(q, 0));
        struct err e = {0};
        if (phone != NULL && same_as_phone(r, phone, blob(q, 1), &e) != 0)
            run_fail(r, NULL, "capf", "%s is \"Upgrade Success\" in the store: %s", text(q, 0),
                     e.text);
    }
}

/* Operation and status are written together: none is pending behind its end, and none succeeded
 * that is still to be done. */
static void check_operations(struct run *r, sqlite3 *db) {
    AUTO_QUERY *q = ask(r, db,
                        "SELECT name, tkcertificateoperation, tkcertificatestatus FROM Device"
                        " WHERE (tkcertificateoperation = 1 AND tkcertificatestatus = 2)"
                        " OR (tkcertificateoperation <> 1 AND tkcertificatestatus IN (3, 4, 5))");
    while (next_row(r, db, q))
        run_fail(r, NULL, "capf", "%s: operation %d with status %d", text(q, 0),
                 sqlite3_column_int(q, 1), sqlite3_column_int(q, 2));
}

static void check_ca_rows(struct run *r, sqlite3 *both) {
    AUTO_QUERY *q = ask(r, both,
                        "SELECT id FROM ca.requests WHERE disposition = 20 AND request NOT IN"
                        " (SELECT csr FROM Enrolment WHERE csr IS NOT NULL)");
    while (next_row(r, both, q))
        run_fail(r, NULL, "certsrv", "request %lld was issued, but CAPF does not know it",
                 sqlite3_column_int64(q, 0));
}

static void check_ca_twice(struct run *r, sqlite3 *both) {
    AUTO_QUERY *q = ask(r, both,
                        "SELECT group_concat(id), count(*) FROM ca.requests GROUP BY request"
                        " HAVING count(*) > 1");
    while (next_row(r, both, q))
        run_fail(r, NULL, "certsrv", "one request was submitted %d times: %s",
                 sqlite3_column_int(q, 1), text(q, 0));
}

static void check_ca_certificates(struct run *r, sqlite3 *both) {
    AUTO_QUERY *q = ask(r, both,
                        "SELECT id, device FROM Enrolment WHERE certificate IS NOT NULL"
                        " AND certificate NOT IN (SELECT certificate FROM ca.requests"
                        " WHERE disposition = 20 AND certificate IS NOT NULL)");
    while (next_row(r, both, q))
        run_fail(r, NULL, "certsrv", "%s: the CA does not know the certificate of enrolment %lld",
                 text(q, 1), sqlite3_column_int64(q, 0));
}

/* The CA's database beside the devices: whole tables are compared, not row by row. */
static bool attach_ca(struct run *r, sqlite3 *devices) {
    AUTO(char) path = run_path(r, "db/ca.sqlite");
    if (path == NULL || !file_exists(path))
        return false;
    AUTO_QUERY *q = ask(r, devices, "ATTACH DATABASE ?1 AS ca");
    if (q == NULL)
        return false;
    sqlite3_bind_text(q, 1, path, -1, SQLITE_STATIC);
    if (sqlite3_step(q) == SQLITE_DONE)
        return true;
    run_fail(r, NULL, NULL, "%s: %s", path, sqlite3_errmsg(devices));
    return false;
}

void torture_judge_stores(struct run *r) {
    AUTO_DB *devices = open_db(r, "devices");
    if (devices == NULL)
        return;
    check_enrolments(r, devices);
    check_twice(r, devices);
    check_installed(r, devices);
    check_operations(r, devices);
    if (!attach_ca(r, devices))
        return;
    check_ca_rows(r, devices);
    check_ca_twice(r, devices);
    check_ca_certificates(r, devices);
}
