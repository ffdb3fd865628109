/* Attribute lines and SAN pairs. What it does not understand it leaves out, as a real CA does; it
 * never fails a request for an attribute, only for a flood of them. */
#include "mocks/certsrv/attributes.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void lower(char *text) {
    for (; *text != '\0'; text++)
        *text = (char)tolower((unsigned char)*text);
}

/* Lower case, blanks and '-' taken out. */
static char *normal_name(const char *at, size_t len) {
    char *name = malloc(len + 1), *to = name;
    if (name == NULL)
        return NULL;
    for (size_t i = 0; i < len; i++)
        if (!isspace((unsigned char)at[i]) && at[i] != '-')
            *to++ = (char)tolower((unsigned char)at[i]);
    *to = '\0';
    return name;
}

static char *trimmed(const char *at, size_t len) {
    while (len > 0 && isspace((unsigned char)*at)) {
        at++;
        len--;
    }
    while (len > 0 && isspace((unsigned char)at[len - 1]))
        len--;
    return strndup(at, len);
}

static int add_line(struct attributes *a, const char *line, size_t len, struct err *e) {
    const char *colon = memchr(line, ':', len);
    if (colon == NULL || memchr(line, '\0', len) != NULL)
        return 0;
    if (a->count == ATTRIBUTES_MAX)
        return err_set(e, ERR_SYS_LIMIT, "request attributes: more than %d", ATTRIBUTES_MAX);
    size_t name_len = (size_t)(colon - line);
    struct attribute *item = &a->items[a->count++];
    item->name = normal_name(line, name_len);
    item->value = trimmed(colon + 1, len - name_len - 1);
    return item->name == NULL || item->value == NULL ? err_set(e, ERR_SYS_NOMEM, NULL) : 0;
}

int attributes_read(struct bytes text, struct attributes *out, struct err *e) {
    *out = (struct attributes){.count = 0};
    if (text.len > ATTRIBUTES_TEXT_MAX)
        return err_set(e, ERR_SYS_LIMIT, "request attributes: %zu bytes", text.len);
    const char *at = (const char *)text.data;
    for (size_t left = text.len; left > 0;) {
        const char *end = memchr(at, '\n', left);
        size_t len = end == NULL ? left : (size_t)(end - at);
        if (add_line(out, at, len, e) != 0)
            return -1;
        size_t used = end == NULL ? len : len + 1;
        at += used;
        left -= used;
    }
    return 0;
}

void attributes_free(struct attributes *a) {
    for (size_t i = 0; i < a->count; i++) {
        free(a->items[i].name);
        free(a->items[i].value);
    }
    a->count = 0;
}

const char *attributes_get(const struct attributes *a, const char *name) {
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i].name, name) == 0)
            return a->items[i].value;
    return NULL;
}

static int add_san(struct san_names *s, const char *pair, size_t len, struct err *e) {
    const char *equals = memchr(pair, '=', len);
    if (equals == NULL)
        return 0;
    if (s->count == SAN_NAMES_MAX)
        return err_set(e, ERR_SYS_LIMIT, "SAN attribute: more than %d names", SAN_NAMES_MAX);
    size_t kind_len = (size_t)(equals - pair);
    struct san_name *item = &s->items[s->count++];
    item->kind = trimmed(pair, kind_len);
    item->value = trimmed(equals + 1, len - kind_len - 1);
    if (item->kind == NULL || item->value == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    lower(item->kind);
    return 0;
}

int san_names_read(const char *text, struct san_names *out, struct err *e) {
    *out = (struct san_names){.count = 0};
    while (*text != '\0') {
        size_t len = strcspn(text, "&");
        if (add_san(out, text, len, e) != 0)
            return -1;
        text += len + (text[len] == '&');
    }
    return 0;
}

void san_names_free(struct san_names *s) {
    for (size_t i = 0; i < s->count; i++) {
        free(s->items[i].kind);
        free(s->items[i].value);
    }
    s->count = 0;
}
