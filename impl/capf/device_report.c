/* Writes devices out. The columns come from device_fields; nothing secret is among them. */
#include "capf/device_report.h"
#include "capf/cli.h"
#include "capf/csv.h"
#include "capf/device_fields.h"
#include <jansson.h>
#include <string.h>

enum { COLUMN_MAX = 64 * 1024, COLUMNS_MAX = 64 };

const char *const report_list_columns[] = {
    "name",      "operation", "status", "authentication-mode", "key-size", "ec-key-size",
    "key-order", "finish-by", NULL};
const char *const report_lsc_columns[] = {
    "name",       "model",          "operation",    "status",     "last-operated", "lsc-subject",
    "lsc-issuer", "lsc-valid-from", "lsc-valid-to", "lsc-expiry", "lsc-days-left", NULL};

struct report {
    const char *const *columns;
    enum report_format format;
    struct cli_choice *choice;
    FILE *out;
    json_t *rows;
    int widths[COLUMNS_MAX]; /* of the text table */
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

/* The last column is not padded. */
static void write_cell(const struct report *r, size_t i, const char *text) {
    if (r->columns[i + 1] == NULL)
        fprintf(r->out, "%s\n", text);
    else
        fprintf(r->out, "%-*s  ", r->widths[i], text);
}

static void write_text_row(const struct report *r, const struct device *d) {
    AUTO_BUF text = BUF_INIT(COLUMN_MAX);
    for (size_t i = 0; r->columns[i] != NULL; i++) {
        get_column(d, r->columns[i], &text);
        write_cell(r, i, text.len == 0 ? "-" : buf_str(&text));
    }
}

static void widen(struct report *r, size_t i, size_t len) {
    if (len > (size_t)r->widths[i])
        r->widths[i] = (int)len;
}

static bool measure_row(void *user, const struct device *d) {
    struct report *r = user;
    AUTO_BUF text = BUF_INIT(COLUMN_MAX);
    for (size_t i = 0; cli_wants(r->choice, d->name) && r->columns[i] != NULL; i++) {
        get_column(d, r->columns[i], &text);
        widen(r, i, text.len);
    }
    return true;
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

static bool write_row(void *user, const struct device *d) {
    struct report *r = user;
    if (!cli_wants(r->choice, d->name))
        return true;
    r->choice->taken++;
    if (r->format == REPORT_CSV)
        write_csv_row(r, d);
    else if (r->format == REPORT_TEXT)
        write_text_row(r, d);
    else
        json_array_append_new(r->rows, json_of(d, r->columns));
    return true;
}

static void write_heading(const struct report *r) {
    for (size_t i = 0; r->columns[i] != NULL; i++)
        if (r->format == REPORT_TEXT)
            write_cell(r, i, r->columns[i]);
        else
            fprintf(r->out, "%s%s", r->columns[i], r->columns[i + 1] == NULL ? "\n" : ",");
}

static int write_table(struct store *s, struct report *r, struct err *e) {
    for (size_t i = 0; r->columns[i] != NULL; i++)
        widen(r, i, strlen(r->columns[i]));
    if (r->format == REPORT_TEXT && store_each(s, measure_row, r, e) < 0)
        return -1;
    write_heading(r);
    return store_each(s, write_row, r, e);
}

static int write_json(struct store *s, struct report *r, struct err *e) {
    r->rows = json_array();
    int rc = store_each(s, write_row, r, e);
    json_dumpf(r->rows, r->out, JSON_INDENT(2));
    fputc('\n', r->out);
    json_decref(r->rows);
    return rc;
}

int report_devices(struct store *s, const char *const *columns, enum report_format format,
                   struct cli_choice *choice, FILE *out, struct err *e) {
    struct report r = {.columns = columns, .format = format, .choice = choice, .out = out};
    return format == REPORT_JSON ? write_json(s, &r, e) : write_table(s, &r, e);
}

void report_device(const struct device *d, enum report_format format, FILE *out) {
    const char *columns[COLUMNS_MAX] = {NULL};
    size_t count = 0;
    for (const struct device_field *f = device_fields; f->name != NULL && count < COLUMNS_MAX - 1;
         f++)
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
