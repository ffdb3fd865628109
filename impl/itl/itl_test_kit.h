/* What the tests of trust lists share: files of testdata, certificates made on the spot. Tests
 * only. */
#ifndef ITL_ITL_TEST_KIT_H
#define ITL_ITL_TEST_KIT_H

#include "base/file.h"
#include "base/test.h"
#include "base/x509.h"
#include "itl/itl_write.h"
#include "pki/issue.h"
#include <string.h>

enum { KIT_MAX = 1 << 20, KIT_TIME = 1520867273 };

static inline void kit_read(const char *name, struct buf *out) {
    struct err e = {0};
    AUTO(char) path = path_join(TESTDATA, "%s", name);
    *out = (struct buf)BUF_INIT(KIT_MAX);
    ck_assert_ok(file_read(path, out, &e), e);
}

static inline struct itl *kit_list(const char *name) {
    struct err e = {0};
    AUTO(char) path = path_join(TESTDATA, "%s", name);
    struct itl *list = itl_read_file(path, &e);
    ck_assert_msg(list != NULL, "%s", e.text);
    return list;
}

static inline struct itl *kit_parse(const struct buf *bytes) {
    struct err e = {0};
    struct itl *list = itl_parse(buf_view(bytes), &e);
    ck_assert_msg(list != NULL, "%s", e.text);
    return list;
}

static inline X509 *kit_cert(const char *name) {
    struct err e = {0};
    AUTO(char) path = path_join(TESTDATA, "%s", name);
    X509 *cert = x509_read_file(path, &e);
    ck_assert_msg(cert != NULL, "%s", e.text);
    return cert;
}

static inline EVP_PKEY *kit_key(const char *name) {
    struct err e = {0};
    AUTO(char) path = path_join(TESTDATA, "%s", name);
    EVP_PKEY *key = key_read_file(path, &e);
    ck_assert_msg(key != NULL, "%s", e.text);
    return key;
}

/* Self-signed; name as x509_name_parse reads it. */
static inline X509 *kit_issue(const char *name, EVP_PKEY *key, struct bytes serial) {
    struct err e = {0};
    AUTO(X509_NAME) subject = x509_name_parse(name, &e);
    const struct issue_request request = {.subject = subject,
                                          .key = key,
                                          .issuer_key = key,
                                          .serial = serial,
                                          .not_before = KIT_TIME,
                                          .not_after = KIT_TIME + 86400};
    X509 *cert = issue_certificate(&request, &e);
    ck_assert_msg(cert != NULL, "%s", e.text);
    return cert;
}

static inline void assert_text(struct bytes text, const char *expected) {
    ck_assert_msg(bytes_equal(text, bytes_of_str(expected)), "'%.*s' instead of '%s'",
                  (int)text.len, text.len > 0 ? (const char *)text.data : "", expected);
}

#endif
