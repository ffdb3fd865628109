/* Advice about lists. It refuses nothing: what is here, CUCM or a laboratory may have wanted. */
#include "itl/notes.h"

#include <openssl/evp.h>

enum { SAST_MAX = 2, RSA_BITS_MAX = 2048 };

const char *itl_note_text(enum itl_note note) {
    static const char *const texts[] = {
#define X(name, text) [ITL_NOTE_##name] = text,
        ITL_NOTE_TABLE(X)
#undef X
    };
    return texts[note];
}

static bool has_own_names(const struct itl_record *record, const X509 *cert) {
    return itl_serial_equal(record->serial, itl_serial_of(cert)) &&
           itl_name_is(record->subject, X509_get_subject_name(cert)) &&
           itl_name_is(record->issuer, X509_get_issuer_name(cert));
}

static bool has_long_key(const X509 *cert) {
    const EVP_PKEY *key = X509_get0_pubkey(cert);
    return key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
           EVP_PKEY_get_bits(key) > RSA_BITS_MAX;
}

static void judge_record(const struct itl_record *record, itl_note_fn *fn, void *user) {
    if (record->certificate.len == 0)
        return;
    AUTO(X509) cert = itl_record_certificate(record, NULL);
    if (cert == NULL) {
        fn(user, ITL_NOTE_UNREADABLE, record);
        return;
    }
    if (has_long_key(cert))
        fn(user, ITL_NOTE_LONG_KEY, record);
    if (!has_own_names(record, cert))
        fn(user, ITL_NOTE_OTHER_NAMES, record);
}

static size_t count_role(const struct itl *list, unsigned role) {
    size_t count = 0;
    for (const struct itl_record *r = NULL; (r = itl_next(list, role, r)) != NULL;)
        count++;
    return count;
}

void itl_notes(const struct itl *list, itl_note_fn *fn, void *user) {
    size_t sasts = count_role(list, ITL_ROLE_SAST);
    if (sasts == 0)
        fn(user, ITL_NOTE_NO_SAST, NULL);
    if (sasts > SAST_MAX)
        fn(user, ITL_NOTE_MANY_SAST, NULL);
    if (!itl_has_role(list, ITL_ROLE_CAPF))
        fn(user, ITL_NOTE_NO_CAPF, NULL);
    if (!itl_is_ctl(list) && !itl_has_role(list, ITL_ROLE_TVS))
        fn(user, ITL_NOTE_NO_TVS, NULL);
    for (size_t i = 0; i < list->count; i++)
        judge_record(&list->records[i], fn, user);
}
