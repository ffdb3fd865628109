/* From the connection to the operation: AUTH_REQ, AUTH_RES, and what the store wants of the device
 * (capf-protocol.md 6 and 7, first rows). Nothing about a device changes before its proof holds,
 * but for counted wrong strings and a request that came too late. */
#include "base/clock.h"
#include "base/x509.h"
#include "capf/outcome.h"
#include "capf/phone_auth.h"
#include "capf/session.h"
#include "capf/sharing.h"
#include "capf/states_actions.h"
#include <stdio.h>
#include <string.h>

enum capf_event act_send_auth_req(struct session *s, const struct capf_message *m) {
    (void)m;
    struct capf_message request = {.type = CAPF_MSG_AUTH_REQ,
                                   .version = CAPF_NUMBER(CAPF_VERSION_MAX)};
    session_trace(s, "Sending AUTH_REQ msg");
    session_send(s, &request);
    return CAPF_EV_NOTHING;
}

static enum capf_event refuse(struct session *s, unsigned reason) {
    s->end_reason = reason;
    return CAPF_EV_REFUSED;
}

/* "YYYY:MM:DD:HH:MM", UTC, compared as text with the present minute. */
static bool is_late(const char *finish_by) {
    char now[STORE_FINISH_BY_MAX + 16];
    struct tm utc = clock_utc(clock_wall_us());
    snprintf(now, sizeof now, "%04d:%02d:%02d:%02d:%02d", utc.tm_year + 1900, utc.tm_mon + 1,
             utc.tm_mday, utc.tm_hour, utc.tm_min);
    return finish_by[0] != '\0' && strcmp(finish_by, now) < 0;
}

/* A phone that was cut off comes back: its earlier session cannot go on. */
static void take_over(struct session *s) {
    struct session *earlier = capf_service_find(s->service, s->device.name);
    if (earlier != NULL && earlier != s) {
        session_trace(s, "session %u of this device is given up", earlier->n);
        session_drop(earlier);
    }
    roster_add(&s->service->roster, s);
}

/* A certificate that was issued but never confirmed is offered first, without a new key: the phone
 * may still have the key it is for. Once only, since a phone without it may take that badly. */
static bool offer_first(struct session *s, const struct enrolment *open) {
    struct err e = {0};
    if (open->state != ENROLMENT_ISSUED || open->offers > 0)
        return false;
    s->key = key_read_spki(bytes_of(open->spki, open->spki_len), &e);
    if (s->key == NULL)
        return false;
    session_trace(s, "a certificate issued earlier is waiting for the device");
    s->enrolment = open->id;
    s->offered_first = true;
    buf_put(&s->spki, open->spki, open->spki_len);
    buf_put(&s->certificate, open->certificate, open->certificate_len);
    return true;
}

static bool waits_for_offline_ca(const struct enrolment *open) {
    return open->issuer == ISSUER_OFFLINE_CA && open->state == ENROLMENT_REQUESTED;
}

static enum capf_event start_upgrade(struct session *s) {
    struct err e = {0};
    struct enrolment open;
    if (store_enrolment_open(s->service->store, s->device.name, &open, &e) < 0)
        return CAPF_EV_NEED_KEY;
    if (offer_first(s, &open))
        return CAPF_EV_HAVE_CERT;
    if (waits_for_offline_ca(&open)) {
        session_trace(s, "the request of the device waits for the offline CA");
        return refuse(s, CAPF_REASON_NO_ACTION);
    }
    return CAPF_EV_NEED_KEY;
}

static enum capf_event start_operation(struct session *s) {
    switch (s->operation) {
    case OPERATION_UPGRADE:
        return start_upgrade(s);
    case OPERATION_DELETE:
        return CAPF_EV_NEED_DELETE;
    case OPERATION_TROUBLESHOOT:
        return CAPF_EV_NEED_FETCH;
    case OPERATION_NONE:
        break;
    }
    session_trace(s, "no operation is pending");
    return refuse(s, (unsigned)s->service->config->no_operation_reason);
}

static bool negotiate(struct session *s, const struct capf_message *m) {
    unsigned offered = m->version.number;
    s->version = offered;
    return offered >= CAPF_VERSION_MIN && offered <= CAPF_VERSION_MAX;
}

/* Fills s->device. The name in the store replaces the phone's spelling. */
static int look_up(struct session *s, enum capf_event *end) {
    struct err e = {0};
    if (outcome_select(s, &e) == 0) {
        s->operation = (enum capf_operation)s->device.operation;
        return 0;
    }
    session_trace(s, "%s", e.text);
    *end =
        refuse(s, e.code == ERR_STORE_NOT_FOUND ? CAPF_REASON_UNKNOWN_DEVICE : CAPF_REASON_REFUSED);
    return -1;
}

enum capf_event act_begin_operation(struct session *s) {
    enum capf_event end = CAPF_EV_NOTHING;
    return look_up(s, &end) < 0 ? end : start_operation(s);
}

enum capf_event act_take_auth_res(struct session *s, const struct capf_message *m) {
    enum capf_event end = CAPF_EV_NOTHING;
    enum capf_result result = CAPF_OP_FAIL;
    struct err e = {0};
    if (!negotiate(s, m)) {
        session_trace(s, "version %u is not supported", s->version);
        return refuse(s, CAPF_REASON_REFUSED);
    }
    if (look_up(s, &end) < 0)
        return end;
    if (s->operation == OPERATION_NONE)
        return start_operation(s);
    if (m->reason.present && m->reason.number != CAPF_REASON_OK) {
        session_trace(s, "the phone refuses to go on, reason %u", m->reason.number);
        return refuse(s, CAPF_REASON_REFUSED);
    }
    if (is_late(s->device.finish_by))
        return session_fail(s, CAPF_OP_LATE_REQUEST, "the operation should have finished by %s",
                            s->device.finish_by);
    if (phone_authenticate(s, m, &result, &e) < 0)
        return session_fail(s, result, "authentication failed: %s (%s)", e.text, err_name(e.code));
    take_over(s);
    session_trace(s, "authenticated: %s", enum_text(capf_auth_modes, s->device.auth_mode));
    return sharing_claim_device(s) ? start_operation(s) : CAPF_EV_NOTHING;
}
