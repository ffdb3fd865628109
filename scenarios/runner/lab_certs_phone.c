/* Certificates that belong to phones: MICs, LSCs from before the scenario, and what the offline
 * CA's administrator signs. */
#include "scenarios/runner/lab_certs.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/x509.h"
#include "pki/csr.h"
#include "pki/issue.h"

#include <ctype.h>
#include <string.h>

enum { DAY_S = 86400, LSC_DAYS = 365, MIC_DAYS = 3650, PEM_BYTES_MAX = 16 * 1024 };

static const struct issue_extension mic_extensions[] = {
    {.name = "basicConstraints", .value = "critical,CA:FALSE"},
    {.name = "keyUsage", .value = "critical,digitalSignature,keyEncipherment"},
    {.name = "extendedKeyUsage", .value = "clientAuth,serverAuth"},
    {.name = NULL},
};

struct leaf {
    const X509_NAME *subject;
    EVP_PKEY *key;
    enum lab_cert_id issuer;
    int64_t days;
    const struct issue_extension *extensions;
};

static X509 *issue_leaf(const struct lab_certs *c, const struct leaf *leaf, struct err *e) {
    const struct issue_request request = {.subject = leaf->subject,
                                          .key = leaf->key,
                                          .issuer = c->certs[leaf->issuer],
                                          .issuer_key = c->keys[leaf->issuer],
                                          .not_before = clock_wall() - DAY_S,
                                          .not_after = clock_wall() + leaf->days * DAY_S,
                                          .extensions = leaf->extensions};
    return issue_certificate(&request, e);
}

static int write_cert(const char *path, const X509 *cert, struct err *e) {
    AUTO_BUF pem = BUF_INIT(PEM_BYTES_MAX);
    if (path == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (x509_put_pem(cert, &pem, e) != 0)
        return -1;
    return file_write(path, buf_view(&pem), 0644, e);
}

/* A serial number of Cisco's form from the device's name: FCH and the last eight characters. */
static void device_serial(const char *name, char out[16]) {
    size_t len = strlen(name);
    snprintf(out, 16, "FCH%s", len > 8 ? name + len - 8 : name);
}

static X509_NAME *phone_subject(const struct phone_settings *phone, const char *organisation,
                                struct err *e) {
    char serial[16];
    char text[512];
    device_serial(phone->name, serial);
    snprintf(text, sizeof text, "serialNumber=PID:%s SN:%s, %s, CN=%s-%s", phone->model, serial,
             organisation, phone->model, phone->name);
    return x509_name_parse(text, e);
}

int lab_certs_mic(const struct lab_certs *c, const struct phone_settings *phone,
                  const char *key_path, struct err *e) {
    AUTO(EVP_PKEY) key = key_read_file(key_path, e);
    AUTO(X509_NAME) subject = phone_subject(phone, "O=Cisco Systems Inc., OU=CTG", e);
    if (key == NULL || subject == NULL)
        return -1;
    const struct leaf leaf = {.subject = subject,
                              .key = key,
                              .issuer = phone->mic == MIC_UNTRUSTED ? CERT_FOREIGN
                                                                    : CERT_MANUFACTURING_SHA2,
                              .days = MIC_DAYS,
                              .extensions = mic_extensions};
    AUTO(X509) cert = issue_leaf(c, &leaf, e);
    AUTO(char) path = path_join(c->dir, "mic-%s.pem", phone->name);
    return cert == NULL ? -1 : write_cert(path, cert, e);
}

int lab_certs_lsc(const struct lab_certs *c, const struct phone_settings *phone,
                  enum lab_cert_id issuer, const char *key_path, const char *path, struct err *e) {
    AUTO(EVP_PKEY) key = key_read_file(key_path, e);
    AUTO(X509_NAME) subject = phone_subject(phone, "C=US, O=cisco, OU=tac", e);
    if (key == NULL || subject == NULL)
        return -1;
    const struct leaf leaf = {.subject = subject,
                              .key = key,
                              .issuer = issuer,
                              .days = LSC_DAYS,
                              .extensions = issue_lsc_extensions};
    AUTO(X509) cert = issue_leaf(c, &leaf, e);
    return cert == NULL ? -1 : write_cert(path, cert, e);
}

X509 *lab_certs_sign(const struct lab_certs *c, enum lab_cert_id issuer, X509_REQ *request,
                     struct err *e) {
    if (csr_verify(request, e) != 0)
        return NULL;
    AUTO(EVP_PKEY) key = X509_REQ_get_pubkey(request);
    if (key == NULL) {
        err_openssl(e, ERR_CSR_PARSE, "the request has no usable key");
        return NULL;
    }
    const struct leaf leaf = {.subject = X509_REQ_get_subject_name(request),
                              .key = key,
                              .issuer = issuer,
                              .days = LSC_DAYS,
                              .extensions = issue_lsc_extensions};
    return issue_leaf(c, &leaf, e);
}
