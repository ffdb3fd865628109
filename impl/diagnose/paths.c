/* The walk. It follows no symbolic links within folders, and opens nothing but plain files there.
 */
#include "diagnose/paths.h"
#include "base/file.h"
#include <errno.h>
#include <fnmatch.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char together[] = "";

static bool is_log(const char *name) {
    static const char *const shapes[] = {"*.log", "*.log.[0-9]*", "*.txt"};
    if (strcmp(name, "timeline.txt") == 0)
        return false;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (fnmatch(shapes[i], name, 0) == 0)
            return true;
    return false;
}

static int by_name(const FTSENT **a, const FTSENT **b) {
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* The nearest folder above entry that a scenario left, or the common case. */
static const char *case_of(const FTSENT *entry, char *out, size_t size) {
    for (const FTSENT *at = entry->fts_parent; at != NULL && at->fts_level >= 0;
         at = at->fts_parent) {
        size_t len = at->fts_pathlen;
        snprintf(out, size, "%.*s/result.json", (int)len, entry->fts_path);
        if (file_exists(out)) {
            snprintf(out, size, "%.*s", (int)len, entry->fts_path);
            return out;
        }
    }
    return together;
}

static int visit(const FTSENT *entry, path_fn *fn, void *user, struct err *e) {
    char folder[PATH_MAX + 16];
    if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
        return err_set(e, ERR_SYS_IO, "%s: %s", entry->fts_path, strerror(entry->fts_errno));
    if (entry->fts_info != FTS_F || !is_log(entry->fts_name))
        return 0;
    return fn(user, case_of(entry, folder, sizeof folder), entry->fts_path, e);
}

static int walk_folder(const char *path, path_fn *fn, void *user, struct err *e) {
    char copy[PATH_MAX];
    if (strlen(path) >= sizeof copy)
        return err_set(e, ERR_SYS_LIMIT, "%s: too long", path);
    memcpy(copy, path, strlen(path) + 1);
    char *const roots[] = {copy, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    if (tree == NULL)
        return err_set(e, ERR_SYS_IO, "%s: %s", path, strerror(errno));
    int rc = 0;
    for (const FTSENT *entry; rc == 0 && (entry = fts_read(tree)) != NULL;)
        rc = visit(entry, fn, user, e);
    fts_close(tree);
    return rc;
}

int paths_walk(const char *path, path_fn *fn, void *user, struct err *e) {
    struct stat what;
    if (strcmp(path, "-") == 0)
        return fn(user, together, path, e);
    if (stat(path, &what) != 0)
        return err_set(e, ERR_SYS_IO, "%s: %s", path, strerror(errno));
    if (S_ISDIR(what.st_mode))
        return walk_folder(path, fn, user, e);
    return fn(user, together, path, e);
}
