/* A trust list as JSON: what `show` tells, and the offset of every field. */
#include "itl/itl_fields.h"
#include "itl/show.h"

#include <openssl/evp.h>

enum { HEX_MAX = 4 * ITL_MAX };

/* Peer text may be no UTF-8, which JSON cannot have: such a name is given as hex. */
static json_t *text_of(struct bytes v) {
    json_t *text = json_stringn(v.len == 0 ? "" : (const char *)v.data, v.len);
    if (text != NULL)
        return text;
    AUTO_BUF hex = BUF_INIT(HEX_MAX);
    itl_put_hex(v, '\0', &hex);
    return json_sprintf("hex:%s", buf_str(&hex));
}

static json_t *hex_of(struct bytes v, char separator) {
    AUTO_BUF hex = BUF_INIT(HEX_MAX);
    itl_put_hex(v, separator, &hex);
    return json_string(buf_str(&hex));
}

static json_t *digest_of(struct bytes v, const EVP_MD *md) {
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_Digest(v.data, v.len, digest, &len, md, NULL) != 1)
        return json_null();
    AUTO(char) hex = hex_encode(bytes_of(digest, len), 0);
    return json_string(hex == NULL ? "" : hex);
}

static json_t *fields_of(const struct itl_field *fields, size_t count,
                         const char *(*shown)(unsigned)) {
    json_t *all = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(all, json_pack("{s:i, s:s, s:I, s:I}", "tag", fields[i].tag, "name",
                                             shown(fields[i].tag), "offset",
                                             (json_int_t)fields[i].offset, "length",
                                             (json_int_t)fields[i].value.len));
    return all;
}

static json_t *header_of(const struct itl_header *h) {
    json_t *header =
        json_pack("{s:i, s:o, s:o, s:o, s:s, s:I, s:o, s:I}", "length", h->length, "signer",
                  text_of(h->signer_name), "issuer", text_of(h->issuer_name), "serial",
                  hex_of(h->serial, ':'), "digest", itl_digest_word(h->digest), "signature_length",
                  (json_int_t)h->signature.len, "file_name", text_of(h->file_name), "timestamp",
                  (json_int_t)h->timestamp);
    if (h->has_signer_version)
        json_object_set_new(
            header, "signer_version",
            json_sprintf("%u.%u", h->signer_version >> 8, h->signer_version & 0xffU));
    json_object_set_new(header, "fields", fields_of(h->fields, h->field_count, itl_header_shown));
    return header;
}

static void add_certificate(json_t *record, const struct itl_record *r) {
    if (r->certificate.len > 0) {
        json_object_set_new(record, "certificate_sha1", digest_of(r->certificate, EVP_sha1()));
        json_object_set_new(record, "certificate_sha256", digest_of(r->certificate, EVP_sha256()));
    }
    if (r->hash.len > 0)
        json_object_set_new(record, "hash", hex_of(r->hash, '\0'));
    if (r->address.len > 0)
        json_object_set_new(record, "address", hex_of(r->address, '\0'));
}

static json_t *record_of(const struct itl_record *r) {
    json_t *record = json_pack("{s:I, s:I, s:i, s:s, s:i, s:o, s:o, s:o, s:o}", "number",
                               (json_int_t)r->number, "offset", (json_int_t)r->offset, "length",
                               r->length, "role", itl_role_word(r->role), "function", r->role,
                               "dns_name", text_of(r->dns_name), "subject", text_of(r->subject),
                               "issuer", text_of(r->issuer), "serial", hex_of(r->serial, ':'));
    add_certificate(record, r);
    json_object_set_new(record, "fields", fields_of(r->fields, r->field_count, itl_record_shown));
    return record;
}

json_t *itl_show_json(const struct itl *list) {
    struct err e = {0};
    const struct itl_record *signer = NULL;
    bool verified = itl_verify(list, list, &signer, &e) == 0;
    json_t *records = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(records, record_of(&list->records[i]));
    json_t *all =
        json_pack("{s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:b}", "schema", "capflab-itl-1", "kind",
                  itl_is_ctl(list) ? "CTL" : "ITL", "length", (json_int_t)list->file.len, "md5",
                  digest_of(list->file, EVP_md5()), "sha1", digest_of(list->file, EVP_sha1()),
                  "header", header_of(&list->header), "records", records, "verified", verified);
    json_object_set_new(all, "version",
                        json_sprintf("%u.%u", list->header.major, list->header.minor));
    if (signer != NULL)
        json_object_set_new(all, "signer_record", json_integer((json_int_t)signer->number));
    if (!verified)
        json_object_set_new(all, "error",
                            json_pack("{s:s, s:s}", "code", err_name(e.code), "text", e.text));
    return all;
}
