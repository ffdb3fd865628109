/* Requests, certificates and PKCS#7 against each other and against hostile input. */
#include "base/clock.h"
#include "base/file.h"
#include "base/test.h"
#include "base/x509.h"
#include "pki/csr.h"
#include "pki/issue.h"
#include "pki/p7.h"

#include <string.h>

enum { YEAR = 365 * 86400 };

static struct err e;

static EVP_PKEY *ec_key(void) {
    EVP_PKEY *key = key_generate(KEY_EC, 256, &e);
    ck_assert_ptr_nonnull(key);
    return key;
}

static X509 *certificate(const char *subject, EVP_PKEY *key, const X509 *issuer,
                         EVP_PKEY *issuer_key, int64_t not_before, int64_t not_after) {
    AUTO(X509_NAME) name = x509_name_parse(subject, &e);
    ck_assert_ptr_nonnull(name);
    struct issue_request r = {
        .subject = name,
        .key = key,
        .issuer = issuer,
        .issuer_key = issuer_key,
        .not_before = not_before,
        .not_after = not_after,
        .extensions = issuer == NULL ? issue_ca_extensions : issue_lsc_extensions,
    };
    X509 *cert = issue_certificate(&r, &e);
    ck_assert_msg(cert != NULL, "%s", e.text);
    return cert;
}

START_TEST(names_are_built_and_printed_in_the_forms_of_the_logs) {
    AUTO(X509_NAME) name = x509_name_parse("C=US, O=cisco\\, Inc, OU=tac, CN=CAPF-eb606ac0", &e);
    ck_assert_ptr_nonnull(name);
    AUTO(char) slashes = x509_name_slashes(name);
    AUTO(char) rfc2253 = x509_name_rfc2253(name);
    AUTO(char) cn = x509_name_cn(name);
    ck_assert_str_eq(slashes, "/C=US/O=cisco, Inc/OU=tac/CN=CAPF-eb606ac0");
    ck_assert_str_eq(rfc2253, "CN=CAPF-eb606ac0,OU=tac,O=cisco\\, Inc,C=US");
    ck_assert_str_eq(cn, "CAPF-eb606ac0");
}
END_TEST

START_TEST(broken_names_are_refused) {
    ck_assert_ptr_null(x509_name_parse("CN", &e));
    ck_assert_err(e, X509_ISSUE);
    ck_assert_ptr_null(x509_name_parse("XX=1", &e));
    ck_assert_err(e, X509_ISSUE);
}
END_TEST

START_TEST(a_chain_verifies_at_component_time_only_within_its_validity) {
    int64_t now = clock_wall();
    AUTO(EVP_PKEY) ca_key = ec_key();
    AUTO(EVP_PKEY) key = ec_key();
    AUTO(X509) ca = certificate("CN=ca", ca_key, NULL, ca_key, now - YEAR, now + YEAR);
    AUTO(X509) leaf = certificate("CN=leaf", key, ca, ca_key, now - 60, now + 60);
    AUTO(X509_STACK) anchors = sk_X509_new_null();
    sk_X509_push(anchors, TAKE(ca));
    ck_assert_ok(x509_verify(leaf, NULL, anchors, &e), e);
    clock_configure(-3600 * INT64_C(1000000), 1);
    ck_assert_int_eq(x509_verify(leaf, NULL, anchors, &e), -1);
    ck_assert_err(e, X509_NOT_YET_VALID);
    clock_configure(3600 * INT64_C(1000000), 1);
    ck_assert_int_eq(x509_verify(leaf, NULL, anchors, &e), -1);
    ck_assert_err(e, X509_EXPIRED);
    clock_configure(0, 1);
}
END_TEST

START_TEST(a_foreign_issuer_does_not_verify) {
    int64_t now = clock_wall();
    AUTO(EVP_PKEY) ca_key = ec_key();
    AUTO(EVP_PKEY) other_key = ec_key();
    AUTO(X509) ca = certificate("CN=ca", ca_key, NULL, ca_key, now, now + YEAR);
    AUTO(X509) other = certificate("CN=ca", other_key, NULL, other_key, now, now + YEAR);
    AUTO(X509) leaf = certificate("CN=leaf", other_key, ca, ca_key, now, now + YEAR);
    AUTO(X509_STACK) anchors = sk_X509_new_null();
    sk_X509_push(anchors, TAKE(other));
    ck_assert_int_eq(x509_verify(leaf, NULL, anchors, &e), -1);
    ck_assert_err(e, X509_CHAIN);
}
END_TEST

