/* The phone's state machine: state and message give a step and the next state. At the points of
 * PHONE_POINT_TABLE a phone may be told to do something else. */
#include "mocks/phone/phone_impl.h"

enum { ANY_STATE = -1, NO_POINT = -1 };

struct transition {
    int state; /* enum phone_state or ANY_STATE */
    enum capf_type type;
    int point; /* enum phone_point or NO_POINT */
    phone_step_fn *step;
    int next; /* enum phone_state or ANY_STATE: unchanged */
};

static const struct transition transitions[] = {
    {PHONE_STATE_AWAIT_AUTH_REQ, CAPF_MSG_AUTH_REQ, PHONE_AT_AUTHENTICATION,
     phone_step_authenticate, PHONE_STATE_AWAIT_OPERATION},
    {PHONE_STATE_AWAIT_OPERATION, CAPF_MSG_KEY_GEN_REQ, NO_POINT, phone_step_key_gen,
     PHONE_STATE_GENERATING},
    {PHONE_STATE_AWAIT_OPERATION, CAPF_MSG_FETCH_CERT_REQ, PHONE_AT_FETCH_CERT, phone_step_fetch,
     PHONE_STATE_AWAIT_OPERATION},
    {PHONE_STATE_AWAIT_OPERATION, CAPF_MSG_DELETE_CERT_REQ, PHONE_AT_DELETE_CERT, phone_step_delete,
     PHONE_STATE_AWAIT_OPERATION},
    {PHONE_STATE_AWAIT_OPERATION, CAPF_MSG_STORE_CERT_REQ, PHONE_AT_STORE_CERT, phone_step_store,
     PHONE_STATE_AWAIT_END},
    /* CAPF asks again when its key-generation timer ran out (capf-protocol.md 9.2). */
    {PHONE_STATE_GENERATING, CAPF_MSG_KEY_GEN_REQ, NO_POINT, phone_step_key_gen,
     PHONE_STATE_GENERATING},
    {PHONE_STATE_AWAIT_CERTIFICATE, CAPF_MSG_KEY_GEN_REQ, NO_POINT, phone_step_key_gen,
     PHONE_STATE_GENERATING},
    {PHONE_STATE_AWAIT_CERTIFICATE, CAPF_MSG_ENCRYPT_REQ, PHONE_AT_SIGNATURE, phone_step_sign,
     PHONE_STATE_AWAIT_CERTIFICATE},
    {PHONE_STATE_AWAIT_CERTIFICATE, CAPF_MSG_SIGN_CERT_REQ, PHONE_AT_SIGNATURE, phone_step_sign,
     PHONE_STATE_AWAIT_CERTIFICATE},
    {PHONE_STATE_AWAIT_CERTIFICATE, CAPF_MSG_STORE_CERT_REQ, PHONE_AT_STORE_CERT, phone_step_store,
     PHONE_STATE_AWAIT_END},
    /* CAPF offered a certificate of an earlier session first, for which the key is gone. */
    {PHONE_STATE_AWAIT_END, CAPF_MSG_KEY_GEN_REQ, NO_POINT, phone_step_key_gen,
     PHONE_STATE_GENERATING},
    {ANY_STATE, CAPF_MSG_END_SESSION, NO_POINT, phone_step_end, ANY_STATE},
    {ANY_STATE, CAPF_MSG_STATUS_REQUEST, NO_POINT, phone_step_status, ANY_STATE},
    {ANY_STATE, CAPF_MSG_ABORT_REQ, NO_POINT, phone_step_abort, ANY_STATE},
    {ANY_STATE, CAPF_MSG_ABORT_RES, NO_POINT, phone_step_aborted, ANY_STATE},
    {ANY_STATE, CAPF_MSG_RETRY_LATER, NO_POINT, phone_step_retry_later, ANY_STATE},
};

const char *phone_state_name(enum phone_state state) {
    static const char *const names[] = {
#define X(name) [PHONE_STATE_##name] = #name,
        PHONE_STATE_TABLE(X)
#undef X
    };
    return names[state];
}

static const struct transition *transition_for(enum phone_state state, unsigned type) {
    for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++) {
        const struct transition *t = &transitions[i];
        if (t->type == type && (t->state == ANY_STATE || t->state == (int)state))
            return t;
    }
    return NULL;
}

void phone_expect(struct phone *p, enum phone_state state) {
    p->state = state;
    timer_start(p->timer, p->config->timeout_us);
}

