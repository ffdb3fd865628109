/* What the EST tests on loopback share: a small PKI in files, an event loop with a time limit, a
 * client that sends exact bytes over TLS (GnuTLS, for tls-unique), and a server that answers with
 * exact bytes. Test programs only. Client and server threads touch nothing but their own struct. */
#ifndef EST_EST_TEST_KIT_H
#define EST_EST_TEST_KIT_H

#include "base/base64.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/process.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include "base/x509.h"
#include "pki/issue.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <openssl/err.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { KIT_TEXT_MAX = 4 * 1024 * 1024, KIT_LIMIT_S = 30, KIT_DAY = 86400 };

static char *kit_dir;
static struct event_base *kit_loop;

static inline const char *kit_file(const char *name) {
    static char paths[8][256];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", kit_dir, name);
    return path;
}

/* ---- PKI ---- */

static const struct issue_extension kit_server_extensions[] = {
    {.name = "basicConstraints", .value = "CA:FALSE"},
    {.name = "subjectAltName", .value = "DNS:ra.michamen.com,DNS:localhost"},
    {0}};
static const struct issue_extension kit_client_extensions[] = {
    {.name = "basicConstraints", .value = "CA:FALSE"},
    {.name = "extendedKeyUsage", .value = "clientAuth"},
    {.name = "subjectAltName", .value = "DNS:sep.lab"},
    {0}};
static const struct issue_extension kit_ra_extensions[] = {
    {.name = "basicConstraints", .value = "CA:FALSE"},
    {.name = "extendedKeyUsage", .value = "clientAuth,1.3.6.1.5.5.7.3.28"},
    {0}};

static const struct issue_extension kit_web_extensions[] = {
    {.name = "basicConstraints", .value = "CA:FALSE"},
    {.name = "extendedKeyUsage", .value = "serverAuth"},
    {0}};

static inline X509 *kit_issue(const char *subject, EVP_PKEY *key, const X509 *issuer,
                              EVP_PKEY *issuer_key, const struct issue_extension *extensions) {
    struct err e;
    AUTO(X509_NAME) name = x509_name_parse(subject, &e);
    ck_assert_ptr_nonnull(name);
    struct issue_request request = {.subject = name,
                                    .key = key,
                                    .issuer = issuer,
                                    .issuer_key = issuer_key,
                                    .not_before = clock_wall() - KIT_DAY,
                                    .not_after = clock_wall() + KIT_DAY,
                                    .extensions = extensions};
    X509 *made = issue_certificate(&request, &e);
    ck_assert_msg(made != NULL, "%s: %s", subject, e.text);
    return made;
}

static inline void kit_write(const char *name, const X509 *certificate, EVP_PKEY *key) {
    struct err e;
    char file[64];
    AUTO_BUF pem = BUF_INIT(KIT_TEXT_MAX);
    ck_assert_ok(x509_put_pem(certificate, &pem, &e), e);
    snprintf(file, sizeof file, "%s.pem", name);
    ck_assert_ok(file_write(kit_file(file), buf_view(&pem), 0600, &e), e);
    snprintf(file, sizeof file, "%s.key", name);
    ck_assert_ok(key_write_file(kit_file(file), key, &e), e);
}

struct kit_ca {
    EVP_PKEY *key;
    X509 *certificate;
};
static struct kit_ca kit_ca;

static inline EVP_PKEY *kit_key(void) {
    struct err e;
    EVP_PKEY *key = key_generate(KEY_EC, 256, &e);
    ck_assert_ptr_nonnull(key);
    return key;
}

static inline struct kit_ca kit_make_ca(const char *name, const char *subject) {
    struct kit_ca ca = {.key = kit_key()};
    ca.certificate = kit_issue(subject, ca.key, NULL, ca.key, issue_ca_extensions);
    kit_write(name, ca.certificate, ca.key);
    return ca;
}

static inline void kit_make_leaf(const char *name, const char *subject, const struct kit_ca *ca,
                                 const struct issue_extension *extensions) {
    AUTO(EVP_PKEY) key = kit_key();
    AUTO(X509) leaf = kit_issue(subject, key, ca->certificate, ca->key, extensions);
    kit_write(name, leaf, key);
}

static inline void kit_ca_free(struct kit_ca *ca) {
    EVP_PKEY_free(ca->key);
    X509_free(ca->certificate);
}

