/* Reading trust lists: a copy of the file, its header, and its records as views. A list is taken
 * whole or refused whole. */
#include "itl/itl.h"

#include "base/file.h"
#include "itl/itl_fields.h"

#include <string.h>

struct record_row {
    bool known;
    enum itl_kind kind;
};

static const struct record_row rows[] = {
#define X(number, name, shown, encoding) [number] = {true, ITL_KIND_##encoding},
    ITL_RECORD_TABLE(X)
#undef X
};

enum {
    ROW_COUNT = sizeof rows / sizeof rows[0],
    RECORD_HEAD = ITL_FIELD_HEAD + 2,
    FIRST_RECORDS = 8
};

struct record_reader {
    struct itl_reader r;
    struct itl_record *record;
    uint32_t seen;
};

static void take(struct itl_record *record, const struct itl_field *f) {
    switch (f->tag) {
    case ITL_RECORD_DNSNAME:
        record->dns_name = itl_field_text(f);
        break;
    case ITL_RECORD_SUBJECTNAME:
        record->subject = itl_field_text(f);
        break;
    case ITL_RECORD_FUNCTION:
        record->role = (uint16_t)itl_field_number(f);
        break;
    case ITL_RECORD_ISSUERNAME:
        record->issuer = itl_field_text(f);
        break;
    case ITL_RECORD_SERIALNUMBER:
        record->serial = f->value;
        break;
    case ITL_RECORD_PUBLICKEY:
        record->public_key = f->value;
        break;
    case ITL_RECORD_SIGNATURE:
        record->signature = f->value;
        break;
    case ITL_RECORD_CERTIFICATE:
        record->certificate = f->value;
        break;
    case ITL_RECORD_IPADDRESS:
        record->address = f->value;
        break;
    case ITL_RECORD_CERTHASH:
        record->hash = f->value;
        break;
    case ITL_RECORD_HASHALGORITHM:
        record->hash_algorithm = f->value.data[0];
        break;
    default:
        break;
    }
}

/* One SEQUENCE of definite length that fills the value: what hides behind it is nobody's. */
static bool is_one_der(struct bytes v) {
    struct cursor c = cursor_of(v);
    uint8_t tag = 0, first = 0, octet = 0;
    size_t len = 0;
    if (!cursor_u8(&c, &tag) || tag != 0x30 || !cursor_u8(&c, &first))
        return false;
    if (first < 0x80)
        return first == cursor_left(&c);
    if (first < 0x81 || first > 0x83)
        return false;
    for (int i = first & 0x7f; i > 0; i--) {
        if (!cursor_u8(&c, &octet))
            return false;
        len = len << 8 | octet;
    }
    return len == cursor_left(&c);
}

static int check_value(const struct record_reader *x, const struct itl_field *f) {
    bool known = f->tag < ROW_COUNT && rows[f->tag].known;
    if (known && (x->seen & 1U << f->tag) != 0)
        return itl_reader_fail(&x->r, f->offset, f->tag,
                               "stands here a second time; does RECORDLENGTH %u tell too much?",
                               x->record->length);
    if (known && itl_reader_check(&x->r, f, rows[f->tag].kind) != 0)
        return -1;
    if (f->tag == ITL_RECORD_CERTIFICATE && !is_one_der(f->value))
        return itl_reader_fail(&x->r, f->offset, f->tag,
                               "these %zu bytes are not one certificate in DER", f->value.len);
    if (f->tag == ITL_RECORD_IPADDRESS && f->value.len != 4 && f->value.len != 16)
        return itl_reader_fail(&x->r, f->offset, f->tag, "%zu bytes long instead of 4 or 16",
                               f->value.len);
    if (f->tag == ITL_RECORD_SERIALNUMBER && f->value.len == 0)
        return itl_reader_fail(&x->r, f->offset, f->tag, "is empty");
    return 0;
}

