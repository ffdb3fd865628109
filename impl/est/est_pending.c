/* The table of waiting enrolments: chained buckets, and a queue by age. It must never grow beyond
 * its maximum, whatever clients send. */
#include "est/est_pending.h"
#include "base/owned.h"
#include <stdbool.h>
#include <string.h>
#include <sys/queue.h>

enum { BUCKETS = 1024 }; /* a power of two */

struct entry {
    TAILQ_ENTRY(entry) by_age;
    LIST_ENTRY(entry) in_bucket;
    struct est_pending_key key;
    char *token;
};

struct est_pending_table {
    size_t count;
    size_t max;
    TAILQ_HEAD(, entry) ages; /* oldest first */
    LIST_HEAD(bucket, entry) buckets[BUCKETS];
};

struct est_pending_table *est_pending_new(size_t max, struct err *e) {
    struct est_pending_table *t = calloc(1, sizeof *t);
    if (t == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    t->max = max;
    TAILQ_INIT(&t->ages);
    return t;
}

static struct bucket *bucket_of(struct est_pending_table *t, const struct est_pending_key *key) {
    return &t->buckets[(key->digest[0] | key->digest[1] << 8) & (BUCKETS - 1)];
}

static void entry_free(struct est_pending_table *t, struct entry *entry) {
    TAILQ_REMOVE(&t->ages, entry, by_age);
    LIST_REMOVE(entry, in_bucket);
    t->count--;
    free(entry->token);
    free(entry);
}

void est_pending_free(struct est_pending_table *t) {
    if (t == NULL)
        return;
    while (!TAILQ_EMPTY(&t->ages))
        entry_free(t, TAILQ_FIRST(&t->ages));
    free(t);
}

static struct entry *find(const struct est_pending_table *t, const struct est_pending_key *key) {
    struct entry *entry;
    LIST_FOREACH(entry, bucket_of((struct est_pending_table *)(uintptr_t)t, key), in_bucket)
    if (memcmp(&entry->key, key, sizeof *key) == 0)
        return entry;
    return NULL;
}

const char *est_pending_find(const struct est_pending_table *t, const struct est_pending_key *key) {
    const struct entry *entry = find(t, key);
    return entry != NULL ? entry->token : NULL;
}

void est_pending_drop(struct est_pending_table *t, const struct est_pending_key *key) {
    struct entry *entry = find(t, key);
    if (entry != NULL)
        entry_free(t, entry);
}

int est_pending_put(struct est_pending_table *t, const struct est_pending_key *key,
                    const char *token, struct err *e) {
    struct entry *entry = calloc(1, sizeof *entry);
    char *copy = strdup(token);
    if (entry == NULL || copy == NULL) {
        free(entry);
        free(copy);
        return err_set(e, ERR_SYS_NOMEM, NULL);
    }
    est_pending_drop(t, key);
    if (t->count >= t->max && t->count > 0)
        entry_free(t, TAILQ_FIRST(&t->ages));
    entry->key = *key;
    entry->token = copy;
    TAILQ_INSERT_TAIL(&t->ages, entry, by_age);
    LIST_INSERT_HEAD(bucket_of(t, key), entry, in_bucket);
    t->count++;
    return 0;
}

int est_pending_key_of(const char *identity, const char *label, struct bytes public_key,
                       struct est_pending_key *key, struct err *e) {
    AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
    /* The NULs keep ("a", "bc") and ("ab", "c") apart. */
    bool made = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
                EVP_DigestUpdate(md, identity, strlen(identity) + 1) == 1 &&
                EVP_DigestUpdate(md, label, strlen(label) + 1) == 1 &&
                EVP_DigestUpdate(md, public_key.data, public_key.len) == 1 &&
                EVP_DigestFinal_ex(md, key->digest, NULL) == 1;
    return made ? 0 : err_openssl(e, ERR_SYS_INTERNAL, "SHA-256");
}
