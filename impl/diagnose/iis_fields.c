/* Columns by their names. It must never read a column that a short line does not have. */
#include "diagnose/iis_fields.h"
#include <string.h>

static const struct {
    const char *name;
    int column;
} fields[IIS_FIELD_COUNT] = {
#define X(name, field, column) [IIS_FIELD_##name] = {field, column},
    IIS_FIELD_TABLE(X)
#undef X
};

static const char directive[] = "#Fields:";

/* The next word at *at, empty at the end of the line. */
static struct bytes next_word(struct bytes line, size_t *at) {
    while (*at < line.len && line.data[*at] == ' ')
        (*at)++;
    size_t from = *at;
    while (*at < line.len && line.data[*at] != ' ')
        (*at)++;
    return bytes_of(line.data + from, *at - from);
}

void iis_fields_init(struct iis_fields *f) {
    for (int i = 0; i < IIS_FIELD_COUNT; i++)
        f->columns[i] = fields[i].column;
}

static void name_column(struct iis_fields *f, struct bytes name, int column) {
    for (int i = 0; i < IIS_FIELD_COUNT; i++)
        if (bytes_equal(name, bytes_of_str(fields[i].name)))
            f->columns[i] = column;
}

bool iis_fields_read(struct iis_fields *f, struct bytes line) {
    size_t at = sizeof directive - 1;
    if (line.len < at || memcmp(line.data, directive, at) != 0)
        return false;
    for (int i = 0; i < IIS_FIELD_COUNT; i++)
        f->columns[i] = -1;
    int column = 0;
    for (struct bytes w = next_word(line, &at); w.len > 0; w = next_word(line, &at))
        name_column(f, w, column++);
    return true;
}

static struct bytes column_of(struct bytes line, int column) {
    struct bytes word = bytes_of("-", 1);
    size_t at = 0;
    if (column < 0)
        return word;
    for (int i = 0; i <= column; i++)
        word = next_word(line, &at);
    return word.len > 0 ? word : bytes_of("-", 1);
}

void iis_fields_put(const struct iis_fields *f, struct bytes line, struct buf *out) {
    static const char *const before[IIS_FIELD_COUNT] = {
        [IIS_FIELD_METHOD] = "",     [IIS_FIELD_STEM] = " ",        [IIS_FIELD_QUERY] = " ",
        [IIS_FIELD_USER] = " user ", [IIS_FIELD_AGENT] = " agent ", [IIS_FIELD_STATUS] = " status ",
        [IIS_FIELD_SUBSTATUS] = " ", [IIS_FIELD_WIN32] = " ",       [IIS_FIELD_TAKEN] = " taken ",
    };
    for (int i = 0; i < IIS_FIELD_COUNT; i++) {
        buf_put_str(out, before[i]);
        buf_put_bytes(out, column_of(line, f->columns[i]));
    }
}
