/* Places of programs and of what a run leaves. Must never remove a file that no run has written. */
#include "scenarios/runner/place.h"

#include "base/file.h"
#include "base/owned.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *place_programs(void) {
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0)
        return NULL;
    self[len] = '\0';
    *strrchr(self, '/') = '\0';
    return strdup(self);
}

/* Start of the name behind the last "scenarios/" component, or NULL. */
static const char *behind_scenarios(const char *path) {
    static const char folder[] = "scenarios/";
    const char *found = NULL;
    for (const char *p = path; (p = strstr(p, folder)) != NULL; p++)
        if (p == path || p[-1] == '/')
            found = p + sizeof folder - 1;
    return found;
}

static const char *behind_root(const char *path, const char *root) {
    size_t len = root == NULL ? 0 : strlen(root);
    while (len > 0 && root[len - 1] == '/')
        len--;
    if (len == 0 || strncmp(path, root, len) != 0 || path[len] != '/')
        return NULL;
    return path + len + strspn(path + len, "/");
}

char *place_scenario_name(const char *path, const char *root) {
    const char *start = behind_scenarios(path);
    if (start == NULL)
        start = behind_root(path, root);
    if (start == NULL)
        start = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
    size_t len = strlen(start);
    static const char ending[] = ".yaml";
    if (len > sizeof ending - 1 && strcmp(start + len - (sizeof ending - 1), ending) == 0)
        len -= sizeof ending - 1;
    return strndup(start, len);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *ftw) {
    (void)status;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static int remove_tree(const char *path, struct err *e) {
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
        return 0;
    return err_errno(e, "%s: cannot be removed", path);
}

static const char *const folders[] = {"logs",   "lsc", "db",     "config", "pki",
                                      "events", "tmp", "phones", NULL};
static const char *const files[] = {"result.json", "events.ndjson", "timeline.txt", NULL};
static const char marker[] = ".capflab-run";

/* Whether dir/name is there. Without memory it is, which makes the caller stop. */
static bool stands(const char *dir, const char *name) {
    AUTO(char) path = path_join(dir, "%s", name);
    return path == NULL || file_exists(path);
}

static int refuse_foreign(const char *dir, struct err *e) {
    if (stands(dir, marker))
        return 0;
    for (size_t i = 0; folders[i] != NULL; i++)
        if (stands(dir, folders[i]))
            return err_set(
                e, ERR_SYS_IO,
                "%s: has a folder '%s' that no run has made; give another folder with -o", dir,
                folders[i]);
    return 0;
}

static int remove_files(const char *dir, struct err *e) {
    for (size_t i = 0; files[i] != NULL; i++) {
        AUTO(char) path = path_join(dir, "%s", files[i]);
        if (path == NULL)
            return err_set(e, ERR_SYS_NOMEM, NULL);
        if (unlink(path) != 0 && errno != ENOENT)
            return err_errno(e, "%s", path);
    }
    return 0;
}

static int remake_folders(const char *dir, struct err *e) {
    for (size_t i = 0; folders[i] != NULL; i++) {
        AUTO(char) path = path_join(dir, "%s", folders[i]);
        if (path == NULL)
            return err_set(e, ERR_SYS_NOMEM, NULL);
        if (remove_tree(path, e) != 0 || file_mkdirs(path, e) != 0)
            return -1;
    }
    return 0;
}

int place_prepare(const char *dir, struct err *e) {
    AUTO(char) mark = path_join(dir, "%s", marker);
    if (mark == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (refuse_foreign(dir, e) != 0 || file_mkdirs(dir, e) != 0 ||
        file_write(mark, bytes_of_str(""), 0644, e) != 0)
        return -1;
    if (remove_files(dir, e) != 0)
        return -1;
    return remake_folders(dir, e);
}

void place_remove(const char *dir) {
    struct err e = {0};
    AUTO(char) mark = path_join(dir, "%s", marker);
    if (mark == NULL || !file_exists(mark) || remove_files(dir, &e) != 0)
        return;
    for (size_t i = 0; folders[i] != NULL; i++) {
        AUTO(char) path = path_join(dir, "%s", folders[i]);
        if (path == NULL || remove_tree(path, &e) != 0)
            return;
    }
    unlink(mark);
    rmdir(dir);
}
