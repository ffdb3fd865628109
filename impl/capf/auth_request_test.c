/* Tests of the phone's signature under its request (capf-protocol.md 10.3): both halves together,
 * and everything that the phone must refuse to sign. */
#include "base/test.h"
#include "base/x509.h"
#include "capf/auth.h"
#include "capf/auth_request.h"
#include "pki/csr.h"

enum { SESSION = 0x01020304 };

static EVP_PKEY *make_key(enum key_kind kind, unsigned bits) {
    struct err e = {0};
    EVP_PKEY *key = key_generate(kind, bits, &e);
    ck_assert_msg(key != NULL, "%s", e.text);
    return key;
}

static void make_info(EVP_PKEY *key, struct buf *info) {
    struct err e = {0};
    AUTO(X509_NAME) subject = x509_name_parse("CN=SEP001122334455", &e);
    struct csr_template template = {.subject = subject, .key = key};
    ck_assert_ok(csr_put_info(&template, info, &e), e);
}

/* CAPF asks, the phone signs, CAPF puts the request together. */
static void request_round(enum key_kind kind, unsigned bits, enum capf_type type) {
    AUTO(EVP_PKEY) key = make_key(kind, bits);
    AUTO_BUF info = BUF_INIT(CSR_MAX), octets = BUF_INIT(CAPF_FRAME_MAX);
    AUTO_BUF signature = BUF_INIT(CAPF_SIGNATURE_MAX);
    struct capf_message request, response = {.reason = CAPF_NUMBER(CAPF_REASON_OK)};
    const EVP_MD *md = NULL;
    struct bytes found;
    struct err e = {0};
    make_info(key, &info);
    ck_assert_ok(auth_request_build(&request, SESSION, buf_view(&info), key, &octets, &md, &e), e);
    ck_assert_uint_eq(request.type, type);
    ck_assert_ok(auth_request_sign(&request, key, &signature, &e), e);
    response.signed_data = CAPF_OCTETS(buf_view(&signature));
    ck_assert_ok(auth_request_signature(&response, &found, &e), e);
    AUTO_BUF csr = BUF_INIT(CSR_MAX);
    ck_assert_ok(csr_assemble(buf_view(&info), key, md, found, &csr, &e), e);
}

START_TEST(requests_are_signed_by_every_kind_of_key) {
    request_round(KEY_RSA, 512, CAPF_MSG_ENCRYPT_REQ);
    request_round(KEY_RSA, 1024, CAPF_MSG_ENCRYPT_REQ);
    request_round(KEY_EC, 256, CAPF_MSG_SIGN_CERT_REQ);
    request_round(KEY_EC, 384, CAPF_MSG_SIGN_CERT_REQ);
    request_round(KEY_EC, 521, CAPF_MSG_SIGN_CERT_REQ);
}
END_TEST

START_TEST(the_signature_is_read_from_three_tags) {
    struct capf_message m = {.type = CAPF_MSG_ENCRYPT_RES};
    struct bytes found;
    struct err e = {0};
    m.sha2_signed_data = CAPF_NUMBERED_OCTETS(2, bytes_of_str("c"));
    ck_assert_ok(auth_request_signature(&m, &found, &e), e);
    ck_assert(bytes_equal(found, bytes_of_str("c")));
    m.operation_result = CAPF_OCTETS(bytes_of_str("b"));
    ck_assert_ok(auth_request_signature(&m, &found, &e), e);
    ck_assert(bytes_equal(found, bytes_of_str("b")));
    m.signed_data = CAPF_OCTETS(bytes_of_str("a"));
    ck_assert_ok(auth_request_signature(&m, &found, &e), e);
    ck_assert(bytes_equal(found, bytes_of_str("a")));
    m.reason = CAPF_NUMBER(CAPF_REASON_REFUSED);
    ck_assert_int_eq(auth_request_signature(&m, &found, &e), -1);
    ck_assert_err(e, CAPF_REFUSED);
    m = (struct capf_message){.reason = CAPF_NUMBER(CAPF_REASON_OK)};
    ck_assert_int_eq(auth_request_signature(&m, &found, &e), -1);
    ck_assert_err(e, CAPF_MISSING_ELEMENT);
}
END_TEST

static enum err_code sign_result(enum capf_type type, struct bytes data, EVP_PKEY *key) {
    struct capf_message m = {.type = (uint8_t)type, .operation_data = CAPF_OCTETS(data)};
    AUTO_BUF signature = BUF_INIT(CAPF_SIGNATURE_MAX);
    struct err e = {0};
    m.digest_type = CAPF_NUMBER(CAPF_DIGEST_SHA256);
    auth_request_sign(&m, key, &signature, &e);
    ck_assert_uint_eq(signature.len == 0, e.code != ERR_OK);
    return e.code;
}

