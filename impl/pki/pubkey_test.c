/* A key set without being decoded again is encoded as OpenSSL encodes it, whatever its parameters.
 */
#include "pki/pubkey.h"

#include "base/bytes.h"
#include "base/test.h"

#include <openssl/rsa.h>

static EVP_PKEY *restricted_rsa(void) {
    EVP_PKEY *key = NULL;
    AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    ck_assert_int_eq(EVP_PKEY_keygen_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 1024), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_keygen_md(ctx, EVP_sha256()), 1);
    ck_assert_int_eq(EVP_PKEY_keygen(ctx, &key), 1);
    return key;
}

static void check(EVP_PKEY *key) {
    struct err e = {0};
    unsigned char *expected = NULL;
    unsigned char *made = NULL;
    AUTO(X509) cert = X509_new();
    X509_PUBKEY *set = X509_get_X509_PUBKEY(cert);
    ck_assert_ok(pubkey_set_encoded(set, key, &e), e);
    int expected_len = i2d_PUBKEY(key, &expected);
    int made_len = i2d_X509_PUBKEY(set, &made);
    ck_assert_int_gt(expected_len, 0);
    ck_assert_int_eq(made_len, expected_len);
    ck_assert_mem_eq(made, expected, (size_t)made_len);
    OPENSSL_free(expected);
    OPENSSL_free(made);
}

START_TEST(every_kind_of_key_is_set) {
    AUTO(EVP_PKEY) rsa = EVP_RSA_gen(1024);
    AUTO(EVP_PKEY) ec = EVP_EC_gen("P-256");
    AUTO(EVP_PKEY) ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    AUTO(EVP_PKEY) restricted = restricted_rsa();
    check(rsa);
    check(ec);
    check(ed25519);
    check(restricted);
}
END_TEST

TEST_MAIN("public keys", every_kind_of_key_is_set)
