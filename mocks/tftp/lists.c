/* From configuration to signed lists. It must never read a certificate after the start: a service
 * that is not restarted goes on with the lists that it made. */
#include "mocks/tftp/lists.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/x509.h"
#include "itl/itl_write.h"
#include "itl/sgn.h"
#include <arpa/inet.h>
#include <string.h>

enum { ENTRIES_MAX = 256, ADDRESS_OCTETS = 16 };

/* The entries of one list and what they refer to. */
struct plan {
    struct itl_entry entries[ENTRIES_MAX];
    uint8_t addresses[ENTRIES_MAX][ADDRESS_OCTETS];
    X509
        *certificates[ENTRIES_MAX]; /* of each record of the configuration, NULL for an empty one */
    size_t count, certificate_count;
};

static void plan_free(struct plan *p) {
    for (size_t i = 0; i < p->certificate_count; i++)
        X509_free(p->certificates[i]);
}

struct identity {
    X509 *certificate;
    EVP_PKEY *key;
};

static void identity_free(struct identity *i) {
    X509_free(i->certificate);
    EVP_PKEY_free(i->key);
}
#define AUTO_IDENTITY __attribute__((cleanup(identity_free))) struct identity

static int read_identity(const struct tftp_signer *from, const char *what, struct identity *out,
                         struct err *e) {
    if ((from->certificate == NULL) != (from->key == NULL))
        return err_set(e, ERR_CONFIG_MISSING, "%s: both certificate and key are needed", what);
    if (from->certificate == NULL)
        return 0;
    out->certificate = x509_read_file(from->certificate, e);
    out->key = out->certificate != NULL ? key_read_file(from->key, e) : NULL;
    return out->key != NULL ? 0 : -1;
}

static int read_address(const char *text, uint8_t *octets, struct bytes *out, struct err *e) {
    if (text == NULL)
        return 0;
    if (inet_pton(AF_INET, text, octets) == 1)
        *out = bytes_of(octets, 4);
    else if (inet_pton(AF_INET6, text, octets) == 1)
        *out = bytes_of(octets, ADDRESS_OCTETS);
    else
        return err_set(e, ERR_CONFIG_BAD_VALUE, "'%s' is no address", text);
    return 0;
}

static int add_entry(struct plan *p, const struct tftp_record *record, X509 *certificate,
                     const char *role, struct err *e) {
    if (p->count == ENTRIES_MAX)
        return err_set(e, ERR_CONFIG_BAD_VALUE, "more than %d records", ENTRIES_MAX);
    struct itl_entry *entry = &p->entries[p->count];
    *entry = (struct itl_entry){
        .certificate = certificate, .form = (enum itl_form)record->form, .dns_name = record->dns};
    if (itl_role_read(role, &entry->role, e) != 0 ||
        read_address(record->address, p->addresses[p->count], &entry->address, e) != 0)
        return -1;
    p->count++;
    return 0;
}

static int add_record(struct plan *p, const struct tftp_record *record, struct err *e) {
    X509 *certificate = NULL;
    if (p->certificate_count == ENTRIES_MAX)
        return err_set(e, ERR_CONFIG_BAD_VALUE, "more than %d records", ENTRIES_MAX);
    if (record->certificate == NULL && record->form != ITL_FORM_EMPTY)
        return err_set(e, ERR_CONFIG_MISSING, "no certificate");
    if (record->roles.count == 0)
        return err_set(e, ERR_CONFIG_MISSING, "no roles");
    if (record->certificate != NULL &&
        (certificate = x509_read_file(record->certificate, e)) == NULL)
        return -1;
    p->certificates[p->certificate_count++] = certificate;
    for (size_t i = 0; i < record->roles.count; i++)
        if (add_entry(p, record, certificate, record->roles.items[i], e) != 0)
            return -1;
    return 0;
}

static int fill_plan(struct plan *p, const struct cfg_list *records, struct err *e) {
    const struct tftp_record *items = records->items;
    for (size_t i = 0; i < records->count; i++)
        if (add_record(p, &items[i], e) != 0)
            return err_context(e, "record %zu", i + 1);
    return 0;
}