/* ca, server, client, ra (id-kp-cmcRA), web (serverAuth only), stranger (client of another CA);
 * each .pem and .key. */
static inline void kit_start(void) {
    kit_dir = temporary_new();
    signal(SIGPIPE, SIG_IGN);
    gnutls_global_init();
    kit_loop = event_base_new();
    kit_ca = kit_make_ca("ca", "DC=com, DC=michamen, CN=LAB-DC-RTP");
    struct kit_ca foreign = kit_make_ca("foreign-ca", "CN=Foreign CA");
    kit_make_leaf("server", "CN=ra.michamen.com", &kit_ca, kit_server_extensions);
    kit_make_leaf("client", "CN=SEP74A02FC0A675, O=lab", &kit_ca, kit_client_extensions);
    kit_make_leaf("ra", "CN=other RA", &kit_ca, kit_ra_extensions);
    kit_make_leaf("web", "CN=www.michamen.com", &kit_ca, kit_web_extensions);
    kit_make_leaf("stranger", "CN=SEP74A02FC0A675, O=lab", &foreign, kit_client_extensions);
    kit_ca_free(&foreign);
}

static inline void kit_stop(void) {
    event_base_free(kit_loop);
    kit_ca_free(&kit_ca);
    temporary_remove(&kit_dir);
}

/* ---- the loop ---- */

static inline void kit_too_late(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    (void)user;
    ck_abort_msg("nothing happened for %d s", KIT_LIMIT_S);
}

/* Runs the loop until somebody breaks it. */
static inline void kit_run(void) {
    struct event *limit = evtimer_new(kit_loop, kit_too_late, NULL);
    struct timeval wait = {.tv_sec = KIT_LIMIT_S};
    evtimer_add(limit, &wait);
    event_base_dispatch(kit_loop);
    event_free(limit);
}

static inline uint16_t kit_port(const char *address) {
    return (uint16_t)strtoul(strrchr(address, ':') + 1, NULL, 10);
}

/* ---- a client of exact bytes ---- */

struct kit_talk {
    const char *address;     /* of the server */
    const char *certificate; /* "client": its .pem and .key; NULL: none */
    const char *priorities;  /* GnuTLS; NULL: "NORMAL" */
    /* Appends the request; tls_unique is base64, NULL on TLS 1.3. */
    void (*compose)(const char *tls_unique, struct buf *out);
    bool leave;        /* closes the connection without reading */
    struct buf answer; /* all that came until the end of the connection */
    int done[2];
};

