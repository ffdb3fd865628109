/* The phone's connection: name, TCP, TLS, frames. CAPF's certificate is compared with the phone's
 * trust list during the handshake, so that a wrong one gets an alert. Never hands on half a frame.
 */
#include "base/owned.h"
#include "base/process.h"
#include "base/resolver.h"
#include "base/tls.h"
#include "mocks/phone/phone_impl.h"
#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

/* ---- TLS ---- */

static int compare_certificate(X509_STORE_CTX *store_ctx, void *unused) {
    (void)unused;
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store_ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct phone *p = SSL_get_app_data(ssl);
    const X509 *shown = X509_STORE_CTX_get0_cert(store_ctx);
    if (shown != NULL && X509_cmp(shown, p->trusted) == 0)
        return 1;
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

/* ---- Connection ---- */

/* A look-up cannot be called back; it can be told that nobody waits any more. */
struct phone_lookup {
    struct phone *phone; /* NULL: nobody */
};

static void forget_lookup(struct phone *p) {
    if (p->lookup != NULL)
        p->lookup->phone = NULL;
    p->lookup = NULL;
}

void phone_disconnect(struct phone *p) {
    forget_lookup(p);
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
        phone_end(p, p->outcome, NULL);
}

void phone_end_when_sent(struct phone *p, enum phone_outcome outcome, const struct err *e) {
    p->closing = true;
    p->outcome = outcome;
    p->error = *e;
    if (evbuffer_get_length(bufferevent_get_output(p->stream)) == 0)
        phone_end(p, outcome, NULL);
}

static enum err_code code_of_errno(int number) {
    switch (number) {
    case ECONNREFUSED:
        return ERR_TCP_REFUSED;
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
        return ERR_TCP_TIMEOUT;
    case ECONNRESET:
    case EPIPE:
        return ERR_TCP_RESET;
    default:
        return ERR_TCP_CLOSED;
    }
}

/* libevent hands out OpenSSL's queue, where a failed system call is either a system error or the
 * bare SSL_ERROR_SYSCALL. */
static int failed_errno(unsigned long tls, short what, int number) {
    if (ERR_SYSTEM_ERROR(tls))
        return ERR_GET_REASON(tls);
    bool reason_of_tls = ERR_GET_LIB(tls) != 0;
    return (what & BEV_EVENT_ERROR) != 0 && !reason_of_tls ? number : 0;
}

static void describe_failure(const struct phone *p, short what, int number, struct err *e) {
    unsigned long tls = bufferevent_get_openssl_error(p->stream);
    const char *host = p->config->capf.host;
    int system = failed_errno(tls, what, number);
    if (p->certificate_refused)
        err_set(e, ERR_TLS_UNTRUSTED,
                "the certificate of %s is not the one of role CAPF in the trust list", host);
    else if (system != 0)
        err_set(e, code_of_errno(system), "%s: %s", host, strerror(system));
    else if (ERR_GET_LIB(tls) != 0)
        err_set(e, ERR_TLS_HANDSHAKE, "%s: %s", host, ERR_reason_error_string(tls));
    else
        err_set(e, ERR_TCP_CLOSED, "%s closed the connection", host);
}

static void on_event(struct bufferevent *stream, short what, void *user) {
    struct phone *p = user;
    struct err e = {0};
    int number = EVUTIL_SOCKET_ERROR();
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        phone_on_connected(p);
        return;
    }
    (void)stream;
    describe_failure(p, what, number, &e);
    ERR_clear_error();
    if (p->closing) {
        phone_end(p, p->outcome, NULL);
        return;
    }
    phone_end(p,
              p->state == PHONE_STATE_CONNECTING ? PHONE_CONNECTION_FAILED : PHONE_CONNECTION_LOST,
              &e);
}

static SSL *new_ssl(struct phone *p) {
    SSL *ssl = SSL_new(p->config->legacy_tls ? p->shared->legacy_tls : p->shared->tls);
    if (ssl != NULL)
        SSL_set_app_data(ssl, p);
    return ssl;
}

