/* An NTLM client for tests: builds AUTHENTICATE messages. Test programs only. */
#ifndef MOCKS_CERTSRV_NTLM_TEST_CLIENT_H
#define MOCKS_CERTSRV_NTLM_TEST_CLIENT_H

#include "base/test.h"
#include "mocks/certsrv/ntlm.h"
#include "mocks/certsrv/utf16.h"

static inline void put_pair(struct buf *out, uint8_t id, struct bytes value) {
    const uint8_t head[] = {id, 0, (uint8_t)value.len, (uint8_t)(value.len >> 8)};
    buf_put(out, head, sizeof head);
    buf_put_bytes(out, value);
}

static inline void put_text_pair(struct buf *out, uint8_t id, const char *text) {
    AUTO_BUF wide = BUF_INIT(256);
    utf16_put(&wide, text);
    put_pair(out, id, buf_view(&wide));
}

/* The blob of the vector: time 0, client challenge 8 x aa, target info {2: Domain, 1: Server}; the
 * channel binding comes in front of the end when binding is not NULL. */
static inline void put_blob(struct buf *out, const uint8_t *binding) {
    static const uint8_t head[16] = {1, 1}, zero[4];
    buf_put(out, head, sizeof head);
    for (int i = 0; i < 8; i++)
        buf_put_u8(out, 0xaa);
    buf_put(out, zero, sizeof zero);
    put_text_pair(out, 2, "Domain");
    put_text_pair(out, 1, "Server");
    if (binding != NULL)
        put_pair(out, 10, bytes_of(binding, NTLM_HASH_LEN));
    buf_put(out, zero, sizeof zero);
    buf_put(out, zero, sizeof zero);
}

static inline void put_le(struct buf *out, unsigned bytes, size_t v) {
    for (unsigned i = 0; i < bytes; i++)
        buf_put_u8(out, (uint8_t)(v >> (8 * i)));
}

static inline void put_field(struct buf *out, struct buf *payload, struct bytes value) {
    put_le(out, 2, value.len);
    put_le(out, 2, value.len);
    put_le(out, 4, 64 + payload->len);
    buf_put_bytes(payload, value);
}

struct client {
    const char *user, *domain, *password;
    bool oem;
    const uint8_t *binding;
};

static inline void put_name(struct buf *out, const struct client *c, const char *text) {
    if (c->oem)
        buf_put_str(out, text);
    else
        utf16_put(out, text);
}

static inline void put_response(struct buf *out, const struct client *c, const uint8_t *challenge) {
    AUTO_BUF identity = BUF_INIT(1024), blob = BUF_INIT(4096);
    uint8_t key[NTLM_HASH_LEN], proof[NTLM_HASH_LEN];
    struct err e;
    utf16_put(&identity, c->user);
    utf16_upper(identity.data, identity.len);
    utf16_put(&identity, c->domain);
    put_blob(&blob, c->binding);
    ck_assert_ok(ntlm_v2_key(c->password, buf_view(&identity), key, &e), e);
    ck_assert_ok(ntlm_v2_proof(key, challenge, buf_view(&blob), proof, &e), e);
    buf_put(out, proof, sizeof proof);
    buf_put_bytes(out, buf_view(&blob));
}

static inline void put_authenticate(struct buf *out, const struct client *c,
                                    const uint8_t *challenge) {
    AUTO_BUF payload = BUF_INIT(8192), response = BUF_INIT(8192);
    AUTO_BUF user = BUF_INIT(512), domain = BUF_INIT(512);
    put_response(&response, c, challenge);
    put_name(&user, c, c->user);
    put_name(&domain, c, c->domain);
    buf_put(out, "NTLMSSP", 8);
    put_le(out, 4, NTLM_AUTHENTICATE);
    put_field(out, &payload, bytes_of("", 0));
    put_field(out, &payload, buf_view(&response));
    put_field(out, &payload, buf_view(&domain));
    put_field(out, &payload, buf_view(&user));
    put_field(out, &payload, bytes_of("", 0));
    put_field(out, &payload, bytes_of("", 0));
    put_le(out, 4, c->oem ? 2 : 1);
    buf_put_bytes(out, buf_view(&payload));
}

#endif
