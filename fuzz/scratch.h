/* A folder for targets whose code writes files: one a process, removed at its end when it ends by
 * itself. Nothing of an input is kept in it from one run to the next. */
#ifndef FUZZ_SCRATCH_H
#define FUZZ_SCRATCH_H

#include "fuzz/fuzz.h"
#include <ftw.h>

static char *scratch_path; /* owned; NULL: none */

static int scratch_remove_one(const char *path, const struct stat *s, int kind, struct FTW *f) {
    (void)s;
    (void)kind;
    (void)f;
    return remove(path);
}

static inline void scratch_remove(void) {
    nftw(scratch_path, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(scratch_path);
    scratch_path = NULL;
}

/* The folder's path, which lives as long as the process. */
static inline char *scratch_folder(void) {
    const char *where = getenv("TMPDIR");
    FUZZ_CHECK(asprintf(&scratch_path, "%s/capflab-fuzz-XXXXXX", where != NULL ? where : "/tmp") >
               0);
    FUZZ_CHECK(mkdtemp(scratch_path) != NULL);
    atexit(scratch_remove);
    return scratch_path;
}

#endif
