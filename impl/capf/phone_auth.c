/* Authentication of phones by string, null string, LSC or MIC, and the SUDI data that binds a MIC
 * to the session. The signatures themselves are checked in auth.c; here stands whose certificate is
 * believed. Nothing secret goes into errors. */
#include "capf/phone_auth.h"
#include "base/clock.h"
#include "base/workers.h"
#include "base/x509.h"
#include "capf/auth.h"
#include "capf/judge.h"
#include <string.h>

static int refuse(enum capf_result *result, enum capf_result value) {
    *result = value;
    return -1;
}

static int count_wrong_string(struct session *s, struct err *e) {
    const struct capf_authentication_config *limits = &s->service->config->authentication;
    struct err store_error = {0};
    if (store_wrong_string(s->service->store, s->device.name, limits->attempts,
                           (int64_t)clock_wall(), limits->lockout_us / 1000000, &store_error) < 0)
        *e = store_error;
    return -1;
}

static int by_string(struct session *s, const struct capf_message *m, enum capf_result *result,
                     struct err *e) {
    *result = CAPF_OP_INVALID_AUTH_STR;
    if (s->device.locked_until > (int64_t)clock_wall())
        return err_set(e, ERR_CAPF_LOCKED, "%s is locked after too many wrong strings",
                       s->device.name);
    /* Without a stored string nothing can match: the null string is another mode. */
    if (s->device.auth_string[0] == '\0')
        return err_set(e, ERR_CAPF_AUTH_STRING, "no authentication string is set for %s",
                       s->device.name);
    if (auth_check_string(m, bytes_of_str(s->device.auth_string), e) < 0)
        return count_wrong_string(s, e);
    return store_right_string(s->service->store, s->device.name, e);
}

/* Between workers, so that no two of them take the same string for the last one allowed: the row is
 * read again where nobody else can write it. */
static int by_string_alone(struct session *s, const struct capf_message *m,
                           enum capf_result *result, struct err *e) {
    struct store *store = s->service->store;
    struct device now;
    if (store_begin(store, e) < 0)
        return -1;
    int rc = store_device(store, s->device.name, &now, e);
    if (rc == 0) {
        s->device.locked_until = now.locked_until;
        rc = by_string(s, m, result, e);
    }
    if (store_commit(store, rc == 0 ? e : NULL) == 0)
        return rc;
    store_rollback(store);
    return -1;
}

/* The key of the LSC that the store says the device has. */
static bool matches_stored_key(const struct session *s, const X509 *certificate) {
    struct err ignored = {0};
    struct device stored;
    unsigned char *der = NULL;
    if (store_device(s->service->store, s->device.name, &stored, &ignored) < 0)
        return false;
    int len = i2d_PublicKey(X509_get0_pubkey(certificate), &der);
    if (len <= 0)
        return false;
    bool same =
        bytes_equal(bytes_of(der, (size_t)len), bytes_of(stored.public_key, stored.public_key_len));
    OPENSSL_free(der);
    return same;
}

static int judge_name_and_dates(const struct session *s, const X509 *certificate, struct err *e) {
    if (judge_dates(certificate, e) < 0)
        return -1;
    if (!judge_names_device(certificate, s->device.name))
        return err_set(e, ERR_X509_CHAIN, "the certificate does not name %s", s->device.name);
    return 0;
}

static int judge_lsc(const struct session *s, X509 *certificate, struct err *e) {
    struct err why = {0};
    if (judge_issuer(certificate, s->service->lsc_trust, &why) < 0 ||
        judge_name_and_dates(s, certificate, &why) < 0)
        return err_set(e, ERR_CAPF_AUTH_LSC, "%s", why.text);
    if (!matches_stored_key(s, certificate))
        return err_set(e, ERR_CAPF_AUTH_LSC, "the certificate's key is not that of the last LSC");
    return 0;
}

static int judge_mic(const struct session *s, X509 *certificate, struct err *e) {
    struct err why = {0};
    if (judge_issuer(certificate, s->service->mic_trust, &why) < 0 ||
        judge_name_and_dates(s, certificate, &why) < 0)
        return err_set(e, ERR_CAPF_AUTH_MIC, "%s", why.text);
    return 0;
}

