/* Setting the service up, accepting phones, taking it down. The start lines of the trace are those
 * of seed 1 ("CAPF start in the CAPF log"); the password is never among them. */
#include "capf/service.h"
#include "base/events.h"
#include "base/file.h"
#include "base/http_client.h"
#include "base/slack.h"
#include "base/tls.h"
#include "base/x509.h"
#include "capf/issuer.h"
#include "capf/session.h"
#include "capf/sharing.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CACERT_FILE_MAX = 1024 * 1024, BREATH_US = 100 * 1000 };

static void trace_online_parameters(struct capf_service *v) {
    static const char scope[] = "CServiceParameters::OnlineCAInit()";
    const struct capf_online_ca_config *ca = &v->config->online_ca;
    trace_enter(v->trace, scope);
    trace_in(v->trace, scope, "Online CA hostname is %s", ca->host);
    trace_in(v->trace, scope, "Online CA Port : %d", (int)ca->port);
    trace_in(v->trace, scope, "Online CA Template is %s", ca->template);
    trace_in(v->trace, scope, "nginx.conf Updated and Credential.txt file is created");
    trace_in(v->trace, scope, "Reading CAPF Service Parameters done");
    trace_leave(v->trace, scope);
}

static void trace_parameters(struct capf_service *v) {
    static const char scope[] = "CServiceParameters::Init()";
    int issuer = v->config->issuer;
    trace_enter(v->trace, scope);
    trace_in(v->trace, scope, "Certificate Generation Method=%s:%d",
             enum_symbol(capf_issuers, issuer), issuer);
    trace_in(v->trace, scope, "TAM password already exists, no need to create.");
    if (issuer == ISSUER_ONLINE_CA) {
        trace_online_parameters(v);
        trace_in(v->trace, scope, "OnlineCA Initialized");
        trace_in(v->trace, scope,
                 "Cisco RA Service Start Initiated. Please check NGINX logs for further details");
    }
    trace_leave(v->trace, scope);
}

static int enroll_over_est(void *self, struct bytes request, EVP_PKEY *key, est_done_fn *done,
                           void *user, struct err *e) {
    struct capf_service *v = self;
    return est_client_simpleenroll(v->est, request, key, done, user, e) == NULL ? -1 : 0;
}

static int read_cacert(struct capf_service *v, struct err *e) {
    AUTO_BUF cacert = BUF_INIT(CACERT_FILE_MAX);
    const char *path = v->config->est.ca_file;
    if (path == NULL)
        return 0;
    if (file_read(path, &cacert, e) < 0)
        return err_context(e, "est.ca-file");
    trace_debug(v->trace, "cacert read success. cacert length : %zu", cacert.len);
    return 0;
}

static struct est_client *make_est_client(struct capf_service *v, struct err *e) {
    const struct capf_est_config *c = &v->config->est;
    struct est_client_options options = EST_CLIENT_OPTIONS_INIT;
    options.server = (struct http_endpoint){
        .host = c->host, .port = (uint16_t)c->port, .via = c->via, .ca_file = c->ca_file};
    options.label = c->label;
    options.username = c->username;
    options.password = c->password;
    options.timeout_us = c->timeout_us;
    options.session = (enum est_session)c->session;
    return est_client_new(v->http, &options, e);
}

static int set_up_est(struct capf_service *v, struct err *e) {
    if (v->config->est.host == NULL)
        return err_set(e, ERR_CONFIG_MISSING, "issuer online-ca needs est.host");
    trace_debug(v->trace, "CA Type is Online CA, setting up EST Connection");
    trace_debug(v->trace, "Inside setUpESTClient");
    if (read_cacert(v, e) < 0)
        return -1;
    v->http = http_client_new(v->loop, v->resolver, e);
    v->est = v->http == NULL ? NULL : make_est_client(v, e);
    if (v->est == NULL)
        return -1;
    v->enroller = (struct capf_enroller){enroll_over_est, v};
    trace_debug(v->trace, "EST context ectx initialized");
    if (v->config->est.username != NULL)
        trace_debug(v->trace, "CA Credentials retrieved");
    trace_debug(v->trace, "est_client_set_auth() Successful!!");
    trace_debug(v->trace, "EST set server details success!!");
    return 0;
}

