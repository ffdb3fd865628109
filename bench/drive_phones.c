/* Simulated phones, each with a session of its own: one device, one enrolment. They keep neither
 * log nor LSC, so that what is measured is the path and not this process's disk. */
#include "base/file.h"
#include "base/owned.h"
#include "base/x509.h"
#include "bench/drive_impl.h"
#include "bench/lab.h"
#include "mocks/phone/phone.h"

#include <stdio.h>
#include <string.h>

struct phones {
    struct phone_shared shared;
    struct phone_file template; /* defaults of phone.yaml; owns nothing */
    struct cfg_doc *doc;
    const struct drive_target *target;
    struct driver *driver;
    bool keygen;
};

struct one_phone {
    struct phone_config config;
    struct phone *phone;
    struct load_job *job;
    const struct drive_target *target;
    size_t index;
    char name[32];
};

static void tell_end(const struct one_phone *one, const char *error) {
    if (one->target->ended != NULL)
        one->target->ended(one->target->ended_user, one->index, error);
    load_job_done(one->job, error);
}

static void on_done(struct phone *phone, void *user) {
    const struct one_phone *one = user;
    if (phone_outcome(phone) == PHONE_INSTALLED) {
        tell_end(one, NULL);
        return;
    }
    json_t *result = phone_result(phone);
    const char *code = json_string_value(json_object_get(result, "error"));
    tell_end(one, code != NULL ? code : phone_outcome_word(phone_outcome(phone)));
    json_decref(result);
}

/* The pattern is ours, but for its one number. */
static void name_phone(struct one_phone *one, size_t index) {
    snprintf(one->name, sizeof one->name, BENCH_DEVICE_FORMAT, index);
    one->config.name = one->name;
}

static int give_files(struct one_phone *one, struct err *e) {
    const char *dir = one->target->lsc_dir;
    struct phone_files *lsc = &one->config.lsc;
    if (dir == NULL)
        return 0;
    lsc->certificate = path_join(dir, "%s.pem", one->name);
    lsc->key = path_join(dir, "%s.key", one->name);
    return lsc->certificate != NULL && lsc->key != NULL ? 0 : err_set(e, ERR_SYS_NOMEM, NULL);
}

static void free_phone(struct one_phone *one) {
    phone_free(one->phone);
    free(one->config.lsc.certificate);
    free(one->config.lsc.key);
    free(one);
}

static int start(void *user, struct load_job *job, size_t index, struct err *e) {
    struct phones *p = user;
    struct one_phone *one = calloc(1, sizeof *one);
    if (one == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    one->config = p->template.phone;
    if (!p->keygen)
        one->config.ready_key = p->driver->keys[index % BENCH_POOL_KEYS];
    one->job = job;
    one->target = p->target;
    one->index = index;
    name_phone(one, index);
    if (give_files(one, e) == 0)
        one->phone = phone_new(&p->shared, &one->config, e);
    if (one->phone == NULL) {
        free_phone(one);
        return -1;
    }
    job->state = one;
    phone_start(one->phone, on_done, one);
    return 0;
}

static void release(void *user, struct load_job *job) {
    (void)user;
    free_phone(job->state);
}

static void free_phones(struct driver *d) {
    struct phones *p = d->inside;
    SSL_CTX_free(p->shared.tls);
    SSL_CTX_free(p->shared.legacy_tls);
    X509_free(p->shared.trusted);
    cfg_doc_free(p->doc);
    free(p);
}

/* Constants of the options and of the target live longer than any phone; nothing frees them. */
static char *borrowed(const char *text) {
    return (char *)(uintptr_t)text;
}

static int prepare(struct phones *p, struct process *process, struct err *e) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    if (m != NULL)
        p->doc = cfg_load_text("defaults", bytes_of_str(""), phone_file_fields, &p->template, m);
    cfg_mistakes_free(m);
    p->shared = (struct phone_shared){.loop = process_loop(process),
                                      .resolver = process_resolver(process),
                                      .tls = phone_tls_context(false, e),
                                      .legacy_tls = phone_tls_context(true, e),
                                      .trusted = x509_read_file(p->target->trust, e)};
    if (p->shared.trusted == NULL)
        return -1;
    if (p->doc == NULL || p->shared.tls == NULL || p->shared.legacy_tls == NULL)
        return err_set(e, ERR_SYS_INTERNAL, "phones could not be set up");
    p->template.phone.log = NULL;
    p->template.phone.lsc = (struct phone_files){0};
    p->template.phone.model = borrowed("CP-8845");
    p->template.phone.timeout_us =
        p->target->timeout_us > 0 ? p->target->timeout_us : INT64_C(60000000);
    p->template.phone.retries = 0;
    p->template.phone.capf.host = borrowed("cucm-pub.michamen.com");
    p->template.phone.capf.via = borrowed(p->target->address);
    return 0;
}

struct driver *drive_phones(struct process *process, const struct bench_options *o,
                            const struct drive_target *target, struct err *e) {
    struct driver *d = driver_new(o->key, e);
    struct phones *p = d == NULL ? NULL : calloc(1, sizeof *p);
    if (p == NULL) {
        driver_free(d);
        return NULL;
    }
    *p = (struct phones){.target = target, .driver = d, .keygen = o->keygen};
    d->inside = p;
    d->free_inside = free_phones;
    d->work = (struct load_work){start, release, p};
    if (prepare(p, process, e) == 0)
        return d;
    driver_free(d);
    return NULL;
}
