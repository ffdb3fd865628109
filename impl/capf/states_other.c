/* Delete and troubleshoot, the ends of sessions, and what every state does with events it did not
 * wait for. Whatever a peer sends, the session ends in order and the next phone is served. */
#include "base/base64.h"
#include "base/events.h"
#include "base/file.h"
#include "base/x509.h"
#include "capf/issuer.h"
#include "capf/outcome.h"
#include "capf/session.h"
#include "capf/states_actions.h"
#include "capf/troubleshoot.h"

enum capf_event act_send_delete_req(struct session *s, const struct capf_message *m) {
    (void)m;
    struct capf_message request = {.type = CAPF_MSG_DELETE_CERT_REQ};
    session_trace(s, "Sending DELETE_CERT_REQ msg");
    session_send(s, &request);
    return CAPF_EV_NOTHING;
}

/* Reason 7 is "nothing to delete": then the phone has no LSC either, which is what was wanted. */
enum capf_event act_take_delete_res(struct session *s, const struct capf_message *m) {
    unsigned reason = m->reason.number;
    if (reason != CAPF_REASON_OK && reason != CAPF_REASON_REFUSED)
        return session_fail(s, CAPF_OP_FAIL, "the phone did not delete its LSC, reason %u", reason);
    s->result = CAPF_OP_SUCCESS;
    s->end_reason = CAPF_REASON_OK;
    return CAPF_EV_OP_DONE;
}

/* One request for each type: LSC, then MIC (capf-protocol.md 7). */
enum capf_event act_send_fetch_req(struct session *s, const struct capf_message *m) {
    (void)m;
    s->fetching = s->fetching == 0 ? CAPF_CERTIFICATE_LSC : CAPF_CERTIFICATE_MIC;
    struct capf_message request = {.type = CAPF_MSG_FETCH_CERT_REQ,
                                   .certificate_type = CAPF_NUMBER(s->fetching)};
    session_trace(s, "Sending FETCH_CERT_REQ msg for the %s",
                  capf_certificate_type_name(s->fetching));
    session_send(s, &request);
    return CAPF_EV_NOTHING;
}

enum capf_event act_take_fetch_res(struct session *s, const struct capf_message *m) {
    struct err e = {0};
    if (m->reason.number == CAPF_REASON_OK && m->certificate.present) {
        if (troubleshoot_write(s, m->certificate.octets, &e) < 0)
            return session_fail(s, CAPF_OP_FAIL, "%s (%s)", e.text, err_name(e.code));
        s->fetched++;
    } else {
        session_trace(s, "the phone has no %s", capf_certificate_type_name(s->fetching));
    }
    if (s->fetching == CAPF_CERTIFICATE_LSC)
        return CAPF_EV_NEED_FETCH;
    s->result = s->fetched > 0 ? CAPF_OP_SUCCESS : CAPF_OP_FETCH_NO_CERT;
    s->end_reason = CAPF_REASON_NO_ACTION;
    return CAPF_EV_OP_DONE;
}

/* The state is committed first: the phone hears of nothing that could be forgotten. */
enum capf_event act_finish(struct session *s, const struct capf_message *m) {
    (void)m;
    struct err e = {0};
    if (outcome_commit(s, &e) < 0) {
        session_trace(s, "the outcome could not be stored: %s (%s)", e.text, err_name(e.code));
        s->end_reason = CAPF_REASON_REFUSED;
    }
    session_end(s);
    return CAPF_EV_NOTHING;
}

enum capf_event act_refuse(struct session *s, const struct capf_message *m) {
    (void)m;
    session_end(s);
    return CAPF_EV_NOTHING;
}

/* Where a key is awaited, the timer starts again by itself. */
enum capf_event act_still_working(struct session *s, const struct capf_message *m) {
    session_trace(s, "the phone is working, delay %u",
                  m->retry_delay.present ? m->retry_delay.number : 0U);
    return CAPF_EV_NOTHING;
}

enum capf_event act_answer_status(struct session *s, const struct capf_message *m) {
    (void)m;
    struct capf_message answer = {.type = CAPF_MSG_STATUS_RESPONSE,
                                  .reason = CAPF_NUMBER(CAPF_REASON_OK)};
    session_send(s, &answer);
    return CAPF_EV_NOTHING;
}

/* A phone that was not authenticated cannot change anything about a device. */
static enum capf_event fail_or_refuse(struct session *s, const char *why) {
    if (s->authenticated)
        return session_fail(s, CAPF_OP_PHONE_COMM_ERROR, "%s", why);
    session_trace(s, "%s", why);
    s->end_reason = CAPF_REASON_REFUSED;
    return CAPF_EV_REFUSED;
}

enum capf_event act_answer_abort(struct session *s, const struct capf_message *m) {
    (void)m;
    struct capf_message answer = {.type = CAPF_MSG_ABORT_RES,
                                  .reason = CAPF_NUMBER(CAPF_REASON_OK)};
    session_send(s, &answer);
    return fail_or_refuse(s, "the phone aborts");
}

enum capf_event act_bad_message(struct session *s, const struct capf_message *m) {
    (void)m;
    return fail_or_refuse(s, "the phone's message cannot be understood");
}

enum capf_event act_unexpected(struct session *s, const struct capf_message *m) {
    session_trace(s, "%s is not expected in this state (%s)", capf_message_name(m->type),
                  err_name(ERR_CAPF_UNEXPECTED_MESSAGE));
    return fail_or_refuse(s, "the phone does not follow the protocol");
}

enum capf_event act_phone_silent(struct session *s, const struct capf_message *m) {
    (void)m;
    const char *code = err_name(ERR_SYS_TIMEOUT);
    const char *peer = s->named ? s->device.name : "phone";
    bool shaken = s->state != CAPF_STATE_IDLE;
    event_message(peer, NULL, "cut", "%s: no %s in time (%s)", s->peer,
                  shaken ? "answer" : "TLS handshake", code);
    if (shaken)
        return fail_or_refuse(s, "no answer from the phone in time");
    session_trace(s, "no TLS handshake from %s in time (%s)", s->peer, code);
    session_drop(s);
    return CAPF_EV_NOTHING;
}

/* The operation stays: the phone tries again (capf-protocol.md 11). */
enum capf_event act_phone_gone(struct session *s, const struct capf_message *m) {
    (void)m;
    struct err e = {0};
    session_trace(s, "connection closed by the phone");
    if (!s->authenticated)
        return CAPF_EV_NOTHING;
    s->result = CAPF_OP_PHONE_COMM_ERROR;
    if (outcome_commit(s, &e) < 0)
        session_trace(s, "the outcome could not be stored: %s", e.text);
    return CAPF_EV_NOTHING;
}

enum capf_event act_ca_reply_late(struct session *s, const struct capf_message *m) {
    (void)m;
    session_trace(s, "CA reply is not awaited any more");
    return CAPF_EV_NOTHING;
}

enum capf_event act_nothing(struct session *s, const struct capf_message *m) {
    (void)s;
    (void)m;
    return CAPF_EV_NOTHING;
}

enum capf_event act_impossible(struct session *s, const struct capf_message *m) {
    (void)m;
    session_trace(s, "internal error: step without a place in the state table");
    session_drop(s);
    return CAPF_EV_NOTHING;
}
