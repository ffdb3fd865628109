/* Making the lab's certificates from one table. A row whose issuer is itself is self-signed. Must
 * never be used outside a laboratory: the keys are shared by every run. */
#include "scenarios/runner/lab_certs.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/x509.h"
#include "pki/issue.h"

#include <stdlib.h>
#include <string.h>

enum profile {
    PROFILE_CA,
    PROFILE_CAPF,
    PROFILE_NODE, /* self-signed certificates of a CUCM node, for trust lists */
    PROFILE_SERVER,
    PROFILE_REACHABLE_SERVER
};

static const struct {
    const char *file;
    const char *subject;
    enum lab_cert_id issuer;
    enum profile profile;
} rows[] = {
#define X(id, file, subject, issuer, profile) {file, subject, CERT_##issuer, PROFILE_##profile},
    LAB_CERT_TABLE(X)
#undef X
};

enum {
    CA_RSA_BITS = 2048,
    SERVER_EC_BITS = 256,
    DAY_S = 86400,
    BACKDATED_DAYS = 30,
    CA_DAYS = 3650,
    LEAF_DAYS = 730,
    PEM_BYTES_MAX = 256 * 1024,
};

/* One certificate to be. */
struct plan {
    const char *subject;
    const char *dns_name; /* SAN of a server; NULL: it has none */
    EVP_PKEY *key;
    const X509 *issuer; /* NULL: self-signed */
    EVP_PKEY *issuer_key;
    const char *organisation; /* instead of the O of subject; NULL: as it is */
    enum profile profile;
    int64_t from_days, to_days; /* relative to now */
};

/* Clients that take no other address than the one in the URL reach a reachable server by it. A
 * server without dns_name has no SAN at all, as IIS certificates with a bare common name. */
static X509 *issue_server(struct issue_request *request, const char *dns_name, bool reachable,
                          struct err *e) {
    char san[300];
    snprintf(san, sizeof san, "DNS:%s%s", dns_name != NULL ? dns_name : "",
             reachable ? ",DNS:localhost,IP:127.0.0.1" : "");
    const struct issue_extension extensions[] = {
        {.name = "basicConstraints", .value = "critical,CA:FALSE"},
        {.name = "keyUsage", .value = "critical,digitalSignature,keyEncipherment"},
        {.name = "extendedKeyUsage", .value = "serverAuth,clientAuth"},
        {.name = "subjectKeyIdentifier", .value = "hash"},
        {.name = dns_name != NULL ? "subjectAltName" : NULL, .value = san},
        {.name = NULL},
    };
    request->extensions = extensions;
    return issue_certificate(request, e);
}

static bool is_server(enum profile profile) {
    return profile >= PROFILE_NODE;
}

/* Any length goes in: it is for the CA to refuse what is too long. */
static int set_organisation(X509_NAME *subject, const char *text, struct err *e) {
    int at = X509_NAME_get_index_by_NID(subject, NID_organizationName, -1);
    X509_NAME_ENTRY *entry = at < 0 ? NULL : X509_NAME_get_entry(subject, at);
    if (entry != NULL &&
        X509_NAME_ENTRY_set_data(entry, V_ASN1_UTF8STRING, (const unsigned char *)text, -1) == 1)
        return 0;
    return err_openssl(e, ERR_X509_ISSUE, "cannot set the organisation");
}

static X509 *issue_plan(const struct plan *p, struct err *e) {
    AUTO(X509_NAME) subject = x509_name_parse(p->subject, e);
    if (subject == NULL ||
        (p->organisation != NULL && set_organisation(subject, p->organisation, e) != 0))
        return NULL;
    struct issue_request request = {.subject = subject,
                                    .key = p->key,
                                    .issuer = p->issuer,
                                    .issuer_key = p->issuer_key,
                                    .not_before = clock_wall() + p->from_days * DAY_S,
                                    .not_after = clock_wall() + p->to_days * DAY_S};
    if (is_server(p->profile))
        return issue_server(&request, p->dns_name, p->profile == PROFILE_REACHABLE_SERVER, e);
    request.extensions = p->profile == PROFILE_CA ? issue_ca_extensions : issue_capf_extensions;
    return issue_certificate(&request, e);
}

