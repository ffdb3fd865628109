/* The CA database: one row per request, ids in sequence and never reused. What a call committed
 * survives kill -9; an approved request is issued at its next retrieval. */
#ifndef MOCKS_CERTSRV_STORE_H
#define MOCKS_CERTSRV_STORE_H

#include "base/bytes.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Request.Disposition of the CA database (protocol/certsrv.md 5.1), and its name for `list`. */
#define DISPOSITION_TABLE(X)                                                                       \
    X(ACTIVE, 8, "active")                                                                         \
    X(PENDING, 9, "pending")                                                                       \
    X(APPROVED, 10, "approved")                                                                    \
    X(ISSUED, 20, "issued")                                                                        \
    X(REVOKED, 21, "revoked")                                                                      \
    X(FAILED, 30, "failed")                                                                        \
    X(DENIED, 31, "denied")
enum disposition {
#define DISPOSITION_ENUM(name, number, word) DISPOSITION_##name = number,
    DISPOSITION_TABLE(DISPOSITION_ENUM)
#undef DISPOSITION_ENUM
};
const char *disposition_word(enum disposition d); /* "unknown" for another number */

enum { STORE_TEXT_MAX = 512, STORE_BLOB_MAX = 64 * 1024 };

struct store_row {
    int64_t id;
    int64_t submitted; /* seconds since 1970 */
    enum disposition disposition;
    uint32_t status;                /* HRESULT */
    char message[STORE_TEXT_MAX];   /* disposition message */
    char requester[STORE_TEXT_MAX]; /* "MICHAMEN\ciscora" */
    char template[STORE_TEXT_MAX];  /* common name; "" when none was resolved */
    char serial[64];                /* hex; "" before issue */
    int64_t resolved;               /* seconds since 1970; 0 before */
    struct buf request;             /* DER of the PKCS#10, or what came instead */
    struct buf attributes;          /* as sent */
    struct buf certificate;         /* DER; empty before issue */
};
void store_row_init(struct store_row *row);
void store_row_free(struct store_row *row);
#define AUTO_ROW __attribute__((cleanup(store_row_free))) struct store_row

struct store; /* opaque */

/* first_id: id of the first request of an empty database. NULL STORE_OPEN. */
struct store *store_open(const char *path, int64_t first_id, struct err *e);
void store_close(struct store *s);
/* Commits are not synced to disk any more: for comparison only. -1 STORE_SQL. */
int store_never_sync(struct store *s, struct err *e);

/* A transaction around add and save, so that id and certificate get durable together. -1
 * STORE_SQL. */
int store_begin(struct store *s, struct err *e);
int store_commit(struct store *s, struct err *e);
void store_rollback(struct store *s);

/* Adds the row and sets row->id. -1 STORE_SQL. */
int store_add(struct store *s, struct store_row *row, struct err *e);
/* Writes disposition, status, message, template, serial, resolved and certificate of row->id. -1
 * STORE_SQL, STORE_NOT_FOUND. */
int store_save(struct store *s, const struct store_row *row, struct err *e);
/* Fills the row. -1 STORE_NOT_FOUND, STORE_SQL, SYS_NOMEM. */
int store_find(struct store *s, int64_t id, struct store_row *row, struct err *e);

/* Adds count rows that are like the issued request id (0: the newest issued one) but for their id
 * and serial number; the certificate inside keeps its own. In one transaction, for a database as
 * large as that of a CA that has issued for years. -1 STORE_NOT_FOUND, STORE_SQL. */
int store_multiply(struct store *s, int64_t id, int64_t count, struct err *e);

/* Calls fn with every row, by id, until it does not return 0. Requests and certificates are left
 * out. -1 STORE_SQL, else what fn returned. */
typedef int store_fn(void *user, const struct store_row *row);
int store_each(struct store *s, store_fn *fn, void *user, struct err *e);
/* The same with the revoked ones only, at the cost of those. */
int store_each_revoked(struct store *s, store_fn *fn, void *user, struct err *e);
/* sql_scanned of its connection, for tests. */
int64_t store_scanned(const struct store *s);

#endif
