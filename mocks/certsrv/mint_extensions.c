/* Extensions of issued certificates: from the template, the CA's configuration and, where policy
 * allows, from the request. Whatever else a request asks for is left out silently, as a real CA
 * does. */
#include "mocks/certsrv/der.h"
#include "mocks/certsrv/mint.h"
#include "mocks/certsrv/policy.h"
#include "mocks/certsrv/utf16.h"
#include "pki/issue.h"
#include <arpa/inet.h>
#include <openssl/err.h>
#include <string.h>

#define OID_TEMPLATE_V1          "1.3.6.1.4.1.311.20.2"
#define OID_TEMPLATE_V2          "1.3.6.1.4.1.311.21.7"
#define OID_APPLICATION_POLICIES "1.3.6.1.4.1.311.21.10"
#define OID_SECURITY             "1.3.6.1.4.1.311.25.2"
#define OID_SECURITY_OBJECT_SID  "1.3.6.1.4.1.311.25.2.1"
#define OID_UPN                  "1.3.6.1.4.1.311.20.2.3"
#define OID_SAN                  "2.5.29.17"
#define OID_CRL_POINTS           "2.5.29.31"
#define OID_ISSUER_ACCESS        "1.3.6.1.5.5.7.1.1"
#define OID_CA_ISSUERS           "1.3.6.1.5.5.7.48.2"

enum { VALUE_MAX = 32 * 1024, SAN_MAX = 16 * 1024 };
enum { SAN_OTHER = 0, SAN_EMAIL = 1, SAN_DNS = 2, SAN_URI = 6, SAN_IP = 7 };

/* A new extension whose value is to be put into the returned buffer; NULL when there are too many.
 */
static struct buf *add(struct mint_extensions *set, const char *name) {
    if (set->count == MINT_EXTENSIONS_MAX)
        return NULL;
    size_t i = set->count++;
    set->names[i] = strdup(name);
    set->values[i] = (struct buf)BUF_INIT(VALUE_MAX);
    return &set->values[i];
}

/* A value in the syntax of openssl: names of the list, or those of fallback. */
static void add_words(struct mint_extensions *set, const char *name, const char *prefix,
                      const struct cfg_strings *words, const char *fallback) {
    struct buf *out = add(set, name);
    if (out == NULL)
        return;
    buf_put_str(out, prefix);
    if (words->count == 0)
        buf_put_str(out, fallback);
    for (size_t i = 0; i < words->count; i++)
        buf_printf(out, "%s%s", i > 0 ? "," : "", words->items[i]);
}

static void add_template_v1(struct mint_extensions *set, const struct template *t) {
    AUTO_BUF wide = BUF_INIT(1024);
    struct buf *out = add(set, OID_TEMPLATE_V1);
    if (out == NULL)
        return;
    utf16_put(&wide, t->name);
    for (size_t i = 0; i + 1 < wide.len; i += 2) { /* a BMPString is big-endian */
        uint8_t low = wide.data[i];
        wide.data[i] = wide.data[i + 1];
        wide.data[i + 1] = low;
    }
    der_put(out, DER_BMP, buf_view(&wide));
}

static void add_template_v2(struct mint_extensions *set, const struct template *t) {
    AUTO_BUF oid = BUF_INIT(256);
    struct buf *out = add(set, OID_TEMPLATE_V2);
    if (out == NULL)
        return;
    template_put_oid(t, &oid);
    out->failed = !der_put_oid(out, buf_str(&oid));
    der_put_integer(out, t->major);
    der_put_integer(out, t->minor);
    der_wrap(out, DER_SEQUENCE);
}

static void put_policy(struct buf *out, const char *name) {
    AUTO_BUF policy = BUF_INIT(256);
    policy.failed = !der_put_oid(&policy, name);
    out->failed = out->failed || policy.failed;
    der_put(out, DER_SEQUENCE, buf_view(&policy));
}

