/* Reaches states_run, session_over, session_send, session_end, session_free, capf_frame_length,
 * capf_message_parse, capf_message_check_session, phone_authenticate, act_take_auth_res,
 * act_take_key, act_key_gen_timeout, act_ask_signature, act_take_signature, act_no_signature,
 * act_issue_locally, act_start_online, act_start_offline, act_take_ca_reply, act_take_store_res,
 * act_take_delete_res, act_take_fetch_res, act_still_working, act_answer_status, act_answer_abort,
 * act_bad_message, act_unexpected, act_phone_silent, act_phone_gone, issuer_local,
 * online_take_certificate, troubleshoot_write, judge_issued, judge_issuer, auth_check_certificate,
 * auth_sudi_check, outcome_commit and store_outcome. Input: two octets with what the administrator
 * has set, then what the phone, the CA and the clock do, one step behind the other (enum step). A
 * step "as a phone does" is made here, so that every state is near. Floor: 200/s. */
#include "base/clock.h"
#include "base/owned.h"
#include "base/random.h"
#include "base/x509.h"
#include "capf/auth.h"
#include "capf/auth_request.h"
#include "capf/issuer.h"
#include "capf/judge.h"
#include "fuzz/fuzz.h"
#include "fuzz/scratch.h"
#include "pki/csr.h"
#include "pki/issue.h"
#include "pki/p7.h"
#include <event2/buffer.h>
#include <string.h>

#define LAB    "impl/capf/testdata/lab/"
#define DEVICE "SEP74A02FC0A675"
#define STRING "730184529"

enum step {
    STEP_ANSWER,  /* as a phone does */
    STEP_FLIPPED, /* the same with an octet changed: where (two octets), which bits */
    STEP_LACKING, /* the same without an element: its tag */
    STEP_REASON,  /* the same with another REASON: which */
    STEP_CUT,     /* only the start of it: how much */
    STEP_OCTETS,  /* octets as they are: how many (two octets), then these */
    STEP_FRAME,   /* a whole frame: type, octets of the body (two), then these */
    STEP_TIMEOUT, /* nothing came in time */
    STEP_CLOSE,   /* the phone is gone, in order or not: bit 0 */
    STEP_CA,      /* the CA answers: enum ca_answer */
    STEPS,
    STEPS_MAX = 64
};

enum ca_answer {
    CA_ISSUES,
    CA_OTHER_KEY,
    CA_OTHER_NAME,
    CA_PENDING,
    CA_REFUSES,
    CA_SILENT,
    CA_NOTHING,
    CA_ANSWERS
};

enum { SESSION = 42 }; /* its id on the wire */

/* ---- what lives as long as the process ---- */

static struct {
    bool ready;
    struct event_base *loop;
    X509 *capf, *mic, *online_ca, *lsc; /* lsc: of an earlier install, for the phone's RSA key */
    EVP_PKEY *capf_key, *mic_key, *online_ca_key, *rsa_key, *ec_key, *other_key;
    X509_STACK *mic_trust, *lsc_trust;
    char *root, *store_path;
    struct buf sudi; /* of the MIC, for session 42 */
} lab;

static EVP_PKEY *read_key(const char *name) {
    struct err e = {0};
    AUTO_BUF path = BUF_INIT(256);
    buf_printf(&path, LAB "%s", name);
    EVP_PKEY *key = key_read_file(buf_str(&path), &e);
    FUZZ_CHECK(key != NULL);
    return key;
}

static X509 *read_certificate(const char *name) {
    struct err e = {0};
    AUTO_BUF path = BUF_INIT(256);
    buf_printf(&path, LAB "%s", name);
    X509 *certificate = x509_read_file(buf_str(&path), &e);
    FUZZ_CHECK(certificate != NULL);
    return certificate;
}

static X509 *issue(const X509_NAME *subject, EVP_PKEY *key) {
    struct err e = {0};
    struct issue_request r = {.subject = subject,
                              .key = key,
                              .issuer = lab.online_ca,
                              .issuer_key = lab.online_ca_key,
                              .not_before = 1700000000,
                              .not_after = 4000000000};
    X509 *certificate = issue_certificate(&r, &e);
    FUZZ_CHECK(certificate != NULL);
    return certificate;
}

static X509_NAME *name_of(const char *text) {
    struct err e = {0};
    X509_NAME *name = x509_name_parse(text, &e);
    FUZZ_CHECK(name != NULL);
    return name;
}

static X509_STACK *stack_of(X509 *a, X509 *b) {
    X509_STACK *stack = sk_X509_new_null();
    FUZZ_CHECK(stack != NULL && sk_X509_push(stack, a) > 0);
    FUZZ_CHECK(b == NULL || sk_X509_push(stack, b) > 0);
    return stack;
}

