/* Reading queries. Every octet comes from a stranger: one cursor that cannot leave the packet, no
 * compression pointers where none can be right, and no loop that the packet's length does not end.
 */
#include "mocks/dns/message.h"
#include <stdio.h>
#include <string.h>

enum { LABEL_MAX = 63, POINTER = 0xc0, CLASS_IN = 1, FLAG_ANSWER = 0x8000, FLAG_RD = 0x0100 };

static const struct {
    const char *word;
    unsigned number;
} rcodes[] =
    {
#define DNS_RCODE_ROW(rcode, value) {#rcode, (value)},
        DNS_RCODE_TABLE(DNS_RCODE_ROW)
#undef DNS_RCODE_ROW
},
  types[] = {
#define DNS_TYPE_ROW(type, value) {#type, (value)},
      DNS_TYPE_TABLE(DNS_TYPE_ROW)
#undef DNS_TYPE_ROW
};

void dns_rcode_text(unsigned rcode, char out[DNS_WORD_MAX]) {
    snprintf(out, DNS_WORD_MAX, "RCODE%u", rcode & 0xfff);
    for (size_t i = 0; i < sizeof rcodes / sizeof rcodes[0]; i++)
        if (rcodes[i].number == rcode)
            snprintf(out, DNS_WORD_MAX, "%s", rcodes[i].word);
}

void dns_type_text(unsigned type, char out[DNS_WORD_MAX]) {
    snprintf(out, DNS_WORD_MAX, "TYPE%u", type & 0xffff);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].number == type)
            snprintf(out, DNS_WORD_MAX, "%s", types[i].word);
}

/* Text of one label, with a dot before all but the first. */
static void put_label(struct buf *text, struct bytes label) {
    if (text->len > 0)
        buf_put_str(text, ".");
    for (size_t i = 0; i < label.len; i++) {
        uint8_t c = label.data[i];
        if (c <= ' ' || c >= 0x7f)
            buf_printf(text, "\\%03u", c);
        else if (c == '.' || c == '\\')
            buf_printf(text, "\\%c", c);
        else
            buf_put_u8(text, c);
    }
}

/* The first name of a packet has nothing before it that a pointer could point to. */
static bool read_name(struct cursor *c, char out[DNS_NAME_TEXT_MAX]) {
    AUTO_BUF text = BUF_INIT(DNS_NAME_TEXT_MAX);
    const uint8_t *start = c->at;
    uint8_t len = 0;
    struct bytes label;
    while (cursor_u8(c, &len) && len > 0) {
        if (len > LABEL_MAX || !cursor_bytes(c, len, &label))
            return false;
        put_label(&text, label);
        if (c->at - start >= DNS_NAME_MAX)
            return false;
    }
    if (len != 0 || c->at == start || text.failed)
        return false;
    snprintf(out, DNS_NAME_TEXT_MAX, "%s", text.len > 0 ? buf_str(&text) : ".");
    return true;
}

static bool skip_name(struct cursor *c) {
    uint8_t len = 0;
    struct bytes label;
    while (cursor_u8(c, &len)) {
        if (len == 0)
            return true;
        if ((len & POINTER) == POINTER)
            return cursor_u8(c, &len);
        if (len > LABEL_MAX || !cursor_bytes(c, len, &label))
            return false;
    }
    return false;
}

struct record {
    uint16_t type, class;
    uint32_t ttl;
};

static bool read_record(struct cursor *c, struct record *r) {
    uint16_t len = 0;
    struct bytes data;
    return skip_name(c) && cursor_u16(c, &r->type) && cursor_u16(c, &r->class) &&
           cursor_u32(c, &r->ttl) && cursor_u16(c, &len) && cursor_bytes(c, len, &data);
}

/* RFC 6891 section 6.1.2: the class is the payload size, the TTL holds the version. */
static int take_edns(struct dns_query *q, const struct record *r) {
    if (q->edns)
        return DNS_FORMERR;
    q->edns = true;
    if (r->class > q->payload)
        q->payload = r->class < DNS_EDNS_MAX ? r->class : DNS_EDNS_MAX;
    return (r->ttl >> 16 & 0xff) == 0 ? DNS_NOERROR : DNS_BADVERS;
}

static int read_records(struct cursor *c, size_t count, struct dns_query *q) {
    struct record r = {0};
    for (size_t i = 0; i < count; i++) {
        if (!read_record(c, &r))
            return DNS_FORMERR;
        int rcode = r.type == DNS_TYPE_OPT ? take_edns(q, &r) : DNS_NOERROR;
        if (rcode != DNS_NOERROR)
            return rcode;
    }
    return DNS_NOERROR;
}

static int read_question(struct cursor *c, struct dns_query *q) {
    const uint8_t *start = c->at;
    uint16_t class = 0;
    if (!read_name(c, q->name) || !cursor_u16(c, &q->type) || !cursor_u16(c, &class))
        return DNS_FORMERR;
    q->question = bytes_of(start, (size_t)(c->at - start));
    return class == CLASS_IN ? DNS_NOERROR : DNS_REFUSED;
}

static int read_body(struct cursor *c, const uint16_t counts[4], struct dns_query *q) {
    if (q->opcode != 0)
        return DNS_NOTIMP;
    if (counts[0] != 1)
        return DNS_FORMERR;
    int rcode = read_question(c, q);
    if (rcode == DNS_FORMERR)
        return rcode;
    int records = read_records(c, (size_t)counts[1] + counts[2] + counts[3], q);
    return rcode != DNS_NOERROR ? rcode : records;
}

int dns_query_read(struct bytes octets, struct dns_query *q, struct err *e) {
    struct cursor c = cursor_of(octets);
    uint16_t flags = 0;
    uint16_t counts[4] = {0};
    *q = (struct dns_query){.name = "-", .payload = DNS_UDP_MAX};
    bool whole = cursor_u16(&c, &q->id) && cursor_u16(&c, &flags);
    for (size_t i = 0; i < 4; i++)
        whole = whole && cursor_u16(&c, &counts[i]);
    if (!whole)
        return err_set(e, ERR_DNS_BAD_ANSWER, "%zu octets are no DNS message", octets.len);
    if ((flags & FLAG_ANSWER) != 0)
        return err_set(e, ERR_DNS_BAD_ANSWER, "an answer, not a query");
    q->opcode = flags >> 11 & 0xf;
    q->recursion_desired = (flags & FLAG_RD) != 0;
    return read_body(&c, counts, q);
}
