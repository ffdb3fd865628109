/* A CAPF service in a process of its own, and a scripted phone over real TLS, for the tests of the
 * service. Tests only; header only, so that nothing of it gets into the library. */
#ifndef CAPF_SERVICE_TEST_LAB_H
#define CAPF_SERVICE_TEST_LAB_H

#include "base/file.h"
#include "base/temporary_test.h"
#include "base/tls.h"
#include "base/x509.h"
#include "capf/auth.h"
#include "capf/auth_request.h"
#include "capf/service.h"
#include "capf/session.h"
#include "pki/csr.h"
#include "pki/issue.h"
#include "pki/p7.h"
#include <arpa/inet.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define LAB_DEVICE "SEP74A02FC0A675"
#define LAB(file)  TESTDATA "/lab/" file

/* What the CA does with a request. */
enum fake_ca { CA_NONE, CA_ISSUES, CA_WRONG_KEY, CA_WRONG_NAME, CA_SSL_READ, CA_PENDING };

struct lab {
    char *folder;
    struct capf_config config;
    enum fake_ca ca;
    pid_t pid;
    uint16_t port;
    char *log;
};

/* ---- the CA ---- */

struct fake_call {
    struct lab *lab;
    struct capf_service *service;
    est_done_fn *done;
    void *user;
    X509_REQ *csr;
};
static struct event_base *fake_loop;

static inline X509 *fake_issue(const struct fake_call *call) {
    struct err e = {0};
    AUTO(X509) ca = x509_read_file(LAB("online-ca.pem"), &e);
    AUTO(EVP_PKEY) ca_key = key_read_file(LAB("online-ca.key"), &e);
    AUTO(EVP_PKEY) other = key_read_file(LAB("other.key"), &e);
    AUTO(X509_NAME) stranger = x509_name_parse("CN=SEP000000000001", &e);
    struct issue_request r = {
        .subject = call->lab->ca == CA_WRONG_NAME ? stranger : X509_REQ_get_subject_name(call->csr),
        .key = call->lab->ca == CA_WRONG_KEY ? other : X509_REQ_get0_pubkey(call->csr),
        .issuer = ca,
        .issuer_key = ca_key,
        .not_before = 1700000000,
        .not_after = 4000000000,
    };
    return issue_certificate(&r, &e);
}

static inline void fake_answer(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    struct fake_call *call = user;
    AUTO(X509_STACK) stack = sk_X509_new_null();
    AUTO_BUF der = BUF_INIT(64 * 1024);
    struct err e = {0};
    struct est_result r = {.code = EST_ERR_NONE, .status = 200};
    if (call->lab->ca == CA_SSL_READ)
        r.code = EST_ERR_SSL_READ;
    else if (call->lab->ca == CA_PENDING)
        r.code = EST_ERR_CA_ENROLL_RETRY;
    else
        sk_X509_push(stack, fake_issue(call));
    p7_put(stack, &der, &e);
    r.der = r.body = buf_view(&der);
    r.certificates = stack;
    call->done(call->user, &r);
    X509_REQ_free(call->csr);
    free(call);
}

static inline int fake_start(void *self, struct bytes request, EVP_PKEY *key, est_done_fn *done,
                             void *user, struct err *e) {
    static const struct timeval now = {0, 0};
    struct fake_call *call = calloc(1, sizeof *call);
    *call = (struct fake_call){.lab = self, .done = done, .user = user};
    call->csr = csr_read(request, NULL, e);
    ck_assert_ptr_nonnull(call->csr);
    ck_assert_ok(csr_match_key(call->csr, key, e), *e);
    return event_base_once(fake_loop, -1, EV_TIMEOUT, fake_answer, call, &now);
}

/* ---- the service ---- */

static inline void lab_stop_loop(evutil_socket_t fd, short what, void *loop) {
    (void)fd;
    (void)what;
    event_base_loopbreak(loop);
}

static inline void lab_child(struct lab *lab, int out) {
    struct err e = {0};
    signal(SIGPIPE, SIG_IGN);
    fake_loop = event_base_new();
    struct event *stop = evsignal_new(fake_loop, SIGTERM, lab_stop_loop, fake_loop);
    event_add(stop, NULL);
    struct capf_enroller ca = {fake_start, lab};
    struct capf_service *service = capf_service_new(
        &lab->config, fake_loop, NULL, lab->ca == CA_NONE ? NULL : &ca, "127.0.0.1:0", &e);
    if (service == NULL)
        fprintf(stderr, "service: %s\n", e.text);
    uint16_t port = service == NULL ? 0 : (uint16_t)atoi(strrchr(service->address, ':') + 1);
    if (write(out, &port, sizeof port) == sizeof port && port != 0)
        event_base_dispatch(fake_loop);
    capf_service_free(service);
    event_free(stop);
    event_base_free(fake_loop);
    exit(port == 0);
}

