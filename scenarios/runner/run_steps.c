/* What the steps of `when` do. A step that cannot be done is a failure; what phones and CAPF make
 * of it is judged at the end. */
#include "scenarios/runner/run.h"

#include "base/events.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/x509.h"
#include "pki/csr.h"
#include "scenarios/runner/yaml_write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PHONE_US = 40 * 1000000, DER_MAX = 64 * 1024 };

typedef struct actor *actor_ref;
typedef struct run_phone *phone_ref;
typedef const char *name_ref;
AUTO_TYPE(actor_ref, free);
AUTO_TYPE(phone_ref, free);
AUTO_TYPE(name_ref, free);

bool step_is_for(const struct step *step, const struct run_phone *p) {
    for (size_t i = 0; i < step->phones.count; i++)
        if (phone_is_meant(p->settings, step->phones.items[i]))
            return true;
    return step->phones.count == 0;
}

/* The key that the phone's next LSC is for: what CAPF will ask of this device. */
static int take_new_key(struct run *r, struct run_phone *p, struct err *e) {
    const struct phone_settings *s = p->settings;
    bool ec = s->keys.ec && s->version >= 3 && s->device.key_order != KEY_ORDER_RSA_ONLY;
    free(p->new_key);
    p->new_key = NULL;
    if (s->key_source == KEYS_GENERATED)
        return 0;
    p->new_key = ec ? keypool_take(&r->pool, KEY_EC, (unsigned)s->device.ec_key_size, e)
                    : keypool_take(&r->pool, KEY_RSA, (unsigned)s->device.key_size, e);
    return p->new_key == NULL ? -1 : 0;
}

static int configure_phone(struct run *r, struct run_phone *p, struct err *e) {
    free(p->config);
    p->config = run_path(r, "config/phone-%s.yaml", p->settings->name);
    AUTO(char) comment = NULL;
    if (p->config == NULL || asprintf(&comment, "capflab-phone --config %s", p->config) < 0) {
        comment = NULL;
        return err_set(e, ERR_SYS_NOMEM, NULL);
    }
    json_t *config = phone_config(r, p);
    int written = yaml_write_file(p->config, comment, config, e);
    json_decref(config);
    return written;
}

