/* The phone's connection: name, TCP, TLS, frames. CAPF's certificate is compared with the phone's
 * trust list during the handshake, so that a wrong one gets an alert. Never hands on half a frame.
 */
#include "base/owned.h"
#include "base/process.h"
#include "base/tls.h"
#include "base/tls_stream.h"
#include "mocks/phone/phone_impl.h"
#include <errno.h>
#include <event2/buffer.h>
#include <openssl/err.h>
#include <string.h>

/* ---- TLS ---- */

/* By the trust list; what it does not have TVS may vouch for (phone-behaviour.md 5). */
static enum phone_verdict judge_certificate(struct phone *p, const X509 *shown) {
    AUTO_BUF der = BUF_INIT(CAPF_BODY_MAX);
    if (!phone_boots(p))
        return X509_cmp(shown, p->trusted) == 0 ? PHONE_VERDICT_YES : PHONE_VERDICT_NO;
    if (trust_holds(&p->trust, ITL_ROLE_CAPF, shown))
        return PHONE_VERDICT_YES;
    if (p->doubted != NULL && X509_cmp(shown, p->doubted) == 0)
        return p->verdict;
    if (x509_put_der(shown, &der, NULL) != 0)
        return PHONE_VERDICT_NO;
    if (phone_tvs_knows(p, buf_view(&der), ITL_ROLE_CAPF))
        return PHONE_VERDICT_YES;
    return phone_tvs_possible(p) ? PHONE_VERDICT_NONE : PHONE_VERDICT_NO;
}

static void doubt(struct phone *p, X509 *shown) {
    X509_up_ref(shown);
    X509_free(p->doubted);
    p->doubted = shown;
    p->verdict = PHONE_VERDICT_NO;
}

static int compare_certificate(X509_STORE_CTX *store_ctx, void *unused) {
    (void)unused;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store_ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct phone *p = SSL_get_app_data(ssl);
    X509 *shown = X509_STORE_CTX_get0_cert(store_ctx);
    enum phone_verdict verdict = shown != NULL ? judge_certificate(p, shown) : PHONE_VERDICT_NO;
    if (verdict == PHONE_VERDICT_YES)
        return 1;
    if (verdict == PHONE_VERDICT_NONE) {
        doubt(p, shown);
        SSL_set_retry_verify(ssl);
        return 1;
    }
    p->certificate_refused = true;
    X509_STORE_CTX_set_error(store_ctx, X509_V_ERR_CERT_UNTRUSTED);
    return 0;
}

SSL_CTX *phone_tls_context(bool legacy, struct err *e) {
    SSL_CTX *ctx = tls_client_context_unverified(legacy, e);
    if (ctx == NULL)
        return NULL;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, compare_certificate, NULL);
    return ctx;
}

/* ---- Frames ---- */

static void log_message(struct phone *p, const char *direction, const struct capf_message *m,
                        struct bytes frame) {
    AUTO_BUF text = BUF_INIT(8192), dump = BUF_INIT(8 * CAPF_FRAME_MAX);
    capf_message_summary(m, &text);
    console_line(p->console, CONSOLE_INF, CONSOLE_SECUREAPP, "CAPFClnt: %s %s%s%s", direction,
                 capf_message_log_name(m->type), text.len > 0 ? " - " : "", buf_str(&text));
    if (!p->config->dump)
        return;
    capf_frame_hex_dump(frame, &dump);
    capf_message_dump(m, &dump);
    console_lines(p->console, buf_str(&dump));
}

/* In a piece of memory of its own, so that it becomes one TLS write whatever is still queued
 * (capf-protocol.md 1). */
void phone_send_octets(struct phone *p, struct bytes octets) {
    struct evbuffer *piece = evbuffer_new();
    if (p->stream != NULL && piece != NULL && evbuffer_expand(piece, octets.len) == 0 &&
        evbuffer_add(piece, octets.data, octets.len) == 0)
        bufferevent_write_buffer(p->stream, piece);
    if (piece != NULL)
        evbuffer_free(piece);
}

