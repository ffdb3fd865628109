/* The calls that reach sockets, the event loop and files: each fails when wanted, with an error
 * that it may have. What stdio writes inside of the C library does not pass here. */
#include "scenarios/torture/inside.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FIRST_OWN_FD = 3 };

/* The next function of that name. Looking for it may allocate, which is no call of the program. */
static void *next_of(const char *name) {
    bool entered = torture_enter();
    void *found = dlsym(RTLD_NEXT, name);
    if (entered)
        torture_leave();
    return found;
}

static bool fails(enum torture_class kind, const char *name, int number) {
    int before = errno;
    bool wanted = kind != TORTURE_CLASSES && torture_call(kind, name, NULL);
    errno = wanted ? number : before;
    return wanted;
}

/* Pipes, standard streams and the like are nobody's. */
static enum torture_class kind_of(int fd) {
    struct stat status;
    if (fd < FIRST_OWN_FD || fstat(fd, &status) != 0)
        return TORTURE_CLASSES;
    if (S_ISSOCK(status.st_mode))
        return TORTURE_SOCKET;
    return S_ISREG(status.st_mode) ? TORTURE_FILE : TORTURE_CLASSES;
}

#define CALL(type, name, params, args, kind, number)                                               \
    TORTURE_EXPORT type name params {                                                              \
        static type(*real) params;                                                                 \
        if (real == NULL)                                                                          \
            real = (type(*) params)next_of(#name);                                                 \
        return fails(kind, #name, number) ? (type)-1 : real args;                                  \
    }

CALL(int, socket, (int domain, int type, int protocol), (domain, type, protocol), TORTURE_SOCKET,
     EMFILE)
CALL(int, connect, (int fd, const struct sockaddr *to, socklen_t len), (fd, to, len),
     TORTURE_SOCKET, ECONNREFUSED)
CALL(int, bind, (int fd, const struct sockaddr *at, socklen_t len), (fd, at, len), TORTURE_SOCKET,
     EADDRINUSE)
CALL(int, listen, (int fd, int backlog), (fd, backlog), TORTURE_SOCKET, EADDRINUSE)
CALL(int, accept, (int fd, struct sockaddr *from, socklen_t *len), (fd, from, len), TORTURE_SOCKET,
     EMFILE)
CALL(int, accept4, (int fd, struct sockaddr *from, socklen_t *len, int flags),
     (fd, from, len, flags), TORTURE_SOCKET, EMFILE)
CALL(int, getsockname, (int fd, struct sockaddr *at, socklen_t *len), (fd, at, len), TORTURE_SOCKET,
     ENOBUFS)
CALL(int, getpeername, (int fd, struct sockaddr *at, socklen_t *len), (fd, at, len), TORTURE_SOCKET,
     ENOTCONN)
CALL(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *len),
     (fd, level, name, value, len), TORTURE_SOCKET, ENOBUFS)
CALL(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t len),
     (fd, level, name, value, len), TORTURE_SOCKET, ENOBUFS)
CALL(ssize_t, send, (int fd, const void *data, size_t len, int flags), (fd, data, len, flags),
     TORTURE_SOCKET, ECONNRESET)
CALL(ssize_t, sendto,
     (int fd, const void *data, size_t len, int flags, const struct sockaddr *to, socklen_t size),
     (fd, data, len, flags, to, size), TORTURE_SOCKET, ENETUNREACH)
CALL(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags),
     TORTURE_SOCKET, ECONNRESET)
CALL(ssize_t, recv, (int fd, void *data, size_t len, int flags), (fd, data, len, flags),
     TORTURE_SOCKET, ECONNRESET)
CALL(ssize_t, recvfrom,
     (int fd, void *data, size_t len, int flags, struct sockaddr *from, socklen_t *size),
     (fd, data, len, flags, from, size), TORTURE_SOCKET, ECONNREFUSED)
CALL(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags),
     TORTURE_SOCKET, ECONNRESET)
