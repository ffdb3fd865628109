/* Proof of identity inside CAPF: signing and checking octets (capf-protocol.md 6). Never accepts a
 * block of which only a part was looked at, never prints a string or a hash. */
#include "capf/auth.h"
#include "base/x509.h"
#include "capf/auth_octets.h"

enum { TYPE1_OVERHEAD = 11 }; /* 00 01, at least eight FF, 00: RFC 8017 9.2 */

static const EVP_MD *digest_of(unsigned digest) {
    switch (digest) {
    case CAPF_DIGEST_SHA1:
        return EVP_sha1();
    case CAPF_DIGEST_SHA256:
        return EVP_sha256();
    case CAPF_DIGEST_SHA512:
        return EVP_sha512();
    default:
        return NULL;
    }
}

struct hash {
    uint8_t value[EVP_MAX_MD_SIZE];
    unsigned len;
};

static bool is_rsa(const EVP_PKEY *key) {
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
}

static bool is_ec(const EVP_PKEY *key) {
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC;
}

static bool block_has_room(const EVP_PKEY *key, size_t payload) {
    return (size_t)EVP_PKEY_get_size(key) >= payload + TYPE1_OVERHEAD;
}

bool auth_cannot_sha2(EVP_PKEY *key) {
    return is_rsa(key) && !block_has_room(key, 64);
}

/* Whether key can make or check a signature with digest, and the hash of octets. */
static int hash_for(const EVP_PKEY *key, unsigned digest, struct bytes octets, struct hash *hash,
                    struct err *e) {
    const EVP_MD *md = digest_of(digest);
    if (md == NULL)
        return err_set(e, ERR_KEY_UNSUPPORTED, "digest id %u is not known", digest);
    if (!is_rsa(key) && !is_ec(key))
        return err_set(e, ERR_KEY_UNSUPPORTED, "the key is neither RSA nor EC");
    if (EVP_PKEY_get_size(key) > CAPF_SIGNATURE_MAX)
        return err_set(e, ERR_KEY_UNSUPPORTED, "key of %d bits is too long",
                       EVP_PKEY_get_bits(key));
    if (is_rsa(key) && !block_has_room(key, (size_t)EVP_MD_get_size(md)))
        return err_set(e, ERR_KEY_UNSUPPORTED, "RSA key of %d bits has no room for %s",
                       EVP_PKEY_get_bits(key), capf_digest_name(digest));
    if (EVP_Digest(octets.data, octets.len, hash->value, &hash->len, md, NULL) != 1)
        return err_openssl(e, ERR_SYS_INTERNAL, "hashing failed");
    return 0;
}

int auth_signed_octets(struct bytes device_name, struct bytes certificate_der, struct buf *out,
                       struct err *e) {
    buf_put_bytes(out, device_name);
    buf_put_u8(out, 0);
    if (buf_put_bytes(out, certificate_der) != 0)
        return err_set(e, ERR_SYS_LIMIT, "the signed octets do not fit");
    return 0;
}

/* Without a signature digest set, RSA makes a type-1 block of the value as it is (6.4). */
int auth_sign_value(EVP_PKEY *key, struct bytes value, struct buf *signature, struct err *e) {
    uint8_t made[CAPF_SIGNATURE_MAX];
    size_t len = sizeof made;
    AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new(key, NULL);
    if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1 ||
        (is_rsa(key) && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1) ||
        EVP_PKEY_sign(ctx, made, &len, value.data, value.len) != 1)
        return err_openssl(e, ERR_KEY_UNSUPPORTED, "signing failed");
    if (buf_put(signature, made, len) != 0)
        return err_set(e, ERR_SYS_LIMIT, "the signature does not fit");
    return 0;
}

int auth_sign(EVP_PKEY *key, unsigned digest, struct bytes octets, struct buf *signature,
              struct err *e) {
    struct hash hash;
    if (hash_for(key, digest, octets, &hash, e) != 0)
        return -1;
    return auth_sign_value(key, bytes_of(hash.value, hash.len), signature, e);
}

static int wrong_signature(struct err *e) {
    return err_openssl(e, ERR_CAPF_AUTH_CREDENTIALS, "the signature does not verify");
}

/* verify_recover checks 00 01 FF.. 00 and gives what is behind; that must be the hash and nothing
 * else, so that every byte of the block is accounted for. */
static int check_rsa(EVP_PKEY *key, const struct hash *hash, struct bytes signature,
                     struct err *e) {
    uint8_t recovered[CAPF_SIGNATURE_MAX];
    size_t len = sizeof recovered;
    AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new(key, NULL);
    if (ctx == NULL || EVP_PKEY_verify_recover_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1)
        return err_openssl(e, ERR_SYS_INTERNAL, "RSA could not be set up");
    if (signature.len != (size_t)EVP_PKEY_get_size(key) ||
        EVP_PKEY_verify_recover(ctx, recovered, &len, signature.data, signature.len) != 1 ||
        !bytes_equal_constant_time(bytes_of(recovered, len), bytes_of(hash->value, hash->len)))
        return wrong_signature(e);
    return 0;
}

static int check_ec(EVP_PKEY *key, const struct hash *hash, struct bytes signature, struct err *e) {
    AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new(key, NULL);
    if (ctx == NULL || EVP_PKEY_verify_init(ctx) != 1)
        return err_openssl(e, ERR_SYS_INTERNAL, "ECDSA could not be set up");
    if (EVP_PKEY_verify(ctx, signature.data, signature.len, hash->value, hash->len) != 1)
        return wrong_signature(e);
    return 0;
}