static void set_up(void) {
    AUTO(X509_NAME) own = name_of("CN=" DEVICE);
    lab.loop = event_base_new();
    lab.capf = read_certificate("capf.pem");
    lab.capf_key = read_key("capf.key");
    lab.mic = read_certificate("mic.pem");
    lab.mic_key = read_key("mic.key");
    lab.online_ca = read_certificate("online-ca.pem");
    lab.online_ca_key = read_key("online-ca.key");
    lab.rsa_key = read_key("phone.key");
    lab.ec_key = read_key("phone-ec.key");
    lab.other_key = read_key("other.key");
    lab.mic_trust = stack_of(read_certificate("mic-ca.pem"), NULL);
    lab.lsc_trust = stack_of(lab.online_ca, lab.capf);
    lab.lsc = issue(own, lab.rsa_key);
    lab.root = scratch_folder();
    FUZZ_CHECK(asprintf(&lab.store_path, "%s/devices.sqlite", lab.root) > 0);
    struct err e = {0};
    lab.sudi = (struct buf)BUF_INIT(CAPF_SUDI_MAX);
    FUZZ_CHECK_OK(auth_sudi_write(SESSION, lab.mic, lab.mic_key, &lab.sudi, &e), e);
    lab.ready = true;
}

/* ---- one run ---- */

struct run {
    struct capf_config config;
    struct capf_service service;
    struct session *session;      /* NULL once it is gone */
    struct bufferevent *phone;    /* the other end of its stream */
    uint8_t last[CAPF_FRAME_MAX]; /* what the service said last; len 0: nothing yet */
    size_t last_len;
    bool ended; /* by END_SESSION */
    unsigned version;
    EVP_PKEY *key;
    X509_REQ *csr; /* that the CA has; NULL: none */
    est_done_fn *done;
    void *user;
    struct cursor input;
};

static uint8_t next_octet(struct run *r) {
    uint8_t octet = 0;
    cursor_u8(&r->input, &octet);
    return octet;
}

/* A view of the input, as long as two octets say or as there is. */
static struct bytes next_octets(struct run *r) {
    uint16_t len = 0;
    struct bytes v = {0};
    cursor_u16(&r->input, &len);
    size_t left = cursor_left(&r->input);
    cursor_bytes(&r->input, len < left ? len : left, &v);
    return v;
}

static int ask_ca(void *self, struct bytes request, EVP_PKEY *key, est_done_fn *done, void *user,
                  struct err *e) {
    struct run *r = self;
    FUZZ_CHECK(r->csr == NULL);
    r->csr = csr_read(request, NULL, e);
    FUZZ_CHECK(r->csr != NULL && csr_verify(r->csr, e) == 0 && csr_match_key(r->csr, key, e) == 0);
    r->done = done;
    r->user = user;
    return 0;
}

/* An earlier LSC and an operation, as the two octets say. */
static void put_device(struct run *r, uint8_t settings) {
    static const int operations[] = {OPERATION_UPGRADE, OPERATION_DELETE, OPERATION_TROUBLESHOOT,
                                     OPERATION_NONE};
    struct device d;
    struct err e = {0};
    AUTO_BUF der = BUF_INIT(STORE_CERTIFICATE_MAX);
    unsigned char *key = NULL;
    device_defaults(&d);
    memcpy(d.name, DEVICE, sizeof DEVICE);
    memcpy(d.auth_string, STRING, sizeof STRING);
    d.auth_mode = AUTH_MODE_STRING + settings % 4;
    d.operation = operations[settings / 4 % 4];
    d.status = CERT_STATUS_OPERATION_PENDING;
    d.key_order = KEY_ORDER_RSA_ONLY + settings / 16 % 3;
    d.ec_key_size = EC_KEY_SIZE_384;
    FUZZ_CHECK_OK(store_add(r->service.store, &d, &e), e);
    if (settings < 128)
        return;
    int len = i2d_PublicKey(lab.rsa_key, &key);
    FUZZ_CHECK(len > 0 && x509_put_der(lab.lsc, &der, &e) == 0);
    struct store_outcome earlier = {.device = DEVICE,
                                    .operation = d.operation,
                                    .status = CERT_STATUS_OPERATION_PENDING,
                                    .installed = true,
                                    .public_key = bytes_of(key, (size_t)len),
                                    .certificate = buf_view(&der)};
    FUZZ_CHECK_OK(store_outcome(r->service.store, &earlier, &e), e);
    OPENSSL_free(key);
    d.operation = operations[settings / 4 % 4];
    FUZZ_CHECK_OK(store_update(r->service.store, &d, true, &e), e);
}

