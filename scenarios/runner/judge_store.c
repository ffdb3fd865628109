/* Judging the device store, read with SQLite alone and by CUCM's column names, and the LSCs. Must
 * not trust what CAPF or a phone says about itself. */
#include "scenarios/runner/judge.h"

#include "base/file.h"
#include "base/owned.h"
#include "base/x509.h"
#include "scenarios/runner/sut_run.h"

#include <sqlite3.h>
#include <string.h>

enum { KEY_BYTES_MAX = 4096 };

struct row {
    bool there;
    int operation;
    int status;
    struct buf public_key;
};

static int open_store(const struct run *r, sqlite3 **db, struct err *e) {
    AUTO(char) path = run_path(r, "db/devices.sqlite");
    if (path == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    int rc = sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE, NULL);
    return rc == SQLITE_OK ? 0 : err_set(e, ERR_STORE_OPEN, "%s: %s", path, sqlite3_errstr(rc));
}

static int read_row(sqlite3 *db, const char *name, struct row *row, struct err *e) {
    static const char query[] = "SELECT tkcertificateoperation, tkcertificatestatus, publickey"
                                " FROM Device WHERE name = ? COLLATE NOCASE";
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, query, -1, &statement, NULL) != SQLITE_OK)
        return err_set(e, ERR_STORE_SQL, "device store: %s", sqlite3_errmsg(db));
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    int rc = sqlite3_step(statement);
    row->there = rc == SQLITE_ROW;
    if (row->there) {
        row->operation = sqlite3_column_int(statement, 0);
        row->status = sqlite3_column_int(statement, 1);
        const void *key = sqlite3_column_blob(statement, 2);
        buf_put(&row->public_key, key,
                key == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, 2));
    }
    sqlite3_finalize(statement);
    return rc == SQLITE_ROW || rc == SQLITE_DONE
               ? 0
               : err_set(e, ERR_STORE_SQL, "device store: %s", sqlite3_errmsg(db));
}

static X509 *read_lsc(const struct run *r, const struct phone_settings *phone, struct err *e) {
    AUTO(char) path = run_path(r, "lsc/%s.pem", phone->name);
    return path == NULL ? NULL : x509_read_file(path, e);
}

bool lsc_is_there(const struct run *r, const struct phone_settings *phone) {
    AUTO(char) path = run_path(r, "lsc/%s.pem", phone->name);
    return path != NULL && file_exists(path);
}

static int names_device(const X509 *cert, const char *name, struct err *e) {
    AUTO(char) cn = x509_name_cn(X509_get_subject_name(cert));
    size_t len = strlen(name);
    if (cn != NULL && strlen(cn) >= len && strcasecmp(cn + strlen(cn) - len, name) == 0)
        return 0;
    return err_set(e, ERR_X509_PARSE, "its CN is \"%s\" and does not name the device",
                   cn == NULL ? "" : cn);
}

static int under_issuer(const struct run *r, X509 *cert, struct err *e) {
    enum lab_cert_id issuer = lab_lsc_issuer(r->scenario->lab.capf.issuer);
    AUTO(X509_STACK) anchors = sk_X509_new_null();
    AUTO(X509_STACK) between = sk_X509_new_null();
    X509 *root = r->certs.certs[issuer == CERT_LAB_DC_RTP ? CERT_LAB_CA : issuer];
    if (anchors == NULL || between == NULL || X509_up_ref(root) != 1)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    sk_X509_push(anchors, root);
    if (X509_up_ref(r->certs.certs[issuer]) == 1)
        sk_X509_push(between, r->certs.certs[issuer]);
    if (x509_verify(cert, between, anchors, e) != 0)
        return -1;
    AUTO(EVP_PKEY) key = X509_get_pubkey(r->certs.certs[issuer]);
    if (key != NULL && X509_verify(cert, key) == 1)
        return 0;
    return err_openssl(e, ERR_X509_CHAIN, "it was not issued by the scenario's issuer");
}

static int under_foreign_issuer(X509 *cert, const char *file, struct err *e) {
    AUTO(X509_STACK) issuers = x509_read_all_file(file, e);
    return issuers == NULL ? -1 : x509_verify(cert, issuers, issuers, e);
}

