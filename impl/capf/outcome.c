/* SetOperationStatus, capf_ui_set_ph_public_key and Select, in the order and form of seed 1. The
 * database is written where the trace shows the statement, and in one transaction, so that status
 * and public key cannot come apart. */
#include "capf/outcome.h"
#include "base/owned.h"
#include <stdio.h>
#include <string.h>

enum { SCOPE_MAX = 256 };

static void trace_device(struct trace *t, const char *scope, const struct device *d) {
    trace_in(t, scope, "device exists");
    trace_in(t, scope, "BEFORE DB query Authentication Mode=AUTH_BY_STR:1");
    trace_in(t, scope, "KeySize=%s:%d", enum_symbol(capf_key_sizes, d->key_size), d->key_size);
    trace_in(t, scope, "ECKeySize=%s:%d", enum_symbol(capf_ec_key_sizes, d->ec_key_size),
             d->ec_key_size);
    trace_in(t, scope, "KeyOrder=%s:%d", enum_symbol(capf_key_orders, d->key_order), d->key_order);
    trace_in(t, scope, "Operation=%s:%d", enum_symbol(capf_operations, d->operation), d->operation);
    trace_in(t, scope, "Operation Status =%s:%d", enum_symbol(capf_statuses, d->status), d->status);
    trace_in(t, scope, "Authentication Mode=%s:%d", enum_symbol(capf_auth_modes, d->auth_mode),
             d->auth_mode);
    trace_in(t, scope, "Operation Should Finish By=%s", d->finish_by);
}

static void keep_device(struct session_device *kept, const struct device *found) {
    *kept = (struct session_device){
        .pkid = found->pkid,
        .operation = found->operation,
        .auth_mode = found->auth_mode,
        .key_size = found->key_size,
        .ec_key_size = found->ec_key_size,
        .key_order = found->key_order,
        .no_sign_version = found->no_sign_version,
        .locked_until = found->locked_until,
    };
    memcpy(kept->name, found->name, sizeof kept->name);
    memcpy(kept->model, found->model, sizeof kept->model);
    memcpy(kept->auth_string, found->auth_string, sizeof kept->auth_string);
    memcpy(kept->finish_by, found->finish_by, sizeof kept->finish_by);
}

int outcome_select(struct session *s, struct err *e) {
    struct trace *t = s->service->trace;
    char scope[SCOPE_MAX];
    snprintf(scope, sizeof scope, "Select(%s)", s->device.name);
    trace_enter(t, scope);
    struct device found;
    int rc = store_device(s->service->store, s->device.name, &found, e);
    if (rc == 0) {
        keep_device(&s->device, &found);
        trace_device(t, scope, &found);
    } else {
        trace_in(t, scope, "%s",
                 e->code == ERR_STORE_NOT_FOUND ? "device does not exist" : e->text);
    }
    trace_leave(t, scope);
    return rc;
}

static bool succeeded(enum capf_result result) {
    return result == CAPF_OP_SUCCESS || result == CAPF_OP_FETCH_NO_CERT;
}

/* PKCS#1 RSAPublicKey, or the point of an EC key: 270 bytes for RSA 2048 in seed 1. */
static int inner_public_key(EVP_PKEY *key, struct buf *out) {
    unsigned char *der = NULL;
    int len = key == NULL ? -1 : i2d_PublicKey(key, &der);
    if (len <= 0)
        return -1;
    int rc = buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
    return rc;
}

static void trace_mapping(struct session *s, const char *result, int status) {
    struct trace *t = s->service->trace;
    char scope[SCOPE_MAX];
    snprintf(scope, sizeof scope, "CAPFDevice::MapCapf_OpStatusToDBLTypeCertificateStatus(%s, %s",
             enum_symbol(capf_operations, (int)s->operation), result);
    trace_enter(t, scope);
    trace_in(t, scope, "=>DbStatus=%s", enum_symbol(capf_statuses, status));
    trace_leave(t, scope);
}

static void trace_public_key(struct session *s, struct bytes key) {
    AUTO_BUF text = BUF_INIT(8 * 1024);
    trace_binary(&text, key);
    session_trace(s, "In capf_ui_set_ph_public_key()");
    session_trace(s, "pubKey: %s", buf_str(&text));
    session_trace(s, "pubKey length: %zu", key.len);
}

/* -1: an LSC was installed whose key cannot be written down; that must not be called a success. */
static int describe(struct session *s, struct buf *public_key, struct store_outcome *o,
                    struct err *e) {
    bool ok = s->result == CAPF_OP_SUCCESS;
    o->device = s->device.name;
    o->operation = result_keeps_operation(s->result) ? (int)s->operation : OPERATION_NONE;
    o->status = (int)status_of_result(s->operation, s->result);
    o->installed = ok && s->operation == OPERATION_UPGRADE;
    if (o->installed && inner_public_key(s->key, public_key) != 0)
        return err_openssl(e, ERR_SYS_NOMEM, "public key of the LSC");
    o->deleted = ok && s->operation == OPERATION_DELETE;
    o->public_key = buf_view(public_key);
    o->certificate = buf_view(&s->certificate);
    o->enrolment = s->enrolment;
    return 0;
}

static int set_operation_status(struct session *s, const struct store_outcome *o, struct err *e) {
    struct trace *t = s->service->trace;
    char result[64], scope[SCOPE_MAX], statement[STORE_STATEMENT_MAX];
    snprintf(result, sizeof result, "%s:%s", succeeded(s->result) ? "Success" : "Failed",
             enum_symbol(capf_results, (int)s->result));
    snprintf(scope, sizeof scope, "SetOperationStatus(%s):%d", result, (int)s->result);
    if (store_outcome_statement(o, statement, e) < 0)
        return -1;
    trace_enter(t, scope);
    trace_in(t, scope, "Operation status Value is '%d'", (int)s->result);
    trace_mapping(s, result, o->status);
    trace_in(t, scope, "Operation status is set to %d", o->operation);
    trace_in(t, scope, "Operation status is set to %s", result);
    trace_in(t, scope, "sql query - (%s)", statement);
    int rc = store_outcome(s->service->store, o, e);
    if (rc < 0)
        trace_in(t, scope, "sql query failed: %s", e->text);
    trace_leave(t, scope);
    return rc;
}

int outcome_commit(struct session *s, struct err *e) {
    AUTO_BUF public_key = BUF_INIT(STORE_PUBLIC_KEY_MAX);
    struct store_outcome o = {0};
    if (s->result == CAPF_OP_SUCCESS && outcome_select(s, e) < 0)
        return -1;
    if (describe(s, &public_key, &o, e) < 0 || set_operation_status(s, &o, e) < 0)
        return -1;
    if (o.installed)
        trace_public_key(s, o.public_key);
    struct err ignored = {0};
    outcome_select(s, &ignored);
    return 0;
}