static void configure(struct run *r, uint8_t settings) {
    static const int issuers[] = {ISSUER_CAPF, ISSUER_ONLINE_CA, ISSUER_OFFLINE_CA, ISSUER_CAPF};
    static const unsigned versions[] = {1, 2, 3, 3};
    r->config = (struct capf_config){
        .store = lab.store_path,
        .root = lab.root,
        .issuer = issuers[settings % 4],
        .lsc_validity_us = 365LL * 86400 * 1000000,
        .key_generation = {.timeout_us = 1800000000LL, .attempts = 1 + settings / 4 % 2},
        .message_timeout_us = 60000000,
        .handshake_timeout_us = 60000000,
        .no_csr_policy = settings / 8 % 2 == 0 ? NO_CSR_FAIL : NO_CSR_LOCAL,
        .no_operation_reason = 7,
        .advanced_encryption = settings / 16 % 2 == 0,
        .authentication = {
            .attempts = 2, .lockout_us = 600000000LL, .mic_for_lsc = settings < 128}};
    r->version = versions[settings / 32 % 4];
}

static void open_service(struct run *r) {
    struct err e = {0};
    r->service = (struct capf_service){.config = &r->config,
                                       .loop = lab.loop,
                                       .store = store_open(":memory:", &e),
                                       .certificate = lab.capf,
                                       .key = lab.capf_key,
                                       .lsc_trust = lab.lsc_trust,
                                       .mic_trust = lab.mic_trust,
                                       .enroller = {ask_ca, r},
                                       .accepted = SESSION};
    FUZZ_CHECK(r->service.store != NULL);
    FUZZ_CHECK_OK(issuer_make_folders(&r->config, &e), e);
}

/* ---- what the service says ---- */

static void check_certificate(const struct run *r, struct bytes der) {
    struct err e = {0};
    AUTO(X509) certificate = x509_read(der, &e);
    FUZZ_CHECK(certificate != NULL && judge_names_device(certificate, DEVICE));
    FUZZ_CHECK(r->session->authenticated && r->session->key != NULL);
    FUZZ_CHECK(x509_has_key(certificate, r->session->key));
}

/* Every message can be read, belongs to the session, and comes before the last one. */
static void take_message(struct run *r, struct bytes frame) {
    struct capf_message m;
    struct err e = {0};
    FUZZ_CHECK(!r->ended);
    FUZZ_CHECK_OK(capf_message_parse(frame, &m, &e), e);
    FUZZ_CHECK_OK(capf_message_check_session(&m, SESSION, &e), e);
    FUZZ_CHECK(capf_message_sender(m.type) != CAPF_FROM_PHONE);
    r->ended = m.type == CAPF_MSG_END_SESSION;
    if (m.type == CAPF_MSG_STORE_CERT_REQ)
        check_certificate(r, m.certificate.octets);
    memcpy(r->last, frame.data, frame.len);
    r->last_len = frame.len;
}

static void listen_to_service(struct run *r) {
    struct evbuffer *in = bufferevent_get_input(r->phone);
    size_t need = 0;
    struct err e = {0};
    while (event_base_loop(lab.loop, EVLOOP_NONBLOCK) == 0 && evbuffer_get_length(in) > 0) {
        size_t len = evbuffer_get_length(in);
        AUTO(char) copy = malloc(len);
        FUZZ_CHECK(copy != NULL && evbuffer_remove(in, copy, len) == (int)len);
        for (struct bytes rest = bytes_of(copy, len); rest.len > 0;
             rest = bytes_of(rest.data + need, rest.len - need)) {
            FUZZ_CHECK_OK(capf_frame_length(rest, &need, &e), e);
            FUZZ_CHECK(need <= rest.len);
            take_message(r, bytes_of(rest.data, need));
        }
    }
}

/* ---- what the phone says ---- */

static void prove(const struct run *r, struct capf_message *m, struct buf *octets) {
    struct err e = {0};
    struct device d;
    FUZZ_CHECK_OK(store_device(r->service.store, DEVICE, &d, &e), e);
    if (d.auth_mode == AUTH_MODE_STRING)
        m->password = CAPF_OCTETS(bytes_of_str(STRING));
    else if (d.auth_mode == AUTH_MODE_LSC && d.public_key_len > 0)
        auth_put_certificate(m, r->version, CAPF_CERTIFICATE_LSC, lab.lsc, lab.rsa_key, octets, &e);
    else if (d.auth_mode != AUTH_MODE_NULL_STRING)
        auth_put_certificate(m, r->version, CAPF_CERTIFICATE_MIC, lab.mic, lab.mic_key, octets, &e);
    if (r->version >= 3)
        m->sudi_data = CAPF_OCTETS(buf_view(&lab.sudi));
}

