/* What trust is made of in a lab: the records of CUCM's lists, what TVS vouches for, and what
 * phones that boot are told. The order of records is that of seed 5's `show itl`. */
#include "scenarios/runner/lab_config.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "itl/itl_write.h"

#include <openssl/core_names.h>
#include <string.h>

enum { ROLES_MAX = 3 };

/* A certificate of the cluster, with the roles in which its parts know it. */
struct member {
    enum lab_cert_id cert;
    const char *file;
    const char *roles[ROLES_MAX];
};

static const struct member members[] = {
    {CERT_CAPF, "pki/capf.pem", {"capf"}},
    {CERT_TVS, "pki/tvs.pem", {"tvs"}},
    {CERT_ITLRECOVERY, "pki/itlrecovery.pem", {"sast"}},
    {CERT_CALLMANAGER, "pki/callmanager.pem", {"sast", "tftp"}},
};
enum { MEMBERS = sizeof members / sizeof members[0] };

static bool has_word(const struct cfg_strings *words, const char *word) {
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->items[i], word) == 0)
            return true;
    return false;
}

static json_t *roles_of(const struct member *m, const struct cfg_strings *without) {
    json_t *roles = json_array();
    for (size_t i = 0; i < ROLES_MAX && m->roles[i] != NULL; i++)
        if (!has_word(without, m->roles[i]))
            json_array_append_new(roles, json_string(m->roles[i]));
    return roles;
}

static bool is_there(const struct run *r, const struct member *m) {
    return m->cert != CERT_TVS || r->scenario->lab.has_tvs;
}

/* [{certificate: FILE, roles: [...]}] of those that have any role left. */
static json_t *members_of(const struct run *r, const struct cfg_strings *without) {
    json_t *list = json_array();
    for (size_t i = 0; i < MEMBERS; i++) {
        json_t *roles = roles_of(&members[i], without);
        json_t *o = json_object();
        set_path(o, "certificate", r, members[i].file);
        json_object_set(o, "roles", roles);
        if (json_array_size(roles) > 0 && is_there(r, &members[i]))
            json_array_append(list, o);
        json_decref(roles);
        json_decref(o);
    }
    return list;
}

json_t *tvs_config(const struct run *r) {
    json_t *o = json_object();
    json_object_set_new(o, "process", process_of(r, "tvs", component_clock(r, COMPONENT_TVS)));
    set_listen(o, r, COMPONENT_TVS);
    set_path(o, "log", r, "logs/tvs.log");
    set_path(o, "certificate", r, "pki/tvs.pem");
    set_string(o, "key", r->certs.key_paths[CERT_TVS]);
    json_object_set_new(o, "store", members_of(r, &r->scenario->lab.tvs.without));
    json_object_set_new(o, "faults", faults_config(r, "tvs", NULL));
    return o;
}

static json_t *signer_of(const struct run *r, const char *file, enum lab_cert_id id) {
    json_t *o = json_object();
    set_path(o, "certificate", r, file);
    set_string(o, "key", r->certs.key_paths[id]);
    return o;
}

static json_t *hosts_of(const struct cfg_strings *names, const char *otherwise) {
    json_t *list = json_array();
    for (size_t i = 0; i < names->count; i++)
        json_array_append_new(list, json_pack("{s:s}", "host", names->items[i]));
    if (names->count == 0 && otherwise != NULL)
        json_array_append_new(list, json_pack("{s:s}", "host", otherwise));
    return list;
}

static json_t *devices_of(const struct run *r) {
    const struct lab_settings *lab = &r->scenario->lab;
    json_t *template = json_object();
    json_object_set_new(template, "capf", hosts_of(&lab->tftp.capf, lab->cucm));
    json_object_set_new(template, "tvs", hosts_of(&lab->tftp.tvs, lab->has_tvs ? lab->cucm : NULL));
    set_string(template, "auth-mode", lab->tftp.profile);
    json_t *o = json_object();
    set_path(o, "store", r, "db/devices.sqlite");
    json_object_set_new(o, "template", template);
    return o;
}

