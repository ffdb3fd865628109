/* Tests of the authentication octets (capf-protocol.md 6),
 * forgeries first of all. */
#include "base/test.h"
#include "base/x509.h"
#include "capf/auth.h"
#include "pki/issue.h"
#include <string.h>

enum { SESSION = 0x01020304, WEEK = 7 * 24 * 3600 };

static struct bytes device(void) {
    return bytes_of_str("SEP001122334455");
}

static EVP_PKEY *make_key(enum key_kind kind, unsigned bits) {
    struct err e = {0};
    EVP_PKEY *key = key_generate(kind, bits, &e);
    ck_assert_msg(key != NULL, "%s", e.text);
    return key;
}

static X509 *make_certificate(EVP_PKEY *key) {
    struct err e = {0};
    AUTO(X509_NAME) name = x509_name_parse("O=Cisco, CN=CP-8845-SEP001122334455", &e);
    struct issue_request request = {.subject = name,
                                    .key = key,
                                    .issuer_key = key,
                                    .not_before = 1600000000,
                                    .not_after = 1600000000 + WEEK,
                                    .extensions = issue_lsc_extensions};
    X509 *certificate = issue_certificate(&request, &e);
    ck_assert_msg(certificate != NULL, "%s", e.text);
    return certificate;
}

/* An AUTH_RES by certificate, and what its views look at. */
struct proof {
    EVP_PKEY *key;
    X509 *certificate;
    struct buf octets;
    struct capf_message message;
};
static void proof_free(struct proof *p) {
    EVP_PKEY_free(p->key);
    X509_free(p->certificate);
    buf_free(&p->octets);
}
#define AUTO_PROOF __attribute__((cleanup(proof_free))) struct proof

static void make_proof(struct proof *p, enum key_kind kind, unsigned bits, unsigned version) {
    struct err e = {0};
    *p = (struct proof){.octets = BUF_INIT(CAPF_FRAME_MAX)};
    p->key = make_key(kind, bits);
    p->certificate = make_certificate(p->key);
    p->message = (struct capf_message){.type = CAPF_MSG_AUTH_RES,
                                       .session_id = SESSION,
                                       .version = CAPF_NUMBER(version),
                                       .device_name = CAPF_OCTETS(device())};
    ck_assert_ok(auth_put_certificate(&p->message, version, CAPF_CERTIFICATE_LSC, p->certificate,
                                      p->key, &p->octets, &e),
                 e);
}

static void check_proof(const struct proof *p, unsigned version) {
    struct err e = {0};
    AUTO(X509) certificate = NULL;
    ck_assert_ok(auth_check_certificate(&p->message, version, &certificate, &e), e);
    ck_assert_int_eq(X509_cmp(certificate, p->certificate), 0);
}

static void refuse_proof(const struct proof *p, unsigned version, struct err *e) {
    X509 *certificate = NULL;
    *e = (struct err){0};
    ck_assert_int_eq(auth_check_certificate(&p->message, version, &certificate, e), -1);
    ck_assert_ptr_null(certificate);
}

START_TEST(rsa_proof_verifies_over_the_wire) {
    AUTO_PROOF p;
    AUTO_BUF frame = BUF_INIT(CAPF_FRAME_MAX);
    struct capf_message back;
    struct err e = {0};
    AUTO(X509) certificate = NULL;
    make_proof(&p, KEY_RSA, 1024, 3);
    ck_assert_ok(capf_message_write(&p.message, &frame, &e), e);
    ck_assert_ok(capf_message_parse(buf_view(&frame), &back, &e), e);
    ck_assert_uint_eq(back.sha2_signed_data.number, CAPF_DIGEST_SHA512);
    ck_assert_ok(auth_check_certificate(&back, 3, &certificate, &e), e);
    ck_assert_ptr_nonnull(certificate);
}
END_TEST

START_TEST(ec_proofs_verify) {
    const unsigned bits[] = {256, 384, 521};
    for (size_t i = 0; i < 3; i++) {
        AUTO_PROOF p;
        make_proof(&p, KEY_EC, bits[i], 3);
        check_proof(&p, 3);
    }
}
END_TEST