static void add_application_policies(struct mint_extensions *set, const struct template *t) {
    struct buf *out = add(set, OID_APPLICATION_POLICIES);
    if (out == NULL)
        return;
    for (size_t i = 0; i < t->extended_key_usage.count; i++)
        put_policy(out, t->extended_key_usage.items[i]);
    if (t->extended_key_usage.count == 0) {
        put_policy(out, "serverAuth");
        put_policy(out, "clientAuth");
    }
    der_wrap(out, DER_SEQUENCE);
}

/* otherName [0] { OID, [0] EXPLICIT value }. */
static void put_other_name(struct buf *out, const char *oid, unsigned tag, const char *text) {
    AUTO_BUF name = BUF_INIT(SAN_MAX), value = BUF_INIT(SAN_MAX);
    der_put_oid(&name, oid);
    der_put(&value, tag, bytes_of_str(text));
    der_put(&name, DER_CONTEXT_CONSTRUCTED, buf_view(&value));
    der_put(out, DER_CONTEXT_CONSTRUCTED + SAN_OTHER, buf_view(&name));
}

static void put_address(struct buf *out, const char *text) {
    uint8_t address[16];
    if (inet_pton(AF_INET, text, address) == 1)
        der_put(out, DER_CONTEXT + SAN_IP, bytes_of(address, 4));
    else if (inet_pton(AF_INET6, text, address) == 1)
        der_put(out, DER_CONTEXT + SAN_IP, bytes_of(address, 16));
}

/* Kinds that are not known are left out. */
static void put_san_name(struct buf *out, const struct san_name *n) {
    static const struct {
        const char *kind;
        unsigned tag;
    } kinds[] = {{"dns", SAN_DNS}, {"email", SAN_EMAIL}, {"url", SAN_URI}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].kind, n->kind) == 0)
            der_put(out, DER_CONTEXT + kinds[i].tag, bytes_of_str(n->value));
    if (strcmp(n->kind, "upn") == 0)
        put_other_name(out, OID_UPN, DER_UTF8, n->value);
    if (strcmp(n->kind, "ipaddress") == 0)
        put_address(out, n->value);
}

static void put_attribute_san(struct buf *out, const char *attribute) {
    AUTO_SAN_NAMES names;
    if (san_names_read(attribute, &names, NULL) == 0)
        for (size_t i = 0; i < names.count; i++)
            put_san_name(out, &names.items[i]);
    der_wrap(out, DER_SEQUENCE);
}

static void put_request_san(struct buf *out, X509_REQ *request) {
    GENERAL_NAMES *names = policy_request_san(request);
    unsigned char *der = NULL;
    int len = names == NULL ? -1 : i2d_GENERAL_NAMES(names, &der);
    if (len > 0)
        buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
    sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
    ERR_clear_error();
}

static void put_user_san(struct buf *out, const struct mint_ca *ca, const struct user *user) {
    AUTO_BUF upn = BUF_INIT(1024);
    mint_put_upn(ca, user, &upn);
    put_other_name(out, OID_UPN, DER_UTF8, buf_str(&upn));
    if (user->email != NULL)
        der_put(out, DER_CONTEXT + SAN_EMAIL, bytes_of_str(user->email));
    der_wrap(out, DER_SEQUENCE);
}

/* The attribute replaces what the request has, where the CA's switch allows it (1.5). */
static void add_san(struct mint_extensions *set, const struct mint_ca *ca,
                    const struct mint_request *r) {
    AUTO_BUF value = BUF_INIT(VALUE_MAX);
    const char *attribute = attributes_get(r->attributes, "san");
    if (ca->config->san_attribute && attribute != NULL)
        put_attribute_san(&value, attribute);
    else if (r->template->subject == TEMPLATE_SUBJECT_USER)
        put_user_san(&value, ca, r->user);
    else
        put_request_san(&value, r->request);
    struct buf *out = value.len > 2 ? add(set, OID_SAN) : NULL;
    if (out != NULL)
        buf_put_bytes(out, buf_view(&value));
}

