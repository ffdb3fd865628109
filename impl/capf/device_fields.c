/* One row for each column: how it is read from the command line or a CSV file, and how it is shown.
 * An authentication string can be set but is shown only as "set". */
#include "capf/device_fields.h"
#include "base/clock.h"
#include "base/x509.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static int set_enum(int *member, const struct enum_row *table, const char *what, const char *text,
                    struct err *e) {
    int number = enum_parse(table, text);
    if (number < 0) {
        AUTO_BUF words = BUF_INIT(4096);
        for (; table->symbol != NULL; table++)
            buf_printf(&words, " '%s'", table->word);
        return err_set(e, ERR_ARG_USAGE, "%s: '%s' is none of%s", what, text, buf_str(&words));
    }
    *member = number;
    return 0;
}

#define ENUM_FIELD(member, table, what)                                                            \
    static int set_##member(struct device *d, const char *text, struct err *e) {                   \
        return set_enum(&d->member, table, what, text, e);                                         \
    }                                                                                              \
    static void get_##member(const struct device *d, struct buf *out) {                            \
        buf_put_str(out, enum_word(table, d->member));                                             \
    }

ENUM_FIELD(operation, capf_operations, "operation")
ENUM_FIELD(status, capf_statuses, "status")
ENUM_FIELD(auth_mode, capf_auth_modes, "authentication mode")
ENUM_FIELD(key_size, capf_key_sizes, "key size")
ENUM_FIELD(ec_key_size, capf_ec_key_sizes, "EC key size")
ENUM_FIELD(key_order, capf_key_orders, "key order")

static int set_text(char *out, size_t size, const char *what, const char *text, struct err *e) {
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        if (iscntrl((unsigned char)text[i]))
            return err_set(e, ERR_ARG_USAGE, "%s: control characters are not allowed", what);
    if (len >= size)
        return err_set(e, ERR_ARG_USAGE, "%s: at most %zu characters", what, size - 1);
    memcpy(out, text, len + 1);
    return 0;
}

static int set_name(struct device *d, const char *text, struct err *e) {
    if (!device_name_ok(text))
        return err_set(e, ERR_ARG_USAGE,
                       "'%s' is not a device name: 1 to %d letters, digits, '_', '.' or '-'", text,
                       CAPF_DEVICE_NAME_MAX);
    return set_text(d->name, sizeof d->name, "name", text, e);
}

static void get_name(const struct device *d, struct buf *out) {
    buf_put_str(out, d->name);
}

static int set_model(struct device *d, const char *text, struct err *e) {
    return set_text(d->model, sizeof d->model, "model", text, e);
}

static void get_model(const struct device *d, struct buf *out) {
    buf_put_str(out, d->model);
}

static int set_description(struct device *d, const char *text, struct err *e) {
    return set_text(d->description, sizeof d->description, "description", text, e);
}

static void get_description(const struct device *d, struct buf *out) {
    buf_put_str(out, d->description);
}

/* capf-service.md 4: 4 to 10 digits; other implementations take up to 15. "" removes it. */
static int set_string(struct device *d, const char *text, struct err *e) {
    size_t len = strlen(text);
    bool digits = strspn(text, "0123456789") == len;
    if (len != 0 && (!digits || len < 4 || len > 15))
        return err_set(e, ERR_ARG_USAGE, "an authentication string has 4 to 15 digits");
    return set_text(d->auth_string, sizeof d->auth_string, "authentication string", text, e);
}

static void get_string(const struct device *d, struct buf *out) {
    buf_put_str(out, d->auth_string[0] == '\0' ? "" : "set");
}

static int set_finish_by(struct device *d, const char *text, struct err *e) {
    unsigned part[5];
    int end = -1;
    bool ok = sscanf(text, "%4u:%2u:%2u:%2u:%2u%n", &part[0], &part[1], &part[2], &part[3],
                     &part[4], &end) == 5 &&
              end == STORE_FINISH_BY_MAX - 1 && text[end] == '\0' && part[1] >= 1 &&
              part[1] <= 12 && part[2] >= 1 && part[2] <= 31 && part[3] < 24 && part[4] < 60;
    if (text[0] != '\0' && !ok)
        return err_set(e, ERR_ARG_USAGE, "'%s' is not a time YYYY:MM:DD:HH:MM (UTC)", text);
    return set_text(d->finish_by, sizeof d->finish_by, "finish-by", text, e);
}

static void get_finish_by(const struct device *d, struct buf *out) {
    buf_put_str(out, d->finish_by);
}

static void get_public_key(const struct device *d, struct buf *out) {
    if (d->public_key_len > 0)
        buf_printf(out, "%zu bytes", d->public_key_len);
}

static void put_time(struct buf *out, int64_t seconds) {
    char text[CLOCK_ISO_MAX];
    clock_iso(seconds * 1000000, text);
    buf_printf(out, "%.19sZ", text);
}

static void get_locked_until(const struct device *d, struct buf *out) {
    if (d->locked_until > (int64_t)clock_wall())
        put_time(out, d->locked_until);
}

static void get_last_operated(const struct device *d, struct buf *out) {
    if (d->last_operated != 0)
        put_time(out, d->last_operated);
}

