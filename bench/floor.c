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

/* What TLS 1.3 hashes on each side with the suite that both libraries prefer, SHA-384: the
 * transcript, and some 25 HMACs of key schedule and Finished, each of four blocks. */
enum { HANDSHAKE_KIB = 10 };
/* NTOWFv2, proof and session key of NTLMv2 on each side (MS-NLMP 3.3.2). */
enum { LOGIN_KIB = 1 };
/* CiscoRA logs in for the list of templates, and again for the certificate. */
enum { LOGINS = 2 };

/* One TLS handshake: the server signs, the client verifies that and the certificates up to an
 * anchor, which CAs with RSA keys have signed; each side makes a key and derives. */
static void add_handshakes(struct floor_counts *c, double handshakes, enum bench_key server,
                           double chain) {
    add_sign(c, server, handshakes);
    add_verify(c, server, handshakes);
    c->n[FLOOR_RSA_VERIFY] += handshakes * chain;
    c->n[FLOOR_EXCHANGE] += handshakes * 2;
    c->n[FLOOR_SHA384_KIB] += handshakes * 2 * HANDSHAKE_KIB;
    c->n[FLOOR_SHA256_KIB] += handshakes * chain;
}

/* The request: signed by the phone, verified by everybody who receives it. */
static void add_request(struct floor_counts *c, enum bench_key key, double signs,
                        double verifications) {
    add_sign(c, key, signs);
    add_verify(c, key, verifications);
    c->n[FLOOR_SHA256_KIB] += signs + verifications;
}

static void add_certificate(struct floor_counts *c) {
    c->n[FLOOR_RSA_SIGN] += 1;
    c->n[FLOOR_SHA256_KIB] += 1;
}

/* Phone and CAPF: the certificate is compared, not verified, and is CAPF's own, always RSA. */
static void add_phone(struct floor_counts *c) {
    add_handshakes(c, 1, BENCH_KEY_RSA2048, 0);
}

/* Connections to certsrv, each with its login. */
static void add_logins(struct floor_counts *c, double logins, const struct bench_options *o) {
    add_handshakes(c, logins, o->server_key, 2);
    if (o->login == BENCH_LOGIN_NTLM)
        c->n[FLOOR_MD5_KIB] += logins * 2 * LOGIN_KIB;
}

static bool is_fresh(enum bench_session session) {
    return session == BENCH_SESSION_PER_ENROLLMENT;
}

struct floor_counts floor_counts_of(const struct bench_options *o) {
    struct floor_counts c = {{0}};
    bool fresh = is_fresh(o->session);
    bool fresh_upstream = is_fresh(o->upstream);
    switch (o->stage) {
    case STAGE_ALL:
        add_phone(&c);
        add_request(&c, o->key, 1, 3);                       /* phone; CAPF, RA, CA */
        add_handshakes(&c, fresh ? 2 : 0, o->server_key, 1); /* without credentials, then with */
        add_logins(&c, fresh_upstream ? LOGINS : 0, o);
        add_certificate(&c);
        break;
    case STAGE_CAPF:
        add_phone(&c);
        add_certificate(&c);
        break;
    case STAGE_EST:
        add_request(&c, o->key, 1, 2); /* client; RA, CA */
        add_handshakes(&c, fresh ? 1 : 0, o->server_key, 1);
        add_logins(&c, fresh_upstream ? LOGINS : 0, o);
        add_certificate(&c);
        break;
    case STAGE_CERTSRV:
        add_request(&c, o->key, 1, 1); /* client; CA */
        add_logins(&c, fresh ? 1 : 0, o);
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