json_t *tftp_config(const struct run *r) {
    const struct lab_tftp *tftp = &r->scenario->lab.tftp;
    json_t *o = json_object();
    json_object_set_new(o, "process", process_of(r, "tftp", component_clock(r, COMPONENT_TFTP)));
    set_listen(o, r, COMPONENT_TFTP);
    set_string(o, "http", r->http_address != NULL ? r->http_address : "127.0.0.1:0");
    set_path(o, "log", r, "logs/tftp.log");
    json_object_set_new(o, "signer", signer_of(r, "pki/callmanager.pem", CERT_CALLMANAGER));
    json_object_set_new(o, "recovery", signer_of(r, "pki/itlrecovery.pem", CERT_ITLRECOVERY));
    json_object_set_new(o, "itl", members_of(r, &tftp->without));
    json_object_set_new(o, "ctl", members_of(r, &tftp->without));
    json_object_set_new(o, "devices", devices_of(r));
    json_object_set_new(o, "faults", faults_config(r, "tftp", NULL));
    return o;
}

/* ---- phones ---- */

/* By name where the name is to be asked for. */
static void set_route(json_t *routes, const char *host, int port, const char *to, bool by_name) {
    char from[300];
    if (to == NULL)
        return;
    snprintf(from, sizeof from, "%s:%d", host, port);
    if (by_name)
        json_object_set_new(routes, from, json_sprintf("%s%s", host, strrchr(to, ':')));
    else
        set_string(routes, from, to);
}

static const char *way_to(const struct run *r, enum component c, enum component relay) {
    return lab_needs(r, relay) ? r->addresses[relay] : r->addresses[c];
}

static void set_routes(json_t *routes, const struct run *r, const struct cfg_strings *hosts,
                       int port, const char *to) {
    const struct lab_settings *lab = &r->scenario->lab;
    for (size_t i = 0; i < hosts->count; i++)
        set_route(routes, hosts->items[i], port, to, lab->has_dns);
    if (hosts->count == 0)
        set_route(routes, lab->cucm, port, to, lab->has_dns);
}

static json_t *routes_of(const struct run *r) {
    const struct lab_settings *lab = &r->scenario->lab;
    json_t *routes = json_object();
    const char *http = lab_needs(r, COMPONENT_WIRE_PHONE_HTTP)
                           ? r->addresses[COMPONENT_WIRE_PHONE_HTTP]
                           : r->http_address;
    set_route(routes, "127.0.0.1", HTTP_PORT, http, false);
    set_route(routes, "127.0.0.1", TFTP_PORT, r->addresses[COMPONENT_TFTP], false);
    set_routes(routes, r, &lab->tftp.capf, CAPF_PORT,
               way_to(r, COMPONENT_CAPF, COMPONENT_WIRE_PHONE_CAPF));
    if (lab->has_tvs)
        set_routes(routes, r, &lab->tftp.tvs, TVS_PORT,
                   way_to(r, COMPONENT_TVS, COMPONENT_WIRE_PHONE_TVS));
    return routes;
}

/* By address, as from DHCP option 150: so that a name server that fails does not hide what comes
 * after the files. */
void phone_boot_config(json_t *o, const struct run *r, const struct phone_settings *p) {
    char state[192];
    snprintf(state, sizeof state, "phones/%s", p->name);
    json_object_set_new(o, "tftp", json_pack("{s:[{s:s}]}", "servers", "host", "127.0.0.1"));
    json_object_set_new(o, "routes", routes_of(r));
    set_path(o, "state", r, state);
    set_word(o, "lsc-fallback", lsc_fallback_words, p->lsc_fallback);
    set_word(o, "unresolved", unresolved_words, p->unresolved);
    if (p->list == LIST_NONE)
        return;
    static const char *const lists[] = {[LIST_CURRENT] = "pki/current.tlv",
                                        [LIST_OTHER_CLUSTER] = "pki/other-cluster.tlv",
                                        [LIST_CORRUPTED] = "pki/corrupted.tlv"};
    json_t *before = json_object();
    set_path(before, "itl", r, lists[p->list]);
    json_object_set_new(o, "before", before);
}