START_TEST(version_2_sends_and_needs_sha1_only) {
    AUTO_PROOF p;
    make_proof(&p, KEY_RSA, 1024, 2);
    ck_assert(!p.message.sha2_signed_data.present);
    check_proof(&p, 2);
}
END_TEST

START_TEST(version_3_needs_sha2) {
    AUTO_PROOF p;
    struct err e;
    make_proof(&p, KEY_RSA, 1024, 2);
    refuse_proof(&p, 3, &e);
    ck_assert_err(e, CAPF_MISSING_ELEMENT);
}
END_TEST

START_TEST(rsa_512_has_no_sha2_and_needs_none) {
    AUTO_PROOF p;
    make_proof(&p, KEY_RSA, 512, 3);
    ck_assert(!p.message.sha2_signed_data.present);
    check_proof(&p, 3);
}
END_TEST

START_TEST(sha2_must_be_sha512) {
    AUTO_PROOF p;
    struct err e;
    make_proof(&p, KEY_RSA, 1024, 3);
    p.message.sha2_signed_data.number = CAPF_DIGEST_SHA256;
    refuse_proof(&p, 3, &e);
    ck_assert_err(e, CAPF_AUTH_CREDENTIALS);
}
END_TEST

START_TEST(a_wrong_sha2_is_refused_even_in_version_2) {
    AUTO_PROOF p;
    struct err e;
    make_proof(&p, KEY_RSA, 1024, 3);
    p.message.sha2_signed_data.octets = p.message.signed_data.octets;
    refuse_proof(&p, 2, &e);
    ck_assert_err(e, CAPF_AUTH_CREDENTIALS);
}
END_TEST

START_TEST(a_proof_of_another_device_is_refused) {
    AUTO_PROOF p;
    struct err e;
    make_proof(&p, KEY_RSA, 1024, 3);
    p.message.device_name = CAPF_OCTETS(bytes_of_str("SEP001122334456"));
    refuse_proof(&p, 3, &e);
    ck_assert_err(e, CAPF_AUTH_CREDENTIALS);
}
END_TEST

START_TEST(absent_certificate_or_signature) {
    AUTO_PROOF p;
    struct err e;
    make_proof(&p, KEY_RSA, 1024, 3);
    p.message.signed_data.present = false;
    refuse_proof(&p, 3, &e);
    ck_assert_err(e, CAPF_MISSING_ELEMENT);
    p.message.certificate.present = false;
    refuse_proof(&p, 3, &e);
    ck_assert_err(e, CAPF_MISSING_ELEMENT);
}
END_TEST

START_TEST(what_is_no_certificate_is_refused) {
    AUTO_PROOF p;
    AUTO_BUF pem = BUF_INIT(CAPF_FRAME_MAX);
    struct err e = {0};
    make_proof(&p, KEY_RSA, 1024, 3);
    ck_assert_ok(x509_put_pem(p.certificate, &pem, &e), e);
    const struct bytes bad[] = {bytes_of("", 0), bytes_of("\x30\x82\xff\xff", 4), buf_view(&pem),
                                bytes_of(p.octets.data, p.message.certificate.octets.len - 1)};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        p.message.certificate.octets = bad[i];
        refuse_proof(&p, 3, &e);
        ck_assert_err(e, X509_PARSE);
    }
}
END_TEST

static struct bytes some_octets(void) {
    return bytes_of_str("octets to sign");
}

