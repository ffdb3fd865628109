/* Store, TLS context, listening socket; connections live in session.c. */
#include "mocks/tvs/server.h"
#include "base/process.h"
#include "base/tls.h"
#include "base/x509.h"
#include "mocks/tvs/session.h"
#include <event2/listener.h>

enum { BREATH_US = 100 * 1000 };

struct tvs_server {
    struct tvs_sessions sessions;
    X509 *own;
    struct evconnlistener *listener;
    struct timer *breath; /* until connections are accepted again */
    char *address;
};

/* A phone's certificate is asked for, and not judged: CUCM only wants to see one. */
static int accept_any(int ok, X509_STORE_CTX *ctx) {
    (void)ok;
    (void)ctx;
    return 1;
}

static int set_up_tls(struct tvs_server *s, const struct tvs_config *config, struct err *e) {
    const struct tls_server_options options = {.certificate_file = config->certificate,
                                               .key_file = config->key,
                                               .legacy = config->legacy_tls};
    s->own = x509_read_file(config->certificate, e);
    s->sessions.tls = s->own != NULL ? tls_server_context(&options, e) : NULL;
    if (s->sessions.tls == NULL)
        return -1;
    SSL_CTX_set_options(s->sessions.tls, SSL_OP_NO_TICKET);
    if (config->client_certificate)
        SSL_CTX_set_verify(s->sessions.tls, SSL_VERIFY_PEER, accept_any);
    return 0;
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd,
                          struct sockaddr *from, int from_len, void *user) {
    struct tvs_server *s = user;
    (void)listener;
    (void)from_len;
    tvs_session_begin(&s->sessions, (int)fd, from);
}

static void on_breath(void *user) {
    const struct tvs_server *s = user;
    evconnlistener_enable(s->listener);
}

/* Out of descriptors: those who wait are asked for again a little later. */
static void on_accept_error(struct evconnlistener *listener, void *user) {
    const struct tvs_server *s = user;
    evconnlistener_disable(listener);
    timer_start(s->breath, BREATH_US);
}

static int start_listening(struct tvs_server *s, const char *where, struct err *e) {
    const struct tvs_config *config = s->sessions.config;
    s->breath = timer_new(s->sessions.loop, on_breath, s);
    s->sessions.admission =
        admission_new((size_t)config->connections, (size_t)config->connections_per_address);
    if (s->breath == NULL || s->sessions.admission == NULL)
        return err_set(e, ERR_SYS_NOMEM, "%s", where);
    int fd = listen_tcp(where, &s->address, e);
    if (fd < 0)
        return -1;
    s->listener = listener_new(s->sessions.loop, fd, on_connection, s);
    if (s->listener == NULL)
        return err_set(e, ERR_SYS_NOMEM, "%s: cannot be listened on", where);
    evconnlistener_set_error_cb(s->listener, on_accept_error);
    return 0;
}

static int start(struct tvs_server *s, const struct tvs_config *config, struct err *e) {
    struct tvs_responder *r = &s->sessions.responder;
    if (tvs_faults_check(r->faults, e) != 0)
        return -1;
    if (config->log != NULL && (s->sessions.trace = trace_open(config->log, e)) == NULL)
        return -1;
    r->store = tvs_store_new(config, e);
    if (r->store == NULL || set_up_tls(s, config, e) != 0)
        return -1;
    r->own = s->own;
    r->ttl = (uint32_t)(config->ttl_us / 1000000);
    return start_listening(s, config->listen, e);
}

struct tvs_server *tvs_server_new(struct event_base *loop, const struct tvs_config *config,
                                  struct fault_set *faults, struct err *e) {
    struct tvs_server *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    LIST_INIT(&s->sessions.list);
    s->sessions.loop = loop;
    s->sessions.config = config;
    s->sessions.responder.faults = faults;
    if (start(s, config, e) == 0)
        return s;
    tvs_server_free(s);
    return NULL;
}

void tvs_server_free(struct tvs_server *s) {
    if (s == NULL)
        return;
    if (s->listener != NULL)
        evconnlistener_free(s->listener);
    timer_free(s->breath);
    tvs_sessions_end_all(&s->sessions);
    admission_free(s->sessions.admission);
    tvs_store_free(s->sessions.responder.store);
    SSL_CTX_free(s->sessions.tls);
    trace_close(s->sessions.trace);
    X509_free(s->own);
    free(s->address);
    free(s);
}

const char *tvs_server_address(const struct tvs_server *s) {
    return s->address;
}
