/* Install/upgrade: key generation, the request, the certificate (capf-protocol.md 7, 9.2, 10.3). A
 * certificate is sent to the phone only when it was recorded, and recorded only when it fits. */
#include "base/x509.h"
#include "capf/issuer.h"
#include "capf/judge.h"
#include "capf/session.h"
#include "capf/states_actions.h"
#include <string.h>
#include <strings.h>

static void wish_for(struct session *s, bool ec) {
    s->wish.ec = ec;
    s->wish.bits = ec ? ec_key_size_bits((enum capf_ec_key_size)s->device.ec_key_size)
                      : key_size_bits((enum capf_key_size)s->device.key_size);
    /* The EC column may be unset on a device whose key order was changed. */
    if (ec && s->wish.bits == 0)
        s->wish.bits = 384;
}

/* Key order, version and the enterprise parameter decide (capf-service.md 4). */
static enum capf_event choose_key(struct session *s) {
    bool v3 = s->version >= 3;
    if (s->device.key_order == KEY_ORDER_EC_ONLY && !v3)
        return session_fail(s, CAPF_OP_NO_EC_SUPPORT, "EC only, but the phone speaks version %u",
                            s->version);
    bool ec = s->device.key_order != KEY_ORDER_RSA_ONLY && v3;
    if (ec && !s->service->config->advanced_encryption)
        return session_fail(s, CAPF_OP_FAIL,
                            "EC keys need Endpoint Advanced Encryption Algorithms Support");
    wish_for(s, ec);
    return CAPF_EV_NOTHING;
}

/* Soft clients speak version 2 and know no request signing (capf-protocol.md 10.3 item 5). */
static bool is_soft_client(const struct session *s) {
    static const char *const prefixes[] = {"CSF", "BOT", "TCT", "TAB"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (s->version < 3 && strncasecmp(s->device.name, prefixes[i], 3) == 0)
            return true;
    return false;
}

static bool cannot_sign(const struct session *s) {
    return is_soft_client(s) || s->device.no_sign_version == (int)s->version;
}

static bool local_policy(const struct session *s) {
    return s->service->config->no_csr_policy == NO_CSR_LOCAL;
}

static void send_key_gen_req(struct session *s) {
    struct capf_message request = {.type = CAPF_MSG_KEY_GEN_REQ};
    if (s->wish.ec) {
        request.key_type = CAPF_NUMBER(CAPF_KEY_TYPE_EC);
        request.curve = CAPF_NUMBER(capf_curve_of_bits(s->wish.bits));
    } else {
        request.key_size = CAPF_NUMBER(s->wish.bits);
        if (s->version >= 3)
            request.key_type = CAPF_NUMBER(CAPF_KEY_TYPE_RSA);
    }
    s->key_requests++;
    session_trace(s, "Sending KEY_GEN_REQ msg, %s %u", s->wish.ec ? "EC" : "RSA", s->wish.bits);
    session_send(s, &request);
}

enum capf_event act_send_key_gen_req(struct session *s, const struct capf_message *m) {
    (void)m;
    bool external = s->service->config->issuer != ISSUER_CAPF;
    if (external && cannot_sign(s) && !local_policy(s))
        return session_fail(s, CAPF_OP_PHONE_COMM_ERROR,
                            "the device cannot sign a certificate request");
    if (s->wish.bits == 0) {
        enum capf_event failed = choose_key(s);
        if (failed != CAPF_EV_NOTHING)
            return failed;
    }
    send_key_gen_req(s);
    return CAPF_EV_NOTHING;
}

enum capf_event act_key_gen_timeout(struct session *s, const struct capf_message *m) {
    (void)m;
    if ((int64_t)s->key_requests >= s->service->config->key_generation.attempts)
        return session_fail(s, CAPF_OP_TIMED_OUT, "no key after %u requests", s->key_requests);
    return CAPF_EV_NEED_KEY;
}

/* The phone has no EC key to offer: "EC Preferred, RSA Backup" asks for RSA then. */
static enum capf_event key_refused(struct session *s, unsigned reason) {
    session_trace(s, "key generation failed on the phone, reason %u", reason);
    if (s->wish.ec && s->device.key_order == KEY_ORDER_EC_PREFERRED) {
        wish_for(s, false);
        s->key_requests = 0;
        return CAPF_EV_NEED_KEY;
    }
    return session_fail(s, CAPF_OP_TIMED_OUT, "the phone has no key");
}

static bool fits_wish(const struct session *s, EVP_PKEY *key) {
    if (s->wish.ec)
        return key_is_on_curve(key, s->wish.bits);
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) == (int)s->wish.bits;
}

