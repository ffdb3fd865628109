/* The configuration files of the mocks: certsrv, DNS, NTP and the relays, with their faults. */
#include "scenarios/runner/lab_config.h"

#include "base/owned.h"
#include "scenarios/runner/yaml_write.h"

#include <string.h>

enum { ACTION_BYTES_MAX = 4096 };

static json_t *fault_of(const struct fault *f) {
    AUTO_BUF action = BUF_INIT(ACTION_BYTES_MAX);
    fault_put(f, &action);
    json_t *o = json_object();
    set_string(o, "at", f->tables->points[f->point].name);
    set_string(o, "name", f->name);
    json_object_set_new(o, "nth", json_integer(f->nth));
    json_object_set_new(o, "times",
                        f->times == INT64_MAX ? json_string("always") : json_integer(f->times));
    set_string(o, "do", buf_str(&action));
    return o;
}

json_t *faults_config(const struct run *r, const char *mock, const char *point) {
    json_t *list = json_array();
    const struct fault_set *set = r->scenario->faults;
    for (size_t i = 0; set != NULL && i < set->count; i++) {
        const struct fault *f = &set->items[i];
        if (strcmp(f->tables->mock, mock) == 0 &&
            (point == NULL || strcmp(f->tables->points[f->point].name, point) == 0))
            json_array_append_new(list, fault_of(f));
    }
    return list;
}

static void set_flag(json_t *o, const char *key, bool value) {
    json_object_set_new(o, key, json_boolean(value));
}

static void set_strings(json_t *o, const char *key, const struct cfg_strings *strings) {
    json_t *list = json_array();
    for (size_t i = 0; i < strings->count; i++)
        json_array_append_new(list, json_string(strings->items[i]));
    json_object_set_new(o, key, list);
}

/* A struct that was read through a table, as the same table reads it again. */
static json_t *values_of(const struct cfg_field *fields, const void *values) {
    json_t *o = json_object();
    for (const struct cfg_field *f = fields; f->type != CFG_T_END; f++) {
        const void *at = (const char *)values + f->offset;
        if (f->type == CFG_T_STRING)
            set_string(o, f->name, *(char *const *)at);
        else if (f->type == CFG_T_INT)
            json_object_set_new(o, f->name, json_integer(*(const int64_t *)at));
        else if (f->type == CFG_T_BOOL)
            set_flag(o, f->name, *(const bool *)at);
        else if (f->type == CFG_T_ENUM)
            set_word(o, f->name, f->words, *(const int *)at);
        else if (f->type == CFG_T_DURATION)
            set_duration(o, f->name, *(const int64_t *)at);
        else if (f->type == CFG_T_STRINGS)
            set_strings(o, f->name, at);
    }
    return o;
}

static json_t *list_of(const struct cfg_field *fields, const struct cfg_list *list, size_t size) {
    json_t *all = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(all, values_of(fields, (const char *)list->items + i * size));
    return all;
}

static json_t *users_of(const struct lab_certsrv *c) {
    if (c->users.count > 0)
        return list_of(user_fields, &c->users, sizeof(struct user));
    return json_pack("[{s:s, s:s, s:b}]", "name", "ciscora", "password", LAB_PASSWORD, "enroll",
                     true);
}

static json_t *templates_of(const struct lab_certsrv *c) {
    if (c->templates.count > 0)
        return list_of(template_fields, &c->templates, sizeof(struct template));
    return json_pack("[{s:s}]", "name", "CiscoRA");
}

static void set_schemes(json_t *o, const struct lab_certsrv *c) {
    if (c->authentication.count > 0)
        set_strings(o, "authentication", &c->authentication);
    else
        json_object_set_new(o, "authentication", json_pack("[s, s]", "negotiate", "ntlm"));
}

static json_t *earlier_ca(const struct run *r) {
    json_t *o = json_object();
    set_path(o, "certificate", r, "pki/lab-dc-rtp-0.pem");
    set_string(o, "key", r->certs.key_paths[CERT_LAB_DC_RTP_0]);
    return o;
}

static json_t *ca_of(const struct run *r) {
    const struct lab_ca *ca = &r->scenario->lab.certsrv.ca;
    json_t *o = json_object();
    set_string(o, "name", "LAB-DC-RTP");
    set_path(o, "certificate", r, "pki/lab-dc-rtp.pem");
    set_string(o, "key", r->certs.key_paths[CERT_LAB_DC_RTP]);
    set_path(o, "chain", r, "pki/lab-ca.pem");
    set_flag(o, "own-requests-only", ca->own_requests_only);
    if (ca->renewed)
        json_object_set_new(o, "previous", json_pack("[o]", earlier_ca(r)));
    return o;
}

