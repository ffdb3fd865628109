/* The record of enrolments: device, public key, request, certificate. A request is recorded before
 * a CA hears of it and a certificate before the phone does, so that a restart neither loses one nor
 * asks for a second one. */
#include "base/sql.h"
#include "capf/store.h"
#include "capf/store_internal.h"
#include <string.h>

#define ENROLMENT_COLUMNS "id, device, issuer, state, started, offers, spki, csr, certificate"

int store_enrolments_become_stale(struct store *s, const char *device, struct err *e) {
    return store_run_for(s, "UPDATE Enrolment SET state = 5 WHERE device = ?1 AND state IN (1, 2)",
                         device, e);
}

static int insert_enrolment(struct store *s, const char *device, int issuer, struct bytes spki,
                            struct bytes csr, int64_t now, struct err *e) {
    sqlite3_stmt *q = sql_prepare(s->db,
                                  "INSERT INTO Enrolment(device, issuer, state, started, spki, csr)"
                                  " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                                  e);
    if (q == NULL)
        return -1;
    sql_bind_str(q, 1, device);
    sql_bind_int(q, 2, issuer);
    sql_bind_int(q, 3, ENROLMENT_REQUESTED);
    sql_bind_int(q, 4, now);
    sql_bind_bytes(q, 5, spki);
    sql_bind_bytes(q, 6, csr);
    return sql_run(s->db, q, e) < 0 ? -1 : 0;
}

int store_enrolment_new(struct store *s, const char *device, int issuer, struct bytes spki,
                        struct bytes csr, int64_t now, int64_t *id, struct err *e) {
    if (store_begin(s, e) < 0)
        return -1;
    if (store_enrolments_become_stale(s, device, e) < 0 ||
        insert_enrolment(s, device, issuer, spki, csr, now, e) < 0) {
        store_rollback(s);
        return -1;
    }
    *id = sql_last_id(s->db);
    if (store_commit(s, e) < 0) {
        store_rollback(s);
        return -1;
    }
    return 0;
}

int store_enrolment_issued(struct store *s, int64_t id, struct bytes certificate, struct err *e) {
    sqlite3_stmt *q = sql_prepare(s->db,
                                  "UPDATE Enrolment SET certificate = ?2,"
                                  " state = CASE state WHEN 1 THEN 2 ELSE state END WHERE id = ?1",
                                  e);
    if (q == NULL)
        return -1;
    sql_bind_int(q, 1, id);
    sql_bind_bytes(q, 2, certificate);
    return sql_run(s->db, q, e) < 0 ? -1 : 0;
}

int store_enrolment_offered(struct store *s, int64_t id, struct err *e) {
    sqlite3_stmt *q =
        sql_prepare(s->db, "UPDATE Enrolment SET offers = offers + 1 WHERE id = ?1", e);
    if (q == NULL)
        return -1;
    sql_bind_int(q, 1, id);
    return sql_run(s->db, q, e) < 0 ? -1 : 0;
}

int store_enrolment_state(struct store *s, int64_t id, int state, struct err *e) {
    sqlite3_stmt *q = sql_prepare(s->db, "UPDATE Enrolment SET state = ?2 WHERE id = ?1", e);
    if (q == NULL)
        return -1;
    sql_bind_int(q, 1, id);
    sql_bind_int(q, 2, state);
    return sql_run(s->db, q, e) < 0 ? -1 : 0;
}

static void read_enrolment(sqlite3_stmt *q, struct enrolment *x) {
    memset(x, 0, sizeof *x);
    x->id = sql_int(q, 0);
    store_copy_text(x->device, sizeof x->device, sql_str(q, 1));
    x->issuer = (int)sql_int(q, 2);
    x->state = (int)sql_int(q, 3);
    x->started = sql_int(q, 4);
    x->offers = sql_int(q, 5);
    x->spki_len = store_copy_blob(x->spki, sizeof x->spki, sql_bytes(q, 6));
    x->csr_len = store_copy_blob(x->csr, sizeof x->csr, sql_bytes(q, 7));
    x->certificate_len = store_copy_blob(x->certificate, sizeof x->certificate, sql_bytes(q, 8));
}

int store_enrolment_open(struct store *s, const char *device, struct enrolment *out,
                         struct err *e) {
    sqlite3_stmt *q = sql_prepare(s->db,
                                  "SELECT " ENROLMENT_COLUMNS " FROM Enrolment WHERE device = ?1"
                                  " AND state IN (1, 2) ORDER BY id DESC LIMIT 1",
                                  e);
    if (q == NULL)
        return -1;
    sql_bind_str(q, 1, device);
    int rc = sql_step(s->db, q, e);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return err_set(e, ERR_STORE_NOT_FOUND, "no open enrolment of %s", device);
    read_enrolment(q, out);
    sqlite3_reset(q);
    return 0;
}

int store_enrolment_each(struct store *s, int issuer, int state, store_enrolment_fn *fn, void *user,
                         struct err *e) {
    sqlite3_stmt *q = sql_prepare(s->db,
                                  "SELECT " ENROLMENT_COLUMNS " FROM Enrolment WHERE"
                                  " (?1 = 0 OR issuer = ?1) AND (?2 = 0 OR state = ?2) ORDER BY id",
                                  e);
    if (q == NULL)
        return -1;
    sql_bind_int(q, 1, issuer);
    sql_bind_int(q, 2, state);
    int rc;
    struct enrolment x;
    while ((rc = sql_step(s->db, q, e)) == 1) {
        read_enrolment(q, &x);
        if (!fn(user, &x))
            break;
    }
    sqlite3_reset(q);
    return rc < 0 ? -1 : 0;
}
