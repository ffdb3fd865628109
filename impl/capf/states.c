/* The table itself and its printers. What the functions do stands in states_auth.c,
 * states_install.c and states_other.c; no transition is decided outside this table. */
#include "capf/states.h"
#include "capf/session.h"
#include "capf/sharing.h"
#include "capf/states_actions.h"
#include "capf/trace.h"

struct row {
    enum capf_state state;
    enum capf_event event;
    struct transition to;
};
#define ROW(state, event, fn, next)                                                                \
    {                                                                                              \
        CAPF_STATE_##state, CAPF_EV_##event, {                                                     \
            fn, CAPF_STATE_##next, #fn                                                             \
        }                                                                                          \
    }

/* clang-format off: one row a line. */
static const struct row rows[] = {
    ROW(IDLE, PH_CONN, act_send_auth_req, AWAIT_AUTH_RESP),

    ROW(AWAIT_AUTH_RESP, AUTH_RES, act_take_auth_res, AWAIT_AUTH_RESP),
    ROW(AWAIT_AUTH_RESP, NEED_KEY, act_send_key_gen_req, AWAIT_KEY_GEN_RESP),
    ROW(AWAIT_AUTH_RESP, NEED_DELETE, act_send_delete_req, AWAIT_DELETE_CERT_RESP),
    ROW(AWAIT_AUTH_RESP, NEED_FETCH, act_send_fetch_req, AWAIT_FETCH_CERT_RESP),
    ROW(AWAIT_AUTH_RESP, HAVE_CERT, act_send_store_cert_req, AWAIT_STORE_CERT_RESP),
    ROW(AWAIT_AUTH_RESP, REQ_IN_PROGRESS, act_unexpected, AWAIT_AUTH_RESP),
    ROW(AWAIT_AUTH_RESP, STATUS_REQUEST, act_unexpected, AWAIT_AUTH_RESP),

    ROW(AWAIT_KEY_GEN_RESP, KEY_GEN_RES, act_take_key, AWAIT_KEY_GEN_RESP),
    ROW(AWAIT_KEY_GEN_RESP, TIMEOUT, act_key_gen_timeout, AWAIT_KEY_GEN_RESP),
    ROW(AWAIT_KEY_GEN_RESP, NEED_KEY, act_send_key_gen_req, AWAIT_KEY_GEN_RESP),
    ROW(AWAIT_KEY_GEN_RESP, NEED_SIGNATURE, act_ask_signature, AWAIT_ENCRYPT_MSG_RESP),
    ROW(AWAIT_KEY_GEN_RESP, NEED_LOCAL_CERT, act_issue_locally, AWAIT_KEY_GEN_RESP),
    ROW(AWAIT_KEY_GEN_RESP, NEED_ONLINE_CERT, act_start_online, AWAIT_CA_CERT_RESP),
    ROW(AWAIT_KEY_GEN_RESP, NEED_OFFLINE_CERT, act_start_offline, AWAIT_KEY_GEN_RESP),
    ROW(AWAIT_KEY_GEN_RESP, HAVE_CERT, act_send_store_cert_req, AWAIT_STORE_CERT_RESP),

    ROW(AWAIT_ENCRYPT_MSG_RESP, ENCRYPT_RES, act_take_signature, AWAIT_ENCRYPT_MSG_RESP),
    ROW(AWAIT_ENCRYPT_MSG_RESP, SIGN_CERT_RES, act_take_signature, AWAIT_ENCRYPT_MSG_RESP),
    ROW(AWAIT_ENCRYPT_MSG_RESP, TIMEOUT, act_no_signature, AWAIT_ENCRYPT_MSG_RESP),
    ROW(AWAIT_ENCRYPT_MSG_RESP, ABORT_REQ, act_signature_aborted, AWAIT_ENCRYPT_MSG_RESP),
    ROW(AWAIT_ENCRYPT_MSG_RESP, PH_DISC, act_signature_phone_gone, CLOSED),
    ROW(AWAIT_ENCRYPT_MSG_RESP, NEED_LOCAL_CERT, act_issue_locally, AWAIT_ENCRYPT_MSG_RESP),
    ROW(AWAIT_ENCRYPT_MSG_RESP, NEED_ONLINE_CERT, act_start_online, AWAIT_CA_CERT_RESP),
    ROW(AWAIT_ENCRYPT_MSG_RESP, NEED_OFFLINE_CERT, act_start_offline, AWAIT_ENCRYPT_MSG_RESP),
    ROW(AWAIT_ENCRYPT_MSG_RESP, HAVE_CERT, act_send_store_cert_req, AWAIT_STORE_CERT_RESP),

    ROW(AWAIT_CA_CERT_RESP, CA_CERT_REP, act_take_ca_reply, AWAIT_CA_CERT_RESP),
    ROW(AWAIT_CA_CERT_RESP, HAVE_CERT, act_send_store_cert_req, AWAIT_STORE_CERT_RESP),
    ROW(AWAIT_CA_CERT_RESP, TIMEOUT, act_nothing, AWAIT_CA_CERT_RESP),

    ROW(AWAIT_STORE_CERT_RESP, STORE_CERT_RES, act_take_store_res, AWAIT_STORE_CERT_RESP),
    ROW(AWAIT_STORE_CERT_RESP, NEED_KEY, act_send_key_gen_req, AWAIT_KEY_GEN_RESP),

    ROW(AWAIT_FETCH_CERT_RESP, FETCH_CERT_RES, act_take_fetch_res, AWAIT_FETCH_CERT_RESP),
    ROW(AWAIT_FETCH_CERT_RESP, NEED_FETCH, act_send_fetch_req, AWAIT_FETCH_CERT_RESP),

    ROW(AWAIT_DELETE_CERT_RESP, DELETE_CERT_RES, act_take_delete_res, AWAIT_DELETE_CERT_RESP),
};
/* clang-format on */

