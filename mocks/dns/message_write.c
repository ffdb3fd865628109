/* Writing answers. Owners are pointers to where their name stands already: the question, then the
 * target of the last CNAME. */
#include "base/owned.h"
#include "mocks/dns/message.h"
#include <string.h>

enum {
    HEADER = 12,
    CLASS_IN = 1,
    FLAGS_ANSWER = 0x8480, /* QR, AA, RA */
    FLAG_TC = 0x0200,
    FLAG_RD = 0x0100,
    POINTER_BITS = 0xc000,
    POINTER_REACH = 0x3fff
};

bool dns_address_answers(const struct dns_address *address, uint16_t type) {
    return type == DNS_TYPE_ANY || type == address->type;
}

int dns_name_put(struct buf *out, const char *name, struct err *e) {
    size_t before = out->len;
    bool sound = name[0] != '\0' && strchr(name, '\\') == NULL;
    for (const char *at = name; sound && *at != '\0';) {
        size_t len = strcspn(at, ".");
        sound = len > 0 && len <= 63;
        buf_put_u8(out, (uint8_t)len);
        buf_put(out, at, len);
        at += len;
        at += *at == '.' ? 1 : 0;
    }
    buf_put_u8(out, 0);
    if (sound && !out->failed && out->len - before <= DNS_NAME_MAX)
        return 0;
    return err_set(e, ERR_CONFIG_BAD_VALUE, "\"%.300s\" is no domain name", name);
}

static unsigned flags_of(const struct dns_query *q, const struct dns_answer *a) {
    return FLAGS_ANSWER | (q->opcode & 0xf) << 11 | (q->recursion_desired ? FLAG_RD : 0) |
           (a->truncated ? FLAG_TC : 0) | (a->rcode & 0xf);
}

static void put_header(struct buf *out, const struct dns_query *q, unsigned flags, size_t answers) {
    buf_put_u16(out, q->id);
    buf_put_u16(out, (uint16_t)flags);
    buf_put_u16(out, q->question.len > 0 ? 1 : 0);
    buf_put_u16(out, (uint16_t)answers);
    buf_put_u16(out, 0);
    buf_put_u16(out, q->edns ? 1 : 0);
    buf_put_bytes(out, q->question);
}

static void put_record_head(struct buf *out, size_t owner, uint16_t type, uint32_t ttl) {
    buf_put_u16(out, (uint16_t)(POINTER_BITS | (owner & POINTER_REACH)));
    buf_put_u16(out, type);
    buf_put_u16(out, CLASS_IN);
    buf_put_u32(out, ttl);
}

/* Returns where the target's name stands. */
static size_t put_alias(struct buf *out, size_t owner, const char *target, uint32_t ttl) {
    AUTO_BUF name = BUF_INIT(DNS_NAME_TEXT_MAX);
    dns_name_put(&name, target, NULL);
    put_record_head(out, owner, DNS_TYPE_CNAME, ttl);
    buf_put_u16(out, (uint16_t)name.len);
    buf_put_bytes(out, buf_view(&name));
    return out->len - name.len;
}

static void put_address(struct buf *out, size_t owner, const struct dns_address *a, uint32_t ttl) {
    size_t len = a->type == DNS_TYPE_A ? 4 : 16;
    put_record_head(out, owner, a->type, ttl);
    buf_put_u16(out, (uint16_t)len);
    buf_put(out, a->octets, len);
}

/* RFC 6891 section 6.1.3: the upper bits of the rcode are in the first octet of the TTL. */
static void put_edns(struct buf *out, unsigned rcode) {
    buf_put_u8(out, 0);
    buf_put_u16(out, DNS_TYPE_OPT);
    buf_put_u16(out, DNS_EDNS_MAX);
    buf_put_u32(out, (uint32_t)(rcode >> 4) << 24);
    buf_put_u16(out, 0);
}

static size_t count_records(const struct dns_query *q, const struct dns_answer *a) {
    size_t count = a->alias_count;
    for (size_t i = 0; i < a->address_count; i++)
        count += dns_address_answers(&a->addresses[i], q->type) ? 1 : 0;
    return count;
}

static void put_answer(struct buf *out, const struct dns_query *q, const struct dns_answer *a) {
    size_t owner = HEADER;
    put_header(out, q, flags_of(q, a), a->truncated ? 0 : count_records(q, a));
    for (size_t i = 0; i < a->alias_count && !a->truncated; i++)
        owner = put_alias(out, owner, a->aliases[i], a->ttl);
    for (size_t i = 0; i < a->address_count && !a->truncated; i++)
        if (dns_address_answers(&a->addresses[i], q->type))
            put_address(out, owner, &a->addresses[i], a->ttl);
    if (q->edns)
        put_edns(out, a->rcode);
}

int dns_answer_write(const struct dns_query *q, const struct dns_answer *a, size_t limit,
                     struct buf *out, struct err *e) {
    AUTO_BUF whole = BUF_INIT(DNS_MESSAGE_MAX);
    put_answer(&whole, q, a);
    if (whole.failed || whole.len > limit) {
        struct dns_answer cut = *a;
        cut.truncated = true;
        buf_free(&whole);
        whole = (struct buf)BUF_INIT(DNS_MESSAGE_MAX);
        put_answer(&whole, q, &cut);
    }
    if (whole.failed || buf_put_bytes(out, buf_view(&whole)) != 0)
        return err_set(e, ERR_SYS_LIMIT, "the answer does not fit");
    return 0;
}

void dns_garbage_write(const struct dns_query *q, struct buf *out) {
    const struct dns_answer none = {.rcode = DNS_NOERROR};
    put_header(out, q, flags_of(q, &none), UINT16_MAX);
    buf_put_u16(out, (uint16_t)(POINTER_BITS | (out->len & POINTER_REACH)));
    buf_put_u16(out, DNS_TYPE_A);
}
