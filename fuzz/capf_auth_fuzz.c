/* Reaches capf_message_parse, auth_check_certificate, auth_check, auth_sudi_check,
 * auth_check_string, auth_request_signature, auth_request_sign and auth_digest_info_read;
 * auth_digest_info_write, auth_sign and auth_request_build are what their results are checked
 * with. Input: a frame of a phone or of a server, or the bare value of one of these elements. The
 * keys protect nothing. Floor: 6000/s. */
#include "base/owned.h"
#include "base/x509.h"
#include "capf/auth.h"
#include "capf/auth_request.h"
#include "fuzz/fuzz.h"
#include <openssl/pem.h>
#include <string.h>

static const char rsa_pem[] = "-----BEGIN RSA PRIVATE KEY-----\n"
                              "MIICWwIBAAKBgQDBKqSX3I2HRr52T5bJ4QBsZ2kOHONZRCO02JKNwi6UIgAu9bAg\n"
                              "W9FdaGTZSbK+uMk4+teUQF9MJCLBls9hmdExlmkljqCePRIC3vYPXyENeB4+/Ub9\n"
                              "qxeRaAPs220qdT7mfhdj+xvdMf8C0z+wJdW9epggzwcwSSLZ+ZVBgg/fJwIDAQAB\n"
                              "AoGAONLhjmbsH2JZPxaUphiRdlJJXkRzQNxBoL6hBiCccSk7YpUV1b8M7Ox71kvO\n"
                              "0Dotv5xS9KKnJg/vRYGmyfBk0C1lpq/PKElO2UrJF3FN3C6ue/FNQvcUjtczzMjD\n"
                              "yChXF+oO+JJeOGACcHaXjqGPJ68U8bQ2mDoazhuoDVG/1WkCQQDulI71vnfNAnwJ\n"
                              "UrROEDGTzvV6g+QdScj824GWGls52cwuU21zUtb+9V9jP3ljoLobOYnS0fLdAKxh\n"
                              "DIfC0P0NAkEAz0U699QBzxTKVcJYXadCopx0Y/q4gjfGRUdOMjwGN6xuvEs2IYCQ\n"
                              "1tU1NetnOW0Sljcnp41kL9kJRcCn4GaIAwJAR9QcMmpUwTk1RM1MkZAYjQqrJ2ac\n"
                              "ACFdzJr9qcZnnsQuz+e4NRdEuWAAhu3uSwtx3I53KyygdN8mBtXx7bpj5QJAW1jE\n"
                              "g0KBRZWBEsijDytO18GiHgn6VRFlpVSmpscDanfpGbz/70XtD3FJkSjdBlcGsQM/\n"
                              "y70poVjCmGYu1lv5pwJAaPd0y2U3yN0PxOkI4mQiP7LIPR1W2/z1rj8g/JtsnI9w\n"
                              "CImU7HckDBXRPnpV9nZgS+KfdRn1LbOzFWJ6UD9usg==\n"
                              "-----END RSA PRIVATE KEY-----\n";
static const char ec_pem[] = "-----BEGIN EC PRIVATE KEY-----\n"
                             "MHcCAQEEIC7NooXFpYsY2MNQ36rHsbAsdjO094fGoTkooRh3SDcIoAoGCCqGSM49\n"
                             "AwEHoUQDQgAEnq+Xo4DaKjgEE+6IObcc/C8tx+i1zOwYLU5qnccHlc8VDLPZVP/5\n"
                             "BdNHt8Z2GjT40MAivdtX3JBmrOzogdEYvQ==\n"
                             "-----END EC PRIVATE KEY-----\n";

static EVP_PKEY *read_key(const char *pem) {
    AUTO(BIO) bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    FUZZ_CHECK(key != NULL);
    return key;
}

static EVP_PKEY *rsa_key, *ec_key; /* read once; they live as long as the process */

static void check_digest_info(struct bytes der) {
    AUTO_BUF again = BUF_INIT(CAPF_DIGEST_INFO_MAX);
    const EVP_MD *md = NULL;
    struct bytes hash;
    struct err e;
    if (auth_digest_info_read(der, &md, &hash, &e) != 0) {
        FUZZ_CHECK(e.code == ERR_CAPF_REFUSED && md == NULL);
        return;
    }
    FUZZ_CHECK_OK(auth_digest_info_write(md, hash, &again, &e), e);
    FUZZ_CHECK(bytes_equal(buf_view(&again), der));
}

static const char octets[] = "octets that were signed";
enum { DIGESTS = CAPF_DIGEST_SHA512 + 2 }; /* also one below and one above the known ones */

