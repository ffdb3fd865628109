/* What changed between two trust lists, and what phones make of it. Decides nothing that
 * itl_judge_update does not. */
#include "itl/diff.h"

#include <openssl/evp.h>
#include <string.h>

enum { SHA1_OCTETS = 20 };

/* What a record holds, once hashed: lists may have thousands of records. */
struct holder {
    const struct itl_record *record;
    bool hashed; /* of the certificate, or the hash that stands for one */
    bool done;   /* has found its like in the other list */
    uint8_t sha1[EVP_MAX_MD_SIZE];
};

static void fill_holder(const struct itl_record *r, struct holder *h) {
    unsigned len = 0;
    *h = (struct holder){.record = r};
    if (r->certificate.len > 0)
        h->hashed = EVP_Digest(r->certificate.data, r->certificate.len, h->sha1, &len, EVP_sha1(),
                               NULL) == 1;
    else if (r->hash.len == SHA1_OCTETS) {
        memcpy(h->sha1, r->hash.data, SHA1_OCTETS);
        h->hashed = true;
    }
}

static struct holder *holders_of(const struct itl *list) {
    struct holder *all = calloc(list->count + 1, sizeof *all);
    for (size_t i = 0; all != NULL && i < list->count; i++)
        fill_holder(&list->records[i], &all[i]);
    return all;
}

static bool same_holder(const struct holder *a, const struct holder *b) {
    const struct itl_record *r = a->record, *s = b->record;
    if (r->role != s->role)
        return false;
    if (r->certificate.len > 0 && s->certificate.len > 0)
        return bytes_equal(r->certificate, s->certificate);
    if (!a->hashed || !b->hashed)
        return a->hashed == b->hashed && bytes_equal(r->dns_name, s->dns_name) &&
               bytes_equal(r->address, s->address) && bytes_equal(r->hash, s->hash);
    return memcmp(a->sha1, b->sha1, SHA1_OCTETS) == 0;
}

/* Each record of one list finds at most one of the other. */
struct match {
    const struct itl *before, *after;
    struct holder *olds, *news;
};

static void match_same(struct match *m) {
    for (size_t i = 0; i < m->before->count; i++) {
        for (size_t j = 0; j < m->after->count && !m->olds[i].done; j++) {
            if (m->news[j].done || !same_holder(&m->olds[i], &m->news[j]))
                continue;
            m->olds[i].done = true;
            m->news[j].done = true;
        }
    }
}

static void add(struct itl_diff *d, enum itl_change change, const struct itl_record *before,
                const struct itl_record *after) {
    d->rows[d->count++] = (struct itl_diff_row){change, before, after};
}

static void match_replaced(struct match *m, struct itl_diff *d) {
    for (size_t i = 0; i < m->before->count; i++) {
        const struct itl_record *a = m->olds[i].record;
        for (size_t j = 0; j < m->after->count && !m->olds[i].done; j++) {
            const struct itl_record *b = m->news[j].record;
            if (m->news[j].done || a->role != b->role || !bytes_equal(a->subject, b->subject))
                continue;
            m->olds[i].done = true;
            m->news[j].done = true;
            add(d, ITL_REPLACED, a, b);
        }
    }
}

static void match_rest(struct match *m, struct itl_diff *d) {
    for (size_t i = 0; i < m->before->count; i++)
        if (!m->olds[i].done)
            add(d, ITL_REMOVED, m->olds[i].record, NULL);
    for (size_t i = 0; i < m->after->count; i++)
        if (!m->news[i].done)
            add(d, ITL_ADDED, NULL, m->news[i].record);
}

static bool changed(const struct itl_diff *d, unsigned role, bool appeared) {
    for (size_t i = 0; i < d->count; i++) {
        const struct itl_record *r = appeared ? d->rows[i].after : d->rows[i].before;
        if (r != NULL && r->role == role)
            return true;
    }
    return false;
}

static bool has_common_sast(const struct match *m) {
    for (size_t i = 0; i < m->before->count; i++) {
        if (m->olds[i].record->role != ITL_ROLE_SAST)
            continue;
        for (size_t j = 0; j < m->after->count; j++)
            if (same_holder(&m->olds[i], &m->news[j]))
                return true;
    }
    return false;
}

static void judge(const struct match *m, struct itl_diff *d) {
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
    c[ITL_CONSEQUENCE_NO_COMMON_SAST] = taken && !has_common_sast(m);
    c[ITL_CONSEQUENCE_EC_ALLOWED] = taken && itl_allows_ec(b) && !itl_allows_ec(a);
    c[ITL_CONSEQUENCE_EC_NOT_ALLOWED] = taken && itl_allows_ec(a) && !itl_allows_ec(b);
}

static void match_all(struct match *m, struct itl_diff *d) {
    match_same(m);
    match_replaced(m, d);
    match_rest(m, d);
    judge(m, d);
}

int itl_diff(const struct itl *before, const struct itl *after, struct itl_diff *d, struct err *e) {
    struct match m = {before, after, holders_of(before), holders_of(after)};
    *d = (struct itl_diff){.before = before, .after = after};
    d->rows = calloc(before->count + after->count + 1, sizeof *d->rows);
    bool complete = m.olds != NULL && m.news != NULL && d->rows != NULL;
    if (complete)
        match_all(&m, d);
    else
        itl_diff_free(d);
    free(m.olds);
    free(m.news);
    return complete ? 0 : err_set(e, ERR_SYS_NOMEM, NULL);
}

void itl_diff_free(struct itl_diff *d) {
    free(d->rows);
    *d = (struct itl_diff){0};
}

bool itl_diff_taken(const struct itl_diff *d) {
    return d->update == ITL_UPDATE_IDENTICAL || d->update == ITL_UPDATE_ACCEPTED;
}
