/* The connection side of TVS: TLS stream, reassembly of frames, deadlines, sending, ending. The
 * deadline runs from one whole request to the next, so that single octets do not put it off. */
#include "mocks/tvs/session.h"
#include "base/events.h"
#include "base/process.h"
#include "base/tls_stream.h"
#include "itl/itl.h"
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum { UNREAD_MAX = 2 * TVS_FRAME_MAX };

struct tvs_session {
    LIST_ENTRY(tvs_session) link;
    struct tvs_sessions *all;
    struct tvs_log log;
    int fd;
    char peer[SOCKADDR_TEXT_MAX];
    struct admission_peer from;
    bool admitted;
    struct bufferevent *io; /* NULL: its start is delayed */
    struct timer *deadline;
    struct timer *delay; /* of a fault: the handshake, or the answer in held */
    struct buf held;
    bool up;      /* TLS */
    bool holding; /* nothing is read until the answer is out */
    bool ended;   /* the phone sends no more */
    bool closing; /* close when all is written */
};

/* Whoever reads to the end gets it in TLS' words; nobody is waited for. */
static void say_goodbye(struct tvs_session *s) {
    if (s->up)
        SSL_shutdown(bufferevent_openssl_get_ssl(s->io));
    ERR_clear_error();
}

static void session_free(struct tvs_session *s) {
    LIST_REMOVE(s, link);
    if (s->admitted)
        admission_leave(s->all->admission, &s->from);
    say_goodbye(s);
    if (s->io != NULL)
        bufferevent_free(s->io);
    else
        close(s->fd);
    timer_free(s->deadline);
    timer_free(s->delay);
    buf_free(&s->held);
    free(s);
}

static size_t unsent(const struct tvs_session *s) {
    return evbuffer_get_length(bufferevent_get_output(s->io));
}

/* ---- Requests ---- */

static void send_now(struct tvs_session *s, struct bytes octets) {
    timer_start(s->deadline, s->all->config->idle_timeout_us);
    if (octets.len == 0)
        return;
    bufferevent_write(s->io, octets.data, octets.len);
    trace_debug(s->all->trace, "ipAddrStr (Phone) %s", s->peer);
    trace_debug(s->all->trace,
                "tvsHandleQueryCertReq: Timer started from tvsHandleNewPhConnection");
}

static void hold(struct tvs_session *s, struct bytes octets, int64_t delay_us) {
    buf_reset(&s->held);
    buf_put_bytes(&s->held, octets);
    s->holding = true;
    timer_stop(s->deadline);
    timer_start(s->delay, delay_us);
}

static void take_frame(struct tvs_session *s, struct bytes frame) {
    struct tvs_reply reply = TVS_REPLY_INIT;
    struct err e = {0};
    if (tvs_respond(&s->all->responder, &s->log, frame, &reply, &e) != 0) {
        tvs_log_text(&s->log, "malformed message: %s (%s)", e.text, err_name(e.code));
        s->closing = true;
    } else {
        s->closing = reply.close;
        if (reply.delay_us > 0)
            hold(s, buf_view(&reply.octets), reply.delay_us);
        else
            send_now(s, buf_view(&reply.octets));
    }
    buf_free(&reply.octets);
}

/* Takes one frame from the input, if a whole one is there. */
static bool take_next(struct tvs_session *s) {
    struct evbuffer *input = bufferevent_get_input(s->io);
    uint8_t header[TVS_HEADER_LEN];
    size_t need = 0;
    struct err e = {0};
    if (s->holding || s->closing || unsent(s) > UNREAD_MAX)
        return false;
    ev_ssize_t got = evbuffer_copyout(input, header, sizeof header);
    if (tvs_frame_length(bytes_of(header, got > 0 ? (size_t)got : 0), &need, &e) != 0) {
        tvs_log_text(&s->log, "malformed frame: %s (%s)", e.text, err_name(e.code));
        s->closing = true;
        return false;
    }
    if (evbuffer_get_length(input) < need)
        return false;
    const uint8_t *octets = evbuffer_pullup(input, (ev_ssize_t)need);
    if (octets == NULL)
        return false;
    take_frame(s, bytes_of(octets, need));
    evbuffer_drain(input, need);
    return true;
}

/* May free s. */
static void go_on(struct tvs_session *s) {
    while (take_next(s))
        ;
    bool no_more = s->ended || s->closing;
    if (no_more && !s->holding && unsent(s) == 0)
        session_free(s);
}

static void on_readable(struct bufferevent *io, void *user) {
    (void)io;
    go_on(user);
}

static void on_written(struct bufferevent *io, void *user) {
    (void)io;
    go_on(user);
}

/* ---- TLS ---- */

static void log_phone_certificate(const struct tvs_session *s) {
    X509 *shown = SSL_get1_peer_certificate(bufferevent_openssl_get_ssl(s->io));
    if (shown == NULL)
        return;
    AUTO_BUF name = BUF_INIT(TVS_NAME_MAX);
    itl_put_name(X509_get_subject_name(shown), ITL_LAYOUT_CUCM, &name, NULL);
    tvs_log_text(&s->log, "client certificate of %s", buf_str(&name));
    X509_free(shown);
}

