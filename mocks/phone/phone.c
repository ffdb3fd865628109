/* A phone's life around its session: start, end, status messages, further tries, result. Never
 * shows a message that a phone does not have. */
#include "mocks/phone/phone.h"
#include "base/events.h"
#include "mocks/phone/phone_impl.h"
#include <stdarg.h>
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
    return phone->end.outcome;
}

static void on_timer(void *user) {
    phone_on_timer(user);
}

static int read_trusted(struct phone *p, struct err *e) {
    const char *path = p->config->capf.certificate;
    p->trusted = p->shared->trusted;
    if (p->trusted != NULL)
        return X509_up_ref(p->trusted) == 1 ? 0 : err_set(e, ERR_SYS_NOMEM, "certificate");
    if (path != NULL)
        p->trusted = x509_read_file(path, e);
    return path != NULL && p->trusted == NULL ? -1 : 0;
}

static int open_phone(struct phone *p, struct err *e) {
    const struct phone_config *c = p->config;
    p->console = console_open(c->log, e);
    p->timer = timer_new(p->shared->loop, on_timer, p);
    if (p->console == NULL)
        return -1;
    if (p->timer == NULL)
        return err_set(e, ERR_SYS_NOMEM, "timer");
    if (phone_boots(p) && phone_fetch_open(p, e) != 0)
        return -1;
    if (c->fault_set != NULL && (p->faults = fault_set_copy(c->fault_set)) == NULL)
        return err_set(e, ERR_SYS_NOMEM, "faults");
    if (read_trusted(p, e) != 0)
        return -1;
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
    p->files = json_array();
    p->tvs.der = (struct buf)BUF_INIT(TVS_BODY_MAX);
    p->end.reason = -1;
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
    phone_boot_stop(phone);
    phone_fetch_close(phone);
    buf_free(&phone->tvs.der);
    trust_clear(&phone->trust);
    json_decref(phone->files);
    timer_free(phone->timer);
    fault_set_free(phone->faults);
    console_close(phone->console);
    X509_free(phone->trusted);
    EVP_PKEY_free(phone->fresh_key);
    identity_free(&phone->mic);
    identity_free(&phone->lsc);
    free(phone);
}