START_TEST(the_phone_is_no_signing_oracle) {
    AUTO(EVP_PKEY) rsa = make_key(KEY_RSA, 1024);
    AUTO_BUF info = BUF_INIT(CAPF_DIGEST_INFO_MAX);
    uint8_t hash[32] = {0}, bare[20] = {0}, whole[128] = {0};
    struct err e = {0};
    ck_assert_ok(auth_digest_info_write(EVP_sha256(), bytes_of(hash, 32), &info, &e), e);
    ck_assert_uint_eq(info.len, 51);
    ck_assert_int_eq(sign_result(CAPF_MSG_ENCRYPT_REQ, buf_view(&info), rsa), ERR_OK);
    ck_assert_int_eq(sign_result(CAPF_MSG_ENCRYPT_REQ, bytes_of(bare, 20), rsa), ERR_CAPF_REFUSED);
    ck_assert_int_eq(sign_result(CAPF_MSG_ENCRYPT_REQ, bytes_of(whole, 128), rsa),
                     ERR_CAPF_REFUSED);
    for (size_t i = 0; i < 19; i++) {
        info.data[i] ^= 1;
        ck_assert_int_eq(sign_result(CAPF_MSG_ENCRYPT_REQ, buf_view(&info), rsa), ERR_CAPF_REFUSED);
        info.data[i] ^= 1;
    }
    buf_put_u8(&info, 0);
    ck_assert_int_eq(sign_result(CAPF_MSG_ENCRYPT_REQ, buf_view(&info), rsa), ERR_CAPF_REFUSED);
}
END_TEST

START_TEST(the_phone_signs_its_own_request_only) {
    AUTO(EVP_PKEY) key = make_key(KEY_EC, 256);
    AUTO(EVP_PKEY) other = make_key(KEY_EC, 256);
    AUTO(EVP_PKEY) rsa = make_key(KEY_RSA, 512);
    AUTO_BUF info = BUF_INIT(CSR_MAX);
    make_info(key, &info);
    struct bytes all = buf_view(&info);
    ck_assert_int_eq(sign_result(CAPF_MSG_SIGN_CERT_REQ, all, key), ERR_OK);
    ck_assert_int_eq(sign_result(CAPF_MSG_SIGN_CERT_REQ, all, other), ERR_CAPF_REFUSED);
    ck_assert_int_eq(sign_result(CAPF_MSG_SIGN_CERT_REQ, all, rsa), ERR_KEY_UNSUPPORTED);
    ck_assert_int_eq(sign_result(CAPF_MSG_ENCRYPT_REQ, all, key), ERR_KEY_UNSUPPORTED);
    ck_assert_int_eq(sign_result(CAPF_MSG_AUTH_REQ, all, key), ERR_CAPF_REFUSED);
    for (size_t len = 0; len < all.len; len++)
        ck_assert_int_eq(sign_result(CAPF_MSG_SIGN_CERT_REQ, bytes_of(all.data, len), key),
                         ERR_CAPF_REFUSED);
    buf_put_u8(&info, 0);
    ck_assert_int_eq(sign_result(CAPF_MSG_SIGN_CERT_REQ, buf_view(&info), key), ERR_CAPF_REFUSED);
}
END_TEST

START_TEST(digest_info_sizes_are_those_of_10_3) {
    const struct {
        const EVP_MD *md;
        size_t size;
    } rows[] = {{EVP_sha1(), 35}, {EVP_sha256(), 51}, {EVP_sha384(), 67}, {EVP_sha512(), 83}};
    uint8_t value[64] = {7};
    for (size_t i = 0; i < 4; i++) {
        AUTO_BUF info = BUF_INIT(CAPF_DIGEST_INFO_MAX);
        struct bytes hash = bytes_of(value, (size_t)EVP_MD_get_size(rows[i].md)), back;
        const EVP_MD *md = NULL;
        struct err e = {0};
        ck_assert_ok(auth_digest_info_write(rows[i].md, hash, &info, &e), e);
        ck_assert_uint_eq(info.len, rows[i].size);
        ck_assert_ok(auth_digest_info_read(buf_view(&info), &md, &back, &e), e);
        ck_assert_int_eq(EVP_MD_get_type(md), EVP_MD_get_type(rows[i].md));
        ck_assert(bytes_equal(back, hash));
    }
}
END_TEST

TEST_MAIN("capf request signature", requests_are_signed_by_every_kind_of_key,
          the_signature_is_read_from_three_tags, the_phone_is_no_signing_oracle,
          the_phone_signs_its_own_request_only, digest_info_sizes_are_those_of_10_3)
