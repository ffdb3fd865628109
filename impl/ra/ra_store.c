/* Open requests in SQLite. A row is written before the client hears of its request, and kept for a
 * while after its answer went out. */
#include "ra/ra_store.h"
#include "base/clock.h"
#include "base/sql.h"
#include <string.h>

struct ra_store {
    struct sql *db;
    bool never_synced;
};

/* A commit without a sync survives the death of this process, not that of the machine. That is
 * enough for what lasts seconds, and a sync for each enrolment would halve the throughput; what
 * waits for days is synced. */
static const enum sql_sync UNSYNCED = SQL_SYNC_NORMAL, SYNCED = SQL_SYNC_FULL;

static const char schema[] = "CREATE TABLE IF NOT EXISTS open_request ("
                             " key BLOB PRIMARY KEY,"
                             " id INTEGER NOT NULL,"
                             " until INTEGER NOT NULL,"
                             " answered BLOB" /* digest of the request that was answered */
                             ") WITHOUT ROWID;"
                             /* Forgetting costs by what is old, not by what is kept. */
                             "CREATE INDEX IF NOT EXISTS open_request_until"
                             " ON open_request (until);";

static int digest_part(EVP_MD_CTX *ctx, const void *data, size_t len) {
    uint64_t size = len;
    return EVP_DigestUpdate(ctx, &size, sizeof size) == 1 && EVP_DigestUpdate(ctx, data, len) == 1
               ? 0
               : -1;
}

static int digest_text(EVP_MD_CTX *ctx, const char *text) {
    return digest_part(ctx, text, strlen(text));
}

static int digest_name(EVP_MD_CTX *ctx, const X509_NAME *name) {
    unsigned char *der = NULL;
    int len = i2d_X509_NAME(name, &der);
    int result = len < 0 ? -1 : digest_part(ctx, der, (size_t)len);
    OPENSSL_free(der);
    return result;
}

static int digest_key(EVP_MD_CTX *ctx, X509_PUBKEY *key) {
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(key, &der);
    int result = len < 0 ? -1 : digest_part(ctx, der, (size_t)len);
    OPENSSL_free(der);
    return result;
}

static int digest_request(X509_REQ *request, struct ra_key *key) {
    return X509_REQ_digest(request, EVP_sha256(), key->request, NULL) == 1 ? 0 : -1;
}

int ra_key_of(const char *identity, const char *label, const char *template_name, X509_REQ *request,
              struct ra_key *key, struct err *e) {
    AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    if (ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
        digest_text(ctx, identity) == 0 && digest_text(ctx, label) == 0 &&
        digest_text(ctx, template_name) == 0 &&
        digest_name(ctx, X509_REQ_get_subject_name(request)) == 0 &&
        digest_key(ctx, X509_REQ_get_X509_PUBKEY(request)) == 0 &&
        EVP_DigestFinal_ex(ctx, key->digest, NULL) == 1 && digest_request(request, key) == 0)
        return 0;
    return err_openssl(e, ERR_CSR_PARSE, "digest of the request");
}

static int forget_old(struct sql *db, struct err *e) {
    sqlite3_stmt *s = sql_prepare(db, "DELETE FROM open_request WHERE until < ?", e);
    if (s == NULL)
        return -1;
    sql_bind_int(s, 1, clock_wall());
    return sql_run(db, s, e) < 0 ? -1 : 0;
}

struct ra_store *ra_store_open(const char *path, struct err *e) {
    struct ra_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        err_set(e, ERR_SYS_NOMEM, "store");
        return NULL;
    }
    store->db = sql_open(path != NULL ? path : ":memory:", schema, e);
    if (store->db != NULL && forget_old(store->db, e) == 0 && sql_sync(store->db, UNSYNCED, e) >= 0)
        return store;
    ra_store_close(store);
    return NULL;
}

int ra_store_never_sync(struct ra_store *store, struct err *e) {
    store->never_synced = true;
    return sql_sync(store->db, SQL_SYNC_OFF, e) < 0 ? -1 : 0;
}

