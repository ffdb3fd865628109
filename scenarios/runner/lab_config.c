/* The configuration file of each program, from the scenario's settings. Every value that the
 * scenario can change is written, so that the file alone says how the program was started. */
#include "scenarios/runner/lab_config.h"

#include "base/owned.h"
#include "scenarios/runner/sut_run.h"
#include "scenarios/runner/yaml_write.h"

#include <string.h>

#define HANDSHAKE_TIMEOUT_US INT64_C(60000000)

/* Puts a path below the scenario's folder, or drops the key without memory. */
void set_path(json_t *o, const char *key, const struct run *r, const char *below) {
    AUTO(char) path = run_path(r, "%s", below);
    if (path != NULL)
        json_object_set_new(o, key, json_string(path));
}

void set_string(json_t *o, const char *key, const char *text) {
    if (text != NULL)
        json_object_set_new(o, key, json_string(text));
}

void set_word(json_t *o, const char *key, const struct cfg_word *words, int value) {
    json_object_set_new(o, key, json_string(word_of(words, value)));
}

void set_duration(json_t *o, const char *key, int64_t us) {
    json_object_set_new(o, key, yaml_duration(us));
}

/* The hosts that the components ask for; all of them are this machine. */
static json_t *hosts_of(const struct run *r) {
    json_t *hosts = json_object();
    set_string(hosts, r->scenario->lab.online_ca.host, "127.0.0.1");
    set_string(hosts, "ra.michamen.com", "127.0.0.1");
    set_string(hosts, r->scenario->lab.cucm, "127.0.0.1");
    return hosts;
}

/* A component that is started again listens where it did. */
const char *listen_of(const struct run *r, enum component c) {
    if (r->addresses[c] != NULL)
        return r->addresses[c];
    return r->options->listen[c] != NULL ? r->options->listen[c] : "127.0.0.1:0";
}

void set_listen(json_t *o, const struct run *r, enum component c) {
    set_string(o, "listen", listen_of(r, c));
}

void set_workers(json_t *o, const struct workers_config *workers) {
    json_object_set_new(o, "workers", json_integer(workers->count));
    set_string(o, "durability", workers->durable ? "on" : "off");
}

/* Where clients of a component connect to: the relay in front of it, if there is one. By its name
 * when there is DNS, so that the name is asked for. */
static void set_via(json_t *o, const struct run *r, enum component c, enum component relay,
                    const char *name) {
    const char *at = lab_needs(r, relay) ? r->addresses[relay] : r->addresses[c];
    if (at == NULL)
        return;
    if (r->scenario->lab.has_dns && strncmp(at, "127.", 4) == 0)
        json_object_set_new(o, "via", json_sprintf("%s%s", name, strrchr(at, ':')));
    else
        set_string(o, "via", at);
}

static void set_names(json_t *process, const struct run *r) {
    if (r->scenario->lab.has_dns)
        json_object_set_new(process, "dns-servers", json_pack("[s]", r->addresses[COMPONENT_DNS]));
    else
        json_object_set_new(process, "hosts", hosts_of(r));
}

json_t *process_of(const struct run *r, const char *actor, struct lab_clock clock) {
    json_t *process = json_object();
    char events[192];
    snprintf(events, sizeof events, "events/%s.ndjson", actor);
    set_string(process, "actor", actor);
    set_path(process, "events", r, events);
    set_duration(process, "clock-offset", clock.offset_us);
    json_object_set_new(process, "clock-rate", json_real(clock.rate));
    json_object_set_new(process, "seed",
                        json_sprintf("%s/%s/%s", r->options->seed, r->scenario->name, actor));
    return process;
}

/* Of a component that asks for names, and for the time when it is told to. */
json_t *process_with_names(const struct run *r, enum component c, bool ntp) {
    json_t *process = process_of(r, component_name(c), component_clock(r, c));
    set_names(process, r);
    if (!ntp)
        return process;
    json_t *o = json_object();
    set_string(o, "server", r->addresses[COMPONENT_NTP]);
    set_duration(o, "interval", r->scenario->lab.ntp.interval_us);
    json_object_set_new(process, "ntp", o);
    return process;
}

static json_t *ra_certsrv_of(const struct run *r) {
    const struct lab_settings *lab = &r->scenario->lab;
    json_t *o = json_object();
    set_string(o, "host", lab->online_ca.host);
    json_object_set_new(o, "port", json_integer(443));
    set_via(o, r, COMPONENT_CERTSRV, COMPONENT_WIRE_RA_CERTSRV, lab->online_ca.host);
    set_path(o, "ca-file", r, "pki/web-trust.pem");
    set_string(o, "template", lab->online_ca.template);
    set_word(o, "authentication", scheme_words, lab->ra.authentication);
    set_string(o, "username", lab->online_ca.username);
    set_string(o, "password", lab->online_ca.password);
    set_duration(o, "timeout", lab->ra.timeout_us);
    set_word(o, "session", session_words, lab->ra.session);
    set_duration(o, "chain-retry", lab->ra.chain_retry_us);
    sut_set_server(o, r, COMPONENT_CERTSRV, "ca-file");
    return o;
}

json_t *ra_config(const struct run *r) {
    const struct lab_ra *ra = &r->scenario->lab.ra;
    json_t *o = json_object();
    json_object_set_new(o, "process", process_with_names(r, COMPONENT_RA, ra->ntp));
    set_listen(o, r, COMPONENT_RA);
    set_workers(o, &ra->workers);
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
    set_duration(o, "retry-after", ra->retry_after_us);
    return o;
}

