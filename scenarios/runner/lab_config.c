/* The configuration file of each program, from the scenario's settings. Every value that the
 * scenario can change is written, so that the file alone says how the program was started. */
#include "scenarios/runner/run.h"

#include "base/owned.h"
#include "scenarios/runner/yaml_write.h"

#include <string.h>

/* Puts a path below the scenario's folder, or drops the key without memory. */
static void set_path(json_t *o, const char *key, const struct run *r, const char *below) {
    AUTO(char) path = run_path(r, "%s", below);
    if (path != NULL)
        json_object_set_new(o, key, json_string(path));
}

static void set_string(json_t *o, const char *key, const char *text) {
    if (text != NULL)
        json_object_set_new(o, key, json_string(text));
}

static void set_word(json_t *o, const char *key, const struct cfg_word *words, int value) {
    json_object_set_new(o, key, json_string(word_of(words, value)));
}

static void set_duration(json_t *o, const char *key, int64_t us) {
    json_object_set_new(o, key, yaml_duration(us));
}

/* The hosts that the components ask for; all of them are this machine. */
static json_t *hosts_of(const struct run *r) {
    json_t *hosts = json_object();
    set_string(hosts, r->scenario->lab.online_ca.host, "127.0.0.1");
    set_string(hosts, "ra.michamen.com", "127.0.0.1");
    set_string(hosts, "cucm-pub.michamen.com", "127.0.0.1");
    return hosts;
}

static void set_listen(json_t *o, const struct run *r, enum component c) {
    const char *given = r->options->listen[c];
    set_string(o, "listen", given != NULL ? given : "127.0.0.1:0");
}

static json_t *process_of(const struct run *r, const char *actor) {
    json_t *process = json_object();
    const struct lab_clock *clock = &r->scenario->lab.clock;
    char events[192];
    snprintf(events, sizeof events, "events/%s.ndjson", actor);
    set_string(process, "actor", actor);
    set_path(process, "events", r, events);
    set_duration(process, "clock-offset", clock->offset_us);
    json_object_set_new(process, "clock-rate", json_real(clock->rate));
    json_object_set_new(process, "seed",
                        json_sprintf("%s/%s/%s", r->options->seed, r->scenario->name, actor));
    json_object_set_new(process, "hosts", hosts_of(r));
    return process;
}

static json_t *users_of(const struct lab_certsrv *c) {
    json_t *users = json_array();
    const struct user *given = c->users.items;
    for (size_t i = 0; i < c->users.count; i++)
        json_array_append_new(users, json_pack("{s:s, s:s, s:b}", "name", given[i].name, "password",
                                               given[i].password, "enroll", given[i].enroll));
    if (c->users.count == 0)
        json_array_append_new(users, json_pack("{s:s, s:s, s:b}", "name", "ciscora", "password",
                                               LAB_PASSWORD, "enroll", true));
    return users;
}

static json_t *templates_of(const struct lab_certsrv *c) {
    json_t *templates = json_array();
    const struct template *given = c->templates.items;
    for (size_t i = 0; i < c->templates.count; i++)
        json_array_append_new(templates, json_pack("{s:s}", "name", given[i].name));
    if (c->templates.count == 0)
        json_array_append_new(templates, json_pack("{s:s}", "name", "CiscoRA"));
    return templates;
}

static json_t *schemes_of(const struct lab_certsrv *c) {
    if (c->authentication.count == 0)
        return json_pack("[s, s]", "negotiate", "ntlm");
    json_t *schemes = json_array();
    for (size_t i = 0; i < c->authentication.count; i++)
        json_array_append_new(schemes, json_string(c->authentication.items[i]));
    return schemes;
}

static json_t *ca_of(const struct run *r) {
    json_t *ca = json_object();
    set_string(ca, "name", "LAB-DC-RTP");
    set_path(ca, "certificate", r, "pki/lab-dc-rtp.pem");
    set_string(ca, "key", r->certs.key_paths[CERT_LAB_DC_RTP]);
    set_path(ca, "chain", r, "pki/lab-ca.pem");
    return ca;
}

