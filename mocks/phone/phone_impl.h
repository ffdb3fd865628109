/* The inside of a phone, shared by its stream, its state machine and its steps. */
#ifndef PHONE_IMPL_H
#define PHONE_IMPL_H

#include "base/http_client.h"
#include "capf/wire.h"
#include "mocks/phone/capf_decision.h"
#include "mocks/phone/cnf_xml.h"
#include "mocks/phone/console.h"
#include "mocks/phone/handshake.h"
#include "mocks/phone/identity.h"
#include "mocks/phone/phone.h"
#include "mocks/phone/status.h"
#include "mocks/phone/trust.h"
#include "mocks/tvs/tvs_client.h"
#include <event2/bufferevent.h>

/* X(state): what the phone waits for */
#define PHONE_STATE_TABLE(X)                                                                       \
    X(IDLE)              /* nothing yet, or the next try */                                        \
    X(BOOTING)           /* files, and what TVS says of them: boot.c */                            \
    X(CONNECTING)        /* name, TCP and TLS */                                                   \
    X(AWAIT_AUTH_REQ)    /* CAPF speaks first */                                                   \
    X(AWAIT_OPERATION)   /* KEY_GEN_REQ, FETCH_CERT_REQ, DELETE_CERT_REQ or the end */             \
    X(GENERATING)        /* its own key */                                                         \
    X(AWAIT_CERTIFICATE) /* ENCRYPT_REQ, SIGN_CERT_REQ or STORE_CERT_REQ */                        \
    X(AWAIT_END)         /* END_SESSION */                                                         \
    X(ENDED)

enum phone_state {
#define X(state) PHONE_STATE_##state,
    PHONE_STATE_TABLE(X)
#undef X
};
const char *phone_state_name(enum phone_state state);

struct phone;
struct phone_lookup;

/* ---- Parts ---- */

enum {
    PHONE_HOST_MAX = 256,
    PHONE_FILE_NAME_MAX = 160,
    PHONE_FILE_MAX = CNF_FILE_MAX + 64 * 1024, /* any file, with the header of a signed one */
    PHONE_DIGEST_LEN = 32,
    PHONE_TVS_KNOWN_MAX = 16
};

/* A host to look up and a port to go to. */
struct phone_place {
    char host[PHONE_HOST_MAX];
    uint16_t port;
};

/* X(RESULT, word in the result and the console) */
#define PHONE_FILE_TABLE(X)                                                                        \
    X(FOUND, "found")                                                                              \
    X(MISSING, "missing")                                                                          \
    X(FAILED, "failed")
enum phone_file_result {
#define X(result, word) PHONE_FILE_##result,
    PHONE_FILE_TABLE(X)
#undef X
};

/* content: of FOUND; stays until the next download. */
typedef void phone_file_fn(struct phone *p, enum phone_file_result result, struct bytes content);

struct phone_fetch { /* the download under way */
    char name[PHONE_FILE_NAME_MAX];
    size_t server;
    unsigned tries; /* of this server by TFTP */
    bool tftp, running;
    struct phone_place place;
    char address[PHONE_HOST_MAX];
    char known[PHONE_HOST_MAX]; /* the host that address is of */
    struct http_endpoint endpoint;
    CURL *easy;
    struct curl_slist *headers;
    struct buf content;
    phone_file_fn *done;
};

/* certificate: what TVS vouched for, or NULL, then e says why. */
typedef void phone_tvs_fn(struct phone *p, X509 *certificate, const struct err *e);

struct phone_tvs_known { /* a yes of TVS */
    uint8_t digest[PHONE_DIGEST_LEN];
    uint8_t roles[TVS_ROLES_MAX];
    size_t role_count;
    int64_t until_us;
};

struct phone_tvs {
    struct tvs_client *client; /* NULL: not yet needed with this configuration */
    unsigned role;             /* of the question under way */
    phone_tvs_fn *done;
    struct buf der; /* what was asked about; empty: a certificate by its name */
    struct phone_tvs_known known[PHONE_TVS_KNOWN_MAX];
    size_t next;
};

