/* The connection side of a session: TLS stream, reassembly of frames, timers, sending, ending. It
 * decides nothing of the protocol: bytes become events, and the state table does the rest. It never
 * waits, and it never frees a session while the state table runs. */
#include "capf/session.h"
#include "base/events.h"
#include "base/log.h"
#include "base/tls_stream.h"
#include "capf/sharing.h"
#include "capf/states.h"
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    SESSION_RECEIVED_MAX = 2 * CAPF_FRAME_MAX,
    SESSION_READ_AHEAD = 16 * 1024, /* bytes taken from TLS at a time */
    SESSION_TALK_MAX = 1024 * 1024, /* all messages of one session, each with its cost */
    SESSION_MESSAGE_COST = 256,     /* so that about 4000 signs of life are possible */
    SESSION_TEXT_MAX = 8 * 1024,
    SESSION_DUMP_MAX = 512 * 1024,
    SESSION_LINGER_US = 2 * 1000 * 1000, /* for a phone that does not close by itself */
};

static const char *session_name(const struct session *s) {
    return s->named ? s->device.name : NULL;
}

void session_trace(struct session *s, const char *fmt, ...) {
    AUTO_BUF text = BUF_INIT(SESSION_TEXT_MAX);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    trace_session(s->service->trace, s->n, session_name(s), "%s", buf_str(&text));
}

enum capf_event session_fail(struct session *s, enum capf_result result, const char *fmt, ...) {
    AUTO_BUF text = BUF_INIT(SESSION_TEXT_MAX);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    session_trace(s, "%s", buf_str(&text));
    s->result = result;
    s->end_reason = CAPF_REASON_REFUSED;
    return CAPF_EV_OP_FAILED;
}

/* The peer in events: by name, which AUTH_REQ cannot know yet; its event is written when the name
 * has come, so that it stands with the phone's other messages. */
static void note_event(struct session *s, bool from_phone, const struct capf_message *m) {
    const char *peer = s->named ? s->device.name : "phone";
    AUTO_BUF summary = BUF_INIT(SESSION_TEXT_MAX);
    capf_message_summary(m, &summary);
    event_message(from_phone ? peer : NULL, from_phone ? NULL : peer, capf_message_name(m->type),
                  "%s", buf_str(&summary));
}

static void note_auth_req(struct session *s) {
    if (s->auth_req_noted || s->state == CAPF_STATE_IDLE)
        return;
    s->auth_req_noted = true;
    struct capf_message m = {.type = CAPF_MSG_AUTH_REQ, .version = CAPF_NUMBER(CAPF_VERSION_MAX)};
    note_event(s, false, &m);
}

static void trace_message(struct session *s, const struct capf_message *m) {
    AUTO_BUF dump = BUF_INIT(SESSION_DUMP_MAX);
    if (s->service->trace == NULL)
        return;
    capf_message_dump(m, &dump);
    trace_lines(s->service->trace, buf_view(&dump));
}

static void trace_frame(struct session *s, struct bytes frame) {
    AUTO_BUF dump = BUF_INIT(SESSION_DUMP_MAX);
    if (s->service->trace == NULL)
        return;
    buf_put_str(&dump, "Incoming Phone Msg:\n");
    capf_frame_hex_dump(frame, &dump);
    trace_lines(s->service->trace, buf_view(&dump));
}

static void free_data(const void *data, size_t len, void *unused) {
    (void)len;
    (void)unused;
    free((void *)data);
}

/* One chain in libevent's buffer is one SSL_write, one record: a phone stalls when header and body
 * come apart (capf-protocol.md 1). */
static int write_once(struct session *s, struct buf *frame) {
    size_t len = frame->len;
    char *data = buf_take_str(frame);
    if (data == NULL)
        return -1;
    struct evbuffer *out = bufferevent_get_output(s->stream);
    if (evbuffer_add_reference(out, data, len, free_data, NULL) == 0)
        return 0;
    free(data);
    return -1;
}

void session_send(struct session *s, struct capf_message *m) {
    m->session_id = s->n;
    AUTO_BUF frame = BUF_INIT(CAPF_FRAME_MAX);
    struct err e = {0};
    if (capf_message_write(m, &frame, &e) < 0) {
        session_trace(s, "cannot write %s: %s", capf_message_name(m->type), e.text);
        session_drop(s);
        return;
    }
    trace_message(s, m);
    if (m->type != CAPF_MSG_AUTH_REQ)
        note_event(s, false, m);
    logs_flush();
    if (write_once(s, &frame) < 0)
        session_drop(s);
}

/* Ends the writing side once everything is out: close_notify, then FIN. */
static void shut_writing(struct session *s) {
    SSL *ssl = bufferevent_openssl_get_ssl(s->stream);
    if (ssl != NULL && SSL_is_init_finished(ssl)) {
        SSL_shutdown(ssl);
        ERR_clear_error();
    }
    shutdown(s->fd, SHUT_WR);
}

