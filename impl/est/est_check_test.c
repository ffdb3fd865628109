/* The server's checks on requests and its CsrAttrs, with what is malformed or does not fit. */
#include "base/test.h"
#include "base/x509.h"
#include "est/est_check.h"
#include "pki/csr.h"
#include <openssl/x509v3.h>
#include <string.h>

static EVP_PKEY *key;

static X509_REQ *request_with(const char *challenge, const char *uri) {
    struct err e = {0};
    if (key == NULL)
        key = key_generate(KEY_EC, 256, &e);
    AUTO(X509_NAME) subject = x509_name_parse("CN=SEP74A02FC0A675", &e);
    struct csr_template t = {
        .subject = subject, .key = key, .challenge = challenge, .san_uri = uri};
    X509_REQ *request = csr_sign(&t, key, &e);
    ck_assert_msg(request != NULL, "%s", e.text);
    return request;
}

static void check_link(const char *challenge, const char *unique, enum err_code code) {
    AUTO(X509_REQ) request = request_with(challenge, NULL);
    bool present = false;
    struct err e = {0};
    int rc = est_check_link(request, unique, &present, &e);
    ck_assert_int_eq(present, challenge != NULL);
    ck_assert_int_eq(rc, code == ERR_OK ? 0 : -1);
    ck_assert_int_eq(e.code, code);
}

START_TEST(a_challenge_links_request_and_session) {
    check_link(NULL, "dGxzLXVuaXF1ZSE=", ERR_OK);
    check_link("dGxzLXVuaXF1ZSE=", "dGxzLXVuaXF1ZSE=", ERR_OK);
    check_link("dGxzLXVuaXF1ZSE=", "dGxzLXVuaXF1ZSI=", ERR_EST_POP);
    check_link("dGxzLXVuaXF1ZSE=", NULL, ERR_EST_POP);
    check_link("secret!", "dGxzLXVuaXF1ZSE=", ERR_EST_POP);
    check_link("dGxzLXVuaXF1ZSE=", "", ERR_EST_POP);
}
END_TEST

START_TEST(a_challenge_that_is_no_text_is_refused) {
    static const unsigned char odd[] = {0xff, 0xff};
    AUTO(X509_REQ) request = request_with(NULL, NULL);
    bool present = false;
    struct err e = {0};
    ck_assert_int_eq(X509_REQ_add1_attr_by_NID(request, NID_pkcs9_challengePassword,
                                               V_ASN1_UTF8STRING, odd, sizeof odd),
                     1);
    ck_assert_int_eq(est_check_link(request, "dGxzLXVuaXF1ZSE=", &present, &e), -1);
    ck_assert(present);
    ck_assert_err(e, EST_POP);
}
END_TEST

static X509 *certificate_of(X509_REQ *request, bool with_extensions) {
    X509 *certificate = X509_new();
    X509_set_subject_name(certificate, X509_REQ_get_subject_name(request));
    STACK_OF(X509_EXTENSION) *asked = X509_REQ_get_extensions(request);
    for (int i = 0; with_extensions && i < sk_X509_EXTENSION_num(asked); i++)
        X509_add_ext(certificate, sk_X509_EXTENSION_value(asked, i), -1);
    sk_X509_EXTENSION_pop_free(asked, X509_EXTENSION_free);
    return certificate;
}

START_TEST(names_must_be_those_of_the_certificate) {
    AUTO(X509_REQ) request = request_with(NULL, "SEP74A02FC0A675");
    AUTO(X509_REQ) bare = request_with(NULL, NULL);
    AUTO(X509) same = certificate_of(request, true);
    AUTO(X509) without = certificate_of(request, false);
    AUTO(X509) other = X509_new();
    struct err e = {0};
    ck_assert_ok(est_check_names(request, same, &e), e);
    ck_assert_ok(est_check_names(bare, without, &e), e);
    ck_assert_int_eq(est_check_names(request, without, &e), -1);
    ck_assert_err(e, CSR_POLICY);
    ck_assert_int_eq(est_check_names(bare, same, &e), -1);
    ck_assert_err(e, CSR_POLICY);
    ck_assert_int_eq(est_check_names(request, other, &e), -1);
    ck_assert_err(e, CSR_POLICY);
}
END_TEST

static const uint8_t curve_only[] = {0x30, 0x07, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
static const uint8_t behind[] = {0x30, 0x00, 0x05, 0x00}, cut[] = {0x30, 0x07, 0x06};

START_TEST(the_challenge_is_added_once) {
    AUTO_BUF once = BUF_INIT(256), twice = BUF_INIT(256), as_it_is = BUF_INIT(256);
    struct err e = {0};
    struct bytes own = bytes_of(curve_only, sizeof curve_only);
    ck_assert_ok(est_put_csrattrs(own, true, &once, &e), e);
    ck_assert_ok(est_put_csrattrs(buf_view(&once), true, &twice, &e), e);
    ck_assert(bytes_equal(buf_view(&once), buf_view(&twice)));
    ck_assert_ok(est_put_csrattrs(own, false, &as_it_is, &e), e);
    ck_assert(bytes_equal(buf_view(&as_it_is), own));
}
END_TEST

START_TEST(attributes_that_are_none_are_refused) {
    AUTO_BUF out = BUF_INIT(256), small = BUF_INIT(4);
    struct err e = {0};
    ck_assert_int_eq(est_put_csrattrs(bytes_of(behind, sizeof behind), true, &out, &e), -1);
    ck_assert_err(e, EST_BAD_RESPONSE);
    ck_assert_int_eq(est_put_csrattrs(bytes_of(cut, sizeof cut), true, &out, &e), -1);
    ck_assert_err(e, EST_BAD_RESPONSE);
    ck_assert_int_eq(est_put_csrattrs(bytes_of(curve_only, sizeof curve_only), true, &small, &e),
                     -1);
    ck_assert_err(e, SYS_LIMIT);
}
END_TEST

START_TEST(what_is_no_certificate_is_no_client) {
    struct err e = {0};
    ck_assert_ptr_null(est_check_client(bytes_of_str("none"), NULL, &e));
    ck_assert_err(e, X509_PARSE);
}
END_TEST

TEST_MAIN("est checks", a_challenge_links_request_and_session,
          a_challenge_that_is_no_text_is_refused, names_must_be_those_of_the_certificate,
          the_challenge_is_added_once, attributes_that_are_none_are_refused,
          what_is_no_certificate_is_no_client)