json_t *certsrv_config(const struct run *r) {
    const struct lab_certsrv *c = &r->scenario->lab.certsrv;
    json_t *o = json_object();
    json_object_set_new(o, "process", process_with_names(r, COMPONENT_CERTSRV, c->ntp));
    set_listen(o, r, COMPONENT_CERTSRV);
    set_workers(o, &c->workers);
    set_path(o, "log", r, "logs/iis.log");
    set_path(o, "database", r, "db/ca.sqlite");
    set_string(o, "host", "lab-dc.michamen.com");
    json_object_set_new(o, "log-port", json_integer(443));
    set_path(o, "certificate", r, "pki/web-chain.pem");
    set_string(o, "key", r->certs.key_paths[CERT_WEB]);
    json_object_set_new(o, "ca", ca_of(r));
    set_schemes(o, c);
    json_object_set_new(o, "domain", values_of(domain_fields, &c->domain));
    json_object_set_new(o, "users", users_of(c));
    json_object_set_new(o, "templates", templates_of(c));
    set_word(o, "language", language_words, c->language);
    set_word(o, "content-type", content_type_words, c->content_type);
    set_word(o, "extended-protection", protection_words, c->extended_protection);
    set_flag(o, "logon-per-request", c->logon_per_request);
    json_object_set_new(o, "faults", faults_config(r, "certsrv", NULL));
    return o;
}

static void add_record(json_t *records, const char *name, const char *address) {
    bool is_v6 = strchr(address, ':') != NULL;
    json_array_append_new(records,
                          json_pack("{s:s, s:[s]}", "name", name, is_v6 ? "aaaa" : "a", address));
}

static const char *given_record(const struct lab_dns *dns, const char *name) {
    for (size_t i = 0; i < dns->records.count; i++)
        if (strcasecmp(dns->records.items[i].name, name) == 0)
            return dns->records.items[i].value;
    return NULL;
}

/* The hosts of the lab, all of them this machine, but for what the scenario says of them. */
static json_t *records_of(const struct lab_dns *dns, const char *cucm) {
    const char *const hosts[] = {"lab-dc.michamen.com", "ra.michamen.com", cucm};
    json_t *records = json_array();
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        if (given_record(dns, hosts[i]) == NULL)
            add_record(records, hosts[i], "127.0.0.1");
    for (size_t i = 0; i < dns->records.count; i++)
        if (strcmp(dns->records.items[i].value, "none") != 0)
            add_record(records, dns->records.items[i].name, dns->records.items[i].value);
    return records;
}

json_t *dns_config(const struct run *r) {
    const struct lab_dns *dns = &r->scenario->lab.dns;
    json_t *o = json_object();
    json_object_set_new(o, "process", process_of(r, "dns", component_clock(r, COMPONENT_DNS)));
    set_listen(o, r, COMPONENT_DNS);
    set_path(o, "log", r, "logs/dns.log");
    json_object_set_new(o, "records", records_of(dns, r->scenario->lab.cucm));
    set_duration(o, "ttl", dns->ttl_us);
    json_object_set_new(o, "faults", faults_config(r, "dns", NULL));
    return o;
}

json_t *ntp_config(const struct run *r) {
    json_t *o = json_object();
    json_object_set_new(o, "process", process_of(r, "ntp", component_clock(r, COMPONENT_NTP)));
    set_listen(o, r, COMPONENT_NTP);
    set_path(o, "log", r, "logs/ntp.log");
    set_duration(o, "offset", r->scenario->lab.ntp.offset_us);
    json_object_set_new(o, "faults", faults_config(r, "ntp", NULL));
    return o;
}

static const char *address_behind(const struct run *r, enum component relay) {
    switch (relay) {
    case COMPONENT_WIRE_RA_CERTSRV:
        return r->addresses[COMPONENT_CERTSRV];
    case COMPONENT_WIRE_CAPF_RA:
        return r->addresses[COMPONENT_RA];
    case COMPONENT_WIRE_PHONE_TVS:
        return r->addresses[COMPONENT_TVS];
    case COMPONENT_WIRE_PHONE_HTTP:
        return r->http_address;
    default:
        return r->addresses[COMPONENT_CAPF];
    }
}

json_t *relay_config(const struct run *r, enum component relay) {
    char log[64];
    char point[64];
    const char *connection = component_connection(relay);
    json_t *o = json_object();
    snprintf(log, sizeof log, "logs/%s", component_log(relay));
    snprintf(point, sizeof point, "wire:%s", connection);
    json_object_set_new(o, "process",
                        process_of(r, component_name(relay), component_clock(r, relay)));
    set_path(o, "log", r, log);
    json_object_set_new(o, "relays",
                        json_pack("[{s:s, s:s, s:s}]", "name", connection, "listen",
                                  listen_of(r, relay), "to", address_behind(r, relay)));
    json_object_set_new(o, "faults", faults_config(r, "wire", point));
    return o;
}
