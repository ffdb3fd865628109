/* Query strings and application/x-www-form-urlencoded bodies, read as tolerantly as classic ASP and
 * its scripted clients need: protocol/certsrv.md 1.2 and 1.3. */
#ifndef MOCKS_CERTSRV_FORM_H
#define MOCKS_CERTSRV_FORM_H

#include "base/bytes.h"
#include "base/err.h"

enum { FORM_FIELDS_MAX = 256, FORM_TEXT_MAX = 200 * 1000 /* what classic ASP takes */ };

struct form_field {
    struct bytes name, value; /* decoded; views into the form's text */
};

struct form {
    struct buf text;
    struct form_field fields[FORM_FIELDS_MAX];
    size_t count;
};

/* Reads NAME=VALUE pairs joined by '&'; '+' is a blank, a malformed '%' stays as it is, a field
 * without '=' has an empty value. -1 SYS_LIMIT. Free *out either way. */
int form_read(struct bytes encoded, struct form *out, struct err *e);
void form_free(struct form *f);
#define AUTO_FORM __attribute__((cleanup(form_free))) struct form

/* The first field with that name (any case); data is NULL when there is none. */
struct bytes form_get(const struct form *f, const char *name);
/* The same as malloc'ed text, cut at the first NUL; "" when absent; NULL without memory. */
char *form_get_text(const struct form *f, const char *name);

/* Appends text with its percent escapes decoded ('+' and "%00" kept): paths. */
void form_decode_path(struct buf *out, const char *text);

#endif
