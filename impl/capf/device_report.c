/* Writes devices out. The columns come from device_fields; nothing secret is among them. */
#include "capf/device_report.h"
#include "capf/csv.h"
#include "capf/device_fields.h"
#include <jansson.h>
#include <string.h>
#include <strings.h>

enum { COLUMN_MAX = 64 * 1024 };

const char *const report_list_columns[] = {
    "name",      "operation", "status", "authentication-mode", "key-size", "ec-key-size",
    "key-order", "finish-by", NULL};
const char *const report_lsc_columns[] = {
    "name",       "model",          "operation",    "status",     "last-operated", "lsc-subject",
    "lsc-issuer", "lsc-valid-from", "lsc-valid-to", "lsc-expiry", "lsc-days-left", NULL};

struct report {
    const char *const *columns;
    enum report_format format;
    char **names;
    int count;
    FILE *out;
    json_t *rows;
};

static void get_column(const struct device *d, const char *column, struct buf *text) {
    buf_reset(text);
    device_field_find(column)->get(d, text);
}

static void write_csv_row(const struct report *r, const struct device *d) {
    AUTO_BUF line = BUF_INIT(COLUMN_MAX);
    AUTO_BUF text = BUF_INIT(COLUMN_MAX);
    for (size_t i = 0; r->columns[i] != NULL; i++) {
        get_column(d, r->columns[i], &text);
        if (i > 0)
            buf_put_u8(&line, ',');
        csv_put(&line, buf_str(&text));
    }
    fprintf(r->out, "%s\n", buf_str(&line));
}

static void write_text_row(const struct report *r, const struct device *d) {
    AUTO_BUF text = BUF_INIT(COLUMN_MAX);
    for (size_t i = 0; r->columns[i] != NULL; i++) {
        get_column(d, r->columns[i], &text);
        fprintf(r->out, "%-16s%s", text.len == 0 ? "-" : buf_str(&text),
                r->columns[i + 1] == NULL ? "\n" : "  ");
    }
}

static json_t *json_of(const struct device *d, const char *const *columns) {
    AUTO_BUF text = BUF_INIT(COLUMN_MAX);
    json_t *row = json_object();
    for (size_t i = 0; columns[i] != NULL; i++) {
        get_column(d, columns[i], &text);
        json_object_set_new(row, columns[i],
                            text.len == 0 ? json_null() : json_string(buf_str(&text)));
    }
    return row;
}

static bool is_wanted(const struct report *r, const struct device *d) {
    for (int i = 0; i < r->count; i++)
        if (strcasecmp(r->names[i], d->name) == 0)
            return true;
    return r->count == 0;
}

static bool write_row(void *user, const struct device *d) {
    struct report *r = user;
    if (!is_wanted(r, d))
        return true;
    if (r->format == REPORT_CSV)
        write_csv_row(r, d);
    else if (r->format == REPORT_TEXT)
        write_text_row(r, d);
    else
        json_array_append_new(r->rows, json_of(d, r->columns));
    return true;
}

static void write_heading(const struct report *r) {
    const char *separator = r->format == REPORT_CSV ? "," : "  ";
    for (size_t i = 0; r->columns[i] != NULL; i++)
        fprintf(r->out, r->format == REPORT_CSV ? "%s%s" : "%-16s%s", r->columns[i],
                r->columns[i + 1] == NULL ? "\n" : separator);
}

int report_devices(struct store *s, const char *const *columns, enum report_format format,
                   char **names, int count, FILE *out, struct err *e) {
    struct report r = {columns, format, names, count, out, json_array()};
    if (format != REPORT_JSON)
        write_heading(&r);
    int rc = store_each(s, write_row, &r, e);
    if (format == REPORT_JSON) {
        json_dumpf(r.rows, out, JSON_INDENT(2));
        fputc('\n', out);
    }
    json_decref(r.rows);
    return rc;
}

void report_device(const struct device *d, enum report_format format, FILE *out) {
    const char *columns[64] = {NULL};
    size_t count = 0;
    for (const struct device_field *f = device_fields; f->name != NULL && count < 63; f++)
        columns[count++] = f->name;
    if (format == REPORT_JSON) {
        json_t *row = json_of(d, columns);
        json_dumpf(row, out, JSON_INDENT(2));
        fputc('\n', out);
        json_decref(row);
        return;
    }
    AUTO_BUF text = BUF_INIT(COLUMN_MAX);
    for (size_t i = 0; i < count; i++) {
        get_column(d, columns[i], &text);
        fprintf(out, "%-22s %s\n", columns[i], buf_str(&text));
    }
}
