/* CUCM's `show itl` text. The words and their misspellings are CUCM's; the columns are those of a
 * terminal with tabs every eight (itl-format.md 7). */
#include "itl/show.h"

#include "base/clock.h"
#include "itl/itl_fields.h"

#include <openssl/evp.h>
#include <string.h>

enum {
    TAB = 8,
    TAG_AT = 8,
    LENGTH_AT = 24,
    SIGNATURE_PER_LINE = 16,
    CTL_PREFIX = 3,
    HEX_AT_ONCE = 64
};

static const char column_heads[] = "BYTEPOS TAG             LENGTH  VALUE\n"
                                   "------- ---             ------  -----\n";

static const char digits[] = "0123456789abcdef";

void itl_put_hex(struct bytes v, char separator, struct buf *out) {
    static const char upper[] = "0123456789ABCDEF";
    size_t width = separator == '\0' ? 2 : 3;
    char line[HEX_AT_ONCE * 3];
    for (size_t from = 0; from < v.len; from += HEX_AT_ONCE) {
        size_t count = v.len - from < HEX_AT_ONCE ? v.len - from : HEX_AT_ONCE;
        for (size_t i = 0; i < count; i++) {
            uint8_t octet = v.data[from + i];
            line[i * width] = upper[octet >> 4];
            line[i * width + 1] = upper[octet & 15];
            line[i * width + width - 1] = width == 3 ? separator : line[i * width + 1];
        }
        bool last = from + count == v.len;
        buf_put(out, line, count * width - (last ? width - 2 : 0));
    }
}

void itl_put_sha1(struct bytes v, char separator, struct buf *out) {
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_Digest(v.data, v.len, hash, &len, EVP_sha1(), NULL) == 1)
        itl_put_hex(bytes_of(hash, len), separator, out);
}

/* Most of the text is numbers: printf would take as long as the verification's hashing. */
static void put_number(size_t number, struct buf *out) {
    char text[24];
    size_t at = sizeof text;
    do
        text[--at] = digits[number % 10];
    while ((number /= 10) > 0);
    buf_put(out, text + at, sizeof text - at);
}

/* --- columns --- */

struct row {
    struct buf *out;
    size_t from; /* where the line starts */
};

static void to_column(const struct row *row, size_t column) {
    static const char blanks[] = "                                ";
    size_t at = row->out->len - row->from;
    size_t to = at < column ? column : (at / TAB + 1) * TAB;
    buf_put(row->out, blanks, to - at);
}

static struct row begin_row(unsigned tag, const char *name, size_t len, struct buf *out) {
    struct row row = {out, out->len};
    put_number(tag, out);
    to_column(&row, TAG_AT);
    buf_put_str(out, name);
    to_column(&row, LENGTH_AT);
    put_number(len, out);
    return row;
}

/* Peer text: a control character must not reach the terminal. */
static void put_value(const struct row *row, struct bytes value) {
    if (value.len == 0)
        return;
    to_column(row, LENGTH_AT + TAB);
    size_t from = row->out->len;
    buf_put_bytes(row->out, value);
    for (size_t i = from; i < row->out->len; i++)
        if (row->out->data[i] < ' ' || row->out->data[i] == 0x7f)
            row->out->data[i] = '?';
}

static void put_hex_value(const struct row *row, struct bytes value, char separator) {
    to_column(row, LENGTH_AT + TAB);
    itl_put_hex(value, separator, row->out);
}

static void put_number_value(const struct row *row, size_t number) {
    to_column(row, LENGTH_AT + TAB);
    put_number(number, row->out);
}

/* --- header --- */

static void put_signature(struct bytes signature, struct buf *out) {
    char text[4];
    for (size_t i = 0; i < signature.len; i++) {
        uint8_t octet = signature.data[i];
        size_t len = 0;
        if (i % SIGNATURE_PER_LINE != 0) {
            text[len++] = ' ';
            text[len++] = ' ';
        } else if (i > 0) {
            text[len++] = '\n';
        }
        if (octet > 15)
            text[len++] = digits[octet >> 4];
        text[len++] = digits[octet & 15];
        buf_put(out, text, len);
    }
    buf_put_u8(out, '\n');
}

/* A container's row has the length of its length. */
static void put_header_field(const struct itl_field *f, struct buf *out) {
    bool container = itl_header_is_container(f->tag);
    struct row row = begin_row(f->tag, itl_header_shown(f->tag), container ? 2 : f->value.len, out);
    switch (f->tag) {
    case ITL_HEADER_SIGNERID:
    case ITL_HEADER_SIGNATUREINFO:
    case ITL_HEADER_SIGNATUREALGOINFO:
        put_number_value(&row, f->value.len);
        break;
    case ITL_HEADER_SIGNERNAME:
    case ITL_HEADER_CANAME:
        put_value(&row, itl_field_text(f));
        break;
    case ITL_HEADER_SERIALNUMBER:
        put_hex_value(&row, f->value, ':');
        break;
    case ITL_HEADER_SIGNERVERSION:
        to_column(&row, LENGTH_AT + TAB);
        buf_printf(out, "%u.%u", f->value.data[0], f->value.data[1]);
        break;
    default:
        break;
    }
    buf_put_u8(out, '\n');
    if (f->tag == ITL_HEADER_SIGNATURE)
        put_signature(f->value, out);
}

