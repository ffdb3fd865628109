/* The CA's books: a request gets a row and an id, then a verdict, then a certificate, all in one
 * transaction. It never hands out a certificate that is not durable, and never uses an id twice. */
#include "base/base64.h"
#include "base/clock.h"
#include "base/x509.h"
#include "mocks/certsrv/ca_internal.h"
#include "mocks/certsrv/hresult.h"
#include "mocks/certsrv/mint.h"
#include "mocks/certsrv/policy.h"
#include "pki/csr.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct cfg_word serial_words[] = {
    {"long", CA_SERIAL_LONG},
    {"short", CA_SERIAL_SHORT},
    {NULL, 0},
};

static const struct cfg_field generation_fields[] = {
    CFG_STRING_REQUIRED(struct ca_generation_config, certificate, "certificate", "PEM file"),
    CFG_STRING(struct ca_generation_config, key, "key", NULL, "PEM file; none: no CRL"),
    CFG_END,
};

const struct cfg_field ca_fields[] = {
    CFG_STRING(struct ca_config, name, "name", "LAB-DC-RTP", "name of the CA"),
    CFG_STRING(struct ca_config, certificate, "certificate", NULL,
               "PEM file of the CA certificate; none: made at start"),
    CFG_STRING(struct ca_config, key, "key", NULL, "PEM file of its key"),
    CFG_STRING(struct ca_config, chain, "chain", NULL, "PEM file of the certificates above it"),
    CFG_LIST(struct ca_config, previous, "previous", struct ca_generation_config, generation_fields,
             "CA certificates before renewal, oldest first"),
    CFG_INT(struct ca_config, first_request, "first-request-id", "1", 1, INT32_MAX,
            "id of the first request of an empty database"),
    CFG_DURATION(struct ca_config, validity_us, "validity", "730d",
                 "longest validity of any certificate"),
    CFG_DURATION(struct ca_config, clock_skew_us, "clock-skew", "10m",
                 "certificates are valid from that long ago"),
    CFG_DURATION(struct ca_config, crl_validity_us, "crl-validity", "7d", "validity of CRLs"),
    CFG_ENUM(struct ca_config, serial, "serial", "long", serial_words,
             "serial numbers of 19 or of 10 octets"),
    CFG_BOOL(struct ca_config, san_attribute, "san-attribute", "false",
             "EDITF_ATTRIBUTESUBJECTALTNAME2: the san: attribute replaces the request's names"),
    CFG_BOOL(struct ca_config, end_date_attribute, "end-date-attribute", "false",
             "EDITF_ATTRIBUTEENDDATE: attributes may shorten the validity"),
    CFG_BOOL(struct ca_config, restore_plus, "restore-plus", "false",
             "take blanks inside base64 for '+' that was not escaped"),
    CFG_BOOL(struct ca_config, own_requests_only, "own-requests-only", "false",
             "users may fetch only what they requested"),
    CFG_STRINGS(struct ca_config, request_extensions, "request-extensions",
                "OIDs of extensions that are copied from requests"),
    CFG_STRINGS(struct ca_config, crl_urls, "crl-urls", "URLs of CRLs in certificates"),
    CFG_STRINGS(struct ca_config, issuer_urls, "issuer-urls", "URLs of the CA certificate"),
    CFG_END,
};

static int load_generation(struct ca *ca, const char *certificate, const char *key, struct err *e) {
    if (ca->count == CA_GENERATIONS_MAX)
        return err_set(e, ERR_SYS_LIMIT, "more than %d CA certificates", CA_GENERATIONS_MAX);
    struct ca_generation *g = &ca->generations[ca->count++];
    g->certificate = x509_read_file(certificate, e);
    if (g->certificate == NULL)
        return -1;
    if (key == NULL)
        return 0;
    g->key = key_read_file(key, e);
    if (g->key == NULL)
        return -1;
    return x509_has_key(g->certificate, g->key)
               ? 0
               : err_set(e, ERR_X509_KEY_MISMATCH, "%s: key of another certificate than %s", key,
                         certificate);
}

static int load_generations(struct ca *ca, struct err *e) {
    const struct ca_config *config = ca->setup.config;
    const struct ca_generation_config *previous = config->previous.items;
    for (size_t i = 0; i < config->previous.count; i++)
        if (load_generation(ca, previous[i].certificate, previous[i].key, e) != 0)
            return -1;
    if (config->certificate == NULL || config->key == NULL)
        return err_set(e, ERR_CONFIG_MISSING, "ca: certificate and key are both needed");
    return load_generation(ca, config->certificate, config->key, e);
}