/* A header that promises more than a REASON of the right width. */
static void send_garbage(struct phone *p) {
    static const uint8_t malformed[] = {0x55, 0x0a, 0, 0, 0, 0, 0, 5, 1, 0, 2, 0, 1};
    uint8_t frame[sizeof malformed];
    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = malformed[i];
    for (size_t i = 0; i < 4; i++)
        frame[2 + i] = (uint8_t)(p->session_id >> (24 - 8 * i));
    phone_send_octets(p, bytes_of(frame, sizeof frame));
}

/* Instead of the answer. A phone that says nothing waits for CAPF to end it, however long. */
static void misbehave(struct phone *p, enum phone_action action, unsigned request) {
    struct capf_message abort_request = {.type = CAPF_MSG_ABORT_REQ};
    struct err e = {0};
    switch (action) {
    case PHONE_REFUSE:
        phone_refuse(p, request);
        break;
    case PHONE_CLOSE:
        err_set(&e, ERR_TCP_CLOSED, "closed by the phone on %s", capf_message_name(request));
        phone_end(p, PHONE_CONNECTION_LOST, &e);
        break;
    case PHONE_ABORT:
        phone_send(p, &abort_request);
        break;
    case PHONE_GARBAGE:
        send_garbage(p);
        break;
    default:
        timer_stop(p->timer);
    }
}

static bool answers(enum phone_action action) {
    return action == PHONE_ANSWER || action == PHONE_WRONG;
}

/* Counts a visit of the point; what the phone does there now. */
static enum phone_action visit(struct phone *p, int point) {
    p->acting = PHONE_ANSWER;
    if (point == NO_POINT)
        return PHONE_ANSWER;
    const struct fault *fault = fault_next(p->faults, (unsigned)point, p->config->name);
    int usual = p->config->behaviour[point];
    if (point == PHONE_AT_SIGNATURE && usual == PHONE_ANSWER && !p->config->sign)
        usual = PHONE_CLOSE;
    p->acting = (enum phone_action)(fault != NULL ? (int)fault->action : usual);
    return p->acting;
}

static enum phone_outcome outcome_of(enum err_code code) {
    bool peer = code >= ERR_CAPF_FRAME && code <= ERR_CAPF_UNEXPECTED_MESSAGE;
    return peer ? PHONE_PROTOCOL_ERROR : PHONE_FAILED;
}

static void take(struct phone *p, const struct transition *t, const struct capf_message *m) {
    struct err e = {0};
    enum phone_action action = visit(p, t->point);
    if (t->next != ANY_STATE)
        phone_expect(p, (enum phone_state)t->next);
    if (!answers(action))
        misbehave(p, action, m->type);
    else if (t->step(p, m, &e) != 0)
        phone_end(p, outcome_of(e.code), &e);
}

void phone_on_message(struct phone *p, const struct capf_message *m) {
    struct err e = {0};
    const struct transition *t = transition_for(p->state, m->type);
    if (!p->session_known) {
        p->session_known = true;
        p->session_id = m->session_id;
    }
    if (capf_message_check_session(m, p->session_id, &e) != 0) {
        phone_end(p, PHONE_PROTOCOL_ERROR, &e);
    } else if (t == NULL) {
        err_set(&e, ERR_CAPF_UNEXPECTED_MESSAGE, "%s in state %s", capf_message_name(m->type),
                phone_state_name(p->state));
        phone_end(p, PHONE_PROTOCOL_ERROR, &e);
    } else {
        take(p, t, m);
    }
}

void phone_on_connected(struct phone *p) {
    phone_expect(p, PHONE_STATE_AWAIT_AUTH_REQ);
}

/* REQUEST_IN_PROGRESS messages are spread over the time that the key takes; the first was sent at
 * once. */
static int64_t progress_interval(const struct phone *p) {
    int64_t parts = p->config->progress > 0 ? p->config->progress : 1;
    return p->config->key_generation_us / parts;
}

void phone_start_key_time(struct phone *p) {
    p->progress_left = p->config->progress;
    if (p->progress_left > 0) {
        p->progress_left--;
        phone_send_progress(p);
    }
    timer_start(p->timer, progress_interval(p));
}

void phone_on_key_time(struct phone *p) {
    struct err e = {0};
    if (p->progress_left > 0) {
        p->progress_left--;
        phone_send_progress(p);
        timer_start(p->timer, progress_interval(p));
        return;
    }
    enum phone_action action = visit(p, PHONE_AT_KEY_GENERATION);
    if (!answers(action)) {
        misbehave(p, action, CAPF_MSG_KEY_GEN_REQ);
        return;
    }
    phone_expect(p, PHONE_STATE_AWAIT_CERTIFICATE);
    if (phone_answer_key(p, &e) != 0)
        phone_end(p, outcome_of(e.code), &e);
}