/* RSA_private over a whole block of the test's own making. */
static void sign_block(EVP_PKEY *key, const uint8_t *block, uint8_t *signature) {
    AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new(key, NULL);
    size_t len = (size_t)EVP_PKEY_get_size(key);
    ck_assert_int_eq(EVP_PKEY_sign_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
    ck_assert_int_eq(EVP_PKEY_sign(ctx, signature, &len, block, len), 1);
}

enum { BLOCK = 128, SHA1_LEN = 20 };

/* A right block for RSA 1024: 00 01 FF.. 00 hash. */
static void right_block(uint8_t *block) {
    memset(block, 0xff, BLOCK);
    block[0] = 0;
    block[1] = 1;
    block[BLOCK - SHA1_LEN - 1] = 0;
    ck_assert_int_eq(EVP_Digest(some_octets().data, some_octets().len, block + BLOCK - SHA1_LEN,
                                NULL, EVP_sha1(), NULL),
                     1);
}

static void check_block(EVP_PKEY *key, const uint8_t *block, enum err_code expected) {
    uint8_t signature[BLOCK];
    struct err e = {0};
    sign_block(key, block, signature);
    auth_check(key, CAPF_DIGEST_SHA1, some_octets(), bytes_of(signature, BLOCK), &e);
    ck_assert_msg(e.code == expected, "%s: %s", err_name(e.code), e.text);
}

START_TEST(the_block_is_bare_hash_behind_full_padding) {
    AUTO(EVP_PKEY) key = make_key(KEY_RSA, 1024);
    uint8_t block[BLOCK];
    right_block(block);
    check_block(key, block, ERR_OK);
}
END_TEST

/* capf-protocol.md 6.4 "Security quirk": the hash at the end is right in every one of these. */
START_TEST(forged_padding_is_refused) {
    AUTO(EVP_PKEY) key = make_key(KEY_RSA, 1024);
    uint8_t block[BLOCK];
    right_block(block);
    memset(block + 2, 0xab, BLOCK - SHA1_LEN - 3);
    check_block(key, block, ERR_CAPF_AUTH_CREDENTIALS);
    right_block(block);
    block[1] = 2;
    check_block(key, block, ERR_CAPF_AUTH_CREDENTIALS);
    right_block(block);
    block[BLOCK - SHA1_LEN - 1] = 0xff;
    check_block(key, block, ERR_CAPF_AUTH_CREDENTIALS);
    right_block(block);
    memset(block + 11, 0xab, BLOCK - SHA1_LEN - 11);
    block[10] = 0;
    check_block(key, block, ERR_CAPF_AUTH_CREDENTIALS);
    right_block(block);
    block[BLOCK - SHA1_LEN - 2] = 0;
    check_block(key, block, ERR_CAPF_AUTH_CREDENTIALS);
}
END_TEST

START_TEST(a_block_with_digest_info_is_refused) {
    AUTO(EVP_PKEY) key = make_key(KEY_RSA, 1024);
    AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    uint8_t signature[BLOCK];
    size_t len = sizeof signature;
    struct err e = {0};
    ck_assert_int_eq(EVP_DigestSignInit(ctx, NULL, EVP_sha1(), NULL, key), 1);
    ck_assert_int_eq(EVP_DigestSign(ctx, signature, &len, some_octets().data, some_octets().len),
                     1);
    ck_assert_int_eq(auth_check(key, CAPF_DIGEST_SHA1, some_octets(), bytes_of(signature, len), &e),
                     -1);
    ck_assert_err(e, CAPF_AUTH_CREDENTIALS);
}
END_TEST

START_TEST(signatures_of_other_lengths_are_refused) {
    AUTO(EVP_PKEY) rsa = make_key(KEY_RSA, 1024);
    AUTO(EVP_PKEY) ec = make_key(KEY_EC, 256);
    EVP_PKEY *const keys[] = {rsa, ec};
    for (size_t i = 0; i < 2; i++) {
        AUTO_BUF signature = BUF_INIT(CAPF_SIGNATURE_MAX);
        struct err e = {0};
        ck_assert_ok(auth_sign(keys[i], CAPF_DIGEST_SHA1, some_octets(), &signature, &e), e);
        buf_put_u8(&signature, 0);
        auth_check(keys[i], CAPF_DIGEST_SHA1, some_octets(), buf_view(&signature), &e);
        ck_assert_err(e, CAPF_AUTH_CREDENTIALS);
        e = (struct err){0};
        auth_check(keys[i], CAPF_DIGEST_SHA1, some_octets(),
                   bytes_of(signature.data, signature.len - 2), &e);
        ck_assert_err(e, CAPF_AUTH_CREDENTIALS);
        e = (struct err){0};
        auth_check(keys[i], CAPF_DIGEST_SHA1, some_octets(), bytes_of("", 0), &e);
        ck_assert_err(e, CAPF_AUTH_CREDENTIALS);
    }
}
END_TEST

START_TEST(keys_and_digests_that_cannot_sign) {
    AUTO(EVP_PKEY) short_rsa = make_key(KEY_RSA, 512);
    AUTO(EVP_PKEY) other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    AUTO_BUF signature = BUF_INIT(CAPF_SIGNATURE_MAX);
    struct err e = {0};
    ck_assert_int_eq(auth_sign(short_rsa, CAPF_DIGEST_SHA512, some_octets(), &signature, &e), -1);
    ck_assert_err(e, KEY_UNSUPPORTED);
    ck_assert_int_eq(auth_sign(short_rsa, 4, some_octets(), &signature, &e), -1);
    ck_assert_err(e, KEY_UNSUPPORTED);
    ck_assert_int_eq(auth_sign(other, CAPF_DIGEST_SHA1, some_octets(), &signature, &e), -1);
    ck_assert_err(e, KEY_UNSUPPORTED);
}
END_TEST

/* ---- SUDI_DATA ---- */

struct sudi_case {
    EVP_PKEY *key;
    X509 *mic;
    struct buf value;
};
static void sudi_free(struct sudi_case *s) {
    EVP_PKEY_free(s->key);
    X509_free(s->mic);
    buf_free(&s->value);
}
#define AUTO_SUDI __attribute__((cleanup(sudi_free))) struct sudi_case

static void make_sudi(struct sudi_case *s) {
    struct err e = {0};
    *s = (struct sudi_case){.key = make_key(KEY_RSA, 1024), .value = BUF_INIT(CAPF_SUDI_MAX)};
    s->mic = make_certificate(s->key);
    ck_assert_ok(auth_sudi_write(SESSION, s->mic, s->key, &s->value, &e), e);
}

static void refuse_sudi(struct bytes value, uint32_t session, struct err *e) {
    X509 *mic = NULL;
    *e = (struct err){0};
    ck_assert_int_eq(auth_sudi_check(value, session, &mic, e), -1);
    ck_assert_ptr_null(mic);
}

START_TEST(sudi_is_bound_to_its_session) {
    AUTO_SUDI s;
    AUTO(X509) mic = NULL;
    struct err e = {0};
    make_sudi(&s);
    ck_assert_ok(auth_sudi_check(buf_view(&s.value), SESSION, &mic, &e), e);
    ck_assert_int_eq(X509_cmp(mic, s.mic), 0);
    refuse_sudi(buf_view(&s.value), SESSION + 1, &e);
    ck_assert_err(e, CAPF_AUTH_CREDENTIALS);
}
END_TEST

START_TEST(sudi_signs_the_session_id_little_endian) {
    AUTO_SUDI s;
    AUTO_BUF octets = BUF_INIT(CAPF_SUDI_MAX);
    struct err e = {0};
    make_sudi(&s);
    buf_put(&octets, "\x04\x03\x02\x01", 4);
    size_t der_len = (size_t)s.value.data[1] << 8 | s.value.data[2];
    buf_put(&octets, s.value.data + 3, der_len);
    struct bytes sha1 = bytes_of(s.value.data + 3 + der_len + 3, BLOCK);
    ck_assert_ok(auth_check(s.key, CAPF_DIGEST_SHA1, buf_view(&octets), sha1, &e), e);
}
END_TEST

/* 00 certificate, 01 SHA-1, 03 SHA-512: the kinds of capf-protocol.md 6.5. */
START_TEST(sudi_signatures_are_marked_with_their_digest) {
    AUTO_SUDI s;
    make_sudi(&s);
    struct cursor c = cursor_of(buf_view(&s.value));
    static const uint8_t kinds[] = {0, 1, 3};
    for (size_t i = 0; i < sizeof kinds; i++) {
        uint8_t kind = 0xff;
        uint16_t len = 0;
        struct bytes part;
        ck_assert(cursor_u8(&c, &kind) && cursor_u16(&c, &len) && cursor_bytes(&c, len, &part));
        ck_assert_uint_eq(kind, kinds[i]);
    }
    ck_assert_uint_eq(cursor_left(&c), 0);
}
END_TEST

START_TEST(malformed_sudi_is_refused) {
    AUTO_SUDI s;
    AUTO_BUF twice = BUF_INIT(2 * CAPF_SUDI_MAX);
    struct err e;
    make_sudi(&s);
    for (size_t cut = 1; cut < s.value.len; cut++) {
        refuse_sudi(bytes_of(s.value.data, s.value.len - cut), SESSION, &e);
        ck_assert(e.code == ERR_CAPF_ELEMENT || e.code == ERR_CAPF_MISSING_ELEMENT);
    }
    buf_put_bytes(&twice, buf_view(&s.value));
    buf_put_bytes(&twice, buf_view(&s.value));
    refuse_sudi(buf_view(&twice), SESSION, &e);
    ck_assert_err(e, CAPF_DUPLICATE_ELEMENT);
    refuse_sudi(bytes_of("\x02\x00\x00", 3), SESSION, &e);
    ck_assert_err(e, CAPF_ELEMENT);
    refuse_sudi(bytes_of("", 0), SESSION, &e);
    ck_assert_err(e, CAPF_MISSING_ELEMENT);
}
END_TEST

START_TEST(sudi_needs_rsa) {
    AUTO(EVP_PKEY) key = make_key(KEY_EC, 256);
    AUTO(X509) mic = make_certificate(key);
    AUTO_BUF value = BUF_INIT(CAPF_SUDI_MAX);
    struct err e = {0};
    ck_assert_int_eq(auth_sudi_write(SESSION, mic, key, &value, &e), -1);
    ck_assert_err(e, KEY_UNSUPPORTED);
}
END_TEST

/* ---- Authentication string ---- */

static enum err_code string_result(const char *given, const char *stored) {
    struct capf_message m = {.type = CAPF_MSG_AUTH_RES};
    struct err e = {0};
    if (given != NULL)
        m.password = CAPF_OCTETS(bytes_of_str(given));
    auth_check_string(&m, bytes_of_str(stored), &e);
    return e.code;
}

START_TEST(only_the_exact_string_matches) {
    ck_assert_int_eq(string_result("123456", "123456"), ERR_OK);
    ck_assert_int_eq(string_result("123457", "123456"), ERR_CAPF_AUTH_STRING);
    ck_assert_int_eq(string_result("12345", "123456"), ERR_CAPF_AUTH_STRING);
    ck_assert_int_eq(string_result("1234567", "123456"), ERR_CAPF_AUTH_STRING);
    ck_assert_int_eq(string_result("", "123456"), ERR_CAPF_AUTH_STRING);
    ck_assert_int_eq(string_result(NULL, "123456"), ERR_CAPF_AUTH_STRING);
    ck_assert_int_eq(string_result("", ""), ERR_CAPF_AUTH_STRING);
    ck_assert_int_eq(string_result(NULL, NULL), ERR_CAPF_AUTH_STRING);
}
END_TEST

TEST_MAIN("capf auth", rsa_proof_verifies_over_the_wire, ec_proofs_verify,
          version_2_sends_and_needs_sha1_only, version_3_needs_sha2,
          rsa_512_has_no_sha2_and_needs_none, sha2_must_be_sha512,
          a_wrong_sha2_is_refused_even_in_version_2, a_proof_of_another_device_is_refused,
          absent_certificate_or_signature, what_is_no_certificate_is_refused,
          the_block_is_bare_hash_behind_full_padding, forged_padding_is_refused,
          a_block_with_digest_info_is_refused, signatures_of_other_lengths_are_refused,
          keys_and_digests_that_cannot_sign, sudi_is_bound_to_its_session,
          sudi_signs_the_session_id_little_endian, sudi_signatures_are_marked_with_their_digest,
          malformed_sudi_is_refused, sudi_needs_rsa, only_the_exact_string_matches)