static int load(struct ca *ca, struct err *e) {
    if (load_generations(ca, e) != 0)
        return -1;
    if (ca->setup.config->chain != NULL) {
        ca->chain = x509_read_all_file(ca->setup.config->chain, e);
        if (ca->chain == NULL)
            return -1;
    }
    ca->store = store_open(ca->setup.database, ca->setup.config->first_request, e);
    return ca->store == NULL ? -1 : 0;
}

struct ca *ca_open(const struct ca_setup *setup, struct err *e) {
    struct ca *ca = calloc(1, sizeof *ca);
    if (ca == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    ca->setup = *setup;
    if (load(ca, e) == 0)
        return ca;
    ca_close(ca);
    return NULL;
}

void ca_close(struct ca *ca) {
    if (ca == NULL)
        return;
    for (unsigned i = 0; i < ca->count; i++) {
        X509_free(ca->generations[i].certificate);
        EVP_PKEY_free(ca->generations[i].key);
    }
    x509_stack_free(ca->chain);
    store_close(ca->store);
    free(ca);
}

int ca_never_sync(struct ca *ca, struct err *e) {
    return store_never_sync(ca->store, e);
}

unsigned ca_renewals(const struct ca *ca) {
    return ca->count - 1;
}

const struct ca_generation *ca_generation(const struct ca *ca, int64_t renewal, struct err *e) {
    if (renewal == -1)
        return &ca->generations[ca->count - 1];
    if (renewal >= 0 && renewal < ca->count)
        return &ca->generations[renewal];
    err_set(e, ERR_STORE_NOT_FOUND, "no CA certificate %lld", (long long)renewal);
    return NULL;
}

/* Blanks inside the base64 become '+'; the armour lines keep theirs. */
static void restore_plus(struct buf *text) {
    bool armour = false;
    for (size_t i = 0; i < text->len; i++) {
        bool dashes = text->len - i >= 5 && memcmp(text->data + i, "-----", 5) == 0;
        if (dashes) {
            armour = !armour;
            i += 4;
        } else if (text->data[i] == ' ' && !armour) {
            text->data[i] = '+';
        }
    }
}

/* DER of what was submitted; what is no base64 is kept as it is, for the verdict. */
static void decode_request(const struct ca *ca, struct bytes sent, struct buf *der) {
    AUTO_BUF text = BUF_INIT(STORE_BLOB_MAX);
    buf_put_bytes(&text, sent);
    if (ca->setup.config->restore_plus)
        restore_plus(&text);
    if (b64_decode_any(buf_view(&text), der, NULL, NULL) == 0)
        return;
    buf_reset(der);
    buf_put_bytes(der, buf_view(&text));
}

static void set_verdict(struct store_row *row, const struct verdict *v) {
    row->disposition = v->disposition;
    row->status = v->status;
    memcpy(row->message, v->message, sizeof row->message);
    snprintf(row->template, sizeof row->template, "%s",
             v->template == NULL ? "" : v->template->name);
    if (v->disposition != DISPOSITION_PENDING)
        row->resolved = clock_wall();
}

static int keep_certificate(struct store_row *row, const X509 *cert, struct err *e) {
    AUTO(char) serial = x509_serial_hex(cert);
    buf_reset(&row->certificate);
    if (serial == NULL || x509_put_der(cert, &row->certificate, e) != 0)
        return -1;
    snprintf(row->serial, sizeof row->serial, "%s", serial);
    return 0;
}

/* Signs the row's request; the row is ISSUED afterwards. */
static int issue(struct ca *ca, const struct mint_request *r, struct store_row *row,
                 struct err *e) {
    const struct ca_generation *g = ca_generation(ca, -1, e);
    const struct mint_ca mint = {.config = ca->setup.config,
                                 .domain = &ca->setup.accounts->domain,
                                 .host = ca->setup.host,
                                 .certificate = g->certificate,
                                 .key = g->key,
                                 .index = ca->count - 1};
    AUTO(X509) cert = mint_certificate(&mint, r, e);
    if (cert == NULL || keep_certificate(row, cert, e) != 0)
        return -1;
    row->disposition = DISPOSITION_ISSUED;
    row->status = HR_S_OK;
    row->resolved = clock_wall();
    snprintf(row->message, sizeof row->message, "Issued");
    return 0;
}

static int decide(struct ca *ca, const struct ca_submission *s, X509_REQ *request,
                  struct store_row *row, struct err *e) {
    AUTO_ATTRIBUTES attributes;
    struct verdict v;
    if (attributes_read(s->attributes, &attributes, e) != 0)
        return -1;
    const struct policy_request asked = {request, &attributes, s->user};
    if (request == NULL)
        policy_unreadable(buf_view(&row->request), &v);
    else
        policy_decide(ca->setup.templates, &asked, &v);
    set_verdict(row, &v);
    if (v.disposition != DISPOSITION_ISSUED)
        return 0;
    const struct mint_request mint = {request, &attributes, v.template, s->user, row->id};
    return issue(ca, &mint, row, e);
}

static int record(struct ca *ca, const struct ca_submission *s, X509_REQ *request,
                  struct store_row *row, struct err *e) {
    if (store_begin(ca->store, e) != 0)
        return -1;
    if (store_add(ca->store, row, e) == 0 && decide(ca, s, request, row, e) == 0 &&
        store_save(ca->store, row, e) == 0 && store_commit(ca->store, e) == 0)
        return 0;
    store_rollback(ca->store);
    return -1;
}

int ca_submit(struct ca *ca, const struct ca_submission *s, struct store_row *row, struct err *e) {
    row->submitted = clock_wall();
    row->disposition = DISPOSITION_ACTIVE;
    snprintf(row->requester, sizeof row->requester, "%s\\%s", ca->setup.accounts->domain.netbios,
             s->user->name);
    decode_request(ca, s->request, &row->request);
    buf_put_bytes(&row->attributes, s->attributes);
    if (row->request.failed || row->attributes.failed)
        return err_set(e, ERR_SYS_LIMIT, "the request is too large");
    AUTO(X509_REQ)
    request = row->request.len == 0 ? NULL : csr_read(buf_view(&row->request), NULL, NULL);
    if (request == NULL || s->user->request)
        return record(ca, s, request, row, e);
    row->disposition = DISPOSITION_DENIED;
    row->status = HR_ENROLL_DENIED;
    return 0;
}

/* The request of an approved row, signed now for the user who asked. */
static int issue_approved(struct ca *ca, struct store_row *row, struct err *e) {
    AUTO_ATTRIBUTES attributes;
    if (attributes_read(buf_view(&row->attributes), &attributes, e) != 0)
        return -1;
    AUTO(X509_REQ) request = csr_read(buf_view(&row->request), NULL, e);
    const struct mint_request r = {request, &attributes,
                                   template_find(ca->setup.templates, row->template),
                                   account_find_typed(ca->setup.accounts, row->requester), row->id};
    if (request == NULL)
        return -1;
    if (r.template == NULL || r.user == NULL)
        return err_set(e, ERR_STORE_NOT_FOUND, "request %lld: template or user is gone",
                       (long long)row->id);
    return issue(ca, &r, row, e);
}

/* As it stands where nobody else can write it: another process may have issued it meanwhile. */
static int find_again(struct ca *ca, struct store_row *row, struct err *e) {
    buf_reset(&row->request);
    buf_reset(&row->attributes);
    buf_reset(&row->certificate);
    return store_find(ca->store, row->id, row, e);
}

static int issue_and_save(struct ca *ca, struct store_row *row, struct err *e) {
    return issue_approved(ca, row, e) == 0 ? store_save(ca->store, row, e) : -1;
}

static int complete(struct ca *ca, struct store_row *row, struct err *e) {
    if (store_begin(ca->store, e) != 0)
        return -1;
    if (find_again(ca, row, e) == 0 &&
        (row->disposition != DISPOSITION_APPROVED || issue_and_save(ca, row, e) == 0) &&
        store_commit(ca->store, e) == 0)
        return 0;
    store_rollback(ca->store);
    return -1;
}

int ca_retrieve(struct ca *ca, const struct user *user, int64_t id, struct store_row *row,
                struct err *e) {
    if (store_find(ca->store, id, row, e) != 0)
        return -1;
    const char *name = strrchr(row->requester, '\\');
    bool own = name != NULL && strcasecmp(name + 1, user->name) == 0;
    if (!own && ca->setup.config->own_requests_only)
        return err_set(e, ERR_CSR_POLICY, "request %lld belongs to another user", (long long)id);
    return row->disposition == DISPOSITION_APPROVED ? complete(ca, row, e) : 0;
}
