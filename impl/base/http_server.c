/* Starting and stopping the HTTP server: the listening socket, certificate and key, and the options
 * of libmicrohttpd. It never starts threads of its own. */
#include "http_server_impl.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/process.h"
#include <gnutls/abstract.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PEM_MAX = 1024 * 1024, CONNECTIONS_MAX = 10000, SOME_OPTIONS_MAX = 4 };

/* libmicrohttpd's messages go nowhere, except the last one when it does not start. */
__attribute__((format(printf, 2, 0))) static void on_message(void *server, const char *fmt,
                                                             va_list args) {
    struct http_server *s = server;
    vsnprintf(s->message, sizeof s->message, fmt, args);
    if (strstr(s->message, "resource limit") != NULL)
        s->starved = true;
    s->message[strcspn(s->message, "\n")] = '\0';
}

/* The raw target is kept: paths and queries are the handler's to decode. */
static size_t keep_escaped(void *user, struct MHD_Connection *mhd, char *text) {
    (void)user;
    (void)mhd;
    return strlen(text);
}

/* libmicrohttpd counts whole seconds of real time. */
static unsigned idle_seconds(int64_t component_us) {
    if (component_us <= 0)
        return 0;
    struct timeval real = clock_real_timeval(component_us);
    return (unsigned)(real.tv_sec + (real.tv_usec > 0 ? 1 : 0));
}

static int read_key(struct http_server *s, const struct http_server_options *o, struct err *e) {
    AUTO_BUF certificate = BUF_INIT(PEM_MAX);
    AUTO_BUF key = BUF_INIT(PEM_MAX);
    if (o->certificate_file == NULL)
        return 0;
    if (o->key_file == NULL)
        return err_set(e, ERR_TLS_CONFIG, "%s: a key is needed too", o->certificate_file);
    if (file_read(o->certificate_file, &certificate, e) != 0 ||
        file_read(o->key_file, &key, e) != 0)
        return -1;
    return server_key_read(s, &certificate, &key, e) != 0 ? err_context(e, "%s", o->key_file) : 0;
}

/* Every connection gets its credentials from server_tls_connection. */
static int no_certificate(gnutls_session_t session, const gnutls_datum_t *issuers, int issuer_count,
                          const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                          gnutls_pcert_st **chain, unsigned *chain_len, gnutls_privkey_t *key) {
    (void)session;
    (void)issuers;
    (void)issuer_count;
    (void)algorithms;
    (void)algorithm_count;
    (void)chain;
    (void)chain_len;
    (void)key;
    return -1;
}

/* Options that are not always given; fd -1: it listens nowhere. */
static void some_options(struct MHD_OptionItem items[SOME_OPTIONS_MAX], bool tls,
                         const char *priorities, int fd) {
    if (fd >= 0)
        *items++ = (struct MHD_OptionItem){MHD_OPTION_LISTEN_SOCKET, fd, NULL};
    if (tls) {
        *items++ = (struct MHD_OptionItem){MHD_OPTION_HTTPS_CERT_CALLBACK, 0,
                                           (void *)(uintptr_t)no_certificate};
        *items++ = (struct MHD_OptionItem){
            MHD_OPTION_HTTPS_PRIORITIES, 0,
            (void *)(uintptr_t)(priorities != NULL ? priorities : "NORMAL")};
    }
    *items = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
}

static struct MHD_Daemon *start(struct http_server *s, const struct http_server_options *o,
                                int fd) {
    struct MHD_OptionItem some[SOME_OPTIONS_MAX];
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     (fd < 0 ? MHD_USE_NO_LISTEN_SOCKET : 0u);
    unsigned most = o->connections_max != 0 ? o->connections_max : CONNECTIONS_MAX;
    s->open_max = most;
    some_options(some, s->tls, o->priorities, fd);
    return MHD_start_daemon(
        s->tls ? flags | MHD_USE_TLS : flags, 0, server_on_address, s, server_on_access, s,
        MHD_OPTION_EXTERNAL_LOGGER, on_message, s, MHD_OPTION_CONNECTION_LIMIT, most,
        MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds(o->idle_timeout_us),
        MHD_OPTION_NOTIFY_COMPLETED, server_on_completed, s, MHD_OPTION_NOTIFY_CONNECTION,
        server_on_connection, s, MHD_OPTION_URI_LOG_CALLBACK, server_on_uri, s,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, NULL, MHD_OPTION_ARRAY, some, MHD_OPTION_END);
}

/* A worker gets its connections from the supervisor, which listens: *fd stays -1. */
static int listen_somewhere(struct http_server *s, const struct http_server_options *o, int *fd,
                            struct err *e) {
    if (worker_number() == 0) {
        *fd = listen_tcp(o->listen, &s->address, e);
        return *fd < 0 ? -1 : 0;
    }
    s->address = worker_address();
    return s->address != NULL ? 0 : err_set(e, ERR_SYS_NOMEM, NULL);
}

static int start_daemon(struct http_server *s, const struct http_server_options *o, struct err *e) {
    int fd = -1;
    if (listen_somewhere(s, o, &fd, e) != 0)
        return -1;
    s->daemon = start(s, o, fd);
    if (s->daemon != NULL)
        return 0;
    if (fd >= 0)
        close(fd);
    return err_set(e, s->tls ? ERR_TLS_CONFIG : ERR_SYS_IO, "%s: %s", o->listen,
                   s->message[0] != '\0' ? s->message : "libmicrohttpd does not start");
}

static int set_up(struct http_server *s, const struct http_server_options *o, struct err *e) {
    s->slack = slack_new(s->loop, NULL, NULL);
    if (s->slack == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    if (server_deadline_init(s, o, e) != 0 || server_hangup_init(s, e) != 0 ||
        read_key(s, o, e) != 0 || start_daemon(s, o, e) != 0)
        return -1;
    if (worker_number() > 0 && server_worker_init(s, e) != 0)
        return -1;
    return server_loop_init(s, e);
}

struct http_server *http_server_new(struct event_base *loop,
                                    const struct http_server_options *options,
                                    const struct http_server_callbacks *callbacks, struct err *e) {
    struct http_server *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    s->loop = loop;
    s->callbacks = *callbacks;
    s->body_max = options->body_max;
    s->tls = options->certificate_file != NULL;
    s->request_client_certificate = options->request_client_certificate;
    s->hangup_fd = -1;
    LIST_INIT(&s->suspended);
    LIST_INIT(&s->hangups);
    LIST_INIT(&s->buffering);
    TAILQ_INIT(&s->shaking);
    TAILQ_INIT(&s->asking);
    if (set_up(s, options, e) != 0) {
        http_server_free(s);
        return NULL;
    }
    return s;
}

/* libmicrohttpd refuses to stop while connections are suspended. */
static void wake_all(struct http_server *s) {
    while (!LIST_EMPTY(&s->suspended)) {
        struct http_request *r = LIST_FIRST(&s->suspended);
        LIST_REMOVE(r, link);
        r->suspended = false;
        MHD_resume_connection(r->mhd);
    }
}

void http_server_free(struct http_server *s) {
    if (s == NULL)
        return;
    server_worker_free(s);
    server_loop_free(s);
    wake_all(s);
    if (s->daemon != NULL)
        MHD_stop_daemon(s->daemon);
    slack_free(s->slack);
    server_deadline_free(s);
    server_key_free(s);
    server_hangup_free(s);
    free(s->address);
    free(s);
}

const char *http_server_address(const struct http_server *s) {
    return s->address;
}