static json_t *est_of(const struct run *r) {
    const struct lab_settings *lab = &r->scenario->lab;
    json_t *o = json_object();
    set_string(o, "host", "ra.michamen.com");
    json_object_set_new(o, "port", json_integer(8084));
    set_via(o, r, COMPONENT_RA, COMPONENT_WIRE_CAPF_RA, "ra.michamen.com");
    set_path(o, "ca-file", r, "pki/ra-trust.pem");
    set_string(o, "username", lab->online_ca.username);
    set_string(o, "password", lab->online_ca.password);
    set_duration(o, "timeout", lab->capf.est.timeout_us);
    set_word(o, "session", session_words, lab->capf.est.session);
    sut_set_server(o, r, COMPONENT_RA, "ca-file");
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
    json_object_set_new(o, "process", process_with_names(r, COMPONENT_CAPF, c->ntp));
    set_listen(o, r, COMPONENT_CAPF);
    set_workers(o, &c->workers);
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
    set_string(o, "host", r->scenario->lab.cucm);
    json_object_set_new(o, "port", json_integer(3804));
    set_via(o, r, COMPONENT_CAPF, COMPONENT_WIRE_PHONE_CAPF, r->scenario->lab.cucm);
    set_path(o, "certificate", r, "pki/capf.pem");
    sut_set_server(o, r, COMPONENT_CAPF, "certificate");
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
    json_object_set_new(o, "retries", json_integer(p->retries));
    set_duration(o, "retry-delay", p->retry_delay_us);
    json_t *behaviour = json_object();
    for (size_t i = 0; behaviour_key(i) != NULL; i++)
        if (p->behaviour[i] != 0)
            set_string(behaviour, behaviour_key(i), behaviour_word(p->behaviour[i]));
    json_object_set_new(o, "behaviour", behaviour);
}

json_t *phone_config(const struct run *r, const struct run_phone *phone) {
    const struct phone_settings *p = phone->settings;
    char below[192];
    json_t *o = json_object();
    json_t *process = process_of(r, p->name, phone_clock(r, p));
    set_names(process, r);
    json_object_set_new(o, "process", process);
    set_string(o, "name", p->name);
    set_string(o, "model", p->model);
    snprintf(below, sizeof below, "logs/phone-%s.log", p->name);
    set_path(o, "log", r, below);
    if (r->scenario->lab.has_tftp)
        phone_boot_config(o, r, p);
    else
        json_object_set_new(o, "capf", phone_capf(r));
    snprintf(below, sizeof below, "pki/mic-%s.pem", p->name);
    if (phone->mic_key != NULL)
        json_object_set_new(o, "mic", phone_certificate(r, below, phone->mic_key));
    json_object_set_new(o, "lsc", phone_lsc(r, p->name));
    set_string(o, "key-file", phone->new_key);
    set_behaviour(o, p);
    json_object_set_new(o, "faults", faults_config(r, "phone", NULL));
    return o;
}

static void apply_pairs(json_t *o, const struct cfg_pairs *pairs) {
    for (size_t i = 0; i < pairs->count; i++)
        config_set(o, pairs->items[i].name, pairs->items[i].value);
}

static const struct cfg_pairs *further_keys(const struct run *r, enum component c) {
    static const struct cfg_pairs none = {0};
    const struct lab_settings *lab = &r->scenario->lab;
    switch (c) {
    case COMPONENT_CERTSRV:
        return &lab->certsrv.config;
    case COMPONENT_RA:
        return &lab->ra.config;
    case COMPONENT_CAPF:
        return &lab->capf.config;
    case COMPONENT_TVS:
        return &lab->tvs.config;
    case COMPONENT_TFTP:
        return &lab->tftp.config;
    default:
        return &none;
    }
}

static json_t *plain_config(const struct run *r, enum component c) {
    switch (c) {
    case COMPONENT_NTP:
        return ntp_config(r);
    case COMPONENT_DNS:
        return dns_config(r);
    case COMPONENT_CERTSRV:
        return certsrv_config(r);
    case COMPONENT_RA:
        return ra_config(r);
    case COMPONENT_CAPF:
        return capf_config(r);
    case COMPONENT_TVS:
        return tvs_config(r);
    case COMPONENT_TFTP:
        return tftp_config(r);
    default:
        return relay_config(r, c);
    }
}

/* Handshakes take the machine's time, whatever the component's clock: a fast clock or a slow
 * machine must not cut them off. */
static void set_handshake_timeout(json_t *o, const struct run *r, enum component c) {
    static const bool has_one[COMPONENT_COUNT] = {[COMPONENT_CAPF] = true,
                                                  [COMPONENT_RA] = true,
                                                  [COMPONENT_CERTSRV] = true,
                                                  [COMPONENT_TVS] = true};
    double times = component_clock(r, c).rate * r->options->patience;
    if (has_one[c])
        set_duration(o, "handshake-timeout", (int64_t)(HANDSHAKE_TIMEOUT_US * times));
}

json_t *component_config(const struct run *r, enum component c) {
    json_t *o = plain_config(r, c);
    const char *key;
    const json_t *value;
    set_handshake_timeout(o, r, c);
    apply_pairs(o, further_keys(r, c));
    json_object_foreach(r->changes[c], key, value) {
        config_set(o, key, json_string_value(value));
    }
    return o;
}

void config_set(json_t *config, const char *path, const char *value) {
    AUTO(char) copy = strdup(path);
    char *rest = NULL;
    char *key = copy == NULL ? NULL : strtok_r(copy, ".", &rest);
    for (char *next; key != NULL && (next = strtok_r(NULL, ".", &rest)) != NULL; key = next) {
        json_t *below = json_object_get(config, key);
        if (!json_is_object(below)) {
            below = json_object();
            json_object_set_new(config, key, below);
        }
        config = below;
    }
    if (key != NULL)
        json_object_set_new(config, key, json_string(value));
}
