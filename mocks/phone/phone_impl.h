/* The inside of a phone, shared by its stream, its state machine and its steps. */
#ifndef PHONE_IMPL_H
#define PHONE_IMPL_H

#include "capf/wire.h"
#include "mocks/phone/console.h"
#include "mocks/phone/identity.h"
#include "mocks/phone/phone.h"
#include <event2/bufferevent.h>

/* X(state): what the phone waits for */
#define PHONE_STATE_TABLE(X)                                                                       \
    X(IDLE)              /* nothing yet, or the next try */                                        \
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

enum { STATUS_MESSAGES_MAX = 30 }; /* phone-behaviour.md 6.2: the last 30 are kept */

struct phone_lookup;

struct phone {
    const struct phone_shared *shared;
    const struct phone_config *config;
    struct console *console;
    struct timer *timer;
    struct fault_set *faults; /* its own; NULL: none */
    enum phone_action acting; /* at the point that was visited last */
    X509 *trusted;            /* the CAPF record of the trust list; NULL: none */
    struct identity mic;
    struct identity lsc;
    phone_done_fn *done;
    void *user;

    enum phone_state state;
    struct bufferevent *stream; /* NULL: not connected */
    uint16_t connect_port;
    struct phone_lookup *lookup; /* under way; NULL: none */
    bool closing;                /* ends with outcome once everything is sent */
    bool certificate_refused;    /* by the comparison during the handshake */

    bool session_known;
    uint32_t session_id;
    unsigned version; /* negotiated */
    enum key_kind kind;
    unsigned bits;
    int64_t progress_left;
    EVP_PKEY *fresh_key; /* made for the running install; the only key that signs requests */
    bool stored, deleted, fetched;

    unsigned attempts;
    int64_t later_us; /* RETRY_DELAY of RETRY_LATER */
    enum phone_outcome outcome;
    enum phone_operation operation;
    int reason; /* of END_SESSION; -1: none */
    struct err error;
    const char *statuses[STATUS_MESSAGES_MAX];
    size_t status_count;
};

/* ---- phone.c ---- */

/* Ends this try: closes the connection, logs, shows the status message, tries again or is done.
 * The phone must not be touched by the caller afterwards, except for its state. e may be NULL. */
void phone_end(struct phone *p, enum phone_outcome outcome, const struct err *e);

/* The console lines with which CAPF starts. */
void phone_log_start(struct phone *p);

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
