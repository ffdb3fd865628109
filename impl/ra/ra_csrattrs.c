/* A CsrAttrs of plain object identifiers. */
#include "ra/ra_csrattrs.h"
#include "base/owned.h"

AUTO_TYPE(ASN1_OBJECT, ASN1_OBJECT_free);

static int put_oid(const char *name, struct buf *out, struct err *e) {
    AUTO(ASN1_OBJECT) oid = OBJ_txt2obj(name, 0);
    unsigned char *der = NULL;
    int len = oid != NULL ? i2d_ASN1_OBJECT(oid, &der) : -1;
    if (len <= 0)
        return err_openssl(e, ERR_CONFIG_BAD_VALUE, "csr-attributes: no object identifier: %s",
                           name);
    buf_put(out, der, (size_t)len);
    OPENSSL_free(der);
    return 0;
}

/* A definite length of up to two bytes: out's bound keeps the list below 64 KiB. */
static void put_sequence(struct bytes content, struct buf *out) {
    buf_put_u8(out, 0x30);
    if (content.len >= 0x100) {
        buf_put_u8(out, 0x82);
        buf_put_u16(out, (uint16_t)content.len);
    } else {
        if (content.len >= 0x80)
            buf_put_u8(out, 0x81);
        buf_put_u8(out, (uint8_t)content.len);
    }
    buf_put_bytes(out, content);
}

int ra_csrattrs_put(const struct cfg_strings *names, struct buf *out, struct err *e) {
    AUTO_BUF oids = BUF_INIT(0xffff);
    if (names->count == 0)
        return 0;
    for (size_t i = 0; i < names->count; i++)
        if (put_oid(names->items[i], &oids, e) != 0)
            return -1;
    if (!oids.failed)
        put_sequence(buf_view(&oids), out);
    return oids.failed || out->failed ? err_set(e, ERR_SYS_NOMEM, "csr-attributes") : 0;
}
