/* One request, one answer. Requests that cannot be read count for no fault. */
#include "mocks/tvs/responder.h"
#include "base/events.h"
#include "base/x509.h"
#include <string.h>

enum { SUMMARY_MAX = 16 * 1024, GARBAGE_LEN = 16, PHONE_MAX = TVS_DEVICE_NAME_MAX + 1 };

/* One request on its way. */
struct exchange {
    const struct tvs_responder *responder;
    const struct tvs_log *log;
    struct tvs_message request, answer;
    const struct fault *fault;
    struct buf roles, other; /* of the faults */
    char phone[PHONE_MAX];
};

static bool fault_is(const struct exchange *x, enum tvs_action action) {
    return x->fault != NULL && x->fault->action == (unsigned)action;
}

/* "SEPB000B4BA0AEE" of "CP-8861-SEPB000B4BA0AEE": what other components call the phone. */
static void name_phone(struct exchange *x) {
    struct bytes device = x->request.device.octets;
    size_t from = device.len;
    while (from > 0 && device.data[from - 1] != '-')
        from--;
    if (from == device.len)
        from = 0;
    memcpy(x->phone, device.data + from, device.len - from);
}

static void tell(const struct exchange *x, const struct tvs_message *m, bool from_phone) {
    AUTO_BUF summary = BUF_INIT(SUMMARY_MAX);
    char word[TVS_WORD_MAX];
    tvs_command_name(m->command, word);
    tvs_message_summary(m, &summary);
    event_message(from_phone ? x->phone : NULL, from_phone ? NULL : x->phone, word, "%s",
                  buf_str(&summary));
}

static void refresh(const struct exchange *x) {
    struct err e = {0};
    if (tvs_store_refresh(x->responder->store, &e) != 0)
        tvs_log_text(x->log, "the store stays as it was: %s (%s)", e.text, err_name(e.code));
}

static const struct tvs_certificate *look_up(const struct exchange *x, struct err *e) {
    const struct tvs_message *m = &x->request;
    const struct tvs_store *store = x->responder->store;
    const struct tvs_certificate *found = NULL;
    if (m->command == TVS_QUERY_CERT_REQ) {
        found = tvs_store_query(store, m->subject.octets, m->issuer.octets, m->serial.octets);
        tvs_log_query(x->log, m, found);
        return found;
    }
    AUTO(X509) asked = x509_read(m->certificate.octets, e);
    if (asked == NULL)
        return NULL;
    found = tvs_store_verify(store, m->certificate.octets);
    tvs_log_verify(x->log, asked, found);
    return found;
}

static void fill(struct exchange *x, const struct tvs_certificate *found) {
    struct tvs_message *a = &x->answer;
    a->command = (uint8_t)(x->request.command + 1);
    a->id = x->request.id;
    a->status = TVS_NUMBER(found != NULL ? TVS_STATUS_VALID : TVS_STATUS_INVALID);
    if (found == NULL)
        return;
    if (a->command == TVS_QUERY_CERT_RES)
        a->certificate = TVS_OCTETS(found->der);
    a->roles = TVS_OCTETS(found->roles);
    a->ttl = TVS_NUMBER(x->responder->ttl);
}

/* ---- Faults ---- */

static void visit(struct exchange *x, struct tvs_reply *reply) {
    unsigned point = x->request.command == TVS_QUERY_CERT_REQ ? AT_TVS_QUERY : AT_TVS_VERIFY;
    struct fault_visit v = fault_visit(x->responder->faults, point, NULL);
    x->fault = v.fault;
    for (size_t i = 0; i < v.beside_count; i++)
        reply->delay_us += v.beside[i]->value;
}

static void give_other_certificate(struct exchange *x) {
    struct tvs_message *a = &x->answer;
    if (x509_put_der(x->responder->own, &x->other, NULL) != 0)
        return;
    a->certificate = TVS_OCTETS(buf_view(&x->other));
    if (x->request.command != TVS_QUERY_CERT_REQ)
        return;
    a->status = TVS_NUMBER(TVS_STATUS_VALID);
    if (!a->roles.present)
        a->roles = TVS_OCTETS(bytes_of("\0", 1));
    a->ttl = TVS_NUMBER(x->responder->ttl);
}

