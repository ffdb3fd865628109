/* A pool of private keys made once and used by every run, so that no scenario spends seconds on RSA
 * generation. Members are files named kind, size and number (rsa2048-03.pem); a scenario takes them
 * in order, so that the same scenario always gets the same keys. For laboratories only. */
#ifndef SCENARIOS_RUNNER_KEYPOOL_H
#define SCENARIOS_RUNNER_KEYPOOL_H

#include "base/err.h"
#include "base/x509.h"

enum { KEYPOOL_KINDS_MAX = 16, KEYPOOL_MEMBERS_MAX = 1000 };

struct keypool {
    char *dir;
    struct {
        enum key_kind kind;
        unsigned bits;
        unsigned next;
    } taken[KEYPOOL_KINDS_MAX];
    size_t kinds;
};

/* The folder: $CAPFLAB_KEYS; in a build tree keypool/ beside bin/; otherwise the user's cache.
 * malloc'ed; NULL without memory. */
char *keypool_default_dir(void);

/* -1 SYS_IO. Release with keypool_close. */
int keypool_open(struct keypool *pool, const char *dir, struct err *e);
void keypool_close(struct keypool *pool);

/* Path of the next member of that kind, made if missing (other processes wait for it meanwhile).
 * malloc'ed, caller frees. NULL KEY_GENERATE, KEY_UNSUPPORTED, SYS_IO, SYS_LIMIT. */
char *keypool_take(struct keypool *pool, enum key_kind kind, unsigned bits, struct err *e);

#endif
