/* The policy module: a row of checks, each of which may end the matter. It changes nothing
 * anywhere, and takes nothing in a request on trust before its signature was verified. */
#include "mocks/certsrv/policy.h"
#include "mocks/certsrv/hresult.h"
#include "pki/csr.h"
#include <openssl/err.h>
#include <stdarg.h>
#include <string.h>

static const char bare_denial[] = "Denied by Policy Module";

struct check {
    const struct templates *templates;
    const struct policy_request *r;
    struct verdict *v;
};

static bool refuse(struct verdict *v, enum disposition d, uint32_t status, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* false, so that a check can return it. */
static bool refuse(struct verdict *v, enum disposition d, uint32_t status, const char *fmt, ...) {
    va_list args;
    v->disposition = d;
    v->status = status;
    va_start(args, fmt);
    vsnprintf(v->message, sizeof v->message, fmt, args);
    va_end(args);
    return false;
}

static bool refuse_with_text(struct verdict *v, uint32_t status, const char *what) {
    AUTO_BUF text = BUF_INIT(STORE_TEXT_MAX);
    hresult_put(&text, status);
    return refuse(v, DISPOSITION_FAILED, status, "%s  %s", what, buf_str(&text));
}

static bool deny(struct verdict *v, uint32_t status) {
    return refuse(v, DISPOSITION_DENIED, status, "%s", bare_denial);
}

void policy_unreadable(struct bytes der, struct verdict *out) {
    long len = 0;
    int tag, class;
    const unsigned char *at = der.data;
    *out = (struct verdict){.disposition = DISPOSITION_FAILED};
    bool cut = der.len == 0 || (der.data[0] == 0x30 &&
                                ASN1_get_object(&at, &len, &tag, &class, (long)der.len) & 0x80);
    ERR_clear_error();
    refuse_with_text(out, cut ? HR_ASN1_EOD : HR_ASN1_BADTAG, "Error Parsing Request");
}

/* RFC 5280 appendix A upper bounds, which EnforceX500NameLengths holds by default. */
static const struct {
    int nid, max;
} rdn_types[] = {
    {NID_pkcs9_emailAddress, 128}, {NID_commonName, 64},    {NID_organizationalUnitName, 64},
    {NID_organizationName, 64},    {NID_localityName, 128}, {NID_stateOrProvinceName, 128},
    {NID_domainComponent, 128},    {NID_countryName, 2},
};

static int rdn_max(int nid) {
    for (size_t i = 0; i < sizeof rdn_types / sizeof rdn_types[0]; i++)
        if (rdn_types[i].nid == nid)
            return rdn_types[i].max;
    return 0;
}

bool policy_keeps_rdn(int nid) {
    return rdn_max(nid) > 0;
}

/* Characters of a name's value; -1 when it is not text. */
static int characters(const ASN1_STRING *value) {
    unsigned char *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(&utf8, value), count = 0;
    for (int i = 0; i < len; i++)
        count += (utf8[i] & 0xc0) != 0x80;
    OPENSSL_free(utf8);
    ERR_clear_error();
    return len < 0 ? -1 : count;
}

static bool subject_is_sound(X509_NAME *name) {
    for (int i = 0; i < X509_NAME_entry_count(name); i++) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
        int count = characters(X509_NAME_ENTRY_get_data(entry));
        int max = rdn_max(OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)));
        if (count < 0 || (max > 0 && count > max))
            return false;
    }
    return true;
}

static bool check_subject(struct check *c) {
    return subject_is_sound(X509_REQ_get_subject_name(c->r->request)) ||
           refuse_with_text(c->v, HR_BAD_REQUESTSUBJECT, "Error Parsing Request");
}

static bool check_signature(struct check *c) {
    return csr_verify(c->r->request, NULL) == 0 ||
           refuse_with_text(c->v, HR_BAD_SIGNATURE,
                            "Error Verifying Request Signature or Signing Certificate");
}

static X509_EXTENSIONS *request_extensions(X509_REQ *request) {
    X509_EXTENSIONS *all = X509_REQ_get_extensions(request);
    ERR_clear_error();
    return all;
}

GENERAL_NAMES *policy_request_san(X509_REQ *request) {
    X509_EXTENSIONS *all = request_extensions(request);
    GENERAL_NAMES *names = X509V3_get_d2i(all, NID_subject_alt_name, NULL, NULL);
    sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
    ERR_clear_error();
    return names;
}

/* Name in a version 1 template extension: any string type. */
static char *v1_template(const ASN1_OCTET_STRING *value) {
    const unsigned char *at = ASN1_STRING_get0_data(value);
    ASN1_TYPE *type = d2i_ASN1_TYPE(NULL, &at, ASN1_STRING_length(value));
    unsigned char *utf8 = NULL;
    int len = -1;
    if (type != NULL && (type->type == V_ASN1_BMPSTRING || type->type == V_ASN1_UTF8STRING))
        len = ASN1_STRING_to_UTF8(&utf8, type->value.asn1_string);
    char *name = len < 0 ? NULL : strndup((const char *)utf8, (size_t)len);
    OPENSSL_free(utf8);
    ASN1_TYPE_free(type);
    return name;
}

