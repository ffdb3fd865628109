/* Signatures of trust lists and signed files (itl-format.md 3), and what a phone does with a list
 * that it was offered. */
#include "base/x509.h"
#include "itl/itl_fields.h"

#include <openssl/evp.h>

enum { NAME_SHOWN_MAX = 120, SERIAL_SHOWN_MAX = 32, WHY_MAX = 200 };

static int check_key(EVP_PKEY *key, const struct itl_signed *s, struct err *e) {
    if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
        return err_openssl(e, ERR_ITL_CERTIFICATE, "the signer's certificate has no RSA key");
    if (key_judge_public(key, e) != 0) {
        if (e != NULL)
            e->code = ERR_ITL_CERTIFICATE;
        return -1;
    }
    size_t octets = (size_t)EVP_PKEY_get_size(key);
    if (octets != s->signature.len)
        return err_set(e, ERR_ITL_SIGNATURE, "a signature of %zu bytes, by a key of %zu",
                       s->signature.len, octets);
    return 0;
}

int itl_signature_verify(const struct itl_signed *s, X509 *signer, struct err *e) {
    EVP_PKEY *key = X509_get0_pubkey(signer);
    if (check_key(key, s, e) != 0)
        return -1;
    AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    const EVP_MD *md = EVP_get_digestbyname(itl_digest_openssl(s->digest));
    if (ctx == NULL || EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) != 1 ||
        EVP_DigestVerifyUpdate(ctx, s->head.data, s->head.len) != 1 ||
        EVP_DigestVerifyUpdate(ctx, s->tail.data, s->tail.len) != 1)
        return err_openssl(e, ERR_SYS_INTERNAL, "cannot set up the verification");
    if (EVP_DigestVerifyFinal(ctx, s->signature.data, s->signature.len) == 1)
        return 0;
    return err_openssl(e, ERR_ITL_SIGNATURE, "the signature does not verify");
}

struct itl_signed itl_signed_of(const struct itl_header *h, struct bytes file) {
    size_t behind = h->signature_at + ITL_FIELD_HEAD + h->signature.len;
    return (struct itl_signed){
        .head = {file.data, h->signature_at},
        .tail = {file.data + behind, file.len - behind},
        .digest = h->digest,
        .signature = h->signature,
    };
}

static int fail_unknown(const struct itl_header *h, struct err *e, const char *why) {
    char issuer[NAME_SHOWN_MAX], serial[SERIAL_SHOWN_MAX * 3];
    size_t shown = h->serial.len < SERIAL_SHOWN_MAX ? h->serial.len : SERIAL_SHOWN_MAX;
    AUTO(char) hex = hex_encode(bytes_of(h->serial.data, shown), ':');
    snprintf(serial, sizeof serial, "%s", hex == NULL ? "?" : hex);
    return err_set(e, ERR_ITL_SIGNER_UNKNOWN, "signed by serial number %s of %s: %s", serial,
                   itl_printable(h->issuer_name, issuer, sizeof issuer), why);
}

int itl_header_is_by(const struct itl_header *h, const X509 *cert, struct err *e) {
    if (!itl_serial_equal(h->serial, itl_serial_of(cert)))
        return fail_unknown(h, e, "that is not the certificate's number");
    if (!itl_name_is(h->issuer_name, X509_get_issuer_name(cert)))
        return fail_unknown(h, e, "that is not the certificate's issuer");
    return 0;
}

const struct itl_record *itl_header_signer(const struct itl_header *h, const struct itl *trusted,
                                           unsigned role, struct err *e) {
    char why[WHY_MAX], issuer[NAME_SHOWN_MAX];
    const struct itl_record *found = itl_find_issued(trusted, role, h->issuer_name, h->serial);
    if (found != NULL)
        return found;
    for (const struct itl_record *r = NULL; (r = itl_next(trusted, role, r)) != NULL;) {
        if (!itl_serial_equal(r->serial, h->serial))
            continue;
        snprintf(why, sizeof why, "record %zu has that number, but writes its issuer as %s",
                 r->number, itl_printable(r->issuer, issuer, sizeof issuer));
        fail_unknown(h, e, why);
        return NULL;
    }
    snprintf(why, sizeof why, "the trusted list has no such %s record",
             role == ITL_ROLE_SAST ? "SAST" : itl_role_shown(role));
    fail_unknown(h, e, why);
    return NULL;
}

int itl_verify_header(const struct itl_header *h, struct bytes file, const struct itl *trusted,
                      unsigned role, const struct itl_record **record, struct err *e) {
    const struct itl_record *found = itl_header_signer(h, trusted, role, e);
    if (record != NULL)
        *record = found;
    if (found == NULL)
        return -1;
    AUTO(X509) cert = itl_record_certificate(found, e);
    if (cert == NULL)
        return -1;
    struct itl_signed s = itl_signed_of(h, file);
    if (itl_signature_verify(&s, cert, e) == 0)
        return 0;
    return err_context(e, "record %zu", found->number);
}

int itl_verify_by(const struct itl *list, X509 *signer, struct err *e) {
    struct itl_signed s = itl_signed_of(&list->header, list->file);
    if (itl_header_is_by(&list->header, signer, e) != 0)
        return -1;
    return itl_signature_verify(&s, signer, e);
}

int itl_verify(const struct itl *list, const struct itl *trusted, const struct itl_record **record,
               struct err *e) {
    return itl_verify_header(&list->header, list->file, trusted, ITL_ROLE_SAST, record, e);
}

static const struct itl *first_held(const struct itl *const *held, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (held[i] != NULL)
            return held[i];
    return NULL;
}

static bool any_has_tvs(const struct itl *const *held, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (held[i] != NULL && itl_has_role(held[i], ITL_ROLE_TVS))
            return true;
    return false;
}

static bool any_is(const struct itl *const *held, size_t count, const struct itl *offered) {
    for (size_t i = 0; i < count; i++)
        if (held[i] != NULL && bytes_equal(held[i]->file, offered->file))
            return true;
    return false;
}

/* 0 verified, -1 not; ITL_SIGNER_UNKNOWN when no list knows the signer. */
static int verify_by_held(const struct itl *const *held, size_t count, const struct itl *offered,
                          const struct itl_record **record, struct err *why) {
    err_set(why, ERR_ITL_SIGNER_UNKNOWN, NULL);
    for (size_t i = 0; i < count; i++) {
        if (held[i] == NULL)
            continue;
        if (itl_verify(offered, held[i], record, why) == 0)
            return 0;
        if (why->code != ERR_ITL_SIGNER_UNKNOWN)
            return -1;
    }
    return -1;
}

enum itl_update itl_judge_update(const struct itl *const *held, size_t held_count,
                                 const struct itl *offered, const struct itl_record **record,
                                 struct err *why) {
    struct err own = {0};
    struct err *reason = why == NULL ? &own : why;
    *reason = (struct err){0};
    if (record != NULL)
        *record = NULL;
    if (first_held(held, held_count) == NULL)
        return itl_verify(offered, offered, record, reason) == 0 ? ITL_UPDATE_FIRST_USE
                                                                 : ITL_UPDATE_REFUSED;
    if (any_is(held, held_count, offered))
        return ITL_UPDATE_IDENTICAL;
    if (verify_by_held(held, held_count, offered, record, reason) == 0) {
        *reason = (struct err){0};
        return ITL_UPDATE_ACCEPTED;
    }
    if (reason->code == ERR_ITL_SIGNER_UNKNOWN && any_has_tvs(held, held_count))
        return ITL_UPDATE_ASK_TVS;
    return ITL_UPDATE_REFUSED;
}
