/* Keys: files, generation, SubjectPublicKeyInfo. Sizes are those that CAPF and phones know. */
#include "base/x509.h"

#include "base/file.h"
#include "base/key_formats.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

enum { KEY_FILE_MAX = 64 * 1024, RSA_BITS_MIN = 512, RSA_BITS_MAX = 4096 };

/* The same key in the default library context, where everything else is done. NULL: no memory. */
static EVP_PKEY *key_move(EVP_PKEY *key) {
    OSSL_PARAM *numbers = NULL;
    EVP_PKEY *moved = NULL;
    AUTO(EVP_PKEY_CTX)
    ctx = EVP_PKEY_CTX_new_from_name(NULL, EVP_PKEY_get0_type_name(key), NULL);
    if (ctx == NULL || EVP_PKEY_todata(key, EVP_PKEY_KEYPAIR, &numbers) != 1)
        return NULL;
    if (EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &moved, EVP_PKEY_KEYPAIR, numbers) != 1)
        moved = NULL;
    OSSL_PARAM_free(numbers);
    return moved;
}

EVP_PKEY *key_read_pem(struct bytes pem) {
    char no_passphrase[] = "";
    AUTO(BIO) bio = pem.len > INT_MAX ? NULL : BIO_new_mem_buf(pem.data, (int)pem.len);
    AUTO(EVP_PKEY)
    key = bio == NULL
              ? NULL
              : PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, no_passphrase, key_formats_all(), NULL);
    return key == NULL || key_formats_all() == NULL ? TAKE(key) : key_move(key);
}

EVP_PKEY *key_read_file(const char *path, struct err *e) {
    AUTO_BUF content = BUF_INIT(KEY_FILE_MAX);
    if (file_read(path, &content, e) != 0)
        return NULL;
    EVP_PKEY *key = key_read_pem(buf_view(&content));
    if (key == NULL)
        err_openssl(e, ERR_KEY_PARSE, "%s: not a private key in PEM", path);
    return key;
}

int key_write_file(const char *path, EVP_PKEY *key, struct err *e) {
    AUTO(BIO) bio = BIO_new(BIO_s_secmem());
    if (bio == NULL || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
        return err_openssl(e, ERR_KEY_PARSE, "%s: cannot encode the key", path);
    char *data;
    long len = BIO_get_mem_data(bio, &data);
    return file_write(path, bytes_of(data, (size_t)len), 0600, e);
}

static const char *curve_of(unsigned bits) {
    switch (bits) {
    case 256:
        return "P-256";
    case 384:
        return "P-384";
    case 521:
        return "P-521";
    default:
        return NULL;
    }
}

EVP_PKEY *key_generate(enum key_kind kind, unsigned bits, struct err *e) {
    EVP_PKEY *key = NULL;
    if (kind == KEY_RSA && bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX)
        key = EVP_RSA_gen(bits);
    else if (kind == KEY_EC && curve_of(bits) != NULL)
        key = EVP_EC_gen(curve_of(bits));
    else {
        err_set(e, ERR_KEY_UNSUPPORTED, "no %s key of %u bits", kind == KEY_RSA ? "RSA" : "EC",
                bits);
        return NULL;
    }
    if (key == NULL)
        err_openssl(e, ERR_KEY_GENERATE, "cannot generate a key of %u bits", bits);
    return key;
}

/* With the exponent 1 everybody can sign, with an even number nobody can. Both numbers are asked
 * for at once, because each question makes OpenSSL gather all of the key's. A negative number, or
 * an exponent that does not fit, is no answer. */
static bool rsa_is_sound(const EVP_PKEY *key) {
    uint8_t octets[OPENSSL_RSA_MAX_MODULUS_BITS / 8];
    uint64_t exponent = 0;
    AUTO(BIGNUM) modulus = NULL;
    OSSL_PARAM numbers[] = {
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, octets, sizeof octets),
        OSSL_PARAM_construct_uint64(OSSL_PKEY_PARAM_RSA_E, &exponent),
        OSSL_PARAM_construct_end(),
    };
    return EVP_PKEY_get_params(key, numbers) == 1 && OSSL_PARAM_modified(&numbers[0]) &&
           OSSL_PARAM_modified(&numbers[1]) && OSSL_PARAM_get_BN(&numbers[0], &modulus) == 1 &&
           BN_is_odd(modulus) && exponent % 2 == 1 && exponent > 1;
}

/* Whoever shows the point at infinity can make signatures for it without a private key. */
static bool ec_is_sound(EVP_PKEY *key) {
    int explicit_parameters = 0;
    AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new(key, NULL);
    if (ctx == NULL || EVP_PKEY_public_check_quick(ctx) != 1)
        return false;
    return EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                                  &explicit_parameters) == 1 &&
           explicit_parameters == 0;
}

int key_judge_public(EVP_PKEY *key, struct err *e) {
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && !rsa_is_sound(key))
        return err_openssl(e, ERR_KEY_UNSUPPORTED, "an RSA key of such numbers proves nothing");
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && !ec_is_sound(key))
        return err_openssl(e, ERR_KEY_UNSUPPORTED, "an EC key that is no point of a named curve");
    return 0;
}

bool key_is_on_curve(const EVP_PKEY *key, unsigned bits) {
    char name[64];
    const char *curve = curve_of(bits);
    return curve != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(key, name, sizeof name, NULL) == 1 &&
           OBJ_txt2nid(name) == EC_curve_nist2nid(curve);
}

EVP_PKEY *key_read_spki(struct bytes der, struct err *e) {
    const unsigned char *at = der.data;
    AUTO(EVP_PKEY) key = der.len > LONG_MAX ? NULL : d2i_PUBKEY(NULL, &at, (long)der.len);
    if (key == NULL) {
        err_openssl(e, ERR_KEY_PARSE, "not a SubjectPublicKeyInfo");
        return NULL;
    }
    if (at != der.data + der.len) {
        err_set(e, ERR_KEY_PARSE, "bytes stand behind the public key");
        return NULL;
    }
    return key_judge_public(key, e) == 0 ? TAKE(key) : NULL;
}

int key_put_spki(EVP_PKEY *key, struct buf *out, struct err *e) {
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    if (len < 0)
        return err_openssl(e, ERR_KEY_PARSE, "cannot encode the public key");
    int result = buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
    return result == 0 ? 0 : err_set(e, ERR_SYS_LIMIT, "no room for the public key");
}