static void answer_auth(const struct run *r, struct capf_message *m, struct buf *octets) {
    m->version = CAPF_NUMBER(r->version);
    m->device_name = CAPF_OCTETS(bytes_of_str(DEVICE));
    prove(r, m, octets);
}

static void answer_key(struct run *r, const struct capf_message *request, struct capf_message *m,
                       struct buf *octets) {
    struct err e = {0};
    bool ec = request->key_type.present && request->key_type.number == CAPF_KEY_TYPE_EC;
    r->key = ec ? lab.ec_key : lab.rsa_key;
    FUZZ_CHECK_OK(key_put_spki(r->key, octets, &e), e);
    m->reason = (struct capf_element){0};
    m->public_key = CAPF_OCTETS(buf_view(octets));
}

static void answer_fetch(const struct capf_message *request, struct capf_message *m,
                         struct buf *octets) {
    struct err e = {0};
    bool mic = request->certificate_type.number == CAPF_CERTIFICATE_MIC;
    FUZZ_CHECK_OK(x509_put_der(mic ? lab.mic : lab.lsc, octets, &e), e);
    m->certificate = CAPF_NUMBERED_OCTETS(request->certificate_type.number, buf_view(octets));
}

/* What a phone answers to the service's last message: the type behind the request's, REASON 1.
 * octets keeps what *m views. */
static void make_answer(struct run *r, struct capf_message *m, struct buf *octets) {
    struct capf_message request = {.type = CAPF_MSG_AUTH_REQ};
    struct err e = {0};
    if (r->last_len > 0)
        FUZZ_CHECK_OK(capf_message_parse(bytes_of(r->last, r->last_len), &request, &e), e);
    *m = (struct capf_message){.type = (uint8_t)(request.type + 1),
                               .session_id = SESSION,
                               .reason = CAPF_NUMBER(CAPF_REASON_OK)};
    if (request.type == CAPF_MSG_AUTH_REQ)
        answer_auth(r, m, octets);
    else if (request.type == CAPF_MSG_KEY_GEN_REQ)
        answer_key(r, &request, m, octets);
    else if (request.type == CAPF_MSG_FETCH_CERT_REQ)
        answer_fetch(&request, m, octets);
    else if (r->key != NULL && auth_request_sign(&request, r->key, octets, &e) == 0)
        m->signed_data = CAPF_OCTETS(buf_view(octets));
}

static void remove_element(struct capf_message *m, unsigned which) {
    struct capf_element *const elements[] = {
#define X(tag, name, member, encoding, repeat) &m->member,
        CAPF_ELEMENT_TABLE(X)
#undef X
    };
    *elements[which % (sizeof elements / sizeof elements[0])] = (struct capf_element){0};
}

static void send_octets(struct run *r, struct bytes v) {
    FUZZ_CHECK(bufferevent_write(r->phone, v.data, v.len) == 0);
}

static void step_answer(struct run *r, enum step step) {
    AUTO_BUF octets = BUF_INIT(CAPF_BODY_MAX);
    AUTO_BUF frame = BUF_INIT(CAPF_FRAME_MAX);
    struct capf_message m;
    struct err e = {0};
    make_answer(r, &m, &octets);
    if (step == STEP_LACKING)
        remove_element(&m, next_octet(r));
    if (step == STEP_REASON)
        m.reason = CAPF_NUMBER(next_octet(r));
    if (step == STEP_REASON && m.type == CAPF_MSG_KEY_GEN_RES)
        m.public_key = (struct capf_element){0};
    FUZZ_CHECK_OK(capf_message_write(&m, &frame, &e), e);
    if (step == STEP_FLIPPED) {
        size_t at = (size_t)next_octet(r) << 8 | next_octet(r);
        frame.data[at % frame.len] ^= next_octet(r);
    }
    size_t len = frame.len;
    if (step == STEP_CUT)
        len = len * next_octet(r) / 256;
    send_octets(r, bytes_of(frame.data, len));
}

static void step_frame(struct run *r) {
    AUTO_BUF frame = BUF_INIT(CAPF_FRAME_MAX);
    uint8_t type = next_octet(r);
    struct bytes body = next_octets(r);
    buf_put_u8(&frame, CAPF_DISCRIMINATOR);
    buf_put_u8(&frame, type);
    buf_put_u32(&frame, SESSION);
    buf_put_u16(&frame, (uint16_t)body.len);
    buf_put_bytes(&frame, body);
    send_octets(r, buf_view(&frame));
}