CALL(int, epoll_create1, (int flags), (flags), TORTURE_SOCKET, EMFILE)
CALL(int, epoll_ctl, (int set, int what, int fd, struct epoll_event *event), (set, what, fd, event),
     TORTURE_SOCKET, ENOSPC)
CALL(int, eventfd, (unsigned value, int flags), (value, flags), TORTURE_SOCKET, EMFILE)
CALL(int, timerfd_create, (int clock, int flags), (clock, flags), TORTURE_SOCKET, EMFILE)
CALL(int, socketpair, (int domain, int type, int protocol, int ends[2]),
     (domain, type, protocol, ends), TORTURE_SOCKET, EMFILE)

/* A socket is reset; a file cannot be read, and its disk is full. */
static int number_of(int fd, int of_file) {
    return kind_of(fd) == TORTURE_SOCKET ? ECONNRESET : of_file;
}
CALL(ssize_t, read, (int fd, void *data, size_t len), (fd, data, len), kind_of(fd),
     number_of(fd, EIO))
CALL(ssize_t, readv, (int fd, const struct iovec *parts, int count), (fd, parts, count),
     kind_of(fd), number_of(fd, EIO))
CALL(ssize_t, write, (int fd, const void *data, size_t len), (fd, data, len), kind_of(fd),
     number_of(fd, ENOSPC))
CALL(ssize_t, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count),
     kind_of(fd), number_of(fd, ENOSPC))

CALL(ssize_t, pread, (int fd, void *data, size_t len, off_t at), (fd, data, len, at), TORTURE_FILE,
     EIO)
CALL(ssize_t, pread64, (int fd, void *data, size_t len, off64_t at), (fd, data, len, at),
     TORTURE_FILE, EIO)
CALL(ssize_t, pwrite, (int fd, const void *data, size_t len, off_t at), (fd, data, len, at),
     TORTURE_FILE, ENOSPC)
CALL(ssize_t, pwrite64, (int fd, const void *data, size_t len, off64_t at), (fd, data, len, at),
     TORTURE_FILE, ENOSPC)
CALL(int, fsync, (int fd), (fd), TORTURE_FILE, EIO)
CALL(int, fdatasync, (int fd), (fd), TORTURE_FILE, EIO)
CALL(int, ftruncate, (int fd, off_t size), (fd, size), TORTURE_FILE, EIO)
CALL(int, ftruncate64, (int fd, off64_t size), (fd, size), TORTURE_FILE, EIO)
CALL(int, rename, (const char *from, const char *to), (from, to), TORTURE_FILE, EIO)
CALL(int, unlink, (const char *path), (path), TORTURE_FILE, EIO)
CALL(int, mkdir, (const char *path, mode_t mode), (path, mode), TORTURE_FILE, ENOSPC)

static mode_t mode_behind(int flags, va_list args) {
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
}

#define OPEN(name)                                                                                 \
    TORTURE_EXPORT int name(const char *path, int flags, ...) {                                    \
        static int (*real)(const char *, int, ...);                                                \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        mode_t mode = mode_behind(flags, args);                                                    \
        va_end(args);                                                                              \
        if (real == NULL)                                                                          \
            real = (int (*)(const char *, int, ...))next_of(#name);                                \
        int number = (flags & O_CREAT) != 0 ? ENOSPC : EMFILE;                                     \
        return fails(TORTURE_FILE, #name, number) ? -1 : real(path, flags, mode);                  \
    }
OPEN(open)
OPEN(open64)

#define FOPEN(name)                                                                                \
    TORTURE_EXPORT FILE *name(const char *path, const char *mode) {                                \
        static FILE *(*real)(const char *, const char *);                                          \
        if (real == NULL)                                                                          \
            real = (FILE * (*)(const char *, const char *)) next_of(#name);                        \
        return fails(TORTURE_FILE, #name, EMFILE) ? NULL : real(path, mode);                       \
    }
FOPEN(fopen)
FOPEN(fopen64)
