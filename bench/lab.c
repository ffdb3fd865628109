/* A scenario without phones and steps, started by the runner's own lab code. */
#include "bench/lab.h"

#include "base/file.h"
#include "base/owned.h"
#include "scenarios/runner/place.h"
#include "scenarios/runner/run.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

struct bench_lab {
    struct scenario *scenario;
    struct run_options options;
    struct run run;
    bool opened;
    char *programs, *keys, *dir;
    char *capf_certificate, *ra_trust, *web_trust;
};

static const struct {
    enum key_kind kind;
    unsigned bits;
} kinds[] = {
#define X(id, word, kind, bits) {kind, bits},
    BENCH_KEY_TABLE(X)
#undef X
};

static const char format[] =
    "title: bench\n"
    "deadline: 48h\n"
    "lab:\n"
    "  server-key: %s\n"
    "  capf: {issuer: %s, est: {session: %s, timeout: 60s}%s}\n"
    "  ra: {authentication: %s, session: %s, timeout: 60s%s}\n"
    "  certsrv: {authentication: [%s], templates: [{name: CiscoRA, rsa-only: false}]%s}\n"
    "phones: {count: 1, device: {present: false}}\n"
    "when: [connect]\n"
    "then: {phones: {lsc: none}}\n";

static const char lists_format[] = "title: bench\n"
                                   "lab: {tftp: {}, tvs: {}}\n"
                                   "phones: {count: 1, device: {present: false}}\n"
                                   "when: [connect]\n"
                                   "then: {phones: {lsc: none}}\n";

/* What the three servers are told alike, and only where it is not what they do anyway. */
static void put_servers(const struct bench_options *o, char *out, size_t size) {
    char workers[40] = "";
    *out = '\0';
    if (o->workers > 1)
        snprintf(workers, sizeof workers, "workers: %" PRId64 ", ", o->workers);
    if (o->workers > 1 || !o->durable)
        snprintf(out, size, ", config: {%sdurability: %s}", workers, o->durable ? "on" : "off");
}

static struct scenario *load_scenario(const char *text, struct err *e) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct scenario *s = NULL;
    if (m != NULL && text != NULL)
        s = scenario_load_text("bench", "bench", bytes_of_str(text), m);
    if (s == NULL && m != NULL)
        cfg_mistakes_print(m, stderr);
    cfg_mistakes_free(m);
    if (s == NULL)
        err_set(e, ERR_SYS_INTERNAL, "the lab of the bench cannot be described");
    return s;
}

static struct scenario *make_scenario(const struct bench_options *o, struct err *e) {
    AUTO(char) text = NULL;
    const char *issuer = o->stage == STAGE_CAPF ? "capf" : "online-ca";
    const char *schemes = o->login == BENCH_LOGIN_BASIC ? "basic" : "negotiate, ntlm";
    char more[96];
    put_servers(o, more, sizeof more);
    if (asprintf(&text, format, bench_key_word(o->server_key), issuer,
                 bench_session_word(o->session), more, bench_login_word(o->login),
                 bench_session_word(o->upstream), more, schemes, more) < 0)
        text = NULL;
    return load_scenario(text, e);
}

/* What went wrong in the runner, as one text. */
static int first_failure(const struct run *r, struct err *e) {
    const json_t *failure = json_array_get(r->failures, 0);
    const char *text = json_string_value(json_object_get(failure, "text"));
    const char *step = json_string_value(json_object_get(failure, "step"));
    return err_set(e, ERR_SYS_IO, "%s: %s; logs are in %s/logs", step == NULL ? "lab" : step,
                   text == NULL ? "failed" : text, r->dir);
}

static int add_devices(struct bench_lab *lab, const struct bench_options *o, struct err *e) {
    char count[24];
    snprintf(count, sizeof count, "%" PRId64, bench_enrolments_max(o));
    bool rsa = o->key == BENCH_KEY_RSA2048;
    const char *const args[] = {"device",
                                "add",
                                BENCH_DEVICE_PATTERN,
                                "--first",
                                "0",
                                "--count",
                                count,
                                "--model",
                                "CP-8845",
                                "--mode",
                                "null-string",
                                "--operation",
                                "install",
                                "--key-size",
                                "2048",
                                "--key-order",
                                rsa ? "rsa-only" : "ec-only",
                                rsa ? NULL : "--ec-key-size",
                                "256",
                                NULL};
    if (!stage_has_phones(o->stage))
        return 0;
    return capf_command(&lab->run, args, NULL) != 0 ? first_failure(&lab->run, e) : 0;
}

static int multiply_certificates(struct bench_lab *lab, const char *count, struct err *e) {
    AUTO(char) database = run_path(&lab->run, "db/ca.sqlite");
    const char *const args[] = {"copy", "--database", database, "--count", count, NULL};
    if (database == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    return lab_command(&lab->run, COMPONENT_CERTSRV, args, NULL) != 0 ? first_failure(&lab->run, e)
                                                                      : 0;
}

static int multiply_devices(struct bench_lab *lab, const char *count, struct err *e) {
    char first[32];
    snprintf(first, sizeof first, BENCH_DEVICE_PATTERN, 0u);
    const char *const args[] = {"device",  "copy", first, BENCH_COPY_PATTERN, "--first", "0",
                                "--count", count,  NULL};
    return capf_command(&lab->run, args, NULL) != 0 ? first_failure(&lab->run, e) : 0;
}

int bench_lab_multiply(struct bench_lab *lab, enum stage stage, int64_t count, struct err *e) {
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, count);
    if (stage != STAGE_CAPF && multiply_certificates(lab, text, e) != 0)
        return -1;
    return stage_has_phones(stage) ? multiply_devices(lab, text, e) : 0;
}

