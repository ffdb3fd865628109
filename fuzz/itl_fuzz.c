/* Reaches itl_parse, itl_put, itl_next, itl_find_issued, itl_verify, itl_judge_update, itl_show,
 * itl_show_json, itl_diff, itl_diff_put, itl_diff_json, itl_notes and itl_sign_again; itl_key.h
 * says who signs. Input: a trust list. What parses is written as the same bytes. The last byte of
 * its timestamp may ask for more (itl_key.h): who signed it, by OpenSSL, too (0); what a phone does
 * with it (1); that it is signed again (2); that it is put into words (3, 4), compared (5) or
 * judged (6). Floor: 20000/s. */
#include "fuzz/itl_key.h"
#include "fuzz/itl_mutate.h"
#include "itl/diff.h"
#include "itl/itl_write.h"
#include "itl/notes.h"
#include "itl/show.h"

enum { TEXT_MAX = 16 * 1024 * 1024, RECORDS_SHOWN_MAX = 64 };

static void check_signature(const struct itl *list);
static void check_update(const struct itl *list);
static void check_signed_again(const struct itl *list);
static void check_text(const struct itl *list);
static void check_json(const struct itl *list);
static void check_diff(const struct itl *list);
static void check_notes(const struct itl *list);

typedef void check_fn(const struct itl *list);
static check_fn *const rare_checks[] = {check_signature, check_update, check_signed_again,
                                        check_text,      check_json,   check_diff,
                                        check_notes};
enum { RARE_CHECKS = sizeof rare_checks / sizeof rare_checks[0] };

static void check_refused(const struct err *e) {
    FUZZ_CHECK(e->code == ERR_ITL_HEADER || e->code == ERR_ITL_RECORD ||
               e->code == ERR_ITL_ALGORITHM || e->code == ERR_ITL_VERSION ||
               e->code == ERR_ITL_TOO_LARGE);
}

static void check_round_trip(const struct itl *list) {
    AUTO_BUF written = BUF_INIT(ITL_MAX);
    struct err e = {0};
    FUZZ_CHECK_OK(itl_put(list, &written, &e), e);
    FUZZ_CHECK(bytes_equal(buf_view(&written), list->file));
}

/* The records tile what is behind the header, and each is found by what it says of itself. */
static void check_records(const struct itl *list) {
    size_t at = list->header.length;
    for (size_t i = 0; i < list->count; i++) {
        const struct itl_record *r = &list->records[i];
        FUZZ_CHECK(r->offset == at && r->number == i + 1);
        at += r->length;
        if (i >= RECORDS_SHOWN_MAX)
            continue;
        const struct itl_record *found = itl_find_issued(list, r->role, r->issuer, r->serial);
        FUZZ_CHECK(found != NULL && found->number <= r->number);
        FUZZ_CHECK(itl_next(list, r->role, NULL)->number <= r->number);
    }
    FUZZ_CHECK(at == list->file.len);
}

static bool signed_by_record(const struct itl *list, const struct itl_record *record) {
    struct err e = {0};
    AUTO(X509) signer = itl_record_certificate(record, &e);
    return record->role == ITL_ROLE_SAST && signer != NULL &&
           itl_key_signed(signer, &list->header, list->file);
}

/* Nothing verifies that a trusted key did not sign. */
static void check_signature(const struct itl *list) {
    const struct itl_record *record = NULL;
    struct err e = {0};
    bool verified = itl_verify(list, itl_key()->trusted, &record, &e) == 0;
    FUZZ_CHECK(!verified || signed_by_record(list, record));
}

static void check_update(const struct itl *list) {
    const struct itl *held[] = {NULL, itl_key()->trusted};
    struct err e = {0};
    bool verified = itl_verify(list, itl_key()->trusted, NULL, &e) == 0;
    enum itl_update update = itl_judge_update(held, 2, list, NULL, &e);
    FUZZ_CHECK(verified == (update == ITL_UPDATE_ACCEPTED || update == ITL_UPDATE_IDENTICAL));
}

/* Signed by the key, whatever the list is, it verifies. */
static void check_signed_again(const struct itl *list) {
    AUTO_BUF out = BUF_INIT(ITL_MAX);
    struct err e = {0};
    if (itl_sign_again(list, itl_key()->signer, itl_key()->key, ITL_DIGEST_SHA1, 1, &out, &e) !=
        0) {
        FUZZ_CHECK(e.code == ERR_ITL_TOO_LARGE);
        return;
    }
    AUTO(ITL) again = itl_parse(buf_view(&out), &e);
    FUZZ_CHECK(again != NULL && again->count == list->count);
    FUZZ_CHECK_OK(itl_verify_by(again, itl_key()->signer, &e), e);
    FUZZ_CHECK(itl_key_signed(itl_key()->signer, &again->header, again->file));
}

static void check_text(const struct itl *list) {
    AUTO_BUF text = BUF_INIT(TEXT_MAX);
    struct err e = {0};
    if (itl_show(list, &text, &e) != 0)
        FUZZ_CHECK(e.code == ERR_ITL_SIGNATURE || e.code == ERR_ITL_SIGNER_UNKNOWN ||
                   e.code == ERR_ITL_CERTIFICATE);
    FUZZ_CHECK(text.len > 0 && memchr(text.data, 0x1b, text.len) == NULL);
}

