/* What the floor consists of. Only what the protocols demand is counted: a check that a component
 * repeats, a handshake that it could have spared, parsing and copying are above the floor. */
#include "bench/floor.h"

static const char *const words[] = {
#define X(id, word, body) word,
    FLOOR_TABLE(X)
#undef X
};

const char *floor_word(enum floor_op op) {
    return words[op];
}

/* One TLS handshake with an RSA server key: the server signs, the client verifies that and the
 * certificates up to an anchor; each side makes a key and derives; transcript and key schedule hash
 * a few KiB. */
static void add_handshakes(struct floor_counts *c, double handshakes, double chain) {
    c->n[FLOOR_RSA_SIGN] += handshakes;
    c->n[FLOOR_RSA_VERIFY] += handshakes * (1 + chain);
    c->n[FLOOR_EXCHANGE] += handshakes * 2;
    c->n[FLOOR_HASH_KIB] += handshakes * 8;
}

/* The request: signed by the phone, verified by everybody who receives it. */
static void add_request(struct floor_counts *c, enum bench_key key, double signs,
                        double verifications) {
    c->n[key == BENCH_KEY_RSA2048 ? FLOOR_RSA_SIGN : FLOOR_EC_SIGN] += signs;
    c->n[key == BENCH_KEY_RSA2048 ? FLOOR_RSA_VERIFY : FLOOR_EC_VERIFY] += verifications;
    c->n[FLOOR_HASH_KIB] += signs + verifications;
}

static void add_certificate(struct floor_counts *c) {
    c->n[FLOOR_RSA_SIGN] += 1;
    c->n[FLOOR_HASH_KIB] += 2;
}

struct floor_counts floor_counts_of(enum stage stage, enum bench_key key,
                                    enum bench_session session, enum bench_session upstream) {
    struct floor_counts c = {{0}};
    bool fresh = session == BENCH_SESSION_PER_ENROLLMENT;
    add_certificate(&c);
    if (stage != STAGE_EST)
        add_handshakes(&c, 1, 0); /* phone and CAPF: the certificate is compared, not verified */
    if (stage == STAGE_ALL) {
        add_request(&c, key, 1, 3);           /* phone; CAPF, RA, CA */
        add_handshakes(&c, fresh ? 2 : 0, 1); /* CAPF and RA: without credentials, then with */
    } else if (stage == STAGE_EST) {
        add_request(&c, key, 1, 2);           /* client; RA, CA */
        add_handshakes(&c, fresh ? 1 : 0, 1); /* client and RA */
    }
    if (stage != STAGE_CAPF)
        add_handshakes(&c, upstream == BENCH_SESSION_PER_ENROLLMENT ? 2 : 0,
                       2); /* RA and certsrv: a login for each of two steps */
    return c;
}

double floor_ms(const struct floor_counts *counts, const struct floor_costs *costs) {
    double us = 0;
    for (size_t i = 0; i < FLOOR_COUNT; i++)
        us += counts->n[i] * costs->us[i];
    return us / 1000;
}
