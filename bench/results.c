/* Files of results. One that holds something else is refused before anything is made of it. */
#include "bench/results.h"

#include "base/file.h"
#include "base/owned.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A terminal, a pipe or /dev/null: is written to, and not put another file in the place of. */
static bool is_special(const char *path) {
    struct stat s;
    return stat(path, &s) == 0 && !S_ISREG(s.st_mode);
}

static int write_special(const char *path, struct bytes text, struct err *e) {
    AUTO_FD fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd < 0 || file_write_all(fd, text) != 0 ? err_errno(e, "%s", path) : 0;
}

int results_write(const char *path, const json_t *result, struct err *e) {
    AUTO(char) text = json_dumps(result, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    if (text == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    return is_special(path) ? write_special(path, bytes_of_str(text), e)
                            : file_write(path, bytes_of_str(text), 0644, e);
}

static bool is_folder(const char *path) {
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

int results_check(const char *path, struct err *e) {
    const char *slash = strrchr(path, '/');
    AUTO(char) folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    if (folder == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (is_folder(path))
        return err_set(e, ERR_SYS_IO, "%s: is a folder", path);
    return access(is_special(path) ? path : folder, W_OK) == 0 ? 0 : err_errno(e, "%s", path);
}

static char *name_of(const char *path) {
    char *name = strdup(path);
    char *slash = name == NULL ? NULL : strrchr(name, '/');
    char *dot = name == NULL ? NULL : strrchr(slash == NULL ? name : slash, '.');
    if (dot != NULL)
        *dot = '\0';
    return name;
}

static void add_result(json_t *results, const char *path, json_t *one) {
    AUTO(char) name = name_of(path);
    const char *slash = name == NULL ? NULL : strrchr(name, '/');
    const char *shortest = slash == NULL ? name : slash + 1;
    bool taken = name == NULL || json_object_get(results, shortest) != NULL;
    json_object_set_new(results, taken ? name : shortest, one);
}

json_t *results_read(char **paths, int count, struct err *e) {
    json_t *results = json_object();
    for (int i = 0; i < count; i++) {
        json_error_t why;
        json_t *one = json_load_file(paths[i], JSON_REJECT_DUPLICATES, &why);
        if (!json_is_object(json_object_get(one, "conditions"))) {
            err_set(e, ERR_ARG_USAGE, "%s: %s", paths[i],
                    one == NULL ? why.text : "not a result of the bench");
            json_decref(one);
            json_decref(results);
            return NULL;
        }
        add_result(results, paths[i], one);
    }
    return results;
}

bool result_has_errors(const json_t *result) {
    size_t i;
    const json_t *sweep;
    size_t k;
    const json_t *point;
    bool any = json_object_size(json_object_get(result, "errors")) > 0;
    json_array_foreach(json_object_get(result, "sweeps"), i, sweep) {
        json_array_foreach(json_object_get(sweep, "points"), k, point) {
            any |= result_has_errors(json_object_get(point, "result"));
        }
    }
    return any;
}