/* For states without a row for the event. Next state CAPF_STATE_COUNT means: stay. */
#define STAY                 CAPF_STATE_COUNT
#define ANY(event, fn, next) [CAPF_EV_##event] = {fn, next, #fn}
static const struct transition any_state[CAPF_EVENT_COUNT] = {
    ANY(PH_CONN, act_impossible, CAPF_STATE_CLOSED),
    ANY(AUTH_RES, act_unexpected, STAY),
    ANY(KEY_GEN_RES, act_unexpected, STAY),
    ANY(ENCRYPT_RES, act_unexpected, STAY),
    ANY(SIGN_CERT_RES, act_unexpected, STAY),
    ANY(STORE_CERT_RES, act_unexpected, STAY),
    ANY(FETCH_CERT_RES, act_unexpected, STAY),
    ANY(DELETE_CERT_RES, act_unexpected, STAY),
    ANY(REQ_IN_PROGRESS, act_still_working, STAY),
    ANY(STATUS_REQUEST, act_answer_status, STAY),
    ANY(ABORT_REQ, act_answer_abort, STAY),
    ANY(UNEXPECTED_MSG, act_unexpected, STAY),
    ANY(BAD_MSG, act_bad_message, STAY),
    ANY(CA_CERT_REP, act_ca_reply_late, STAY),
    ANY(TIMEOUT, act_phone_silent, STAY),
    ANY(PH_DISC, act_phone_gone, CAPF_STATE_CLOSED),
    ANY(NEED_KEY, act_impossible, CAPF_STATE_CLOSED),
    ANY(NEED_DELETE, act_impossible, CAPF_STATE_CLOSED),
    ANY(NEED_FETCH, act_impossible, CAPF_STATE_CLOSED),
    ANY(NEED_SIGNATURE, act_impossible, CAPF_STATE_CLOSED),
    ANY(NEED_LOCAL_CERT, act_impossible, CAPF_STATE_CLOSED),
    ANY(NEED_ONLINE_CERT, act_impossible, CAPF_STATE_CLOSED),
    ANY(NEED_OFFLINE_CERT, act_impossible, CAPF_STATE_CLOSED),
    ANY(HAVE_CERT, act_impossible, CAPF_STATE_CLOSED),
    ANY(OP_DONE, act_finish, CAPF_STATE_CLOSED),
    ANY(OP_FAILED, act_finish, CAPF_STATE_CLOSED),
    ANY(REFUSED, act_refuse, CAPF_STATE_CLOSED),
};

/* Whatever still arrives behind END_SESSION is dropped. */
static const struct transition when_closed = {act_nothing, CAPF_STATE_CLOSED, "act_nothing"};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

const struct transition *states_transition(enum capf_state state, enum capf_event event) {
    if (state == CAPF_STATE_CLOSED)
        return &when_closed;
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].state == state && rows[i].event == event)
            return &rows[i].to;
    return &any_state[event];
}

