/* Block YAML out of JSON values. Strings are quoted whenever a reader could take them for something
 * else; nothing else of YAML is used. */
#include "scenarios/runner/yaml_write.h"

#include "base/file.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

enum { YAML_BYTES_MAX = 256 * 1024 };

static bool is_duration(const char *text) {
    text += *text == '-';
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && (strcmp(text + digits, "s") == 0 || strcmp(text + digits, "ms") == 0);
}

static bool is_plain(const char *text) {
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "null", NULL};
    if (is_duration(text))
        return true;
    if (!isalpha((unsigned char)text[0]) && text[0] != '/')
        return false;
    for (size_t i = 0; words[i] != NULL; i++)
        if (strcasecmp(text, words[i]) == 0)
            return false;
    for (; *text != '\0'; text++)
        if (!isalnum((unsigned char)*text) && strchr("_-./@", *text) == NULL)
            return false;
    return true;
}

static void put_quoted(struct buf *out, const char *text) {
    buf_put_str(out, "\"");
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buf_put_str(out, "\\");
        if ((unsigned char)*text < 0x20)
            buf_printf(out, "\\x%02x", (unsigned char)*text);
        else
            buf_put(out, text, 1);
    }
    buf_put_str(out, "\"");
}

static void put_scalar(struct buf *out, const json_t *value) {
    if (json_is_string(value) && is_plain(json_string_value(value)))
        buf_put_str(out, json_string_value(value));
    else if (json_is_string(value))
        put_quoted(out, json_string_value(value));
    else if (json_is_integer(value))
        buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        buf_printf(out, "%g", json_real_value(value));
    else
        buf_put_str(out, json_is_true(value) ? "true" : json_is_false(value) ? "false" : "null");
}

static bool is_scalar(const json_t *value) {
    return !json_is_object(value) && !json_is_array(value);
}

static bool is_empty(const json_t *value) {
    return json_is_object(value) ? json_object_size(value) == 0 : json_array_size(value) == 0;
}

static void put_value(struct buf *out, const json_t *value, int indent, bool after_dash);

/* What follows "key:" or "-". */
static void put_behind(struct buf *out, const json_t *value, int indent, bool dash) {
    if (is_scalar(value)) {
        buf_put_str(out, " ");
        put_scalar(out, value);
        buf_put_str(out, "\n");
    } else if (is_empty(value)) {
        buf_put_str(out, json_is_object(value) ? " {}\n" : " []\n");
    } else {
        bool inline_first = dash && json_is_object(value);
        buf_put_str(out, inline_first ? " " : "\n");
        put_value(out, value, indent + 2, inline_first);
    }
}

static void put_value(struct buf *out, const json_t *value, int indent, bool after_dash) {
    const char *key;
    json_t *item;
    size_t i;
    json_object_foreach((json_t *)value, key, item) {
        buf_printf(out, "%*s%s:", after_dash ? 0 : indent, "", key);
        put_behind(out, item, indent, false);
        after_dash = false;
    }
    json_array_foreach(value, i, item) {
        buf_printf(out, "%*s-", indent, "");
        put_behind(out, item, indent, true);
    }
}

void yaml_put(struct buf *out, const json_t *value) {
    put_value(out, value, 0, false);
}

int yaml_write_file(const char *path, const char *comment, const json_t *value, struct err *e) {
    AUTO_BUF text = BUF_INIT(YAML_BYTES_MAX);
    buf_printf(&text, "# %s\n", comment);
    yaml_put(&text, value);
    if (text.failed)
        return err_set(e, ERR_SYS_LIMIT, "%s: too large", path);
    return file_write(path, buf_view(&text), 0644, e);
}

json_t *yaml_duration(int64_t us) {
    if (us % 1000000 == 0)
        return json_sprintf("%" PRId64 "s", us / 1000000);
    return json_sprintf("%" PRId64 "ms", us / 1000);
}