/* The CN of a row's subject, up to the comma behind it. */
static void common_name(const char *subject, char *out, size_t size) {
    const char *cn = strstr(subject, "CN=") + 3;
    snprintf(out, size, "%.*s", (int)strcspn(cn, ","), cn);
}

/* The web server's certificate as the scenario wants it. */
static void adjust_web(struct plan *p, int wanted) {
    switch (wanted) {
    case WEB_SELF_SIGNED:
        p->issuer = NULL;
        p->issuer_key = p->key;
        break;
    case WEB_OTHER_NAME:
        p->subject = "CN=lab-dc";
        p->dns_name = NULL;
        break;
    case WEB_EXPIRED:
        p->to_days = -1;
        break;
    case WEB_NOT_YET_VALID:
        p->from_days = 1;
        break;
    default:
        break;
    }
}

static int make_row(struct lab_certs *c, enum lab_cert_id id, const struct lab_settings *settings,
                    struct err *e) {
    bool self = rows[id].issuer == id;
    char name[64];
    common_name(rows[id].subject, name, sizeof name);
    struct plan p = {.subject = rows[id].subject,
                     .dns_name = name,
                     .key = c->keys[id],
                     .issuer = self ? NULL : c->certs[rows[id].issuer],
                     .issuer_key = self ? c->keys[id] : c->keys[rows[id].issuer],
                     .profile = rows[id].profile,
                     .from_days = -BACKDATED_DAYS,
                     .to_days = is_server(rows[id].profile) ? LEAF_DAYS : CA_DAYS};
    if (id == CERT_CAPF)
        p.organisation = settings->capf.organisation;
    if (id == CERT_WEB)
        adjust_web(&p, settings->certsrv.certificate);
    c->certs[id] = issue_plan(&p, e);
    return c->certs[id] == NULL ? err_context(e, "certificate %s", rows[id].file) : 0;
}

char *lab_certs_path(const struct lab_certs *c, const char *file) {
    return path_join(c->dir, "%s", file);
}

