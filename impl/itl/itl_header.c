/* The header that trust lists and signed files share (itl-format.md 2): read and written from one
 * table. Nothing of it is trusted here. */
#include "itl/itl_fields.h"

struct header_row {
    bool known;
    enum itl_kind kind;
    uint8_t container;
};

static const struct header_row rows[] = {
#define X(number, name, shown, encoding, within) [number] = {true, ITL_KIND_##encoding, within},
    ITL_HEADER_TABLE(X)
#undef X
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0], CONTAINERS_DEEP = 2 };
_Static_assert(ROW_COUNT <= 32, "one bit a tag");

static const struct header_row *row_of(unsigned tag) {
    static const struct header_row unknown = {false, ITL_KIND_OCTETS, 0};
    return tag < ROW_COUNT && rows[tag].known ? &rows[tag] : &unknown;
}

bool itl_header_is_container(unsigned tag) {
    return row_of(tag)->kind == ITL_KIND_CONTAINER;
}

struct header_reader {
    struct itl_reader r;
    struct itl_header *h;
    uint32_t seen; /* one bit a known tag */
};

static void take(struct itl_header *h, const struct itl_field *f) {
    switch (f->tag) {
    case ITL_HEADER_VERSION:
        h->major = f->value.data[0];
        h->minor = f->value.data[1];
        break;
    case ITL_HEADER_HEADERLENGTH:
        h->length = (uint16_t)itl_field_number(f);
        break;
    case ITL_HEADER_SIGNERNAME:
        h->signer_name = itl_field_text(f);
        break;
    case ITL_HEADER_SERIALNUMBER:
        h->serial = f->value;
        break;
    case ITL_HEADER_CANAME:
        h->issuer_name = itl_field_text(f);
        break;
    case ITL_HEADER_DIGESTALGORITHM:
        h->digest = f->value.data[0];
        break;
    case ITL_HEADER_SIGNATUREMODULUS:
        h->modulus = f->value.data[0];
        break;
    case ITL_HEADER_SIGNATURE:
        h->signature = f->value;
        h->signature_at = f->offset;
        break;
    case ITL_HEADER_FILENAME:
        h->file_name = itl_field_text(f);
        break;
    case ITL_HEADER_TIMESTAMP:
        h->timestamp = itl_field_number(f);
        break;
    case ITL_HEADER_SIGNERVERSION:
        h->has_signer_version = true;
        h->signer_version = (uint16_t)itl_field_number(f);
        break;
    default:
        break;
    }
}

static int place(struct header_reader *x, const struct itl_field *f, unsigned container) {
    const struct header_row *row = row_of(f->tag);
    if (x->h->field_count == ITL_FIELDS_MAX)
        return itl_reader_fail(&x->r, f->offset, f->tag, "more than %d fields", ITL_FIELDS_MAX);
    if (row->known && row->container != container)
        return itl_reader_fail(&x->r, f->offset, f->tag, "stands in %s",
                               container == 0 ? "no container" : itl_header_shown(container));
    if (row->known && (x->seen & 1U << f->tag) != 0)
        return itl_reader_fail(&x->r, f->offset, f->tag,
                               "stands here a second time; does HEADERLENGTH %u tell too much?",
                               x->h->length);
    if (itl_reader_check(&x->r, f, row->kind) != 0)
        return -1;
    if (row->known)
        x->seen |= 1U << f->tag;
    x->h->fields[x->h->field_count++] = *f;
    take(x->h, f);
    return 0;
}

static int read_fields(struct header_reader *x, unsigned container, unsigned depth);

static int read_container(struct header_reader *x, const struct itl_field *f, unsigned depth) {
    struct itl_reader outer = x->r;
    x->r.at = cursor_of(f->value);
    x->r.inside = itl_header_shown(f->tag);
    int rc = read_fields(x, f->tag, depth + 1);
    x->r = outer;
    return rc;
}

static bool at_padding(const struct header_reader *x, unsigned depth) {
    return depth == 0 && *x->r.at.at == ITL_HEADER_PADDING;
}

static int read_fields(struct header_reader *x, unsigned container, unsigned depth) {
    struct itl_field f;
    while (cursor_left(&x->r.at) > 0 && !at_padding(x, depth)) {
        if (itl_reader_field(&x->r, &f) != 0)
            return -1;
        f.depth = (uint8_t)depth;
        if (place(x, &f, container) != 0)
            return -1;
        if (depth < CONTAINERS_DEEP && itl_header_is_container(f.tag) &&
            read_container(x, &f, depth) != 0)
            return -1;
    }
    return 0;
}

static int read_padding(struct header_reader *x) {
    uint32_t from = itl_reader_offset(&x->r);
    uint8_t octet = 0;
    while (cursor_u8(&x->r.at, &octet)) {
        if (octet != ITL_HEADER_PADDING || ++x->h->padding > ITL_PADDING_MAX)
            return err_set(x->r.e, ERR_ITL_HEADER,
                           "byte %u: header: PADDING: not up to %d bytes of 0d to the end of the "
                           "header (HEADERLENGTH %u)",
                           (unsigned)from, ITL_PADDING_MAX, x->h->length);
    }
    return 0;
}