void phone_show(struct phone *p, enum console_level level, const char *fmt, ...) {
    char text[STATUS_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    status_put(&p->statuses, text);
    console_line(p->console, level, CONSOLE_CONFIGMGR, "cip.sec.CertificateProperty$1:? - %s",
                 text);
    event_message(p->config->name, p->config->name, text, "%s", p->end.error.text);
}

/* ---- Start ---- */

void phone_log_start(struct phone *p) {
    bool string = p->plan.prove == CAPF_AUTH_TYPE_STRING;
    bool fell_back = p->mode == CAPF_AUTH_TYPE_LSC && p->plan.prove == CAPF_AUTH_TYPE_MIC;
    int mode = fell_back ? p->mode : p->plan.prove;
    const char *why = capf_why_name(p->plan.why);
    console_line(p->console, CONSOLE_NOT, CONSOLE_CONFIGMGR,
                 "cip.sec.CertificateProperty:? - CertificateProperty.setCertificate() "
                 "authMode=CAPF_AUTH_MODE_%s authorizationString=%s theReason=CAPF_REASON_%s",
                 mode_names[mode], string ? "(entered)" : "null", why);
    console_line(p->console, CONSOLE_NOT, CONSOLE_SECUREAPP,
                 "RCAPF_START_MODE: Start CAPF - mode:[%d]([%s]), reason:[%d]([%s]) %s", mode - 1,
                 mode_names[mode], (int)p->plan.why, why, string ? "auth-str" : "no auth-str");
    console_line(p->console, CONSOLE_NOT, CONSOLE_SECUREAPP,
                 "CAPF_CLNT_INIT:CAPF clnt initialized");
    console_line(p->console, CONSOLE_NOT, CONSOLE_SECUREAPP,
                 "CAPFClnt: SetDelayTimer - set with value <%d>", 0);
}

void phone_reset_session(struct phone *p) {
    p->session_known = false;
    p->certificate_refused = p->closing = false;
    p->stored = p->deleted = p->fetched = false;
    p->end = (struct phone_ending){.operation = PHONE_OPERATION_NONE, .reason = -1};
    EVP_PKEY_free(p->fresh_key);
    p->fresh_key = NULL;
}

static void start_try(struct phone *p) {
    phone_reset_session(p);
    p->attempts++;
    phone_connect(p);
}

void phone_start_round(struct phone *p) {
    p->rounds++;
    p->server = 0;
    start_try(p);
}

void phone_start(struct phone *phone, phone_done_fn *done, void *user) {
    phone->done = done;
    phone->user = user;
    if (phone_boots(phone))
        phone_boot(phone);
    else
        phone_plan_without_boot(phone);
}

/* ---- End ---- */

static void show_outcome(struct phone *p) {
    const char *text = outcomes[p->end.outcome].status;
    bool good = phone_outcome_success(p->end.outcome);
    if (text != NULL)
        phone_show(p, good ? CONSOLE_NOT : CONSOLE_CRT, "%s", text);
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
    const struct phone_ending *end = &p->end;
    if (end->error.code != ERR_OK)
        console_line(c, CONSOLE_INF, CONSOLE_SECUREAPP, "CAPFClnt: %s", end->error.text);
    if (is_dns(end->error.code))
        console_line(c, CONSOLE_ERR, CONSOLE_SECUREAPP, "Sec create BIO - invalid parameter.");
    if (end->outcome == PHONE_CONNECTION_FAILED)
        console_line(c, CONSOLE_ERR, CONSOLE_SECUREAPP, "SEC_CAPF_BIO_F: CAPF create bio failed");
    console_line(c, CONSOLE_ERR, CONSOLE_SECUREAPP, "SEC_CAPF_OP_F: CAPF operation failed, ret %d",
                 console_result(end->outcome));
}

/* Another server of the list, at once; RETRY_LATER is no failure of this one. */
static bool next_server(struct phone *p) {
    bool failed = outcomes[p->end.outcome].again && p->end.outcome != PHONE_RETRY_LATER;
    if (!failed || p->server + 1 >= p->servers.count)
        return false;
    p->server++;
    start_try(p);
    return true;
}

static bool try_again(struct phone *p) {
    if (!outcomes[p->end.outcome].again || (int64_t)p->rounds > p->config->retries)
        return false;
    int64_t delay = p->later_us > 0 ? p->later_us : p->config->retry_delay_us;
    p->later_us = 0;
    p->state = PHONE_STATE_IDLE;
    timer_start(p->timer, delay);
    return true;
}

/* After an operation that changed its certificate the phone boots anew (phone-behaviour.md 4). */
static bool reset(struct phone *p) {
    bool changed = p->end.outcome == PHONE_INSTALLED || p->end.outcome == PHONE_DELETED;
    if (!changed || !phone_boots(p) || (int64_t)p->boots > p->config->resets)
        return false;
    p->kept = p->end;
    console_line(p->console, CONSOLE_NOT, CONSOLE_CONFIGMGR, "cip.sys.Reset:? - reset by CAPF");
    phone_boot(p);
    return true;
}

/* The name of no server has an address: see PHONE_UNRESOLVED_TABLE. */
static void judge_unresolved(struct phone *p) {
    bool shows_no_server = p->config->unresolved == PHONE_UNRESOLVED_NO_SERVER;
    if (p->end.outcome == PHONE_CONNECTION_FAILED && is_dns(p->end.error.code) && shows_no_server)
        p->end.outcome = PHONE_NO_SERVER;
}

static void conclude(struct phone *p) {
    judge_unresolved(p);
    show_outcome(p);
    if (try_again(p) || reset(p))
        return;
    bool well = phone_outcome_success(p->end.outcome);
    if (p->kept.operation != PHONE_OPERATION_NONE && well)
        p->end = p->kept;
    p->done(p, p->user);
}

void phone_end(struct phone *p, enum phone_outcome outcome, const struct err *e) {
    phone_disconnect(p);
    timer_stop(p->timer);
    p->state = PHONE_STATE_ENDED;
    /* Once stored, the LSC is installed however the connection ends. */
    p->end.outcome = p->stored ? PHONE_INSTALLED : outcome;
    if (e != NULL)
        p->end.error = *e;
    if (phone_outcome_success(p->end.outcome))
        p->end.error = (struct err){0};
    else
        log_failure(p);
    if (!next_server(p))
        conclude(p);
}

/* States in which the timer means something else than a missing message. */
void phone_on_timer(struct phone *p) {
    struct err e = {0};
    switch (p->state) {
    case PHONE_STATE_IDLE:
        phone_start_round(p);
        break;
    case PHONE_STATE_CONNECTING:
        err_set(&e, ERR_TCP_TIMEOUT, "no connection to %s", p->servers.items[p->server].host);
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

/* ---- Result ---- */

static const char *lsc_line(const struct phone *p) {
    if (p->end.outcome == PHONE_WAITING)
        return "Pending";
    return identity_present(&p->lsc) ? "Installed" : "Not Installed";
}

json_t *phone_result(const struct phone *phone) {
    const struct phone_ending *end = &phone->end;
    bool failed = end->error.code != ERR_OK;
    return json_pack(
        "{s:s, s:s, s:s, s:o, s:s, s:o, s:i, s:s?, s:s?, s:i, s:s?, s:O?}", "device",
        phone->config->name, "result", phone_outcome_word(end->outcome), "operation",
        operations[end->operation], "status", status_json(&phone->statuses), "lsc", lsc_line(phone),
        "reason", end->reason < 0 ? json_null() : json_integer(end->reason), "attempts",
        (int)phone->attempts, "error", failed ? err_name(end->error.code) : NULL, "detail",
        failed ? end->error.text : NULL, "boots", (int)phone->boots, "trust",
        phone_boots(phone) ? trust_status(&phone->trust) : NULL, "files", phone->files);
}