static int place(struct record_reader *x, const struct itl_field *f) {
    if (x->record->field_count == ITL_RECORD_FIELDS_MAX)
        return itl_reader_fail(&x->r, f->offset, f->tag, "more than %d fields",
                               ITL_RECORD_FIELDS_MAX);
    if (check_value(x, f) != 0)
        return -1;
    if (f->tag < ROW_COUNT)
        x->seen |= 1U << f->tag;
    x->record->fields[x->record->field_count++] = *f;
    take(x->record, f);
    return 0;
}

static const struct itl_field *field_of(const struct itl_record *record, unsigned tag) {
    const struct itl_field *f = record->fields;
    while (f->tag != tag)
        f++;
    return f;
}

static bool has(const struct record_reader *x, unsigned tag) {
    return (x->seen & 1U << tag) != 0;
}

static int check_hash(const struct record_reader *x) {
    const struct itl_record *record = x->record;
    unsigned algorithm =
        has(x, ITL_RECORD_HASHALGORITHM) ? record->hash_algorithm : ITL_DIGEST_SHA1;
    size_t octets = itl_digest_octets(algorithm);
    if (octets == 0)
        return itl_reader_fail(&x->r, field_of(record, ITL_RECORD_HASHALGORITHM)->offset,
                               ITL_RECORD_HASHALGORITHM,
                               "%u is no digest (1 SHA-1, 2 SHA-256, 3 SHA-512)", algorithm);
    if (has(x, ITL_RECORD_CERTHASH) && record->hash.len != octets)
        return itl_reader_fail(&x->r, field_of(record, ITL_RECORD_CERTHASH)->offset,
                               ITL_RECORD_CERTHASH, "%zu bytes long instead of %zu",
                               record->hash.len, octets);
    return 0;
}

static int check_record(const struct record_reader *x) {
    const struct itl_record *record = x->record;
    if (!has(x, ITL_RECORD_FUNCTION))
        return itl_reader_fail(&x->r, record->offset + record->length, ITL_RECORD_FUNCTION,
                               "is missing");
    if (has(x, ITL_RECORD_CERTIFICATE) && has(x, ITL_RECORD_CERTHASH))
        return itl_reader_fail(&x->r, field_of(record, ITL_RECORD_CERTHASH)->offset,
                               ITL_RECORD_CERTHASH, "stands beside a CERTIFICATE");
    return check_hash(x);
}

/* RECORDLENGTH stands first: it says where the record ends. */
static int read_record_length(struct record_reader *x) {
    struct itl_field f;
    size_t left = cursor_left(&x->r.at);
    x->record->offset = itl_reader_offset(&x->r);
    if (itl_reader_field(&x->r, &f) != 0)
        return -1;
    if (f.tag != ITL_RECORD_RECORDLENGTH)
        return itl_reader_fail(&x->r, f.offset, ITL_RECORD_RECORDLENGTH,
                               "tag %u stands at the start of the record", f.tag);
    if (place(x, &f) != 0)
        return -1;
    x->record->length = (uint16_t)itl_field_number(&f);
    if (x->record->length < RECORD_HEAD || x->record->length > left)
        return itl_reader_fail(&x->r, f.offset, f.tag,
                               "%u cannot be: %zu bytes of the file are left", x->record->length,
                               left);
    x->r.at.end = x->r.file.data + f.offset + x->record->length;
    x->r.inside = "the record";
    return 0;
}

/* Reads one record from the front of r, which moves behind it. */
static int read_record(struct itl_reader *r, struct itl_record *record) {
    struct record_reader x = {.r = *r, .record = record};
    struct itl_field f;
    *record = (struct itl_record){.number = r->record};
    if (read_record_length(&x) != 0)
        return -1;
    while (cursor_left(&x.r.at) > 0)
        if (itl_reader_field(&x.r, &f) != 0 || place(&x, &f) != 0)
            return -1;
    r->at.at = x.r.at.end;
    return check_record(&x);
}

