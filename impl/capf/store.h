/* The device store: CUCM's Device table (its column names, capf-service.md 3), what CAPF itself
 * remembers of a device, and a record of each enrolment. SQLite; what a call wrote is committed
 * when it returns, so that no peer hears of anything that kill -9 could take back.
 *
 * Every function returns 0, or -1 with STORE_SQL, STORE_OPEN, STORE_NOT_FOUND or STORE_EXISTS.
 * Names of devices are compared without case. */
#ifndef CAPF_STORE_H
#define CAPF_STORE_H

#include "base/bytes.h"
#include "base/err.h"
#include "capf/device_enums.h"
#include "capf/names.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    STORE_PUBLIC_KEY_MAX = 1024, /* PKCS#1 of RSA 4096 is 526 bytes */
    STORE_CERTIFICATE_MAX = 8192,
    STORE_FINISH_BY_MAX = 17, /* "YYYY:MM:DD:HH:MM" and NUL */
    STORE_MODEL_MAX = 64,
    STORE_DESCRIPTION_MAX = 128,
    STORE_STATEMENT_MAX = 320,
};

/* One phone. Numbers as in device_enums.h. */
struct device {
    int64_t pkid;
    char name[CAPF_DEVICE_NAME_MAX + 1];
    char description[STORE_DESCRIPTION_MAX];
    char model[STORE_MODEL_MAX]; /* "CP-8845" or "" */
    int operation;
    int status;
    int auth_mode;
    char auth_string[CAPF_PASSWORD_MAX + 1]; /* secret; "" when none */
    char finish_by[STORE_FINISH_BY_MAX];     /* UTC; "" for no limit */
    int key_size;
    int ec_key_size;
    int key_order;
    uint8_t public_key[STORE_PUBLIC_KEY_MAX];   /* PKCS#1 RSAPublicKey or EC point of the LSC */
    size_t public_key_len;                      /* 0: no LSC installed */
    uint8_t certificate[STORE_CERTIFICATE_MAX]; /* DER of the LSC installed; len 0: none */
    size_t certificate_len;
    int wrong_strings;     /* in a row */
    int64_t locked_until;  /* seconds since 1970; 0: not */
    int no_sign_version;   /* protocol version with which it could not sign a request; 0: it can */
    int64_t last_operated; /* seconds since 1970 of the last change by CAPF; 0: never */
};

struct store; /* opaque */

struct store *store_open(const char *path, struct err *e);
/* For other parts of the cluster, which look but never write (its TFTP service makes phones'
 * configurations of it). The file must be there. */
struct store *store_open_to_read(const char *path, struct err *e);
void store_close(struct store *s);
/* The file does not grow beyond that many pages of 4 KiB; what would need more fails with STORE_SQL
 * "database or disk is full", and what is there stays. 0: no limit. -1 STORE_SQL. */
int store_limit(struct store *s, int64_t pages, struct err *e);
/* Commits are not synced to disk any more: for comparison only. -1 STORE_SQL. */
int store_never_sync(struct store *s, struct err *e);

/* Fills *d with what a newly added phone has. */
void device_defaults(struct device *d);

int store_device(struct store *s, const char *name, struct device *d, struct err *e);
int store_add(struct store *s, const struct device *d, struct err *e); /* STORE_EXISTS */
/* Adds a device that is like another in all but its name, LSC and enrolments included; to make a
 * store as large as a big site's. Call it inside store_begin and store_commit. STORE_NOT_FOUND,
 * STORE_EXISTS, ARG_USAGE: to is no name of a device. */
int store_copy_device(struct store *s, const char *from, const char *to, struct err *e);
/* Writes what an administrator may change: description, model, operation, status, auth_mode,
 * auth_string, finish_by and the key columns. Scheduling an operation (schedules) also forgets
 * enrolments of the one before, wrong strings and the no-sign mark. */
