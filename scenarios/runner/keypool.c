/* The pool of private keys. A member is written under a lock and appears by rename: nobody ever
 * reads half a key, and no key is made twice. */
#include "scenarios/runner/keypool.h"

#include "base/file.h"
#include "base/owned.h"
#include "scenarios/runner/place.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Installed programs have no place of their own to write to. */
static char *cache_dir(void) {
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    if (cache != NULL && cache[0] == '/')
        return path_join(cache, "capflab/keypool");
    return path_join(home != NULL && home[0] == '/' ? home : "/tmp", ".cache/capflab/keypool");
}

char *keypool_default_dir(void) {
    const char *given = getenv("CAPFLAB_KEYS");
    if (given != NULL && given[0] != '\0')
        return strdup(given);
    AUTO(char) bin = place_programs();
    AUTO(char) objects = bin == NULL ? NULL : path_join(bin, "../obj");
    if (objects == NULL)
        return NULL;
    return file_exists(objects) ? path_join(bin, "../keypool") : cache_dir();
}

int keypool_open(struct keypool *pool, const char *dir, struct err *e) {
    *pool = (struct keypool){.dir = strdup(dir)};
    if (pool->dir == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    return file_mkdirs(dir, e);
}

void keypool_close(struct keypool *pool) {
    free(pool->dir);
    *pool = (struct keypool){0};
}

static int make_member(const char *path, enum key_kind kind, unsigned bits, struct err *e) {
    AUTO(EVP_PKEY) key = key_generate(kind, bits, e);
    AUTO(char) fresh = path_join("", "%s.new", path);
    if (key == NULL)
        return -1;
    if (fresh == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (key_write_file(fresh + 1, key, e) != 0)
        return -1;
    return rename(fresh + 1, path) == 0 ? 0 : err_errno(e, "%s", path);
}

static int make_locked(const struct keypool *pool, const char *path, enum key_kind kind,
                       unsigned bits, struct err *e) {
    AUTO(char) lock_path = path_join(pool->dir, ".lock");
    if (lock_path == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    AUTO_FD lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || flock(lock, LOCK_EX) != 0)
        return err_errno(e, "%s", lock_path);
    return file_exists(path) ? 0 : make_member(path, kind, bits, e);
}

static unsigned *next_of(struct keypool *pool, enum key_kind kind, unsigned bits) {
    for (size_t i = 0; i < pool->kinds; i++)
        if (pool->taken[i].kind == kind && pool->taken[i].bits == bits)
            return &pool->taken[i].next;
    if (pool->kinds == KEYPOOL_KINDS_MAX)
        return NULL;
    pool->taken[pool->kinds].kind = kind;
    pool->taken[pool->kinds].bits = bits;
    return &pool->taken[pool->kinds++].next;
}

char *keypool_take(struct keypool *pool, enum key_kind kind, unsigned bits, struct err *e) {
    unsigned *next = next_of(pool, kind, bits);
    if (next == NULL || *next >= KEYPOOL_MEMBERS_MAX) {
        err_set(e, ERR_SYS_LIMIT, "more than %u keys of one kind", KEYPOOL_MEMBERS_MAX);
        return NULL;
    }
    AUTO(char)
    path = path_join(pool->dir, "%s%u-%02u.pem", kind == KEY_RSA ? "rsa" : "ec", bits, *next);
    if (path == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    if (!file_exists(path) && make_locked(pool, path, kind, bits, e) != 0)
        return NULL;
    ++*next;
    return TAKE(path);
}