void phone_send(struct phone *p, struct capf_message *m) {
    AUTO_BUF frame = BUF_INIT(CAPF_FRAME_MAX);
    struct err e = {0};
    m->session_id = p->session_id;
    if (capf_message_write(m, &frame, &e) != 0) {
        console_line(p->console, CONSOLE_ERR, CONSOLE_SECUREAPP, "CAPFClnt: not sent: %s", e.text);
        return;
    }
    log_message(p, "Sending", m, buf_view(&frame));
    phone_send_octets(p, buf_view(&frame));
}

/* The next whole frame of the stream into frame: 1 there is one, 0 not yet, -1 with e set. */
static int next_frame(struct phone *p, struct buf *frame, struct err *e) {
    struct evbuffer *input = bufferevent_get_input(p->stream);
    uint8_t header[CAPF_HEADER_LEN], chunk[4096];
    size_t need = 0, available = evbuffer_get_length(input);
    ev_ssize_t got = evbuffer_copyout(input, header, sizeof header);
    if (capf_frame_length(bytes_of(header, got > 0 ? (size_t)got : 0), &need, e) != 0)
        return -1;
    if (available < need)
        return 0;
    while (frame->len < need) {
        size_t want = need - frame->len < sizeof chunk ? need - frame->len : sizeof chunk;
        int n = evbuffer_remove(input, chunk, want);
        if (n <= 0 || buf_put(frame, chunk, (size_t)n) != 0)
            return err_set(e, ERR_SYS_NOMEM, "frame of %zu bytes", need);
    }
    return 1;
}

static int take_frame(struct phone *p, struct err *e) {
    AUTO_BUF frame = BUF_INIT(CAPF_FRAME_MAX);
    struct capf_message m;
    int found = next_frame(p, &frame, e);
    if (found <= 0)
        return found;
    if (capf_message_parse(buf_view(&frame), &m, e) != 0)
        return -1;
    log_message(p, "Recd", &m, buf_view(&frame));
    phone_on_message(p, &m);
    return 1;
}

static void on_read(struct bufferevent *stream, void *user) {
    struct phone *p = user;
    struct err e = {0};
    int result = 1;
    while (result == 1 && p->stream == stream && !p->closing)
        result = take_frame(p, &e);
    if (result < 0)
        phone_end(p, PHONE_PROTOCOL_ERROR, &e);
}

/* ---- Stream ---- */

void phone_disconnect(struct phone *p) {
    phone_forget_lookup(p);
    handshake_free(TAKE(p->handshake));
    X509_free(TAKE(p->doubted));
    if (p->stream == NULL)
        return;
    struct bufferevent *stream = TAKE(p->stream);
    bufferevent_disable(stream, EV_READ | EV_WRITE);
    bufferevent_free(stream);
}

static void on_sent(struct bufferevent *stream, void *user) {
    struct phone *p = user;
    (void)stream;
    if (p->closing)
        phone_end(p, p->end.outcome, NULL);
}

void phone_end_when_sent(struct phone *p, enum phone_outcome outcome, const struct err *e) {
    p->closing = true;
    p->end.outcome = outcome;
    p->end.error = *e;
    if (evbuffer_get_length(bufferevent_get_output(p->stream)) == 0)
        phone_end(p, outcome, NULL);
}

static const char *host_of(const struct phone *p) {
    return p->servers.items[p->server].host;
}

static void on_event(struct bufferevent *stream, short what, void *user) {
    struct phone *p = user;
    struct err e = {0};
    int number = EVUTIL_SOCKET_ERROR();
    tls_stream_failure(stream, what, number, host_of(p), &e);
    if (p->closing)
        phone_end(p, p->end.outcome, NULL);
    else
        phone_end(p, PHONE_CONNECTION_LOST, &e);
}

/* ---- Handshake ---- */

static int open_stream(struct phone *p, SSL *ssl, struct err *e) {
    int fd = SSL_get_fd(ssl);
    p->stream =
        tls_stream_new(p->shared->loop, fd, ssl, BUFFEREVENT_SSL_OPEN, BEV_OPT_DEFER_CALLBACKS, e);
    if (p->stream == NULL) {
        close(fd);
        return -1;
    }
    bufferevent_setcb(p->stream, on_read, on_sent, on_event, p);
    bufferevent_setwatermark(p->stream, EV_READ, 0, 2 * CAPF_FRAME_MAX);
    bufferevent_enable(p->stream, EV_READ | EV_WRITE);
    return 0;
}