static inline void lab_init(struct lab *lab, const char *folder) {
    *lab = (struct lab){.folder = (char *)folder};
    ck_assert_int_gt(asprintf(&lab->log, "%s/capf.log", folder), 0);
    struct capf_config *c = &lab->config;
    c->log = lab->log;
    ck_assert_int_gt(asprintf(&c->store, "%s/devices.sqlite", folder), 0);
    c->root = (char *)folder;
    c->certificate = (char *)LAB("capf.pem");
    c->key = (char *)LAB("capf.key");
    c->issuer = ISSUER_CAPF;
    c->lsc_validity_us = 365LL * 86400 * 1000000;
    c->trust.mic = (char *)LAB("mic-ca.pem");
    c->trust.lsc = (char *)LAB("online-ca.pem");
    c->key_generation = (struct capf_key_generation_config){1800000000LL, 3};
    c->message_timeout_us = 60000000;
    c->handshake_timeout_us = 60000000;
    c->no_operation_reason = 7;
    c->advanced_encryption = true;
    c->authentication = (struct capf_authentication_config){10, 600000000LL, true};
}

static inline void lab_free(struct lab *lab) {
    free(lab->log);
    free(lab->config.store);
}

static inline void lab_start(struct lab *lab) {
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    fflush(NULL);
    lab->pid = fork();
    if (lab->pid == 0)
        lab_child(lab, fds[1]);
    close(fds[1]);
    ck_assert_int_eq(read(fds[0], &lab->port, sizeof lab->port), sizeof lab->port);
    close(fds[0]);
    ck_assert_int_ne(lab->port, 0);
}

static inline void lab_end(struct lab *lab, int signal_number) {
    int status = 0;
    kill(lab->pid, signal_number);
    ck_assert_int_eq(waitpid(lab->pid, &status, 0), lab->pid);
    if (signal_number == SIGTERM)
        ck_assert_int_eq(status, 0);
}

static inline struct device lab_device(const struct lab *lab) {
    struct err e = {0};
    struct device d;
    struct store *s = store_open(lab->config.store, &e);
    ck_assert_ptr_nonnull(s);
    ck_assert_ok(store_device(s, LAB_DEVICE, &d, &e), e);
    store_close(s);
    return d;
}

/* Adds the device, or changes it when it is there; operation is scheduled. */
static inline void lab_put_device(const struct lab *lab, struct device *d, int operation) {
    struct err e = {0};
    struct store *s = store_open(lab->config.store, &e);
    ck_assert_ptr_nonnull(s);
    snprintf(d->name, sizeof d->name, "%s", LAB_DEVICE);
    d->operation = operation;
    d->status = operation == OPERATION_NONE ? CERT_STATUS_NONE : CERT_STATUS_OPERATION_PENDING;
    if (store_add(s, d, &e) < 0)
        ck_assert_ok(store_update(s, d, true, &e), e);
    store_close(s);
}

static inline void lab_schedule(const struct lab *lab, int operation) {
    struct device d;
    device_defaults(&d);
    lab_put_device(lab, &d, operation);
}

static inline char *lab_read(const char *path) {
    struct err e = {0};
    AUTO_BUF text = BUF_INIT(16 * 1024 * 1024);
    ck_assert_ok(file_read(path, &text, &e), e);
    return buf_take_str(&text);
}

static inline int lab_log_count(const struct lab *lab, const char *needle) {
    AUTO(char) text = lab_read(lab->log);
    int count = 0;
    for (const char *at = text; (at = strstr(at, needle)) != NULL; at += strlen(needle))
        count++;
    return count;
}

/* ---- the phone ---- */

struct client {
    int fd;
    SSL_CTX *ctx;
    SSL *ssl;
    uint32_t session;
    uint8_t frame[CAPF_FRAME_MAX];
    EVP_PKEY *key;
};

static inline int client_tcp(const struct lab *lab) {
    struct timeval patience = {60, 0};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(lab->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)(void *)&to, sizeof to), 0);
    return fd;
}