static void put_header(const struct itl *list, const char *kind, struct buf *out) {
    const struct itl_header *h = &list->header;
    buf_printf(out, "Parse %s File\n----------------\n\n", kind);
    buf_printf(out, "Version:        %u.%u\n", h->major, h->minor);
    buf_printf(out, "HeaderLength:   %u (BYTES)\n\n%s", h->length, column_heads);
    for (size_t i = 0; i < h->field_count; i++)
        if (h->fields[i].tag != ITL_HEADER_VERSION && h->fields[i].tag != ITL_HEADER_HEADERLENGTH)
            put_header_field(&h->fields[i], out);
}

/* --- records --- */

static void put_address(const struct row *row, struct bytes address) {
    if (address.len != 4) {
        put_hex_value(row, address, ':');
        return;
    }
    to_column(row, LENGTH_AT + TAB);
    buf_printf(row->out, "%u.%u.%u.%u", address.data[0], address.data[1], address.data[2],
               address.data[3]);
}

static void put_role(const struct row *row, unsigned role) {
    if (!itl_role_is_known(role))
        put_number_value(row, role);
    else
        put_value(row, bytes_of_str(itl_role_shown(role)));
}

static void put_record_field(const struct itl_field *f, struct buf *out) {
    struct row row = begin_row(f->tag, itl_record_shown(f->tag), f->value.len, out);
    switch (f->tag) {
    case ITL_RECORD_RECORDLENGTH:
        put_number_value(&row, itl_field_number(f));
        break;
    case ITL_RECORD_DNSNAME:
    case ITL_RECORD_SUBJECTNAME:
    case ITL_RECORD_ISSUERNAME:
        put_value(&row, itl_field_text(f));
        break;
    case ITL_RECORD_FUNCTION:
        put_role(&row, itl_field_number(f));
        break;
    case ITL_RECORD_SERIALNUMBER:
        put_hex_value(&row, f->value, ':');
        break;
    case ITL_RECORD_CERTIFICATE:
        to_column(&row, LENGTH_AT + TAB);
        itl_put_sha1(f->value, ' ', out);
        buf_put_str(out, " (SHA1 Hash HEX)");
        break;
    case ITL_RECORD_IPADDRESS:
        put_address(&row, f->value);
        break;
    case ITL_RECORD_CERTHASH:
        put_hex_value(&row, f->value, ' ');
        break;
    case ITL_RECORD_HASHALGORITHM:
        put_value(&row, bytes_of_str("null"));
        break;
    default:
        break;
    }
    buf_put_u8(out, '\n');
}

static void put_record(const struct itl_record *record, const struct itl_record *signer,
                       const char *kind, struct buf *out) {
    buf_printf(out, "\n        %s Record #:%zu\n                  ----\n%s", kind, record->number,
               column_heads);
    for (size_t i = 0; i < record->field_count; i++)
        put_record_field(&record->fields[i], out);
    if (record->role == ITL_ROLE_SAST)
        buf_printf(out, "This etoken was %sused to sign the %s file.\n",
                   record == signer ? "" : "not ", kind);
}

/* --- the whole --- */

static void put_checksums(struct bytes file, const char *kind, struct buf *out) {
    uint8_t md5[EVP_MAX_MD_SIZE], sha1[EVP_MAX_MD_SIZE];
    unsigned md5_len = 0, sha1_len = 0;
    EVP_Digest(file.data, file.len, md5, &md5_len, EVP_md5(), NULL);
    EVP_Digest(file.data, file.len, sha1, &sha1_len, EVP_sha1(), NULL);
    AUTO(char) md5_hex = hex_encode(bytes_of(md5, md5_len), 0);
    AUTO(char) sha1_hex = hex_encode(bytes_of(sha1, sha1_len), 0);
    buf_printf(out, "The checksum value of the %s file:\n%s(MD5)\n%s(SHA1)\n\n", kind,
               md5_hex == NULL ? "" : md5_hex, sha1_hex == NULL ? "" : sha1_hex);
}

static void put_date(const struct itl *list, const char *kind, struct buf *out) {
    char date[64];
    struct tm utc = clock_utc((int64_t)list->header.timestamp * 1000000);
    strftime(date, sizeof date, "%a %b %d %H:%M:%S UTC %Y", &utc);
    buf_printf(out, "Length of %s file: %zu\nThe %s File was last modified on %s\n\n", kind,
               list->file.len, kind, date);
}

int itl_show(const struct itl *list, struct buf *out, struct err *e) {
    const char *kind = itl_is_ctl(list) ? "CTL" : "ITL";
    const struct itl_record *signer = NULL;
    int rc = itl_verify(list, list, &signer, e);
    put_checksums(list->file, kind, out);
    put_date(list, kind, out);
    put_header(list, kind, out);
    for (size_t i = 0; i < list->count; i++)
        put_record(&list->records[i], signer, kind, out);
    if (rc == 0)
        buf_printf(out, "\nThe %s file was verified successfully.\n", kind);
    else
        buf_printf(out, "\nVerification of the %s file failed.\nError parsing the %s file!!\n",
                   kind, kind);
    return out->failed ? err_set(e, ERR_SYS_LIMIT, "no room for the text") : rc;
}

void itl_show_unreadable(const char *path, struct bytes file, struct buf *out) {
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const char *kind = strncmp(name, "CTL", CTL_PREFIX) == 0 ? "CTL" : "ITL";
    if (file.len > 0) {
        put_checksums(file, kind, out);
        buf_printf(out, "Length of %s file: %zu\n", kind, file.len);
    } else {
        buf_printf(out, "Length of %s file: 0\n%s File not found.%s\n", kind, kind,
                   *kind == 'C' ? " Please run CTLClient plugin or run the CLI - utils ctl.. to "
                                  "generate the CTL file."
                                : "");
    }
    buf_printf(out, "Error parsing the %s File.\n", kind);
}
