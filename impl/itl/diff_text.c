/* The difference of two trust lists in words and as JSON. */
#include "itl/diff.h"
#include "itl/show.h"

#include <ctype.h>
#include <string.h>

enum { HEX_MAX = 256 * 1024, WORD_MAX = 32 };

static const char *const change_words[] = {
    [ITL_ADDED] = "added", [ITL_REMOVED] = "removed", [ITL_REPLACED] = "replaced"};

static const char *const consequence_texts[] = {
#define X(name, text) [ITL_CONSEQUENCE_##name] = text,
    ITL_CONSEQUENCE_TABLE(X)
#undef X
};

static const char *const update_texts[] = {
#define X(name, text) [ITL_UPDATE_##name] = text,
    ITL_UPDATE_TABLE(X)
#undef X
};

#define WORDS_OF(name, ...) #name,
static const char *const consequence_names[] = {ITL_CONSEQUENCE_TABLE(WORDS_OF)};
static const char *const update_names[] = {ITL_UPDATE_TABLE(WORDS_OF)};
#undef WORDS_OF

/* "NO_CAPF" as "no-capf". */
static const char *word_of(const char *name, char *out) {
    size_t i = 0;
    for (; i < WORD_MAX - 1 && name[i] != '\0'; i++)
        out[i] = (char)(name[i] == '_' ? '-' : tolower((unsigned char)name[i]));
    out[i] = '\0';
    return out;
}

const char *itl_consequence_name(enum itl_consequence c) {
    static char words[ITL_CONSEQUENCE_COUNT][WORD_MAX];
    return word_of(consequence_names[c], words[c]);
}

/* Peer text, made harmless for a terminal. */
static void put_text(struct bytes v, struct buf *out) {
    for (size_t i = 0; i < v.len; i++)
        buf_put_u8(out, v.data[i] < ' ' || v.data[i] == 0x7f ? '?' : v.data[i]);
}

static void put_role(unsigned role, struct buf *out) {
    if (!itl_role_is_known(role))
        buf_printf(out, "role %u", role);
    else
        buf_put_str(out, itl_role_word(role));
}

static void put_holder(const struct itl_record *r, struct buf *out) {
    put_text(r->subject.len > 0 ? r->subject : r->dns_name, out);
    buf_put_u8(out, ' ');
    itl_put_hex(r->serial, ':', out);
}

static void put_row(const struct itl_diff_row *row, struct buf *out) {
    const struct itl_record *r = row->before != NULL ? row->before : row->after;
    buf_printf(out, "%-8s  ", change_words[row->change]);
    put_role(r->role, out);
    buf_put_str(out, "  ");
    put_holder(r, out);
    if (row->change == ITL_REPLACED) {
        buf_put_str(out, " -> ");
        itl_put_hex(row->after->serial, ':', out);
        if (itl_serial_equal(row->before->serial, row->after->serial))
            buf_put_str(out, " (another certificate with that number)");
    }
    buf_put_u8(out, '\n');
}

static void put_signer(const struct itl_header *h, struct buf *out) {
    put_text(h->signer_name, out);
    buf_put_u8(out, ' ');
    itl_put_hex(h->serial, ':', out);
}

static bool same_signer(const struct itl_diff *d) {
    const struct itl_header *a = &d->before->header, *b = &d->after->header;
    return itl_serial_equal(a->serial, b->serial) && bytes_equal(a->issuer_name, b->issuer_name);
}

static void put_header_changes(const struct itl_diff *d, struct buf *out) {
    const struct itl_header *a = &d->before->header, *b = &d->after->header;
    if (!same_signer(d)) {
        buf_put_str(out, "signer    ");
        put_signer(a, out);
        buf_put_str(out, " -> ");
        put_signer(b, out);
        buf_put_u8(out, '\n');
    }
    if (a->digest != b->digest)
        buf_printf(out, "digest    %s -> %s\n", itl_digest_word(a->digest),
                   itl_digest_word(b->digest));
    if (a->timestamp != b->timestamp)
        buf_printf(out, "timestamp %u -> %u%s\n", a->timestamp, b->timestamp,
                   b->timestamp < a->timestamp ? " (older)" : "");
}

