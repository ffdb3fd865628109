/* The connection below tvs_client. Each callback hands on one thing and touches the link no more,
 * because the owner may have closed it. Never hands on half a frame. */
#include "mocks/tvs/tvs_link.h"
#include "base/owned.h"
#include "base/process.h"
#include "base/tls.h"
#include "base/tls_stream.h"
#include "base/x509.h"
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <stdlib.h>

/* A look-up cannot be called back; it can be told that nobody waits any more. */
struct lookup {
    struct tvs_link *link; /* NULL: nobody */
};

struct tvs_link {
    const struct tvs_link_setup *setup;
    const struct tvs_member *server;
    struct tvs_link_owner owner;
    struct bufferevent *stream;
    struct lookup *lookup;
    struct event *late; /* tells of a failure that came before the owner had the link */
    struct err failure;
    uint16_t port;
    bool refused; /* trusts() said no */
};

/* ---- TLS ---- */

static bool is_trusted(const struct tvs_link *l, const X509 *shown) {
    AUTO_BUF der = BUF_INIT(TVS_BODY_MAX);
    if (l->setup->trusts == NULL)
        return true;
    return shown != NULL && x509_put_der(shown, &der, NULL) == 0 &&
           l->setup->trusts(l->setup->user, buf_view(&der));
}

static int verify(X509_STORE_CTX *store_ctx, void *unused) {
    (void)unused;
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store_ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tvs_link *l = SSL_get_app_data(ssl);
    if (is_trusted(l, X509_STORE_CTX_get0_cert(store_ctx)))
        return 1;
    l->refused = true;
    X509_STORE_CTX_set_error(store_ctx, X509_V_ERR_CERT_UNTRUSTED);
    return 0;
}

SSL_CTX *tvs_link_tls(bool legacy, struct err *e) {
    SSL_CTX *ctx = tls_client_context_unverified(legacy, e);
    if (ctx == NULL)
        return NULL;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, verify, NULL);
    return ctx;
}

static SSL *new_ssl(struct tvs_link *l, struct err *e) {
    const struct tvs_link_setup *setup = l->setup;
    SSL *ssl = SSL_new(setup->tls);
    bool ready = ssl != NULL && SSL_set_app_data(ssl, l) == 1;
    if (ready && setup->certificate != NULL)
        ready = SSL_use_certificate(ssl, setup->certificate) == 1 &&
                SSL_use_PrivateKey(ssl, setup->key) == 1;
    if (ready)
        return ssl;
    SSL_free(ssl);
    err_openssl(e, ERR_TLS_CONFIG, "%s: no TLS session", l->server->host);
    return NULL;
}

/* ---- Frames ---- */

/* The next whole frame of the stream into frame: 1 there is one, 0 not yet, -1 with e set. */
static int take_frame(struct evbuffer *input, struct buf *frame, struct err *e) {
    uint8_t header[TVS_HEADER_LEN];
    size_t need = 0;
    ev_ssize_t got = evbuffer_copyout(input, header, sizeof header);
    if (tvs_frame_length(bytes_of(header, got > 0 ? (size_t)got : 0), &need, e) != 0)
        return -1;
    if (evbuffer_get_length(input) < need)
        return 0;
    const uint8_t *octets = evbuffer_pullup(input, (ev_ssize_t)need);
    if (octets == NULL || buf_put(frame, octets, need) != 0)
        return err_set(e, ERR_SYS_NOMEM, "frame of %zu bytes", need);
    evbuffer_drain(input, need);
    return 1;
}