static void step_close(struct run *r) {
    r->session->closed_by_phone = next_octet(r) % 2 == 0;
    states_run(r->session, CAPF_EV_PH_DISC, NULL);
    session_free(TAKE(r->session));
}

/* ---- what the CA says ---- */

static void answer_with(struct run *r, X509 *certificate) {
    AUTO(X509_STACK) stack = sk_X509_new_null();
    AUTO_BUF der = BUF_INIT(P7_MAX);
    struct err e = {0};
    struct est_result result = {.code = EST_ERR_NONE, .status = 200, .certificates = stack};
    FUZZ_CHECK(stack != NULL);
    if (certificate != NULL)
        FUZZ_CHECK(sk_X509_push(stack, certificate) > 0 && p7_put(stack, &der, &e) == 0);
    result.der = result.body = buf_view(&der);
    r->done(r->user, &result);
}

static void step_ca(struct run *r) {
    static const struct est_result failures[] = {
        [CA_PENDING] = {.code = EST_ERR_CA_ENROLL_RETRY, .status = 202, .retry_after_us = 1000000},
        [CA_REFUSES] = {.code = EST_ERR_HTTP_BAD_REQ, .status = 400},
        [CA_SILENT] = {.code = EST_ERR_SSL_READ}};
    unsigned answer = next_octet(r) % CA_ANSWERS;
    AUTO(X509_REQ) csr = TAKE(r->csr);
    AUTO(X509_NAME) stranger = name_of("CN=SEP000000000001");
    if (csr == NULL)
        return;
    const X509_NAME *name = X509_REQ_get_subject_name(csr);
    if (answer == CA_ISSUES)
        answer_with(r, issue(name, X509_REQ_get0_pubkey(csr)));
    else if (answer == CA_OTHER_KEY)
        answer_with(r, issue(name, lab.other_key));
    else if (answer == CA_OTHER_NAME)
        answer_with(r, issue(stranger, X509_REQ_get0_pubkey(csr)));
    else if (answer == CA_NOTHING)
        answer_with(r, NULL);
    else
        r->done(r->user, &failures[answer]);
}

/* ---- the run ---- */

static void take_step(struct run *r) {
    enum step step = (enum step)(next_octet(r) % STEPS);
    switch (step) {
    case STEP_OCTETS:
        send_octets(r, next_octets(r));
        break;
    case STEP_FRAME:
        step_frame(r);
        break;
    case STEP_TIMEOUT:
        states_run(r->session, CAPF_EV_TIMEOUT, NULL);
        break;
    case STEP_CLOSE:
        step_close(r);
        break;
    case STEP_CA:
        step_ca(r);
        break;
    default:
        step_answer(r, step);
    }
    listen_to_service(r);
}

static void connect_phone(struct run *r) {
    struct bufferevent *pair[2];
    struct err e = {0};
    FUZZ_CHECK(bufferevent_pair_new(lab.loop, 0, pair) == 0);
    r->phone = pair[0];
    bufferevent_enable(r->phone, EV_READ | EV_WRITE);
    r->session = session_over(&r->service, pair[1], "192.0.2.1", &e);
    FUZZ_CHECK(r->session != NULL);
    states_run(r->session, CAPF_EV_PH_CONN, NULL);
    listen_to_service(r);
}

/* An operation that ended has one of its ends in the store. */
static void check_store(const struct run *r) {
    struct err e = {0};
    struct device d;
    FUZZ_CHECK_OK(store_device(r->service.store, DEVICE, &d, &e), e);
    FUZZ_CHECK(enum_has(capf_statuses, d.status) && enum_has(capf_operations, d.operation));
    FUZZ_CHECK((d.public_key_len > 0) == (d.certificate_len > 0));
}

static void close_service(struct run *r) {
    online_cancel_all(&r->service);
    while (r->service.sessions != NULL)
        session_free(r->service.sessions);
    bufferevent_free(r->phone);
    event_base_loop(lab.loop, EVLOOP_NONBLOCK);
    store_close(r->service.store);
    X509_REQ_free(r->csr);
    issuer_remove_csr_file(&r->config, DEVICE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct run r = {.input = cursor_of(bytes_of(data, size))};
    if (!lab.ready)
        set_up();
    random_seed("capf_session_fuzz");
    configure(&r, next_octet(&r));
    open_service(&r);
    put_device(&r, next_octet(&r));
    connect_phone(&r);
    for (int i = 0; i < STEPS_MAX && cursor_left(&r.input) > 0 && r.session != NULL; i++)
        take_step(&r);
    check_store(&r);
    close_service(&r);
    return 0;
}