/* What makes it a list at all: VERSION and HEADERLENGTH, which stand in front. */
static int read_front(struct header_reader *x) {
    struct itl_field version, length;
    struct bytes file = x->r.file;
    static const uint8_t start[] = {ITL_HEADER_VERSION, 0, 2};
    if (file.len < sizeof start ||
        !bytes_equal(bytes_of(file.data, sizeof start), bytes_of(start, sizeof start)))
        return err_set(x->r.e, ERR_ITL_HEADER,
                       "byte 0: header: VERSION: not at the start of the "
                       "file; this is no trust list or signed file");
    if (itl_reader_field(&x->r, &version) != 0 || place(x, &version, 0) != 0)
        return -1;
    if (x->h->major == 2)
        return itl_reader_fail_as(&x->r, ERR_ITL_VERSION, 0, ITL_HEADER_VERSION,
                                  "%u.%u is that of an encrypted configuration file", x->h->major,
                                  x->h->minor);
    if (x->h->major != 1)
        return itl_reader_fail_as(&x->r, ERR_ITL_VERSION, 0, ITL_HEADER_VERSION,
                                  "%u.%u is not known", x->h->major, x->h->minor);
    if (itl_reader_field(&x->r, &length) != 0)
        return -1;
    if (length.tag != ITL_HEADER_HEADERLENGTH)
        return itl_reader_fail(&x->r, length.offset, ITL_HEADER_HEADERLENGTH,
                               "does not follow VERSION");
    if (place(x, &length, 0) != 0)
        return -1;
    if (x->h->length > file.len || x->h->length < itl_reader_offset(&x->r))
        return itl_reader_fail(&x->r, length.offset, ITL_HEADER_HEADERLENGTH,
                               "%u cannot be: the file has %zu bytes", x->h->length, file.len);
    x->r.at.end = file.data + x->h->length;
    return 0;
}

static int check_complete(const struct header_reader *x) {
    for (unsigned tag = 0; tag < ROW_COUNT; tag++)
        if (rows[tag].known && tag != ITL_HEADER_SIGNERVERSION && (x->seen & 1U << tag) == 0)
            return itl_reader_fail(&x->r, x->h->length, tag, "is missing");
    return 0;
}

static const struct itl_field *field_of(const struct itl_header *h, unsigned tag) {
    const struct itl_field *f = h->fields;
    while (f->tag != tag)
        f++;
    return f;
}

static int check_algorithms(const struct header_reader *x) {
    const struct itl_header *h = x->h;
    const struct itl_field *digest = field_of(h, ITL_HEADER_DIGESTALGORITHM);
    const struct itl_field *algorithm = field_of(h, ITL_HEADER_SIGNATUREALGORITHM);
    const struct itl_field *modulus = field_of(h, ITL_HEADER_SIGNATUREMODULUS);
    const struct itl_field *signature = field_of(h, ITL_HEADER_SIGNATURE);
    size_t octets = itl_modulus_octets(h->modulus);
    if (itl_digest_octets(h->digest) == 0)
        return itl_reader_fail_as(&x->r, ERR_ITL_ALGORITHM, digest->offset, digest->tag,
                                  "%u is no digest (1 SHA-1, 2 SHA-256, 3 SHA-512)", h->digest);
    if (algorithm->value.data[0] != ITL_SIGNATURE_RSA)
        return itl_reader_fail_as(&x->r, ERR_ITL_ALGORITHM, algorithm->offset, algorithm->tag,
                                  "%u is not RSA (0)", algorithm->value.data[0]);
    if (octets == 0)
        return itl_reader_fail_as(&x->r, ERR_ITL_ALGORITHM, modulus->offset, modulus->tag,
                                  "%u is no length of a key (0 to 3)", h->modulus);
    if (h->signature.len != octets)
        return itl_reader_fail_as(&x->r, ERR_ITL_ALGORITHM, signature->offset, signature->tag,
                                  "%zu bytes long, SIGNATUREMODULUS %u means %zu", h->signature.len,
                                  h->modulus, octets);
    if (h->serial.len == 0)
        return itl_reader_fail(&x->r, field_of(h, ITL_HEADER_SERIALNUMBER)->offset,
                               ITL_HEADER_SERIALNUMBER, "is empty");
    return 0;
}

int itl_header_read(struct bytes file, struct itl_header *h, struct err *e) {
    struct header_reader x = {.r = {file, cursor_of(file), "the header", 0, e}, .h = h};
    *h = (struct itl_header){0};
    if (read_front(&x) != 0 || read_fields(&x, 0, 0) != 0 || read_padding(&x) != 0 ||
        check_complete(&x) != 0)
        return -1;
    return check_algorithms(&x);
}

/* --- writing --- */

static size_t own_size(const struct itl_field *f) {
    return ITL_FIELD_HEAD + (itl_header_is_container(f->tag) ? 0 : f->value.len);
}

static size_t content_size(const struct itl_header *h, size_t container) {
    size_t size = 0;
    for (size_t i = container + 1; i < h->field_count; i++) {
        if (h->fields[i].depth <= h->fields[container].depth)
            break;
        size += own_size(&h->fields[i]);
    }
    return size;
}

size_t itl_header_size(const struct itl_header *h) {
    size_t size = h->padding;
    for (size_t i = 0; i < h->field_count; i++)
        size += own_size(&h->fields[i]);
    return size;
}

static void put_field(const struct itl_header *h, size_t i, struct buf *out) {
    const struct itl_field *f = &h->fields[i];
    bool container = itl_header_is_container(f->tag);
    buf_put_u8(out, f->tag);
    buf_put_u16(out, (uint16_t)(container ? content_size(h, i) : f->value.len));
    if (f->tag == ITL_HEADER_HEADERLENGTH)
        buf_put_u16(out, (uint16_t)itl_header_size(h));
    else if (!container)
        buf_put_bytes(out, f->value);
}

void itl_header_put(const struct itl_header *h, bool with_signature, struct buf *out) {
    for (size_t i = 0; i < h->field_count; i++)
        if (with_signature || h->fields[i].tag != ITL_HEADER_SIGNATURE)
            put_field(h, i, out);
    for (unsigned i = 0; i < h->padding; i++)
        buf_put_u8(out, ITL_HEADER_PADDING);
}