int auth_check(EVP_PKEY *key, unsigned digest, struct bytes octets, struct bytes signature,
               struct err *e) {
    struct hash hash;
    if (hash_for(key, digest, octets, &hash, e) != 0)
        return -1;
    return is_rsa(key) ? check_rsa(key, &hash, signature, e) : check_ec(key, &hash, signature, e);
}

/* Peers' certificates are DER on this wire; x509_read alone would take PEM too. */
X509 *auth_read_der(struct bytes der, struct err *e) {
    if (der.len == 0 || der.data[0] != 0x30) {
        err_set(e, ERR_X509_PARSE, "not a DER certificate");
        return NULL;
    }
    return x509_read(der, e);
}

static int check_sha2(const struct capf_message *m, unsigned version, EVP_PKEY *key,
                      struct bytes octets, struct err *e) {
    if (!m->sha2_signed_data.present) {
        if (version < 3 || auth_cannot_sha2(key))
            return 0;
        return err_set(e, ERR_CAPF_MISSING_ELEMENT, "AUTH_RES without SHA2_SIGNED_DATA");
    }
    if (m->sha2_signed_data.number != CAPF_DIGEST_SHA512)
        return err_set(e, ERR_CAPF_AUTH_CREDENTIALS, "SHA2_SIGNED_DATA with digest id %u",
                       (unsigned)m->sha2_signed_data.number);
    return auth_check(key, CAPF_DIGEST_SHA512, octets, m->sha2_signed_data.octets, e);
}

static int check_both(const struct capf_message *m, unsigned version, X509 *certificate,
                      struct err *e) {
    AUTO_BUF octets = BUF_INIT(2 * CAPF_FRAME_MAX);
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    if (key == NULL)
        return err_openssl(e, ERR_KEY_UNSUPPORTED, "the certificate's key cannot be used");
    if (auth_signed_octets(m->device_name.octets, m->certificate.octets, &octets, e) != 0)
        return -1;
    if (auth_check(key, CAPF_DIGEST_SHA1, buf_view(&octets), m->signed_data.octets, e) != 0)
        return err_context(e, "SIGNED_DATA");
    if (check_sha2(m, version, key, buf_view(&octets), e) != 0)
        return err_context(e, "SHA2_SIGNED_DATA");
    return 0;
}

int auth_check_certificate(const struct capf_message *auth_res, unsigned version,
                           X509 **certificate, struct err *e) {
    *certificate = NULL;
    if (!auth_res->certificate.present || !auth_res->signed_data.present)
        return err_set(e, ERR_CAPF_MISSING_ELEMENT, "AUTH_RES without %s",
                       auth_res->certificate.present ? "SIGNED_DATA" : "CERTIFICATE");
    AUTO(X509) read = auth_read_der(auth_res->certificate.octets, e);
    if (read == NULL || check_both(auth_res, version, read, e) != 0)
        return -1;
    *certificate = TAKE(read);
    return 0;
}

/* Part of a buffer that may still move while it grows. */
struct span {
    size_t at;
    size_t len;
};

static struct bytes span_view(const struct buf *b, struct span s) {
    return bytes_of(b->data + s.at, s.len);
}

static int put_signature(EVP_PKEY *key, unsigned digest, struct bytes signed_octets,
                         struct buf *out, struct span *span, struct err *e) {
    span->at = out->len;
    if (auth_sign(key, digest, signed_octets, out, e) != 0)
        return -1;
    span->len = out->len - span->at;
    return 0;
}

int auth_put_certificate(struct capf_message *auth_res, unsigned version, unsigned type,
                         const X509 *certificate, EVP_PKEY *key, struct buf *octets,
                         struct err *e) {
    AUTO_BUF signed_octets = BUF_INIT(CAPF_FRAME_MAX);
    struct span der = {.at = octets->len}, sha1 = {0}, sha2 = {0};
    bool with_sha2 = version >= 3 && !auth_cannot_sha2(key);
    if (x509_put_der(certificate, octets, e) != 0)
        return -1;
    der.len = octets->len - der.at;
    if (auth_signed_octets(auth_res->device_name.octets, span_view(octets, der), &signed_octets,
                           e) != 0 ||
        put_signature(key, CAPF_DIGEST_SHA1, buf_view(&signed_octets), octets, &sha1, e) != 0)
        return -1;
    if (with_sha2 &&
        put_signature(key, CAPF_DIGEST_SHA512, buf_view(&signed_octets), octets, &sha2, e) != 0)
        return -1;
    auth_res->certificate = CAPF_NUMBERED_OCTETS(type, span_view(octets, der));
    auth_res->signed_data = CAPF_OCTETS(span_view(octets, sha1));
    if (with_sha2)
        auth_res->sha2_signed_data =
            CAPF_NUMBERED_OCTETS(CAPF_DIGEST_SHA512, span_view(octets, sha2));
    return 0;
}

int auth_check_string(const struct capf_message *auth_res, struct bytes stored, struct err *e) {
    struct bytes given = auth_res->password.octets;
    if (given.len == 0 || !bytes_equal_constant_time(given, stored))
        return err_set(e, ERR_CAPF_AUTH_STRING, "the authentication string does not match");
    return 0;
}
