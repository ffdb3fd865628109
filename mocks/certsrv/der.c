/* DER writing: definite lengths, shortest form. */
#include "mocks/certsrv/der.h"
#include <openssl/asn1.h>
#include <openssl/objects.h>

static void put_length(struct buf *out, size_t len) {
    if (len > 0xffff)
        buf_put_u8(out, 0x83);
    else if (len > 0xff)
        buf_put_u8(out, 0x82);
    else if (len > 0x7f)
        buf_put_u8(out, 0x81);
    if (len > 0xffff)
        buf_put_u8(out, (uint8_t)(len >> 16));
    if (len > 0xff)
        buf_put_u8(out, (uint8_t)(len >> 8));
    buf_put_u8(out, (uint8_t)len);
}

void der_put(struct buf *out, unsigned tag, struct bytes content) {
    if (content.len > 0xffffff)
        out->failed = true;
    buf_put_u8(out, (uint8_t)tag);
    put_length(out, content.len);
    buf_put_bytes(out, content);
}

void der_wrap(struct buf *content, unsigned tag) {
    AUTO_BUF wrapped = BUF_INIT(content->max);
    der_put(&wrapped, tag, buf_view(content));
    buf_reset(content);
    buf_put_bytes(content, buf_view(&wrapped));
    content->failed = content->failed || wrapped.failed;
}

bool der_put_oid(struct buf *out, const char *name_or_oid) {
    ASN1_OBJECT *object = OBJ_txt2obj(name_or_oid, 0);
    if (object == NULL)
        return false;
    der_put(out, DER_OID, bytes_of(OBJ_get0_data(object), OBJ_length(object)));
    ASN1_OBJECT_free(object);
    return true;
}

void der_put_integer(struct buf *out, int64_t value) {
    uint8_t bytes[9];
    size_t at = sizeof bytes;
    do {
        bytes[--at] = (uint8_t)value;
        value >>= 8;
    } while (value > 0);
    if (bytes[at] & 0x80)
        bytes[--at] = 0;
    der_put(out, DER_INTEGER, bytes_of(bytes + at, sizeof bytes - at));
}