static int start_phone(struct run *r, struct run_phone *p, struct err *e) {
    AUTO(char) program = path_join(r->options->programs, "capflab-phone");
    AUTO(char) errors = run_path(r, "logs/%s.stderr", p->settings->name);
    if (program == NULL || errors == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    const char *const args[] = {"--config", p->config, "--die-with-parent", NULL};
    const struct actor_command command = {.name = p->settings->name,
                                          .program = program,
                                          .args = args,
                                          .stderr_path = errors,
                                          .wrap = r->options->wrap};
    p->started = true;
    return actor_start(&p->actor, &command, e);
}

/* The last line of the phone's output, which is its result. */
static void keep_result(struct run *r, struct run_phone *p) {
    struct lines l = lines_of(buf_view(&p->actor.out));
    json_decref(p->result);
    p->result = NULL;
    if (l.count > 0) {
        struct bytes last = l.items[l.count - 1];
        p->result = json_loadb((const char *)last.data, last.len, 0, NULL);
    }
    lines_free(&l);
    if (actor_ended_with(&p->actor, 0) || actor_ended_with(&p->actor, 1)) {
        if (p->result == NULL)
            run_fail(r, NULL, p->settings->name, "%s printed no result", p->settings->name);
        return;
    }
    char end[128];
    actor_end_text(&p->actor, end, sizeof end);
    run_fail(r, NULL, p->settings->name, "%s ended with %s", p->settings->name, end);
}

static int start_all(struct run *r, struct run_phone *const *phones, size_t count) {
    struct err e = {0};
    for (size_t i = 0; i < count; i++) {
        struct run_phone *p = phones[i];
        if (p->running) {
            run_fail(r, NULL, NULL, "%s is still at it in the background", p->settings->name);
            return -1;
        }
        if (p->started)
            actor_release(&p->actor);
        if (configure_phone(r, p, &e) != 0 || start_phone(r, p, &e) != 0) {
            run_fail(r, NULL, NULL, "%s: %s", p->settings->name, e.text);
            return -1;
        }
        p->running = true;
        p->killed = false;
    }
    return 0;
}

/* Waits for all of them, keeps their results. */
static int await_all(struct run *r, struct run_phone *const *phones, size_t count) {
    AUTO(actor_ref) actors = calloc(count + 1, sizeof *actors);
    struct err e = {0};
    if (actors == NULL)
        return -1;
    for (size_t i = 0; i < count; i++)
        actors[i] = &phones[i]->actor;
    if (actors_wait(actors, count, run_deadline(r, PHONE_US), &e) != 0) {
        run_fail(r, NULL, "capf", "%s", e.text);
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        phones[i]->running = false;
        if (!phones[i]->killed)
            keep_result(r, phones[i]);
    }
    return 0;
}

static int contact(struct run *r, struct run_phone *const *phones, size_t count) {
    return start_all(r, phones, count) != 0 ? -1 : await_all(r, phones, count);
}

int step_finish(struct run *r, const struct step *step) {
    size_t count = 0;
    (void)step;
    AUTO(phone_ref) phones = calloc(r->scenario->phone_count, sizeof *phones);
    for (size_t i = 0; phones != NULL && i < r->scenario->phone_count; i++)
        if (r->phones[i].running)
            phones[count++] = &r->phones[i];
    return phones == NULL ? -1 : await_all(r, phones, count);
}

int step_contact(struct run *r, const struct step *step) {
    size_t count = 0;
    AUTO(phone_ref) phones = calloc(r->scenario->phone_count, sizeof *phones);
    if (phones == NULL)
        return -1;
    for (size_t i = 0; i < r->scenario->phone_count; i++)
        if (step_is_for(step, &r->phones[i]))
            phones[count++] = &r->phones[i];
    if (step->background)
        return start_all(r, phones, count);
    if (step->together)
        return contact(r, phones, count);
    for (size_t i = 0; i < count; i++)
        if (contact(r, &phones[i], 1) != 0)
            return -1;
    return 0;
}

int step_set_devices(struct run *r, const struct step *step, const char *const *options) {
    size_t count = 0;
    AUTO(name_ref) names = calloc(r->scenario->phone_count + 1, sizeof *names);
    if (names == NULL)
        return -1;
    for (size_t i = 0; i < r->scenario->phone_count; i++)
        if (step_is_for(step, &r->phones[i]) && r->phones[i].settings->device.present)
            names[count++] = r->phones[i].settings->name;
    return lab_set_devices(r, names, count, options);
}

static int schedule_all(struct run *r, const struct step *step, const char *operation) {
    const char *const options[] = {"--operation", operation, NULL};
    return step_set_devices(r, step, options);
}

static int take_keys(struct run *r, const struct step *step) {
    for (size_t i = 0; i < r->scenario->phone_count; i++) {
        struct err e = {0};
        if (step_is_for(step, &r->phones[i]) && take_new_key(r, &r->phones[i], &e) != 0) {
            run_fail(r, step->node, NULL, "%s: %s", r->phones[i].settings->name, e.text);
            return -1;
        }
    }
    return 0;
}

static int step_install(struct run *r, const struct step *step) {
    if (take_keys(r, step) != 0 || schedule_all(r, step, "install") != 0)
        return -1;
    return step_contact(r, step);
}

int lab_ready_phones(struct run *r) {
    const struct step all = {.kind = STEP_INSTALL};
    struct err e = {0};
    r->step = "ready phones";
    if (take_keys(r, &all) != 0)
        return -1;
    for (size_t i = 0; i < r->scenario->phone_count; i++) {
        if (configure_phone(r, &r->phones[i], &e) != 0) {
            run_fail(r, NULL, NULL, "%s", e.text);
            return -1;
        }
    }
    return schedule_all(r, &all, "install");
}

static int step_delete(struct run *r, const struct step *step) {
    return schedule_all(r, step, "delete") != 0 ? -1 : step_contact(r, step);
}

static int step_troubleshoot(struct run *r, const struct step *step) {
    return schedule_all(r, step, "troubleshoot") != 0 ? -1 : step_contact(r, step);
}

static int step_renew(struct run *r, const struct step *step) {
    static const char *const args[] = {"device", "renew", NULL};
    if (take_keys(r, step) != 0 || capf_command(r, args, NULL) != 0)
        return -1;
    return step_contact(r, step);
}

static int step_connect(struct run *r, const struct step *step) {
    return step_contact(r, step);
}

static int sign_request(struct run *r, const char *request_path, const char *cert_path,
                        struct err *e) {
    AUTO_BUF text = BUF_INIT(DER_MAX);
    AUTO_BUF der = BUF_INIT(DER_MAX);
    if (file_read(request_path, &text, e) != 0)
        return -1;
    AUTO(X509_REQ) request = csr_read(buf_view(&text), NULL, e);
    if (request == NULL)
        return -1;
    AUTO(X509) cert = lab_certs_sign(&r->certs, CERT_OFFLINE, request, e);
    if (cert == NULL || x509_put_der(cert, &der, e) != 0)
        return -1;
    return file_write(cert_path, buf_view(&der), 0644, e);
}

/* Dump, sign, import: what the administrator does with the waiting request of one phone. */
static int import_one(struct run *r, const struct step *step, const char *name) {
    struct err e = {0};
    AUTO(char) requests = run_path(r, "tmp/offline");
    AUTO(char) request = run_path(r, "tmp/offline/%s.csr", name);
    AUTO(char) cert = run_path(r, "tmp/offline/%s.der", name);
    if (requests == NULL || request == NULL || cert == NULL)
        return -1;
    if (sign_request(r, request, cert, &e) != 0) {
        run_fail(r, step->node, "capf", "%s", e.text);
        return -1;
    }
    event_message("lab", "capf", "import", "certificate of %s by the offline CA", name);
    const char *const import[] = {"cert", "import", cert, NULL};
    return capf_command(r, import, NULL);
}

static int step_import_offline(struct run *r, const struct step *step) {
    AUTO(char) requests = run_path(r, "tmp/offline");
    if (requests == NULL)
        return -1;
    const char *const dump[] = {"csr", "dump", "--output", requests, NULL};
    if (capf_command(r, dump, NULL) != 0)
        return -1;
    for (size_t i = 0; i < r->scenario->phone_count; i++)
        if (step_is_for(step, &r->phones[i]) &&
            import_one(r, step, r->phones[i].settings->name) != 0)
            return -1;
    return 0;
}

int step_run(struct run *r, const struct step *step) {
    typedef int run_fn(struct run *, const struct step *);
    static run_fn *const runs[] = {
#define X(suffix, name, run, fields, value, help) run,
        STEP_TABLE(X)
#undef X
    };
    r->step = step_name(step->kind);
    event_message("lab", "lab", r->step, "step");
    return runs[step->kind](r, step);
}
