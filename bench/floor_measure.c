/* The loops of the floor. Each runs in slices, in turn with the others, so that a change of the
 * machine's speed hits all alike; the median slice counts. */
#include "base/owned.h"
#include "base/x509.h"
#include "bench/cpu.h"
#include "bench/floor.h"
#include "bench/stats.h"

#include <openssl/evp.h>

enum { SLICES = 7, SLICE_US = 10000, MESSAGE = 32, SIGNATURE_MAX = 512 };

struct bench_keys {
    EVP_PKEY *rsa, *ec;
    uint8_t rsa_signature[SIGNATURE_MAX], ec_signature[SIGNATURE_MAX];
    size_t rsa_len, ec_len;
    EVP_PKEY *peer; /* of key exchanges */
    EVP_MD_CTX *sha256, *sha384, *md5;
};

static const uint8_t message[1024];

static int sign(EVP_PKEY *key, uint8_t *out, size_t *len) {
    AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    *len = SIGNATURE_MAX;
    return ctx != NULL && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
           EVP_DigestSign(ctx, out, len, message, MESSAGE) == 1;
}

static int verify(EVP_PKEY *key, const uint8_t *signature, size_t len) {
    AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    return ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
           EVP_DigestVerify(ctx, signature, len, message, MESSAGE) == 1;
}

static int rsa_sign(struct bench_keys *k) {
    return sign(k->rsa, k->rsa_signature, &k->rsa_len);
}
static int rsa_verify(struct bench_keys *k) {
    return verify(k->rsa, k->rsa_signature, k->rsa_len);
}
static int ec_sign(struct bench_keys *k) {
    return sign(k->ec, k->ec_signature, &k->ec_len);
}
static int ec_verify(struct bench_keys *k) {
    return verify(k->ec, k->ec_signature, k->ec_len);
}

/* One side of X25519, which both libraries prefer: a new key, and the shared secret. */
static int exchange(struct bench_keys *k) {
    AUTO(EVP_PKEY) mine = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    AUTO(EVP_PKEY_CTX) ctx = mine == NULL ? NULL : EVP_PKEY_CTX_new(mine, NULL);
    uint8_t secret[64];
    size_t len = sizeof secret;
    return ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
           EVP_PKEY_derive_set_peer(ctx, k->peer) == 1 && EVP_PKEY_derive(ctx, secret, &len) == 1;
}

/* Without what it takes to find the algorithm and to make room, which is paid once a connection. */
static int hash(EVP_MD_CTX *ctx) {
    return EVP_DigestUpdate(ctx, message, sizeof message);
}

static int sha256_kib(struct bench_keys *k) {
    return hash(k->sha256);
}
static int sha384_kib(struct bench_keys *k) {
    return hash(k->sha384);
}
static int md5_kib(struct bench_keys *k) {
    return hash(k->md5);
}

typedef int floor_body(struct bench_keys *k);
static floor_body *const bodies[] = {
#define X(id, word, body) body,
    FLOOR_TABLE(X)
#undef X
};

/* CPU time of one call, from a slice of calls; negative when one fails. */
static double slice(floor_body *body, struct bench_keys *k) {
    int64_t began = cpu_now_us();
    int64_t spent = 0;
    size_t calls = 0;
    while (spent < SLICE_US) {
        for (int i = 0; i < 10; i++, calls++)
            if (body(k) != 1)
                return -1;
        spent = cpu_now_us() - began;
    }
    return (double)spent / (double)calls;
}

static int measure_all(struct bench_keys *k, struct floor_costs *costs) {
    double slices[FLOOR_COUNT][SLICES];
    for (size_t s = 0; s < SLICES; s++)
        for (size_t op = 0; op < FLOOR_COUNT; op++)
            if ((slices[op][s] = slice(bodies[op], k)) < 0)
                return -1;
    for (size_t op = 0; op < FLOOR_COUNT; op++)
        costs->us[op] = stats_spread(slices[op], SLICES).median;
    return 0;
}

static EVP_MD_CTX *hash_new(const EVP_MD *md) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx != NULL && EVP_DigestInit_ex(ctx, md, NULL) == 1)
        return ctx;
    EVP_MD_CTX_free(ctx);
    return NULL;
}

int floor_measure(struct floor_costs *costs, struct err *e) {
    AUTO(EVP_PKEY) rsa = key_generate(KEY_RSA, 2048, e);
    AUTO(EVP_PKEY) ec = key_generate(KEY_EC, 256, e);
    AUTO(EVP_PKEY) peer = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    AUTO(EVP_MD_CTX) sha256 = hash_new(EVP_sha256());
    AUTO(EVP_MD_CTX) sha384 = hash_new(EVP_sha384());
    AUTO(EVP_MD_CTX) md5 = hash_new(EVP_md5());
    struct bench_keys k = {
        .rsa = rsa, .ec = ec, .peer = peer, .sha256 = sha256, .sha384 = sha384, .md5 = md5};
    if (rsa == NULL || ec == NULL || peer == NULL || sha256 == NULL || sha384 == NULL ||
        md5 == NULL || measure_all(&k, costs) != 0)
        return err_set(e, ERR_SYS_INTERNAL, "the crypto floor could not be measured");
    return 0;
}
