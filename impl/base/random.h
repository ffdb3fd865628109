/* Randomness: the system's, or a seeded stream that repeats. One per process. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

/* From now on bytes come from a ChaCha20 stream keyed with SHA-256(seed); NULL goes back to the
 * system's randomness. The seeded stream is for laboratories: it protects nothing. */
void random_seed(const char *seed);

/* Fills out. -1 SYS_INTERNAL when the system has no randomness. */
int random_bytes(void *out, size_t len, struct err *e);

/* A number below bound (> 0), without bias. */
uint32_t random_below(uint32_t bound);

#endif
