/* Whole files: read with a bound, written so that a reader sees the old or the new one, never half.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/bytes.h"
#include "base/err.h"
#include <stdbool.h>
#include <sys/types.h>

/* Appends the file's content to out (bounded by out->max). -1 SYS_IO or SYS_LIMIT. */
int file_read(const char *path, struct buf *out, struct err *e);

/* Writes through a temporary name beside path and renames it. mode as for open(2). -1 SYS_IO. */
int file_write(const char *path, struct bytes content, mode_t mode, struct err *e);

/* Removes from dir what file_write of a process that is no more (kill -9) has left there. What
 * cannot be removed stays. */
void file_remove_orphans(const char *dir);

/* Writes all of content to fd, through interruptions and short writes. -1 with errno set. */
int file_write_all(int fd, struct bytes content);

/* mkdir -p. -1 SYS_IO. */
int file_mkdirs(const char *path, struct err *e);

bool file_exists(const char *path);

/* dir + "/" + name (printf form), malloc'ed, caller frees; NULL without memory. */
char *path_join(const char *dir, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
