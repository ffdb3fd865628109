/* The string form of HRESULTs, from the one table. It never invents a text: an unknown code shows
 * its number only. */
#include "mocks/certsrv/hresult.h"
#include <inttypes.h>
#include <stddef.h>

static const struct row {
    uint32_t code;
    const char *symbol, *text;
} rows[] = {
#define HRESULT_ROW(name, code, symbol, text) {code, symbol, text},
    HRESULT_TABLE(HRESULT_ROW)
#undef HRESULT_ROW
};

static const struct row *find(uint32_t code) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].code == code)
            return &rows[i];
    return NULL;
}

static void put_number(struct buf *out, uint32_t code) {
    if (code == HR_S_OK)
        buf_put_str(out, "WIN32: 0");
    else if (code >> 16 == 0x8007)
        buf_printf(out, "WIN32: %" PRIu32, code & 0xffff);
    else if (code >> 8 == 0x800931)
        buf_printf(out, "ASN: %" PRIu32, code - 0x80093000);
    else
        buf_printf(out, "%" PRId32, (int32_t)code);
}

void hresult_put(struct buf *out, uint32_t code) {
    const struct row *row = find(code);
    if (row != NULL)
        buf_printf(out, "%s ", row->text);
    buf_printf(out, "0x%" PRIx32 " (", code);
    put_number(out, code);
    if (row != NULL && row->symbol[0] != '\0')
        buf_printf(out, " %s", row->symbol);
    buf_put_str(out, ")");
}
