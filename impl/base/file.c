/* Whole files: read with a bound, replaced by rename. What was written survives the end of the
 * process at any moment (kill -9); it must never be seen half written. */
#include "base/file.h"
#include "base/owned.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_CHUNK = 16384 };

static int read_chunks(int fd, const char *path, struct buf *out, struct err *e) {
    uint8_t chunk[READ_CHUNK];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n == 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, "%s", path);
        if (buf_put(out, chunk, (size_t)n) != 0)
            return err_set(e, ERR_SYS_LIMIT, "%s: larger than %zu bytes", path, out->max);
    }
}

int file_read(const char *path, struct buf *out, struct err *e) {
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, "%s", path);
    return read_chunks(fd, path, out, e);
}

int file_write_all(int fd, struct bytes content) {
    while (content.len > 0) {
        ssize_t n = write(fd, content.data, content.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        content.data += n;
        content.len -= (size_t)n;
    }
    return 0;
}

/* O_EXCL and a fresh name: what an earlier process left behind keeps neither content nor mode. */
static int write_temporary(const char *temporary, struct bytes content, mode_t mode) {
    if (unlink(temporary) != 0 && errno != ENOENT)
        return -1;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return -1;
    int failed = file_write_all(fd, content);
    return close(fd) != 0 ? -1 : failed;
}

int file_write(const char *path, struct bytes content, mode_t mode, struct err *e) {
    AUTO(char) temporary = NULL;
    if (asprintf(&temporary, "%s.tmp-%ld", path, (long)getpid()) < 0) {
        temporary = NULL;
        return err_set(e, ERR_SYS_NOMEM, "%s", path);
    }
    if (write_temporary(temporary, content, mode) == 0 && rename(temporary, path) == 0)
        return 0;
    err_errno(e, "%s", path);
    unlink(temporary);
    return -1;
}

/* Whether the name is that of a temporary file whose process has ended. */
static bool is_orphan(const char *name) {
    static const char mark[] = ".tmp-";
    const char *at = strstr(name, mark);
    char *end = NULL;
    if (at == NULL || strspn(at + sizeof mark - 1, "0123456789") == 0)
        return false;
    long pid = strtol(at + sizeof mark - 1, &end, 10);
    return *end == '\0' && pid > 0 && pid <= INT_MAX && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

void file_remove_orphans(const char *dir) {
    DIR *entries = opendir(dir);
    if (entries == NULL)
        return;
    for (const struct dirent *d; (d = readdir(entries)) != NULL;)
        if (is_orphan(d->d_name))
            unlinkat(dirfd(entries), d->d_name, 0);
    closedir(entries);
}

static int make_dir(const char *path, struct err *e) {
    if (mkdir(path, 0777) == 0)
        return 0;
    int why = errno;
    struct stat s;
    if (stat(path, &s) == 0 && S_ISDIR(s.st_mode))
        return 0;
    errno = why;
    return err_errno(e, "%s", path);
}

int file_mkdirs(const char *path, struct err *e) {
    AUTO(char) copy = strdup(path);
    if (copy == NULL)
        return err_set(e, ERR_SYS_NOMEM, "%s", path);
    for (char *at = copy; (at = strchr(at + 1, '/')) != NULL; *at = '/') {
        *at = '\0';
        if (make_dir(copy, e) != 0)
            return -1;
    }
    return make_dir(copy, e);
}

bool file_exists(const char *path) {
    return access(path, F_OK) == 0;
}

char *path_join(const char *dir, const char *fmt, ...) {
    AUTO(char) name = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&name, fmt, args);
    va_end(args);
    if (n < 0) {
        name = NULL;
        return NULL;
    }
    char *path = NULL;
    return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}
