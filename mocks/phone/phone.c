/* A phone's life around its session: start, end, status messages, further tries, result. Never
 * shows a message that a phone does not have. */
#include "mocks/phone/phone.h"
#include "base/events.h"
#include "mocks/phone/phone_impl.h"
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    bool success, again;
    const char *status;
} outcomes[] = {
#define X(outcome, text, ok, retry, message) [PHONE_##outcome] = {text, ok, retry, message},
    PHONE_OUTCOME_TABLE(X)
#undef X
};

static const char *const operations[] = {
#define X(operation, word) [PHONE_OPERATION_##operation] = word,
    PHONE_OPERATION_TABLE(X)
#undef X
};

/* Mode as the console prints it. Only NULL_STR with its number 1 is attested (seed 5); the others
 * follow from the wire numbers being one higher. */
static const char *const mode_names[] = {"NONE", "AUTH_STR", "NULL_STR", "LSC", "MIC"};

const char *phone_outcome_word(enum phone_outcome outcome) {
    return outcomes[outcome].word;
}

bool phone_outcome_success(enum phone_outcome outcome) {
    return outcomes[outcome].success;
}

enum phone_outcome phone_outcome(const struct phone *phone) {
    return phone->outcome;
}

static void on_timer(void *user) {
    phone_on_timer(user);
}

static int open_phone(struct phone *p, struct err *e) {
    const struct phone_config *c = p->config;
    p->console = console_open(c->log, e);
    p->timer = timer_new(p->shared->loop, on_timer, p);
    if (p->console == NULL)
        return -1;
    if (p->timer == NULL)
        return err_set(e, ERR_SYS_NOMEM, "timer");
    if (c->fault_set != NULL && (p->faults = fault_set_copy(c->fault_set)) == NULL)
        return err_set(e, ERR_SYS_NOMEM, "faults");
    if (c->capf.certificate != NULL) {
        p->trusted = x509_read_file(c->capf.certificate, e);
        if (p->trusted == NULL)
            return -1;
    }
    if (identity_load(&p->mic, &c->mic, e) != 0)
        return err_context(e, "MIC");
    if (identity_load(&p->lsc, &c->lsc, e) != 0)
        return err_context(e, "LSC");
    return 0;
}

struct phone *phone_new(const struct phone_shared *shared, const struct phone_config *config,
                        struct err *e) {
    struct phone *p = calloc(1, sizeof *p);
    if (p == NULL) {
        err_set(e, ERR_SYS_NOMEM, "%s", config->name);
        return NULL;
    }
    p->shared = shared;
    p->config = config;
    p->reason = -1;
    if (open_phone(p, e) == 0)
        return p;
    err_context(e, "%s", config->name);
    phone_free(p);
    return NULL;
}

void phone_free(struct phone *phone) {
    if (phone == NULL)
        return;
    phone_disconnect(phone);
    timer_free(phone->timer);
    fault_set_free(phone->faults);
    console_close(phone->console);
    X509_free(phone->trusted);
    EVP_PKEY_free(phone->fresh_key);
    identity_free(&phone->mic);
    identity_free(&phone->lsc);
    free(phone);
}

void phone_log_start(struct phone *p) {
    int mode = p->config->authentication.mode;
    bool manual = mode == CAPF_AUTH_TYPE_STRING;
    console_line(p->console, CONSOLE_NOT, CONSOLE_CONFIGMGR,
                 "cip.sec.CertificateProperty:? - CertificateProperty.setCertificate() "
                 "authMode=CAPF_AUTH_MODE_%s authorizationString=%s theReason=CAPF_REASON_%s",
                 mode_names[mode], manual ? "(entered)" : "null", manual ? "MANUAL" : "AUTO");
    console_line(p->console, CONSOLE_NOT, CONSOLE_SECUREAPP,
                 "RCAPF_START_MODE: Start CAPF - mode:[%d]([%s]), reason:[%d]([%s]) %s", mode - 1,
                 mode_names[mode], manual ? 0 : 1, manual ? "MANUAL" : "AUTO",
                 manual ? "auth-str" : "no auth-str");
    console_line(p->console, CONSOLE_NOT, CONSOLE_SECUREAPP,
                 "CAPF_CLNT_INIT:CAPF clnt initialized");
    console_line(p->console, CONSOLE_NOT, CONSOLE_SECUREAPP,
                 "CAPFClnt: SetDelayTimer - set with value <%d>", 0);
}

static void reset_session(struct phone *p) {
    p->session_known = false;
    p->certificate_refused = p->closing = false;
    p->stored = p->deleted = p->fetched = false;
    p->operation = PHONE_OPERATION_NONE;
    p->reason = -1;
    p->error = (struct err){0};
    EVP_PKEY_free(p->fresh_key);
    p->fresh_key = NULL;
}

static void start_try(struct phone *p) {
    reset_session(p);
    p->attempts++;
    phone_connect(p);
}

