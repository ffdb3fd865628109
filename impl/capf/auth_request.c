/* The phone's signature under its certification request: our choice of messages, tags and payload
 * (capf-protocol.md 10.3; see the header). The phone's half must never sign octets that are not
 * what they should be. */
#include "capf/auth_request.h"
#include "capf/auth_octets.h"
#include <openssl/objects.h>

enum { TYPE1_OVERHEAD = 11 };

static bool is_rsa(const EVP_PKEY *key) {
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
}

static bool is_ec(const EVP_PKEY *key) {
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC;
}

/* ---- DigestInfo ---- */

static bool has_digest_info(const EVP_MD *md) {
    switch (EVP_MD_get_type(md)) {
    case NID_sha1:
    case NID_sha256:
    case NID_sha384:
    case NID_sha512:
        return true;
    default:
        return false;
    }
}

/* SEQUENCE { SEQUENCE { OID, NULL }, OCTET STRING }: all lengths are below 128 for these four. */
int auth_digest_info_write(const EVP_MD *md, struct bytes hash, struct buf *out, struct err *e) {
    if (!has_digest_info(md))
        return err_set(e, ERR_KEY_UNSUPPORTED, "no DigestInfo for this digest");
    if (hash.len != (size_t)EVP_MD_get_size(md))
        return err_set(e, ERR_CAPF_REFUSED, "hash of %zu bytes", hash.len);
    const ASN1_OBJECT *oid = OBJ_nid2obj(EVP_MD_get_type(md));
    size_t oid_len = OBJ_length(oid);
    size_t algorithm_len = 2 + oid_len + 2;
    buf_put_u8(out, 0x30);
    buf_put_u8(out, (uint8_t)(2 + algorithm_len + 2 + hash.len));
    buf_put_u8(out, 0x30);
    buf_put_u8(out, (uint8_t)algorithm_len);
    buf_put_u8(out, 0x06);
    buf_put_u8(out, (uint8_t)oid_len);
    buf_put(out, OBJ_get0_data(oid), oid_len);
    buf_put_u16(out, 0x0500);
    buf_put_u8(out, 0x04);
    buf_put_u8(out, (uint8_t)hash.len);
    if (buf_put_bytes(out, hash) != 0)
        return err_set(e, ERR_SYS_LIMIT, "the DigestInfo does not fit");
    return 0;
}

/* Writing it again and comparing is the strictest parser there is. */
static bool is_digest_info(const EVP_MD *md, struct bytes der, struct bytes *hash) {
    AUTO_BUF again = BUF_INIT(CAPF_DIGEST_INFO_MAX);
    size_t hash_len = (size_t)EVP_MD_get_size(md);
    if (der.len < hash_len)
        return false;
    *hash = bytes_of(der.data + der.len - hash_len, hash_len);
    return auth_digest_info_write(md, *hash, &again, NULL) == 0 &&
           bytes_equal(buf_view(&again), der);
}

int auth_digest_info_read(struct bytes der, const EVP_MD **md, struct bytes *hash, struct err *e) {
    const EVP_MD *const candidates[] = {EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512()};
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        *md = candidates[i];
        if (is_digest_info(*md, der, hash))
            return 0;
    }
    *md = NULL;
    *hash = (struct bytes){0};
    return err_set(e, ERR_CAPF_REFUSED, "%zu bytes to sign are not a DigestInfo", der.len);
}

/* ---- Server ---- */

static int build_encrypt(struct capf_message *request, struct bytes info, EVP_PKEY *key,
                         struct buf *octets, const EVP_MD **md, struct err *e) {
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    size_t start = octets->len;
    *md = EVP_sha256();
    if (EVP_Digest(info.data, info.len, hash, &len, *md, NULL) != 1)
        return err_openssl(e, ERR_SYS_INTERNAL, "hashing failed");
    if (auth_digest_info_write(*md, bytes_of(hash, len), octets, e) != 0)
        return -1;
    struct bytes digest_info = bytes_of(octets->data + start, octets->len - start);
    if (digest_info.len + TYPE1_OVERHEAD > (size_t)EVP_PKEY_get_size(key))
        return err_set(e, ERR_KEY_UNSUPPORTED, "RSA key of %d bits is too short for a request",
                       EVP_PKEY_get_bits(key));
    request->type = CAPF_MSG_ENCRYPT_REQ;
    request->operation_data = CAPF_OCTETS(digest_info);
    return 0;
}

static int build_sign_cert(struct capf_message *request, struct bytes info, EVP_PKEY *key,
                           struct buf *octets, const EVP_MD **md, struct err *e) {
    int curve = capf_curve_of_bits((unsigned)EVP_PKEY_get_bits(key));
    unsigned digest = curve == CAPF_CURVE_P256 ? CAPF_DIGEST_SHA256 : CAPF_DIGEST_SHA512;
    size_t start = octets->len;
    if (curve < 0)
        return err_set(e, ERR_KEY_UNSUPPORTED, "EC key of %d bits", EVP_PKEY_get_bits(key));
    if (buf_put_bytes(octets, info) != 0)
        return err_set(e, ERR_SYS_LIMIT, "the request information does not fit");
    *md = digest == CAPF_DIGEST_SHA256 ? EVP_sha256() : EVP_sha512();
    request->type = CAPF_MSG_SIGN_CERT_REQ;
    request->digest_type = CAPF_NUMBER(digest);
    request->operation_data = CAPF_OCTETS(bytes_of(octets->data + start, info.len));
    return 0;
}