static void change_message(struct exchange *x) {
    struct tvs_message *a = &x->answer;
    if (fault_is(x, TVS_DO_NO))
        *a = (struct tvs_message){
            .command = a->command, .id = a->id, .status = TVS_NUMBER(TVS_STATUS_INVALID)};
    if (fault_is(x, TVS_DO_ROLES) && a->roles.present &&
        tvs_roles_read(x->fault->text, &x->roles, NULL) == 0)
        a->roles = TVS_OCTETS(buf_view(&x->roles));
    if (fault_is(x, TVS_DO_WRONG_ID))
        a->id++;
    if (fault_is(x, TVS_DO_WRONG_COMMAND))
        a->command =
            a->command == TVS_QUERY_CERT_RES ? TVS_CERT_VERIFICATION_RES : TVS_QUERY_CERT_RES;
    if (fault_is(x, TVS_DO_OTHER_CERTIFICATE))
        give_other_certificate(x);
    if (fault_is(x, TVS_DO_NO_CERTIFICATE))
        a->certificate.present = false;
}

static void change_octets(const struct exchange *x, struct tvs_reply *reply) {
    static const uint8_t garbage[GARBAGE_LEN] = {0x55, 0x01, 0x02, 0x03};
    if (fault_is(x, TVS_DO_GARBAGE)) {
        buf_reset(&reply->octets);
        buf_put(&reply->octets, garbage, sizeof garbage);
    }
    if (fault_is(x, TVS_DO_TRUNCATE)) {
        size_t keep = (size_t)x->fault->value;
        reply->octets.len = keep < reply->octets.len ? keep : reply->octets.len;
        reply->close = true;
    }
    if (fault_is(x, TVS_DO_CLOSE))
        reply->close = true;
    if (fault_is(x, TVS_DO_CLOSE) || fault_is(x, TVS_DO_SILENCE))
        buf_reset(&reply->octets);
}

/* ---- */

static int read_request(struct exchange *x, struct bytes frame, struct err *e) {
    int rc = tvs_message_parse(frame, &x->request, e);
    tvs_log_received(x->log, frame, rc == 0 ? &x->request : NULL);
    if (rc != 0)
        return -1;
    if (x->request.command != TVS_CERT_VERIFICATION_REQ && x->request.command != TVS_QUERY_CERT_REQ)
        return err_set(e, ERR_TVS_FRAME, "an answer, where requests are taken");
    name_phone(x);
    return 0;
}

static int answer(struct exchange *x, struct tvs_reply *reply, struct err *e) {
    struct err unreadable = {0};
    refresh(x);
    const struct tvs_certificate *found = look_up(x, &unreadable);
    if (unreadable.code != ERR_OK)
        return err_set(e, ERR_TVS_ELEMENT, "CERTIFICATE is none: %s", unreadable.text);
    tell(x, &x->request, true);
    visit(x, reply);
    fill(x, found);
    change_message(x);
    if (tvs_message_write(&x->answer, &reply->octets, e) != 0)
        return -1;
    change_octets(x, reply);
    if (reply->octets.len == 0)
        return 0;
    tvs_log_sending(x->log, &x->answer, buf_view(&reply->octets));
    tell(x, &x->answer, false);
    return 0;
}

int tvs_respond(const struct tvs_responder *r, const struct tvs_log *log, struct bytes frame,
                struct tvs_reply *reply, struct err *e) {
    struct exchange x = {.responder = r,
                         .log = log,
                         .roles = BUF_INIT(TVS_ROLES_MAX),
                         .other = BUF_INIT(TVS_BODY_MAX)};
    int rc = read_request(&x, frame, e);
    if (rc == 0)
        rc = answer(&x, reply, e);
    buf_free(&x.roles);
    buf_free(&x.other);
    return rc;
}
