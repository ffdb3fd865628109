/* A handful of stores, the oldest makes room. Must never serve a store of a file that has been
 * replaced or removed. */
#include "base/trust_store.h"

#include "base/owned.h"

#include <openssl/err.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

enum { STORES_KEPT = 8 };

struct kept {
    char *path;
    struct stat file;
    X509_STORE *store;
};
static struct kept kept[STORES_KEPT];
static size_t oldest;

static bool same_file(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static struct kept *place_of(const char *path) {
    for (size_t i = 0; i < STORES_KEPT; i++)
        if (kept[i].path != NULL && strcmp(kept[i].path, path) == 0)
            return &kept[i];
    return &kept[oldest++ % STORES_KEPT];
}

static X509_STORE *read_store(const char *path) {
    AUTO(X509_STORE) store = X509_STORE_new();
    if (store == NULL || X509_STORE_load_file(store, path) != 1) {
        ERR_clear_error();
        return NULL;
    }
    X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST);
    return TAKE(store);
}

static void drop(struct kept *k) {
    free(k->path);
    X509_STORE_free(k->store);
    *k = (struct kept){0};
}

/* The file is looked at before it is read: a change in between is seen the next time. */
static void renew(struct kept *k, const char *path, const struct stat *file) {
    drop(k);
    k->store = read_store(path);
    k->path = k->store == NULL ? NULL : strdup(path);
    k->file = *file;
    if (k->path == NULL)
        drop(k);
}

X509_STORE *trust_store_get(const char *path) {
    struct kept *k = place_of(path);
    struct stat file;
    if (stat(path, &file) != 0) {
        drop(k);
        return NULL;
    }
    if (k->path == NULL || strcmp(k->path, path) != 0 || !same_file(&k->file, &file))
        renew(k, path, &file);
    return k->store != NULL && X509_STORE_up_ref(k->store) == 1 ? k->store : NULL;
}

void trust_store_forget(const char *path) {
    for (size_t i = 0; i < STORES_KEPT; i++)
        if (kept[i].path != NULL && strcmp(kept[i].path, path) == 0)
            drop(&kept[i]);
}