/* The same key again, after a lost connection or a restart: what was begun for it goes on, and
 * nothing is issued twice. */
static enum capf_event resume(struct session *s, const struct enrolment *open) {
    s->enrolment = open->id;
    if (open->state == ENROLMENT_ISSUED) {
        session_trace(s, "a certificate was issued for this key already");
        buf_reset(&s->certificate);
        buf_put(&s->certificate, open->certificate, open->certificate_len);
        return CAPF_EV_HAVE_CERT;
    }
    session_trace(s, "a request for this key exists already");
    buf_reset(&s->csr);
    buf_put(&s->csr, open->csr, open->csr_len);
    return open->issuer == ISSUER_ONLINE_CA ? CAPF_EV_NEED_ONLINE_CERT : CAPF_EV_NEED_OFFLINE_CERT;
}

static bool can_resume(const struct session *s, const struct enrolment *open) {
    bool same_key = bytes_equal(bytes_of(open->spki, open->spki_len), buf_view(&s->spki));
    bool same_issuer = open->issuer == s->service->config->issuer;
    return same_key && same_issuer && (open->state == ENROLMENT_ISSUED || open->csr_len > 0);
}

static enum capf_event key_is_there(struct session *s) {
    struct err e = {0};
    struct enrolment open;
    if (store_enrolment_open(s->service->store, s->device.name, &open, &e) == 0 &&
        can_resume(s, &open))
        return resume(s, &open);
    if (s->service->config->issuer == ISSUER_CAPF || cannot_sign(s))
        return CAPF_EV_NEED_LOCAL_CERT;
    return CAPF_EV_NEED_SIGNATURE;
}

enum capf_event act_take_key(struct session *s, const struct capf_message *m) {
    struct err e = {0};
    if (!m->public_key.present)
        return key_refused(s, m->reason.number);
    EVP_PKEY_free(s->key);
    s->key = key_read_spki(m->public_key.octets, &e);
    if (s->key == NULL)
        return session_fail(s, CAPF_OP_TIMED_OUT, "the phone's public key is not one: %s", e.text);
    if (!fits_wish(s, s->key))
        return session_fail(s, CAPF_OP_TIMED_OUT, "the phone's key is not of the kind asked for");
    buf_reset(&s->spki);
    if (buf_put_bytes(&s->spki, m->public_key.octets) < 0)
        return session_fail(s, CAPF_OP_TIMED_OUT, "the phone's public key is too long");
    return key_is_there(s);
}

enum capf_event act_ask_signature(struct session *s, const struct capf_message *m) {
    (void)m;
    struct err e = {0};
    struct capf_message request = {0};
    AUTO_BUF octets = BUF_INIT(STORE_CSR_MAX);
    if (issuer_ask_signature(s, &request, &octets, &e) < 0)
        return session_fail(s, CAPF_OP_FAIL, "cannot compose the request: %s", e.text);
    session_trace(s, "Sending %s msg", capf_message_name(request.type));
    session_send(s, &request);
    return CAPF_EV_NOTHING;
}

/* Remembered until the phone comes with another version or somebody schedules an operation, so that
 * the next session does not have it make a key in vain. */
static void remember_no_signature(struct session *s, const char *why) {
    struct err ignored = {0};
    session_trace(s, "the phone does not sign: %s", why);
    store_no_sign(s->service->store, s->device.name, (int)s->version, &ignored);
}

static enum capf_event phone_does_not_sign(struct session *s, const char *why) {
    remember_no_signature(s, why);
    if (local_policy(s))
        return CAPF_EV_NEED_LOCAL_CERT;
    return session_fail(s, CAPF_OP_PHONE_COMM_ERROR, "no certificate request without a signature");
}

/* A phone that knows no ENCRYPT_REQ may also stay silent, abort or close (capf-protocol.md 10.3
 * item 5). */
enum capf_event act_no_signature(struct session *s, const struct capf_message *m) {
    (void)m;
    return phone_does_not_sign(s, "no answer in time");
}

enum capf_event act_signature_aborted(struct session *s, const struct capf_message *m) {
    remember_no_signature(s, "it aborts");
    return act_answer_abort(s, m);
}

/* Only a phone that closes by itself says something about its abilities; a lost connection does
 * not. */
enum capf_event act_signature_phone_gone(struct session *s, const struct capf_message *m) {
    if (s->closed_by_phone)
        remember_no_signature(s, "it closes the connection");
    return act_phone_gone(s, m);
}