/* Mode "precedence to LSC" takes a MIC too, for a phone that has no LSC (any more); which of the
 * two it is, its issuer tells better than the phone's own label (capf-protocol.md 6.4). */
static bool is_mic(const struct session *s, X509 *certificate, const struct capf_message *m) {
    struct err ignored = {0};
    if (judge_issuer(certificate, s->service->mic_trust, &ignored) == 0)
        return true;
    if (judge_issuer(certificate, s->service->lsc_trust, &ignored) == 0)
        return false;
    return m->certificate.number == CAPF_CERTIFICATE_MIC;
}

static bool may_be_mic(const struct session *s) {
    return s->device.auth_mode == AUTH_MODE_MIC || s->service->config->authentication.mic_for_lsc;
}

static int by_certificate(struct session *s, const struct capf_message *m, enum capf_result *result,
                          struct err *e) {
    AUTO(X509) certificate = NULL;
    *result = CAPF_OP_INVALID_CREDENTIALS;
    if (auth_check_certificate(m, s->version, &certificate, e) < 0)
        return -1;
    bool mic = s->device.auth_mode == AUTH_MODE_MIC || is_mic(s, certificate, m);
    *result = mic && may_be_mic(s) ? CAPF_OP_INVALID_MIC : CAPF_OP_INVALID_LSC;
    if (!mic)
        return judge_lsc(s, certificate, e);
    if (!may_be_mic(s))
        return err_set(e, ERR_CAPF_AUTH_LSC, "a MIC does not count where an LSC is asked for");
    if (judge_mic(s, certificate, e) < 0)
        return -1;
    X509_free(s->mic);
    s->mic = TAKE(certificate);
    return 0;
}

/* SUDI data is optional, but what is sent must be right. A MIC of a maker that is not trusted here
 * proves nothing and is left aside, as is one with an EC key, for which 6.5 knows no signature. */
static int by_sudi(struct session *s, const struct capf_message *m, enum capf_result *result,
                   struct err *e) {
    if (!m->sudi_data.present)
        return 0;
    AUTO(X509) mic = NULL;
    struct err why = {0};
    if (auth_sudi_check(m->sudi_data.octets, s->n, &mic, &why) < 0) {
        if (why.code == ERR_KEY_UNSUPPORTED) {
            session_trace(s, "SUDI_DATA is not used: %s", why.text);
            return 0;
        }
        *e = why;
        return refuse(result, CAPF_OP_INVALID_CREDENTIALS);
    }
    if (!judge_names_device(mic, s->device.name)) {
        err_set(e, ERR_CAPF_AUTH_MIC, "the SUDI certificate does not name %s", s->device.name);
        return refuse(result, CAPF_OP_INVALID_MIC);
    }
    if (judge_mic(s, mic, &why) < 0) {
        session_trace(s, "SUDI certificate is not used: %s", why.text);
        return 0;
    }
    X509_free(s->mic);
    s->mic = TAKE(mic);
    return 0;
}

int phone_authenticate(struct session *s, const struct capf_message *auth_res,
                       enum capf_result *result, struct err *e) {
    int rc = 0;
    switch ((enum capf_auth_mode)s->device.auth_mode) {
    case AUTH_MODE_STRING:
        rc = worker_number() == 0 ? by_string(s, auth_res, result, e)
                                  : by_string_alone(s, auth_res, result, e);
        break;
    case AUTH_MODE_NULL_STRING:
        break;
    case AUTH_MODE_LSC:
    case AUTH_MODE_MIC:
        rc = by_certificate(s, auth_res, result, e);
        break;
    default:
        err_set(e, ERR_CAPF_AUTH_CREDENTIALS, "no authentication mode is set");
        rc = refuse(result, CAPF_OP_INVALID_CREDENTIALS);
    }
    return rc < 0 ? -1 : by_sudi(s, auth_res, result, e);
}
