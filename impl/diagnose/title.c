/* Filling in of titles. What comes from a log goes in as it is: it was cleaned when it was read. */
#include "diagnose/title.h"
#include "base/owned.h"
#include <string.h>

enum { TITLE_MAX = 4096 };

static const char *value_of(struct bytes name, const struct fact *const *facts, size_t count) {
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < PATTERN_CAPTURES_MAX; k++) {
            const struct fact_capture *c = &facts[i]->captures[k];
            if (c->name != NULL && c->value != NULL && bytes_equal(bytes_of_str(c->name), name))
                return c->value;
        }
    return NULL;
}

/* Without the marks that close a sentence or a bracket in the log. */
static void put_value(struct buf *out, const char *value) {
    size_t len = strlen(value);
    while (len > 0 && strchr(".,;", value[len - 1]) != NULL)
        len--;
    buf_put(out, value, len);
}

static void put_braced(struct buf *out, struct bytes inside, const struct fact *const *facts,
                       size_t count) {
    const uint8_t *bar = memchr(inside.data, '|', inside.len);
    size_t len = bar != NULL ? (size_t)(bar - inside.data) : inside.len;
    const char *value = value_of(bytes_of(inside.data, len), facts, count);
    if (value != NULL)
        put_value(out, value);
    else if (bar != NULL)
        buf_put(out, bar + 1, inside.len - len - 1);
}

char *title_fill(const char *title, const struct fact *const *facts, size_t count) {
    AUTO_BUF out = BUF_INIT(TITLE_MAX);
    while (*title != '\0') {
        size_t plain = strcspn(title, "{");
        buf_put(&out, title, plain);
        title += plain;
        const char *end = strchr(title, '}');
        if (*title == '\0' || end == NULL)
            break;
        put_braced(&out, bytes_of(title + 1, (size_t)(end - title - 1)), facts, count);
        title = end + 1;
    }
    buf_put_str(&out, title);
    return buf_take_str(&out);
}
