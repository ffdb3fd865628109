/* SUDI_DATA: the phone's manufacturing certificate, bound to the session (capf-protocol.md 6.5).
 * Never accepts a signature for another session id. */
#include "base/x509.h"
#include "capf/auth_octets.h"

/* The parts, and the kind byte of each on the wire: 0, or the id of the signature's digest (6.5).
 */
enum sudi_part { SUDI_CERTIFICATE, SUDI_SHA1, SUDI_SHA512, SUDI_PARTS };

static const struct {
    uint8_t kind;
    const char *name;
} parts[SUDI_PARTS] = {
    [SUDI_CERTIFICATE] = {0, "certificate"},
    [SUDI_SHA1] = {CAPF_DIGEST_SHA1, "SHA-1 signature"},
    [SUDI_SHA512] = {CAPF_DIGEST_SHA512, "SHA-512 signature"},
};

/* Little-endian, because the Cisco server hashes its host-order integer (6.5). */
static int put_signed_octets(uint32_t session_id, struct bytes der, struct buf *out,
                             struct err *e) {
    for (unsigned shift = 0; shift < 32; shift += 8)
        buf_put_u8(out, (uint8_t)(session_id >> shift));
    if (buf_put_bytes(out, der) != 0)
        return err_set(e, ERR_SYS_LIMIT, "SUDI_DATA does not fit");
    return 0;
}

static int put_part(enum sudi_part part, struct bytes value, struct buf *out, struct err *e) {
    buf_put_u8(out, parts[part].kind);
    buf_put_u16(out, (uint16_t)value.len);
    if (value.len > UINT16_MAX || buf_put_bytes(out, value) != 0)
        return err_set(e, ERR_SYS_LIMIT, "SUDI_DATA does not fit");
    return 0;
}

static int put_signature_part(enum sudi_part part, EVP_PKEY *key, struct bytes octets,
                              struct buf *out, struct err *e) {
    AUTO_BUF signature = BUF_INIT(CAPF_SIGNATURE_MAX);
    if (auth_sign(key, parts[part].kind, octets, &signature, e) != 0)
        return -1;
    return put_part(part, buf_view(&signature), out, e);
}

static int require_rsa(const EVP_PKEY *key, struct err *e) {
    if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
        return err_set(e, ERR_KEY_UNSUPPORTED, "SUDI_DATA needs an RSA key");
    return 0;
}

int auth_sudi_write(uint32_t session_id, const X509 *mic, EVP_PKEY *key, struct buf *out,
                    struct err *e) {
    AUTO_BUF der = BUF_INIT(CAPF_SUDI_MAX);
    AUTO_BUF octets = BUF_INIT(CAPF_SUDI_MAX);
    if (require_rsa(key, e) != 0 || x509_put_der(mic, &der, e) != 0 ||
        put_signed_octets(session_id, buf_view(&der), &octets, e) != 0 ||
        put_part(SUDI_CERTIFICATE, buf_view(&der), out, e) != 0)
        return -1;
    if (put_signature_part(SUDI_SHA1, key, buf_view(&octets), out, e) != 0)
        return -1;
    return put_signature_part(SUDI_SHA512, key, buf_view(&octets), out, e);
}

struct sudi {
    bool present[SUDI_PARTS];
    struct bytes part[SUDI_PARTS];
};

/* SUDI_PARTS for a kind that no part has. */
static enum sudi_part part_of_kind(uint8_t kind) {
    enum sudi_part part = SUDI_CERTIFICATE;
    while (part < SUDI_PARTS && parts[part].kind != kind)
        part++;
    return part;
}

static int read_part(struct cursor *c, struct sudi *sudi, struct err *e) {
    uint8_t kind = 0;
    uint16_t len = 0;
    struct bytes value = {0};
    if (!cursor_u8(c, &kind) || !cursor_u16(c, &len) || !cursor_bytes(c, len, &value))
        return err_set(e, ERR_CAPF_ELEMENT, "SUDI_DATA: part cut short");
    enum sudi_part part = part_of_kind(kind);
    if (part == SUDI_PARTS)
        return err_set(e, ERR_CAPF_ELEMENT, "SUDI_DATA: part of kind %u", (unsigned)kind);
    if (sudi->present[part])
        return err_set(e, ERR_CAPF_DUPLICATE_ELEMENT, "SUDI_DATA: %s twice", parts[part].name);
    sudi->present[part] = true;
    sudi->part[part] = value;
    return 0;
}

static int read_sudi(struct bytes value, struct sudi *sudi, struct err *e) {
    struct cursor c = cursor_of(value);
    while (cursor_left(&c) > 0) {
        if (read_part(&c, sudi, e) != 0)
            return -1;
    }
    for (unsigned part = 0; part < SUDI_PARTS; part++) {
        if (!sudi->present[part])
            return err_set(e, ERR_CAPF_MISSING_ELEMENT, "SUDI_DATA without %s", parts[part].name);
    }
    return 0;
}

static int check_signatures(const struct sudi *sudi, uint32_t session_id, X509 *mic,
                            struct err *e) {
    AUTO_BUF octets = BUF_INIT(2 * CAPF_FRAME_MAX);
    EVP_PKEY *key = X509_get0_pubkey(mic);
    if (require_rsa(key, e) != 0 ||
        put_signed_octets(session_id, sudi->part[SUDI_CERTIFICATE], &octets, e) != 0)
        return -1;
    if (auth_check(key, CAPF_DIGEST_SHA1, buf_view(&octets), sudi->part[SUDI_SHA1], e) != 0 ||
        auth_check(key, CAPF_DIGEST_SHA512, buf_view(&octets), sudi->part[SUDI_SHA512], e) != 0)
        return err_context(e, "SUDI_DATA");
    return 0;
}

int auth_sudi_check(struct bytes value, uint32_t session_id, X509 **mic, struct err *e) {
    struct sudi sudi = {0};
    *mic = NULL;
    if (read_sudi(value, &sudi, e) != 0)
        return -1;
    AUTO(X509) read = auth_read_der(sudi.part[SUDI_CERTIFICATE], e);
    if (read == NULL || check_signatures(&sudi, session_id, read, e) != 0)
        return -1;
    *mic = TAKE(read);
    return 0;
}