/* The list of a cluster whose CallManager signs it. */
struct cluster_list {
    const char *file;
    enum lab_cert_id signer, capf;
    enum lab_cert_id more[2]; /* what more it has */
    size_t more_count;
};
enum { OWN_RECORDS = 3, RECORDS_MAX = OWN_RECORDS + 2 };

static int write_list(struct run *r, const struct cluster_list *wanted, struct err *e) {
    X509 *const *certs = r->certs.certs;
    X509 *signer = certs[wanted->signer];
    struct itl_entry entries[RECORDS_MAX] = {
        {.role = ITL_ROLE_CAPF, .certificate = certs[wanted->capf]},
        {.role = ITL_ROLE_SAST, .certificate = signer},
        {.role = ITL_ROLE_TFTP, .certificate = signer},
    };
    for (size_t i = 0; i < wanted->more_count; i++)
        entries[OWN_RECORDS + i] =
            (struct itl_entry){.role = wanted->more[i] == CERT_TVS ? ITL_ROLE_TVS : ITL_ROLE_SAST,
                               .certificate = certs[wanted->more[i]]};
    const struct itl_plan plan = {.layout = ITL_LAYOUT_CUCM,
                                  .timestamp = (uint32_t)clock_wall(),
                                  .signer = signer,
                                  .signer_key = r->certs.keys[wanted->signer],
                                  .entries = entries,
                                  .count = OWN_RECORDS + wanted->more_count};
    AUTO_BUF list = BUF_INIT(ITL_MAX);
    AUTO(char) path = lab_certs_path(&r->certs, wanted->file);
    if (path == NULL || itl_build(&plan, &list, e) != 0)
        return path == NULL ? err_set(e, ERR_SYS_NOMEM, NULL) : -1;
    return file_write(path, buf_view(&list), 0644, e);
}

/* Turns one bit in each copy of the signer's key. */
static int corrupt_list(struct run *r, struct err *e) {
    enum { PART = 32 };
    uint8_t modulus[1024];
    AUTO(BIGNUM) n = NULL;
    AUTO_BUF list = BUF_INIT(ITL_MAX);
    AUTO(char) from = lab_certs_path(&r->certs, "current.tlv");
    AUTO(char) to = lab_certs_path(&r->certs, "corrupted.tlv");
    if (from == NULL || to == NULL || file_read(from, &list, e) != 0)
        return -1;
    EVP_PKEY_get_bn_param(r->certs.keys[CERT_CALLMANAGER], OSSL_PKEY_PARAM_RSA_N, &n);
    if (n == NULL || BN_num_bytes(n) > (int)sizeof modulus)
        return err_openssl(e, ERR_KEY_UNSUPPORTED, "callmanager");
    BN_bn2bin(n, modulus);
    for (uint8_t *at = list.data;
         (at = memmem(at, list.len - (size_t)(at - list.data), modulus, PART)) != NULL;)
        *at ^= 1;
    return file_write(to, buf_view(&list), 0644, e);
}

int lab_write_lists(struct run *r, struct err *e) {
    const struct lab_settings *lab = &r->scenario->lab;
    const struct cluster_list own = {.file = "current.tlv",
                                     .signer = CERT_CALLMANAGER,
                                     .capf = CERT_CAPF,
                                     .more = {CERT_ITLRECOVERY, CERT_TVS},
                                     .more_count = lab->has_tvs ? 2 : 1};
    const struct cluster_list other = {
        .file = "other-cluster.tlv", .signer = CERT_OTHER_CALLMANAGER, .capf = CERT_OTHER_CAPF};
    if (!lab->has_tftp)
        return 0;
    if (write_list(r, &own, e) != 0 || write_list(r, &other, e) != 0)
        return -1;
    return corrupt_list(r, e);
}