static X509_STACK *read_trust(const char *path, struct err *e) {
    if (path != NULL)
        return x509_read_all_file(path, e);
    X509_STACK *none = sk_X509_new_null();
    if (none == NULL)
        err_set(e, ERR_SYS_NOMEM, NULL);
    return none;
}

/* CAPF's own certificate is an issuer of LSCs too. */
static int load_trust(struct capf_service *v, struct err *e) {
    v->mic_trust = read_trust(v->config->trust.mic, e);
    v->lsc_trust = v->mic_trust == NULL ? NULL : read_trust(v->config->trust.lsc, e);
    if (v->lsc_trust == NULL)
        return -1;
    X509_up_ref(v->certificate);
    if (sk_X509_push(v->lsc_trust, v->certificate) > 0)
        return 0;
    X509_free(v->certificate);
    return err_set(e, ERR_SYS_NOMEM, NULL);
}

static int load_identity(struct capf_service *v, struct err *e) {
    const struct capf_config *c = v->config;
    if (c->certificate == NULL || c->key == NULL)
        return err_set(e, ERR_CONFIG_MISSING, "the service needs certificate and key");
    struct tls_server_options tls = {
        .certificate_file = c->certificate, .key_file = c->key, .legacy = c->legacy_tls};
    v->certificate = x509_read_file(c->certificate, e);
    v->key = v->certificate == NULL ? NULL : key_read_file(c->key, e);
    v->tls = v->key == NULL ? NULL : tls_server_context(&tls, e);
    return v->tls == NULL ? -1 : load_trust(v, e);
}

static void peer_text(const struct sockaddr *address, char out[SESSION_PEER_MAX]) {
    const void *ip = NULL;
    if (address->sa_family == AF_INET)
        ip = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    else if (address->sa_family == AF_INET6)
        ip = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (ip == NULL || inet_ntop(address->sa_family, ip, out, SESSION_PEER_MAX) == NULL)
        memcpy(out, "unknown", sizeof "unknown");
}

static void turn_away(struct capf_service *v, int fd, const char *peer, const struct err *why) {
    close(fd);
    trace_debug(v->trace, "no session for %s: %s (%s)", peer, why->text, err_name(why->code));
    event_message("phone", NULL, "turned away", "%s: %s (%s)", peer, why->text,
                  err_name(why->code));
}

static void take_connection(struct capf_service *v, int fd, const struct sockaddr *address) {
    const struct admission_peer from = admission_peer_of(address);
    struct err e = {0};
    char peer[SESSION_PEER_MAX];
    peer_text(address, peer);
    if (admission_check(v->admission, &from, &e) < 0) {
        turn_away(v, fd, peer, &e);
        return;
    }
    slack_note(v->slack, v->open + 1U);
    trace_debug(v->trace, "Accepted TCP connection from socket 0x%08x, fd = %d", (unsigned)fd, fd);
    trace_debug(v->trace, "Total Session attempted = %u accepted = %u", v->attempted, v->accepted);
    trace_debug(v->trace, "new ph on fd %d", fd);
    if (session_new(v, fd, peer, &from, &e) == NULL) {
        trace_debug(v->trace, "no session for %s: %s", peer, e.text);
        return;
    }
    trace_debug(v->trace, "Got a new SCB from RBTree");
    trace_debug(v->trace, "Got a new ph conn %s on %d, Total Acc = %u..", peer, fd, v->accepted);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int len, void *user) {
    (void)listener;
    (void)len;
    struct capf_service *v = user;
    v->attempted++;
    v->accepted++;
    take_connection(v, (int)fd, address);
}

/* Sessions are numbered over all workers. */
static void on_handed(void *user, int fd, struct sockaddr *address, socklen_t len,
                      uint64_t number) {
    (void)len;
    struct capf_service *v = user;
    v->attempted = v->accepted = (unsigned)number;
    take_connection(v, fd, address);
}

static void on_breath(void *user) {
    const struct capf_service *v = user;
    evconnlistener_enable(v->listener);
}

