/* Making lists from certificates (itl-format.md 4, 10, 11), and signing them again. */
#include "itl/itl_write.h"

#include "base/x509.h"
#include "itl/itl_fields.h"
#include "itl/itl_maker.h"

#include <openssl/evp.h>
#include <string.h>

enum { RECORDS_MAX = 1 << 20, CERTIFICATE_MAX = 64 * 1024 };

static const char default_file_name[] = "ITLFile.tlv";

/* As in the certificate, whose INTEGER has a zero in front of a set top bit; tlvfile cuts that. */
void itl_put_serial(const X509 *cert, enum itl_layout layout, struct buf *out) {
    struct bytes serial = itl_serial_of(cert);
    if (serial.len == 0 || (layout == ITL_LAYOUT_CUCM && serial.data[0] >= 0x80))
        buf_put_u8(out, 0);
    buf_put_bytes(out, serial);
}

/* A record whose fields look at the buffers beside it. */
struct record_maker {
    struct itl_record record;
    struct buf dns_name, subject, issuer, serial, der;
    uint8_t length[2], role[2], hash_algorithm;
    uint8_t hash[EVP_MAX_MD_SIZE];
};

static void record_maker_free(struct record_maker *m) {
    buf_free(&m->dns_name);
    buf_free(&m->subject);
    buf_free(&m->issuer);
    buf_free(&m->serial);
    buf_free(&m->der);
}

static void add(struct record_maker *m, unsigned tag, struct bytes value) {
    m->record.fields[m->record.field_count++] =
        (struct itl_field){.tag = (uint8_t)tag, .value = value};
}

/* The empty name is two NULs in CUCM's lists (itl-format.md 4, seed 5). */
static void add_dns_name(struct record_maker *m, const struct itl_plan *plan,
                         const struct itl_entry *entry) {
    const char *name = entry->dns_name == NULL ? "" : entry->dns_name;
    if (*name == '\0' && plan->layout == ITL_LAYOUT_TLVFILE)
        return;
    buf_put_str(&m->dns_name, name);
    buf_put(&m->dns_name, "\0", *name == '\0' ? 2 : 1);
    add(m, ITL_RECORD_DNSNAME, buf_view(&m->dns_name));
}

static enum itl_form form_of(const struct itl_plan *plan, const struct itl_entry *entry) {
    bool hashed = entry->role == ITL_ROLE_CAPF || entry->role == ITL_ROLE_TVS;
    if (entry->form != ITL_FORM_DEFAULT)
        return entry->form;
    return hashed && plan->layout == ITL_LAYOUT_CUCM ? ITL_FORM_HASH : ITL_FORM_FULL;
}

static int fill_certificate(struct record_maker *m, const struct itl_plan *plan,
                            const struct itl_entry *entry, struct err *e) {
    const X509 *cert = entry->certificate;
    unsigned len = 0;
    if (itl_put_name(X509_get_subject_name(cert), plan->layout, &m->subject, e) != 0 ||
        itl_put_name(X509_get_issuer_name(cert), plan->layout, &m->issuer, e) != 0 ||
        x509_put_der(cert, &m->der, e) != 0)
        return -1;
    buf_put_u8(&m->subject, 0);
    buf_put_u8(&m->issuer, 0);
    itl_put_serial(cert, plan->layout, &m->serial);
    if (m->subject.failed || m->issuer.failed || m->serial.failed)
        return err_set(e, ERR_ITL_PLAN, "a name of the certificate is too long");
    if (X509_digest(cert, EVP_sha1(), m->hash, &len) != 1)
        return err_openssl(e, ERR_ITL_CERTIFICATE, "cannot be hashed");
    m->hash_algorithm = ITL_DIGEST_SHA1;
    return 0;
}

static void add_names(struct record_maker *m, enum itl_layout layout) {
    add(m, ITL_RECORD_SUBJECTNAME, buf_view(&m->subject));
    if (layout == ITL_LAYOUT_CUCM)
        add(m, ITL_RECORD_FUNCTION, bytes_of(m->role, sizeof m->role));
    add(m, ITL_RECORD_ISSUERNAME, buf_view(&m->issuer));
    add(m, ITL_RECORD_SERIALNUMBER, buf_view(&m->serial));
    if (layout == ITL_LAYOUT_TLVFILE)
        add(m, ITL_RECORD_FUNCTION, bytes_of(m->role, sizeof m->role));
}

