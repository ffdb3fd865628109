/* The NTLMv2 proof and the channel binding (MS-NLMP 3.3.2, 2.2.2.7; RFC 5929). It never compares
 * proofs in a time that depends on them, and never lets a client skip a check by leaving something
 * out. */
#include "mocks/certsrv/md4.h"
#include "mocks/certsrv/ntlm.h"
#include "mocks/certsrv/utf16.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

enum { V1_RESPONSE_LEN = 24, BLOB_HEAD_LEN = 28, AV_CHANNEL_BINDINGS = 10, AV_END = 0 };

static int hmac_md5(const uint8_t key[NTLM_HASH_LEN], struct bytes data, uint8_t out[NTLM_HASH_LEN],
                    struct err *e) {
    size_t len = 0;
    if (EVP_Q_mac(NULL, "HMAC", NULL, "MD5", NULL, key, NTLM_HASH_LEN, data.data, data.len, out,
                  NTLM_HASH_LEN, &len) == NULL)
        return err_openssl(e, ERR_SYS_INTERNAL, "HMAC-MD5");
    return 0;
}

int ntlm_nt_hash(const char *password, uint8_t out[NTLM_HASH_LEN], struct err *e) {
    AUTO_BUF wide = BUF_INIT(NTLM_NAME_MAX);
    if (!utf16_put(&wide, password))
        return err_set(e, ERR_NTLM_LOGON, "the stored password is not UTF-8 or too long");
    md4(buf_view(&wide), out);
    if (wide.data != NULL)
        OPENSSL_cleanse(wide.data, wide.len);
    return 0;
}

int ntlm_v2_key(const char *password, struct bytes identity, uint8_t out[NTLM_HASH_LEN],
                struct err *e) {
    uint8_t hash[NTLM_HASH_LEN];
    if (ntlm_nt_hash(password, hash, e) != 0)
        return -1;
    int rc = hmac_md5(hash, identity, out, e);
    OPENSSL_cleanse(hash, sizeof hash);
    return rc;
}

int ntlm_v2_proof(const uint8_t key[NTLM_HASH_LEN], const uint8_t challenge[NTLM_CHALLENGE_LEN],
                  struct bytes blob, uint8_t out[NTLM_HASH_LEN], struct err *e) {
    AUTO_BUF data = BUF_INIT(NTLM_CHALLENGE_LEN + NTLM_MESSAGE_MAX);
    buf_put(&data, challenge, NTLM_CHALLENGE_LEN);
    if (buf_put_bytes(&data, blob) != 0)
        return err_set(e, ERR_NTLM_MESSAGE, "NTLMv2 response: too long");
    return hmac_md5(key, buf_view(&data), out, e);
}

/* Splits the response into proof and blob. */
static int split_response(struct bytes response, struct bytes *proof, struct bytes *blob,
                          struct err *e) {
    if (response.len == 0 || response.len == V1_RESPONSE_LEN)
        return err_set(e, ERR_NTLM_LOGON, "%s is not accepted",
                       response.len == 0 ? "an anonymous logon" : "an NTLMv1 response");
    struct cursor c = cursor_of(response);
    if (!cursor_bytes(&c, NTLM_HASH_LEN, proof) || cursor_left(&c) < BLOB_HEAD_LEN ||
        !cursor_bytes(&c, cursor_left(&c), blob))
        return err_set(e, ERR_NTLM_MESSAGE, "NTLMv2 response: only %zu bytes", response.len);
    if (blob->data[0] != 1 || blob->data[1] != 1)
        return err_set(e, ERR_NTLM_MESSAGE, "NTLMv2 response: not of version 1");
    return 0;
}

int ntlm_check_proof(const struct ntlm_authenticate *a, const uint8_t challenge[NTLM_CHALLENGE_LEN],
                     const char *password, struct err *e) {
    struct bytes sent, blob;
    uint8_t key[NTLM_HASH_LEN], proof[NTLM_HASH_LEN];
    if (split_response(a->nt_response, &sent, &blob, e) != 0 ||
        ntlm_v2_key(password, buf_view(&a->identity), key, e) != 0)
        return -1;
    int rc = ntlm_v2_proof(key, challenge, blob, proof, e);
    OPENSSL_cleanse(key, sizeof key);
    if (rc != 0)
        return -1;
    if (!bytes_equal_constant_time(sent, bytes_of(proof, sizeof proof)))
        return err_set(e, ERR_NTLM_LOGON, "wrong password");
    return 0;
}

/* The value of the channel binding pair; len 0 when there is none. Walks to the end pair; a list
 * that stops without one is malformed. */
static int find_binding(struct bytes blob, struct bytes *value, struct err *e) {
    struct cursor c = cursor_of(blob);
    struct bytes head, pair;
    uint16_t id, len;
    *value = bytes_of("", 0);
    bool whole = cursor_bytes(&c, BLOB_HEAD_LEN, &head);
    while (whole) {
        whole = cursor_u16le(&c, &id) && cursor_u16le(&c, &len) && cursor_bytes(&c, len, &pair);
        if (whole && id == AV_END)
            return 0;
        if (whole && id == AV_CHANNEL_BINDINGS)
            *value = pair;
    }
    return err_set(e, ERR_NTLM_MESSAGE, "NTLMv2 response: malformed target information");
}

/* Windows clients without a channel send the pair with sixteen zero bytes. */
static bool is_absent(struct bytes binding) {
    static const uint8_t zero[NTLM_HASH_LEN];
    return binding.len == 0 || bytes_equal(binding, bytes_of(zero, sizeof zero));
}

int ntlm_check_binding(const struct ntlm_authenticate *a, enum ntlm_epa epa,
                       const uint8_t expected[NTLM_HASH_LEN], struct err *e) {
    struct bytes proof, blob, binding;
    if (epa == NTLM_EPA_NONE)
        return 0;
    if (split_response(a->nt_response, &proof, &blob, e) != 0 || find_binding(blob, &binding, e))
        return -1;
    if (is_absent(binding))
        return epa == NTLM_EPA_ACCEPT ? 0
                                      : err_set(e, ERR_NTLM_BINDINGS, "channel binding missing");
    if (!bytes_equal_constant_time(binding, bytes_of(expected, NTLM_HASH_LEN)))
        return err_set(e, ERR_NTLM_BINDINGS, "channel binding of another certificate");
    return 0;
}

int ntlm_channel_binding(struct bytes certificate_hash, uint8_t out[NTLM_HASH_LEN], struct err *e) {
    static const char prefix[] = "tls-server-end-point:";
    static const uint8_t addresses[16]; /* two empty addresses: type and length each */
    size_t len = sizeof prefix - 1 + certificate_hash.len;
    uint8_t length[4] = {(uint8_t)len, (uint8_t)(len >> 8), 0, 0};
    AUTO_BUF data = BUF_INIT(256);
    buf_put(&data, addresses, sizeof addresses);
    buf_put(&data, length, sizeof length);
    buf_put_str(&data, prefix);
    if (buf_put_bytes(&data, certificate_hash) != 0 ||
        EVP_Digest(data.data, data.len, out, NULL, EVP_md5(), NULL) != 1)
        return err_openssl(e, ERR_SYS_INTERNAL, "channel binding");
    return 0;
}
