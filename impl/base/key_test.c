/* Public keys of peers: which are read, which prove nothing. The keys are files in testdata. */
#include "base/file.h"
#include "base/test.h"
#include "base/x509.h"

static EVP_PKEY *read_spki(const char *name, struct err *e) {
    AUTO_BUF der = BUF_INIT(4096);
    AUTO_BUF path = BUF_INIT(4096);
    buf_printf(&path, TESTDATA "/spki-%s.der", name);
    ck_assert_ok(file_read(buf_str(&path), &der, e), *e);
    return key_read_spki(buf_view(&der), e);
}

static void expect_sound(const char *name) {
    struct err e = {0};
    AUTO(EVP_PKEY) key = read_spki(name, &e);
    ck_assert_msg(key != NULL, "%s: %s", name, e.text);
}

static void expect_refused(const char *name, enum err_code code) {
    struct err e = {0};
    AUTO(EVP_PKEY) key = read_spki(name, &e);
    ck_assert_msg(key == NULL, "%s is accepted", name);
    ck_assert_msg(e.code == code, "%s: %s (%s)", name, err_name(e.code), e.text);
}

START_TEST(sound_keys_are_read) {
    static const char *const names[] = {"rsa",     "rsa-exponent-3", "ec-p256",
                                        "ec-p384", "ec-secp256k1",   "ec-brainpool384"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        expect_sound(names[i]);
}
END_TEST

START_TEST(keys_that_prove_nothing_are_refused) {
    static const char *const names[] = {
        "rsa-exponent-0",   "rsa-exponent-1", "rsa-exponent-even", "rsa-exponent-long",
        "rsa-modulus-even", "ec-explicit",    "ec-infinity"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        expect_refused(names[i], ERR_KEY_UNSUPPORTED);
}
END_TEST

START_TEST(what_is_no_key_is_refused) {
    expect_refused("rsa-trailing-byte", ERR_KEY_PARSE);
    expect_refused("ec-off-curve", ERR_KEY_PARSE);
}
END_TEST

START_TEST(curves_of_the_same_size_are_told_apart) {
    struct err e = {0};
    AUTO(EVP_PKEY) p256 = read_spki("ec-p256", &e);
    AUTO(EVP_PKEY) k256 = read_spki("ec-secp256k1", &e);
    AUTO(EVP_PKEY) p384 = read_spki("ec-p384", &e);
    AUTO(EVP_PKEY) b384 = read_spki("ec-brainpool384", &e);
    AUTO(EVP_PKEY) rsa = read_spki("rsa", &e);
    ck_assert(key_is_on_curve(p256, 256));
    ck_assert(key_is_on_curve(p384, 384));
    ck_assert(!key_is_on_curve(p256, 384));
    ck_assert(!key_is_on_curve(k256, 256));
    ck_assert(!key_is_on_curve(b384, 384));
    ck_assert(!key_is_on_curve(rsa, 256));
    ck_assert(!key_is_on_curve(p256, 0));
}
END_TEST

TEST_MAIN("keys", sound_keys_are_read, keys_that_prove_nothing_are_refused,
          what_is_no_key_is_refused, curves_of_the_same_size_are_told_apart)