json_t *certsrv_config(const struct run *r) {
    const struct lab_certsrv *c = &r->scenario->lab.certsrv;
    json_t *o = json_object();
    json_object_set_new(o, "process", process_of(r, "certsrv"));
    set_listen(o, r, COMPONENT_CERTSRV);
    set_path(o, "log", r, "logs/iis.log");
    set_path(o, "database", r, "db/ca.sqlite");
    set_string(o, "host", "lab-dc.michamen.com");
    json_object_set_new(o, "log-port", json_integer(443));
    set_path(o, "certificate", r, "pki/web-chain.pem");
    set_string(o, "key", r->certs.key_paths[CERT_WEB]);
    json_object_set_new(o, "ca", ca_of(r));
    json_object_set_new(o, "authentication", schemes_of(c));
    json_object_set_new(o, "domain",
                        json_pack("{s:s, s:s}", "netbios", "MICHAMEN", "dns", "michamen.com"));
    json_object_set_new(o, "users", users_of(c));
    json_object_set_new(o, "templates", templates_of(c));
    return o;
}

static json_t *ra_certsrv_of(const struct run *r) {
    const struct lab_settings *lab = &r->scenario->lab;
    json_t *o = json_object();
    set_string(o, "host", lab->online_ca.host);
    json_object_set_new(o, "port", json_integer(443));
    set_string(o, "via", r->addresses[COMPONENT_CERTSRV]);
    set_path(o, "ca-file", r, "pki/web-trust.pem");
    set_string(o, "template", lab->online_ca.template);
    set_word(o, "authentication", scheme_words, lab->ra.authentication);
    set_string(o, "username", lab->online_ca.username);
    set_string(o, "password", lab->online_ca.password);
    set_duration(o, "timeout", lab->ra.timeout_us);
    set_word(o, "session", session_words, lab->ra.session);
    return o;
}

json_t *ra_config(const struct run *r) {
    const struct lab_ra *ra = &r->scenario->lab.ra;
    json_t *o = json_object();
    json_object_set_new(o, "process", process_of(r, "ra"));
    set_listen(o, r, COMPONENT_RA);
    set_path(o, "log", r, "logs/ra.log");
    set_path(o, "error-log", r, "logs/ra-error.log");
    set_path(o, "certificate", r, "pki/ra.pem");
    set_string(o, "key", r->certs.key_paths[CERT_RA]);
    set_path(o, "trust", r, "pki/store.pem");
    set_path(o, "store", r, "db/ra.sqlite");
    json_object_set_new(o, "certsrv", ra_certsrv_of(r));
    json_object_set_new(
        o, "authentication",
        json_pack("{s:s, s:s}", "http", word_of(http_authentication_words, ra->http),
                  "client-certificate", word_of(client_certificate_words, ra->client_certificate)));
    set_word(o, "proof-of-possession", possession_words, ra->possession);
    return o;
}

static json_t *est_of(const struct run *r) {
    const struct lab_settings *lab = &r->scenario->lab;
    json_t *o = json_object();
    set_string(o, "host", "ra.michamen.com");
    json_object_set_new(o, "port", json_integer(8084));
    set_string(o, "via", r->addresses[COMPONENT_RA]);
    set_path(o, "ca-file", r, "pki/ra-trust.pem");
    set_string(o, "username", lab->online_ca.username);
    set_string(o, "password", lab->online_ca.password);
    set_duration(o, "timeout", lab->capf.est.timeout_us);
    set_word(o, "session", session_words, lab->capf.est.session);
    return o;
}

static json_t *trust_of(const struct run *r) {
    json_t *o = json_object();
    set_path(o, "lsc", r, "pki/capf-trust.pem");
    set_path(o, "mic", r, "pki/mic-ca.pem");
    return o;
}

static void set_limits(json_t *o, const struct lab_capf *c) {
    json_t *keys = json_object();
    set_duration(keys, "timeout", c->key_generation.timeout_us);
    json_object_set_new(keys, "attempts", json_integer(c->key_generation.attempts));
    json_object_set_new(o, "key-generation", keys);
    set_duration(o, "message-timeout", c->message_timeout_us);
    set_word(o, "no-csr-policy", no_csr_policy_words, c->no_csr_policy);
    json_object_set_new(o, "no-operation-reason", json_integer(c->no_operation_reason));
    json_object_set_new(o, "advanced-encryption", json_boolean(c->advanced_encryption));
    json_t *lock = json_object();
    json_object_set_new(lock, "attempts", json_integer(c->authentication.attempts));
    set_duration(lock, "lockout", c->authentication.lockout_us);
    json_object_set_new(o, "authentication", lock);
}