void session_end(struct session *s) {
    note_auth_req(s);
    struct capf_message m = {.type = CAPF_MSG_END_SESSION, .reason = CAPF_NUMBER(s->end_reason)};
    session_send(s, &m);
    s->state = CAPF_STATE_CLOSED;
}

void session_drop(struct session *s) {
    s->state = CAPF_STATE_CLOSED;
    shutdown(s->fd, SHUT_RDWR);
}

static int64_t wait_us(const struct session *s) {
    const struct capf_config *config = s->service->config;
    switch (capf_state_wait(s->state)) {
    case WAIT_KEY_GENERATION:
        return config->key_generation.timeout_us;
    case WAIT_CA:
        return 0;
    case WAIT_LINGER:
        return SESSION_LINGER_US;
    case WAIT_MESSAGE:
        break;
    }
    return s->state == CAPF_STATE_IDLE ? config->handshake_timeout_us : config->message_timeout_us;
}

void session_arm(struct session *s) {
    int64_t wait = wait_us(s);
    if (wait > 0)
        timer_start(s->timer, wait);
    else
        timer_stop(s->timer);
}

/* Every message is logged and may be answered: a phone that talks without end would fill disk and
 * memory, even with messages that are right. */
static bool talks_too_much(struct session *s, size_t frame_len) {
    s->talked += frame_len + SESSION_MESSAGE_COST;
    if (s->talked <= SESSION_TALK_MAX)
        return false;
    session_trace(s, "more messages than a session may have (%s)", err_name(ERR_SYS_LIMIT));
    return true;
}

/* A malformed frame is shown too: the trace is where its sender will look. */
static void take_frame(struct session *s, struct bytes frame) {
    struct err e = {0};
    struct capf_message m = {0};
    if (talks_too_much(s, frame.len)) {
        states_run(s, CAPF_EV_BAD_MSG, NULL);
        return;
    }
    trace_frame(s, frame);
    if (capf_message_parse(frame, &m, &e) < 0 || capf_message_check_session(&m, s->n, &e) < 0) {
        session_trace(s, "malformed message: %s (%s)", e.text, err_name(e.code));
        states_run(s, CAPF_EV_BAD_MSG, NULL);
        return;
    }
    if (m.type == CAPF_MSG_AUTH_RES && !s->named) {
        memcpy(s->device.name, m.device_name.octets.data, m.device_name.octets.len);
        s->device.name[m.device_name.octets.len] = '\0';
        s->named = true;
    }
    note_auth_req(s);
    trace_message(s, &m);
    note_event(s, true, &m);
    states_run(s, capf_event_of_message(&m), &m);
}

/* Takes the frame at the front, if it is whole. False when there is none. */
static bool take_next_frame(struct session *s) {
    struct err e = {0};
    size_t need = 0;
    if (s->state == CAPF_STATE_CLOSED) {
        buf_reset(&s->received);
        return false;
    }
    if (s->received.len == 0)
        return false;
    if (capf_frame_length(buf_view(&s->received), &need, &e) < 0) {
        session_trace(s, "malformed frame: %s (%s)", e.text, err_name(e.code));
        states_run(s, CAPF_EV_BAD_MSG, NULL);
        return false;
    }
    if (s->received.len < need)
        return false;
    take_frame(s, bytes_of(s->received.data, need));
    buf_drop_front(&s->received, need);
    return true;
}

static void on_read(struct bufferevent *stream, void *user) {
    struct session *s = user;
    struct evbuffer *in = bufferevent_get_input(stream);
    uint8_t piece[SESSION_READ_AHEAD];
    int got;
    while ((got = evbuffer_remove(in, piece, sizeof piece)) > 0) {
        if (s->state == CAPF_STATE_CLOSED)
            continue;
        buf_put(&s->received, piece, (size_t)got);
        while (take_next_frame(s))
            ;
    }
}

/* libevent calls this late: END_SESSION may have joined the output since it was found empty. */
static void on_written(struct bufferevent *stream, void *user) {
    struct session *s = user;
    bool all_out = evbuffer_get_length(bufferevent_get_output(stream)) == 0;
    if (s->state == CAPF_STATE_CLOSED && all_out)
        shut_writing(s);
}

static void trace_handshake_failure(struct session *s, short what) {
    unsigned long code = bufferevent_get_openssl_error(s->stream);
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    if (reason == NULL)
        reason = what & BEV_EVENT_EOF ? "connection closed by the peer" : "connection lost";
    session_trace(s, "TLS handshake with %s failed: %s", s->peer, reason);
    ERR_clear_error();
}

/* libevent reports a reset as the end of the stream; but only behind a FIN there is still a peer.
 */
static bool has_peer(int fd) {
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    return getpeername(fd, (struct sockaddr *)(void *)&peer, &len) == 0;
}