static void check_json(const struct itl *list) {
    json_t *json = itl_show_json(list);
    FUZZ_CHECK(json != NULL);
    FUZZ_CHECK(json_array_size(json_object_get(json, "records")) == list->count);
    json_decref(json);
}

static void check_diff(const struct itl *list) {
    AUTO_BUF text = BUF_INIT(TEXT_MAX);
    struct itl_diff d;
    struct err e = {0};
    FUZZ_CHECK_OK(itl_diff(itl_key()->trusted, list, &d, &e), e);
    FUZZ_CHECK(d.count <= itl_key()->trusted->count + list->count);
    itl_diff_put(&d, &text);
    FUZZ_CHECK(text.len > 0 && memchr(text.data, 0x1b, text.len) == NULL);
    json_t *json = itl_diff_json(&d);
    FUZZ_CHECK(json != NULL);
    json_decref(json);
    itl_diff_free(&d);
}

static void count_note(void *user, enum itl_note note, const struct itl_record *record) {
    (void)record;
    FUZZ_CHECK(itl_note_text(note) != NULL);
    (*(size_t *)user)++;
}

static void check_notes(const struct itl *list) {
    size_t count = 0;
    itl_notes(list, count_note, &count);
    FUZZ_CHECK(count <= 4 + 2 * list->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct err e = {0};
    AUTO(ITL) list = itl_parse(bytes_of(data, size), &e);
    if (list == NULL) {
        check_refused(&e);
        return 0;
    }
    check_round_trip(list);
    check_records(list);
    unsigned wanted = itl_asks(&list->header, list->file);
    if (wanted < RARE_CHECKS && list->count <= RECORDS_SHOWN_MAX)
        rare_checks[wanted](list);
    return 0;
}

/* --- mutating --- */

static void mutate_records(struct mutation *m, struct itl *list) {
    size_t at = mutate_pick(m, list->count), to = mutate_pick(m, list->count);
    struct itl_record *grown = realloc(list->records, (list->count + 1) * sizeof list->records[0]);
    FUZZ_CHECK(grown != NULL);
    list->records = grown;
    struct itl_record swapped = grown[at];
    switch (mutate_pick(m, 3)) {
    case 0:
        grown[list->count++] = swapped;
        break;
    case 1:
        grown[at] = grown[to];
        grown[to] = swapped;
        break;
    default:
        grown[at] = grown[--list->count];
    }
}

static void mutate_model(struct mutation *m, struct itl *list) {
    unsigned what = mutate_pick(m, 8);
    if (what < 2 || list->count == 0) {
        mutate_header(m, &list->header);
    } else if (what == 2) {
        mutate_records(m, list);
    } else {
        struct itl_record *r = &list->records[mutate_pick(m, list->count)];
        mutate_fields(m,
                      &(struct mutate_fields){r->fields, &r->field_count, ITL_RECORD_FIELDS_MAX});
    }
}

/* The changed list signed by the key, if it still is one. */
static void sign_anew(struct mutation *m, struct buf *out) {
    struct err e = {0};
    AUTO(ITL) list = itl_parse(buf_view(out), &e);
    if (list == NULL || mutate_pick(m, 4) != 0)
        return;
    AUTO_BUF again = BUF_INIT(ITL_MAX);
    if (itl_sign_again(list, itl_key()->signer, itl_key()->key, ITL_DIGEST_SHA1,
                       mutate_pick(m, 2 * RARE_CHECKS), &again, &e) == 0) {
        buf_reset(out);
        buf_put_bytes(out, buf_view(&again));
    }
}

/* One length of the list as it was, at a place that may have moved. */
static void lie_about_a_length(struct mutation *m, const struct itl *list, struct buf *out) {
    const struct itl_field *f = &list->header.fields[mutate_pick(m, list->header.field_count)];
    if (list->count > 0 && mutate_pick(m, 4) != 0) {
        const struct itl_record *r = &list->records[mutate_pick(m, list->count)];
        f = &r->fields[mutate_pick(m, r->field_count)];
    }
    /* RECORDLENGTH and HEADERLENGTH are values, behind their own length. */
    uint32_t offset = f->offset + (f->tag <= 2 && f->value.len == 2 ? 2 : 0);
    if (offset + 3 <= out->len)
        mutate_lie(m, out->data, offset);
}

static size_t mutate_list(uint8_t *data, size_t size, size_t max, unsigned seed) {
    static struct mutation m;
    AUTO_BUF out = BUF_INIT(MUTATE_FILE_MAX);
    struct err e = {0};
    m.seed = seed;
    AUTO(ITL) list = itl_parse(bytes_of(data, size), &e);
    if (list == NULL)
        return LLVMFuzzerMutate(data, size, max);
    if (mutate_pick(&m, 4) == 0) {
        buf_put(&out, data, size);
        lie_about_a_length(&m, list, &out);
    } else {
        mutate_model(&m, list);
        if (itl_put(list, &out, &e) == 0 && mutate_pick(&m, 8) == 0)
            sign_anew(&m, &out);
    }
    if (out.failed || out.len == 0 || out.len > max)
        return LLVMFuzzerMutate(data, size, max);
    memcpy(data, out.data, out.len);
    return out.len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed) {
    return seed % 2 == 0 ? LLVMFuzzerMutate(data, size, max)
                         : mutate_list(data, size, max, seed / 2);
}
