/* NTLM messages, read and written. It never trusts an offset, a length or a type of the peer, and
 * never puts a password, a hash or a response into an error text. The cryptography is in
 * ntlm_proof.c. */
#include "mocks/certsrv/ntlm.h"
#include "mocks/certsrv/utf16.h"
#include <stdlib.h>
#include <string.h>

enum {
    FLAG_UNICODE = 0x00000001,
    FLAG_OEM = 0x00000002,
    FLAG_TARGET_REQUEST = 0x00000004,
    FLAG_SIGN = 0x00000010,
    FLAG_SEAL = 0x00000020,
    FLAG_NTLM = 0x00000200,
    FLAG_ALWAYS_SIGN = 0x00008000,
    FLAG_TARGET_DOMAIN = 0x00010000,
    FLAG_EXTENDED_SECURITY = 0x00080000,
    FLAG_TARGET_INFO = 0x00800000,
    FLAG_VERSION = 0x02000000,
    FLAG_128 = 0x20000000,
    FLAG_KEY_EXCHANGE = 0x40000000,
};

/* What a client asked for and gets; the rest of the answer is always set (certsrv.md 8.3: curl's
 * 0x00088206 is answered with 0x02898206). */
static const uint32_t echoed = 0x80000000U | FLAG_KEY_EXCHANGE | FLAG_128 | FLAG_EXTENDED_SECURITY |
                               FLAG_ALWAYS_SIGN | FLAG_SIGN | FLAG_SEAL | FLAG_TARGET_REQUEST;

enum { AV_END = 0, AV_NB_COMPUTER = 1, AV_NB_DOMAIN = 2, AV_DNS_COMPUTER = 3, AV_DNS_DOMAIN = 4 };
enum { AV_DNS_FOREST = 5, AV_TIMESTAMP = 7 };

static const char signature[8] = "NTLMSSP";
static const uint8_t version[8] = {10, 0, 0x7c, 0x4f, 0, 0, 0, 15}; /* 10.0.20348, revision 15 */

enum ntlm_kind ntlm_kind(struct bytes message) {
    struct cursor c = cursor_of(message);
    struct bytes magic;
    uint32_t type;
    if (!cursor_bytes(&c, sizeof signature, &magic) || !cursor_u32le(&c, &type) ||
        memcmp(magic.data, signature, sizeof signature) != 0)
        return NTLM_OTHER;
    return type >= NTLM_NEGOTIATE && type <= NTLM_AUTHENTICATE ? (enum ntlm_kind)type : NTLM_OTHER;
}

/* A cursor behind signature and type; false when the message is another one or too long. */
static bool open_message(struct bytes message, enum ntlm_kind kind, struct cursor *c) {
    if (message.len > NTLM_MESSAGE_MAX || ntlm_kind(message) != kind)
        return false;
    struct bytes head;
    *c = cursor_of(message);
    return cursor_bytes(c, sizeof signature + sizeof(uint32_t), &head);
}

int ntlm_read_negotiate(struct bytes message, uint32_t *flags, struct err *e) {
    struct cursor c;
    if (!open_message(message, NTLM_NEGOTIATE, &c) || !cursor_u32le(&c, flags))
        return err_set(e, ERR_NTLM_MESSAGE, "NTLM NEGOTIATE: malformed message of %zu bytes",
                       message.len);
    return 0;
}

static void put_u16le(struct buf *out, size_t v) {
    buf_put_u8(out, (uint8_t)v);
    buf_put_u8(out, (uint8_t)(v >> 8));
}

static void put_u32le(struct buf *out, uint32_t v) {
    put_u16le(out, v & 0xffff);
    put_u16le(out, v >> 16);
}

/* Length, maximum length, offset. */
static void put_field(struct buf *out, size_t len, size_t offset) {
    put_u16le(out, len);
    put_u16le(out, len);
    put_u32le(out, (uint32_t)offset);
}

static bool put_text(struct buf *out, bool unicode, const char *text) {
    return unicode ? utf16_put(out, text) : buf_put_str(out, text) == 0;
}

static bool put_av_text(struct buf *out, unsigned id, const char *text) {
    AUTO_BUF value = BUF_INIT(NTLM_NAME_MAX);
    if (!utf16_put(&value, text))
        return false;
    put_u16le(out, id);
    put_u16le(out, value.len);
    return buf_put_bytes(out, buf_view(&value)) == 0;
}

static void put_av_time(struct buf *out, int64_t wall_us) {
    const uint64_t seconds_1601_to_1970 = 11644473600U;
    uint64_t filetime = seconds_1601_to_1970 * 10000000U + (uint64_t)wall_us * 10U;
    put_u16le(out, AV_TIMESTAMP);
    put_u16le(out, sizeof filetime);
    put_u32le(out, (uint32_t)filetime);
    put_u32le(out, (uint32_t)(filetime >> 32));
}

static bool put_target_info(struct buf *out, const struct ntlm_names *names, int64_t wall_us) {
    bool ok = put_av_text(out, AV_NB_DOMAIN, names->netbios_domain) &&
              put_av_text(out, AV_NB_COMPUTER, names->netbios_computer) &&
              put_av_text(out, AV_DNS_DOMAIN, names->dns_domain) &&
              put_av_text(out, AV_DNS_COMPUTER, names->dns_computer);
    if (ok && names->forest != NULL)
        ok = put_av_text(out, AV_DNS_FOREST, names->forest);
    put_av_time(out, wall_us);
    put_u32le(out, AV_END);
    return ok && !out->failed;
}

static uint32_t answer_flags(uint32_t client) {
    return (client & echoed) | FLAG_NTLM | FLAG_TARGET_DOMAIN | FLAG_TARGET_INFO | FLAG_VERSION |
           (client & FLAG_UNICODE ? FLAG_UNICODE : FLAG_OEM);
}

