/* malloc and its family: fail when wanted, and remember every live block with the path by which it
 * was allocated. strdup, asprintf, fopen and the like come through here too. */
#include "scenarios/torture/inside.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* glibc's own, which need no dlsym (that would allocate). */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *at, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *at);

enum { SLOTS = 1 << 19 };

static struct block *table;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static size_t home_of(uintptr_t at) {
    return (size_t)((at >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 40) % SLOTS;
}

static size_t slot_of(uintptr_t at) {
    size_t i = home_of(at);
    while (table[i].at != 0 && table[i].at != at)
        i = (i + 1) % SLOTS;
    return i;
}

static void *remember(void *at, size_t size, int path) {
    if (at == NULL)
        return NULL;
    pthread_mutex_lock(&lock);
    if (table == NULL)
        table = pages(SLOTS * sizeof *table);
    if (table != NULL)
        table[slot_of((uintptr_t)at)] = (struct block){(uintptr_t)at, size, path};
    pthread_mutex_unlock(&lock);
    return at;
}

/* Closes the gap, so that every block stays reachable from its home without marks of deletion. */
static void close_gap(size_t gap) {
    for (size_t i = (gap + 1) % SLOTS; table[i].at != 0; i = (i + 1) % SLOTS) {
        size_t home = home_of(table[i].at);
        if ((i + SLOTS - home) % SLOTS < (i + SLOTS - gap) % SLOTS)
            continue;
        table[gap] = table[i];
        gap = i;
    }
    table[gap].at = 0;
}

/* What is known of a block; at 0: nothing. */
static struct block forget(void *at) {
    struct block was = {.path = NO_PATH};
    if (at == NULL)
        return was;
    pthread_mutex_lock(&lock);
    size_t i = table == NULL ? 0 : slot_of((uintptr_t)at);
    if (table != NULL && table[i].at != 0) {
        was = table[i];
        close_gap(i);
    }
    pthread_mutex_unlock(&lock);
    return was;
}

struct block *blocks_all(size_t *slots) {
    *slots = table == NULL ? 0 : SLOTS;
    return table;
}

static bool refused(const char *name, int *path) {
    int before = errno;
    bool fails = torture_call(TORTURE_ALLOC, name, path);
    errno = fails ? ENOMEM : before;
    return fails;
}

TORTURE_EXPORT void *malloc(size_t size) {
    int path = NO_PATH;
    return refused("malloc", &path) ? NULL : remember(__libc_malloc(size), size, path);
}

TORTURE_EXPORT void *calloc(size_t count, size_t size) {
    int path = NO_PATH;
    return refused("calloc", &path) ? NULL
                                    : remember(__libc_calloc(count, size), count * size, path);
}

TORTURE_EXPORT void *realloc(void *at, size_t size) {
    int path = NO_PATH;
    if (refused("realloc", &path))
        return NULL;
    struct block was = forget(at);
    void *now = __libc_realloc(at, size);
    if (now == NULL && size > 0 && was.at != 0)
        remember(at, was.size, was.path);
    return remember(now, size, path);
}

TORTURE_EXPORT void *reallocarray(void *at, size_t count, size_t size) {
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(at, bytes);
}

static void *aligned(const char *name, size_t alignment, size_t size) {
    int path = NO_PATH;
    return refused(name, &path) ? NULL : remember(__libc_memalign(alignment, size), size, path);
}

TORTURE_EXPORT void *memalign(size_t alignment, size_t size) {
    return aligned("memalign", alignment, size);
}

TORTURE_EXPORT void *aligned_alloc(size_t alignment, size_t size) {
    return aligned("aligned_alloc", alignment, size);
}

TORTURE_EXPORT int posix_memalign(void **out, size_t alignment, size_t size) {
    void *at = aligned("posix_memalign", alignment, size);
    if (at == NULL)
        return ENOMEM;
    *out = at;
    return 0;
}

TORTURE_EXPORT void free(void *at) {
    forget(at);
    __libc_free(at);
}
