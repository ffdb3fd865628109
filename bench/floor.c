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

static void add_sign(struct floor_counts *c, enum bench_key key, double times) {
    c->n[key == BENCH_KEY_RSA2048 ? FLOOR_RSA_SIGN : FLOOR_EC_SIGN] += times;
}

static void add_verify(struct floor_counts *c, enum bench_key key, double times) {
    c->n[key == BENCH_KEY_RSA2048 ? FLOOR_RSA_VERIFY : FLOOR_EC_VERIFY] += times;
}

/* One TLS handshake: the server signs, the client verifies that and the certificates up to an
 * anchor, which CAs with RSA keys have signed; each side makes a key and derives; transcript and
 * key schedule hash a few KiB. */
static void add_handshakes(struct floor_counts *c, double handshakes, enum bench_key server,
                           double chain) {
    add_sign(c, server, handshakes);
    add_verify(c, server, handshakes);
    c->n[FLOOR_RSA_VERIFY] += handshakes * chain;
    c->n[FLOOR_EXCHANGE] += handshakes * 2;
    c->n[FLOOR_HASH_KIB] += handshakes * 8;
}

/* The request: signed by the phone, verified by everybody who receives it. */
static void add_request(struct floor_counts *c, enum bench_key key, double signs,
                        double verifications) {
    add_sign(c, key, signs);
    add_verify(c, key, verifications);
    c->n[FLOOR_HASH_KIB] += signs + verifications;
}

static void add_certificate(struct floor_counts *c) {
    c->n[FLOOR_RSA_SIGN] += 1;
    c->n[FLOOR_HASH_KIB] += 2;
}

/* Phone and CAPF: the certificate is compared, not verified, and is CAPF's own, always RSA. */
static void add_phone(struct floor_counts *c) {
    add_handshakes(c, 1, BENCH_KEY_RSA2048, 0);
}

/* RA and certsrv: a login for each of two steps. */
static void add_upstream(struct floor_counts *c, const struct bench_options *o) {
    if (o->upstream == BENCH_SESSION_PER_ENROLLMENT)
        add_handshakes(c, 2, o->server_key, 2);
}

struct floor_counts floor_counts_of(const struct bench_options *o) {
    struct floor_counts c = {{0}};
    bool fresh = o->session == BENCH_SESSION_PER_ENROLLMENT;
    switch (o->stage) {
    case STAGE_ALL:
        add_phone(&c);
        add_request(&c, o->key, 1, 3);                       /* phone; CAPF, RA, CA */
        add_handshakes(&c, fresh ? 2 : 0, o->server_key, 1); /* without credentials, then with */
        add_upstream(&c, o);
        add_certificate(&c);
        break;
    case STAGE_CAPF:
        add_phone(&c);
        add_certificate(&c);
        break;
    case STAGE_EST:
        add_request(&c, o->key, 1, 2); /* client; RA, CA */
        add_handshakes(&c, fresh ? 1 : 0, o->server_key, 1);
        add_upstream(&c, o);
        add_certificate(&c);
        break;
    case STAGE_CERTSRV:
        add_request(&c, o->key, 1, 1); /* client; CA */
        add_handshakes(&c, fresh ? 1 : 0, o->server_key, 2);
        add_certificate(&c);
        break;
    default: /* in this process: measured beside it, and no multiple of these */
        break;
    }
    return c;
}

double floor_ms(const struct floor_counts *counts, const struct floor_costs *costs) {
    double us = 0;
    for (size_t i = 0; i < FLOOR_COUNT; i++)
        us += counts->n[i] * costs->us[i];
    return us / 1000;
}
