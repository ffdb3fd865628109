/* What the bench is asked to do: words and bounds of its options, free of the command line. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

/* X(ID, word, what is driven) */
#define STAGE_TABLE(X)                                                                             \
    X(ALL, "all", "phones through CAPF, RA and certsrv")                                           \
    X(CAPF, "capf", "phones through a CAPF that issues the LSCs itself")                           \
    X(EST, "est", "EST enrolments straight against the RA")                                        \
    X(CERTSRV, "certsrv", "requests posted to certsrv, as the RA posts them")                      \
    X(ITL, "itl", "a trust list read, verified and shown, in this process")                        \
    X(CSR, "csr", "a certificate request read and judged, in this process")
enum stage {
#define X(id, word, help) STAGE_##id,
    STAGE_TABLE(X)
#undef X
};

/* Who issues what phones ask for. X(ID, word, stage that drives it) */
#define BENCH_ISSUER_TABLE(X)                                                                      \
    X(CAPF, "capf", STAGE_CAPF)                                                                    \
    X(ONLINE_CA, "online-ca", STAGE_ALL)
enum bench_issuer {
#define X(id, word, stage) BENCH_ISSUER_##id,
    BENCH_ISSUER_TABLE(X)
#undef X
};

/* X(ID, word, kind, bits) */
#define BENCH_KEY_TABLE(X)                                                                         \
    X(RSA2048, "rsa2048", KEY_RSA, 2048)                                                           \
    X(EC256, "ec256", KEY_EC, 256)
enum bench_key {
#define X(id, word, kind, bits) BENCH_KEY_##id,
    BENCH_KEY_TABLE(X)
#undef X
};

/* X(ID, word) */
#define BENCH_SESSION_TABLE(X)                                                                     \
    X(PER_ENROLLMENT, "per-enrollment")                                                            \
    X(PERSISTENT, "persistent")
enum bench_session {
#define X(id, word) BENCH_SESSION_##id,
    BENCH_SESSION_TABLE(X)
#undef X
};

/* How the stage certsrv logs in. X(ID, word, enum certsrv_authentication) */
#define BENCH_LOGIN_TABLE(X)                                                                       \
    X(NTLM, "ntlm", CERTSRV_NTLM)                                                                  \
    X(BASIC, "basic", CERTSRV_BASIC)
enum bench_login {
#define X(id, word, authentication) BENCH_LOGIN_##id,
    BENCH_LOGIN_TABLE(X)
#undef X
};

enum {
    BENCH_PHONES_MAX = 1000000, /* over all runs: as many devices are added at once */
    BENCH_CONCURRENCY_MAX = 20000,
    BENCH_CONCURRENCY = 8,
    BENCH_CONCURRENCY_AT_RATE = 1000,
    BENCH_RATE_MAX = 100000,
    BENCH_WAITING_MAX = 11000, /* CAPF takes 12,000 connections from one address */
    BENCH_SILENT_MAX = 4000,   /* as many connections wait for a stopped program to accept them */
    BENCH_REPEAT_MAX = 99,
    BENCH_SEED = 1,
    BENCH_ISSUED_MAX = 1000000,
    BENCH_WORKERS_MAX = 64,
    BENCH_PHONES = 200,             /* a run, when neither phones nor a duration is given */
    BENCH_OPERATIONS = 24000,       /* the same, of a stage inside this process */
    BENCH_PHONES_PER_SECOND = 1000, /* what a run with a duration provides for */
    BENCH_OPERATIONS_PER_SECOND = 12000,
};

struct bench_options {
    const char *stage_word, *key_word, *session_word, *server_key_word, *durability_word;
    const char *upstream_word; /* NULL: as session_word */
    const char *issuer_word;   /* NULL: as the stage says */
    enum stage stage;
    enum bench_issuer issuer;
    enum bench_key key;
    enum bench_key server_key; /* of the TLS certificates of RA and certsrv */
    enum bench_session session;
    enum bench_session upstream; /* between RA and certsrv */
    int64_t phones;              /* enrolments of one run; 0: from duration_us */
    int64_t concurrency;         /* 0: BENCH_CONCURRENCY, or at a rate BENCH_CONCURRENCY_AT_RATE */
    int64_t rate;                /* enrolments started a second; 0: closed loop */
    bool keygen;                 /* every phone makes its key, as part of its enrolment */
    int64_t duration_us;         /* 0: until all phones are done */
    int64_t repeat;
    int64_t warm_up;     /* enrolments before the first run */
    int64_t workers;     /* processes of each of CAPF, RA and certsrv */
    int64_t waiting;     /* phones that wait for their keys meanwhile; 0: none */
    int64_t silent;      /* enrolments in flight while certsrv is stopped; 0: none */
    bool durable;        /* what is committed is on disk before a peer hears of it */
    int64_t issued;      /* certificates and devices that exist before it, as copies of the first */
    const char *capf;    /* HOST:PORT of a CAPF outside; NULL: of the lab */
    const char *est;     /* HOST:PORT of an EST server outside; NULL: of the lab */
    const char *certsrv; /* HOST:PORT of a certsrv outside; NULL: of the lab */
    const char *login_word;
    const char *template_name; /* that requests at certsrv are for */
    enum bench_login login;    /* at certsrv */
    const char *trust;         /* PEM: CAPF's certificate, or the EST server's issuers */
    const char *name;          /* that the certificate of a server outside is for; NULL: HOST */
    const char *user;          /* USER:PASSWORD for the EST server outside */
    const char *output;        /* folder of the lab */
    const char *json;          /* file for the figures; NULL: none */
    bool chaos;                /* chaos.h instead of all else */
    int64_t seed;              /* of the chaos */
};

#define BENCH_OPTIONS_INIT                                                                         \
    {                                                                                              \
        .stage_word = "all", .key_word = "rsa2048", .session_word = "per-enrollment",              \
        .login_word = "ntlm", .template_name = "CiscoRA", .server_key_word = "rsa2048",            \
        .durability_word = "on", .workers = 1, .repeat = 3, .warm_up = 20,                         \
        .output = "out/bench/lab", .seed = BENCH_SEED                                              \
    }

/* "30s", "5m" and so on as in all programs, and "30" for seconds. -1 ARG_USAGE. */
int bench_duration_parse(const char *text, int64_t *us, struct err *e);

/* Reads the words, fills in what depends on other options, checks all bounds. -1 ARG_USAGE. */
int bench_options_settle(struct bench_options *o, struct err *e);

const char *stage_word(enum stage stage);
const char *bench_key_word(enum bench_key key);
const char *bench_session_word(enum bench_session session);
const char *bench_login_word(enum bench_login login);
const char *bench_issuer_word(enum bench_issuer issuer);

/* Whether the stage is work of this process alone. */
bool stage_is_inside(enum stage stage);
/* Whether the stage is driven by phones, which need devices. */
bool stage_has_phones(enum stage stage);

/* Whether the components are not the bench's own. */
bool bench_is_external(const struct bench_options *o);

/* Runs in all: with a crowd (bench/crowd.h) before it, beside it and after it. */
int64_t bench_runs(const struct bench_options *o);
/* All enrolments that may take place: warm-up, every run, and the crowd's. */
int64_t bench_enrolments_max(const struct bench_options *o);

#endif
