/* What changed between two trust lists, and what phones make of it. Decides nothing that
 * itl_judge_update does not. */
#include "itl/diff.h"

#include <openssl/evp.h>
#include <string.h>

/* SHA-1 of what the record holds: of a certificate, or the hash that stands for one. */
static bool holder_hash(const struct itl_record *r, uint8_t out[EVP_MAX_MD_SIZE]) {
    unsigned len = 0;
    if (r->certificate.len > 0)
        return EVP_Digest(r->certificate.data, r->certificate.len, out, &len, EVP_sha1(), NULL) ==
               1;
    if (r->hash.len != itl_digest_octets(ITL_DIGEST_SHA1))
        return false;
    memcpy(out, r->hash.data, r->hash.len);
    return true;
}

static bool same_holder(const struct itl_record *a, const struct itl_record *b) {
    uint8_t hash_a[EVP_MAX_MD_SIZE], hash_b[EVP_MAX_MD_SIZE];
    if (a->role != b->role)
        return false;
    if (a->certificate.len > 0 && b->certificate.len > 0)
        return bytes_equal(a->certificate, b->certificate);
    if (!holder_hash(a, hash_a) || !holder_hash(b, hash_b))
        return bytes_equal(a->dns_name, b->dns_name) && bytes_equal(a->address, b->address) &&
               bytes_equal(a->hash, b->hash);
    return memcmp(hash_a, hash_b, itl_digest_octets(ITL_DIGEST_SHA1)) == 0;
}

/* Each record of one list finds at most one of the other. */
struct match {
    const struct itl *before, *after;
    bool *before_done, *after_done;
};

static void match_same(struct match *m) {
    for (size_t i = 0; i < m->before->count; i++) {
        for (size_t j = 0; j < m->after->count && !m->before_done[i]; j++) {
            if (m->after_done[j] || !same_holder(&m->before->records[i], &m->after->records[j]))
                continue;
            m->before_done[i] = true;
            m->after_done[j] = true;
        }
    }
}

static void add(struct itl_diff *d, enum itl_change change, const struct itl_record *before,
                const struct itl_record *after) {
    d->rows[d->count++] = (struct itl_diff_row){change, before, after};
}

static void match_replaced(struct match *m, struct itl_diff *d) {
    for (size_t i = 0; i < m->before->count; i++) {
        const struct itl_record *a = &m->before->records[i];
        for (size_t j = 0; j < m->after->count && !m->before_done[i]; j++) {
            const struct itl_record *b = &m->after->records[j];
            if (m->after_done[j] || a->role != b->role || !bytes_equal(a->subject, b->subject))
                continue;
            m->before_done[i] = true;
            m->after_done[j] = true;
            add(d, ITL_REPLACED, a, b);
        }
    }
}

static void match_rest(struct match *m, struct itl_diff *d) {
    for (size_t i = 0; i < m->before->count; i++)
        if (!m->before_done[i])
            add(d, ITL_REMOVED, &m->before->records[i], NULL);
    for (size_t i = 0; i < m->after->count; i++)
        if (!m->after_done[i])
            add(d, ITL_ADDED, NULL, &m->after->records[i]);
}

static bool changed(const struct itl_diff *d, unsigned role, bool appeared) {
    for (size_t i = 0; i < d->count; i++) {
        const struct itl_record *r = appeared ? d->rows[i].after : d->rows[i].before;
        if (r != NULL && r->role == role)
            return true;
    }
    return false;
}

static bool has_common_sast(const struct itl *a, const struct itl *b) {
    for (const struct itl_record *r = NULL; (r = itl_next(a, ITL_ROLE_SAST, r)) != NULL;)
        for (const struct itl_record *s = NULL; (s = itl_next(b, ITL_ROLE_SAST, s)) != NULL;)
            if (same_holder(r, s))
                return true;
    return false;
}

static void judge(struct itl_diff *d) {
    const struct itl *a = d->before, *b = d->after;
    bool *c = d->consequences;
    bool had_tftp = itl_has_role(a, ITL_ROLE_TFTP), has_tftp = itl_has_role(b, ITL_ROLE_TFTP);
    d->update = itl_judge_update(&a, 1, b, &d->signer, &d->why);
    bool taken = itl_diff_taken(d);
    c[ITL_CONSEQUENCE_NO_CAPF] = !itl_has_role(taken ? b : a, ITL_ROLE_CAPF);
    c[ITL_CONSEQUENCE_CAPF_UNKNOWN] = !taken && changed(d, ITL_ROLE_CAPF, true);
    c[ITL_CONSEQUENCE_CAPF_REPLACED] =
        changed(d, ITL_ROLE_CAPF, true) && changed(d, ITL_ROLE_CAPF, false);
    c[ITL_CONSEQUENCE_NO_TVS] = !itl_has_role(taken ? b : a, ITL_ROLE_TVS);
    c[ITL_CONSEQUENCE_TVS_UNKNOWN] = !taken && changed(d, ITL_ROLE_TVS, true);
    c[ITL_CONSEQUENCE_SIGNED_FILES] = taken && has_tftp && !had_tftp;
    c[ITL_CONSEQUENCE_PLAIN_FILES] = taken && had_tftp && !has_tftp;
    c[ITL_CONSEQUENCE_NO_COMMON_SAST] = taken && !has_common_sast(a, b);
    c[ITL_CONSEQUENCE_EC_ALLOWED] = taken && itl_allows_ec(b) && !itl_allows_ec(a);
    c[ITL_CONSEQUENCE_EC_NOT_ALLOWED] = taken && itl_allows_ec(a) && !itl_allows_ec(b);
}

static void match_all(struct match *m, struct itl_diff *d) {
    match_same(m);
    match_replaced(m, d);
    match_rest(m, d);
    judge(d);
}

int itl_diff(const struct itl *before, const struct itl *after, struct itl_diff *d, struct err *e) {
    struct match m = {before, after, calloc(before->count + 1, sizeof(bool)),
                      calloc(after->count + 1, sizeof(bool))};
    *d = (struct itl_diff){.before = before, .after = after};
    d->rows = calloc(before->count + after->count + 1, sizeof *d->rows);
    bool complete = m.before_done != NULL && m.after_done != NULL && d->rows != NULL;
    if (complete)
        match_all(&m, d);
    else
        itl_diff_free(d);
    free(m.before_done);
    free(m.after_done);
    return complete ? 0 : err_set(e, ERR_SYS_NOMEM, NULL);
}

void itl_diff_free(struct itl_diff *d) {
    free(d->rows);
    *d = (struct itl_diff){0};
}

bool itl_diff_taken(const struct itl_diff *d) {
    return d->update == ITL_UPDATE_IDENTICAL || d->update == ITL_UPDATE_ACCEPTED;
}