const char *capf_state_name(enum capf_state state) {
    static const char *const names[] = {
#define X(name, wait) "CAPF_STATE_" #name,
        CAPF_STATE_TABLE(X)
#undef X
    };
    return state < CAPF_STATE_COUNT ? names[state] : "CAPF_STATE_UNKNOWN";
}

const char *capf_event_name(enum capf_event event) {
    static const char *const names[] = {
#define X(name, origin) "CAPF_EV_" #name,
        CAPF_EVENT_TABLE(X)
#undef X
    };
    return event < CAPF_EVENT_COUNT ? names[event] : "CAPF_EV_UNKNOWN";
}

enum capf_wait capf_state_wait(enum capf_state state) {
    static const enum capf_wait waits[] = {
#define X(name, wait) WAIT_##wait,
        CAPF_STATE_TABLE(X)
#undef X
    };
    return waits[state];
}

bool capf_event_is_step(enum capf_event event) {
    enum { PHONE, SYSTEM, STEP };
    static const int origins[] = {
#define X(name, origin) origin,
        CAPF_EVENT_TABLE(X)
#undef X
    };
    return event < CAPF_EVENT_COUNT && origins[event] == STEP;
}

enum capf_event capf_event_of_message(const struct capf_message *m) {
    switch (m->type) {
    case CAPF_MSG_AUTH_RES:
        return CAPF_EV_AUTH_RES;
    case CAPF_MSG_KEY_GEN_RES:
        return CAPF_EV_KEY_GEN_RES;
    case CAPF_MSG_ENCRYPT_RES:
        return CAPF_EV_ENCRYPT_RES;
    case CAPF_MSG_SIGN_CERT_RES:
        return CAPF_EV_SIGN_CERT_RES;
    case CAPF_MSG_STORE_CERT_RES:
        return CAPF_EV_STORE_CERT_RES;
    case CAPF_MSG_FETCH_CERT_RES:
        return CAPF_EV_FETCH_CERT_RES;
    case CAPF_MSG_DELETE_CERT_RES:
        return CAPF_EV_DELETE_CERT_RES;
    case CAPF_MSG_REQUEST_IN_PROGRESS:
        return CAPF_EV_REQ_IN_PROGRESS;
    case CAPF_MSG_STATUS_REQUEST:
        return CAPF_EV_STATUS_REQUEST;
    case CAPF_MSG_ABORT_REQ:
        return CAPF_EV_ABORT_REQ;
    default:
        return CAPF_EV_UNEXPECTED_MSG;
    }
}

/* In a state that waits for one message, others do not put its deadline off; only who makes a key
 * may give signs of life. */
void states_run(struct session *s, enum capf_event event, const struct capf_message *m) {
    const enum capf_state before = s->state;
    bool waits_anew = capf_state_wait(before) == WAIT_KEY_GENERATION;
    while (event != CAPF_EV_NOTHING) {
        const struct transition *t = states_transition(s->state, event);
        if (!capf_event_is_step(event) && s->state != CAPF_STATE_CLOSED)
            session_trace(s, "CAPF CORE: Rcvd Event: %s in State: %s", capf_event_name(event),
                          capf_state_name(s->state));
        if (t->next != STAY) {
            s->state = t->next;
            waits_anew = true;
        }
        event = t->fn(s, m);
    }
    if (s->state == CAPF_STATE_CLOSED)
        sharing_release_device(s);
    if (waits_anew || s->state != before)
        session_arm(s);
}

static const char *next_name(const struct transition *t) {
    return t->next == STAY ? "same" : capf_state_name(t->next);
}

void states_print_table(FILE *to) {
    fputs("| state | event | function | next |\n|---|---|---|---|\n", to);
    for (size_t i = 0; i < ROW_COUNT; i++)
        fprintf(to, "| %s | %s | %s | %s |\n", capf_state_name(rows[i].state),
                capf_event_name(rows[i].event), rows[i].to.fn_name, next_name(&rows[i].to));
    for (size_t i = 0; i < CAPF_EVENT_COUNT; i++)
        fprintf(to, "| any other | %s | %s | %s |\n", capf_event_name((enum capf_event)i),
                any_state[i].fn_name, next_name(&any_state[i]));
}

void states_print_diagram(FILE *to) {
    fputs("digraph capf {\n    node [shape=box];\n", to);
    for (size_t i = 0; i < ROW_COUNT; i++)
        fprintf(to, "    %s -> %s [label=\"%s\"];\n", capf_state_name(rows[i].state),
                capf_state_name(rows[i].to.next), capf_event_name(rows[i].event));
    fputs("}\n", to);
}