START_TEST(certificates_are_read_whole_or_not_at_all) {
    int64_t now = clock_wall();
    AUTO(EVP_PKEY) key = ec_key();
    AUTO(X509) cert = certificate("CN=a", key, NULL, key, now, now + YEAR);
    AUTO_BUF der = BUF_INIT(4096);
    AUTO_BUF pem = BUF_INIT(4096);
    ck_assert_ok(x509_put_der(cert, &der, &e), e);
    ck_assert_ok(x509_put_pem(cert, &pem, &e), e);
    AUTO(X509) from_der = x509_read(buf_view(&der), &e);
    AUTO(X509) from_pem = x509_read(buf_view(&pem), &e);
    ck_assert_ptr_nonnull(from_der);
    ck_assert_ptr_nonnull(from_pem);
    ck_assert_int_eq(X509_cmp(from_der, from_pem), 0);
    ck_assert(x509_has_key(from_der, key));
    ck_assert_ptr_null(x509_read(bytes_of(der.data, der.len - 1), &e));
    ck_assert_err(e, X509_PARSE);
    buf_put_u8(&der, 0);
    ck_assert_ptr_null(x509_read(buf_view(&der), &e));
    ck_assert_err(e, X509_PARSE);
}
END_TEST

START_TEST(a_request_signed_here_verifies_in_every_shape) {
    AUTO(EVP_PKEY) key = ec_key();
    AUTO(X509_NAME) subject = x509_name_parse("CN=SEP001122334455", &e);
    struct csr_template t = {.subject = subject, .key = key, .challenge = "c2VjcmV0"};
    AUTO(X509_REQ) request = csr_sign(&t, key, &e);
    ck_assert_ptr_nonnull(request);
    AUTO_BUF der = BUF_INIT(CSR_MAX);
    AUTO_BUF pem = BUF_INIT(CSR_MAX);
    AUTO_BUF line = BUF_INIT(CSR_MAX);
    ck_assert_ok(csr_put_der(request, &der, &e), e);
    ck_assert_ok(csr_put_pem(request, &pem, &e), e);
    b64_encode(buf_view(&der), B64_ONE_LINE, &line);
    AUTO_BUF spki = BUF_INIT(CSR_MAX);
    AUTO_BUF own = BUF_INIT(CSR_MAX);
    ck_assert_ok(csr_put_spki(request, &spki, &e), e);
    ck_assert_ok(key_put_spki(key, &own, &e), e);
    ck_assert(bytes_equal(buf_view(&spki), buf_view(&own)));
    struct bytes shapes[] = {buf_view(&der), buf_view(&pem), buf_view(&line)};
    for (size_t i = 0; i < 3; i++) {
        AUTO(X509_REQ) back = csr_read(shapes[i], NULL, &e);
        ck_assert_msg(back != NULL, "shape %zu: %s", i, e.text);
        ck_assert_ok(csr_verify(back, &e), e);
        ck_assert_ok(csr_match_key(back, key, &e), e);
        AUTO(char) challenge = csr_challenge_password(back);
        ck_assert_str_eq(challenge, "c2VjcmV0");
    }
}
END_TEST

START_TEST(a_tampered_request_fails_its_signature) {
    AUTO(EVP_PKEY) key = ec_key();
    AUTO(X509_NAME) subject = x509_name_parse("CN=SEP001122334455", &e);
    struct csr_template t = {.subject = subject, .key = key};
    AUTO(X509_REQ) request = csr_sign(&t, key, &e);
    AUTO_BUF der = BUF_INIT(CSR_MAX);
    ck_assert_ok(csr_put_der(request, &der, &e), e);
    uint8_t *name = memmem(der.data, der.len, "SEP001122334455", 15);
    ck_assert_ptr_nonnull(name);
    name[3] = '9';
    AUTO(X509_REQ) tampered = csr_read(buf_view(&der), NULL, &e);
    ck_assert_ptr_nonnull(tampered);
    ck_assert_int_eq(csr_verify(tampered, &e), -1);
    ck_assert_err(e, CSR_SIGNATURE);
    AUTO(EVP_PKEY) other = ec_key();
    ck_assert_int_eq(csr_match_key(request, other, &e), -1);
    ck_assert_err(e, CSR_KEY_MISMATCH);
    ck_assert_ptr_null(csr_challenge_password(request));
}
END_TEST

