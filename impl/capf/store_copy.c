/* Devices that are copies of one, with its LSC and its enrolments: how a store gets as many rows as
 * a large site's without anybody issuing for hours. Keys and certificates stay those of the
 * original, so the copies are rows to measure and test with and no phones that could prove
 * anything. */
#include "base/sql.h"
#include "capf/store.h"
#include "capf/store_internal.h"

static int run_copy(struct sql *db, sqlite3_stmt *q, const char *from, const char *to,
                    struct err *e) {
    if (q == NULL)
        return -1;
    sql_bind_str(q, 1, from);
    sql_bind_str(q, 2, to);
    return sql_run(db, q, e);
}

static int copy_row(struct sql *db, const char *from, const char *to, struct err *e) {
    return run_copy(
        db,
        sql_prepare(db,
                    "INSERT OR IGNORE INTO Device(name, description, model,"
                    " tkcertificateoperation, tkcertificatestatus, tkauthenticationmode,"
                    " authenticationstring, upgradefinishtime, publickey, tkkeysize, tkeckeysize,"
                    " tkkeyorder, tkkeyauthority, tkcertificate, certificate, wrongstrings,"
                    " lockeduntil, nosignversion, lastoperated)"
                    " SELECT ?2, description, model,"
                    " tkcertificateoperation, tkcertificatestatus, tkauthenticationmode,"
                    " authenticationstring, upgradefinishtime, publickey, tkkeysize, tkeckeysize,"
                    " tkkeyorder, tkkeyauthority, tkcertificate, certificate, wrongstrings,"
                    " lockeduntil, nosignversion, lastoperated FROM Device WHERE name = ?1",
                    e),
        from, to, e);
}

static int copy_enrolments(struct sql *db, const char *from, const char *to, struct err *e) {
    return run_copy(
        db,
        sql_prepare(db,
                    "INSERT INTO Enrolment(device, issuer, state, started, offers, spki, csr,"
                    " certificate) SELECT ?2, issuer, state, started, offers, spki, csr,"
                    " certificate FROM Enrolment WHERE device = ?1",
                    e),
        from, to, e);
}

/* Nothing was inserted: because there is no such device, or because there is one of the new name.
 */
static int tell_why(struct store *s, const char *from, const char *to, struct err *e) {
    struct device original;
    if (store_device(s, from, &original, e) < 0)
        return -1;
    return err_set(e, ERR_STORE_EXISTS, "device %s exists already", to);
}

int store_copy_device(struct store *s, const char *from, const char *to, struct err *e) {
    if (!device_name_ok(to))
        return err_set(e, ERR_ARG_USAGE, "'%s' is not a device name", to);
    int added = copy_row(s->db, from, to, e);
    if (added == 0)
        return tell_why(s, from, to, e);
    return added < 0 || copy_enrolments(s->db, from, to, e) < 0 ? -1 : 0;
}