static inline int kit_connect(uint16_t port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval limit = {.tv_sec = KIT_LIMIT_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

static inline char *kit_tls_unique(gnutls_session_t session) {
    gnutls_datum_t binding = {0};
    if (gnutls_session_channel_binding(session, GNUTLS_CB_TLS_UNIQUE, &binding) != 0)
        return NULL;
    AUTO_BUF text = BUF_INIT(256);
    b64_encode(bytes_of(binding.data, binding.size), B64_ONE_LINE, &text);
    gnutls_free(binding.data);
    return buf_take_str(&text);
}

static inline void kit_exchange(struct kit_talk *t, gnutls_session_t session) {
    AUTO(char) unique = kit_tls_unique(session);
    AUTO_BUF request = BUF_INIT(KIT_TEXT_MAX);
    char part[4096];
    ssize_t got;
    t->compose(unique, &request);
    for (size_t at = 0; at < request.len;) {
        ssize_t sent = gnutls_record_send(session, request.data + at, request.len - at);
        if (sent < 0)
            break;
        at += (size_t)sent;
    }
    if (t->leave)
        return;
    while ((got = gnutls_record_recv(session, part, sizeof part)) > 0)
        buf_put(&t->answer, part, (size_t)got);
}

static inline void *kit_talk_thread(void *user) {
    struct kit_talk *t = user;
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
    char certificate[64], key[64];
    gnutls_certificate_allocate_credentials(&credentials);
    if (t->certificate != NULL) {
        snprintf(certificate, sizeof certificate, "%s/%s.pem", kit_dir, t->certificate);
        snprintf(key, sizeof key, "%s/%s.key", kit_dir, t->certificate);
        gnutls_certificate_set_x509_key_file(credentials, certificate, key, GNUTLS_X509_FMT_PEM);
    }
    gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT);
    gnutls_priority_set_direct(session, t->priorities != NULL ? t->priorities : "NORMAL", NULL);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
    int fd = kit_connect(kit_port(t->address));
    gnutls_transport_set_int(session, fd);
    if (fd >= 0 && gnutls_handshake(session) == 0)
        kit_exchange(t, session);
    gnutls_deinit(session);
    gnutls_certificate_free_credentials(credentials);
    close(fd);
    ck_assert_int_eq(write(t->done[1], "", 1), 1);
    return NULL;
}

static inline void kit_break(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    (void)user;
    event_base_loopbreak(kit_loop);
}

/* Talks while the loop serves; the answer is t->answer, freed by the caller. */
static inline void kit_talk(struct kit_talk *t) {
    pthread_t thread;
    t->answer = (struct buf)BUF_INIT(KIT_TEXT_MAX);
    ck_assert_int_eq(pipe(t->done), 0);
    struct event *done = event_new(kit_loop, t->done[0], EV_READ, kit_break, NULL);
    event_add(done, NULL);
    ck_assert_int_eq(pthread_create(&thread, NULL, kit_talk_thread, t), 0);
    kit_run();
    pthread_join(thread, NULL);
    event_free(done);
    close(t->done[0]);
    close(t->done[1]);
}

/* ---- a server of exact bytes ---- */

enum { KIT_ANSWERS_MAX = 4, KIT_REQUEST_MAX = 64 * 1024 };

struct kit_server {
    const char *certificate;              /* "server" */
    const char *answers[KIT_ANSWERS_MAX]; /* one a connection; NULL ends; "" just closes */
    char *requests[KIT_ANSWERS_MAX];      /* what came, NUL-terminated */
    int count;                            /* of connections that sent something */
    int fd;
    char *address;
    pthread_t thread;
};

static inline size_t kit_request_length(const char *text, size_t len) {
    const char *end = memmem(text, len, "\r\n\r\n", 4);
    if (end == NULL)
        return SIZE_MAX;
    const char *length = memmem(text, len, "Content-Length: ", 16);
    size_t body = length != NULL && length < end ? strtoul(length + 16, NULL, 10) : 0;
    return (size_t)(end - text) + 4 + body;
}

static inline void kit_answer(struct kit_server *s, SSL *ssl, const char *answer) {
    char *text = calloc(1, KIT_REQUEST_MAX);
    size_t len = 0;
    while (len < KIT_REQUEST_MAX - 1 && kit_request_length(text, len) > len) {
        int got = SSL_read(ssl, text + len, (int)(KIT_REQUEST_MAX - 1 - len));
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    if (len > 0)
        s->requests[s->count++] = text;
    else
        free(text);
    if (answer[0] != '\0')
        SSL_write(ssl, answer, (int)strlen(answer));
    SSL_shutdown(ssl);
}

static inline void *kit_server_thread(void *user) {
    struct kit_server *s = user;
    char certificate[64], key[64];
    snprintf(certificate, sizeof certificate, "%s/%s.pem", kit_dir, s->certificate);
    snprintf(key, sizeof key, "%s/%s.key", kit_dir, s->certificate);
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate_chain_file(ctx, certificate);
    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM);
    for (int i = 0; i < KIT_ANSWERS_MAX && s->answers[i] != NULL; i++) {
        int fd = accept(s->fd, NULL, NULL);
        if (fd < 0)
            break;
        SSL *ssl = SSL_new(ctx);
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1)
            kit_answer(s, ssl, s->answers[i]);
        SSL_free(ssl);
        close(fd);
    }
    SSL_CTX_free(ctx);
    ERR_clear_error();
    return NULL;
}

static inline void kit_server_start(struct kit_server *s) {
    struct err e;
    if (s->certificate == NULL)
        s->certificate = "server";
    s->fd = listen_tcp("127.0.0.1:0", &s->address, &e);
    ck_assert_int_ge(s->fd, 0);
    int flags = fcntl(s->fd, F_GETFL);
    fcntl(s->fd, F_SETFL, flags & ~O_NONBLOCK);
    ck_assert_int_eq(pthread_create(&s->thread, NULL, kit_server_thread, s), 0);
}

/* Joins; connections that were expected and did not come are ended by the shutdown. */
static inline void kit_server_stop(struct kit_server *s) {
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
    free(s->address);
}

static inline void kit_server_clear(struct kit_server *s) {
    for (int i = 0; i < s->count; i++)
        free(s->requests[i]);
}

#endif
