/* From a description to a list: reads the files that it names, never writes one. */
#include "itl/description.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/x509.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

const struct cfg_word itl_role_words[] = {
#define X(number, name, shown, word) {word, number},
    ITL_ROLE_TABLE(X)
#undef X
        {NULL, 0}};

const struct cfg_word itl_form_words[] = {{"default", ITL_FORM_DEFAULT},
                                          {"full", ITL_FORM_FULL},
                                          {"hash", ITL_FORM_HASH},
                                          {"empty", ITL_FORM_EMPTY},
                                          {NULL, 0}};

const struct cfg_word itl_layout_words[] = {
    {"cucm", ITL_LAYOUT_CUCM}, {"tlvfile", ITL_LAYOUT_TLVFILE}, {NULL, 0}};

const struct cfg_word itl_digest_words[] = {
    {"sha1", ITL_DIGEST_SHA1}, {"sha512", ITL_DIGEST_SHA512}, {NULL, 0}};

static const struct cfg_word signer_version_words[] = {
    {"default", 0}, {"1.0", 0x0100}, {"1.1", 0x0101}, {NULL, 0}};

typedef struct itl_description_record RECORD;

static const struct cfg_field record_fields[] = {
    CFG_ENUM(RECORD, role, "role", "sast", itl_role_words, "what the certificate is for"),
    CFG_STRING(RECORD, certificate, "certificate", NULL, "file; left out only for form: empty"),
    CFG_ENUM(RECORD, form, "form", "default", itl_form_words,
             "what the record holds of it; default: as that layout does"),
    CFG_STRING(RECORD, dns_name, "dns-name", NULL, "DNSNAME"),
    CFG_STRING(RECORD, address, "address", NULL, "IPADDRESS"),
    CFG_STRING(RECORD, hash, "hash", NULL, "40 hex digits instead of the certificate's SHA-1"),
    CFG_END,
};

typedef struct itl_description LIST;

const struct cfg_field itl_description_fields[] = {
    CFG_STRING(LIST, file_name, "file-name", "ITLFile.tlv",
               "name in the header; CTL... makes it a CTL"),
    CFG_ENUM(LIST, layout, "layout", "cucm", itl_layout_words,
             "cucm, or that of the open-source tool"),
    CFG_ENUM(LIST, digest, "digest", "sha1", itl_digest_words, "of the signature"),
    CFG_INT(LIST, timestamp, "timestamp", "0", 0, UINT32_MAX, "seconds since 1970; 0: now"),
    CFG_ENUM(LIST, signer_version, "signer-version", "default", signer_version_words,
             "1.1 lets phones use EC keys and HTTPS"),
    CFG_STRING(LIST, signer, "signer", NULL, "certificate of the signer, a file"),
    CFG_STRING(LIST, key, "key", NULL, "the signer's private key in PEM, a file"),
    CFG_BOOL(LIST, add_signer, "add-signer", "false",
             "put the signer's SAST record in front if there is none"),
    CFG_LIST(LIST, records, "records", RECORD, record_fields, "in the order of the list"),
    CFG_END,
};

enum { ADDRESS_MAX = 16, HASH_MAX = 64 };

/* What an entry of the plan borrows. */
struct owned {
    X509 *certificate;
    uint8_t address[ADDRESS_MAX];
    uint8_t hash[HASH_MAX];
};

static char *path_in(const char *folder, const char *name) {
    return folder == NULL || name[0] == '/' ? strdup(name) : path_join(folder, "%s", name);
}

