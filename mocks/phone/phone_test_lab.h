/* A scripted CAPF server on real TLS and one event loop with the phone, for the phone's tests: the
 * test's script sees each message of the phone and says what to send. */
#ifndef PHONE_TEST_LAB_H
#define PHONE_TEST_LAB_H

#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/process.h"
#include "base/resolver.h"
#include "base/test.h"
#include "base/tls.h"
#include "base/x509.h"
#include "capf/auth.h"
#include "capf/auth_request.h"
#include "capf/wire.h"
#include "mocks/phone/fleet.h"
#include "mocks/phone/identity.h"
#include "mocks/phone/phone.h"
#include "pki/csr.h"
#include "pki/issue.h"
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>
#include <signal.h>
#include <string.h>

enum { LAB_SESSION = 0x2a, LAB_MESSAGES_MAX = 64, LAB_YEAR = 365 * 24 * 3600 };

/* For phones on a fast clock that shall not run out of time. */
#define LAB_NO_LIMIT (INT64_C(1000000) * LAB_YEAR)

struct lab;
typedef void lab_script_fn(struct lab *lab, const struct capf_message *m);

struct lab {
    char dir[64];
    struct event_base *loop;
    struct resolver *resolver;
    struct cfg_strings dns;
    struct cfg_pairs hosts;
    struct phone_shared shared;
    EVP_PKEY *key; /* of the CAPF certificate, which issues LSCs too */
    X509 *certificate;
    SSL_CTX *server;
    struct evconnlistener *listener;
    char address[32];
    struct bufferevent *peer;
    bool peer_failed;      /* the handshake failed or the phone reset the connection */
    unsigned connections;  /* accepted */
    lab_script_fn *script; /* NULL after AUTH_REQ: says nothing */
    unsigned offered;      /* version in AUTH_REQ */
    bool silent;           /* sends no AUTH_REQ */
    unsigned types[LAB_MESSAGES_MAX];
    size_t type_count;
    unsigned reason;     /* of the phone's last message with one */
    EVP_PKEY *phone_key; /* of KEY_GEN_RES */
    struct buf info, octets;
    const EVP_MD *md;

    struct phone_config config;
    char *paths[8];
    size_t path_count;
    json_t *result;
};

/* ---- Server ---- */

static inline void lab_send(struct lab *lab, struct capf_message m) {
    AUTO_BUF frame = BUF_INIT(CAPF_FRAME_MAX);
    struct err e = {0};
    m.session_id = LAB_SESSION;
    ck_assert_ok(capf_message_write(&m, &frame, &e), e);
    bufferevent_write(lab->peer, frame.data, frame.len);
}

static inline void lab_end(struct lab *lab, unsigned reason) {
    lab_send(lab,
             (struct capf_message){.type = CAPF_MSG_END_SESSION, .reason = CAPF_NUMBER(reason)});
}

static inline void lab_ask_rsa(struct lab *lab, unsigned bits) {
    lab_send(lab,
             (struct capf_message){.type = CAPF_MSG_KEY_GEN_REQ, .key_size = CAPF_NUMBER(bits)});
}

static inline X509 *lab_issue(struct lab *lab, EVP_PKEY *key, const char *subject) {
    struct err e = {0};
    AUTO(X509_NAME) name = x509_name_parse(subject, &e);
    struct issue_request request = {.subject = name,
                                    .key = key,
                                    .issuer = lab->certificate,
                                    .issuer_key = lab->key,
                                    .not_before = clock_wall(),
                                    .not_after = clock_wall() + LAB_YEAR,
                                    .extensions = issue_lsc_extensions};
    X509 *certificate = issue_certificate(&request, &e);
    ck_assert_msg(certificate != NULL, "%s", e.text);
    return certificate;
}

static inline void lab_store(struct lab *lab, EVP_PKEY *key) {
    AUTO(X509) lsc = lab_issue(lab, key, "CN=CP-8845-SEP74A02FC0A675");
    AUTO_BUF der = BUF_INIT(CAPF_BODY_MAX);
    struct err e = {0};
    ck_assert_ok(x509_put_der(lsc, &der, &e), e);
    lab_send(lab, (struct capf_message){
                      .type = CAPF_MSG_STORE_CERT_REQ,
                      .certificate_type = CAPF_NUMBER(CAPF_CERTIFICATE_LSC),
                      .certificate = CAPF_NUMBERED_OCTETS(CAPF_CERTIFICATE_LSC, buf_view(&der))});
}

