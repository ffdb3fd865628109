/* Bringing a lab up and down: certificates and keys, the programs in the order in which they need
 * each other, the devices; then the way back. */
#include "scenarios/runner/run.h"

#include "base/events.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/process.h"
#include "base/random.h"
#include "scenarios/runner/sut_run.h"
#include "scenarios/runner/torture_lab.h"
#include "scenarios/runner/yaml_write.h"

#include <stdlib.h>
#include <string.h>

enum {
    READY_US = 20 * 1000000,
    STOP_US = 10 * 1000000,
    PHONE_RSA_BITS = 2048,
    LSC_BYTES_MAX = 64 * 1024,
};

static int give_mic(struct run *r, struct run_phone *p, struct err *e) {
    if (p->settings->mic == MIC_NONE)
        return 0;
    p->mic_key = keypool_take(&r->pool, KEY_RSA, PHONE_RSA_BITS, e);
    return p->mic_key == NULL ? -1 : lab_certs_mic(&r->certs, p->settings, p->mic_key, e);
}

static int copy_file(const char *from, const char *to, mode_t mode, struct err *e) {
    AUTO_BUF content = BUF_INIT(LSC_BYTES_MAX);
    if (file_read(from, &content, e) != 0)
        return -1;
    return file_write(to, buf_view(&content), mode, e);
}

static int give_lsc(struct run *r, struct run_phone *p, struct err *e) {
    if (p->settings->lsc == LSC_NONE)
        return 0;
    AUTO(char) cert = run_path(r, "lsc/%s.pem", p->settings->name);
    AUTO(char) key = run_path(r, "lsc/%s.key", p->settings->name);
    p->lsc_key = keypool_take(&r->pool, KEY_RSA, PHONE_RSA_BITS, e);
    if (p->lsc_key == NULL || cert == NULL || key == NULL)
        return -1;
    enum lab_cert_id issuer = p->settings->lsc == LSC_UNTRUSTED
                                  ? CERT_FOREIGN
                                  : lab_lsc_issuer(r->scenario->lab.capf.issuer);
    if (lab_certs_lsc(&r->certs, p->settings, issuer, p->lsc_key, cert, e) != 0 ||
        copy_file(p->lsc_key, key, 0600, e) != 0)
        return -1;
    AUTO_BUF pem = BUF_INIT(LSC_BYTES_MAX);
    if (file_read(cert, &pem, e) != 0)
        return -1;
    p->lsc_before = buf_take_str(&pem);
    return 0;
}

int lab_prepare(struct run *r, struct err *e) {
    AUTO(char) seed = NULL;
    AUTO(char) events = run_path(r, "events/lab.ndjson");
    AUTO(char) pki = run_path(r, "pki");
    if (events == NULL || pki == NULL ||
        asprintf(&seed, "%s/%s/lab", r->options->seed, r->scenario->name) < 0)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    random_seed(seed);
    if (events_open(events, "lab", e) != 0 || keypool_open(&r->pool, r->options->keys, e) != 0 ||
        lab_certs_make(&r->certs, &r->scenario->lab, &r->pool, pki, e) != 0 ||
        lab_write_lists(r, e) != 0)
        return -1;
    for (size_t i = 0; i < r->scenario->phone_count; i++)
        if (give_mic(r, &r->phones[i], e) != 0 || give_lsc(r, &r->phones[i], e) != 0)
            return err_context(e, "phone %s", r->scenario->phones[i].name);
    return 0;
}

bool lab_needs(const struct run *r, enum component c) {
    return scenario_needs(r->scenario, c) && !sut_absent(r->options->suts, c);
}

static char *write_config(const struct run *r, const char *actor, const char *program,
                          json_t *config, struct err *e) {
    AUTO(char) path = run_path(r, "config/%s.yaml", actor);
    AUTO(char) comment = NULL;
    if (asprintf(&comment, "%s --config %s", program, path == NULL ? "" : path) < 0)
        comment = NULL;
    int written = path == NULL || comment == NULL ? err_set(e, ERR_SYS_NOMEM, NULL)
                                                  : yaml_write_file(path, comment, config, e);
    json_decref(config);
    return written == 0 ? TAKE(path) : NULL;
}