int ntlm_put_challenge(const struct ntlm_names *names, uint32_t client_flags,
                       const uint8_t challenge[NTLM_CHALLENGE_LEN], int64_t wall_us,
                       struct buf *out, struct err *e) {
    enum { HEADER = 56 };
    AUTO_BUF target = BUF_INIT(NTLM_NAME_MAX);
    AUTO_BUF info = BUF_INIT(8 * NTLM_NAME_MAX);
    if (!put_text(&target, client_flags & FLAG_UNICODE, names->netbios_domain) ||
        !put_target_info(&info, names, wall_us))
        return err_set(e, ERR_NTLM_MESSAGE, "NTLM CHALLENGE: a name is not UTF-8 or too long");
    buf_put(out, signature, sizeof signature);
    put_u32le(out, NTLM_CHALLENGE);
    put_field(out, target.len, HEADER);
    put_u32le(out, answer_flags(client_flags));
    buf_put(out, challenge, NTLM_CHALLENGE_LEN);
    put_u32le(out, 0);
    put_u32le(out, 0);
    put_field(out, info.len, HEADER + target.len);
    buf_put(out, version, sizeof version);
    buf_put_bytes(out, buf_view(&target));
    if (buf_put_bytes(out, buf_view(&info)) != 0)
        return err_set(e, ERR_SYS_LIMIT, "NTLM CHALLENGE: no room");
    return 0;
}

/* A field: the view of the payload that it names; false when that is outside the message. */
static bool read_field(struct cursor *c, struct bytes message, struct bytes *value) {
    uint16_t len, max;
    uint32_t offset;
    if (!cursor_u16le(c, &len) || !cursor_u16le(c, &max) || !cursor_u32le(c, &offset))
        return false;
    if (len == 0) {
        *value = bytes_of("", 0);
        return true;
    }
    if (offset > message.len || len > message.len - offset)
        return false;
    *value = bytes_of(message.data + offset, len);
    return true;
}

/* OEM text has no stated code page: curl sends the bytes it was given, so UTF-8 is tried first. */
static bool oem_to_utf8(struct bytes oem, struct buf *out) {
    if (memchr(oem.data, 0, oem.len) != NULL)
        return false;
    if (buf_put_bytes(out, oem) != 0)
        return false;
    if (utf8_valid(buf_str(out)))
        return true;
    AUTO_BUF wide = BUF_INIT(2 * NTLM_NAME_MAX);
    for (size_t i = 0; i < oem.len; i++)
        put_u16le(&wide, oem.data[i]);
    buf_reset(out);
    return utf16_to_utf8(buf_view(&wide), out);
}

static char *read_text(struct bytes text, bool unicode) {
    if (text.len > NTLM_NAME_MAX)
        return NULL;
    AUTO_BUF utf8 = BUF_INIT(4 * NTLM_NAME_MAX);
    if (!(unicode ? utf16_to_utf8(text, &utf8) : oem_to_utf8(text, &utf8)))
        return NULL;
    buf_put_str(&utf8, "");
    return utf8.len == 0 ? strdup("") : buf_take_str(&utf8);
}

/* Clients without Unicode hash each byte as one character and raise ASCII letters only. */
static void put_oem_identity(struct buf *out, struct bytes user, struct bytes domain) {
    for (size_t i = 0; i < user.len; i++) {
        uint8_t c = user.data[i];
        put_u16le(out, c >= 'a' && c <= 'z' ? c - 0x20U : c);
    }
    for (size_t i = 0; i < domain.len; i++)
        put_u16le(out, domain.data[i]);
}

static void put_identity(struct buf *out, bool unicode, struct bytes user, struct bytes domain) {
    if (!unicode) {
        put_oem_identity(out, user, domain);
        return;
    }
    buf_put_bytes(out, user);
    if (out->len > 0)
        utf16_upper(out->data, out->len);
    buf_put_bytes(out, domain);
}

struct fields {
    struct bytes lm, nt, domain, user, workstation, key;
};

static bool read_fields(struct cursor *c, struct bytes message, struct fields *f) {
    return read_field(c, message, &f->lm) && read_field(c, message, &f->nt) &&
           read_field(c, message, &f->domain) && read_field(c, message, &f->user) &&
           read_field(c, message, &f->workstation) && read_field(c, message, &f->key);
}

int ntlm_read_authenticate(struct bytes message, struct ntlm_authenticate *out, struct err *e) {
    struct cursor c;
    struct fields f;
    *out = (struct ntlm_authenticate){.identity = BUF_INIT(4 * NTLM_NAME_MAX)};
    if (!open_message(message, NTLM_AUTHENTICATE, &c) || !read_fields(&c, message, &f) ||
        !cursor_u32le(&c, &out->flags))
        return err_set(e, ERR_NTLM_MESSAGE, "NTLM AUTHENTICATE: malformed message of %zu bytes",
                       message.len);
    bool unicode = out->flags & FLAG_UNICODE;
    out->user = read_text(f.user, unicode);
    out->domain = read_text(f.domain, unicode);
    out->workstation = read_text(f.workstation, unicode);
    if (out->user == NULL || out->domain == NULL || out->workstation == NULL)
        return err_set(e, ERR_NTLM_MESSAGE, "NTLM AUTHENTICATE: a name is malformed or too long");
    put_identity(&out->identity, unicode, f.user, f.domain);
    out->nt_response = f.nt;
    return 0;
}

void ntlm_authenticate_free(struct ntlm_authenticate *a) {
    free(a->user);
    free(a->domain);
    free(a->workstation);
    buf_free(&a->identity);
    *a = (struct ntlm_authenticate){0};
}
