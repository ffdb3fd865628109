/* What the tests of the CA and of the pages share: users, templates, and a CA in a folder of its
 * own. Test programs only. */
#ifndef MOCKS_CERTSRV_TEST_LAB_H
#define MOCKS_CERTSRV_TEST_LAB_H

#include "base/clock.h"
#include "base/file.h"
#include "base/test.h"
#include "base/x509.h"
#include "mocks/certsrv/ca.h"
#include "pki/issue.h"
#include <string.h>

#define US_PER_DAY (INT64_C(86400) * 1000000)

static struct user users[] = {
    {.name = "ciscora", .password = "x", .enroll = true, .request = true, .sid = "S-1-5-21-1-2-3"},
    {.name = "guest", .password = "x", .enroll = false, .request = true},
    {.name = "nobody", .password = "x", .enroll = true, .request = false},
};
static char *only_guest[] = {"guest"};
static struct template items[] = {
    {.name = "CiscoRA", .version = 2, .major = 100, .minor = 3, .key_bits = 2048, .rsa_only = true},
    {.name = "WebServer", .version = 1, .key_bits = 1024},
    {.name = "User", .version = 1, .subject = TEMPLATE_SUBJECT_USER},
    {.name = "Manager", .version = 2, .approval = true, .oid = "1.3.6.1.4.1.311.21.8.1.2.3"},
    {.name = "Signed", .version = 2, .signatures = 1},
    {.name = "Guests", .version = 2, .enroll = {only_guest, 1}},
    {.name = "Hidden", .version = 2},
};
static struct accounts accounts = {{"MICHAMEN", "michamen.com", false}, users, 3};
static struct templates templates = {items, sizeof items / sizeof items[0]};

static char ca_name[] = "LAB-DC-RTP", ca_key[] = TESTDATA "/keys/ca.key";

struct lab {
    char dir[64], certificate[96], database[96];
    struct ca_config config;
    struct ca *ca;
};

static inline void write_ca_certificate(const char *path) {
    struct err e;
    AUTO_BUF pem = BUF_INIT(16384);
    AUTO(EVP_PKEY) key = key_read_file(TESTDATA "/keys/ca.key", &e);
    AUTO(X509_NAME) name = x509_name_parse("CN=LAB-DC-RTP", &e);
    const struct issue_request request = {.subject = name,
                                          .key = key,
                                          .issuer_key = key,
                                          .not_before = clock_wall() - 86400,
                                          .not_after = clock_wall() + 1000 * 86400,
                                          .extensions = issue_ca_extensions};
    AUTO(X509) cert = issue_certificate(&request, &e);
    ck_assert_ok(x509_put_pem(cert, &pem, &e), e);
    ck_assert_ok(file_write(path, buf_view(&pem), 0644, &e), e);
}

static inline void lab_open(struct lab *lab) {
    struct err e = {0};
    const struct ca_setup setup = {&lab->config, &accounts, &templates, "lab-dc.michamen.com",
                                   lab->database};
    lab->ca = ca_open(&setup, &e);
    ck_assert_msg(lab->ca != NULL, "%s", e.text);
}

static inline void lab_init(struct lab *lab) {
    for (size_t i = 0; i < templates.count; i++) {
        items[i].validity_us = 730 * US_PER_DAY;
        items[i].published = strcmp(items[i].name, "Hidden") != 0;
    }
    *lab = (struct lab){.dir = "/tmp/capflab-ca-test-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(lab->dir));
    snprintf(lab->certificate, sizeof lab->certificate, "%s/ca.pem", lab->dir);
    snprintf(lab->database, sizeof lab->database, "%s/ca.sqlite", lab->dir);
    write_ca_certificate(lab->certificate);
    lab->config = (struct ca_config){.name = ca_name,
                                     .certificate = lab->certificate,
                                     .key = ca_key,
                                     .first_request = 10,
                                     .validity_us = 3650 * US_PER_DAY,
                                     .clock_skew_us = 600 * INT64_C(1000000),
                                     .crl_validity_us = 7 * US_PER_DAY};
}

static inline void lab_free(struct lab *lab) {
    char path[128];
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    ca_close(lab->ca);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", lab->database, suffixes[i]);
        unlink(path);
    }
    unlink(lab->certificate);
    rmdir(lab->dir);
}

static inline int submit(struct lab *lab, size_t user, const char *csr, const char *attributes,
                         struct store_row *row) {
    AUTO_BUF file = BUF_INIT(64 * 1024);
    AUTO(char) path = path_join(TESTDATA "/csr", "%s", csr);
    struct err e;
    ck_assert_ok(file_read(path, &file, &e), e);
    const struct ca_submission s = {&users[user], buf_view(&file), bytes_of_str(attributes)};
    store_row_init(row);
    int rc = ca_submit(lab->ca, &s, row, &e);
    ck_assert_msg(rc == 0, "%s: %s", csr, e.text);
    return rc;
}

#define TEMPLATE(name) "CertificateTemplate:" name "\r\n"

#endif