static inline void client_open(struct client *c, const struct lab *lab) {
    struct err e = {0};
    signal(SIGPIPE, SIG_IGN);
    *c = (struct client){.fd = client_tcp(lab)};
    c->ctx = tls_client_context_unverified(false, &e);
    c->ssl = SSL_new(c->ctx);
    SSL_set_fd(c->ssl, c->fd);
    ck_assert_int_eq(SSL_connect(c->ssl), 1);
    c->key = key_read_file(LAB("phone.key"), &e);
    ck_assert_ptr_nonnull(c->key);
}

static inline void client_close(struct client *c) {
    SSL_free(c->ssl);
    SSL_CTX_free(c->ctx);
    EVP_PKEY_free(c->key);
    close(c->fd);
}

/* One message; each must come in one TLS record. */
static inline struct capf_message client_receive(struct client *c) {
    struct err e = {0};
    struct capf_message m = {0};
    int got = SSL_read(c->ssl, c->frame, sizeof c->frame);
    ck_assert_int_gt(got, 0);
    ck_assert_ok(capf_message_parse(bytes_of(c->frame, (size_t)got), &m, &e), e);
    c->session = m.session_id;
    return m;
}

static inline struct capf_message client_expect(struct client *c, unsigned type) {
    struct capf_message m = client_receive(c);
    ck_assert_str_eq(capf_message_name(m.type), capf_message_name(type));
    return m;
}

static inline void client_expect_end(struct client *c, unsigned reason) {
    struct capf_message m = client_expect(c, CAPF_MSG_END_SESSION);
    ck_assert_uint_eq(m.reason.number, reason);
    ck_assert_int_le(SSL_read(c->ssl, c->frame, sizeof c->frame), 0);
}

static inline void client_send(struct client *c, struct capf_message m) {
    struct err e = {0};
    AUTO_BUF frame = BUF_INIT(CAPF_FRAME_MAX);
    m.session_id = c->session;
    ck_assert_ok(capf_message_write(&m, &frame, &e), e);
    ck_assert_int_gt(SSL_write(c->ssl, frame.data, (int)frame.len), 0);
}

static inline struct capf_message client_auth_res(unsigned version, const char *device) {
    return (struct capf_message){.type = CAPF_MSG_AUTH_RES,
                                 .version = CAPF_NUMBER(version),
                                 .device_name = CAPF_OCTETS(bytes_of_str(device)),
                                 .reason = CAPF_NUMBER(CAPF_REASON_OK)};
}

static inline void client_log_on(struct client *c, const struct lab *lab, unsigned version) {
    client_open(c, lab);
    client_expect(c, CAPF_MSG_AUTH_REQ);
    client_send(c, client_auth_res(version, LAB_DEVICE));
}

static inline void client_send_key(struct client *c) {
    struct err e = {0};
    AUTO_BUF spki = BUF_INIT(4096);
    ck_assert_ok(key_put_spki(c->key, &spki, &e), e);
    client_send(c, (struct capf_message){.type = CAPF_MSG_KEY_GEN_RES,
                                         .public_key = CAPF_OCTETS(buf_view(&spki))});
}

static inline void client_reason(struct client *c, unsigned type, unsigned reason) {
    client_send(c, (struct capf_message){.type = (uint8_t)type, .reason = CAPF_NUMBER(reason)});
}

static inline void client_sign(struct client *c, const struct capf_message *request) {
    struct err e = {0};
    AUTO_BUF signature = BUF_INIT(4096);
    ck_assert_ok(auth_request_sign(request, c->key, &signature, &e), e);
    client_send(c, (struct capf_message){.type = (uint8_t)(request->type + 1),
                                         .reason = CAPF_NUMBER(CAPF_REASON_OK),
                                         .signed_data = CAPF_OCTETS(buf_view(&signature))});
}

/* From KEY_GEN_REQ to the moment the CA is asked. */
static inline void client_enrol(struct client *c, unsigned sign_request) {
    client_expect(c, CAPF_MSG_KEY_GEN_REQ);
    client_send_key(c);
    struct capf_message request = client_expect(c, sign_request);
    client_sign(c, &request);
}

static inline X509 *client_take_certificate(struct client *c) {
    struct err e = {0};
    struct capf_message m = client_expect(c, CAPF_MSG_STORE_CERT_REQ);
    ck_assert_uint_eq(m.certificate_type.number, CAPF_CERTIFICATE_LSC);
    X509 *certificate = x509_read(m.certificate.octets, &e);
    ck_assert_ptr_nonnull(certificate);
    return certificate;
}

#endif