static void on_event(struct bufferevent *stream, short what, void *user) {
    (void)stream;
    struct session *s = user;
    if (what & BEV_EVENT_CONNECTED) {
        trace_debug(s->service->trace, "TLS HS Done for ph_conn");
        states_run(s, CAPF_EV_PH_CONN, NULL);
        return;
    }
    if (s->state == CAPF_STATE_IDLE)
        trace_handshake_failure(s, what);
    s->closed_by_phone = has_peer(s->fd);
    states_run(s, CAPF_EV_PH_DISC, NULL);
    session_free(s);
}

static void on_timer(void *user) {
    struct session *s = user;
    if (s->state == CAPF_STATE_CLOSED) {
        session_free(s);
        return;
    }
    states_run(s, CAPF_EV_TIMEOUT, NULL);
}

static void link_in(struct session *s) {
    struct capf_service *service = s->service;
    s->link = &service->sessions;
    s->next = service->sessions;
    if (s->next != NULL)
        s->next->link = &s->next;
    service->sessions = s;
    service->open++;
}

static void link_out(struct session *s) {
    roster_remove(s);
    if (s->link == NULL)
        return;
    *s->link = s->next;
    if (s->next != NULL)
        s->next->link = s->link;
    s->service->open--;
}

/* The stream owns fd and the TLS object; NULL with fd still open. */
static struct bufferevent *tls_stream(struct capf_service *service, int fd, struct err *e) {
    SSL *ssl = SSL_new(service->tls);
    if (ssl == NULL) {
        err_openssl(e, ERR_TLS_CONFIG, "cannot make a TLS session");
        return NULL;
    }
    struct bufferevent *stream =
        tls_stream_new(service->loop, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, 0, e);
    if (stream != NULL)
        bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);
    return stream;
}

static void init_session(struct session *s, struct capf_service *service, int fd,
                         const char *peer) {
    s->service = service;
    s->n = service->accepted;
    s->fd = fd;
    memccpy(s->peer, peer, '\0', sizeof s->peer - 1);
    s->received = (struct buf)BUF_INIT(SESSION_RECEIVED_MAX);
    s->spki = (struct buf)BUF_INIT(STORE_SPKI_MAX);
    s->info = (struct buf)BUF_INIT(STORE_CSR_MAX);
    s->csr = (struct buf)BUF_INIT(STORE_CSR_MAX);
    s->certificate = (struct buf)BUF_INIT(STORE_CERTIFICATE_MAX);
    s->end_reason = CAPF_REASON_REFUSED;
    s->device.operation = OPERATION_NONE;
}

struct session *session_over(struct capf_service *service, struct bufferevent *stream,
                             const char *peer, struct err *e) {
    struct session *s = calloc(1, sizeof *s);
    struct timer *timer = s == NULL ? NULL : timer_new(service->loop, on_timer, s);
    if (timer == NULL) {
        free(s);
        bufferevent_free(stream);
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    init_session(s, service, bufferevent_getfd(stream), peer);
    s->timer = timer;
    s->stream = stream;
    bufferevent_setwatermark(stream, EV_READ, 0, SESSION_READ_AHEAD);
    bufferevent_setcb(stream, on_read, on_written, on_event, s);
    bufferevent_enable(stream, EV_READ | EV_WRITE);
    link_in(s);
    session_arm(s);
    return s;
}

static struct session *admit(struct session *s, const struct admission_peer *from, struct err *e) {
    if (s == NULL)
        return NULL;
    s->from = *from;
    s->admitted = admission_enter(s->service->admission, from, e) == 0;
    if (s->admitted)
        return s;
    session_free(s);
    return NULL;
}

struct session *session_new(struct capf_service *service, int fd, const char *peer,
                            const struct admission_peer *from, struct err *e) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct bufferevent *stream = tls_stream(service, fd, e);
    if (stream == NULL) {
        close(fd);
        return NULL;
    }
    return admit(session_over(service, stream, peer, e), from, e);
}

static void wipe(struct session *s) {
    OPENSSL_cleanse(s->device.auth_string, sizeof s->device.auth_string);
    if (s->received.data != NULL)
        OPENSSL_cleanse(s->received.data, s->received.cap);
}

void session_free(struct session *s) {
    if (s == NULL)
        return;
    struct capf_service *service = s->service;
    link_out(s);
    if (s->admitted)
        admission_leave(service->admission, &s->from);
    sharing_release_device(s);
    wipe(s);
    timer_free(s->timer);
    if (s->stream != NULL)
        bufferevent_free(s->stream);
    X509_free(s->mic);
    EVP_PKEY_free(s->key);
    buf_free(&s->received);
    buf_free(&s->spki);
    buf_free(&s->info);
    buf_free(&s->csr);
    buf_free(&s->certificate);
    free(s);
    capf_service_session_gone(service);
}
