/* Proofs and requests at their limits: full buffers, keys and digests that cannot, and what a phone
 * refuses to sign for want of something. */
#include "base/test.h"
#include "base/x509.h"
#include "capf/auth.h"
#include "capf/auth_request.h"
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <string.h>

static EVP_PKEY *make_key(enum key_kind kind, unsigned bits) {
    struct err e = {0};
    EVP_PKEY *key = key_generate(kind, bits, &e);
    ck_assert_msg(key != NULL, "%s", e.text);
    return key;
}

static X509 *read_mic(EVP_PKEY **key) {
    struct err e = {0};
    X509 *mic = x509_read_file(TESTDATA "/lab/mic.pem", &e);
    *key = key_read_file(TESTDATA "/lab/mic.key", &e);
    ck_assert_msg(mic != NULL && *key != NULL, "%s", e.text);
    return mic;
}

START_TEST(full_buffers_are_told) {
    AUTO(EVP_PKEY) key = make_key(KEY_EC, 256);
    AUTO_BUF octets = BUF_INIT(4), signature = BUF_INIT(4), info = BUF_INIT(4);
    static const uint8_t hash[32];
    struct err e = {0};
    ck_assert_int_eq(auth_signed_octets(bytes_of_str("SEP1"), bytes_of_str("x"), &octets, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
    ck_assert_int_eq(auth_sign(key, CAPF_DIGEST_SHA256, bytes_of_str("x"), &signature, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
    ck_assert_int_eq(auth_digest_info_write(EVP_sha256(), bytes_of(hash, sizeof hash), &info, &e),
                     -1);
    ck_assert_err(e, SYS_LIMIT);
}
END_TEST

/* Room for less than the certificate, than one signature, than both. */
START_TEST(a_proof_that_does_not_fit_is_told) {
    AUTO(EVP_PKEY) key = NULL;
    AUTO(X509) mic = read_mic(&key);
    AUTO_BUF der = BUF_INIT(CAPF_FRAME_MAX), sudi = BUF_INIT(16);
    struct err e = {0};
    ck_assert_ok(x509_put_der(mic, &der, &e), e);
    size_t signature = (size_t)EVP_PKEY_get_size(key);
    const size_t rooms[] = {16, der.len + 10, der.len + signature + 10};
    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
        AUTO_BUF octets = BUF_INIT(rooms[i]);
        struct capf_message m = {.device_name = CAPF_OCTETS(bytes_of_str("SEP74A02FC0A675"))};
        ck_assert_int_eq(auth_put_certificate(&m, 3, CAPF_CERTIFICATE_MIC, mic, key, &octets, &e),
                         -1);
        ck_assert_err(e, SYS_LIMIT);
        ck_assert(!m.certificate.present && !m.signed_data.present);
    }
    ck_assert_int_eq(auth_sudi_write(1, mic, key, &sudi, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
}
END_TEST

/* A key that proves nothing: the modulus is any odd number of so many bits. */
static EVP_PKEY *rsa_of_bits(int bits) {
    EVP_PKEY *key = NULL;
    BIGNUM *n = BN_new();
    AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BN_set_bit(n, bits - 1);
    BN_set_bit(n, 0);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_ulong(build, OSSL_PKEY_PARAM_RSA_E, 65537);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    ck_assert_int_eq(EVP_PKEY_fromdata_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    return key;
}

START_TEST(a_key_that_is_too_long_is_refused) {
    AUTO(EVP_PKEY) key = rsa_of_bits(CAPF_SIGNATURE_MAX * 8 + 8);
    struct err e = {0};
    ck_assert_int_eq(auth_check(key, CAPF_DIGEST_SHA1, bytes_of_str("x"), bytes_of_str("y"), &e),
                     -1);
    ck_assert_err(e, KEY_UNSUPPORTED);
}
END_TEST

START_TEST(digest_infos_are_of_four_digests) {
    AUTO_BUF out = BUF_INIT(CAPF_DIGEST_INFO_MAX);
    static const uint8_t hash[32];
    struct err e = {0};
    ck_assert_int_eq(auth_digest_info_write(EVP_sha224(), bytes_of(hash, 28), &out, &e), -1);
    ck_assert_err(e, KEY_UNSUPPORTED);
    ck_assert_int_eq(auth_digest_info_write(EVP_sha256(), bytes_of(hash, 31), &out, &e), -1);
    ck_assert_err(e, CAPF_REFUSED);
}
END_TEST

static void build(EVP_PKEY *key, size_t room, enum err_code code) {
    AUTO_BUF octets = BUF_INIT(room);
    struct capf_message request;
    const EVP_MD *md = NULL;
    struct err e = {0};
    struct bytes info = bytes_of_str("a request's information");
    ck_assert_int_eq(auth_request_build(&request, 1, info, key, &octets, &md, &e), -1);
    ck_assert_msg(e.code == code, "%s (%s)", err_name(e.code), e.text);
}

START_TEST(requests_that_cannot_be_built_are_told) {
    AUTO(EVP_PKEY) rsa = make_key(KEY_RSA, 1024);
    AUTO(EVP_PKEY) tiny = rsa_of_bits(448);
    AUTO(EVP_PKEY) ec = make_key(KEY_EC, 256);
    AUTO(EVP_PKEY) other_curve = EVP_EC_gen("secp224r1");
    AUTO(EVP_PKEY) edwards = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    build(rsa, 4, ERR_SYS_LIMIT);
    build(ec, 4, ERR_SYS_LIMIT);
    build(tiny, 1024, ERR_KEY_UNSUPPORTED);
    build(other_curve, 1024, ERR_KEY_UNSUPPORTED);
    build(edwards, 1024, ERR_KEY_UNSUPPORTED);
}
END_TEST

START_TEST(sign_cert_needs_a_digest_and_a_request) {
    AUTO(EVP_PKEY) ec = make_key(KEY_EC, 256);
    AUTO_BUF signature = BUF_INIT(CAPF_SIGNATURE_MAX);
    static const uint8_t empty_info[] = {0x30, 0x00, 0x00};
    struct err e = {0};
    struct capf_message m = {.type = CAPF_MSG_SIGN_CERT_REQ,
                             .operation_data = CAPF_OCTETS(bytes_of(empty_info, 3))};
    ck_assert_int_eq(auth_request_sign(&m, ec, &signature, &e), -1);
    ck_assert_err(e, CAPF_MISSING_ELEMENT);
    m.digest_type = CAPF_NUMBER(CAPF_DIGEST_SHA256);
    ck_assert_int_eq(auth_request_sign(&m, ec, &signature, &e), -1);
    ck_assert_err(e, CAPF_REFUSED);
    ck_assert_uint_eq(signature.len, 0);
}
END_TEST

TEST_MAIN("capf proofs at their limits", full_buffers_are_told, a_proof_that_does_not_fit_is_told,
          a_key_that_is_too_long_is_refused, digest_infos_are_of_four_digests,
          requests_that_cannot_be_built_are_told, sign_cert_needs_a_digest_and_a_request)