/* The signature that the RSA key makes over octets; made once for each digest. Empty: none. */
static struct bytes right_signature(unsigned digest) {
    static struct buf signatures[DIGESTS];
    struct err e = {0};
    struct buf *signature = &signatures[digest];
    if (signature->max == 0) {
        *signature = (struct buf)BUF_INIT(CAPF_SIGNATURE_MAX);
        auth_sign(rsa_key, digest, bytes_of_str(octets), signature, &e);
        FUZZ_CHECK(e.code == ERR_OK || e.code == ERR_KEY_UNSUPPORTED);
    }
    return buf_view(signature);
}

/* RSA is deterministic: the one signature that may pass is the one that the key makes. */
static void check_forgery(struct bytes signature) {
    struct err e;
    for (unsigned digest = 0; digest < DIGESTS; digest++) {
        struct bytes right = right_signature(digest);
        bool good = auth_check(rsa_key, digest, bytes_of_str(octets), signature, &e) == 0;
        FUZZ_CHECK(good == (right.len > 0 && bytes_equal(right, signature)));
    }
    auth_check(ec_key, CAPF_DIGEST_SHA256, bytes_of_str(octets), signature, &e);
}

/* What is accepted for one session is refused for every other one. */
static void check_sudi(struct bytes value, uint32_t session_id) {
    struct err e;
    X509 *other = NULL;
    AUTO(X509) mic = NULL;
    if (auth_sudi_check(value, session_id, &mic, &e) != 0) {
        FUZZ_CHECK(mic == NULL && e.code != ERR_OK);
        return;
    }
    FUZZ_CHECK(mic != NULL);
    FUZZ_CHECK(auth_sudi_check(value, session_id + 1, &other, &e) != 0 && other == NULL);
}

static void check_proof(const struct capf_message *m) {
    for (unsigned version = CAPF_VERSION_MIN; version <= CAPF_VERSION_MAX; version++) {
        struct err e;
        AUTO(X509) certificate = NULL;
        int rc = auth_check_certificate(m, version, &certificate, &e);
        FUZZ_CHECK((rc == 0) == (certificate != NULL));
        FUZZ_CHECK(rc == 0 || e.code == ERR_CAPF_MISSING_ELEMENT || e.code == ERR_X509_PARSE ||
                   e.code == ERR_CAPF_AUTH_CREDENTIALS || e.code == ERR_KEY_UNSUPPORTED);
    }
}

/* The phone is no oracle: what it signs is a DigestInfo, or a request for its own key. */
static void check_signing(const struct capf_message *m) {
    EVP_PKEY *const keys[] = {rsa_key, ec_key};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        AUTO_BUF signature = BUF_INIT(CAPF_SIGNATURE_MAX);
        const EVP_MD *md;
        struct bytes hash;
        struct err e;
        if (auth_request_sign(m, keys[i], &signature, &e) != 0) {
            FUZZ_CHECK(signature.len == 0);
            continue;
        }
        FUZZ_CHECK(m->operation_data.present && signature.len > 0);
        if (keys[i] == rsa_key)
            FUZZ_CHECK(auth_digest_info_read(m->operation_data.octets, &md, &hash, &e) == 0);
        else
            FUZZ_CHECK_OK(auth_check(ec_key, m->digest_type.number, m->operation_data.octets,
                                     buf_view(&signature), &e),
                          e);
    }
}

static void check_string(const struct capf_message *m) {
    static const char stored[] = "730184529";
    struct err e;
    if (auth_check_string(m, bytes_of_str(stored), &e) == 0)
        FUZZ_CHECK(bytes_equal(m->password.octets, bytes_of_str(stored)));
    else
        FUZZ_CHECK(e.code == ERR_CAPF_AUTH_STRING);
    FUZZ_CHECK(auth_check_string(m, bytes_of("", 0), &e) != 0);
}

static void check_message(const struct capf_message *m) {
    struct bytes signature;
    struct err e;
    check_proof(m);
    check_string(m);
    check_signing(m);
    check_sudi(m->sudi_data.octets, m->session_id);
    if (auth_request_signature(m, &signature, &e) == 0)
        check_forgery(signature);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes input = bytes_of(data, size);
    struct capf_message m;
    struct err e;
    if (rsa_key == NULL) {
        rsa_key = read_key(rsa_pem);
        ec_key = read_key(ec_pem);
    }
    if (capf_message_parse(input, &m, &e) == 0) {
        check_message(&m);
        return 0;
    }
    check_digest_info(input);
    check_forgery(input);
    check_sudi(input, 0x01020304);
    return 0;
}