void phone_start(struct phone *phone, phone_done_fn *done, void *user) {
    const struct phone_authentication *a = &phone->config->authentication;
    phone->done = done;
    phone->user = user;
    if (a->mode == CAPF_AUTH_TYPE_NONE)
        phone_end(phone, PHONE_NOTHING, NULL);
    else if (a->mode == CAPF_AUTH_TYPE_STRING && a->string == NULL)
        phone_end(phone, PHONE_WAITING, NULL);
    else if (phone->trusted == NULL)
        phone_end(phone, PHONE_NO_SERVER, NULL);
    else
        start_try(phone);
}

static void show_status(struct phone *p, const char *text) {
    bool good = phone_outcome_success(p->outcome);
    if (text == NULL)
        return;
    if (p->status_count == STATUS_MESSAGES_MAX) {
        memmove(p->statuses, p->statuses + 1, sizeof p->statuses - sizeof p->statuses[0]);
        p->status_count--;
    }
    p->statuses[p->status_count++] = text;
    console_line(p->console, good ? CONSOLE_NOT : CONSOLE_CRT, CONSOLE_CONFIGMGR,
                 "cip.sec.CertificateProperty$1:? - %s", text);
    event_message(p->config->name, p->config->name, text, "%s", p->error.text);
}

/* Return values of the console: -7 is attested for what fails before the session (seed 5), the
 * others are ours. */
static int console_result(enum phone_outcome outcome) {
    switch (outcome) {
    case PHONE_CONNECTION_FAILED:
        return -7;
    case PHONE_CONNECTION_LOST:
        return -8;
    case PHONE_TIMEOUT:
        return -9;
    default:
        return -1;
    }
}

static bool is_dns(enum err_code code) {
    return strcmp(err_layer(code), "dns") == 0;
}

static void log_failure(struct phone *p) {
    struct console *c = p->console;
    if (p->error.code != ERR_OK)
        console_line(c, CONSOLE_INF, CONSOLE_SECUREAPP, "CAPFClnt: %s", p->error.text);
    if (is_dns(p->error.code))
        console_line(c, CONSOLE_ERR, CONSOLE_SECUREAPP, "Sec create BIO - invalid parameter.");
    if (p->outcome == PHONE_CONNECTION_FAILED)
        console_line(c, CONSOLE_ERR, CONSOLE_SECUREAPP, "SEC_CAPF_BIO_F: CAPF create bio failed");
    console_line(c, CONSOLE_ERR, CONSOLE_SECUREAPP, "SEC_CAPF_OP_F: CAPF operation failed, ret %d",
                 console_result(p->outcome));
}

static bool try_again(struct phone *p) {
    if (!outcomes[p->outcome].again || (int64_t)p->attempts > p->config->retries)
        return false;
    int64_t delay = p->later_us > 0 ? p->later_us : p->config->retry_delay_us;
    p->later_us = 0;
    p->state = PHONE_STATE_IDLE;
    timer_start(p->timer, delay);
    return true;
}

void phone_end(struct phone *p, enum phone_outcome outcome, const struct err *e) {
    phone_disconnect(p);
    timer_stop(p->timer);
    p->state = PHONE_STATE_ENDED;
    /* Once stored, the LSC is installed however the connection ends. */
    p->outcome = p->stored ? PHONE_INSTALLED : outcome;
    if (e != NULL)
        p->error = *e;
    if (phone_outcome_success(p->outcome))
        p->error = (struct err){0};
    else
        log_failure(p);
    show_status(p, outcomes[p->outcome].status);
    if (!try_again(p))
        p->done(p, p->user);
}

/* States in which the timer means something else than a missing message. */
void phone_on_timer(struct phone *p) {
    struct err e = {0};
    switch (p->state) {
    case PHONE_STATE_IDLE:
        start_try(p);
        break;
    case PHONE_STATE_CONNECTING:
        err_set(&e, ERR_TCP_TIMEOUT, "no connection to %s", p->config->capf.host);
        phone_end(p, PHONE_CONNECTION_FAILED, &e);
        break;
    case PHONE_STATE_GENERATING:
        phone_on_key_time(p);
        break;
    default:
        err_set(&e, ERR_SYS_TIMEOUT, "no message of CAPF in state %s", phone_state_name(p->state));
        phone_end(p, PHONE_TIMEOUT, &e);
    }
}

static const char *lsc_line(const struct phone *p) {
    if (p->outcome == PHONE_WAITING)
        return "Pending";
    return identity_present(&p->lsc) ? "Installed" : "Not Installed";
}

static json_t *status_list(const struct phone *p) {
    json_t *list = json_array();
    for (size_t i = 0; i < p->status_count; i++)
        json_array_append_new(list, json_string(p->statuses[i]));
    return list;
}

json_t *phone_result(const struct phone *phone) {
    bool failed = phone->error.code != ERR_OK;
    return json_pack("{s:s, s:s, s:s, s:o, s:s, s:o, s:i, s:s?, s:s?}", "device",
                     phone->config->name, "result", phone_outcome_word(phone->outcome), "operation",
                     operations[phone->operation], "status", status_list(phone), "lsc",
                     lsc_line(phone), "reason",
                     phone->reason < 0 ? json_null() : json_integer(phone->reason), "attempts",
                     (int)phone->attempts, "error", failed ? err_name(phone->error.code) : NULL,
                     "detail", failed ? phone->error.text : NULL);
}