static void refuse_certificate(const struct phone *p, struct err *e) {
    err_set(e, ERR_TLS_UNTRUSTED,
            "the certificate of %s is not the one of role CAPF in the trust list", host_of(p));
}

static void on_handshake(void *user, SSL *ssl, const struct err *failure) {
    struct phone *p = user;
    struct err e = {0};
    p->handshake = NULL;
    if (ssl != NULL && open_stream(p, ssl, &e) == 0) {
        phone_on_connected(p);
        return;
    }
    if (p->certificate_refused)
        refuse_certificate(p, &e);
    else if (failure != NULL) {
        e = *failure;
        err_context(&e, "%s", host_of(p));
    }
    phone_end(p, PHONE_CONNECTION_FAILED, &e);
}

static void wait_for_connection(struct phone *p) {
    int64_t limit = p->config->connect_timeout_us;
    timer_start(p->timer, limit > 0 ? limit : p->config->timeout_us);
}

static void on_tvs(struct phone *p, X509 *certificate, const struct err *e) {
    (void)e;
    p->verdict = certificate != NULL ? PHONE_VERDICT_YES : PHONE_VERDICT_NO;
    wait_for_connection(p);
    handshake_resume(p->handshake);
}

/* TVS has limits of its own. */
static void on_doubt(void *user) {
    struct phone *p = user;
    struct err e = {0};
    timer_stop(p->timer);
    if (phone_tvs_verify(p, p->doubted, ITL_ROLE_CAPF, on_tvs, &e) != 0)
        on_tvs(p, NULL, &e);
}

static SSL *new_ssl(struct phone *p) {
    SSL *ssl = SSL_new(p->config->legacy_tls ? p->shared->legacy_tls : p->shared->tls);
    if (ssl != NULL)
        SSL_set_app_data(ssl, p);
    return ssl;
}

static int connect_to(struct phone *p, const char *address, struct err *e) {
    const struct handshake_callbacks callbacks = {
        .done = on_handshake, .in_doubt = on_doubt, .user = p};
    struct sockaddr_storage where;
    socklen_t len;
    if (phone_address(address, p->connect_port, &where, &len) != 0)
        return err_set(e, ERR_DNS_BAD_ANSWER, "%s: not an address", address);
    SSL *ssl = new_ssl(p);
    if (ssl == NULL)
        return err_openssl(e, ERR_TLS_CONFIG, "no TLS session");
    p->handshake =
        handshake_new(p->shared->loop, (struct sockaddr *)&where, len, ssl, &callbacks, e);
    return p->handshake != NULL ? 0 : err_context(e, "%s", host_of(p));
}

/* ---- Connection ---- */

/* The lines of seed 5, where CAPF and TVS are on the same server, the publisher; a phone that boots
 * has written them when it read its configuration. */
static void log_lookup(struct phone *p, const char *address) {
    if (!phone_boots(p))
        phone_log_tvs_address(p, host_of(p), address);
}

static void on_address(struct phone *p, const char *address, const struct err *lookup) {
    struct err e = {0};
    log_lookup(p, address);
    if (p->server == 0)
        phone_log_start(p);
    if (address == NULL) {
        err_set(&e, lookup->code, "%s: %s", host_of(p), lookup->text);
        phone_end(p, PHONE_CONNECTION_FAILED, &e);
    } else if (connect_to(p, address, &e) != 0) {
        phone_end(p, PHONE_CONNECTION_FAILED, &e);
    }
}

static int find_place(const struct phone *p, struct phone_place *place, struct err *e) {
    const struct cnf_server *server = &p->servers.items[p->server];
    const char *via = phone_boots(p) ? NULL : p->config->capf.via;
    AUTO(char) host = NULL;
    if (via == NULL)
        return phone_route(p, server->host, server->port, place, e);
    if (split_host_port(via, &host, &place->port, e) != 0)
        return -1;
    snprintf(place->host, sizeof place->host, "%s", host);
    return 0;
}

void phone_connect(struct phone *p) {
    struct phone_place place;
    struct err e = {0};
    p->state = PHONE_STATE_CONNECTING;
    if (find_place(p, &place, &e) != 0) {
        phone_end(p, PHONE_CONNECTION_FAILED, &e);
        return;
    }
    p->connect_port = place.port;
    wait_for_connection(p);
    phone_look_up(p, place.host, on_address);
}