int auth_request_build(struct capf_message *request, uint32_t session_id, struct bytes info,
                       EVP_PKEY *public_key, struct buf *octets, const EVP_MD **md, struct err *e) {
    *request = (struct capf_message){.session_id = session_id};
    if (is_rsa(public_key))
        return build_encrypt(request, info, public_key, octets, md, e);
    if (is_ec(public_key))
        return build_sign_cert(request, info, public_key, octets, md, e);
    return err_set(e, ERR_KEY_UNSUPPORTED, "the key is neither RSA nor EC");
}

int auth_request_signature(const struct capf_message *response, struct bytes *signature,
                           struct err *e) {
    const struct capf_element *const places[] = {
        &response->signed_data, &response->operation_result, &response->sha2_signed_data};
    *signature = (struct bytes){0};
    if (response->reason.present && response->reason.number != CAPF_REASON_OK)
        return err_set(e, ERR_CAPF_REFUSED, "the phone refused to sign, reason %u",
                       (unsigned)response->reason.number);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (places[i]->present) {
            *signature = places[i]->octets;
            return 0;
        }
    }
    return err_set(e, ERR_CAPF_MISSING_ELEMENT, "%s without a signature",
                   capf_message_name(response->type));
}

/* ---- Phone ---- */

static int sign_encrypt(const struct capf_message *request, EVP_PKEY *key, struct buf *signature,
                        struct err *e) {
    struct bytes data = request->operation_data.octets, hash;
    const EVP_MD *md = NULL;
    if (!is_rsa(key))
        return err_set(e, ERR_KEY_UNSUPPORTED, "ENCRYPT_REQ for a key that is not RSA");
    if (data.len + TYPE1_OVERHEAD > (size_t)EVP_PKEY_get_size(key))
        return err_set(e, ERR_CAPF_REFUSED, "%zu bytes to sign do not fit the key", data.len);
    if (auth_digest_info_read(data, &md, &hash, e) != 0)
        return -1;
    return auth_sign_value(key, data, signature, e);
}

/* A whole request around the CertificationRequestInfo, with an empty signature, so that the public
 * parser can read it. NULL when it does not parse to its last byte. */
static X509_REQ *request_around(struct bytes info) {
    static const uint8_t tail[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
                                   0x3d, 0x04, 0x03, 0x02, 0x03, 0x02, 0x00, 0x00};
    AUTO_BUF whole = BUF_INIT(2 * CAPF_FRAME_MAX);
    const uint8_t *at = info.data;
    X509_REQ_INFO *alone = d2i_X509_REQ_INFO(NULL, &at, (long)info.len);
    bool to_its_end = alone != NULL && at == info.data + info.len;
    X509_REQ_INFO_free(alone);
    if (!to_its_end)
        return NULL;
    uint8_t header[8], *end = header;
    ASN1_put_object(&end, 1, (int)(info.len + sizeof tail), V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    buf_put(&whole, header, (size_t)(end - header));
    buf_put_bytes(&whole, info);
    if (buf_put(&whole, tail, sizeof tail) != 0)
        return NULL;
    at = whole.data;
    return d2i_X509_REQ(NULL, &at, (long)whole.len);
}

static int check_request_info(struct bytes info, EVP_PKEY *key, struct err *e) {
    AUTO(X509_REQ) request = request_around(info);
    if (request == NULL)
        return err_openssl(e, ERR_CAPF_REFUSED, "%zu bytes to sign are not a request", info.len);
    EVP_PKEY *named = X509_REQ_get0_pubkey(request);
    if (named == NULL || EVP_PKEY_eq(named, key) != 1)
        return err_openssl(e, ERR_CAPF_REFUSED, "the request to sign is for another key");
    return 0;
}

static int sign_cert(const struct capf_message *request, EVP_PKEY *key, struct buf *signature,
                     struct err *e) {
    if (!is_ec(key))
        return err_set(e, ERR_KEY_UNSUPPORTED, "SIGN_CERT_REQ for a key that is not EC");
    if (!request->digest_type.present)
        return err_set(e, ERR_CAPF_MISSING_ELEMENT, "SIGN_CERT_REQ without DIGEST_TYPE");
    if (check_request_info(request->operation_data.octets, key, e) != 0)
        return -1;
    return auth_sign(key, request->digest_type.number, request->operation_data.octets, signature,
                     e);
}

int auth_request_sign(const struct capf_message *request, EVP_PKEY *fresh_key,
                      struct buf *signature, struct err *e) {
    if (!request->operation_data.present)
        return err_set(e, ERR_CAPF_MISSING_ELEMENT, "%s without OPERATION_DATA",
                       capf_message_name(request->type));
    if (request->type == CAPF_MSG_ENCRYPT_REQ)
        return sign_encrypt(request, fresh_key, signature, e);
    if (request->type == CAPF_MSG_SIGN_CERT_REQ)
        return sign_cert(request, fresh_key, signature, e);
    return err_set(e, ERR_CAPF_REFUSED, "%s asks for no signature",
                   capf_message_name(request->type));
}