static int open_stream(struct phone *p, struct err *e) {
    SSL *ssl = new_ssl(p);
    if (ssl == NULL)
        return err_openssl(e, ERR_TLS_CONFIG, "no TLS session");
    p->stream = tls_stream_new(p->shared->loop, -1, ssl, false, BEV_OPT_DEFER_CALLBACKS, e);
    if (p->stream == NULL)
        return -1;
    bufferevent_setcb(p->stream, on_read, on_sent, on_event, p);
    bufferevent_setwatermark(p->stream, EV_READ, 0, 2 * CAPF_FRAME_MAX);
    bufferevent_enable(p->stream, EV_READ | EV_WRITE);
    return 0;
}

/* A message behind another one does not wait for CAPF's acknowledgement, which may be delayed. */
static void send_at_once(struct bufferevent *stream) {
    const int one = 1;
    setsockopt(bufferevent_getfd(stream), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static int connect_to(struct phone *p, const char *address, struct err *e) {
    struct sockaddr_storage where = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&where;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&where;
    int len = sizeof *v4;
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(p->connect_port);
    } else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(p->connect_port);
        len = sizeof *v6;
    } else {
        return err_set(e, ERR_DNS_BAD_ANSWER, "%s: not an address", address);
    }
    if (open_stream(p, e) != 0)
        return -1;
    if (bufferevent_socket_connect(p->stream, (struct sockaddr *)&where, len) != 0)
        return err_errno(e, "%s", address);
    send_at_once(p->stream);
    return 0;
}

/* The lines of seed 5; CAPF and TVS are on the same server, the publisher. */
static void log_lookup(struct phone *p, const char *address) {
    const char *host = p->config->capf.host;
    if (address != NULL) {
        console_line(p->console, CONSOLE_NOT, CONSOLE_CONFIGMGR,
                     "cip.sec.TvsProperty:? - Resolve Tvs Ipv4 Address to %s from hostname %s",
                     address, host);
        return;
    }
    console_line(p->console, CONSOLE_WRN, CONSOLE_CONFIGMGR,
                 "NetUtil.traceIPv4DNSErrors:? - DNS unknown IPv4 host %s", host);
    console_line(p->console, CONSOLE_ERR, CONSOLE_CONFIGMGR,
                 "cip.sec.TvsProperty:? - Failed to resolve Tvs Ipv4 Address with hostname %s",
                 host);
}

static void go_on(struct phone *p, const char *address, const struct err *lookup) {
    struct err e = {0};
    log_lookup(p, address);
    phone_log_start(p);
    if (address == NULL) {
        err_set(&e, lookup->code, "%s: %s", p->config->capf.host, lookup->text);
        phone_end(p, PHONE_CONNECTION_FAILED, &e);
    } else if (connect_to(p, address, &e) != 0) {
        phone_end(p, PHONE_CONNECTION_FAILED, &e);
    }
}

static void on_lookup(void *user, const char *const *addresses, const struct err *lookup) {
    struct phone_lookup *mine = user;
    struct phone *p = mine->phone;
    free(mine);
    if (p == NULL)
        return;
    p->lookup = NULL;
    go_on(p, addresses != NULL ? addresses[0] : NULL, lookup);
}

static int look_up(struct phone *p, const char *name, struct err *e) {
    p->lookup = malloc(sizeof *p->lookup);
    if (p->lookup == NULL)
        return err_set(e, ERR_SYS_NOMEM, "look-up");
    p->lookup->phone = p;
    resolver_lookup(p->shared->resolver, name, on_lookup, p->lookup);
    return 0;
}

void phone_connect(struct phone *p) {
    const struct phone_capf *capf = &p->config->capf;
    AUTO(char) via_host = NULL;
    struct err e = {0};
    p->connect_port = (uint16_t)capf->port;
    p->state = PHONE_STATE_CONNECTING;
    if (capf->via != NULL && split_host_port(capf->via, &via_host, &p->connect_port, &e) != 0) {
        phone_end(p, PHONE_CONNECTION_FAILED, &e);
        return;
    }
    int64_t limit = p->config->connect_timeout_us;
    timer_start(p->timer, limit > 0 ? limit : p->config->timeout_us);
    if (look_up(p, via_host != NULL ? via_host : capf->host, &e) != 0)
        phone_end(p, PHONE_CONNECTION_FAILED, &e);
}