/* A program under test may have a CA of its own. */
int lsc_chain_verify(const struct run *r, X509 *cert, struct err *e) {
    bool known = true;
    const char *file = sut_issuer(r, &known);
    if (file != NULL)
        return under_foreign_issuer(cert, file, e);
    return known ? under_issuer(r, cert, e) : 0;
}

int lsc_verify(const struct run *r, const struct phone_settings *phone, struct err *e) {
    AUTO(X509) cert = read_lsc(r, phone, e);
    AUTO(char) key_path = run_path(r, "lsc/%s.key", phone->name);
    if (cert == NULL || key_path == NULL)
        return -1;
    AUTO(EVP_PKEY) key = key_read_file(key_path, e);
    if (key == NULL)
        return -1;
    if (!x509_has_key(cert, key))
        return err_set(e, ERR_X509_KEY_MISMATCH, "it is for another key than the phone's");
    return names_device(cert, phone->name, e) != 0 ? -1 : lsc_chain_verify(r, cert, e);
}

/* PKCS#1 RSAPublicKey or EC point of the LSC's key, as CUCM stores it. */
static int stored_form(const X509 *cert, struct buf *out) {
    const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(cert);
    return bits == NULL
               ? -1
               : buf_put(out, ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits));
}

static void judge_public_key(struct run *r, const struct device_expect *x,
                             const struct phone_settings *phone, const struct row *row) {
    if (x->public_key == STORED_NONE && row->public_key.len > 0)
        run_fail(r, x->node, "capf", "%s: expected no public key in the device store", phone->name);
    if (x->public_key != STORED_YES)
        return;
    struct err e = {0};
    AUTO(X509) cert = read_lsc(r, phone, &e);
    AUTO_BUF expected = BUF_INIT(KEY_BYTES_MAX);
    if (cert == NULL || stored_form(cert, &expected) != 0)
        run_fail(r, x->node, "capf", "%s: there is no LSC to compare the public key with",
                 phone->name);
    else if (!bytes_equal(buf_view(&expected), buf_view(&row->public_key)))
        run_fail(r, x->node, "capf",
                 "%s: the public key in the device store (%zu bytes) is not the LSC's (%zu bytes)",
                 phone->name, row->public_key.len, expected.len);
}

static void judge_row(struct run *r, const struct device_expect *x,
                      const struct phone_settings *phone, const struct row *row) {
    if (!row->there) {
        run_fail(r, x->node, "capf", "%s: the device store does not have it", phone->name);
        return;
    }
    if (x->status != NULL && strcmp(enum_text(capf_statuses, row->status), x->status) != 0)
        run_fail(r, x->node, "capf", "%s: device status: expected \"%s\", actual \"%s\"",
                 phone->name, x->status, enum_text(capf_statuses, row->status));
    if (x->operation != 0 && row->operation != x->operation)
        run_fail(r, x->node, "capf", "%s: operation: expected %s, actual %s", phone->name,
                 word_of(operation_words, x->operation), word_of(operation_words, row->operation));
    judge_public_key(r, x, phone, row);
}

static void judge_device_row(struct run *r, sqlite3 *db, const struct device_expect *x,
                             const struct phone_settings *phone) {
    struct err e = {0};
    struct row row = {.public_key = BUF_INIT(KEY_BYTES_MAX)};
    if (read_row(db, phone->name, &row, &e) != 0)
        run_fail(r, x->node, "capf", "%s", e.text);
    else
        judge_row(r, x, phone, &row);
    buf_free(&row.public_key);
}

void judge_device(struct run *r, const struct cfg_node *node) {
    const struct then *t = &r->scenario->then;
    sqlite3 *db = NULL;
    struct err e = {0};
    if (open_store(r, &db, &e) != 0) {
        run_fail(r, node, "capf", "%s", e.text);
        sqlite3_close(db);
        return;
    }
    for (size_t i = 0; i < t->device_count; i++)
        for (size_t j = 0; j < r->scenario->phone_count; j++) {
            const struct phone_settings *phone = &r->scenario->phones[j];
            bool meant = t->devices[i].name == NULL ? phone->device.present
                                                    : phone_is_meant(phone, t->devices[i].name);
            if (meant)
                judge_device_row(r, db, &t->devices[i], phone);
        }
    sqlite3_close(db);
}
