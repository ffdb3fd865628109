/* Template tables and their spelling on the pages. It decides nothing about requests: policy.c
 * does. */
#include "mocks/certsrv/template.h"
#include <inttypes.h>
#include <string.h>
#include <strings.h>

static const struct cfg_word subject_words[] = {
    {"request", TEMPLATE_SUBJECT_REQUEST},
    {"user", TEMPLATE_SUBJECT_USER},
    {NULL, 0},
};

const struct cfg_field template_fields[] = {
    CFG_STRING_REQUIRED(struct template, name, "name", "common name"),
    CFG_STRING(struct template, display, "display", NULL, "display name; default: the name"),
    CFG_STRING(struct template, oid, "oid", NULL, "template OID; default: made from the name"),
    CFG_INT(struct template, version, "version", "2", 1, 4, "schema version"),
    CFG_INT(struct template, major, "major", "100", 0, INT32_MAX, "major version"),
    CFG_INT(struct template, minor, "minor", "3", 0, INT32_MAX, "minor version"),
    CFG_ENUM(struct template, subject, "subject", "request", subject_words,
             "where the subject comes from"),
    CFG_INT(struct template, key_bits, "key-bits", "2048", 0, 16384, "least RSA key size"),
    CFG_BOOL(struct template, rsa_only, "rsa-only", "true", "refuse keys that are not RSA"),
    CFG_DURATION(struct template, validity_us, "validity", "730d", "validity of certificates"),
    CFG_STRINGS(struct template, key_usage, "key-usage",
                "default: digitalSignature, keyEncipherment"),
    CFG_STRINGS(struct template, extended_key_usage, "extended-key-usage",
                "default: serverAuth, clientAuth"),
    CFG_STRINGS(struct template, enroll, "enroll",
                "users with the Enroll right; default: all with enroll: true"),
    CFG_BOOL(struct template, approval, "approval", "false", "requests wait for a manager"),
    CFG_BOOL(struct template, published, "published", "true", "this CA issues it"),
    CFG_BOOL(struct template, machine, "machine", "false", "machine context: not listed"),
    CFG_INT(struct template, signatures, "signatures", "0", 0, 10, "RA signatures required"),
    CFG_END,
};

const char template_defaults[] =
    "templates:\n"
    "  - {name: CiscoRA}\n"
    "  - {name: WebServer, display: Web Server, version: 1, major: 4, minor: 1,\n"
    "     extended-key-usage: [serverAuth]}\n"
    "  - {name: User, version: 1, major: 3, minor: 1, subject: user, validity: 365d,\n"
    "     extended-key-usage: [1.3.6.1.4.1.311.10.3.4, emailProtection, clientAuth]}\n";

void template_put_oid(const struct template *t, struct buf *out) {
    if (t->oid != NULL) {
        buf_put_str(out, t->oid);
        return;
    }
    uint32_t hash = 2166136261U; /* FNV-1a: the same name always gives the same OID */
    for (const char *at = t->name; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * 16777619U;
    buf_printf(out, "1.3.6.1.4.1.311.21.8.%" PRIu32 ".%" PRIu32, hash >> 16, hash & 0xffff);
}

static bool has_oid(const struct template *t, const char *oid) {
    AUTO_BUF own = BUF_INIT(256);
    if (t->version < 2)
        return false;
    template_put_oid(t, &own);
    return strcmp(buf_str(&own), oid) == 0;
}

const struct template *template_find(const struct templates *t, const char *name_or_oid) {
    for (size_t i = 0; i < t->count; i++)
        if (strcasecmp(t->items[i].name, name_or_oid) == 0 || has_oid(&t->items[i], name_or_oid))
            return &t->items[i];
    return NULL;
}

bool template_may_enroll(const struct template *t, const struct user *user) {
    for (size_t i = 0; i < t->enroll.count; i++)
        if (strcasecmp(t->enroll.items[i], user->name) == 0)
            return true;
    return t->enroll.count == 0 && user->enroll;
}

bool template_listed(const struct template *t, const struct user *user) {
    return t->published && !t->machine && template_may_enroll(t, user);
}

const char *template_display(const struct template *t) {
    return t->display != NULL ? t->display : t->name;
}

void template_put_option(const struct template *t, struct buf *out) {
    enum { PEND_ALL = 2, PUBLISH = 8, AUTO_AND_MAIL = 33, EXPORTABLE = 16 };
    bool from_user = t->subject == TEMPLATE_SUBJECT_USER;
    int enrollment = (t->approval ? PEND_ALL : 0) | (from_user ? PUBLISH | AUTO_AND_MAIL : 0);
    buf_printf(out, "E;%s;1;1;%d;%d;%s;%" PRId64 ";", t->name, enrollment, EXPORTABLE,
               from_user ? "-1509949440" : "1", t->signatures);
    buf_put_str(out, "Microsoft RSA SChannel Cryptographic Provider?"
                     "Microsoft DH SChannel Cryptographic Provider;");
    if (t->version >= 2)
        template_put_oid(t, out);
    buf_printf(out, ";%" PRId64 ";;%" PRId64 ";%s", t->major, t->minor, template_display(t));
}