int store_update(struct store *s, const struct device *d, bool schedules, struct err *e);
/* All devices in the order of their names until fn returns false. */
typedef bool store_device_fn(void *user, const struct device *d);
int store_each(struct store *s, store_device_fn *fn, void *user, struct err *e);

/* Several writes as one. Nested calls are not allowed. */
int store_begin(struct store *s, struct err *e);
int store_commit(struct store *s, struct err *e);
void store_rollback(struct store *s);

/* The end of an operation, in one transaction. */
struct store_outcome {
    const char *device;
    int operation; /* afterwards; OPERATION_NONE also forgets the one-time authentication string */
    int status;
    bool installed; /* public_key and certificate become the device's, the enrolment is delivered */
    bool deleted;   /* the device has no LSC any more */
    struct bytes public_key;
    struct bytes certificate;
    int64_t enrolment; /* 0: none */
};
/* The statement as the trace shows it (seed 1): "UPDATE Device SET tkCertificateOperation=1,
 * tkcertificatestatus='3' WHERE my_lower(name)=my_lower('SEP74A02FC0A675')". The name must have
 * passed device_name_ok; -1 STORE_SQL otherwise. */
int store_outcome_statement(const struct store_outcome *o, char out[STORE_STATEMENT_MAX],
                            struct err *e);
int store_outcome(struct store *s, const struct store_outcome *o, struct err *e);

/* [A-Za-z0-9_.-], 1..128 */
bool device_name_ok(const char *name);

/* Counts a wrong authentication string; the attempts-th in a row locks the device until now +
 * lockout_s. */
int store_wrong_string(struct store *s, const char *device, int64_t attempts, int64_t now,
                       int64_t lockout_s, struct err *e);
int store_right_string(struct store *s, const char *device, struct err *e);
/* version 0: it can sign. */
int store_no_sign(struct store *s, const char *device, int version, struct err *e);

/* The life of one request to an issuer; the numbers are in the database. */
enum enrolment_state {
    ENROLMENT_REQUESTED = 1, /* the request exists; a CA may have seen it */
    ENROLMENT_ISSUED = 2,    /* the certificate is here, the phone has not stored it */
    ENROLMENT_DELIVERED = 3,
    ENROLMENT_FAILED = 4,
    ENROLMENT_STALE = 5, /* issued or requested for an operation that is over */
};

enum { STORE_CSR_MAX = 16 * 1024, STORE_SPKI_MAX = 2048 };
struct enrolment {
    int64_t id;
    char device[CAPF_DEVICE_NAME_MAX + 1];
    int issuer;
    int state;
    int64_t started; /* seconds since 1970 */
    int64_t offers;  /* how often the certificate was sent to the phone */
    uint8_t spki[STORE_SPKI_MAX];
    size_t spki_len;
    uint8_t csr[STORE_CSR_MAX]; /* DER; len 0 with issuer capf */
    size_t csr_len;
    uint8_t certificate[STORE_CERTIFICATE_MAX];
    size_t certificate_len;
};

/* Begins one; *id is its number. Earlier open ones of the device become stale. */
int store_enrolment_new(struct store *s, const char *device, int issuer, struct bytes spki,
                        struct bytes csr, int64_t now, int64_t *id, struct err *e);
int store_enrolment_issued(struct store *s, int64_t id, struct bytes certificate, struct err *e);
int store_enrolment_offered(struct store *s, int64_t id, struct err *e);
int store_enrolment_state(struct store *s, int64_t id, int state, struct err *e);
/* The open (requested or issued) enrolment of the device. STORE_NOT_FOUND. */
int store_enrolment_open(struct store *s, const char *device, struct enrolment *out, struct err *e);
/* Every enrolment of an issuer in a state (0: any), oldest first, until fn returns false. */
typedef bool store_enrolment_fn(void *user, const struct enrolment *x);
int store_enrolment_each(struct store *s, int issuer, int state, store_enrolment_fn *fn, void *user,
                         struct err *e);

#endif
