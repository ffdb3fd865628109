/* Names and serial numbers of certificates as trust lists write them (itl-format.md 4.1, 4.2). */
#include "itl/itl.h"

#include <openssl/x509.h>
#include <string.h>

enum { NAME_MAX_OCTETS = 16 * 1024, TYPE_MAX = 80 };

/* CUCM's order, whatever the certificate's. */
static const int cucm_order[] = {NID_commonName,   NID_organizationalUnitName, NID_organizationName,
                                 NID_localityName, NID_stateOrProvinceName,    NID_countryName};
enum { CUCM_KNOWN = sizeof cucm_order / sizeof cucm_order[0] };

static size_t rank_of(const X509_NAME_ENTRY *entry) {
    int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
    size_t rank = 0;
    while (rank < CUCM_KNOWN && cucm_order[rank] != nid)
        rank++;
    return rank;
}

static void put_type(const ASN1_OBJECT *object, struct buf *out) {
    char oid[TYPE_MAX];
    int nid = OBJ_obj2nid(object);
    if (nid == NID_undef)
        OBJ_obj2txt(oid, sizeof oid, object, 1);
    buf_printf(out, "%s=", nid == NID_undef ? oid : OBJ_nid2sn(nid));
}

static int put_entry(const X509_NAME_ENTRY *entry, bool first, struct buf *out, struct err *e) {
    unsigned char *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
    if (len < 0)
        return err_openssl(e, ERR_ITL_CERTIFICATE, "a name in it is no text");
    bool has_nul = memchr(utf8, '\0', (size_t)len) != NULL;
    if (!first)
        buf_put_u8(out, ';');
    put_type(X509_NAME_ENTRY_get_object(entry), out);
    buf_put(out, utf8, (size_t)len);
    OPENSSL_free(utf8);
    return has_nul ? err_set(e, ERR_ITL_CERTIFICATE, "a name in it has a NUL inside") : 0;
}

static int put_cucm(const X509_NAME *name, struct buf *out, struct err *e) {
    bool first = true;
    for (size_t rank = 0; rank <= CUCM_KNOWN; rank++) {
        for (int i = 0; i < X509_NAME_entry_count(name); i++) {
            const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
            if (rank_of(entry) != rank)
                continue;
            if (put_entry(entry, first, out, e) != 0)
                return -1;
            first = false;
        }
    }
    return 0;
}

/* RFC 4514 pieces, but in the certificate's order. */
static int put_tlvfile(const X509_NAME *name, struct buf *out, struct err *e) {
    static const unsigned long flags = XN_FLAG_RFC2253 & ~XN_FLAG_DN_REV & ~ASN1_STRFLGS_ESC_MSB;
    AUTO(BIO) bio = BIO_new(BIO_s_mem());
    char *data;
    if (bio == NULL || X509_NAME_print_ex(bio, name, 0, flags) < 0)
        return err_openssl(e, ERR_ITL_CERTIFICATE, "a name in it cannot be written");
    long len = BIO_get_mem_data(bio, &data);
    buf_put(out, data, len > 0 ? (size_t)len : 0);
    return 0;
}

int itl_put_name(const X509_NAME *name, enum itl_layout layout, struct buf *out, struct err *e) {
    int rc = layout == ITL_LAYOUT_CUCM ? put_cucm(name, out, e) : put_tlvfile(name, out, e);
    if (rc == 0 && out->failed)
        return err_set(e, ERR_SYS_LIMIT, "no room for the name");
    return rc;
}

static bool name_reads(struct bytes text, const X509_NAME *name, enum itl_layout layout) {
    AUTO_BUF own = BUF_INIT(NAME_MAX_OCTETS);
    return itl_put_name(name, layout, &own, NULL) == 0 && bytes_equal(buf_view(&own), text);
}

bool itl_name_is(struct bytes text, const X509_NAME *name) {
    return name_reads(text, name, ITL_LAYOUT_CUCM) || name_reads(text, name, ITL_LAYOUT_TLVFILE);
}

static struct bytes without_zeros(struct bytes v) {
    while (v.len > 0 && *v.data == 0) {
        v.data++;
        v.len--;
    }
    return v;
}

bool itl_serial_equal(struct bytes a, struct bytes b) {
    return bytes_equal(without_zeros(a), without_zeros(b));
}

struct bytes itl_serial_of(const X509 *cert) {
    const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
    return without_zeros(
        bytes_of(ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial)));
}
