/* Certificates from files and odd certificates: what is refused, and with which words. What is made
 * here is tested with pki. */
#include "base/file.h"
#include "base/temporary_test.h"
#include "base/x509.h"
#include <string.h>

static X509 *good(void) {
    struct err e = {0};
    X509 *certificate = x509_read_file(TESTDATA "/http-ca.pem", &e);
    ck_assert_msg(certificate != NULL, "%s", e.text);
    return certificate;
}

static char *write_text(const char *dir, const char *text) {
    struct err e = {0};
    char *path = path_join(dir, "file.pem");
    ck_assert_ok(file_write(path, bytes_of_str(text), 0600, &e), e);
    return path;
}

START_TEST(a_file_without_a_certificate_is_named) {
    TEMPORARY(dir);
    struct err e = {0};
    AUTO(char) path = write_text(dir, "no certificate\n");
    ck_assert_ptr_null(x509_read_file(path, &e));
    ck_assert_err(e, X509_PARSE);
    ck_assert_ptr_nonnull(strstr(e.text, "file.pem"));
    ck_assert_ptr_null(x509_read_all_file(path, &e));
    ck_assert_err(e, X509_PARSE);
    ck_assert_ptr_null(x509_read_all_file("/nowhere/file.pem", &e));
    ck_assert_err(e, SYS_IO);
    ck_assert_ptr_null(x509_read_file("/nowhere/file.pem", &e));
    ck_assert_err(e, SYS_IO);
}
END_TEST

START_TEST(a_bad_second_certificate_is_told) {
    TEMPORARY(dir);
    struct err e = {0};
    AUTO_BUF text = BUF_INIT(64 * 1024);
    ck_assert_ok(file_read(TESTDATA "/http-ca.pem", &text, &e), e);
    buf_put_str(&text, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    AUTO(char) path = write_text(dir, buf_str(&text));
    ck_assert_ptr_null(x509_read_all_file(path, &e));
    ck_assert_err(e, X509_PARSE);
    ck_assert_ptr_nonnull(strstr(e.text, "certificate 2"));
}
END_TEST

START_TEST(a_full_buffer_is_told) {
    AUTO(X509) certificate = good();
    AUTO_BUF small = BUF_INIT(16), smaller = BUF_INIT(16);
    struct err e = {0};
    ck_assert_int_eq(x509_put_der(certificate, &small, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
    ck_assert_int_eq(x509_put_pem(certificate, &smaller, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
}
END_TEST

/* The first octet of both UTCTimes' months becomes a letter. */
START_TEST(dates_that_are_none_are_refused) {
    AUTO(X509) certificate = good();
    AUTO_BUF der = BUF_INIT(64 * 1024);
    struct err e = {0};
    int64_t from, to;
    ck_assert_ok(x509_put_der(certificate, &der, &e), e);
    uint8_t *time = memmem(der.data, der.len, "\x17\x0d", 2);
    ck_assert_ptr_nonnull(time);
    time[4] = 'X';
    AUTO(X509) odd = x509_read(buf_view(&der), &e);
    ck_assert_msg(odd != NULL, "%s", e.text);
    ck_assert_int_eq(x509_validity(odd, &from, &to, &e), -1);
    ck_assert_err(e, X509_PARSE);
}
END_TEST

/* Octets that are no UTF-8, and a name with a NUL inside. */
START_TEST(a_common_name_that_is_no_text_is_none) {
    static const unsigned char odd[] = {0xff, 0xff}, nul[] = {'a', 0, 'b'};
    AUTO(X509_NAME) first = X509_NAME_new();
    AUTO(X509_NAME) second = X509_NAME_new();
    AUTO(X509_NAME) empty = X509_NAME_new();
    X509_NAME_add_entry_by_NID(first, NID_commonName, V_ASN1_UTF8STRING, odd, sizeof odd, -1, 0);
    X509_NAME_add_entry_by_NID(second, NID_commonName, V_ASN1_UTF8STRING, nul, sizeof nul, -1, 0);
    ck_assert_int_eq(X509_NAME_entry_count(first), 1);
    ck_assert_int_eq(X509_NAME_entry_count(second), 1);
    ck_assert_ptr_null(x509_name_cn(first));
    ck_assert_ptr_null(x509_name_cn(second));
    ck_assert_ptr_null(x509_name_cn(empty));
}
END_TEST

/* The last arc of its key's algorithm is one that nobody has: it is a certificate all the same. */
START_TEST(a_key_of_unknown_kind_is_no_key) {
    static const uint8_t ec[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
    struct err e = {0};
    AUTO(X509) known = good();
    AUTO(EVP_PKEY) key = X509_get_pubkey(known);
    AUTO_BUF der = BUF_INIT(8192);
    ck_assert_ok(x509_put_der(known, &der, &e), e);
    uint8_t *oid = memmem(der.data, der.len, ec, sizeof ec);
    ck_assert_ptr_nonnull(oid);
    oid[sizeof ec - 1] = 0x63;
    AUTO(X509) unknown = x509_read(buf_view(&der), &e);
    ck_assert_msg(unknown != NULL, "%s", e.text);
    ck_assert_ptr_null(X509_get0_pubkey(unknown));
    ck_assert(!x509_has_key(unknown, key));
    ck_assert(x509_has_key(known, key));
}
END_TEST

START_TEST(names_that_cannot_be_read_are_refused) {
    static const char *const texts[] = {"CN", "=x", "CN=a,b", "XX=a"};
    struct err e = {0};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ck_assert_ptr_null(x509_name_parse(texts[i], &e));
        ck_assert_err(e, X509_ISSUE);
    }
}
END_TEST

START_TEST(a_key_file_without_a_key_is_named) {
    TEMPORARY(dir);
    struct err e = {0};
    AUTO(char) path = write_text(dir, "no key\n");
    ck_assert_ptr_null(key_read_file(path, &e));
    ck_assert_err(e, KEY_PARSE);
    ck_assert_ptr_nonnull(strstr(e.text, "file.pem"));
    ck_assert_ptr_null(key_read_file("/nowhere/file.pem", &e));
    ck_assert_err(e, SYS_IO);
}
END_TEST

TEST_MAIN("x509", a_file_without_a_certificate_is_named, a_bad_second_certificate_is_told,
          a_full_buffer_is_told, dates_that_are_none_are_refused,
          a_common_name_that_is_no_text_is_none, a_key_of_unknown_kind_is_no_key,
          names_that_cannot_be_read_are_refused, a_key_file_without_a_key_is_named)
