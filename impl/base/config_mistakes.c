/* The mistakes of configuration files, kept in the order of files and lines, whatever the order in
 * which they were found. A hostile file must not fill the memory with them, so their count is
 * bounded. */
#include "base/config_internal.h"
#include "base/log.h"
#include "base/owned.h"
#include <string.h>

enum { MISTAKES_MAX = 200, TEXT_MAX_BYTES = 8192 };

struct mistake {
    size_t file; /* index of the file's first mention */
    size_t line, column;
    enum err_code code;
    char *text;
};

struct cfg_mistakes {
    struct mistake items[MISTAKES_MAX];
    size_t count;
    char *files[MISTAKES_MAX];
    size_t file_count;
};

struct cfg_mistakes *cfg_mistakes_new(void) {
    return calloc(1, sizeof(struct cfg_mistakes));
}

void cfg_mistakes_free(struct cfg_mistakes *m) {
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->count; i++)
        free(m->items[i].text);
    for (size_t i = 0; i < m->file_count; i++)
        free(m->files[i]);
    free(m);
}

size_t cfg_mistakes_count(const struct cfg_mistakes *m) {
    return m->count;
}

const char *cfg_mistake_text(const struct cfg_mistakes *m, size_t i) {
    if (i >= m->count)
        return "";
    return m->items[i].text != NULL ? m->items[i].text : "out of memory";
}

enum err_code cfg_mistake_code(const struct cfg_mistakes *m, size_t i) {
    return i < m->count ? m->items[i].code : ERR_OK;
}

void cfg_mistakes_print(const struct cfg_mistakes *m, FILE *to) {
    for (size_t i = 0; i < m->count; i++)
        fprintf(to, "%s\n", cfg_mistake_text(m, i));
    if (m->count == MISTAKES_MAX)
        fprintf(to, "no more than %d mistakes are listed\n", MISTAKES_MAX);
}

static size_t file_index(struct cfg_mistakes *m, const char *file) {
    size_t i = 0;
    while (i < m->file_count && (m->files[i] == NULL || strcmp(m->files[i], file) != 0))
        i++;
    if (i == m->file_count)
        m->files[m->file_count++] = strdup(file);
    return i;
}

static bool stands_before(const struct mistake *a, const struct mistake *b) {
    if (a->file != b->file)
        return a->file < b->file;
    if (a->line != b->line)
        return a->line < b->line;
    return a->column < b->column;
}

/* Behind all that stand before it or at the same place. */
static void insert(struct cfg_mistakes *m, const struct mistake *added) {
    size_t at = m->count;
    while (at > 0 && stands_before(added, &m->items[at - 1]))
        at--;
    memmove(&m->items[at + 1], &m->items[at], (m->count - at) * sizeof m->items[0]);
    m->items[at] = *added;
    m->count++;
}

void cfg_mistake_add(struct cfg_mistakes *m, const char *file, size_t line, size_t column,
                     enum err_code code, const char *fmt, va_list args) {
    if (m->count == MISTAKES_MAX)
        return;
    AUTO_BUF raw = BUF_INIT(TEXT_MAX_BYTES);
    AUTO_BUF text = BUF_INIT(5 * TEXT_MAX_BYTES);
    if (line > 0)
        buf_printf(&raw, "%s:%zu:%zu: ", file, line, column);
    if (buf_vprintf(&raw, fmt, args) != 0)
        buf_put_str(&text, "(cut) ");
    log_escape(&text, buf_str(&raw));
    struct mistake added = {.line = line, .column = column, .code = code};
    added.file = file_index(m, file);
    added.text = buf_take_str(&text);
    insert(m, &added);
}