static void add_certificate(struct record_maker *m, const struct itl_entry *entry,
                            enum itl_form form) {
    const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(entry->certificate);
    const ASN1_BIT_STRING *signature = NULL;
    X509_get0_signature(&signature, NULL, entry->certificate);
    add(m, ITL_RECORD_PUBLICKEY, bytes_of(key->data, (size_t)key->length));
    add(m, ITL_RECORD_SIGNATURE, bytes_of(signature->data, (size_t)signature->length));
    if (form == ITL_FORM_FULL) {
        add(m, ITL_RECORD_CERTIFICATE, buf_view(&m->der));
        return;
    }
    struct bytes own = bytes_of(m->hash, itl_digest_octets(ITL_DIGEST_SHA1));
    add(m, ITL_RECORD_CERTHASH, entry->hash.len > 0 ? entry->hash : own);
    add(m, ITL_RECORD_HASHALGORITHM, bytes_of(&m->hash_algorithm, 1));
}

static int make_record(struct record_maker *m, const struct itl_plan *plan,
                       const struct itl_entry *entry, struct err *e) {
    enum itl_form form = form_of(plan, entry);
    m->role[0] = (uint8_t)(entry->role >> 8);
    m->role[1] = (uint8_t)entry->role;
    add(m, ITL_RECORD_RECORDLENGTH, bytes_of(m->length, sizeof m->length));
    add_dns_name(m, plan, entry);
    if (form == ITL_FORM_EMPTY) {
        add(m, ITL_RECORD_FUNCTION, bytes_of(m->role, sizeof m->role));
    } else {
        if (fill_certificate(m, plan, entry, e) != 0)
            return -1;
        add_names(m, plan->layout);
        add_certificate(m, entry, form);
    }
    if (entry->address.len > 0)
        add(m, ITL_RECORD_IPADDRESS, entry->address);
    return m->dns_name.failed ? err_set(e, ERR_ITL_PLAN, "the DNS name is too long") : 0;
}

static int check_entry(const struct itl_plan *plan, const struct itl_entry *entry, struct err *e) {
    enum itl_form form = form_of(plan, entry);
    if (entry->role > UINT16_MAX)
        return err_set(e, ERR_ITL_PLAN, "role %u is no number of two bytes", entry->role);
    if (entry->certificate == NULL && form != ITL_FORM_EMPTY)
        return err_set(e, ERR_ITL_PLAN, "no certificate");
    if (entry->address.len != 0 && entry->address.len != 4 && entry->address.len != 16)
        return err_set(e, ERR_ITL_PLAN, "an address of %zu bytes", entry->address.len);
    if (entry->hash.len != 0 &&
        (form != ITL_FORM_HASH || entry->hash.len != itl_digest_octets(ITL_DIGEST_SHA1)))
        return err_set(e, ERR_ITL_PLAN, "a hash of %zu bytes, or none is wanted", entry->hash.len);
    return 0;
}

static int put_entry(const struct itl_plan *plan, const struct itl_entry *entry, struct buf *out,
                     struct err *e) {
    struct record_maker m = {
        .dns_name = BUF_INIT(ITL_NAME_MAX),
        .subject = BUF_INIT(ITL_NAME_MAX),
        .issuer = BUF_INIT(ITL_NAME_MAX),
        .serial = BUF_INIT(ITL_NAME_MAX),
        .der = BUF_INIT(CERTIFICATE_MAX),
    };
    int rc = check_entry(plan, entry, e);
    if (rc == 0)
        rc = make_record(&m, plan, entry, e);
    if (rc == 0 && itl_record_put(&m.record, out) != 0)
        rc = err_set(e, ERR_ITL_TOO_LARGE, "a record of more than 65535 bytes");
    record_maker_free(&m);
    return rc;
}

static bool has_signer(const struct itl_plan *plan) {
    for (size_t i = 0; i < plan->count; i++)
        if (plan->entries[i].role == ITL_ROLE_SAST && plan->entries[i].certificate != NULL &&
            X509_cmp(plan->entries[i].certificate, plan->signer) == 0)
            return true;
    return false;
}

/* Appends the record, or says that phones would not read it; room: what the header leaves. */
static int put_numbered(const struct itl_plan *plan, const struct itl_entry *entry, size_t number,
                        size_t room, struct buf *out, struct err *e) {
    size_t from = out->len;
    if (put_entry(plan, entry, out, e) != 0)
        return err_context(e, "record %zu", number);
    if (out->len > room)
        return err_set(e, ERR_ITL_TOO_LARGE,
                       "byte %zu: record %zu: the list is over 65535 bytes here, phones take no "
                       "more than about 39 certificates",
                       from + ITL_MAX - room, number);
    return 0;
}

