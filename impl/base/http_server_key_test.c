/* The server's key in every role that a handshake may give it: signing for each version of TLS and
 * each padding or curve, and the old key exchange without a signature. */
#include "http_test_lab.h"

#include "base/file.h"
#include "base/x509.h"
#include "temporary_test.h"

#define HOST      "lab-dc.michamen.com"
#define ONLY(v)   "NORMAL:-VERS-ALL:+VERS-TLS" v
#define SIGNED(s) ":-SIGN-ALL:+SIGN-RSA-SHA256:+SIGN-" s

static struct lab lab;

static const struct {
    enum key_kind kind;
    unsigned bits;
    const char *priorities;
} handshakes[] = {
    {KEY_RSA, 2048, "NORMAL"},
    {KEY_RSA, 2048, ONLY("1.3") SIGNED("RSA-PSS-RSAE-SHA256")},
    {KEY_RSA, 2048, ONLY("1.3") SIGNED("RSA-PSS-RSAE-SHA384")},
    {KEY_RSA, 2048, ONLY("1.3") SIGNED("RSA-PSS-RSAE-SHA512")},
    {KEY_RSA, 2048, ONLY("1.2")},
    {KEY_RSA, 2048, ONLY("1.2") SIGNED("RSA-SHA384")},
    {KEY_RSA, 2048, ONLY("1.2") ":-KX-ALL:+RSA"},
    {KEY_RSA, 3072, "NORMAL"},
    {KEY_EC, 256, ONLY("1.2")},
    {KEY_EC, 256, ONLY("1.3")},
    {KEY_EC, 384, ONLY("1.3")},
    {KEY_EC, 521, ONLY("1.3")},
};

static void set_names(X509 *cert, const char *subject, const char *issuer) {
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                               (const unsigned char *)subject, -1, -1, 0);
    X509_NAME_add_entry_by_txt(X509_get_issuer_name(cert), "CN", MBSTRING_UTF8,
                               (const unsigned char *)issuer, -1, -1, 0);
}

static void write_certificate(const char *path, const char *subject, EVP_PKEY *key,
                              EVP_PKEY *issuer_key, const char *constraints) {
    struct err e;
    AUTO_BUF pem = BUF_INIT(65536);
    AUTO(X509) cert = X509_new();
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, constraints);
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    set_names(cert, subject, "CA");
    X509_time_adj_ex(X509_getm_notBefore(cert), -1, 0, &(time_t){LAB_NOW_US / SECOND});
    X509_time_adj_ex(X509_getm_notAfter(cert), 1, 0, &(time_t){LAB_NOW_US / SECOND});
    X509_set_pubkey(cert, key);
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    ck_assert_int_gt(X509_sign(cert, issuer_key, EVP_sha256()), 0);
    ck_assert_ok(x509_put_pem(cert, &pem, &e), e);
    ck_assert_ok(file_write(path, buf_view(&pem), 0644, &e), e);
}

START_TEST(every_kind_of_handshake_is_answered) {
    TEMPORARY(dir);
    struct err e;
    struct fetch f;
    AUTO(char) ca = path_join(dir, "ca.pem");
    AUTO(char) server = path_join(dir, "server.pem");
    AUTO(char) key_file = path_join(dir, "server.key");
    AUTO(EVP_PKEY) ca_key = key_generate(KEY_EC, 256, &e);
    for (size_t i = 0; i < sizeof handshakes / sizeof handshakes[0]; i++) {
        AUTO(EVP_PKEY) key = key_generate(handshakes[i].kind, handshakes[i].bits, &e);
        write_certificate(ca, "CA", ca_key, ca_key, "critical,CA:TRUE");
        write_certificate(server, HOST, key, ca_key, "CA:FALSE");
        ck_assert_ok(key_write_file(key_file, key, &e), e);
        lab_start(&lab, (struct http_server_options){.certificate_file = server,
                                                     .key_file = key_file,
                                                     .priorities = handshakes[i].priorities});
        fetch_init(&f, &lab, HOST);
        f.endpoint.ca_file = ca;
        fetch_run(&f, &lab, "/");
        ck_assert_msg(f.result.code == CURLE_OK, "%zu: %s: %s", i, handshakes[i].priorities,
                      f.result.text);
        fetch_free(&f);
        lab_stop(&lab);
    }
}
END_TEST

START_TEST(a_key_that_is_none_is_named) {
    const struct http_server_options o = {
        .listen = "127.0.0.1:0", .certificate_file = PEM("server"), .key_file = PEM("ca")};
    const struct http_server_callbacks callbacks = {lab_request, lab_completed, NULL,
                                                    NULL,        NULL,          &lab};
    struct event_base *loop = event_base_new();
    struct err e;
    ck_assert_ptr_null(http_server_new(loop, &o, &callbacks, &e));
    ck_assert_err(e, TLS_CONFIG);
    ck_assert_ptr_nonnull(strstr(e.text, "http-ca.pem"));
    event_base_free(loop);
}
END_TEST

TEST_MAIN("HTTP server's key", every_kind_of_handshake_is_answered, a_key_that_is_none_is_named)