static void assemble_with(EVP_PKEY *key, const EVP_MD *md) {
    AUTO(X509_NAME) subject = x509_name_parse("CN=SEP001122334455", &e);
    struct csr_template t = {.subject = subject, .key = key, .san_uri = "SEP001122334455"};
    AUTO_BUF info = BUF_INIT(CSR_MAX);
    ck_assert_ok(csr_put_info(&t, &info, &e), e);
    AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    uint8_t signature[1024];
    size_t len = sizeof signature;
    ck_assert_int_eq(EVP_DigestSignInit(ctx, NULL, md, NULL, key), 1);
    ck_assert_int_eq(EVP_DigestSign(ctx, signature, &len, info.data, info.len), 1);
    AUTO_BUF der = BUF_INIT(CSR_MAX);
    struct bytes made = bytes_of(signature, len);
    ck_assert_ok(csr_assemble(buf_view(&info), key, md, made, &der, &e), e);
    AUTO(X509_REQ) request = csr_read(buf_view(&der), NULL, &e);
    ck_assert_msg(request != NULL, "%s", e.text);
    ck_assert_ok(csr_verify(request, &e), e);
    ck_assert_ok(csr_match_key(request, key, &e), e);
    signature[len / 2] ^= 1;
    ck_assert_int_eq(csr_assemble(buf_view(&info), key, md, made, &der, &e), -1);
    ck_assert_err(e, CSR_SIGNATURE);
}

START_TEST(a_request_is_assembled_from_a_signature_made_elsewhere) {
    AUTO(EVP_PKEY) rsa = key_generate(KEY_RSA, 1024, &e);
    AUTO(EVP_PKEY) ec = key_generate(KEY_EC, 384, &e);
    assemble_with(rsa, EVP_sha256());
    assemble_with(ec, EVP_sha512());
}
END_TEST

START_TEST(hostile_requests_are_refused) {
    ck_assert_ptr_null(csr_read(bytes_of_str("<HTML>"), NULL, &e));
    ck_assert_err(e, B64_PARSE);
    ck_assert_ptr_null(csr_read(bytes_of_str("MAA="), NULL, &e));
    ck_assert_err(e, CSR_PARSE);
    ck_assert_ptr_null(csr_read(bytes_of("\x30\x84\x7f\xff\xff\xff", 6), NULL, &e));
    ck_assert_err(e, CSR_PARSE);
}
END_TEST

START_TEST(certs_only_messages_round_trip) {
    int64_t now = clock_wall();
    AUTO(EVP_PKEY) key = ec_key();
    AUTO(X509_STACK) list = sk_X509_new_null();
    sk_X509_push(list, certificate("CN=a", key, NULL, key, now, now + YEAR));
    sk_X509_push(list, certificate("CN=b", key, NULL, key, now, now + YEAR));
    AUTO_BUF der = BUF_INIT(P7_MAX);
    AUTO_BUF pem = BUF_INIT(P7_MAX);
    ck_assert_ok(p7_put(list, &der, &e), e);
    b64_armour(buf_view(&der), "CERTIFICATE", B64_WRAP_64_CRLF, &pem);
    AUTO(X509_STACK) from_der = p7_read(buf_view(&der), &e);
    AUTO(X509_STACK) from_pem = p7_read(buf_view(&pem), &e);
    ck_assert_int_eq(sk_X509_num(from_der), 2);
    ck_assert_int_eq(sk_X509_num(from_pem), 2);
    ck_assert_int_eq(X509_cmp(sk_X509_value(from_pem, 0), sk_X509_value(list, 0)), 0);
}
END_TEST

START_TEST(hostile_pkcs7_is_refused) {
    AUTO(X509_STACK) none = sk_X509_new_null();
    AUTO_BUF der = BUF_INIT(P7_MAX);
    ck_assert_ok(p7_put(none, &der, &e), e);
    ck_assert_ptr_null(p7_read(buf_view(&der), &e));
    ck_assert_err(e, PKCS7_EMPTY);
    ck_assert_ptr_null(p7_read(bytes_of(der.data, der.len - 1), &e));
    ck_assert_err(e, PKCS7_PARSE);
    ck_assert_ptr_null(p7_read(bytes_of_str("<HTML>"), &e));
    ck_assert_err(e, B64_PARSE);
}
END_TEST

START_TEST(certificates_of_an_enveloped_message_are_read) {
    int64_t now = clock_wall();
    AUTO(EVP_PKEY) key = ec_key();
    AUTO(X509) inside = certificate("CN=a", key, NULL, key, now, now + YEAR);
    AUTO(PKCS7) message = PKCS7_new();
    unsigned char *der = NULL;
    ck_assert_int_eq(PKCS7_set_type(message, NID_pkcs7_signedAndEnveloped), 1);
    ck_assert_int_eq(PKCS7_set_cipher(message, EVP_aes_128_cbc()), 1);
    ck_assert_int_eq(PKCS7_add_certificate(message, inside), 1);
    X509_ALGOR *algorithm = message->d.signed_and_enveloped->enc_data->algorithm;
    X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_aes_128_cbc), V_ASN1_NULL, NULL);
    int len = i2d_PKCS7(message, &der);
    ck_assert_int_gt(len, 0);
    AUTO(X509_STACK) read = p7_read(bytes_of(der, (size_t)len), &e);
    OPENSSL_free(der);
    ck_assert_msg(read != NULL, "%s", e.text);
    ck_assert_int_eq(sk_X509_num(read), 1);
}
END_TEST