/* OID in a version 2 template extension: SEQUENCE { OID, major, minor }. */
static char *v2_template(const ASN1_OCTET_STRING *value) {
    const unsigned char *at = ASN1_STRING_get0_data(value), *end = at + ASN1_STRING_length(value);
    long len;
    int tag, class;
    char oid[128];
    if (ASN1_get_object(&at, &len, &tag, &class, end - at) & 0x80 || tag != V_ASN1_SEQUENCE)
        return NULL;
    ASN1_OBJECT *object = d2i_ASN1_OBJECT(NULL, &at, end - at);
    int written = object == NULL ? -1 : OBJ_obj2txt(oid, sizeof oid, object, 1);
    ASN1_OBJECT_free(object);
    return written <= 0 || written >= (int)sizeof oid ? NULL : strdup(oid);
}

/* Template named by the request's own extensions; malloc'ed, NULL when there is none. */
static char *extension_template(X509_REQ *request) {
    X509_EXTENSIONS *all = request_extensions(request);
    char *name = NULL;
    for (int i = 0; i < sk_X509_EXTENSION_num(all) && name == NULL; i++) {
        X509_EXTENSION *x = sk_X509_EXTENSION_value(all, i);
        char oid[64];
        OBJ_obj2txt(oid, sizeof oid, X509_EXTENSION_get_object(x), 1);
        if (strcmp(oid, "1.3.6.1.4.1.311.20.2") == 0)
            name = v1_template(X509_EXTENSION_get_data(x));
        else if (strcmp(oid, "1.3.6.1.4.1.311.21.7") == 0)
            name = v2_template(X509_EXTENSION_get_data(x));
    }
    sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
    ERR_clear_error();
    return name;
}

static bool check_template(struct check *c) {
    const char *attribute = attributes_get(c->r->attributes, "certificatetemplate");
    AUTO(char) extension = extension_template(c->r->request);
    const char *name = attribute != NULL && attribute[0] != '\0' ? attribute : extension;
    if (name == NULL)
        return refuse(c->v, DISPOSITION_DENIED, HR_NO_CERT_TYPE,
                      "%s  0x80094801, The request does not contain a certificate template "
                      "extension or the CertificateTemplate request attribute.\r\n",
                      bare_denial);
    const struct template *t = template_find(c->templates, name);
    if (t == NULL || !t->published)
        return refuse(c->v, DISPOSITION_DENIED, HR_UNSUPPORTED_CERT_TYPE,
                      "%s  0x80094800, The request was for a certificate template that is not "
                      "supported by the Active Directory Certificate Services policy: %.200s.\r\n",
                      bare_denial, name);
    c->v->template = t;
    bool conflict = extension != NULL && template_find(c->templates, extension) != t;
    return !conflict || deny(c->v, HR_TEMPLATE_CONFLICT);
}

static bool check_rights(struct check *c) {
    return template_may_enroll(c->v->template, c->r->user) || deny(c->v, HR_TEMPLATE_DENIED);
}

static bool check_key(struct check *c) {
    const EVP_PKEY *key = X509_REQ_get0_pubkey(c->r->request);
    bool rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    bool small = rsa && EVP_PKEY_get_bits(key) < c->v->template->key_bits;
    return !(small || (!rsa && c->v->template->rsa_only)) || deny(c->v, HR_KEY_LENGTH);
}

static bool check_ra_signatures(struct check *c) {
    return c->v->template->signatures == 0 || deny(c->v, HR_SIGNATURE_POLICY_REQUIRED);
}

/* A subject may be empty only when a SAN names the holder. */
static bool check_has_name(struct check *c) {
    if (c->v->template->subject != TEMPLATE_SUBJECT_REQUEST ||
        X509_NAME_entry_count(X509_REQ_get_subject_name(c->r->request)) > 0)
        return true;
    GENERAL_NAMES *san = policy_request_san(c->r->request);
    bool named = sk_GENERAL_NAME_num(san) > 0;
    sk_GENERAL_NAME_pop_free(san, GENERAL_NAME_free);
    return named || deny(c->v, HR_BAD_REQUESTSUBJECT);
}

static bool check_approval(struct check *c) {
    return !c->v->template->approval ||
           refuse(c->v, DISPOSITION_PENDING, HR_S_OK, "Taken Under Submission");
}

void policy_decide(const struct templates *templates, const struct policy_request *request,
                   struct verdict *out) {
    static bool (*const checks[])(struct check *) = {
        check_subject, check_signature,     check_template, check_rights,
        check_key,     check_ra_signatures, check_has_name, check_approval,
    };
    *out = (struct verdict){.disposition = DISPOSITION_ISSUED, .message = "Issued"};
    struct check c = {templates, request, out};
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        if (!checks[i](&c))
            return;
}