static struct itl_record *next_slot(struct itl *list, size_t *room, struct err *e) {
    if (list->count == *room) {
        size_t more = *room == 0 ? FIRST_RECORDS : 2 * *room;
        struct itl_record *grown = realloc(list->records, more * sizeof *grown);
        if (grown == NULL) {
            err_set(e, ERR_SYS_NOMEM, NULL);
            return NULL;
        }
        list->records = grown;
        *room = more;
    }
    return &list->records[list->count];
}

static int read_records(struct itl *list, struct err *e) {
    struct bytes rest = {list->file.data + list->header.length,
                         list->file.len - list->header.length};
    struct itl_reader r = {list->file, cursor_of(rest), "the file", 1, e};
    size_t room = 0;
    for (; cursor_left(&r.at) > 0; r.record++) {
        struct itl_record *slot = next_slot(list, &room, e);
        if (slot == NULL || read_record(&r, slot) != 0)
            return -1;
        list->count++;
    }
    return 0;
}

/* Only lengths are believed here, as far as they lead. */
static int fail_too_large(struct bytes file, struct err *e) {
    struct err ignored = {0};
    struct itl_header h;
    struct itl_record record;
    const char *advice = "phones take no more than 65535, about 39 certificates";
    if (itl_header_read(file, &h, &ignored) != 0)
        return err_set(e, ERR_ITL_TOO_LARGE, "%zu bytes; %s", file.len, advice);
    struct bytes rest = {file.data + h.length, file.len - h.length};
    struct itl_reader r = {file, cursor_of(rest), "the file", 1, &ignored};
    while (itl_reader_offset(&r) <= ITL_MAX && read_record(&r, &record) == 0) {
        if (itl_reader_offset(&r) > ITL_MAX)
            return err_set(e, ERR_ITL_TOO_LARGE,
                           "byte %u: record %zu: RECORDLENGTH: the record ends at byte %u of %zu; "
                           "%s",
                           (unsigned)record.offset, record.number, (unsigned)itl_reader_offset(&r),
                           file.len, advice);
        r.record++;
    }
    return err_set(e, ERR_ITL_TOO_LARGE, "%zu bytes; %s", file.len, advice);
}

static struct itl *copy_of(struct bytes file, struct err *e) {
    AUTO(ITL) list = calloc(1, sizeof *list);
    uint8_t *own = malloc(file.len > 0 ? file.len : 1);
    if (list == NULL || own == NULL) {
        free(own);
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    if (file.len > 0)
        memcpy(own, file.data, file.len);
    list->file = bytes_of(own, file.len);
    return TAKE(list);
}

struct itl *itl_parse(struct bytes file, struct err *e) {
    if (file.len > ITL_MAX) {
        fail_too_large(file, e);
        return NULL;
    }
    AUTO(ITL) list = copy_of(file, e);
    if (list == NULL || itl_header_read(list->file, &list->header, e) != 0 ||
        read_records(list, e) != 0)
        return NULL;
    return TAKE(list);
}

struct itl *itl_read_file(const char *path, struct err *e) {
    AUTO_BUF content = BUF_INIT(ITL_READ_MAX);
    if (file_read(path, &content, e) != 0)
        return NULL;
    struct itl *list = itl_parse(buf_view(&content), e);
    if (list == NULL)
        err_context(e, "%s", path);
    return list;
}

void itl_free(struct itl *list) {
    if (list == NULL)
        return;
    free((void *)(uintptr_t)list->file.data);
    free(list->records);
    free(list);
}

int itl_record_put(const struct itl_record *record, struct buf *out) {
    size_t length = 0;
    for (size_t i = 0; i < record->field_count; i++)
        length += ITL_FIELD_HEAD + record->fields[i].value.len;
    if (length > UINT16_MAX)
        return -1;
    for (size_t i = 0; i < record->field_count; i++) {
        const struct itl_field *f = &record->fields[i];
        buf_put_u8(out, f->tag);
        buf_put_u16(out, (uint16_t)f->value.len);
        if (f->tag == ITL_RECORD_RECORDLENGTH)
            buf_put_u16(out, (uint16_t)length);
        else
            buf_put_bytes(out, f->value);
    }
    return 0;
}