static int start_program(struct run *r, enum component c, const char *config, struct err *e) {
    const char *name = component_name(c);
    AUTO(char) program = path_join(r->options->programs, "%s", component_program(c));
    AUTO(char) errors = run_path(r, "logs/%s.stderr", name);
    const char *const args[] = {"--config", config, NULL};
    if (program == NULL || errors == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    const struct actor_command command = {.name = name,
                                          .program = program,
                                          .args = args,
                                          .stderr_path = errors,
                                          .ready = true,
                                          .wrap = r->options->wrap,
                                          .environment = torture_environment(r, c)};
    return actor_start(&r->components[c], &command, e);
}

/* A relay has an address for each of its connections. */
static const char *address_in(const json_t *facts, enum component c) {
    const json_t *listen = json_object_get(facts, "listen");
    const char *connection = component_connection(c);
    return json_string_value(connection == NULL ? listen : json_object_get(listen, connection));
}

static void keep_http_address(struct run *r, const json_t *facts) {
    const char *http = json_string_value(json_object_get(facts, "http"));
    free(r->http_address);
    r->http_address = http == NULL ? NULL : strdup(http);
}

static int await_ready(struct run *r, enum component c, struct err *e) {
    json_t *facts = NULL;
    if (actor_wait_ready(&r->components[c], run_deadline(r, READY_US), &facts, e) != 0)
        return -1;
    const char *listen = address_in(facts, c);
    char *address = listen == NULL ? NULL : strdup(listen);
    if (c == COMPONENT_TFTP)
        keep_http_address(r, facts);
    json_decref(r->workers[c]);
    r->workers[c] = json_incref(json_object_get(facts, "workers"));
    json_decref(facts);
    if (address == NULL)
        return err_set(e, ERR_SYS_IO, "%s does not say where it listens", component_name(c));
    free(r->addresses[c]);
    r->addresses[c] = address;
    return 0;
}

static int hold(int *held, char **address, struct err *e) {
    *held = reserve_tcp("127.0.0.1:0", address, e);
    return *held < 0 ? -1 : 0;
}

/* The ports are the lab's own to its end, so that no other lab's program is found there while ours
 * does not run. Datagrams cannot be shared that way. */
static int hold_ports(struct run *r, enum component c, struct err *e) {
    if (c == COMPONENT_TFTP && r->http_address == NULL)
        return hold(&r->held_http, &r->http_address, e);
    if (c == COMPONENT_TFTP || c == COMPONENT_DNS || c == COMPONENT_NTP ||
        r->addresses[c] != NULL || r->options->listen[c] != NULL)
        return 0;
    return hold(&r->held[c], &r->addresses[c], e);
}

int lab_start_component(struct run *r, enum component c, struct err *e) {
    const struct sut *sut = sut_of(r->options->suts, c, NULL);
    if (r->first_start[c] == 0)
        r->first_start[c] = deadline_in(0);
    if (sut != NULL && sut_place(r, c, e) != 0)
        return -1;
    if (sut != NULL && sut->address != NULL)
        return 0;
    if (sut == NULL && hold_ports(r, c, e) != 0)
        return -1;
    AUTO(char)
    config = write_config(r, component_name(c), component_program(c), component_config(r, c), e);
    actor_release(&r->components[c]);
    if (config == NULL)
        return -1;
    if (sut != NULL ? sut_start(r, c, config, e) != 0
                    : start_program(r, c, config, e) != 0 || await_ready(r, c, e) != 0)
        return -1;
    event_message("lab", component_name(c), "started", "%s", r->addresses[c]);
    return 0;
}

int lab_start(struct run *r) {
    static const char *const step_names[] = {
#define X(id, name, program, log) "start " name,
        COMPONENT_TABLE(X)
#undef X
    };
    for (size_t c = 0; c < COMPONENT_COUNT; c++) {
        struct err e = {0};
        if (!lab_needs(r, (enum component)c))
            continue;
        r->step = step_names[c];
        if (lab_start_component(r, (enum component)c, &e) != 0 &&
            !torture_starts_again(r, (enum component)c)) {
            r->skipped = actor_ended_with(&r->components[c], 77) || sut_skips(r, (enum component)c);
            run_fail(r, NULL, component_name((enum component)c), "%s", e.text);
            return -1;
        }
    }
    return lab_add_devices(r);
}

void lab_stop(struct run *r) {
    int64_t stop_us = (int64_t)(STOP_US * r->options->patience);
    r->step = "stop";
    for (size_t i = COMPONENT_COUNT; i-- > 0;) {
        struct err e = {0};
        if (actor_stop(&r->components[i], deadline_in(stop_us), &e) == 0 || r->skipped ||
            sut_ended_well(r, (enum component)i))
            continue;
        r->skipped = sut_skips(r, (enum component)i);
        run_fail(r, NULL, component_name((enum component)i), "%s", e.text);
    }
}