static X509 *lsc_of(const struct device *d) {
    struct err ignored = {0};
    return d->certificate_len == 0
               ? NULL
               : x509_read(bytes_of(d->certificate, d->certificate_len), &ignored);
}

static void get_lsc_name(const struct device *d, struct buf *out,
                         X509_NAME *(*which)(const X509 *)) {
    AUTO(X509) lsc = lsc_of(d);
    AUTO(char) name = lsc == NULL ? NULL : x509_name_rfc2253(which(lsc));
    buf_put_str(out, name == NULL ? "" : name);
}

static void get_lsc_subject(const struct device *d, struct buf *out) {
    get_lsc_name(d, out, X509_get_subject_name);
}

static void get_lsc_issuer(const struct device *d, struct buf *out) {
    get_lsc_name(d, out, X509_get_issuer_name);
}

static void get_lsc_serial(const struct device *d, struct buf *out) {
    AUTO(X509) lsc = lsc_of(d);
    AUTO(char) serial = lsc == NULL ? NULL : x509_serial_hex(lsc);
    buf_put_str(out, serial == NULL ? "" : serial);
}

static bool lsc_dates(const struct device *d, int64_t *from, int64_t *to) {
    struct err ignored = {0};
    AUTO(X509) lsc = lsc_of(d);
    return lsc != NULL && x509_validity(lsc, from, to, &ignored) == 0;
}

static void get_lsc_from(const struct device *d, struct buf *out) {
    int64_t from = 0, to = 0;
    if (lsc_dates(d, &from, &to))
        put_time(out, from);
}

static void get_lsc_to(const struct device *d, struct buf *out) {
    int64_t from = 0, to = 0;
    if (lsc_dates(d, &from, &to))
        put_time(out, to);
}

bool device_lsc_is_due(const struct device *d) {
    int64_t from = 0, to = 0;
    return lsc_dates(d, &from, &to) && (int64_t)clock_wall() > from + (to - from) / 3 * 2;
}

static void get_lsc_expiry(const struct device *d, struct buf *out) {
    int64_t from = 0, to = 0, now = (int64_t)clock_wall();
    if (!lsc_dates(d, &from, &to))
        return;
    if (now < from)
        buf_put_str(out, "not yet valid");
    else if (now > to)
        buf_put_str(out, "expired");
    else
        buf_put_str(out, device_lsc_is_due(d) ? "renewal due" : "valid");
}

static void get_lsc_days_left(const struct device *d, struct buf *out) {
    int64_t from = 0, to = 0;
    if (lsc_dates(d, &from, &to))
        buf_printf(out, "%lld", (long long)((to - (int64_t)clock_wall()) / 86400));
}

const struct device_field device_fields[] = {
    {"name", set_name, get_name},
    {"description", set_description, get_description},
    {"model", set_model, get_model},
    {"operation", set_operation, get_operation},
    {"status", set_status, get_status},
    {"authentication-mode", set_auth_mode, get_auth_mode},
    {"authentication-string", set_string, get_string},
    {"finish-by", set_finish_by, get_finish_by},
    {"key-size", set_key_size, get_key_size},
    {"ec-key-size", set_ec_key_size, get_ec_key_size},
    {"key-order", set_key_order, get_key_order},
    {"public-key", NULL, get_public_key},
    {"locked-until", NULL, get_locked_until},
    {"last-operated", NULL, get_last_operated},
    {"lsc-subject", NULL, get_lsc_subject},
    {"lsc-issuer", NULL, get_lsc_issuer},
    {"lsc-serial", NULL, get_lsc_serial},
    {"lsc-valid-from", NULL, get_lsc_from},
    {"lsc-valid-to", NULL, get_lsc_to},
    {"lsc-expiry", NULL, get_lsc_expiry},
    {"lsc-days-left", NULL, get_lsc_days_left},
    {NULL, NULL, NULL},
};

const struct device_field *device_field_find(const char *name) {
    for (const struct device_field *f = device_fields; f->name != NULL; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

int device_fields_apply(struct device *d, const struct cli_options *o, bool *schedules,
                        struct err *e) {
    const struct {
        const char *text;
        const char *field;
    } given[] = {
        {o->model, "model"},
        {o->description, "description"},
        {o->mode, "authentication-mode"},
        {o->string, "authentication-string"},
        {o->finish_by, "finish-by"},
        {o->key_size, "key-size"},
        {o->ec_key_size, "ec-key-size"},
        {o->key_order, "key-order"},
        {o->operation, "operation"},
        {o->status, "status"},
    };
    int before = d->operation;
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        if (given[i].text != NULL &&
            device_field_find(given[i].field)->set(d, given[i].text, e) < 0)
            return -1;
    *schedules = o->operation != NULL;
    if (*schedules)
        device_settle(d, before, o->status != NULL);
    return 0;
}

void device_settle(struct device *d, int operation_before, bool status_given) {
    if (status_given)
        return;
    if (d->operation != OPERATION_NONE)
        d->status = CERT_STATUS_OPERATION_PENDING;
    else if (operation_before != OPERATION_NONE && d->status == CERT_STATUS_OPERATION_PENDING)
        d->status = CERT_STATUS_NONE;
}
