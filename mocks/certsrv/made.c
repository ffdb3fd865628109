/* Making the laboratory's own CA and web server certificate. Private keys are written with mode
 * 0600 into a folder of mode 0700. */
#include "mocks/certsrv/made.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/x509.h"
#include "mocks/certsrv/der.h"
#include "pki/issue.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_BITS = 2048, DAY_S = 86400, CA_DAYS = 3650, WEB_DAYS = 730, SKEW_S = 600 };
#define OID_CA_VERSION "1.3.6.1.4.1.311.21.1"

static int make_folder(const struct certsrv_config *config, struct made *out, struct err *e) {
    if (out->folder != NULL)
        return 0;
    if (config->state != NULL) {
        out->folder = strdup(config->state);
        return out->folder == NULL ? err_set(e, ERR_SYS_NOMEM, NULL) : file_mkdirs(out->folder, e);
    }
    char name[] = "/tmp/capflab-certsrv-XXXXXX";
    if (mkdtemp(name) == NULL)
        return err_errno(e, "%s", name);
    out->temporary = true;
    out->folder = strdup(name);
    return out->folder == NULL ? err_set(e, ERR_SYS_NOMEM, NULL) : 0;
}

/* A path in the folder, remembered for the end; NULL SYS_IO, SYS_NOMEM. */
static char *place(const struct certsrv_config *config, struct made *out, const char *name,
                   struct err *e) {
    if (make_folder(config, out, e) != 0)
        return NULL;
    char *path = path_join(out->folder, "%s", name);
    if (path == NULL)
        err_set(e, ERR_SYS_NOMEM, NULL);
    else
        out->paths[out->count++] = path;
    return path;
}

static int write_pair(X509 *cert, EVP_PKEY *key, const char *certificate, const char *key_file,
                      struct err *e) {
    AUTO_BUF pem = BUF_INIT(64 * 1024);
    if (x509_put_pem(cert, &pem, e) != 0 || key_write_file(key_file, key, e) != 0)
        return -1;
    return file_write(certificate, buf_view(&pem), 0644, e);
}

static int make_ca(const struct certsrv_config *config, struct err *e) {
    AUTO(EVP_PKEY) key = key_generate(KEY_RSA, KEY_BITS, e);
    AUTO(X509_NAME) subject = X509_NAME_new();
    if (key == NULL || subject == NULL ||
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                   (const unsigned char *)config->ca.name, -1, -1, 0) != 1)
        return err_openssl(e, ERR_X509_ISSUE, "CA %s", config->ca.name);
    static const uint8_t first_version[] = {DER_INTEGER, 1, 0};
    const struct issue_extension extensions[] = {
        issue_ca_extensions[0],
        issue_ca_extensions[1],
        issue_ca_extensions[2],
        {.name = OID_CA_VERSION, .der = bytes_of(first_version, sizeof first_version)},
        {.name = NULL}};
    int64_t now = clock_wall();
    const struct issue_request request = {.subject = subject,
                                          .key = key,
                                          .issuer_key = key,
                                          .not_before = now - SKEW_S,
                                          .not_after = now + (int64_t)CA_DAYS * DAY_S,
                                          .extensions = extensions};
    AUTO(X509) cert = issue_certificate(&request, e);
    return cert == NULL ? -1 : write_pair(cert, key, config->ca.certificate, config->ca.key, e);
}

static X509 *issue_web(const struct certsrv_config *config, EVP_PKEY *key, const X509 *issuer,
                       EVP_PKEY *issuer_key, struct err *e) {
    AUTO_BUF names = BUF_INIT(1024);
    AUTO(X509_NAME) subject = X509_NAME_new();
    buf_printf(&names, "DNS:%s,DNS:localhost,IP:127.0.0.1,IP:::1", config->host);
    const struct issue_extension extensions[] = {
        {.name = "keyUsage", .value = "critical,digitalSignature,keyEncipherment"},
        {.name = "extendedKeyUsage", .value = "serverAuth"},
        {.name = "subjectKeyIdentifier", .value = "hash"},
        {.name = "authorityKeyIdentifier", .value = "keyid"},
        {.name = "subjectAltName", .value = buf_str(&names)},
        {.name = NULL}};
    if (subject == NULL ||
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                   (const unsigned char *)config->host, -1, -1, 0) != 1) {
        err_openssl(e, ERR_X509_ISSUE, "host %s", config->host);
        return NULL;
    }
    int64_t now = clock_wall();
    const struct issue_request request = {.subject = subject,
                                          .key = key,
                                          .issuer = issuer,
                                          .issuer_key = issuer_key,
                                          .not_before = now - SKEW_S,
                                          .not_after = now + (int64_t)WEB_DAYS * DAY_S,
                                          .extensions = extensions};
    return issue_certificate(&request, e);
}

static int make_web(const struct certsrv_config *config, struct err *e) {
    AUTO(X509) issuer = x509_read_file(config->ca.certificate, e);
    AUTO(EVP_PKEY) issuer_key = issuer == NULL ? NULL : key_read_file(config->ca.key, e);
    AUTO(EVP_PKEY) key = issuer_key == NULL ? NULL : key_generate(KEY_RSA, KEY_BITS, e);
    if (key == NULL)
        return -1;
    AUTO(X509) cert = issue_web(config, key, issuer, issuer_key, e);
    return cert == NULL ? -1 : write_pair(cert, key, config->certificate, config->key, e);
}

/* Fills a pair of file names. 1: to be made now; 0: there already; -1. */
static int fill_pair(struct certsrv_config *config, struct made *out, char **certificate,
                     char **key, const char *name, struct err *e) {
    if (*certificate != NULL && *key != NULL)
        return 0;
    if (*certificate != NULL || *key != NULL)
        return err_set(e, ERR_CONFIG_MISSING, "%s: certificate and key go together", name);
    char file[32];
    snprintf(file, sizeof file, "%s.pem", name);
    *certificate = place(config, out, file, e);
    snprintf(file, sizeof file, "%s.key", name);
    *key = *certificate == NULL ? NULL : place(config, out, file, e);
    if (*key == NULL)
        return -1;
    return !file_exists(*certificate) || !file_exists(*key);
}

int made_fill(struct certsrv_config *config, struct made *out, struct err *e) {
    *out = (struct made){0};
    int rc = fill_pair(config, out, &config->ca.certificate, &config->ca.key, "ca", e);
    if (rc < 0 || (rc == 1 && make_ca(config, e) != 0))
        return -1;
    rc = fill_pair(config, out, &config->certificate, &config->key, "web", e);
    if (rc < 0 || (rc == 1 && make_web(config, e) != 0))
        return -1;
    if (config->database == NULL)
        config->database = place(config, out, "ca.sqlite", e);
    return config->database == NULL ? -1 : 0;
}

static void remove_with(const char *path, const char *suffix) {
    AUTO_BUF name = BUF_INIT(4096);
    buf_printf(&name, "%s%s", path, suffix);
    unlink(buf_str(&name));
}

void made_free(struct made *m) {
    for (size_t i = 0; i < m->count; i++) {
        if (m->temporary) {
            remove_with(m->paths[i], "");
            remove_with(m->paths[i], "-wal");
            remove_with(m->paths[i], "-shm");
        }
        free(m->paths[i]);
    }
    if (m->temporary && m->folder != NULL)
        rmdir(m->folder);
    free(m->folder);
    *m = (struct made){0};
}
