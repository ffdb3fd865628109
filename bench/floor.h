/* The crypto floor: what the signatures, verifications, key exchanges and hashes that one enrolment
 * cannot do without cost on this machine, done bare with OpenSSL in a loop. bench/README.md says
 * how the counts come about. */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include "base/err.h"
#include "bench/options.h"

/* X(ID, word, loop body): the second RSA and EC rows are the halves of a signature's life. */
#define FLOOR_TABLE(X)                                                                             \
    X(RSA_SIGN, "rsa2048-sign", rsa_sign)                                                          \
    X(RSA_VERIFY, "rsa2048-verify", rsa_verify)                                                    \
    X(EC_SIGN, "ec256-sign", ec_sign)                                                              \
    X(EC_VERIFY, "ec256-verify", ec_verify)                                                        \
    X(EXCHANGE, "ecdhe-exchange", exchange)                                                        \
    X(SHA256_KIB, "sha256-kib", sha256_kib)                                                        \
    X(SHA384_KIB, "sha384-kib", sha384_kib)                                                        \
    X(MD5_KIB, "md5-kib", md5_kib)

enum floor_op {
#define X(id, word, body) FLOOR_##id,
    FLOOR_TABLE(X)
#undef X
        FLOOR_COUNT
};
const char *floor_word(enum floor_op op);

/* How often each happens in one enrolment, over all components, the phone included. */
struct floor_counts {
    double n[FLOOR_COUNT];
};
struct floor_counts floor_counts_of(const struct bench_options *o);

/* CPU microseconds that each takes here, of this process. */
struct floor_costs {
    double us[FLOOR_COUNT];
};
/* About half a second. -1 SYS_INTERNAL when OpenSSL fails. */
int floor_measure(struct floor_costs *costs, struct err *e);

/* Milliseconds of one enrolment. */
double floor_ms(const struct floor_counts *counts, const struct floor_costs *costs);

#endif
