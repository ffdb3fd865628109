/* A cluster for tests of the file service: certificates in a folder of their own, CAPF's device
 * store, a configuration that names them. Tests only. */
#ifndef MOCKS_TFTP_TFTP_TEST_LAB_H
#define MOCKS_TFTP_TFTP_TEST_LAB_H

#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include "base/x509.h"
#include "capf/store.h"
#include "itl/itl.h"
#include "itl/sgn.h"
#include "mocks/tftp/config.h"
#include "mocks/tftp/files.h"
#include "pki/issue.h"
#include <string.h>

enum { LAB_TEXT_MAX = 64 * 1024, LAB_KEY_BITS = 1024, LAB_DAY = 86400 };

#define LAB_PHONE "SEP74A02FC0A675"

struct lab {
    char *dir;
    struct tftp_config config;
    struct cfg_doc *doc;
    struct fault_set *faults;
};

static inline char *lab_path(const struct lab *l, const char *name) {
    char *path = path_join(l->dir, "%s", name);
    ck_assert_ptr_nonnull(path);
    return path;
}

static inline void lab_write(const struct lab *l, const char *name, struct bytes content) {
    struct err e = {0};
    AUTO(char) path = lab_path(l, name);
    ck_assert_ok(file_write(path, content, 0600, &e), e);
}

/* NAME.pem and NAME.key, self-signed; again with another key when they are there. */
static inline void lab_certificate(const struct lab *l, const char *name, enum key_kind kind) {
    struct err e = {0};
    AUTO(char) file = path_join(l->dir, "%s.pem", name);
    AUTO(char) key_file = path_join(l->dir, "%s.key", name);
    AUTO(EVP_PKEY) key = key_generate(kind, kind == KEY_RSA ? LAB_KEY_BITS : 256, &e);
    AUTO_BUF subject = BUF_INIT(256);
    AUTO_BUF pem = BUF_INIT(LAB_TEXT_MAX);
    buf_printf(&subject, "C=US, ST=MA, O=Cisco Systems, OU=TAC, CN=%s", name);
    AUTO(X509_NAME) parsed = x509_name_parse(buf_str(&subject), &e);
    const struct issue_request request = {.subject = parsed,
                                          .key = key,
                                          .issuer_key = key,
                                          .not_before = clock_wall() - LAB_DAY,
                                          .not_after = clock_wall() + LAB_DAY,
                                          .extensions = issue_capf_extensions};
    AUTO(X509) certificate = issue_certificate(&request, &e);
    ck_assert_msg(certificate != NULL, "%s", e.text);
    ck_assert_ok(x509_put_pem(certificate, &pem, &e), e);
    ck_assert_ok(file_write(file, buf_view(&pem), 0644, &e), e);
    ck_assert_ok(key_write_file(key_file, key, &e), e);
}

static inline X509 *lab_read_certificate(const struct lab *l, const char *name) {
    struct err e = {0};
    AUTO(char) file = path_join(l->dir, "%s.pem", name);
    X509 *certificate = x509_read_file(file, &e);
    ck_assert_msg(certificate != NULL, "%s", e.text);
    return certificate;
}

/* Reads yaml, in which every @ stands for the folder. The mistakes of it, or "". */
static inline char *lab_load(struct lab *l, const char *yaml) {
    static const struct fault_tables *const tables[] = {&tftp_faults, NULL};
    struct cfg_mistakes *m = cfg_mistakes_new();
    AUTO_BUF text = BUF_INIT(LAB_TEXT_MAX);
    for (; *yaml != '\0'; yaml++)
        buf_put_str(&text, *yaml == '@' ? l->dir : (const char[]){*yaml, '\0'});
    l->config = (struct tftp_config){0};
    l->doc = cfg_load_text("tftp.yaml", buf_view(&text), tftp_fields, &l->config, m);
    if (l->doc != NULL)
        l->faults = fault_set_new(&l->config.faults, l->doc, tables, m);
    char *mistake = strdup(cfg_mistakes_count(m) > 0 ? cfg_mistake_text(m, 0) : "");
    cfg_mistakes_free(m);
    return mistake;
}

static inline void lab_unload(struct lab *l) {
    fault_set_free(l->faults);
    cfg_doc_free(l->doc);
    l->faults = NULL;
    l->doc = NULL;
}

/* The lists of a small cluster; what a test adds stands behind it. */
static const char lab_cluster[] =
    "signer: {certificate: '@/pub.pem', key: '@/pub.key'}\n"
    "recovery: {certificate: '@/ITLRECOVERY_pub.pem', key: '@/ITLRECOVERY_pub.key'}\n"
    "itl:\n"
    "  - {certificate: '@/CAPF-7f0ae8d7.pem', roles: capf}\n"
    "  - {certificate: '@/tvs.pem', roles: tvs}\n"
    "  - {certificate: '@/ITLRECOVERY_pub.pem', roles: sast}\n"
    "  - {certificate: '@/pub.pem', roles: [sast, tftp]}\n"
    "ctl:\n"
    "  - {form: empty, roles: ccm+tftp, dns: pub.michamen.com, address: 192.0.2.1}\n"
    "  - {certificate: '@/pub.pem', roles: [sast, ccm+tftp], dns: pub.michamen.com}\n"
    "  - {certificate: '@/CAPF-7f0ae8d7.pem', roles: capf, form: full}\n"
    "devices:\n"
    "  template:\n"
    "    capf: [{host: pub.michamen.com}, {host: sub.michamen.com, port: 3805}]\n"
    "    tvs: [{host: pub.michamen.com}, {host: 192.0.2.2, port: 2446}]\n"
    "    call-managers: [pub.michamen.com, sub.michamen.com]\n";

static inline void lab_load_cluster(struct lab *l, const char *more) {
    AUTO_BUF yaml = BUF_INIT(LAB_TEXT_MAX);
    buf_printf(&yaml, "%s%s", lab_cluster, more);
    AUTO(char) mistake = lab_load(l, buf_str(&yaml));
    ck_assert_str_eq(mistake, "");
}

static inline void lab_open(struct lab *l) {
    clock_configure(0, 1);
    *l = (struct lab){.dir = temporary_new()};
    lab_certificate(l, "pub", KEY_RSA);
    lab_certificate(l, "ITLRECOVERY_pub", KEY_RSA);
    lab_certificate(l, "CAPF-7f0ae8d7", KEY_RSA);
    lab_certificate(l, "tvs", KEY_RSA);
}

static inline void lab_close(struct lab *l) {
    lab_unload(l);
    temporary_remove(&l->dir);
}

#endif