/* The files of a lab, without starting it. */
static int prepare_lab(struct bench_lab *lab, const struct bench_options *o, struct err *e) {
    lab->programs = place_programs();
    lab->keys = keypool_default_dir();
    lab->dir = strdup(o->output);
    if (lab->scenario == NULL)
        return -1;
    if (lab->programs == NULL || lab->keys == NULL || lab->dir == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    lab->options = (struct run_options){
        .programs = lab->programs, .keys = lab->keys, .seed = "bench", .patience = 1};
    lab->opened = true;
    return run_open(&lab->run, lab->scenario, &lab->options, lab->dir, e) != 0
               ? -1
               : lab_prepare(&lab->run, e);
}

static int open_lab(struct bench_lab *lab, const struct bench_options *o, struct err *e) {
    lab->scenario = make_scenario(o, e);
    if (prepare_lab(lab, o, e) != 0)
        return -1;
    lab->capf_certificate = run_path(&lab->run, "pki/capf.pem");
    lab->ra_trust = run_path(&lab->run, "pki/ra-trust.pem");
    lab->web_trust = run_path(&lab->run, "pki/web-trust.pem");
    if (lab->capf_certificate == NULL || lab->ra_trust == NULL || lab->web_trust == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    return lab_start(&lab->run) != 0 ? first_failure(&lab->run, e) : 0;
}

struct bench_lab *bench_lab_start(const struct bench_options *o, struct err *e) {
    struct bench_lab *lab = calloc(1, sizeof *lab);
    if (lab == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    if (open_lab(lab, o, e) == 0 && add_devices(lab, o, e) == 0)
        return lab;
    bench_lab_stop(lab, NULL);
    return NULL;
}

int bench_lab_list(const struct bench_options *o, struct buf *out, struct err *e) {
    struct bench_lab *lab = calloc(1, sizeof *lab);
    if (lab == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    lab->scenario = load_scenario(lists_format, e);
    int read = prepare_lab(lab, o, e);
    AUTO(char) path = read == 0 ? run_path(&lab->run, "pki/current.tlv") : NULL;
    if (read == 0)
        read = path == NULL ? err_set(e, ERR_SYS_NOMEM, NULL) : file_read(path, out, e);
    bench_lab_stop(lab, NULL);
    return read;
}

int bench_lab_stop(struct bench_lab *lab, struct err *e) {
    int stopped = 0;
    if (lab == NULL)
        return 0;
    if (lab->opened) {
        bool before = run_failed(&lab->run);
        lab_stop(&lab->run);
        if (!before && run_failed(&lab->run))
            stopped = first_failure(&lab->run, e);
        run_close(&lab->run);
    }
    scenario_free(lab->scenario);
    free(lab->programs);
    free(lab->keys);
    free(lab->dir);
    free(lab->capf_certificate);
    free(lab->ra_trust);
    free(lab->web_trust);
    free(lab);
    return stopped;
}

const char *bench_lab_capf(const struct bench_lab *lab) {
    return lab->run.addresses[COMPONENT_CAPF];
}
const char *bench_lab_ra(const struct bench_lab *lab) {
    return lab->run.addresses[COMPONENT_RA];
}
const char *bench_lab_certsrv(const struct bench_lab *lab) {
    return lab->run.addresses[COMPONENT_CERTSRV];
}
const char *bench_lab_web_trust(const struct bench_lab *lab) {
    return lab->web_trust;
}
const char *bench_lab_capf_certificate(const struct bench_lab *lab) {
    return lab->capf_certificate;
}
const char *bench_lab_ra_trust(const struct bench_lab *lab) {
    return lab->ra_trust;
}
const char *bench_lab_user(const struct bench_lab *lab) {
    (void)lab;
    return "MICHAMEN\\ciscora:" LAB_PASSWORD;
}

size_t bench_lab_components(const struct bench_lab *lab,
                            struct bench_component out[BENCH_COMPONENTS_MAX]) {
    size_t n = 0;
    for (size_t c = COMPONENT_COUNT; c-- > 0;)
        if (lab->run.components[c].pid > 0)
            out[n++] = (struct bench_component){component_name((enum component)c),
                                                lab->run.components[c].pid};
    return n;
}

int bench_pool_take(enum bench_key key, char **paths, size_t count, struct err *e) {
    AUTO(char) dir = keypool_default_dir();
    struct keypool pool;
    if (dir == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    int taken = keypool_open(&pool, dir, e);
    for (size_t i = 0; taken == 0 && i < count; i++) {
        paths[i] = keypool_take(&pool, kinds[key].kind, kinds[key].bits, e);
        taken = paths[i] == NULL ? -1 : 0;
    }
    keypool_close(&pool);
    return taken;
}