/* Writes the certificates named by ids into one PEM file. */
static int write_bundle(const struct lab_certs *c, const char *file, const enum lab_cert_id *ids,
                        size_t count, struct err *e) {
    AUTO_BUF pem = BUF_INIT(PEM_BYTES_MAX);
    for (size_t i = 0; i < count; i++)
        if (x509_put_pem(c->certs[ids[i]], &pem, e) != 0)
            return -1;
    AUTO(char) path = lab_certs_path(c, file);
    if (path == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    return file_write(path, buf_view(&pem), 0644, e);
}

#define BUNDLE(c, file, e, ...)                                                                    \
    write_bundle((c), (file), (const enum lab_cert_id[]){__VA_ARGS__},                             \
                 sizeof((const enum lab_cert_id[]){__VA_ARGS__}) / sizeof(enum lab_cert_id), (e))

/* The issuing CA's certificate as it was before it was renewed in time: same name, same key. */
static X509 *expired_issuer(const struct lab_certs *c, struct err *e) {
    const struct plan p = {.subject = rows[CERT_LAB_DC_RTP].subject,
                           .key = c->keys[CERT_LAB_DC_RTP],
                           .issuer = c->certs[CERT_LAB_CA],
                           .issuer_key = c->keys[CERT_LAB_CA],
                           .profile = PROFILE_CA,
                           .from_days = -CA_DAYS,
                           .to_days = -1};
    return issue_plan(&p, e);
}

/* first, then the expired issuer. */
static int write_with_expired(const struct lab_certs *c, const char *file, enum lab_cert_id first,
                              struct err *e) {
    AUTO(X509) expired = expired_issuer(c, e);
    AUTO_BUF pem = BUF_INIT(PEM_BYTES_MAX);
    AUTO(char) path = lab_certs_path(c, file);
    if (expired == NULL || path == NULL || x509_put_pem(c->certs[first], &pem, e) != 0 ||
        x509_put_pem(expired, &pem, e) != 0)
        return -1;
    return file_write(path, buf_view(&pem), 0644, e);
}

static int write_web_trust(const struct lab_certs *c, int trusts, int certificate, struct err *e) {
    if (trusts == TRUSTS_CERTSRV)
        return BUNDLE(c, "web-trust.pem", e, CERT_WEB);
    if (trusts == TRUSTS_NOTHING)
        return BUNDLE(c, "web-trust.pem", e, CERT_FOREIGN);
    if (trusts == TRUSTS_ROOT)
        return BUNDLE(c, "web-trust.pem", e, CERT_LAB_CA);
    if (certificate == WEB_EXPIRED_INTERMEDIATE)
        return write_with_expired(c, "web-trust.pem", CERT_LAB_CA, e);
    return BUNDLE(c, "web-trust.pem", e, CERT_LAB_DC_RTP, CERT_LAB_CA);
}

static int write_web_chain(const struct lab_certs *c, int certificate, struct err *e) {
    if (certificate == WEB_EXPIRED_INTERMEDIATE)
        return write_with_expired(c, "web-chain.pem", CERT_WEB, e);
    if (certificate == WEB_SELF_SIGNED || certificate == WEB_WITHOUT_CHAIN)
        return BUNDLE(c, "web-chain.pem", e, CERT_WEB);
    return BUNDLE(c, "web-chain.pem", e, CERT_WEB, CERT_LAB_DC_RTP);
}

static int write_bundles(const struct lab_certs *c, const struct lab_settings *s, struct err *e) {
    if (BUNDLE(c, "chain.pem", e, CERT_LAB_DC_RTP, CERT_LAB_CA) != 0 ||
        BUNDLE(c, "ra-trust.pem", e, CERT_CAPF) != 0 ||
        BUNDLE(c, "capf-trust.pem", e, CERT_CAPF, CERT_LAB_DC_RTP, CERT_LAB_CA, CERT_OFFLINE) != 0)
        return -1;
    if (BUNDLE(c, "mic-ca.pem", e, CERT_SUDI, CERT_MANUFACTURING, CERT_MANUFACTURING_SHA2,
               CERT_ROOT_2048, CERT_ROOT_M2) != 0)
        return -1;
    if (BUNDLE(c, "store.pem", e, CERT_SUDI, CERT_CAPF, CERT_MANUFACTURING, CERT_MANUFACTURING_SHA2,
               CERT_ROOT_2048, CERT_ROOT_M2, CERT_LAB_CA, CERT_LAB_DC_RTP) != 0)
        return -1;
    return write_web_trust(c, s->ra.trusts, s->certsrv.certificate, e) != 0 ||
                   write_web_chain(c, s->certsrv.certificate, e) != 0
               ? -1
               : 0;
}

/* Those for trust lists only where there are any. */
static bool is_wanted(enum lab_cert_id id, const struct lab_settings *settings) {
    return rows[id].profile != PROFILE_NODE || settings->has_tftp || settings->has_tvs;
}

static bool has_ec_key(enum lab_cert_id id, const struct lab_settings *settings) {
    return settings->server_key == SERVER_KEY_EC256 && (id == CERT_RA || id == CERT_WEB);
}

static int take_key(struct lab_certs *c, enum lab_cert_id id, const struct lab_settings *settings,
                    struct keypool *pool, struct err *e) {
    bool ec = has_ec_key(id, settings);
    c->key_paths[id] =
        keypool_take(pool, ec ? KEY_EC : KEY_RSA, ec ? SERVER_EC_BITS : CA_RSA_BITS, e);
    if (c->key_paths[id] == NULL)
        return -1;
    c->keys[id] = key_read_file(c->key_paths[id], e);
    return c->keys[id] == NULL ? -1 : 0;
}

/* Issuers may stand behind the certificates they issue: roots first, then the rest. */
static int make_all(struct lab_certs *c, const struct lab_settings *settings, struct err *e) {
    bool made[LAB_CERT_COUNT] = {false};
    for (size_t done = 0; done < LAB_CERT_COUNT;) {
        for (size_t id = 0; id < LAB_CERT_COUNT; id++) {
            if (!made[id] && !is_wanted((enum lab_cert_id)id, settings)) {
                made[id] = true;
                done++;
            }
            if (made[id] || (rows[id].issuer != id && !made[rows[id].issuer]))
                continue;
            if (make_row(c, (enum lab_cert_id)id, settings, e) != 0)
                return -1;
            made[id] = true;
            done++;
        }
    }
    return 0;
}

static int write_one(const struct lab_certs *c, enum lab_cert_id id, struct err *e) {
    char file[64];
    snprintf(file, sizeof file, "%s.pem", rows[id].file);
    return write_bundle(c, file, &id, 1, e);
}

int lab_certs_make(struct lab_certs *c, const struct lab_settings *settings, struct keypool *pool,
                   const char *dir, struct err *e) {
    *c = (struct lab_certs){.dir = strdup(dir)};
    if (c->dir == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (file_mkdirs(dir, e) != 0)
        return -1;
    for (size_t id = 0; id < LAB_CERT_COUNT; id++)
        if (is_wanted((enum lab_cert_id)id, settings) &&
            take_key(c, (enum lab_cert_id)id, settings, pool, e) != 0)
            return -1;
    if (make_all(c, settings, e) != 0)
        return -1;
    for (size_t id = 0; id < LAB_CERT_COUNT; id++)
        if (c->certs[id] != NULL && write_one(c, (enum lab_cert_id)id, e) != 0)
            return -1;
    return write_bundles(c, settings, e);
}

/* Beside those that CAPF trusts already: LSCs of before are good for as long as they are valid. */
static int trust_too(const struct lab_certs *c, enum lab_cert_id id, struct err *e) {
    AUTO_BUF pem = BUF_INIT(PEM_BYTES_MAX);
    AUTO(char) path = lab_certs_path(c, "capf-trust.pem");
    if (path == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (file_read(path, &pem, e) != 0 || x509_put_pem(c->certs[id], &pem, e) != 0)
        return -1;
    return file_write(path, buf_view(&pem), 0644, e);
}

int lab_certs_regenerate(struct lab_certs *c, enum lab_cert_id id,
                         const struct lab_settings *settings, struct keypool *pool, struct err *e) {
    X509_free(TAKE(c->certs[id]));
    EVP_PKEY_free(TAKE(c->keys[id]));
    free(TAKE(c->key_paths[id]));
    if (take_key(c, id, settings, pool, e) != 0 || make_row(c, id, settings, e) != 0)
        return -1;
    return write_one(c, id, e) != 0 || (id == CERT_CAPF && trust_too(c, id, e) != 0) ? -1 : 0;
}

void lab_certs_free(struct lab_certs *c) {
    for (size_t id = 0; id < LAB_CERT_COUNT; id++) {
        X509_free(c->certs[id]);
        EVP_PKEY_free(c->keys[id]);
        free(c->key_paths[id]);
    }
    free(c->dir);
    *c = (struct lab_certs){0};
}

enum lab_cert_id lab_lsc_issuer(int issuer) {
    if (issuer == ISSUER_CAPF)
        return CERT_CAPF;
    return issuer == ISSUER_ONLINE_CA ? CERT_LAB_DC_RTP : CERT_OFFLINE;
}
