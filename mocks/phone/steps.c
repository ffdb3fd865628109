/* What a phone answers to each message of CAPF (capf-protocol.md 4, 6, 7 and 10.3). It signs with
 * the key of the running install only, and keeps no certificate that is not for that key. */
#include "base/x509.h"
#include "capf/auth.h"
#include "capf/auth_request.h"
#include "mocks/phone/phone_impl.h"

enum { AUTH_OCTETS_MAX = 64 * 1024 };

static int reply_reason(struct phone *p, unsigned request, unsigned reason) {
    struct capf_message reply = {.type = (uint8_t)(request + 1), .reason = CAPF_NUMBER(reason)};
    phone_send(p, &reply);
    return 0;
}

/* Every response has the number behind its request. */
void phone_refuse(struct phone *p, unsigned request) {
    reply_reason(p, request, CAPF_REASON_REFUSED);
}

/* ---- Authentication ---- */

static const struct identity *proving_identity(const struct phone *p, unsigned *type) {
    bool lsc = p->plan.prove == CAPF_AUTH_TYPE_LSC;
    *type = lsc ? CAPF_CERTIFICATE_LSC : CAPF_CERTIFICATE_MIC;
    return lsc ? &p->lsc : &p->mic;
}

static int prove_by_certificate(struct phone *p, struct capf_message *reply, struct buf *octets,
                                struct err *e) {
    unsigned type = 0;
    const struct identity *identity = proving_identity(p, &type);
    if (!identity_present(identity))
        return err_set(e, ERR_CONFIG_MISSING, "no certificate to authenticate with");
    if (auth_put_certificate(reply, p->version, type, identity->certificate, identity->key, octets,
                             e) != 0)
        return -1;
    /* The signature stands last in octets. */
    if (p->acting == PHONE_WRONG)
        octets->data[octets->len - 1] ^= 1;
    return 0;
}

/* Version 3 sends an empty PASSWORD for the null string, version 2 none (6.3). */
static int prove(struct phone *p, struct capf_message *reply, struct buf *octets, struct err *e) {
    int by = p->plan.prove;
    if (by == CAPF_AUTH_TYPE_LSC || by == CAPF_AUTH_TYPE_MIC)
        return prove_by_certificate(p, reply, octets, e);
    if (by == CAPF_AUTH_TYPE_STRING)
        reply->password = CAPF_OCTETS(bytes_of_str(p->config->authentication.string));
    else if (p->version >= 3)
        reply->password = CAPF_OCTETS(bytes_of_str(""));
    return 0;
}

/* Only phones with an RSA MIC of the younger kind have it; a key that cannot make it is no fault.
 */
static void add_sudi(struct phone *p, struct capf_message *reply, struct buf *sudi) {
    bool able = p->config->sudi && p->version >= 3 && identity_present(&p->mic);
    if (able && auth_sudi_write(p->session_id, p->mic.certificate, p->mic.key, sudi, NULL) == 0)
        reply->sudi_data = CAPF_OCTETS(buf_view(sudi));
}

int phone_step_authenticate(struct phone *p, const struct capf_message *m, struct err *e) {
    AUTO_BUF octets = BUF_INIT(AUTH_OCTETS_MAX), sudi = BUF_INIT(CAPF_SUDI_MAX);
    unsigned own = (unsigned)p->config->version;
    p->version = m->version.number < own ? m->version.number : own;
    struct capf_message reply = {.type = CAPF_MSG_AUTH_RES,
                                 .reason = CAPF_NUMBER(CAPF_REASON_OK),
                                 .version = CAPF_NUMBER(p->version),
                                 .device_name = CAPF_OCTETS(bytes_of_str(p->config->name))};
    if (p->version < CAPF_VERSION_MIN)
        return err_set(e, ERR_CAPF_VERSION, "CAPF offers version %u", p->version);
    if (prove(p, &reply, &octets, e) != 0)
        return -1;
    add_sudi(p, &reply, &sudi);
    phone_send(p, &reply);
    return 0;
}

/* ---- Keys ---- */

static void wanted_key(struct phone *p, const struct capf_message *m) {
    bool ec = m->key_type.present && m->key_type.number == CAPF_KEY_TYPE_EC;
    p->kind = ec ? KEY_EC : KEY_RSA;
    p->bits = ec ? capf_curve_bits(m->curve.number) : m->key_size.number;
}