/* Appends each URL as a URI name: those of the configuration, or the two defaults. */
static void put_urls(struct buf *out, const struct cfg_strings *urls, const char *ldap,
                     const char *http) {
    for (size_t i = 0; i < urls->count; i++)
        der_put(out, DER_CONTEXT + SAN_URI, bytes_of_str(urls->items[i]));
    if (urls->count > 0)
        return;
    der_put(out, DER_CONTEXT + SAN_URI, bytes_of_str(ldap));
    der_put(out, DER_CONTEXT + SAN_URI, bytes_of_str(http));
}

/* "DC=michamen,DC=com" of "michamen.com". */
static void put_dn(struct buf *out, const char *dns) {
    buf_put_str(out, "CN=Public%20Key%20Services,CN=Services,CN=Configuration,DC=");
    for (; *dns != '\0'; dns++) {
        if (*dns == '.')
            buf_put_str(out, ",DC=");
        else
            buf_put_u8(out, (uint8_t)*dns);
    }
}

static void add_crl_points(struct mint_extensions *set, const struct mint_ca *ca) {
    AUTO_BUF ldap = BUF_INIT(4096), http = BUF_INIT(4096);
    struct buf *out = add(set, OID_CRL_POINTS);
    if (out == NULL)
        return;
    char suffix[16] = "";
    if (ca->index > 0)
        snprintf(suffix, sizeof suffix, "(%u)", ca->index);
    int host_label = (int)strcspn(ca->host, ".");
    buf_printf(&ldap, "ldap:///CN=%s%s,CN=%.*s,CN=CDP,", ca->config->name, suffix, host_label,
               ca->host);
    put_dn(&ldap, ca->domain->dns);
    buf_put_str(&ldap, "?certificateRevocationList?base?objectClass=cRLDistributionPoint");
    buf_printf(&http, "http://%s/CertEnroll/%s%s.crl", ca->host, ca->config->name, suffix);
    put_urls(out, &ca->config->crl_urls, buf_str(&ldap), buf_str(&http));
    der_wrap(out, DER_CONTEXT_CONSTRUCTED);
    der_wrap(out, DER_CONTEXT_CONSTRUCTED);
    der_wrap(out, DER_SEQUENCE);
    der_wrap(out, DER_SEQUENCE);
}

/* SEQUENCE { caIssuers, URI } for each name in names, which is a run of URI names. */
static void put_accesses(struct buf *out, struct bytes names) {
    struct cursor c = cursor_of(names);
    while (cursor_left(&c) > 0) {
        const unsigned char *at = c.at;
        long len;
        int tag, class;
        AUTO_BUF access = BUF_INIT(VALUE_MAX);
        struct bytes name;
        ASN1_get_object(&at, &len, &tag, &class, (long)cursor_left(&c));
        if (!cursor_bytes(&c, (size_t)(at - c.at) + (size_t)len, &name))
            return;
        der_put_oid(&access, OID_CA_ISSUERS);
        buf_put_bytes(&access, name);
        der_put(out, DER_SEQUENCE, buf_view(&access));
    }
}

static void add_issuer_access(struct mint_extensions *set, const struct mint_ca *ca) {
    AUTO_BUF ldap = BUF_INIT(4096), http = BUF_INIT(4096), names = BUF_INIT(VALUE_MAX);
    struct buf *out = add(set, OID_ISSUER_ACCESS);
    if (out == NULL)
        return;
    buf_printf(&ldap, "ldap:///CN=%s,CN=AIA,", ca->config->name);
    put_dn(&ldap, ca->domain->dns);
    buf_put_str(&ldap, "?cACertificate?base?objectClass=certificationAuthority");
    buf_printf(&http, "http://%s/CertEnroll/%s_%s.crt", ca->host, ca->host, ca->config->name);
    put_urls(&names, &ca->config->issuer_urls, buf_str(&ldap), buf_str(&http));
    put_accesses(out, buf_view(&names));
    der_wrap(out, DER_SEQUENCE);
}

/* Strong mapping of a certificate built from the user to the account (since May 2022). */
static void add_security(struct mint_extensions *set, const struct mint_request *r) {
    if (r->template->subject != TEMPLATE_SUBJECT_USER || r->user->sid == NULL)
        return;
    struct buf *out = add(set, OID_SECURITY);
    if (out == NULL)
        return;
    put_other_name(out, OID_SECURITY_OBJECT_SID, DER_OCTETS, r->user->sid);
    der_wrap(out, DER_SEQUENCE);
}