static int put_records(const struct itl_plan *plan, size_t room, struct buf *out, struct err *e) {
    size_t number = 1;
    const struct itl_entry signer = {.role = ITL_ROLE_SAST, .certificate = plan->signer};
    if (plan->add_signer && !has_signer(plan) &&
        put_numbered(plan, &signer, number++, room, out, e) != 0)
        return -1;
    for (size_t i = 0; i < plan->count; i++)
        if (put_numbered(plan, &plan->entries[i], number++, room, out, e) != 0)
            return -1;
    return 0;
}

static struct itl_header_plan header_plan_of(const struct itl_plan *plan) {
    struct itl_header_plan header = {
        .layout = plan->layout,
        .digest = plan->digest,
        .major = plan->major,
        .minor = plan->minor,
        .signer_version = plan->signer_version,
        .file_name = plan->file_name == NULL ? default_file_name : plan->file_name,
        .timestamp = plan->timestamp,
    };
    if (header.major == 0 && header.minor == 0) {
        header.major = 1;
        header.minor = 2;
    }
    if (header.signer_version == 0 && header.layout == ITL_LAYOUT_TLVFILE)
        header.signer_version = 0x0100;
    return header;
}

static int build(struct itl_maker *maker, const struct itl_plan *plan, struct buf *out,
                 struct err *e) {
    AUTO_BUF records = BUF_INIT(RECORDS_MAX);
    const struct itl_header_plan header = header_plan_of(plan);
    if (itl_maker_header(maker, &header, e) != 0)
        return -1;
    if (put_records(plan, ITL_MAX - itl_header_size(&maker->header), &records, e) != 0)
        return -1;
    return itl_maker_sign(maker, buf_view(&records), out, e);
}

int itl_build(const struct itl_plan *plan, struct buf *out, struct err *e) {
    struct itl_maker maker = {.signer = plan->signer, .key = plan->signer_key};
    int rc = build(&maker, plan, out, e);
    itl_maker_free(&maker);
    return rc;
}

/* tlvfile writes CANAME before SERIALNUMBER. */
static enum itl_layout layout_of(const struct itl *list) {
    for (size_t i = 0; i < list->header.field_count; i++) {
        if (list->header.fields[i].tag == ITL_HEADER_SERIALNUMBER)
            return ITL_LAYOUT_CUCM;
        if (list->header.fields[i].tag == ITL_HEADER_CANAME)
            return ITL_LAYOUT_TLVFILE;
    }
    return ITL_LAYOUT_CUCM;
}

int itl_sign_again(const struct itl *list, X509 *signer, EVP_PKEY *signer_key,
                   enum itl_digest digest, uint32_t timestamp, struct buf *out, struct err *e) {
    struct itl_maker maker = {.signer = signer, .key = signer_key};
    const struct itl_header *h = &list->header;
    AUTO(char) file_name = strndup((const char *)h->file_name.data, h->file_name.len);
    if (file_name == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    const struct itl_header_plan plan = {
        .layout = layout_of(list),
        .digest = digest == 0 ? (enum itl_digest)h->digest : digest,
        .major = h->major,
        .minor = h->minor,
        .signer_version = h->has_signer_version ? h->signer_version : 0,
        .file_name = file_name,
        .timestamp = timestamp,
    };
    struct bytes records = {list->file.data + h->length, list->file.len - h->length};
    int rc = itl_maker_header(&maker, &plan, e);
    if (rc == 0 && records.len > ITL_MAX - itl_header_size(&maker.header))
        rc = err_set(e, ERR_ITL_TOO_LARGE, "with the new signer the list is over 65535 bytes");
    if (rc == 0)
        rc = itl_maker_sign(&maker, records, out, e);
    itl_maker_free(&maker);
    return rc;
}

int itl_put(const struct itl *list, struct buf *out, struct err *e) {
    itl_header_put(&list->header, true, out);
    for (size_t i = 0; i < list->count; i++)
        if (itl_record_put(&list->records[i], out) != 0)
            return err_set(e, ERR_ITL_RECORD, "record %zu is too long", list->records[i].number);
    return out->failed ? err_set(e, ERR_SYS_LIMIT, "no room for the list") : 0;
}
