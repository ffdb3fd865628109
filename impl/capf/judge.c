/* Certificates of phones: whose they are, who issued them, what they are to be called. Checks here
 * are what stands between a wrong certificate and a phone. */
#include "capf/judge.h"
#include "base/clock.h"
#include "base/x509.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool judge_names_device(const X509 *certificate, const char *device) {
    AUTO(char) cn = x509_name_cn(X509_get_subject_name(certificate));
    if (cn == NULL)
        return false;
    size_t have = strlen(cn), want = strlen(device);
    if (have < want || strcasecmp(cn + have - want, device) != 0)
        return false;
    return have == want || cn[have - want - 1] == '-';
}

int judge_issuer(X509 *certificate, const X509_STACK *trust, struct err *e) {
    if (x509_issued_by_one(certificate, trust))
        return 0;
    AUTO(char) name = x509_name_rfc2253(X509_get_issuer_name(certificate));
    return err_openssl(e, ERR_X509_CHAIN, "issuer %s is not trusted", name == NULL ? "?" : name);
}

int judge_dates(const X509 *certificate, struct err *e) {
    int64_t from = 0, to = 0, now = (int64_t)clock_wall();
    if (x509_validity(certificate, &from, &to, e) < 0)
        return -1;
    if (now < from)
        return err_set(e, ERR_X509_NOT_YET_VALID, NULL);
    return now > to ? err_set(e, ERR_X509_EXPIRED, NULL) : 0;
}

int judge_issued(const X509 *certificate, EVP_PKEY *key, const char *device, struct err *e) {
    if (!x509_has_key(certificate, key))
        return err_set(e, ERR_X509_KEY_MISMATCH, "the certificate is not for the phone's key");
    if (!judge_names_device(certificate, device))
        return err_set(e, ERR_X509_ISSUE, "the subject of the certificate does not name %s",
                       device);
    return judge_dates(certificate, e);
}

static int copy_entries(X509_NAME *to, const X509_NAME *from, int nid) {
    for (int at = -1; (at = X509_NAME_get_index_by_NID(from, nid, at)) >= 0;)
        if (X509_NAME_add_entry(to, X509_NAME_get_entry(from, at), -1, 0) != 1)
            return -1;
    return 0;
}

static int add_device_cn(X509_NAME *name, const char *device, const char *model) {
    char cn[STORE_MODEL_MAX + CAPF_DEVICE_NAME_MAX + 2];
    snprintf(cn, sizeof cn, "%s%s%s", model, model[0] == '\0' ? "" : "-", device);
    /* X.520 limits a CN to 64 characters; the bare name is then the better one. */
    const char *text = strlen(cn) <= 64 ? cn : device;
    return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                      (const unsigned char *)text, -1, -1, 0) == 1
               ? 0
               : -1;
}

X509_NAME *judge_subject(const char *device, const char *model, const X509 *mic, const X509 *capf,
                         struct err *e) {
    static const int organisation[] = {NID_countryName, NID_stateOrProvinceName, NID_localityName,
                                       NID_organizationName, NID_organizationalUnitName};
    const X509_NAME *mine = mic == NULL ? NULL : X509_get_subject_name(mic);
    const X509_NAME *ours = X509_get_subject_name(capf);
    AUTO(X509_NAME) name = X509_NAME_new();
    int rc = name == NULL ? -1 : 0;
    if (rc == 0 && mine != NULL)
        rc = copy_entries(name, mine, NID_serialNumber);
    for (size_t i = 0; rc == 0 && i < sizeof organisation / sizeof organisation[0]; i++)
        rc = copy_entries(name, ours, organisation[i]);
    if (rc == 0)
        rc = mine != NULL ? copy_entries(name, mine, NID_commonName)
                          : add_device_cn(name, device, model);
    if (rc < 0) {
        err_openssl(e, ERR_X509_ISSUE, "%s: cannot make the subject", device);
        return NULL;
    }
    return TAKE(name);
}