struct phone_boot {
    int step;          /* row of boot.c's table */
    size_t member;     /* of the list of TVS servers, being resolved */
    bool updated;      /* a list replaced another one */
    bool unresolved;   /* a message about it stands in the list */
    ITL *offered;      /* waits for what TVS says of its signer */
    bool is_signed;    /* the configuration has a signature */
    struct sgn config; /* the same of it */
};

/* What the verify callback knows of CAPF's certificate. */
enum phone_verdict { PHONE_VERDICT_NONE, PHONE_VERDICT_YES, PHONE_VERDICT_NO };

/* ---- The phone ---- */

struct phone {
    const struct phone_shared *shared;
    const struct phone_config *config;
    struct console *console;
    struct timer *timer;
    struct fault_set *faults; /* its own; NULL: none */
    enum phone_action acting; /* at the point that was visited last */
    struct identity mic;
    struct identity lsc;
    phone_done_fn *done;
    void *user;

    /* What it trusts and is told: by its files, or, without file servers, by its configuration. */
    struct trust trust;
    X509 *trusted; /* without file servers: the CAPF record; NULL: none */
    struct cnf_xml cnf;
    bool has_cnf;
    struct cnf_servers servers; /* CAPF's */
    struct capf_decision plan;
    int mode; /* enum capf_auth_type, as configured */

    enum phone_state state;
    struct phone_boot boot;
    struct phone_fetch fetch;
    struct phone_tvs tvs;
    struct phone_lookup *lookup; /* under way; NULL: none */

    size_t server; /* of servers, the one that is tried */
    uint16_t connect_port;
    struct handshake *handshake; /* under way; NULL: none */
    struct bufferevent *stream;  /* NULL: not connected */
    bool closing;                /* ends with outcome once everything is sent */
    X509 *doubted;               /* CAPF's certificate, which TVS is asked about */
    enum phone_verdict verdict;  /* of it */
    bool certificate_refused;    /* by the comparison during the handshake */

    bool session_known;
    uint32_t session_id;
    unsigned version; /* negotiated */
    enum key_kind kind;
    unsigned bits;
    int64_t progress_left;
    EVP_PKEY *fresh_key; /* made for the running install; the only key that signs requests */
    bool stored, deleted, fetched;

    unsigned attempts, rounds; /* connections; times through the list of servers since the boot */
    unsigned boots;
    int64_t later_us; /* RETRY_DELAY of RETRY_LATER */
    struct phone_ending {
        enum phone_outcome outcome;
        enum phone_operation operation;
        int reason; /* of END_SESSION; -1: none */
        struct err error;
    } end, kept; /* kept: of the session that made the phone reset */
    struct status_list statuses;
    json_t *files; /* all downloads, in order */
};

/* ---- phone.c ---- */

/* Ends this try: closes the connection, logs, shows the status message, tries again or is done.
 * The phone must not be touched by the caller afterwards, except for its state. e may be NULL. */
void phone_end(struct phone *p, enum phone_outcome outcome, const struct err *e);

/* The console lines with which CAPF starts. */
void phone_log_start(struct phone *p);

/* Puts a message on the screen: a line of the console of that level, an event, an entry of the list
 * of status messages. */