void ra_store_close(struct ra_store *store) {
    if (store == NULL)
        return;
    if (store->db != NULL)
        sql_close(store->db);
    free(store);
}

static struct bytes key_bytes(const struct ra_key *key) {
    return bytes_of(key->digest, sizeof key->digest);
}

static struct bytes request_bytes(const struct ra_key *key) {
    return bytes_of(key->request, sizeof key->request);
}

static int put(struct sql *db, const struct ra_key *key, uint32_t id, int64_t until,
               struct err *e) {
    sqlite3_stmt *s =
        sql_prepare(db, "INSERT OR REPLACE INTO open_request (key, id, until) VALUES (?, ?, ?)", e);
    if (s == NULL)
        return -1;
    sql_bind_bytes(s, 1, key_bytes(key));
    sql_bind_int(s, 2, id);
    sql_bind_int(s, 3, until);
    return sql_run(db, s, e) < 0 ? -1 : 0;
}

int ra_store_put(struct ra_store *store, const struct ra_key *key, uint32_t id, bool pending,
                 struct err *e) {
    int64_t until = clock_wall() + (pending ? RA_PENDING_S : RA_OPEN_S);
    if (!pending || store->never_synced)
        return put(store->db, key, id, until, e);
    if (sql_sync(store->db, SYNCED, e) < 0)
        return -1;
    int result = put(store->db, key, id, until, e);
    return sql_sync(store->db, UNSYNCED, e) < 0 ? -1 : result;
}

int ra_store_answered(struct ra_store *store, const struct ra_key *key, int64_t seconds,
                      struct err *e) {
    sqlite3_stmt *s =
        sql_prepare(store->db, "UPDATE open_request SET answered = ?, until = ? WHERE key = ?", e);
    if (s == NULL)
        return -1;
    sql_bind_bytes(s, 1, request_bytes(key));
    sql_bind_int(s, 2, clock_wall() + seconds);
    sql_bind_bytes(s, 3, key_bytes(key));
    return sql_run(store->db, s, e) < 0 || forget_old(store->db, e) != 0 ? -1 : 0;
}

/* The row of s, which is bound; 0 when there is none. */
static int get_id(struct ra_store *store, sqlite3_stmt *s, uint32_t *id, struct err *e) {
    int row = sql_step(store->db, s, e);
    if (row == 1) {
        *id = (uint32_t)sql_int(s, 0);
        sqlite3_reset(s);
    }
    return row < 0 ? -1 : 0;
}

int ra_store_get(struct ra_store *store, const struct ra_key *key, uint32_t *id, struct err *e) {
    *id = 0;
    sqlite3_stmt *s = sql_prepare(store->db,
                                  "SELECT id FROM open_request WHERE key = ? AND until >= ?"
                                  " AND (answered IS NULL OR answered = ?)",
                                  e);
    if (s == NULL)
        return -1;
    sql_bind_bytes(s, 1, key_bytes(key));
    sql_bind_int(s, 2, clock_wall());
    sql_bind_bytes(s, 3, request_bytes(key));
    return get_id(store, s, id, e);
}

int ra_store_get_joined(struct ra_store *store, const struct ra_key *key, uint32_t *id,
                        struct err *e) {
    *id = 0;
    sqlite3_stmt *s =
        sql_prepare(store->db, "SELECT id FROM open_request WHERE key = ? AND until >= ?", e);
    if (s == NULL)
        return -1;
    sql_bind_bytes(s, 1, key_bytes(key));
    sql_bind_int(s, 2, clock_wall());
    return get_id(store, s, id, e);
}

int ra_store_drop(struct ra_store *store, const struct ra_key *key, struct err *e) {
    sqlite3_stmt *s = sql_prepare(store->db, "DELETE FROM open_request WHERE key = ?", e);
    if (s == NULL)
        return -1;
    sql_bind_bytes(s, 1, key_bytes(key));
    return sql_run(store->db, s, e) < 0 ? -1 : 0;
}
