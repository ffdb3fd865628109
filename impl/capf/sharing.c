/* Claims of devices and requests, and what happens when a claim of another worker ends. What was
 * reached meanwhile is read from the store, never guessed. */
#include "capf/sharing.h"
#include "base/workers.h"
#include "capf/issuer.h"
#include "capf/states_actions.h"

/* Numbers of devices and of enrolments are both small; bit 62 tells them apart. */
static uint64_t device_thing(const struct session *s) {
    return (uint64_t)s->device.pkid;
}

static uint64_t request_thing(int64_t enrolment) {
    return (uint64_t)enrolment | UINT64_C(1) << 62;
}

static bool is_of_device(const struct session *s, uint64_t thing) {
    return s->authenticated && s->state != CAPF_STATE_CLOSED && device_thing(s) == thing;
}

bool sharing_claim_device(struct session *s) {
    s->has_device = worker_claim(device_thing(s), s->n);
    s->awaits_device = !s->has_device;
    if (s->awaits_device)
        session_trace(s, "another worker serves this device and gives it up");
    return s->has_device;
}

/* The earlier session of a device may end after the later one took over here. */
void sharing_release_device(struct session *s) {
    if (!s->has_device)
        return;
    s->has_device = false;
    const struct session *later = roster_find(&s->service->roster, s->device.name);
    if (later == NULL || !later->has_device)
        worker_unclaim(device_thing(s));
}

bool sharing_claim_request(struct session *s) {
    s->awaits_request = !worker_claim(request_thing(s->enrolment), s->n);
    if (s->awaits_request)
        session_trace(s, "the enrolment of this key is under way in another worker");
    return !s->awaits_request;
}

void sharing_release_request(int64_t enrolment) {
    worker_unclaim(request_thing(enrolment));
}

/* The newest session of a device goes on, wherever it is. */
static void on_wanted(void *user, uint64_t thing, uint64_t rank) {
    struct capf_service *v = user;
    for (struct session *s = v->sessions; s != NULL; s = s->next) {
        if (!is_of_device(s, thing) || s->n >= rank)
            continue;
        session_trace(s, "session %llu of this device, in another worker, takes over",
                      (unsigned long long)rank);
        session_drop(s);
        sharing_release_device(s);
    }
}

enum request_state sharing_request_state(struct session *s) {
    struct err e = {0};
    struct enrolment open;
    if (worker_number() == 0)
        return REQUEST_OPEN;
    if (store_enrolment_open(s->service->store, s->device.name, &open, &e) < 0 ||
        open.id != s->enrolment)
        return REQUEST_OVER;
    if (open.state != ENROLMENT_ISSUED)
        return REQUEST_OPEN;
    buf_reset(&s->certificate);
    buf_put(&s->certificate, open.certificate, open.certificate_len);
    return REQUEST_ISSUED;
}

bool sharing_is_latest(struct capf_service *service, const char *device, int64_t enrolment) {
    struct err e = {0};
    struct enrolment open;
    return worker_number() == 0 ||
           (store_enrolment_open(service->store, device, &open, &e) == 0 && open.id == enrolment);
}

static void go_on_with_device(struct session *s) {
    if (sharing_claim_device(s))
        states_run(s, act_begin_operation(s), NULL);
}

/* The other worker recorded a certificate, failed or died. */
static void go_on_with_request(struct session *s) {
    struct err e = {0};
    int rc = online_start(s, &e);
    if (rc == ONLINE_STARTED)
        return;
    if (rc < 0)
        session_trace(s, "cannot enroll: %s (%s)", e.text, err_name(e.code));
    s->ca_result = rc == ONLINE_ISSUED ? CAPF_OP_SUCCESS : CAPF_OP_CA_COMM_ERROR;
    states_run(s, CAPF_EV_CA_CERT_REP, NULL);
}

static void on_freed(void *user) {
    struct capf_service *v = user;
    struct session *next;
    for (struct session *s = v->sessions; s != NULL; s = next) {
        next = s->next;
        if (s->awaits_device && s->state == CAPF_STATE_AWAIT_AUTH_RESP)
            go_on_with_device(s);
        else if (s->awaits_request && s->state == CAPF_STATE_AWAIT_CA_CERT_RESP)
            go_on_with_request(s);
    }
}

int sharing_start(struct capf_service *service, struct err *e) {
    const struct worker_sharing sharing = {on_wanted, on_freed, service};
    return workers_share(service->loop, &sharing, e);
}

void sharing_stop(void) {
    struct err ignored = {0};
    workers_share(NULL, NULL, &ignored);
}
