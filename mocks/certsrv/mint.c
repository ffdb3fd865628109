/* Subject, validity and serial of an issued certificate. It takes from a request only what the
 * template and the CA's switches allow. */
#include "mocks/certsrv/mint.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/x509.h"
#include "mocks/certsrv/policy.h"
#include "pki/issue.h"
#include <string.h>
#include <strings.h>

enum { SERIAL_MAX = 19, SERIAL_SHORT = 10, US_PER_S = 1000000 };

void mint_put_upn(const struct mint_ca *ca, const struct user *user, struct buf *out) {
    if (user->upn != NULL)
        buf_put_str(out, user->upn);
    else
        buf_printf(out, "%s@%s", user->name, ca->domain->dns);
}

static int copy_subject(X509_NAME *to, X509_NAME *from) {
    for (int i = 0; i < X509_NAME_entry_count(from); i++) {
        X509_NAME_ENTRY *entry = X509_NAME_get_entry(from, i);
        if (policy_keeps_rdn(OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry))) &&
            X509_NAME_add_entry(to, entry, -1, 0) != 1)
            return -1;
    }
    return 0;
}

static int add_text(X509_NAME *to, const char *type, const char *text, size_t len) {
    return X509_NAME_add_entry_by_txt(to, type, MBSTRING_UTF8, (const unsigned char *)text,
                                      (int)len, -1, 0) == 1
               ? 0
               : -1;
}

/* DC=com, DC=michamen from "michamen.com": the last label first. */
static int add_domain(X509_NAME *to, const char *dns) {
    for (size_t end = strlen(dns); end > 0;) {
        size_t start = end;
        while (start > 0 && dns[start - 1] != '.')
            start--;
        if (end > start && add_text(to, "DC", dns + start, end - start) != 0)
            return -1;
        end = start > 0 ? start - 1 : 0;
    }
    return 0;
}

static int directory_subject(X509_NAME *to, const struct mint_ca *ca, const struct user *user) {
    if (add_domain(to, ca->domain->dns) != 0 || add_text(to, "CN", "Users", 5) != 0 ||
        add_text(to, "CN", user->name, strlen(user->name)) != 0)
        return -1;
    return user->email == NULL ? 0 : add_text(to, "emailAddress", user->email, strlen(user->email));
}

static X509_NAME *make_subject(const struct mint_ca *ca, const struct mint_request *r,
                               struct err *e) {
    AUTO(X509_NAME) name = X509_NAME_new();
    if (name == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    int rc = r->template->subject == TEMPLATE_SUBJECT_REQUEST
                 ? copy_subject(name, X509_REQ_get_subject_name(r->request))
                 : directory_subject(name, ca, r->user);
    if (rc != 0) {
        err_openssl(e, ERR_X509_ISSUE, "subject");
        return NULL;
    }
    return TAKE(name);
}

static void put_id(uint8_t to[4], int64_t id) {
    for (unsigned i = 0; i < 4; i++)
        to[i] = (uint8_t)(id >> (8 * (3 - i)));
}

/* WCCE 3.2.1.4.2.1.4.6: random octets, index of the CA key, request id; the long form has a fixed
 * first octet and the id in front as well. Returns the length, 0 on failure. */
static size_t make_serial(const struct mint_ca *ca, int64_t id, uint8_t out[SERIAL_MAX],
                          struct err *e) {
    bool is_long = ca->config->serial == CA_SERIAL_LONG;
    size_t len = is_long ? SERIAL_MAX : SERIAL_SHORT;
    if (random_bytes(out, len, e) != 0)
        return 0;
    out[0] = is_long ? 0x1a : (uint8_t)((out[0] & 0x7f) | 0x10);
    if (is_long)
        put_id(out + 1, id);
    out[len - 6] = (uint8_t)(ca->index >> 8);
    out[len - 5] = (uint8_t)ca->index;
    put_id(out + len - 4, id);
    return len;
}

/* Seconds for a ValidityPeriod word; 0 when unknown. */
static int64_t period_seconds(const char *word) {
    static const struct {
        const char *word;
        int64_t seconds;
    } periods[] = {
        {"Years", 365 * 86400}, {"Months", 30 * 86400}, {"Weeks", 7 * 86400},
        {"Days", 86400},        {"Hours", 3600},        {"Minutes", 60},
    };
    for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++)
        if (strcasecmp(periods[i].word, word) == 0)
            return periods[i].seconds;
    return 0;
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* The end that the request's attributes ask for, or end: they can only shorten. */
static int64_t attribute_end(const struct attributes *a, int64_t now, int64_t end) {
    const char *word = attributes_get(a, "validityperiod");
    const char *units = attributes_get(a, "validityperiodunits");
    const char *date = attributes_get(a, "expirationdate");
    struct tm t = {0};
    if (word != NULL && units != NULL) {
        int64_t count = strtoll(units, NULL, 10);
        if (count > 0 && count < 100000 && period_seconds(word) > 0)
            end = earlier(end, now + count * period_seconds(word));
    }
    if (date != NULL && strptime(date, "%a, %d %b %Y %H:%M:%S", &t) != NULL && timegm(&t) > now)
        end = earlier(end, timegm(&t));
    return end;
}

static int set_validity(const struct mint_ca *ca, const struct mint_request *r,
                        struct issue_request *out, struct err *e) {
    int64_t ca_start, ca_end, now = clock_wall();
    if (x509_validity(ca->certificate, &ca_start, &ca_end, e) != 0)
        return -1;
    int64_t granted = earlier(r->template->validity_us, ca->config->validity_us) / US_PER_S;
    int64_t end = earlier(now + granted, ca_end);
    out->not_before = now - ca->config->clock_skew_us / US_PER_S;
    out->not_after = ca->config->end_date_attribute ? attribute_end(r->attributes, now, end) : end;
    return 0;
}

X509 *mint_certificate(const struct mint_ca *ca, const struct mint_request *r, struct err *e) {
    uint8_t serial[SERIAL_MAX];
    size_t serial_len = make_serial(ca, r->id, serial, e);
    AUTO(X509_NAME) subject = make_subject(ca, r, e);
    if (serial_len == 0 || subject == NULL)
        return NULL;
    struct issue_request issue = {.subject = subject,
                                  .key = X509_REQ_get0_pubkey(r->request),
                                  .issuer = ca->certificate,
                                  .issuer_key = ca->key,
                                  .serial = bytes_of(serial, serial_len),
                                  .only_encoded = true};
    struct mint_extensions extensions;
    X509 *cert = NULL;
    if (set_validity(ca, r, &issue, e) == 0 && mint_extensions(ca, r, &extensions, e) == 0) {
        issue.extensions = extensions.items;
        cert = issue_certificate(&issue, e);
        mint_extensions_free(&extensions);
    }
    return cert;
}