static void on_read(struct bufferevent *stream, void *user) {
    struct tvs_link *l = user;
    struct evbuffer *input = bufferevent_get_input(stream);
    AUTO_BUF frame = BUF_INIT(TVS_FRAME_MAX);
    struct err e = {0};
    int result = take_frame(input, &frame, &e);
    if (result > 0 && evbuffer_get_length(input) > 0)
        bufferevent_trigger(stream, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
    if (result > 0)
        l->owner.frame(l->owner.user, buf_view(&frame));
    else if (result < 0)
        l->owner.failed(l->owner.user, &e);
}

void tvs_link_send(struct tvs_link *l, struct bytes octets) {
    bufferevent_write(l->stream, octets.data, octets.len);
}

/* ---- Connection ---- */

static void on_event(struct bufferevent *stream, short what, void *user) {
    struct tvs_link *l = user;
    struct err e = {0};
    int number = EVUTIL_SOCKET_ERROR();
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        /* Not before: a refused connection would look like one that was closed. */
        bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);
        l->owner.open(l->owner.user);
        return;
    }
    tls_stream_failure(stream, what, number, l->server->host, &e);
    if (l->refused)
        err_set(&e, ERR_TLS_UNTRUSTED,
                "the certificate of %s is not one of role TVS in the trust list", l->server->host);
    l->owner.failed(l->owner.user, &e);
}

static int open_stream(struct tvs_link *l, const char *address, struct err *e) {
    SSL *ssl = new_ssl(l, e);
    if (ssl == NULL)
        return -1;
    l->stream = tls_stream_new(l->setup->loop, -1, ssl, BUFFEREVENT_SSL_CONNECTING,
                               BEV_OPT_DEFER_CALLBACKS, e);
    if (l->stream == NULL)
        return -1;
    bufferevent_setcb(l->stream, on_read, NULL, on_event, l);
    bufferevent_setwatermark(l->stream, EV_READ, 0, TVS_FRAME_MAX);
    bufferevent_enable(l->stream, EV_READ | EV_WRITE);
    return tls_stream_connect(l->stream, address, l->port, e);
}

static void on_late(evutil_socket_t fd, short what, void *user) {
    struct tvs_link *l = user;
    const struct err e = l->failure;
    (void)fd;
    (void)what;
    l->owner.failed(l->owner.user, &e);
}

static void on_lookup(void *user, const char *const *addresses, const struct err *e) {
    struct lookup *mine = user;
    struct tvs_link *l = mine->link;
    free(mine);
    if (l == NULL)
        return;
    l->lookup = NULL;
    l->owner.resolved(l->owner.user, addresses != NULL ? addresses[0] : NULL, e);
    if (addresses == NULL)
        err_set(&l->failure, e->code, "%s: %s", l->server->host, e->text);
    else if (open_stream(l, addresses[0], &l->failure) == 0)
        return;
    event_active(l->late, 0, 0);
}

static int look_up(struct tvs_link *l, struct err *e) {
    const struct tvs_member *server = l->server;
    AUTO(char) via_host = NULL;
    l->port = server->port;
    if (server->via != NULL && split_host_port(server->via, &via_host, &l->port, e) != 0)
        return -1;
    l->lookup = malloc(sizeof *l->lookup);
    if (l->lookup == NULL)
        return err_set(e, ERR_SYS_NOMEM, "look-up");
    l->lookup->link = l;
    resolver_lookup(l->setup->resolver, via_host != NULL ? via_host : server->host, on_lookup,
                    l->lookup);
    return 0;
}

struct tvs_link *tvs_link_open(const struct tvs_link_setup *setup, const struct tvs_member *server,
                               const struct tvs_link_owner *owner, struct err *e) {
    struct tvs_link *l = calloc(1, sizeof *l);
    if (l != NULL)
        l->late = event_new(setup->loop, -1, 0, on_late, l);
    if (l == NULL || l->late == NULL) {
        free(l);
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    l->setup = setup;
    l->server = server;
    l->owner = *owner;
    if (look_up(l, e) == 0)
        return l;
    tvs_link_close(l);
    return NULL;
}

void tvs_link_close(struct tvs_link *l) {
    if (l == NULL)
        return;
    if (l->lookup != NULL)
        l->lookup->link = NULL;
    if (l->stream != NULL)
        bufferevent_free(l->stream);
    event_free(l->late);
    free(l);
}