/* Out of descriptors: those who wait are asked for again a little later, instead of spinning. */
static void on_accept_error(struct evconnlistener *listener, void *user) {
    struct capf_service *v = user;
    v->attempted++;
    trace_debug(v->trace, "accept failed: %s",
                evutil_socket_error_to_string(evutil_socket_geterror(0)));
    evconnlistener_disable(listener);
    timer_start(v->breath, BREATH_US);
}

void capf_service_session_gone(struct capf_service *v) {
    if (v->slack != NULL)
        slack_note(v->slack, v->open);
}

struct session *capf_service_find(struct capf_service *v, const char *device) {
    return roster_find(&v->roster, device);
}

static int start_taking(struct capf_service *v, struct err *e) {
    v->address = worker_address();
    if (v->address == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    v->intake = worker_intake_new(v->loop, on_handed, v, e);
    return v->intake != NULL ? sharing_start(v, e) : -1;
}

static int start_listening(struct capf_service *v, const char *where, struct err *e) {
    v->breath = timer_new(v->loop, on_breath, v);
    if (v->breath == NULL)
        return err_set(e, ERR_SYS_NOMEM, "%s", where);
    int fd = listen_tcp(where, &v->address, e);
    if (fd < 0)
        return -1;
    v->listener = listener_new(v->loop, fd, on_accept, v);
    if (v->listener == NULL)
        return err_set(e, ERR_SYS_NOMEM, "%s: cannot be listened on", where);
    evconnlistener_set_error_cb(v->listener, on_accept_error);
    return 0;
}

static int open_everything(struct capf_service *v, const char *listen, struct err *e) {
    const struct capf_config *c = v->config;
    if (c->log != NULL && (v->trace = trace_open(c->log, e)) == NULL)
        return -1;
    v->store = store_open(c->store, e);
    if (v->store == NULL || store_limit(v->store, c->store_pages_max, e) < 0 ||
        (!c->workers.durable && store_never_sync(v->store, e) < 0) || load_identity(v, e) < 0 ||
        issuer_make_folders(c, e) < 0)
        return -1;
    if (worker_is_first())
        trace_parameters(v);
    if (c->issuer == ISSUER_ONLINE_CA && v->enroller.start == NULL && set_up_est(v, e) < 0)
        return -1;
    v->slack = slack_new(v->loop, NULL, NULL);
    v->admission =
        admission_new((size_t)c->connections_max, (size_t)c->connections_per_address_max);
    if (v->slack == NULL || v->admission == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    return worker_number() > 0 ? start_taking(v, e) : start_listening(v, listen, e);
}

struct capf_service *capf_service_new(const struct capf_config *config, struct event_base *loop,
                                      struct resolver *resolver,
                                      const struct capf_enroller *enroller, const char *listen,
                                      struct err *e) {
    struct capf_service *v = calloc(1, sizeof *v);
    if (v == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    v->config = config;
    v->loop = loop;
    v->resolver = resolver;
    if (enroller != NULL)
        v->enroller = *enroller;
    if (open_everything(v, listen, e) == 0)
        return v;
    capf_service_free(v);
    return NULL;
}

static void free_outside_connections(struct capf_service *v) {
    if (v->est != NULL)
        est_client_free(v->est);
    online_cancel_all(v);
    if (v->http != NULL)
        http_client_free(v->http);
}

void capf_service_free(struct capf_service *v) {
    if (v == NULL)
        return;
    if (v->listener != NULL)
        evconnlistener_free(v->listener);
    v->listener = NULL;
    worker_intake_free(v->intake);
    v->intake = NULL;
    while (v->sessions != NULL)
        session_free(v->sessions);
    timer_free(v->breath);
    admission_free(v->admission);
    slack_free(v->slack);
    free_outside_connections(v);
    sharing_stop();
    store_close(v->store);
    trace_close(v->trace);
    X509_free(v->certificate);
    EVP_PKEY_free(v->key);
    SSL_CTX_free(v->tls);
    sk_X509_pop_free(v->lsc_trust, X509_free);
    sk_X509_pop_free(v->mic_trust, X509_free);
    free(v->address);
    free(v);
}