static int build_list(const struct tftp_config *config, const struct cfg_list *records,
                      const struct identity *signer, const char *name, struct buf *out,
                      struct err *e) {
    __attribute__((cleanup(plan_free))) struct plan p = {0};
    if (records->count == 0)
        return 0;
    if (signer->certificate == NULL)
        return err_set(e, ERR_CONFIG_MISSING, "%s: nobody to sign it: give signer (or recovery)",
                       name);
    if (fill_plan(&p, records, e) != 0)
        return err_context(e, "%s", name);
    const struct itl_plan plan = {.layout = (enum itl_layout)config->layout,
                                  .digest = (enum itl_digest)config->digest,
                                  .file_name = name,
                                  .timestamp = (uint32_t)clock_wall(),
                                  .signer_version = (uint16_t)config->signer_version,
                                  .signer = signer->certificate,
                                  .signer_key = signer->key,
                                  .entries = p.entries,
                                  .count = p.count};
    return itl_build(&plan, out, e) == 0 ? 0 : err_context(e, "%s", name);
}

static int keep(const char *folder, const char *name, const struct buf *list, struct err *e) {
    if (folder == NULL || list->len == 0)
        return 0;
    AUTO(char) path = path_join(folder, "%s", name);
    if (path == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    return file_mkdirs(folder, e) == 0 ? file_write(path, buf_view(list), 0644, e) : -1;
}

static int build_both(struct lists *l, const struct tftp_config *config,
                      const struct identity *signer, struct err *e) {
    if (config->mixed_mode && config->ctl.count == 0)
        return err_set(e, ERR_CONFIG_MISSING, "mixed-mode: there are no records in ctl");
    if (build_list(config, &config->itl, signer, "ITLFile.tlv", &l->itl, e) != 0)
        return -1;
    if (config->mixed_mode &&
        build_list(config, &config->ctl, signer, "CTLFile.tlv", &l->ctl, e) != 0)
        return -1;
    return keep(config->lists, "ITLFile.tlv", &l->itl, e) == 0
               ? keep(config->lists, "CTLFile.tlv", &l->ctl, e)
               : -1;
}

static int build(struct lists *l, const struct tftp_config *config, struct err *e) {
    AUTO_IDENTITY signer = {0};
    AUTO_IDENTITY recovery = {0};
    if (read_identity(&config->signer, "signer", &signer, e) != 0 ||
        read_identity(&config->recovery, "recovery", &recovery, e) != 0)
        return -1;
    if (build_both(l, config, config->sign_with == SIGN_WITH_RECOVERY ? &recovery : &signer, e) !=
        0)
        return -1;
    l->signer = TAKE(signer.certificate);
    l->signer_key = TAKE(signer.key);
    return 0;
}

int lists_build(struct lists *l, const struct tftp_config *config, struct err *e) {
    *l = (struct lists){.itl = BUF_INIT(ITL_MAX),
                        .ctl = BUF_INIT(ITL_MAX),
                        .layout = config->layout,
                        .digest = config->digest};
    if (build(l, config, e) == 0)
        return 0;
    lists_free(l);
    return -1;
}

void lists_free(struct lists *l) {
    buf_free(&l->itl);
    buf_free(&l->ctl);
    X509_free(l->signer);
    EVP_PKEY_free(l->signer_key);
    *l = (struct lists){0};
}

int lists_sign(const struct lists *l, const char *name, struct bytes payload, struct buf *out,
               struct err *e) {
    if (l->signer == NULL)
        return err_set(e, ERR_TFTP_NOT_FOUND, "%s: nobody to sign it", name);
    const struct sgn_plan plan = {.layout = (enum itl_layout)l->layout,
                                  .digest = (enum itl_digest)l->digest,
                                  .file_name = name,
                                  .timestamp = (uint32_t)clock_wall(),
                                  .signer = l->signer,
                                  .signer_key = l->signer_key};
    return sgn_sign(&plan, payload, out, e);
}