static inline void lab_take_key(struct lab *lab, const struct capf_message *m) {
    struct err e = {0};
    EVP_PKEY_free(lab->phone_key);
    lab->phone_key = key_read_spki(m->public_key.octets, &e);
    ck_assert_msg(lab->phone_key != NULL, "%s", e.text);
}

/* Asks for the signature under a request for the phone's key; lab_take_signature checks it. */
static inline void lab_ask_signature(struct lab *lab) {
    struct err e = {0};
    AUTO(X509_NAME) subject = x509_name_parse("CN=SEP74A02FC0A675", &e);
    struct csr_template template = {.subject = subject, .key = lab->phone_key};
    struct capf_message request;
    ck_assert_ok(csr_put_info(&template, &lab->info, &e), e);
    ck_assert_ok(auth_request_build(&request, LAB_SESSION, buf_view(&lab->info), lab->phone_key,
                                    &lab->octets, &lab->md, &e),
                 e);
    lab_send(lab, request);
}

static inline int lab_take_signature(struct lab *lab, const struct capf_message *m, struct err *e) {
    struct bytes signature;
    if (auth_request_signature(m, &signature, e) != 0)
        return -1;
    AUTO_BUF csr = BUF_INIT(CSR_MAX);
    return csr_assemble(buf_view(&lab->info), lab->phone_key, lab->md, signature, &csr, e);
}

static inline void lab_note(struct lab *lab, const struct capf_message *m) {
    ck_assert_uint_eq(m->session_id, LAB_SESSION);
    ck_assert_uint_lt(lab->type_count, LAB_MESSAGES_MAX);
    lab->types[lab->type_count++] = m->type;
    if (m->reason.present)
        lab->reason = m->reason.number;
}

static inline void lab_on_read(struct bufferevent *peer, void *user) {
    struct lab *lab = user;
    struct evbuffer *input = bufferevent_get_input(peer);
    for (;;) {
        struct err e = {0};
        struct capf_message m;
        size_t need = 0, len = evbuffer_get_length(input);
        struct bytes all = bytes_of(evbuffer_pullup(input, -1), len);
        if (capf_frame_length(all, &need, &e) != 0 || len < need)
            return;
        AUTO_BUF frame = BUF_INIT(CAPF_FRAME_MAX);
        buf_put(&frame, all.data, need);
        evbuffer_drain(input, need);
        if (capf_message_parse(buf_view(&frame), &m, &e) != 0) {
            lab_end(lab, CAPF_REASON_REFUSED);
            return;
        }
        lab_note(lab, &m);
        if (lab->script != NULL)
            lab->script(lab, &m);
    }
}

static inline void lab_on_event(struct bufferevent *peer, short what, void *user) {
    struct lab *lab = user;
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        if (!lab->silent)
            lab_send(lab, (struct capf_message){.type = CAPF_MSG_AUTH_REQ,
                                                .version = CAPF_NUMBER(lab->offered)});
        return;
    }
    lab->peer_failed = (what & BEV_EVENT_ERROR) != 0;
    lab->peer = NULL;
    bufferevent_free(peer);
}

static inline void lab_drop_peer(struct lab *lab) {
    if (lab->peer != NULL)
        bufferevent_free(lab->peer);
    lab->peer = NULL;
}