static int set_address(const char *text, struct owned *own, struct bytes *out, struct err *e) {
    if (text == NULL)
        return 0;
    if (inet_pton(AF_INET, text, own->address) == 1)
        *out = bytes_of(own->address, sizeof(struct in_addr));
    else if (inet_pton(AF_INET6, text, own->address) == 1)
        *out = bytes_of(own->address, sizeof(struct in6_addr));
    else
        return err_set(e, ERR_CONFIG_BAD_VALUE, "'%s' is no address", text);
    return 0;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

static int set_hash(const char *text, struct owned *own, struct bytes *out, struct err *e) {
    size_t digits = 0;
    for (const char *at = text == NULL ? "" : text; *at != '\0'; at++) {
        int digit = hex_digit(*at);
        if (*at == ' ' || *at == ':')
            continue;
        if (digit < 0 || digits == sizeof own->hash * 2)
            return err_set(e, ERR_CONFIG_BAD_VALUE, "'%s' is no hash in hex", text);
        own->hash[digits / 2] = (uint8_t)(own->hash[digits / 2] << 4 | digit);
        digits++;
    }
    if (digits % 2 != 0)
        return err_set(e, ERR_CONFIG_BAD_VALUE, "'%s' is half a byte too long", text);
    *out = bytes_of(own->hash, digits / 2);
    return 0;
}

static int fill_entry(const struct itl_description_record *r, const char *folder, struct owned *own,
                      struct itl_entry *entry, struct err *e) {
    *entry = (struct itl_entry){
        .role = (unsigned)r->role, .form = (enum itl_form)r->form, .dns_name = r->dns_name};
    if (r->certificate != NULL) {
        AUTO(char) path = path_in(folder, r->certificate);
        own->certificate = path == NULL ? NULL : x509_read_file(path, e);
        if (own->certificate == NULL)
            return -1;
        entry->certificate = own->certificate;
    }
    if (set_address(r->address, own, &entry->address, e) != 0)
        return -1;
    return set_hash(r->hash, own, &entry->hash, e);
}

static int fill_entries(const struct itl_description *d, const char *folder, struct owned *own,
                        struct itl_entry *entries, struct err *e) {
    const struct itl_description_record *records = d->records.items;
    for (size_t i = 0; i < d->records.count; i++)
        if (fill_entry(&records[i], folder, &own[i], &entries[i], e) != 0)
            return err_context(e, "record %zu", i + 1);
    return 0;
}

static int build(const struct itl_description *d, const char *folder,
                 const struct itl_entry *entries, struct buf *out, struct err *e) {
    if (d->signer == NULL || d->key == NULL)
        return err_set(e, ERR_CONFIG_MISSING, "say who signs: signer and key");
    AUTO(char) signer_path = path_in(folder, d->signer);
    AUTO(char) key_path = path_in(folder, d->key);
    if (signer_path == NULL || key_path == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    AUTO(X509) signer = x509_read_file(signer_path, e);
    AUTO(EVP_PKEY) key = signer == NULL ? NULL : key_read_file(key_path, e);
    if (key == NULL)
        return -1;
    const struct itl_plan plan = {
        .layout = (enum itl_layout)d->layout,
        .digest = (enum itl_digest)d->digest,
        .file_name = d->file_name,
        .timestamp = (uint32_t)(d->timestamp != 0 ? d->timestamp : clock_wall()),
        .signer_version = (uint16_t)d->signer_version,
        .signer = signer,
        .signer_key = key,
        .entries = entries,
        .count = d->records.count,
        .add_signer = d->add_signer,
    };
    return itl_build(&plan, out, e);
}

int itl_description_build(const struct itl_description *d, const char *folder, struct buf *out,
                          struct err *e) {
    size_t count = d->records.count;
    struct owned *own = calloc(count + 1, sizeof *own);
    struct itl_entry *entries = calloc(count + 1, sizeof *entries);
    int rc = -1;
    if (own == NULL || entries == NULL)
        err_set(e, ERR_SYS_NOMEM, NULL);
    else if (fill_entries(d, folder, own, entries, e) == 0)
        rc = build(d, folder, entries, out, e);
    for (size_t i = 0; own != NULL && i < count; i++)
        X509_free(own[i].certificate);
    free(own);
    free(entries);
    return rc;
}
