/* Finding and reading the inputs of a target. Never changes one where it lies. */
#include "fuzz/inputs.h"
#include "base/file.h"
#include "base/owned.h"
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <string.h>

enum { FROM_BYTES_MAX = 64 * 1024 };

static int add_path(struct inputs *in, char *path, struct err *e) {
    if (path != NULL && in->count < INPUTS_MAX) {
        in->paths[in->count++] = path;
        return 0;
    }
    free(path);
    return err_set(e, path == NULL ? ERR_SYS_NOMEM : ERR_SYS_LIMIT, "more than %d inputs",
                   INPUTS_MAX);
}

static int add_folder(struct inputs *in, const char *folder, struct err *e) {
    int rc = 0;
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return err_set(e, ERR_SYS_IO, "%s: %s", folder, strerror(errno));
    for (struct dirent *entry; rc == 0 && (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, "FROM") != 0)
            rc = add_path(in, path_join(folder, "%s", entry->d_name), e);
    closedir(dir);
    return rc;
}

static int add_glob(struct inputs *in, const char *pattern, struct err *e) {
    glob_t found = {0};
    int rc = 0;
    if (glob(pattern, GLOB_ERR, NULL, &found) != 0)
        rc = err_set(e, ERR_SYS_IO, "%s: no such file", pattern);
    for (size_t i = 0; rc == 0 && i < found.gl_pathc; i++)
        rc = add_path(in, strdup(found.gl_pathv[i]), e);
    globfree(&found);
    return rc;
}

static int add_from(struct inputs *in, const char *from, struct err *e) {
    AUTO_BUF list = BUF_INIT(FROM_BYTES_MAX);
    int rc = 0;
    if (!file_exists(from))
        return 0;
    if (file_read(from, &list, e) != 0)
        return -1;
    AUTO(char) text = buf_take_str(&list);
    char *rest = text;
    for (char *line; rc == 0 && (line = strsep(&rest, "\n")) != NULL;)
        if (line[0] != '\0')
            rc = add_glob(in, line, e);
    return rc == 0 ? 0 : err_context(e, "%s", from);
}

static int by_path(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int inputs_find(struct inputs *in, const char *target, struct err *e) {
    AUTO(char) folder = path_join("fuzz/corpus", "%s", target);
    AUTO(char) from = path_join("fuzz/corpus", "%s/FROM", target);
    if (folder == NULL || from == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (add_folder(in, folder, e) != 0 || add_from(in, from, e) != 0)
        return -1;
    qsort(in->paths, in->count, sizeof in->paths[0], by_path);
    return 0;
}

void inputs_free(struct inputs *in) {
    for (size_t i = 0; i < in->count; i++)
        free(in->paths[i]);
    in->count = 0;
}

static void put_hex_line(struct buf *out, const char *line) {
    unsigned octet = 0;
    int used = 0;
    if (line[0] == '#' || strncmp(line, "expect:", strlen("expect:")) == 0)
        return;
    for (; sscanf(line, " %2x%n", &octet, &used) == 1; line += used)
        buf_put_u8(out, (uint8_t)octet);
}

static bool ends_in(const char *path, const char *suffix) {
    size_t len = strlen(path), n = strlen(suffix);
    return len >= n && strcmp(path + len - n, suffix) == 0;
}

int input_read(const char *path, struct buf *out, struct err *e) {
    if (!ends_in(path, ".hex"))
        return file_read(path, out, e);
    AUTO_BUF written = BUF_INIT(INPUT_BYTES_MAX);
    if (file_read(path, &written, e) != 0)
        return -1;
    AUTO(char) text = buf_take_str(&written);
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        put_hex_line(out, line);
    return 0;
}

/* "impl/x/testdata/y" becomes "impl-x-testdata-y". */
static char *flat_name(const char *path) {
    char *name = strdup(path);
    for (size_t i = 0; name != NULL && name[i] != '\0'; i++)
        if (name[i] == '/')
            name[i] = '-';
    return name;
}

static int copy_one(const char *path, const char *folder, struct err *e) {
    AUTO_BUF content = BUF_INIT(INPUT_BYTES_MAX);
    AUTO(char) name = flat_name(path);
    AUTO(char) to = name == NULL ? NULL : path_join(folder, "%s", name);
    if (to == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (input_read(path, &content, e) != 0)
        return -1;
    return file_write(to, buf_view(&content), 0644, e);
}

int inputs_copy(const struct inputs *in, const char *folder, struct err *e) {
    int rc = file_mkdirs(folder, e);
    for (size_t i = 0; rc == 0 && i < in->count; i++)
        rc = copy_one(in->paths[i], folder, e);
    return rc;
}
