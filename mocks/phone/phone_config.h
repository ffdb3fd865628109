/* Configuration of simulated phones: phone.yaml. A file describes one phone, or several that differ
 * in what `phones:` says, or a count of phones with generated names. */
#ifndef PHONE_CONFIG_H
#define PHONE_CONFIG_H

#include "base/config.h"
#include "base/process.h"
#include "mocks/fault/fault.h"
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

/* Where a phone can be told to misbehave, and what it then does instead of answering: one table for
 * the parser, --help and the state machine. X(point, key, help) */
#define PHONE_POINT_TABLE(X)                                                                       \
    X(AUTHENTICATION, "authentication", "when it gets AUTH_REQ")                                   \
    X(KEY_GENERATION, "key-generation", "when its key would be ready")                             \
    X(SIGNATURE, "signature", "when it gets ENCRYPT_REQ or SIGN_CERT_REQ")                         \
    X(STORE_CERT, "store-cert", "when it gets STORE_CERT_REQ")                                     \
    X(FETCH_CERT, "fetch-cert", "when it gets FETCH_CERT_REQ")                                     \
    X(DELETE_CERT, "delete-cert", "when it gets DELETE_CERT_REQ")

enum phone_point {
#define X(point, key, help) PHONE_AT_##point,
    PHONE_POINT_TABLE(X)
#undef X
        PHONE_POINTS
};

/* X(action, word, help) */
#define PHONE_ACTION_TABLE(X)                                                                      \
    X(ANSWER, "answer", "as a phone does")                                                         \
    X(REFUSE, "refuse", "answer with REASON 7")                                                    \
    X(NEVER, "never", "say nothing and keep the connection")                                       \
    X(CLOSE, "close", "close the connection")                                                      \
    X(ABORT, "abort", "send ABORT_REQ")                                                            \
    X(GARBAGE, "garbage", "send a malformed frame")                                                \
    X(WRONG, "wrong", "answer, but with another key or signature than it should be")

enum phone_action {
#define X(action, word, help) PHONE_##action,
    PHONE_ACTION_TABLE(X)
#undef X
};

struct phone_capf {
    char *host;
    int64_t port;
    char *via;         /* HOST:PORT to connect to instead of resolving host; NULL: host:port */
    char *certificate; /* PEM of the CAPF record of the trust list; NULL: there is no record */
};

struct phone_authentication {
    int mode; /* enum capf_auth_type; a phone with file servers takes the one of its cnf.xml */
    char *string;
};

/* Where the phone gets its files: HTTP first, then TFTP (phone-behaviour.md 1). */
struct phone_file_server {
    char *host;
    int64_t http_port; /* 0: serves no HTTP */
    int64_t tftp_port; /* 0: serves no TFTP */
};

struct phone_tftp {
    struct cfg_list servers; /* struct phone_file_server, up to PHONE_FILE_SERVERS_MAX; none: the
                                phone does not boot, `capf` and `authentication` say it all */
    int64_t timeout_us;      /* for one file from one server by one protocol */
};
enum { PHONE_FILE_SERVERS_MAX = 2 }; /* TFTP Server 1 and 2 of the phone's menu */

/* What the phone has from before when its state folder has nothing. */
struct phone_before {
    char *ctl;
    char *itl;
    char *configuration; /* a plain cnf.xml: where it asks TVS until it has a new one */
};

/* Mode 3 (existing certificate, precedence LSC) without an LSC: the guides say MIC, seed 5 that
 * nothing happens (phone-behaviour.md 4, 6.3). X(FALLBACK, word) */
#define PHONE_LSC_FALLBACK_TABLE(X)                                                                \
    X(MIC, "mic")                                                                                  \
    X(NONE, "none")
enum phone_lsc_fallback {
#define X(fallback, word) PHONE_LSC_FALLBACK_##fallback,
    PHONE_LSC_FALLBACK_TABLE(X)
#undef X
};

/* What the screen says when no CAPF server's name has an address: seed 5 has both, its console
 * lines 0636 to 0639 the first. X(MESSAGE, word) */
#define PHONE_UNRESOLVED_TABLE(X)                                                                  \
    X(CONNECTION_FAILED, "connection-failed")                                                      \
    X(NO_SERVER, "no-capf-server")
enum phone_unresolved {
#define X(message, word) PHONE_UNRESOLVED_##message,
    PHONE_UNRESOLVED_TABLE(X)
#undef X
};

struct phone_files {
    char *certificate;
    char *key;
};

struct phone_keys {
    bool rsa;
    bool ec;
};

/* The same as points "phone.KEY" and actions of faults. A fault says what happens at some visits,
 * `behaviour` what happens at all others. */
extern const struct fault_tables phone_faults;

/* One phone. "{name}" and "{index}" in a path are replaced by the phone's. */
struct phone_config {
    char *name;
    char *model;
    char *log;
    struct phone_capf capf;
    struct phone_tftp tftp;
    struct cfg_pairs routes; /* "HOST:PORT" as the phone knows it: HOST:PORT to go to instead */
    char *state;             /* folder of trust lists and configuration; NULL: in memory only */
    struct phone_before before;
    bool erase_lists;
    int64_t resets;
    int lsc_fallback; /* enum phone_lsc_fallback */
    int unresolved;   /* enum phone_unresolved */
    int64_t version;
    struct phone_authentication authentication;
    struct phone_files mic;
    struct phone_files lsc;
    char *key_file;
    EVP_PKEY *ready_key; /* instead of key_file, for callers with many phones; borrowed */
    struct phone_keys keys;
    bool sudi;
    bool sign;
    bool legacy_tls;
    bool dump;
    int64_t progress;
    int64_t key_generation_us;
    int64_t connect_timeout_us; /* 0: as timeout_us */
    int64_t timeout_us;
    int64_t retries;
    int64_t retry_delay_us;
    int behaviour[PHONE_POINTS];       /* enum phone_action */
    struct cfg_list faults;            /* struct fault_row; `name` is that of the device */
    const struct fault_set *fault_set; /* what they are; of the list of phones; NULL: none */
};

/* The file. The phone stands first, so that its table serves both. */
struct phone_file {
    struct phone_config phone;
    struct process_config process;
    const struct cfg_node *phones;
    int64_t count;
    int64_t concurrency;
};
extern const struct cfg_field phone_file_fields[];

/* All phones of a file, made from its template. */
struct phone_list {
    struct phone_config *items;
    size_t count;
    char **texts; /* every string that was made here */
    size_t text_count;
    struct fault_set **sets;
    size_t set_count;
};

enum { PHONES_MAX = 100000 };

/* Expands phones: and count: (count applies to every entry of phones). A generated name counts its
 * last hexadecimal digits up: SEP74A02FC0A675, SEP74A02FC0A676, ... doc: what the file was loaded
 * from; may be NULL when phones is NULL. Free with phone_list_free. -1: mistakes are in m, or
 * SYS_NOMEM. */
int phone_list_make(struct phone_list *list, const struct phone_file *file, struct cfg_doc *doc,
                    struct cfg_mistakes *m);
void phone_list_free(struct phone_list *list);

#endif