static void put_tvs_records(const struct itl_diff *d, struct buf *out) {
    for (const struct itl_record *r = NULL; (r = itl_next(d->before, ITL_ROLE_TVS, r)) != NULL;) {
        buf_printf(out, "  TVS: record %zu, ", r->number);
        put_holder(r, out);
        buf_put_u8(out, '\n');
    }
}

static void put_update(const struct itl_diff *d, struct buf *out) {
    buf_printf(out, "Phones that hold the first list: %s.\n", update_texts[d->update]);
    if (d->update == ITL_UPDATE_ACCEPTED) {
        buf_printf(out, "  signed by record %zu of the first list: ", d->signer->number);
        put_holder(d->signer, out);
        buf_put_u8(out, '\n');
    }
    if (d->update != ITL_UPDATE_ASK_TVS && d->update != ITL_UPDATE_REFUSED)
        return;
    buf_printf(out, "  %s\n", d->why.text);
    if (d->update == ITL_UPDATE_ASK_TVS)
        put_tvs_records(d, out);
    buf_put_str(out,
                "  if not taken: \"Trust List update failed\"; `utils itl reset localkey` signs "
                "with ITLRecovery, which phones may know\n");
}

void itl_diff_put(const struct itl_diff *d, struct buf *out) {
    put_header_changes(d, out);
    for (size_t i = 0; i < d->count; i++)
        put_row(&d->rows[i], out);
    if (d->count == 0)
        buf_put_str(out, "the records are the same\n");
    buf_put_u8(out, '\n');
    put_update(d, out);
    for (size_t i = 0; i < ITL_CONSEQUENCE_COUNT; i++)
        if (d->consequences[i])
            buf_printf(out, "  %s\n", consequence_texts[i]);
}

/* --- JSON --- */

static json_t *json_text(struct bytes v) {
    AUTO_BUF hex = BUF_INIT(HEX_MAX);
    json_t *text = json_stringn(v.len == 0 ? "" : (const char *)v.data, v.len);
    if (text != NULL)
        return text;
    itl_put_hex(v, '\0', &hex);
    return json_sprintf("hex:%s", buf_str(&hex));
}

static json_t *json_holder(const struct itl_record *r) {
    AUTO_BUF serial = BUF_INIT(HEX_MAX);
    if (r == NULL)
        return json_null();
    itl_put_hex(r->serial, ':', &serial);
    return json_pack("{s:I, s:o, s:s}", "record", (json_int_t)r->number, "subject",
                     json_text(r->subject), "serial", buf_str(&serial));
}

static json_t *json_rows(const struct itl_diff *d) {
    json_t *rows = json_array();
    for (size_t i = 0; i < d->count; i++) {
        const struct itl_diff_row *row = &d->rows[i];
        unsigned role = row->before != NULL ? row->before->role : row->after->role;
        json_array_append_new(
            rows, json_pack("{s:s, s:s, s:i, s:o, s:o}", "change", change_words[row->change],
                            "role", itl_role_word(role), "function", (int)role, "before",
                            json_holder(row->before), "after", json_holder(row->after)));
    }
    return rows;
}

json_t *itl_diff_json(const struct itl_diff *d) {
    char word[WORD_MAX];
    json_t *consequences = json_array();
    for (size_t i = 0; i < ITL_CONSEQUENCE_COUNT; i++)
        if (d->consequences[i])
            json_array_append_new(consequences,
                                  json_string(itl_consequence_name((enum itl_consequence)i)));
    json_t *all = json_pack("{s:s, s:o, s:b, s:s, s:o, s:o}", "schema", "capflab-itl-diff-1",
                            "changes", json_rows(d), "signer_changed", !same_signer(d), "update",
                            word_of(update_names[d->update], word), "signer",
                            json_holder(d->signer), "consequences", consequences);
    if (all != NULL && d->why.code != ERR_OK)
        json_object_set_new(
            all, "why",
            json_pack("{s:s, s:s}", "code", err_name(d->why.code), "text", d->why.text));
    return all;
}
