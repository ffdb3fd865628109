/* .tgz archives of requests and certificates, as the CUCM commands exchange them, through tar(1).
 */
#ifndef CAPF_ARCHIVE_H
#define CAPF_ARCHIVE_H

#include "base/err.h"
#include <stdbool.h>

bool archive_is(const char *path); /* ends in .tgz or .tar.gz */

/* A new empty folder under $TMPDIR; malloc'ed. archive_remove_folder removes it with its content.
 */
char *archive_new_folder(struct err *e);
void archive_remove_folder(const char *folder);

/* -1 SYS_IO. Unpacking leaves out members that would lie outside folder (tar's own rule). */
int archive_unpack(const char *archive, const char *folder, struct err *e);
int archive_pack(const char *archive, const char *folder, struct err *e);

/* Calls fn for each regular file below folder (or for the one file), in the order of their names;
 * links are not followed. fn returns -1 to stop. */
typedef int archive_file_fn(void *user, const char *path, struct err *e);
int archive_each_file(const char *path, archive_file_fn *fn, void *user, struct err *e);

#endif