json_t *capf_config(const struct run *r) {
    const struct lab_capf *c = &r->scenario->lab.capf;
    const struct lab_online_ca *online = &r->scenario->lab.online_ca;
    json_t *o = json_object();
    json_object_set_new(o, "process", process_of(r, "capf"));
    set_listen(o, r, COMPONENT_CAPF);
    set_path(o, "log", r, "logs/capf.log");
    set_path(o, "store", r, "db/devices.sqlite");
    set_string(o, "root", r->dir);
    set_path(o, "certificate", r, "pki/capf.pem");
    set_string(o, "key", r->certs.key_paths[CERT_CAPF]);
    json_object_set_new(o, "legacy-tls", json_boolean(c->legacy_tls));
    set_word(o, "issuer", issuer_words, c->issuer);
    set_duration(o, "lsc-validity", c->lsc_validity_us);
    json_object_set_new(o, "trust", trust_of(r));
    set_limits(o, c);
    if (c->issuer != ISSUER_ONLINE_CA)
        return o;
    json_object_set_new(o, "online-ca",
                        json_pack("{s:s, s:i, s:s}", "host", online->host, "port", 443, "template",
                                  online->template));
    json_object_set_new(o, "est", est_of(r));
    return o;
}

static json_t *phone_certificate(const struct run *r, const char *below, const char *key) {
    json_t *o = json_object();
    set_path(o, "certificate", r, below);
    set_string(o, "key", key);
    return o;
}

static json_t *phone_lsc(const struct run *r, const char *name) {
    json_t *o = json_object();
    char below[192];
    snprintf(below, sizeof below, "lsc/%s.pem", name);
    set_path(o, "certificate", r, below);
    snprintf(below, sizeof below, "lsc/%s.key", name);
    set_path(o, "key", r, below);
    return o;
}

static json_t *phone_capf(const struct run *r) {
    json_t *o = json_object();
    set_string(o, "host", "cucm-pub.michamen.com");
    json_object_set_new(o, "port", json_integer(3804));
    set_string(o, "via", r->addresses[COMPONENT_CAPF]);
    set_path(o, "certificate", r, "pki/capf.pem");
    return o;
}

static json_t *phone_authentication(const struct phone_settings *p) {
    json_t *o = json_object();
    set_word(o, "mode", authentication_words, p->authentication);
    set_string(o, "string", p->string);
    return o;
}

static void set_behaviour(json_t *o, const struct phone_settings *p) {
    json_object_set_new(o, "version", json_integer(p->version));
    json_object_set_new(o, "authentication", phone_authentication(p));
    json_object_set_new(o, "keys", json_pack("{s:b, s:b}", "rsa", p->keys.rsa, "ec", p->keys.ec));
    json_object_set_new(o, "sign", json_boolean(p->sign));
    json_object_set_new(o, "progress", json_integer(p->progress));
    set_duration(o, "key-generation-time", p->key_generation_us);
    set_duration(o, "timeout", p->timeout_us);
}

json_t *phone_config(const struct run *r, const struct run_phone *phone) {
    const struct phone_settings *p = phone->settings;
    char below[192];
    json_t *o = json_object();
    json_object_set_new(o, "process", process_of(r, p->name));
    set_string(o, "name", p->name);
    set_string(o, "model", p->model);
    snprintf(below, sizeof below, "logs/phone-%s.log", p->name);
    set_path(o, "log", r, below);
    json_object_set_new(o, "capf", phone_capf(r));
    snprintf(below, sizeof below, "pki/mic-%s.pem", p->name);
    if (phone->mic_key != NULL)
        json_object_set_new(o, "mic", phone_certificate(r, below, phone->mic_key));
    json_object_set_new(o, "lsc", phone_lsc(r, p->name));
    set_string(o, "key-file", phone->new_key);
    set_behaviour(o, p);
    return o;
}