static void add_challenge(X509_REQ *request, int type, const char *octets, int len) {
    ck_assert_int_eq(X509_REQ_add1_attr_by_NID(request, NID_pkcs9_challengePassword, type,
                                               (const unsigned char *)octets, len),
                     1);
}

START_TEST(what_does_not_fit_is_told) {
    AUTO(X509_STACK) none = sk_X509_new_null();
    AUTO_BUF small = BUF_INIT(4), smaller = BUF_INIT(4), pem = BUF_INIT(64);
    AUTO(EVP_PKEY) key = ec_key();
    AUTO(X509_NAME) subject = x509_name_parse("CN=a", &e);
    const struct csr_template t = {.subject = subject, .key = key};
    AUTO(X509_REQ) request = csr_sign(&t, key, &e);
    ck_assert_int_eq(p7_put(none, &small, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
    ck_assert_int_eq(csr_put_der(request, &smaller, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
    ck_assert_int_eq(csr_put_pem(request, &pem, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
    AUTO(char) large = calloc(1, CSR_MAX);
    add_challenge(request, V_ASN1_UTF8STRING, large, CSR_MAX);
    ck_assert_int_eq(csr_put_pem(request, &pem, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
}
END_TEST

START_TEST(a_challenge_that_is_no_text_is_none) {
    AUTO(X509_REQ) none = X509_REQ_new();
    AUTO(X509_REQ) invalid = X509_REQ_new();
    AUTO(X509_REQ) with_nul = X509_REQ_new();
    add_challenge(invalid, V_ASN1_UTF8STRING, "\xff\xff", 2);
    add_challenge(with_nul, V_ASN1_UTF8STRING, "a\0b", 3);
    ck_assert_ptr_null(csr_challenge_password(none));
    ck_assert_ptr_null(csr_challenge_password(invalid));
    ck_assert_ptr_null(csr_challenge_password(with_nul));
}
END_TEST

/* A request whose key everybody could sign for. */
START_TEST(a_request_for_a_key_that_proves_nothing_is_refused) {
    AUTO_BUF der = BUF_INIT(4096);
    ck_assert_ok(file_read("impl/base/testdata/spki-rsa-exponent-1.der", &der, &e), e);
    const unsigned char *at = der.data;
    AUTO(EVP_PKEY) key = d2i_PUBKEY(NULL, &at, (long)der.len);
    AUTO(X509_REQ) request = X509_REQ_new();
    ck_assert_int_eq(X509_REQ_set_pubkey(request, key), 1);
    ck_assert_int_eq(csr_verify(request, &e), -1);
    ck_assert_err(e, KEY_UNSUPPORTED);
}
END_TEST

START_TEST(keys_of_unknown_sizes_are_refused) {
    ck_assert_ptr_null(key_generate(KEY_RSA, 8192, &e));
    ck_assert_err(e, KEY_UNSUPPORTED);
    ck_assert_ptr_null(key_generate(KEY_EC, 255, &e));
    ck_assert_err(e, KEY_UNSUPPORTED);
    ck_assert_ptr_null(key_read_spki(bytes_of_str("nonsense"), &e));
    ck_assert_err(e, KEY_PARSE);
}
END_TEST

START_TEST(public_keys_round_trip_and_bytes_behind_them_are_refused) {
    AUTO(EVP_PKEY) key = ec_key();
    AUTO_BUF der = BUF_INIT(1024);
    ck_assert_ok(key_put_spki(key, &der, &e), e);
    AUTO(EVP_PKEY) back = key_read_spki(buf_view(&der), &e);
    ck_assert_int_eq(EVP_PKEY_eq(key, back), 1);
    buf_put_u8(&der, 0);
    ck_assert_ptr_null(key_read_spki(buf_view(&der), &e));
    ck_assert_err(e, KEY_PARSE);
}
END_TEST

TEST_MAIN("pki", names_are_built_and_printed_in_the_forms_of_the_logs, broken_names_are_refused,
          a_chain_verifies_at_component_time_only_within_its_validity,
          a_foreign_issuer_does_not_verify, certificates_are_read_whole_or_not_at_all,
          a_request_signed_here_verifies_in_every_shape, a_tampered_request_fails_its_signature,
          a_request_is_assembled_from_a_signature_made_elsewhere, hostile_requests_are_refused,
          certs_only_messages_round_trip, hostile_pkcs7_is_refused,
          certificates_of_an_enveloped_message_are_read, what_does_not_fit_is_told,
          a_challenge_that_is_no_text_is_none, a_request_for_a_key_that_proves_nothing_is_refused,
          keys_of_unknown_sizes_are_refused,
          public_keys_round_trip_and_bytes_behind_them_are_refused)