enum capf_event act_take_signature(struct session *s, const struct capf_message *m) {
    struct err e = {0};
    if (issuer_take_signature(s, m, &e) < 0) {
        if (e.code == ERR_CAPF_REFUSED)
            return phone_does_not_sign(s, e.text);
        return session_fail(s, CAPF_OP_FAIL, "the request is not accepted: %s (%s)", e.text,
                            err_name(e.code));
    }
    return s->service->config->issuer == ISSUER_ONLINE_CA ? CAPF_EV_NEED_ONLINE_CERT
                                                          : CAPF_EV_NEED_OFFLINE_CERT;
}

enum capf_event act_issue_locally(struct session *s, const struct capf_message *m) {
    (void)m;
    struct err e = {0};
    if (issuer_local(s, &e) < 0)
        return session_fail(s, CAPF_OP_FAIL, "cannot issue: %s (%s)", e.text, err_name(e.code));
    session_trace(s, "certificate signed with the CAPF key");
    return CAPF_EV_HAVE_CERT;
}

enum capf_event act_start_online(struct session *s, const struct capf_message *m) {
    (void)m;
    struct err e = {0};
    int rc = online_start(s, &e);
    if (rc < 0)
        return session_fail(s, CAPF_OP_FAIL, "cannot enroll: %s (%s)", e.text, err_name(e.code));
    return rc == ONLINE_ISSUED ? CAPF_EV_HAVE_CERT : CAPF_EV_NOTHING;
}

enum capf_event act_start_offline(struct session *s, const struct capf_message *m) {
    (void)m;
    struct err e = {0};
    if (offline_start(s, &e) < 0)
        return session_fail(s, CAPF_OP_FAIL, "cannot keep the request: %s (%s)", e.text,
                            err_name(e.code));
    s->end_reason = CAPF_REASON_NO_ACTION;
    return CAPF_EV_REFUSED;
}

enum capf_event act_take_ca_reply(struct session *s, const struct capf_message *m) {
    (void)m;
    struct err e = {0};
    if (s->ca_result == CA_RESULT_PENDING) {
        session_trace(s, "the CA has not decided, the operation stays pending");
        s->end_reason = CAPF_REASON_REFUSED;
        return CAPF_EV_REFUSED;
    }
    if (s->ca_result != CAPF_OP_SUCCESS)
        return session_fail(s, (enum capf_result)s->ca_result, "no certificate for the device");
    if (online_take_certificate(s, &e) < 0)
        return session_fail(s, CAPF_OP_FAIL, "LSC verification failed: %s (%s)", e.text,
                            err_name(e.code));
    return CAPF_EV_HAVE_CERT;
}

enum capf_event act_send_store_cert_req(struct session *s, const struct capf_message *m) {
    (void)m;
    struct err e = {0};
    if (s->offered_first && store_enrolment_offered(s->service->store, s->enrolment, &e) < 0)
        return session_fail(s, CAPF_OP_FAIL, "%s", e.text);
    struct capf_message request = {
        .type = CAPF_MSG_STORE_CERT_REQ,
        .certificate_type = CAPF_NUMBER(CAPF_CERTIFICATE_LSC),
        .certificate = CAPF_NUMBERED_OCTETS(CAPF_CERTIFICATE_LSC, buf_view(&s->certificate)),
    };
    session_trace(s, "Sending STORE_CERT_REQ msg");
    session_send(s, &request);
    return CAPF_EV_NOTHING;
}

/* The phone does not have the key of the certificate offered first any more. The enrolment stays
 * open: should the phone come up with that very key after all, it goes on. */
static enum capf_event begin_anew(struct session *s) {
    session_trace(s, "the phone has no key for the earlier certificate");
    s->offered_first = false;
    s->enrolment = 0;
    buf_reset(&s->certificate);
    return CAPF_EV_NEED_KEY;
}

enum capf_event act_take_store_res(struct session *s, const struct capf_message *m) {
    if (m->reason.number == CAPF_REASON_OK) {
        /* The request of an offline CA has done its duty now; an online one's is gone already. */
        issuer_remove_csr_file(s->service->config, s->device.name);
        s->result = CAPF_OP_SUCCESS;
        s->end_reason = CAPF_REASON_OK;
        return CAPF_EV_OP_DONE;
    }
    if (s->offered_first)
        return begin_anew(s);
    return session_fail(s, CAPF_OP_FAIL, "the phone did not store the certificate, reason %u",
                        m->reason.number);
}
