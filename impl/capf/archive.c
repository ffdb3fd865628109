/* Archives and folders for the command line. Only the commands use this: the service never starts a
 * program. */
#include "capf/archive.h"
#include "base/file.h"
#include "base/owned.h"
#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char **environ;

static bool ends_with(const char *text, const char *end) {
    size_t have = strlen(text), want = strlen(end);
    return have >= want && strcmp(text + have - want, end) == 0;
}

bool archive_is(const char *path) {
    return ends_with(path, ".tgz") || ends_with(path, ".tar.gz");
}

char *archive_new_folder(struct err *e) {
    const char *base = getenv("TMPDIR");
    AUTO(char) name = path_join(base == NULL ? "/tmp" : base, "capflab-capf-XXXXXX");
    if (name == NULL || mkdtemp(name) == NULL) {
        err_errno(e, "temporary folder");
        return NULL;
    }
    return TAKE(name);
}

static int by_name(const FTSENT **a, const FTSENT **b) {
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static FTS *walk(const char *path) {
    char *const roots[] = {(char *)path, NULL};
    return fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
}

void archive_remove_folder(const char *folder) {
    FTS *tree = walk(folder);
    if (tree == NULL)
        return;
    for (FTSENT *entry; (entry = fts_read(tree)) != NULL;)
        if (entry->fts_info != FTS_D)
            remove(entry->fts_accpath);
    fts_close(tree);
}

static int run_tar(char *const argv[], struct err *e) {
    pid_t child;
    int status = 0;
    int rc = posix_spawnp(&child, "tar", NULL, NULL, argv, environ);
    if (rc != 0) {
        errno = rc;
        return err_errno(e, "tar");
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return err_errno(e, "tar");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return err_set(e, ERR_SYS_IO, "%s: tar failed", argv[2]);
    return 0;
}

int archive_unpack(const char *archive, const char *folder, struct err *e) {
    char *const argv[] = {"tar",          "-xzf", (char *)archive, "--no-same-owner", "-C",
                          (char *)folder, NULL};
    return run_tar(argv, e);
}

int archive_pack(const char *archive, const char *folder, struct err *e) {
    char *const argv[] = {"tar", "-czf", (char *)archive, "-C", (char *)folder, ".", NULL};
    return run_tar(argv, e);
}

int archive_each_file(const char *path, archive_file_fn *fn, void *user, struct err *e) {
    FTS *tree = walk(path);
    int rc = tree == NULL ? err_errno(e, "%s", path) : 0;
    for (FTSENT *entry; rc == 0 && (entry = fts_read(tree)) != NULL;) {
        if (entry->fts_info == FTS_F)
            rc = fn(user, entry->fts_accpath, e);
        else if (entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
            rc = err_set(e, ERR_SYS_IO, "%s: %s", entry->fts_path, strerror(entry->fts_errno));
    }
    if (tree != NULL)
        fts_close(tree);
    return rc;
}