/* EC keys and KEY_TYPE belong to version 3 (capf-protocol.md 3), and to phones whose trust list has
 * SIGNER VERSION 1.1 (phone-behaviour.md 5). */
static bool can_make_key(const struct phone *p) {
    bool list_allows = !phone_boots(p) || trust_allows_ec(&p->trust);
    if (p->kind == KEY_EC)
        return p->config->keys.ec && list_allows && p->version >= 3 && p->bits != 0;
    return p->config->keys.rsa && p->bits != 0;
}

int phone_step_key_gen(struct phone *p, const struct capf_message *m, struct err *e) {
    (void)e;
    wanted_key(p, m);
    p->end.operation = PHONE_OPERATION_INSTALL;
    phone_start_key_time(p);
    return 0;
}

void phone_send_progress(struct phone *p) {
    struct capf_message progress = {.type = CAPF_MSG_REQUEST_IN_PROGRESS};
    phone_send(p, &progress);
}

/* A key that the phone does not have, for the action "wrong". */
static EVP_PKEY *shown_key(const struct phone *p) {
    if (p->acting == PHONE_WRONG)
        return key_generate(p->kind, p->bits, NULL);
    EVP_PKEY_up_ref(p->fresh_key);
    return p->fresh_key;
}

int phone_answer_key(struct phone *p, struct err *e) {
    AUTO_BUF spki = BUF_INIT(CAPF_BODY_MAX);
    struct err cause = {0};
    EVP_PKEY_free(p->fresh_key);
    p->fresh_key = NULL;
    if (can_make_key(p))
        p->fresh_key = identity_new_key(p->config, p->kind, p->bits, &cause);
    if (p->fresh_key == NULL) {
        console_line(p->console, CONSOLE_ERR, CONSOLE_SECUREAPP, "CAPFClnt: no key of %u bits: %s",
                     p->bits, cause.text);
        return reply_reason(p, CAPF_MSG_KEY_GEN_REQ, CAPF_REASON_REFUSED);
    }
    AUTO(EVP_PKEY) shown = shown_key(p);
    if (shown == NULL || key_put_spki(shown, &spki, e) != 0)
        return err_context(e, "KEY_GEN_RES");
    struct capf_message reply = {.type = CAPF_MSG_KEY_GEN_RES,
                                 .public_key = CAPF_OCTETS(buf_view(&spki))};
    phone_send(p, &reply);
    return 0;
}

int phone_step_sign(struct phone *p, const struct capf_message *m, struct err *e) {
    (void)e;
    AUTO_BUF signature = BUF_INIT(CAPF_SIGNATURE_MAX);
    struct err cause = {0};
    struct capf_message reply = {.type = (uint8_t)(m->type + 1),
                                 .reason = CAPF_NUMBER(CAPF_REASON_OK)};
    if (p->fresh_key == NULL || auth_request_sign(m, p->fresh_key, &signature, &cause) != 0) {
        console_line(p->console, CONSOLE_WRN, CONSOLE_SECUREAPP, "CAPFClnt: not signed: %s",
                     cause.text);
        return reply_reason(p, m->type, CAPF_REASON_REFUSED);
    }
    if (p->acting == PHONE_WRONG)
        signature.data[signature.len / 2] ^= 1;
    reply.signed_data = CAPF_OCTETS(buf_view(&signature));
    phone_send(p, &reply);
    return 0;
}

/* ---- Certificates ---- */

static int install(struct phone *p, const struct capf_message *m, struct err *e) {
    AUTO(X509) certificate = x509_read(m->certificate.octets, e);
    if (certificate == NULL)
        return -1;
    if (p->fresh_key == NULL || !x509_has_key(certificate, p->fresh_key))
        return err_set(e, ERR_X509_KEY_MISMATCH, "the certificate is not for the phone's key");
    EVP_PKEY_up_ref(p->fresh_key);
    return identity_store(&p->lsc, TAKE(certificate), p->fresh_key, &p->config->lsc, e);
}

int phone_step_store(struct phone *p, const struct capf_message *m, struct err *e) {
    (void)e;
    struct err cause = {0};
    p->end.operation = PHONE_OPERATION_INSTALL;
    if (install(p, m, &cause) != 0) {
        console_line(p->console, CONSOLE_ERR, CONSOLE_SECUREAPP, "CAPFClnt: not stored: %s",
                     cause.text);
        p->end.error = cause;
        return reply_reason(p, m->type, CAPF_REASON_REFUSED);
    }
    p->stored = true;
    return reply_reason(p, m->type, CAPF_REASON_OK);
}

