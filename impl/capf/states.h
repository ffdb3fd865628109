/* The session state machine (capf-protocol.md 9.2): one table of state x event -> function, next
 * state. The names in the trace come from the same macros; CAPF_STATE_AWAIT_CA_CERT_RESP and
 * CAPF_EV_CA_CERT_REP are attested (seed 1), the others follow their pattern. */
#ifndef CAPF_STATES_H
#define CAPF_STATES_H

#include "capf/wire.h"
#include <stdbool.h>
#include <stdio.h>

/* X(NAME, what ends the wait): MESSAGE and KEY_GENERATION are the configured limits; CA is the EST
 * client's own affair; LINGER waits for the phone to close. */
#define CAPF_STATE_TABLE(X)                                                                        \
    X(IDLE, MESSAGE)                                                                               \
    X(AWAIT_AUTH_RESP, MESSAGE)                                                                    \
    X(AWAIT_KEY_GEN_RESP, KEY_GENERATION)                                                          \
    X(AWAIT_ENCRYPT_MSG_RESP, MESSAGE)                                                             \
    X(AWAIT_CA_CERT_RESP, CA)                                                                      \
    X(AWAIT_STORE_CERT_RESP, MESSAGE)                                                              \
    X(AWAIT_FETCH_CERT_RESP, MESSAGE)                                                              \
    X(AWAIT_DELETE_CERT_RESP, MESSAGE)                                                             \
    X(CLOSED, LINGER)

/* X(NAME, origin): PHONE and SYSTEM events come from outside and are traced; STEP events are what a
 * function of the table asks for next. */
#define CAPF_EVENT_TABLE(X)                                                                        \
    X(PH_CONN, SYSTEM)                                                                             \
    X(AUTH_RES, PHONE)                                                                             \
    X(KEY_GEN_RES, PHONE)                                                                          \
    X(ENCRYPT_RES, PHONE)                                                                          \
    X(SIGN_CERT_RES, PHONE)                                                                        \
    X(STORE_CERT_RES, PHONE)                                                                       \
    X(FETCH_CERT_RES, PHONE)                                                                       \
    X(DELETE_CERT_RES, PHONE)                                                                      \
    X(REQ_IN_PROGRESS, PHONE)                                                                      \
    X(STATUS_REQUEST, PHONE)                                                                       \
    X(ABORT_REQ, PHONE)                                                                            \
    X(UNEXPECTED_MSG, PHONE)                                                                       \
    X(BAD_MSG, PHONE)                                                                              \
    X(CA_CERT_REP, SYSTEM)                                                                         \
    X(TIMEOUT, SYSTEM)                                                                             \
    X(PH_DISC, SYSTEM)                                                                             \
    X(NEED_KEY, STEP)                                                                              \
    X(NEED_DELETE, STEP)                                                                           \
    X(NEED_FETCH, STEP)                                                                            \
    X(NEED_SIGNATURE, STEP)                                                                        \
    X(NEED_LOCAL_CERT, STEP)                                                                       \
    X(NEED_ONLINE_CERT, STEP)                                                                      \
    X(NEED_OFFLINE_CERT, STEP)                                                                     \
    X(HAVE_CERT, STEP)                                                                             \
    X(OP_DONE, STEP)                                                                               \
    X(OP_FAILED, STEP)                                                                             \
    X(REFUSED, STEP)

enum capf_state {
#define X(name, wait) CAPF_STATE_##name,
    CAPF_STATE_TABLE(X)
#undef X
        CAPF_STATE_COUNT
};

enum capf_event {
#define X(name, origin) CAPF_EV_##name,
    CAPF_EVENT_TABLE(X)
#undef X
        CAPF_EVENT_COUNT,
    CAPF_EV_NOTHING = CAPF_EVENT_COUNT /* what a function returns that waits for the outside */
};

enum capf_wait { WAIT_MESSAGE, WAIT_KEY_GENERATION, WAIT_CA, WAIT_LINGER };

struct session;

/* Acts on an event and returns the next STEP event or CAPF_EV_NOTHING. m is the message of a PHONE
 * event (NULL with BAD_MSG), else NULL. The next state of the row is entered before the call. */
typedef enum capf_event state_fn(struct session *s, const struct capf_message *m);

struct transition {
    state_fn *fn;
    enum capf_state next;
    const char *fn_name;
};

/* Defined for every pair; never NULL. */
const struct transition *states_transition(enum capf_state state, enum capf_event event);

/* "CAPF_STATE_IDLE", "CAPF_EV_PH_CONN". */
const char *capf_state_name(enum capf_state state);
const char *capf_event_name(enum capf_event event);
enum capf_wait capf_state_wait(enum capf_state state);
bool capf_event_is_step(enum capf_event event);

/* The event that a parsed message is. */
enum capf_event capf_event_of_message(const struct capf_message *m);

/* Runs event and the steps it leads to; the session may be in state CLOSED afterwards. */
void states_run(struct session *s, enum capf_event event, const struct capf_message *m);

/* The table as Markdown (one line a row), and as a Graphviz digraph: for the documentation. */
void states_print_table(FILE *to);
void states_print_diagram(FILE *to);

#endif
