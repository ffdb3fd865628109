/* What is left of OpenSSL's formats, and that everything that this project reads and writes is. */
#include "base/key_formats.h"

#include "base/file.h"
#include "base/temporary_test.h"
#include "base/x509.h"

#include <openssl/decoder.h>
#include <openssl/ssl.h>

static void count_one(OSSL_DECODER *decoder, void *count) {
    (void)decoder;
    ++*(size_t *)count;
}

static size_t decoders_in(OSSL_LIB_CTX *context) {
    size_t count = 0;
    OSSL_DECODER_do_all_provided(context, count_one, &count);
    return count;
}

START_TEST(few_formats_are_left) {
    ck_assert_uint_eq(decoders_in(NULL), 6);
    ck_assert_uint_gt(decoders_in(key_formats_all()), 30);
}
END_TEST

enum { WRITTEN_KINDS = 3, KINDS };

static EVP_PKEY *make(size_t kind) {
    switch (kind) {
    case 0:
        return EVP_RSA_gen(2048);
    case 1:
        return EVP_EC_gen("P-256");
    case 2:
        return EVP_EC_gen("P-521");
    default:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    }
}

START_TEST(bare_public_keys_are_encoded) {
    for (size_t i = 0; i < WRITTEN_KINDS; i++) {
        AUTO(EVP_PKEY) key = make(i);
        unsigned char *der = NULL;
        ck_assert_int_gt(i2d_PublicKey(key, &der), 60);
        OPENSSL_free(der);
    }
}
END_TEST

START_TEST(public_keys_come_back) {
    for (size_t i = 0; i < KINDS; i++) {
        struct err e = {0};
        AUTO(EVP_PKEY) key = make(i);
        AUTO_BUF spki = BUF_INIT(4096);
        ck_assert_ok(key_put_spki(key, &spki, &e), e);
        AUTO(EVP_PKEY) again = key_read_spki(buf_view(&spki), &e);
        ck_assert_msg(again != NULL, "%s", e.text);
        ck_assert_int_eq(EVP_PKEY_eq(key, again), 1);
    }
}
END_TEST

static EVP_PKEY *through_a_file(EVP_PKEY *key) {
    struct err e = {0};
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "key.pem");
    ck_assert_ok(key_write_file(path, key, &e), e);
    EVP_PKEY *again = key_read_file(path, &e);
    ck_assert_msg(again != NULL, "%s", e.text);
    return again;
}

static void check_signature_by(EVP_PKEY *key, EVP_PKEY *again) {
    AUTO(EVP_MD_CTX) signing = EVP_MD_CTX_new();
    AUTO(EVP_MD_CTX) verifying = EVP_MD_CTX_new();
    static const unsigned char text[] = "signed";
    unsigned char signature[512];
    size_t len = sizeof signature;
    ck_assert_int_eq(EVP_DigestSignInit(signing, NULL, EVP_sha256(), NULL, again), 1);
    ck_assert_int_eq(EVP_DigestSign(signing, signature, &len, text, sizeof text), 1);
    ck_assert_int_eq(EVP_DigestVerifyInit(verifying, NULL, EVP_sha256(), NULL, key), 1);
    ck_assert_int_eq(EVP_DigestVerify(verifying, signature, len, text, sizeof text), 1);
}

START_TEST(private_keys_come_back_and_sign) {
    for (size_t i = 0; i < WRITTEN_KINDS; i++) {
        AUTO(EVP_PKEY) key = make(i);
        AUTO(EVP_PKEY) again = through_a_file(key);
        check_signature_by(key, again);
    }
}
END_TEST

START_TEST(algorithms_of_tls_stay) {
    AUTO(SSL_CTX) tls = SSL_CTX_new(TLS_method());
    ck_assert_ptr_nonnull(tls);
    ck_assert_int_eq(SSL_CTX_set1_groups_list(tls, "X25519:P-256:X448:P-521:P-384:ffdhe2048"), 1);
    ck_assert_int_eq(SSL_CTX_set_cipher_list(tls, "ALL:@SECLEVEL=0"), 1);
    ck_assert_int_ge(sk_SSL_CIPHER_num(SSL_CTX_get_ciphers(tls)), 140);
}
END_TEST

TEST_MAIN("base key formats", few_formats_are_left, bare_public_keys_are_encoded,
          public_keys_come_back, private_keys_come_back_and_sign, algorithms_of_tls_stay)
