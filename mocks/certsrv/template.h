/* Certificate templates: what the CA issues, to whom, and how certrqxt.asp lists them
 * (protocol/certsrv.md 2.4 and 6). */
#ifndef MOCKS_CERTSRV_TEMPLATE_H
#define MOCKS_CERTSRV_TEMPLATE_H

#include "base/bytes.h"
#include "base/config.h"
#include "base/err.h"
#include "mocks/certsrv/accounts.h"

enum template_subject { TEMPLATE_SUBJECT_REQUEST, TEMPLATE_SUBJECT_USER };

struct template {
    char *name;    /* common name: what CertificateTemplate: says */
    char *display; /* NULL: the name */
    char *oid;     /* NULL: made from the name; versions >= 2 only */
    int64_t version;
    int64_t major, minor;
    int subject; /* enum template_subject */
    int64_t key_bits;
    bool rsa_only;
    int64_t validity_us;
    struct cfg_strings key_usage, extended_key_usage; /* names of openssl, or OIDs */
    struct cfg_strings enroll; /* user names; none: the users with enroll: true */
    bool approval, published, machine;
    int64_t signatures;
};
extern const struct cfg_field template_fields[];

struct templates {
    struct template *items;
    size_t count;
};

/* By common name (any case) or OID, published or not; NULL when there is none. */
const struct template *template_find(const struct templates *t, const char *name_or_oid);

bool template_may_enroll(const struct template *t, const struct user *user);

/* Whether certrqxt.asp shows it to the user. */
bool template_listed(const struct template *t, const struct user *user);

const char *template_display(const struct template *t);

/* Appends the OID in dotted form. */
void template_put_oid(const struct template *t, struct buf *out);

/* Appends the fourteen fields of the option value. */
void template_put_option(const struct template *t, struct buf *out);

/* The templates of a new CA, as a configuration text: a list under "templates:". */
extern const char template_defaults[];

#endif
