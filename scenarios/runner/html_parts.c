/* The parts of a scenario that are text: failures, diagnosis, configuration. Must never show the
 * value of a password. */
#include "scenarios/runner/html.h"

#include "base/file.h"
#include "base/owned.h"
#include "scenarios/runner/report.h"

#include <dirent.h>
#include <string.h>

enum {
    EVIDENCE_CHARS = 32 * 1024,
    CONFIG_FILES_MAX = 40,
    CONFIG_BYTES_MAX = 256 * 1024,
    DEPTH_MAX = 6,
    ITEMS_MAX = 60,
    VALUE_CHARS = 2000
};

void html_failures(struct page *p, const json_t *result) {
    const json_t *failures = json_object_get(result, "failures");
    if (json_array_size(failures) == 0)
        return;
    AUTO(char) evidence = report_evidence(failures, 0);
    page_printf(p, "<h3>%s</h3>\n<pre class=\"evidence\">",
                strcmp(html_string(result, "result"), "skipped") == 0 ? "Skipped" : "Failures");
    page_escape(p, bytes_of_str(evidence), EVIDENCE_CHARS);
    page_put(p, "</pre>\n");
    if (html_string(result, "again")[0] == '\0')
        return;
    page_put(p, "<p>Again: <code class=\"again\">");
    page_str(p, html_string(result, "again"));
    page_put(p, "</code></p>\n");
}

static void put_value(struct page *p, const json_t *value, int depth);

/* A line of a log as diagnose gives it. */
static bool put_log_line(struct page *p, const json_t *o) {
    if (!json_is_string(json_object_get(o, "file")) || !json_is_string(json_object_get(o, "text")))
        return false;
    page_put(p, "<span class=\"dim\">");
    page_str(p, html_string(o, "file"));
    page_printf(p, ":%" JSON_INTEGER_FORMAT "</span><code class=\"line\">",
                json_integer_value(json_object_get(o, "line")));
    page_escape(p, bytes_of_str(html_string(o, "text")), VALUE_CHARS);
    page_put(p, "</code>");
    return true;
}

static bool says_nothing(const json_t *value) {
    return json_is_null(value) || json_is_false(value) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_string(value) && json_string_length(value) == 0);
}

static void put_object(struct page *p, json_t *o, int depth) {
    const char *key;
    json_t *value;
    if (put_log_line(p, o))
        return;
    page_put(p, "<dl>");
    json_object_foreach(o, key, value) {
        if (says_nothing(value))
            continue;
        page_put(p, "<div><dt>");
        page_str(p, key);
        page_put(p, "</dt><dd>");
        put_value(p, value, depth + 1);
        page_put(p, "</dd></div>\n");
    }
    page_put(p, "</dl>");
}

static void put_array(struct page *p, const json_t *list, int depth) {
    size_t count = json_array_size(list);
    page_put(p, "<ul>");
    for (size_t i = 0; i < count && i < ITEMS_MAX; i++) {
        page_put(p, "<li>");
        put_value(p, json_array_get(list, i), depth + 1);
        page_put(p, "</li>\n");
    }
    page_put(p, "</ul>");
    if (count > ITEMS_MAX)
        page_printf(p, "<p class=\"cut\">and %zu more</p>", count - ITEMS_MAX);
}

static void put_value(struct page *p, const json_t *value, int depth) {
    if (json_is_string(value)) {
        page_escape(p, bytes_of_str(json_string_value(value)), VALUE_CHARS);
    } else if (depth >= DEPTH_MAX) {
        page_put(p, "…");
    } else if (json_is_object(value)) {
        put_object(p, (json_t *)value, depth);
    } else if (json_is_array(value)) {
        put_array(p, value, depth);
    } else {
        AUTO(char) text = json_dumps(value, JSON_ENCODE_ANY);
        page_str(p, text);
    }
}

void html_diagnosis(struct page *p, const json_t *diagnosis) {
    if (diagnosis == NULL || says_nothing(diagnosis))
        return;
    page_put(p, "<h3>Diagnosis</h3>\n<div class=\"diagnosis\">");
    put_value(p, diagnosis, 0);
    page_put(p, "</div>\n");
}

static size_t indentation(struct bytes line) {
    size_t n = 0;
    while (n < line.len && (line.data[n] == ' ' || line.data[n] == '-'))
        n++;
    return n;
}

/* Length up to and with the colon when the line is a key whose value is a secret, else 0. */
static size_t secret_key(struct bytes line) {
    static const char *const keys[] = {"password:", "string:"};
    size_t begin = indentation(line);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        size_t len = strlen(keys[i]);
        if (line.len - begin >= len && memcmp(line.data + begin, keys[i], len) == 0)
            return begin + len;
    }
    return 0;
}

/* The runner writes a key a line (yaml_write.h); a folded value goes on deeper than its key. */
static void put_config_text(struct page *p, struct bytes text) {
    size_t hidden_below = SIZE_MAX;
    while (text.len > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.len);
        struct bytes line =
            bytes_of(text.data, end == NULL ? text.len : (size_t)(end + 1 - text.data));
        size_t secret = secret_key(line);
        text = bytes_of(text.data + line.len, text.len - line.len);
        if (hidden_below != SIZE_MAX && indentation(line) > hidden_below)
            continue;
        hidden_below = secret > 0 ? indentation(line) : SIZE_MAX;
        page_escape(p, secret > 0 ? bytes_of(line.data, secret) : line, 0);
        if (secret > 0)
            page_put(p, " <i>not shown</i>\n");
    }
}

static void put_config_file(struct page *p, const char *dir, const char *name) {
    AUTO(char) path = path_join(dir, "%s", name);
    AUTO_BUF text = BUF_INIT(CONFIG_BYTES_MAX);
    struct err e = {0};
    page_put(p, "<details class=\"file\"><summary>");
    page_str(p, name);
    page_put(p, "</summary>\n<pre>");
    if (path != NULL && file_read(path, &text, &e) == 0)
        put_config_text(p, buf_view(&text));
    else
        page_str(p, e.text);
    page_put(p, "</pre></details>\n");
}

static int is_yaml(const struct dirent *entry) {
    size_t len = strlen(entry->d_name);
    return len > 5 && entry->d_name[0] != '.' && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

void html_config(struct page *p, const char *dir) {
    AUTO(char) folder = path_join(dir, "config");
    struct dirent **names = NULL;
    int n = folder == NULL ? -1 : scandir(folder, &names, is_yaml, by_name);
    if (n > 0)
        page_put(p, "<details class=\"part\"><summary>Configuration</summary>\n");
    for (int i = 0; i < n; i++) {
        if (i < CONFIG_FILES_MAX)
            put_config_file(p, folder, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    if (n > CONFIG_FILES_MAX)
        page_printf(p, "<p class=\"cut\">and %d more files</p>\n", n - CONFIG_FILES_MAX);
    if (n > 0)
        page_put(p, "</details>\n");
}