static void on_event(struct bufferevent *io, short what, void *user) {
    struct tvs_session *s = user;
    struct err e = {0};
    int number = EVUTIL_SOCKET_ERROR();
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        s->up = true;
        trace_debug(s->all->trace, "TLS HS Done for ph_conn");
        log_phone_certificate(s);
        timer_start(s->deadline, s->all->config->idle_timeout_us);
        return;
    }
    tls_stream_failure(io, what, number, s->peer, &e);
    if (!s->up)
        tvs_log_text(&s->log, "TLS handshake failed: %s (%s)", e.text, err_name(e.code));
    s->ended = true;
    if (!s->up || (what & BEV_EVENT_EOF) == 0)
        session_free(s);
    else
        go_on(s);
}

static void start_tls(struct tvs_session *s) {
    SSL *ssl = SSL_new(s->all->tls);
    if (ssl != NULL)
        s->io = tls_stream_new(s->all->loop, s->fd, ssl, BUFFEREVENT_SSL_ACCEPTING, 0, NULL);
    if (s->io == NULL) {
        session_free(s);
        return;
    }
    bufferevent_openssl_set_allow_dirty_shutdown(s->io, 1);
    bufferevent_setcb(s->io, on_readable, on_written, on_event, s);
    bufferevent_setwatermark(s->io, EV_READ, 0, TVS_FRAME_MAX);
    bufferevent_enable(s->io, EV_READ | EV_WRITE);
    timer_start(s->deadline, s->all->config->handshake_timeout_us);
}

static void on_deadline(void *user) {
    struct tvs_session *s = user;
    const char *code = err_name(ERR_SYS_TIMEOUT);
    tvs_log_text(&s->log, "no %s in time, connection closed (%s)", s->up ? "request" : "handshake",
                 code);
    event_message("phone", NULL, "cut", "%s: no %s in time (%s)", s->peer,
                  s->up ? "request" : "handshake", code);
    session_free(s);
}

static void on_delay(void *user) {
    struct tvs_session *s = user;
    if (s->io == NULL) {
        start_tls(s);
        return;
    }
    s->holding = false;
    send_now(s, buf_view(&s->held));
    go_on(s);
}

/* ---- Silence ---- */

static void on_ignored(struct bufferevent *io, void *user) {
    struct evbuffer *input = bufferevent_get_input(io);
    (void)user;
    evbuffer_drain(input, evbuffer_get_length(input));
}

static void on_given_up(struct bufferevent *io, short what, void *user) {
    (void)io;
    (void)what;
    session_free(user);
}

/* Lasts as long as the phone has patience. */
static void stay_silent(struct tvs_session *s) {
    s->io = bufferevent_socket_new(s->all->loop, s->fd, BEV_OPT_CLOSE_ON_FREE);
    if (s->io == NULL) {
        session_free(s);
        return;
    }
    bufferevent_setcb(s->io, on_ignored, NULL, on_given_up, s);
    bufferevent_enable(s->io, EV_READ);
}

/* ---- Beginning ---- */

static struct tvs_session *session_new(struct tvs_sessions *all, int fd, const char *peer,
                                       const struct admission_peer *from) {
    const int one = 1;
    struct tvs_session *s = calloc(1, sizeof *s);
    if (s == NULL) {
        close(fd);
        return NULL;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    s->all = all;
    s->fd = fd;
    s->log = (struct tvs_log){all->trace, all->accepted};
    s->held = (struct buf)BUF_INIT(TVS_FRAME_MAX);
    memccpy(s->peer, peer, '\0', sizeof s->peer - 1);
    s->deadline = timer_new(all->loop, on_deadline, s);
    s->delay = timer_new(all->loop, on_delay, s);
    LIST_INSERT_HEAD(&all->list, s, link);
    s->from = *from;
    s->admitted = admission_enter(all->admission, from, NULL) == 0;
    if (s->deadline != NULL && s->delay != NULL && s->admitted)
        return s;
    session_free(s);
    return NULL;
}

static void begin(struct tvs_session *s) {
    struct fault_visit v = fault_visit(s->all->responder.faults, AT_TVS_CONNECT, NULL);
    int64_t delay_us = 0;
    for (size_t i = 0; i < v.beside_count; i++)
        delay_us += v.beside[i]->value;
    if (v.fault != NULL && v.fault->action == TVS_DO_CLOSE)
        session_free(s);
    else if (v.fault != NULL && v.fault->action == TVS_DO_SILENCE)
        stay_silent(s);
    else if (delay_us > 0)
        timer_start(s->delay, delay_us);
    else
        start_tls(s);
}

static void turn_away(const struct tvs_sessions *all, int fd, const char *peer,
                      const struct err *why) {
    close(fd);
    trace_debug(all->trace, "no connection for %s: %s (%s)", peer, why->text, err_name(why->code));
    event_message("phone", NULL, "turned away", "%s: %s (%s)", peer, why->text,
                  err_name(why->code));
}

void tvs_session_begin(struct tvs_sessions *all, int fd, const struct sockaddr *address) {
    const struct admission_peer from = admission_peer_of(address);
    char peer[SOCKADDR_TEXT_MAX];
    struct err e = {0};
    sockaddr_text(address, peer);
    all->accepted++;
    if (admission_check(all->admission, &from, &e) != 0) {
        turn_away(all, fd, peer, &e);
        return;
    }
    trace_session(all->trace, all->accepted, NULL, "Got a new ph conn %s on %d, Total Acc = %u..",
                  peer, fd, all->accepted);
    struct tvs_session *s = session_new(all, fd, peer, &from);
    if (s != NULL)
        begin(s);
}

void tvs_sessions_end_all(struct tvs_sessions *all) {
    while (!LIST_EMPTY(&all->list))
        session_free(LIST_FIRST(&all->list));
}