static inline void lab_on_accept(struct evconnlistener *listener, evutil_socket_t fd,
                                 struct sockaddr *from, int len, void *user) {
    struct lab *lab = user;
    (void)listener;
    (void)from;
    (void)len;
    lab_drop_peer(lab);
    lab->connections++;
    lab->peer = bufferevent_openssl_socket_new(lab->loop, fd, SSL_new(lab->server),
                                               BUFFEREVENT_SSL_ACCEPTING,
                                               BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    bufferevent_setcb(lab->peer, lab_on_read, NULL, lab_on_event, lab);
    bufferevent_enable(lab->peer, EV_READ | EV_WRITE);
}

/* ---- Set-up ---- */

static inline char *lab_path(struct lab *lab, const char *name) {
    ck_assert_uint_lt(lab->path_count, sizeof lab->paths / sizeof lab->paths[0]);
    return lab->paths[lab->path_count++] = path_join(lab->dir, "%s", name);
}

static inline void lab_write_certificate(const char *path, const X509 *certificate) {
    AUTO_BUF pem = BUF_INIT(65536);
    struct err e = {0};
    ck_assert_ok(x509_put_pem(certificate, &pem, &e), e);
    ck_assert_ok(file_write(path, buf_view(&pem), 0644, &e), e);
}

static inline void lab_make_certificate(struct lab *lab) {
    struct err e = {0};
    AUTO(X509_NAME) name = x509_name_parse("O=cisco, CN=CAPF-eb606ac0", &e);
    lab->key = key_generate(KEY_EC, 256, &e);
    struct issue_request request = {.subject = name,
                                    .key = lab->key,
                                    .issuer_key = lab->key,
                                    .not_before = clock_wall(),
                                    .not_after = clock_wall() + LAB_YEAR,
                                    .extensions = issue_capf_extensions};
    lab->certificate = issue_certificate(&request, &e);
    ck_assert_msg(lab->certificate != NULL, "%s", e.text);
}

static inline void lab_listen(struct lab *lab) {
    struct err e = {0};
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof any;
    AUTO(char) key_path = path_join(lab->dir, "capf.key");
    ck_assert_ok(key_write_file(key_path, lab->key, &e), e);
    struct tls_server_options options = {.certificate_file = lab->config.capf.certificate,
                                         .key_file = key_path};
    lab->server = tls_server_context(&options, &e);
    ck_assert_msg(lab->server != NULL, "%s", e.text);
    lab->listener = evconnlistener_new_bind(lab->loop, lab_on_accept, lab, LEV_OPT_CLOSE_ON_FREE, 8,
                                            (struct sockaddr *)&any, sizeof any);
    ck_assert_ptr_nonnull(lab->listener);
    getsockname(evconnlistener_get_fd(lab->listener), (struct sockaddr *)&any, &len);
    snprintf(lab->address, sizeof lab->address, "127.0.0.1:%u", (unsigned)ntohs(any.sin_port));
}

static inline void lab_open(struct lab *lab) {
    struct err e = {0};
    *lab = (struct lab){.dir = "/tmp/capflab-phone-XXXXXX",
                        .offered = 3,
                        .info = BUF_INIT(CSR_MAX),
                        .octets = BUF_INIT(CAPF_FRAME_MAX)};
    clock_configure(0, 1);
    signal(SIGPIPE, SIG_IGN);
    ck_assert_ptr_nonnull(mkdtemp(lab->dir));
    lab->loop = event_base_new();
    lab->resolver = resolver_new(lab->loop, &lab->dns, &lab->hosts, &e);
    lab->shared = (struct phone_shared){.loop = lab->loop,
                                        .resolver = lab->resolver,
                                        .tls = phone_tls_context(false, &e),
                                        .legacy_tls = phone_tls_context(true, &e)};
    lab_make_certificate(lab);
    struct cfg_doc *doc = NULL;
    struct phone_file file = {0};
    struct cfg_mistakes *mistakes = cfg_mistakes_new();
    doc = cfg_load_text("defaults", bytes_of_str(""), phone_file_fields, &file, mistakes);
    ck_assert_ptr_nonnull(doc);
    lab->config = file.phone;
    cfg_mistakes_free(mistakes);
    lab->config.name = (char *)"SEP74A02FC0A675";
    lab->config.model = (char *)"CP-8845";
    lab->config.capf.host = (char *)"capf.michamen.com";
    cfg_doc_free(doc);
    lab->config.log = lab_path(lab, "phone.log");
    lab->config.capf.certificate = lab_path(lab, "capf.pem");
    lab->config.lsc.certificate = lab_path(lab, "lsc.pem");
    lab->config.lsc.key = lab_path(lab, "lsc.key");
    lab_write_certificate(lab->config.capf.certificate, lab->certificate);
    lab_listen(lab);
    lab->config.capf.via = lab->address;
}

static inline void lab_remove_dir(const struct lab *lab) {
    static const char *const names[] = {"phone.log", "capf.pem", "capf.key", "lsc.pem",
                                        "lsc.key",   "mic.pem",  "mic.key",  "lsc.key.new",
                                        "given.key", "out.json"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        AUTO(char) path = path_join(lab->dir, "%s", names[i]);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(lab->dir), 0);
}

static inline void lab_close(struct lab *lab) {
    lab_drop_peer(lab);
    if (lab->listener != NULL)
        evconnlistener_free(lab->listener);
    resolver_free(lab->resolver);
    event_base_free(lab->loop);
    SSL_CTX_free(lab->server);
    SSL_CTX_free(lab->shared.tls);
    SSL_CTX_free(lab->shared.legacy_tls);
    EVP_PKEY_free(lab->key);
    EVP_PKEY_free(lab->phone_key);
    X509_free(lab->certificate);
    buf_free(&lab->info);
    buf_free(&lab->octets);
    json_decref(lab->result);
    lab_remove_dir(lab);
    for (size_t i = 0; i < lab->path_count; i++)
        free(lab->paths[i]);
}
#define AUTO_LAB __attribute__((cleanup(lab_close))) struct lab

/* A certificate of the manufacturer's for the phone. */
static inline void lab_give_mic(struct lab *lab) {
    struct err e = {0};
    AUTO(EVP_PKEY) key = key_generate(KEY_RSA, 1024, &e);
    AUTO(X509) mic = lab_issue(lab, key, "O=Cisco Systems Inc., CN=CP-8845-SEP74A02FC0A675");
    lab->config.mic.certificate = lab_path(lab, "mic.pem");
    lab->config.mic.key = lab_path(lab, "mic.key");
    lab_write_certificate(lab->config.mic.certificate, mic);
    ck_assert_ok(key_write_file(lab->config.mic.key, key, &e), e);
}

static inline void lab_give_lsc(struct lab *lab) {
    struct err e = {0};
    AUTO(EVP_PKEY) key = key_generate(KEY_RSA, 1024, &e);
    AUTO(X509) lsc = lab_issue(lab, key, "CN=CP-8845-SEP74A02FC0A675");
    lab_write_certificate(lab->config.lsc.certificate, lsc);
    ck_assert_ok(key_write_file(lab->config.lsc.key, key, &e), e);
}

/* ---- Running and judging ---- */

static inline void lab_on_done(struct phone *phone, void *user) {
    struct lab *lab = user;
    lab->result = phone_result(phone);
    event_base_loopbreak(lab->loop);
}

/* Runs the phone to its end, then what its peer has still to see. */
static inline void lab_run(struct lab *lab, lab_script_fn *script) {
    struct err e = {0};
    lab->script = script;
    struct phone *phone = phone_new(&lab->shared, &lab->config, &e);
    ck_assert_msg(phone != NULL, "%s", e.text);
    phone_start(phone, lab_on_done, lab);
    if (lab->result == NULL)
        event_base_dispatch(lab->loop);
    phone_free(phone);
    while (lab->peer != NULL)
        event_base_loop(lab->loop, EVLOOP_ONCE);
    ck_assert_ptr_nonnull(lab->result);
}

static inline const char *lab_text(const struct lab *lab, const char *key) {
    const char *text = json_string_value(json_object_get(lab->result, key));
    return text != NULL ? text : "";
}

static inline void lab_expect(const struct lab *lab, const char *result, const char *status,
                              const char *error) {
    json_t *statuses = json_object_get(lab->result, "status");
    size_t count = json_array_size(statuses);
    const char *last = count > 0 ? json_string_value(json_array_get(statuses, count - 1)) : "";
    ck_assert_msg(strcmp(lab_text(lab, "result"), result) == 0, "result %s: %s %s",
                  lab_text(lab, "result"), lab_text(lab, "error"), lab_text(lab, "detail"));
    ck_assert_str_eq(last, status);
    ck_assert_str_eq(lab_text(lab, "error"), error);
}

static inline int64_t lab_reason(const struct lab *lab) {
    json_t *reason = json_object_get(lab->result, "reason");
    return json_is_null(reason) ? -1 : json_integer_value(reason);
}

/* What the phone sent: ends with 0. */
static inline void lab_expect_messages(const struct lab *lab, const unsigned *types) {
    size_t n = 0;
    for (; types[n] != 0; n++) {
        ck_assert_uint_lt(n, lab->type_count);
        ck_assert_str_eq(capf_message_name(lab->types[n]), capf_message_name(types[n]));
    }
    ck_assert_uint_eq(lab->type_count, n);
}
#define lab_expect_sent(lab, ...) lab_expect_messages((lab), (const unsigned[]){__VA_ARGS__, 0})

static inline void lab_read_log(const struct lab *lab, struct buf *log) {
    struct err e = {0};
    ck_assert_ok(file_read(lab->config.log, log, &e), e);
}

#endif