static bool is_listed(const struct cfg_strings *oids, const char *oid) {
    for (size_t i = 0; i < oids->count; i++)
        if (strcmp(oids->items[i], oid) == 0)
            return true;
    return false;
}

static bool is_present(const struct mint_extensions *set, const char *oid) {
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->names[i], oid) == 0)
            return true;
    return false;
}

/* Key identifiers and usages are the CA's business whatever the list says. */
static bool is_reserved(const ASN1_OBJECT *object) {
    int nid = OBJ_obj2nid(object);
    return nid == NID_key_usage || nid == NID_ext_key_usage || nid == NID_subject_key_identifier ||
           nid == NID_authority_key_identifier;
}

static void add_request_extensions(struct mint_extensions *set, const struct mint_ca *ca,
                                   X509_REQ *request) {
    X509_EXTENSIONS *all = X509_REQ_get_extensions(request);
    for (int i = 0; i < sk_X509_EXTENSION_num(all); i++) {
        X509_EXTENSION *x = sk_X509_EXTENSION_value(all, i);
        const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(x);
        char oid[128];
        OBJ_obj2txt(oid, sizeof oid, X509_EXTENSION_get_object(x), 1);
        if (!is_listed(&ca->config->request_extensions, oid) || is_present(set, oid) ||
            is_reserved(X509_EXTENSION_get_object(x)))
            continue;
        struct buf *out = add(set, oid);
        if (out != NULL)
            buf_put(out, ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    }
    sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
    ERR_clear_error();
}

static void add_all(struct mint_extensions *set, const struct mint_ca *ca,
                    const struct mint_request *r) {
    static const struct cfg_strings none;
    const struct template *t = r->template;
    add_words(set, "keyUsage", "critical,", &t->key_usage, "digitalSignature,keyEncipherment");
    if (t->version >= 2)
        add_template_v2(set, t);
    else
        add_template_v1(set, t);
    add_words(set, "extendedKeyUsage", "", &t->extended_key_usage, "serverAuth,clientAuth");
    if (t->version >= 2)
        add_application_policies(set, t);
    add_san(set, ca, r);
    add_words(set, "subjectKeyIdentifier", "", &none, "hash");
    add_words(set, "authorityKeyIdentifier", "", &none, "keyid");
    add_crl_points(set, ca);
    add_issuer_access(set, ca);
    add_security(set, r);
    add_request_extensions(set, ca, r->request);
}

/* Names in letters have a value in openssl's syntax, dotted ones have DER. */
static int finish(struct mint_extensions *set, struct err *e) {
    for (size_t i = 0; i < set->count; i++) {
        if (set->values[i].failed || set->names[i] == NULL)
            return err_set(e, ERR_X509_ISSUE, "cannot encode extension %s",
                           set->names[i] == NULL ? "" : set->names[i]);
        bool dotted = strchr(set->names[i], '.') != NULL;
        set->items[i].name = set->names[i];
        set->items[i].value = dotted ? NULL : buf_str(&set->values[i]);
        set->items[i].der = dotted ? buf_view(&set->values[i]) : bytes_of("", 0);
    }
    return 0;
}

int mint_extensions(const struct mint_ca *ca, const struct mint_request *r,
                    struct mint_extensions *set, struct err *e) {
    *set = (struct mint_extensions){.count = 0};
    set->items = calloc(MINT_EXTENSIONS_MAX + 1, sizeof *set->items);
    if (set->items == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    add_all(set, ca, r);
    if (finish(set, e) == 0)
        return 0;
    mint_extensions_free(set);
    return -1;
}

void mint_extensions_free(struct mint_extensions *set) {
    for (size_t i = 0; i < set->count; i++) {
        free(set->names[i]);
        buf_free(&set->values[i]);
    }
    free(set->items);
    *set = (struct mint_extensions){.count = 0};
}