int phone_step_fetch(struct phone *p, const struct capf_message *m, struct err *e) {
    AUTO_BUF der = BUF_INIT(CAPF_BODY_MAX);
    bool mic = m->certificate_type.present && m->certificate_type.number == CAPF_CERTIFICATE_MIC;
    const struct identity *wanted = mic ? &p->mic : &p->lsc;
    p->end.operation = PHONE_OPERATION_FETCH;
    if (!identity_present(wanted))
        return reply_reason(p, m->type, CAPF_REASON_REFUSED);
    if (x509_put_der(wanted->certificate, &der, e) != 0)
        return -1;
    struct capf_message reply = {.type = CAPF_MSG_FETCH_CERT_RES,
                                 .reason = CAPF_NUMBER(CAPF_REASON_OK)};
    unsigned type = mic ? CAPF_CERTIFICATE_MIC : CAPF_CERTIFICATE_LSC;
    reply.certificate = CAPF_NUMBERED_OCTETS(type, buf_view(&der));
    p->fetched = true;
    phone_send(p, &reply);
    return 0;
}

int phone_step_delete(struct phone *p, const struct capf_message *m, struct err *e) {
    p->end.operation = PHONE_OPERATION_DELETE;
    if (!identity_present(&p->lsc))
        return reply_reason(p, m->type, CAPF_REASON_REFUSED);
    if (identity_delete(&p->lsc, &p->config->lsc, e) != 0)
        return -1;
    p->deleted = true;
    return reply_reason(p, m->type, CAPF_REASON_OK);
}

/* ---- The end, and what may come at any time ---- */

static enum phone_outcome outcome_of_success(const struct phone *p) {
    if (p->stored)
        return PHONE_INSTALLED;
    if (p->deleted)
        return PHONE_DELETED;
    if (p->fetched)
        return PHONE_FETCHED;
    return p->end.operation == PHONE_OPERATION_INSTALL ? PHONE_REFUSED : PHONE_NOTHING;
}

/* 0 and 1 are success or nothing to do, 9 an unknown device, all others a refusal (5). */
int phone_step_end(struct phone *p, const struct capf_message *m, struct err *e) {
    unsigned reason = m->reason.number;
    bool success = reason == CAPF_REASON_OK || reason == CAPF_REASON_NO_ACTION;
    enum phone_outcome outcome = success ? outcome_of_success(p) : PHONE_REFUSED;
    p->end.reason = (int)reason;
    if (reason == CAPF_REASON_UNKNOWN_DEVICE)
        outcome = PHONE_UNKNOWN_DEVICE;
    if (!phone_outcome_success(outcome) && p->end.error.code == ERR_OK)
        err_set(&p->end.error, ERR_CAPF_REFUSED, "END_SESSION with reason %u (%s)", reason,
                capf_reason_name(reason));
    (void)e;
    phone_end(p, outcome, NULL);
    return 0;
}

int phone_step_status(struct phone *p, const struct capf_message *m, struct err *e) {
    (void)e;
    if (p->state != PHONE_STATE_GENERATING)
        phone_expect(p, p->state);
    return reply_reason(p, m->type, CAPF_REASON_OK);
}

int phone_step_abort(struct phone *p, const struct capf_message *m, struct err *e) {
    reply_reason(p, m->type, CAPF_REASON_OK);
    err_set(e, ERR_CAPF_REFUSED, "CAPF aborted the session");
    phone_end_when_sent(p, PHONE_REFUSED, e);
    return 0;
}

int phone_step_aborted(struct phone *p, const struct capf_message *m, struct err *e) {
    (void)m;
    err_set(e, ERR_SYS_CANCELLED, "the phone aborted the session");
    phone_end(p, PHONE_FAILED, e);
    return 0;
}

int phone_step_retry_later(struct phone *p, const struct capf_message *m, struct err *e) {
    unsigned seconds = m->retry_delay.number;
    console_line(p->console, CONSOLE_NOT, CONSOLE_SECUREAPP,
                 "CAPFClnt: SetDelayTimer - set with value <%u>", seconds);
    p->later_us = (int64_t)seconds * 1000000;
    err_set(e, ERR_CAPF_REFUSED, "CAPF asks to come again in %u s", seconds);
    phone_end(p, PHONE_RETRY_LATER, e);
    return 0;
}
