/* Errors: names, meanings and texts of the one table in err.h. Never allocates. */
#include "base/err.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *layer;
    const char *meaning;
} table[ERR_CODE_COUNT] = {
#define ERR_ROW(code, layer, meaning) [ERR_##code] = {#code, layer, meaning},
    ERR_TABLE(ERR_ROW)
#undef ERR_ROW
};

static size_t row_of(enum err_code code) {
    return (unsigned)code < ERR_CODE_COUNT ? (size_t)code : ERR_SYS_INTERNAL;
}

const char *err_name(enum err_code code) {
    return table[row_of(code)].name;
}

const char *err_layer(enum err_code code) {
    return table[row_of(code)].layer;
}

const char *err_meaning(enum err_code code) {
    return table[row_of(code)].meaning;
}

enum err_code err_by_name(const char *name) {
    for (size_t i = 0; i < ERR_CODE_COUNT; i++)
        if (strcmp(table[i].name, name) == 0)
            return (enum err_code)i;
    return ERR_CODE_COUNT;
}

static void set_text(struct err *e, enum err_code code, const char *fmt, va_list args) {
    e->code = code;
    if (fmt == NULL || fmt[0] == '\0')
        snprintf(e->text, sizeof e->text, "%s", err_meaning(code));
    else
        vsnprintf(e->text, sizeof e->text, fmt, args);
}

static void append_text(struct err *e, const char *text) {
    size_t used = strlen(e->text);
    snprintf(e->text + used, sizeof e->text - used, ": %s", text);
}

int err_set(struct err *e, enum err_code code, const char *fmt, ...) {
    if (e == NULL)
        return -1;
    va_list args;
    va_start(args, fmt);
    set_text(e, code, fmt, args);
    va_end(args);
    return -1;
}

int err_context(struct err *e, const char *fmt, ...) {
    if (e == NULL)
        return -1;
    struct err before = *e;
    va_list args;
    va_start(args, fmt);
    set_text(e, before.code, fmt, args);
    va_end(args);
    append_text(e, before.text);
    return -1;
}

int err_errno(struct err *e, const char *fmt, ...) {
    int cause = errno;
    if (e == NULL)
        return -1;
    va_list args;
    va_start(args, fmt);
    set_text(e, cause == ENOMEM ? ERR_SYS_NOMEM : ERR_SYS_IO, fmt, args);
    va_end(args);
    append_text(e, strerror(cause));
    return -1;
}

int err_openssl(struct err *e, enum err_code code, const char *fmt, ...) {
    if (e == NULL) {
        ERR_clear_error();
        return -1;
    }
    va_list args;
    va_start(args, fmt);
    set_text(e, code, fmt, args);
    va_end(args);
    for (unsigned long reason; (reason = ERR_get_error()) != 0;) {
        const char *text = ERR_reason_error_string(reason);
        if (text != NULL)
            append_text(e, text);
    }
    return -1;
}
