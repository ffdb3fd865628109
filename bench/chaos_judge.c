/* Phones against the device store; the stores against each other by the judge of the torture. Must
 * not trust what CAPF or a phone says about itself. */
#include "bench/chaos_judge.h"

#include "base/file.h"
#include "base/owned.h"
#include "base/x509.h"
#include "scenarios/runner/judge.h"
#include "scenarios/runner/torture_lab.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { TOLD_MAX = 5, UPGRADE_SUCCESS = 3, DER_MAX = 64 * 1024 };

struct judge {
    struct run *run;
    struct chaos_report *report;
    sqlite3 *db;
    sqlite3_stmt *device, *enrolment;
    unsigned told;
};

static void found(struct judge *j, enum chaos_finding what, const char *name, const char *text) {
    if (++j->told <= TOLD_MAX)
        chaos_found(j->report, what, "%s: %s", name, text);
}

/* The LSC in the phone's files. NULL with e set. */
static X509 *lsc_of(const struct judge *j, const char *name, struct err *e) {
    const struct phone_settings phone = {.name = (char *)(uintptr_t)name};
    AUTO(char) path = run_path(j->run, "lsc/%s.pem", name);
    if (path == NULL || lsc_verify(j->run, &phone, e) != 0)
        return NULL;
    return x509_read_file(path, e);
}

static bool has_files(const struct judge *j, const char *name) {
    AUTO(char) path = run_path(j->run, "lsc/%s.pem", name);
    return path != NULL && file_exists(path);
}

/* Whether the store's row says "Upgrade Success", and with that certificate. */
static bool row_succeeded(const struct judge *j, const char *name, struct bytes der, bool *same) {
    sqlite3_stmt *q = j->device;
    sqlite3_reset(q);
    sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    if (sqlite3_step(q) != SQLITE_ROW || sqlite3_column_int(q, 0) != UPGRADE_SUCCESS)
        return false;
    const void *data = sqlite3_column_blob(q, 1);
    *same = bytes_equal(bytes_of(data, (size_t)sqlite3_column_bytes(q, 1)), der);
    return true;
}

static bool capf_knows(const struct judge *j, struct bytes der) {
    sqlite3_reset(j->enrolment);
    sqlite3_bind_blob64(j->enrolment, 1, der.data, der.len, SQLITE_STATIC);
    return sqlite3_step(j->enrolment) == SQLITE_ROW;
}

static void judge_certificate(struct judge *j, const char *name, const struct chaos_phone *phone) {
    struct err e = {0};
    bool same = false;
    AUTO(X509) lsc = lsc_of(j, name, &e);
    AUTO_BUF der = BUF_INIT(DER_MAX);
    if (lsc == NULL || x509_put_der(lsc, &der, &e) != 0) {
        found(j, CHAOS_FOUND_NO_CERTIFICATE, name, e.text);
        return;
    }
    bool succeeded = row_succeeded(j, name, buf_view(&der), &same);
    if (!capf_knows(j, buf_view(&der)))
        found(j, CHAOS_FOUND_STORES, name, "holds a certificate that no enrolment of CAPF has");
    if (phone->installed && !succeeded)
        found(j, CHAOS_FOUND_STORES, name,
              "is installed, but not \"Upgrade Success\" in the store");
    if (succeeded && !same)
        found(j, CHAOS_FOUND_STORES, name, "holds another certificate than the store says");
}

static void judge_one(struct judge *j, size_t number, const struct chaos_phone *phone) {
    char name[CHAOS_NAME_MAX];
    bool same;
    chaos_phone_name(number, name);
    if (has_files(j, name))
        judge_certificate(j, name, phone);
    else if (phone->installed)
        found(j, CHAOS_FOUND_NO_CERTIFICATE, name, "is installed, but has no LSC");
    else if (row_succeeded(j, name, bytes_of(NULL, 0), &same))
        found(j, CHAOS_FOUND_STORES, name, "is \"Upgrade Success\" in the store, but has no LSC");
    if (!phone->installed && phone->error[0] == '\0')
        found(j, CHAOS_FOUND_NO_ERROR, name, "did not end");
}

static int open_store(struct judge *j, struct err *e) {
    static const char device[] = "SELECT tkcertificatestatus, certificate FROM Device"
                                 " WHERE name = ?1";
    AUTO(char) path = run_path(j->run, "db/devices.sqlite");
    if (path == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (sqlite3_open_v2(path, &j->db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        sqlite3_exec(j->db,
                     "CREATE TEMP TABLE Known AS SELECT certificate FROM Enrolment"
                     " WHERE certificate IS NOT NULL;"
                     "CREATE INDEX temp.KnownIndex ON Known(certificate)",
                     NULL, NULL, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(j->db, device, -1, &j->device, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(j->db, "SELECT 1 FROM Known WHERE certificate = ?1", -1, &j->enrolment,
                           NULL) == SQLITE_OK)
        return 0;
    return err_set(e, ERR_STORE_SQL, "%s: %s", path, sqlite3_errmsg(j->db));
}

static void judge_all(struct judge *j, const struct chaos_phones *phones) {
    struct err e = {0};
    if (open_store(j, &e) != 0)
        chaos_found(j->report, CHAOS_FOUND_STORES, "%s", e.text);
    for (size_t i = 0; e.code == ERR_OK && i < phones->begun; i++)
        judge_one(j, i, &phones->items[i]);
    if (j->told > TOLD_MAX)
        chaos_found(j->report, CHAOS_FOUND_STORES, "and %u more phones", j->told - TOLD_MAX);
    sqlite3_finalize(j->device);
    sqlite3_finalize(j->enrolment);
    sqlite3_close(j->db);
}

static int find_unsettled(sqlite3 *db, struct chaos_phones *phones) {
    sqlite3_stmt *q = NULL;
    unsigned long number = 0;
    int rc = sqlite3_prepare_v2(db, "SELECT name FROM Device WHERE tkcertificateoperation <> 1", -1,
                                &q, NULL);
    while (rc == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(q, 0);
        if (name != NULL && sscanf(name, "SEPBE%lX", &number) == 1)
            chaos_phones_settle(phones, number);
    }
    sqlite3_finalize(q);
    return rc;
}

int chaos_unsettled(const struct run *run, struct chaos_phones *phones, struct err *e) {
    AUTO(char) path = run_path(run, "db/devices.sqlite");
    sqlite3 *db = NULL;
    if (path == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
    if (rc == SQLITE_OK)
        rc = find_unsettled(db, phones);
    if (rc != SQLITE_OK)
        err_set(e, ERR_STORE_SQL, "%s: %s", path, sqlite3_errmsg(db));
    sqlite3_close(db);
    return rc == SQLITE_OK ? 0 : -1;
}

void chaos_judge(struct run *run, const struct chaos_phones *phones, struct chaos_report *report) {
    struct judge j = {.run = run, .report = report};
    size_t before = json_array_size(run->failures);
    judge_all(&j, phones);
    torture_judge_stores(run);
    for (size_t i = before; i < json_array_size(run->failures) && i < before + TOLD_MAX; i++)
        chaos_found(report, CHAOS_FOUND_STORES, "%s",
                    json_string_value(json_object_get(json_array_get(run->failures, i), "text")));
}