void phone_show(struct phone *p, enum console_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As if nothing had been said yet. */
void phone_reset_session(struct phone *p);
/* Goes to CAPF, from the first server of the list on. */
void phone_start_round(struct phone *p);

/* ---- plan.c: start a session or end ---- */

/* All files are there, or none could be got. */
void phone_on_booted(struct phone *p);
/* A phone without file servers: as its own configuration says. */
void phone_plan_without_boot(struct phone *p);

/* ---- boot.c ---- */

/* Gets lists and configuration; ends in phone_on_booted. */
void phone_boot(struct phone *p);
void phone_boot_stop(struct phone *p);
bool phone_boots(const struct phone *p); /* it has file servers */

/* ---- files.c ---- */

int phone_fetch_open(struct phone *p, struct err *e);
void phone_fetch_close(struct phone *p);
/* done comes once, possibly before this returns, unless phone_fetch_stop comes first. */
void phone_fetch(struct phone *p, const char *name, phone_file_fn *done);
void phone_fetch_stop(struct phone *p); /* and forgets addresses */

/* ---- tvs.c: done comes once, later, when they return 0 ---- */

/* Whether a list has a TVS record; says in the log when not. */
bool phone_tvs_possible(struct phone *p);
/* Whether TVS has lately vouched for the certificate (DER) in that role. */
bool phone_tvs_knows(const struct phone *p, struct bytes der, unsigned role);
int phone_tvs_verify(struct phone *p, X509 *certificate, unsigned role, phone_tvs_fn *done,
                     struct err *e);
/* The certificate with that name and serial number, if it has that role. */
int phone_tvs_query(struct phone *p, const struct itl_header *signer, unsigned role,
                    phone_tvs_fn *done, struct err *e);
void phone_tvs_close(struct phone *p); /* questions under way are dropped */

/* ---- lookup.c ---- */

/* Where host:port is reached: as `routes` says, or there. -1 ARG_USAGE. */
int phone_route(const struct phone *p, const char *host, uint16_t port, struct phone_place *place,
                struct err *e);
/* A numeric address as the system wants it. -1: not numeric. */
int phone_address(const char *address, uint16_t port, struct sockaddr_storage *where,
                  socklen_t *len);
/* "Resolve Tvs Ipv4 Address to ... from hostname ...", or that it failed (address NULL). */
void phone_log_tvs_address(struct phone *p, const char *host, const char *address);
typedef void phone_found_fn(struct phone *p, const char *address, const struct err *e);
/* found: possibly before this returns; address NULL: e has DNS_*. */
void phone_look_up(struct phone *p, const char *host, phone_found_fn *found);
void phone_forget_lookup(struct phone *p);

/* ---- stream.c ---- */

/* Starts look-up and connection; ends in phone_on_connected or phone_end. */
void phone_connect(struct phone *p);
void phone_disconnect(struct phone *p);
/* phone_end, but what was sent leaves first; nothing is read any more. */
void phone_end_when_sent(struct phone *p, enum phone_outcome outcome, const struct err *e);

/* Writes m as one TLS write; the session id is filled in. */
void phone_send(struct phone *p, struct capf_message *m);
void phone_send_octets(struct phone *p, struct bytes octets);

/* ---- states.c ---- */

void phone_on_connected(struct phone *p);
void phone_on_message(struct phone *p, const struct capf_message *m);
void phone_on_timer(struct phone *p);
/* KEY_GEN_REQ came: REQUEST_IN_PROGRESS, then the time that a key takes; and each end of it. */
void phone_start_key_time(struct phone *p);
void phone_on_key_time(struct phone *p);
/* Restarts the limit for the next message. */
void phone_expect(struct phone *p, enum phone_state state);

/* ---- steps.c: answers; 0, or -1 with e set when the session cannot go on ---- */

typedef int phone_step_fn(struct phone *p, const struct capf_message *m, struct err *e);
phone_step_fn phone_step_authenticate, phone_step_key_gen, phone_step_sign, phone_step_store,
    phone_step_fetch, phone_step_delete, phone_step_end, phone_step_status, phone_step_abort,
    phone_step_aborted, phone_step_retry_later;

/* The key is ready: makes it and answers KEY_GEN_RES. */
int phone_answer_key(struct phone *p, struct err *e);
/* REQUEST_IN_PROGRESS. */
void phone_send_progress(struct phone *p);
/* *_RES with REASON 7 to a request of that type. */
void phone_refuse(struct phone *p, unsigned request);

#endif
