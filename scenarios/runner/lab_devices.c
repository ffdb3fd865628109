/* The device store of a lab: filled through capflab-capf's own commands, as an administrator would.
 * Only the LSC that a phone already holds is written by itself: no command could know it. */
#include "scenarios/runner/run.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/x509.h"
#include "capf/csv.h"
#include "capf/store.h"
#include "scenarios/runner/sut.h"

#include <string.h>

enum { COMMAND_US = 20 * 1000000, DER_MAX = 16 * 1024, CSV_MAX = 1024 * 1024 };

static int end_command(struct run *r, struct actor *a, struct buf *out) {
    struct err e = {0};
    struct actor *const actors[] = {a};
    int waited = actors_wait(actors, 1, run_deadline(r, COMMAND_US), &e);
    if (waited != 0) {
        run_fail(r, NULL, a->name, "%s", e.text);
    } else if (!actor_ended_with(a, 0)) {
        char end[128];
        actor_end_text(a, end, sizeof end);
        run_fail(r, NULL, a->name, "%s ended with %s", a->name, end);
        waited = -1;
    } else if (out != NULL) {
        buf_put_bytes(out, buf_view(&a->out));
    }
    actor_release(a);
    return waited;
}

int lab_command(struct run *r, enum component c, const char *const *args, struct buf *out) {
    char name[64];
    snprintf(name, sizeof name, "%s-command", component_name(c));
    AUTO(char) program = path_join(r->options->programs, "%s", component_program(c));
    AUTO(char) errors = run_path(r, "logs/%s.stderr", name);
    if (program == NULL || errors == NULL)
        return -1;
    const struct actor_command command = {
        .name = name, .program = program, .args = args, .stderr_path = errors};
    struct actor a;
    struct err e = {0};
    if (actor_start(&a, &command, &e) != 0) {
        run_fail(r, NULL, NULL, "%s", e.text);
        actor_release(&a);
        return -1;
    }
    return end_command(r, &a, out);
}

int capf_command(struct run *r, const char *const *args, struct buf *out) {
    if (sut_hides(r->options->suts, COMPONENT_CAPF))
        return 0;
    AUTO(char) config = run_path(r, "config/capf.yaml");
    const char *all[ACTOR_ARGS_MAX];
    size_t n = 0;
    if (config == NULL)
        return -1;
    for (; args[n] != NULL && n + 3 < ACTOR_ARGS_MAX; n++)
        all[n] = args[n];
    all[n++] = "--config";
    all[n++] = config;
    all[n] = NULL;
    return lab_command(r, COMPONENT_CAPF, all, out);
}

static void finish_by_text(int64_t from_now_us, char out[32]) {
    struct tm t = clock_utc(clock_wall_us() + from_now_us);
    snprintf(out, 32, "%04d:%02d:%02d:%02d:%02d", (t.tm_year + 1900) % 10000, t.tm_mon + 1,
             t.tm_mday, t.tm_hour, t.tm_min);
}

/* A device's row in the file that `device add` reads. */
static void put_device(struct buf *csv, const struct phone_settings *p) {
    const struct device_settings *d = &p->device;
    int mode = d->authentication != 0 ? d->authentication : p->authentication;
    const char *string = d->string != NULL ? d->string : p->string;
    char finish_by[32] = "";
    if (d->finish_by_us != 0)
        finish_by_text(d->finish_by_us, finish_by);
    csv_put(csv, p->name);
    buf_put_u8(csv, ',');
    csv_put(csv, p->model == NULL ? "" : p->model);
    buf_printf(csv, ",%s,%s,%d,", word_of(authentication_words, mode), string == NULL ? "" : string,
               d->key_size);
    if (d->key_order != KEY_ORDER_RSA_ONLY)
        buf_printf(csv, "%d", d->ec_key_size);
    buf_printf(csv, ",%s,%s\n", word_of(key_order_words, d->key_order), finish_by);
}

/* `device VERB --file` of these rows: one program, however many devices. */
static int device_command(struct run *r, const char *verb, const struct buf *csv,
                          const char *const *options) {
    struct err e = {0};
    AUTO(char) path = run_path(r, "tmp/devices.csv");
    const char *args[ACTOR_ARGS_MAX] = {"device", verb, "--file", path};
    if (path == NULL || csv->failed || file_write(path, buf_view(csv), 0600, &e) != 0) {
        run_fail(r, NULL, NULL, "devices: %s", e.text);
        return -1;
    }
    for (size_t n = 4; options != NULL && *options != NULL && n + 1 < ACTOR_ARGS_MAX; n++)
        args[n] = *options++;
    return capf_command(r, args, NULL);
}

static int add_devices(struct run *r) {
    AUTO_BUF csv = BUF_INIT(CSV_MAX);
    buf_put_str(&csv, "name,model,authentication-mode,authentication-string,key-size,"
                      "ec-key-size,key-order,finish-by\n");
    for (size_t i = 0; i < r->scenario->phone_count; i++)
        if (r->scenario->phones[i].device.present)
            put_device(&csv, &r->scenario->phones[i]);
    return device_command(r, "add", &csv, NULL);
}

int lab_set_devices(struct run *r, const char *const *names, size_t count,
                    const char *const *options) {
    AUTO_BUF csv = BUF_INIT(CSV_MAX);
    buf_put_str(&csv, "name\n");
    for (size_t i = 0; i < count; i++) {
        csv_put(&csv, names[i]);
        buf_put_u8(&csv, '\n');
    }
    return count == 0 ? 0 : device_command(r, "set", &csv, options);
}

/* The device's row says that CAPF gave the phone this LSC in an earlier operation. */
static int record_lsc(struct run *r, const struct phone_settings *p, struct err *e) {
    AUTO(char) path = run_path(r, "lsc/%s.pem", p->name);
    AUTO(char) db = run_path(r, "db/devices.sqlite");
    AUTO(X509) cert = path == NULL ? NULL : x509_read_file(path, e);
    AUTO_BUF der = BUF_INIT(DER_MAX);
    if (cert == NULL || db == NULL || x509_put_der(cert, &der, e) != 0)
        return -1;
    const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(cert);
    const struct store_outcome installed = {
        .device = p->name,
        .operation = OPERATION_NONE,
        .status = CERT_STATUS_UPGRADE_SUCCESS,
        .installed = true,
        .public_key = bytes_of(ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key)),
        .certificate = buf_view(&der)};
    struct store *store = store_open(db, e);
    int done = store == NULL ? -1 : store_outcome(store, &installed, e);
    store_close(store);
    return done;
}

/* The end of an operation forgets the one-time string. */
static int set_string_again(struct run *r, const struct phone_settings *p) {
    const char *string = p->device.string != NULL ? p->device.string : p->string;
    const char *const names[] = {p->name};
    const char *const options[] = {"--string", string, NULL};
    return string == NULL ? 0 : lab_set_devices(r, names, 1, options);
}

static int record_phone(struct run *r, const struct phone_settings *p) {
    struct err e = {0};
    if (!p->device.present || p->lsc != LSC_EXISTING)
        return 0;
    if (record_lsc(r, p, &e) == 0)
        return set_string_again(r, p);
    run_fail(r, NULL, NULL, "%s: %s", p->name, e.text);
    return -1;
}

int lab_add_devices(struct run *r) {
    r->step = "add devices";
    if (sut_hides(r->options->suts, COMPONENT_CAPF))
        return 0;
    if (add_devices(r) != 0)
        return -1;
    for (size_t i = 0; i < r->scenario->phone_count; i++)
        if (record_phone(r, &r->scenario->phones[i]) != 0)
            return -1;
    return 0;
}
