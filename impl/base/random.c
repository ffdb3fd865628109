/* Randomness: the system's through OpenSSL, or a ChaCha20 stream from a seed. The seeded stream
 * repeats by design, so nothing outside a laboratory may turn it on. */
#include "base/random.h"
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>

enum { PART_MAX = 1 << 20, CHACHA_IV_LEN = 16 };

static EVP_CIPHER_CTX *stream; /* NULL: the system's randomness */

static EVP_CIPHER_CTX *stream_new(const char *seed) {
    uint8_t key[SHA256_DIGEST_LENGTH];
    const uint8_t iv[CHACHA_IV_LEN] = {0};
    SHA256((const uint8_t *)seed, strlen(seed), key);
    EVP_CIPHER_CTX *made = EVP_CIPHER_CTX_new();
    if (made != NULL && EVP_EncryptInit_ex(made, EVP_chacha20(), NULL, key, iv) == 1)
        return made;
    EVP_CIPHER_CTX_free(made);
    return NULL;
}

void random_seed(const char *seed) {
    EVP_CIPHER_CTX_free(stream);
    stream = seed != NULL ? stream_new(seed) : NULL;
}

static int fill(uint8_t *out, int len) {
    if (stream == NULL)
        return RAND_bytes(out, len) == 1 ? 0 : -1;
    int written = 0;
    memset(out, 0, (size_t)len);
    return EVP_EncryptUpdate(stream, out, &written, out, len) == 1 ? 0 : -1;
}

int random_bytes(void *out, size_t len, struct err *e) {
    uint8_t *at = out;
    while (len > 0) {
        size_t part = len < PART_MAX ? len : PART_MAX;
        if (fill(at, (int)part) != 0)
            return err_openssl(e, ERR_SYS_INTERNAL, "no randomness");
        at += part;
        len -= part;
    }
    return 0;
}

/* Numbers under the remainder of 2^32 would make low results likelier, so they are drawn again. */
uint32_t random_below(uint32_t bound) {
    uint32_t excess = (0u - bound) % bound;
    uint32_t value = 0;
    do {
        if (random_bytes(&value, sizeof value, NULL) != 0)
            return 0;
    } while (value < excess);
    return value % bound;
}
