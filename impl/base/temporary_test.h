/* A folder of a test's own under TMPDIR, removed at the end of its scope. Tests only.
 *
 *     TEMPORARY(dir);
 *     AUTO(char) path = path_join(dir, "a.log");
 */
#ifndef BASE_TEMPORARY_TEST_H
#define BASE_TEMPORARY_TEST_H

#include "base/test.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static int temporary_remove_one(const char *path, const struct stat *s, int kind, struct FTW *f) {
    (void)s;
    (void)kind;
    (void)f;
    return remove(path);
}

static inline void temporary_remove(char **dir) {
    nftw(*dir, temporary_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(*dir);
}

static inline char *temporary_new(void) {
    const char *where = getenv("TMPDIR");
    char *dir = NULL;
    ck_assert_int_gt(asprintf(&dir, "%s/capflab-test-XXXXXX", where != NULL ? where : "/tmp"), 0);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    return dir;
}

#define TEMPORARY(name) __attribute__((cleanup(temporary_remove))) char *name = temporary_new()

#endif
