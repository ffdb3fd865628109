/* Deadlines and places of connections. libmicrohttpd's own time-out starts anew with every byte, so
 * that a peer that sends one byte a second would stay for ever: here the whole handshake, the whole
 * request and the whole answer have their time. A connection stands in one of two lines, each in
 * the order of its deadlines since all in a line get the same time; none while its request is
 * worked on. Nothing is read or freed here: a connection is shut down, and libmicrohttpd closes it.
 */
#include "http_server_impl.h"

#include "base/clock.h"
#include "base/events.h"
#include <gnutls/gnutls.h>
#include <sys/socket.h>

static const char *const phase_texts[] = {
#define X(id, text) text,
    HTTP_PHASE_TABLE(X)
#undef X
};

const char *http_phase_text(enum http_phase phase) {
    return phase_texts[phase];
}

static void tell(struct http_server *s, const struct http_cut *cut) {
    event_message("client", NULL, cut->phase == HTTP_PHASE_PLACE ? "turned away" : "cut",
                  "%s: %s (%s)", cut->peer, cut->why.text, err_name(cut->why.code));
    if (s->callbacks.cut != NULL)
        s->callbacks.cut(s->callbacks.user, cut);
}

static int64_t time_of(const struct http_server *s, enum http_phase phase) {
    return phase == HTTP_PHASE_HANDSHAKE ? s->handshake_timeout_us : s->request_timeout_us;
}

static struct connection_line *line_of(struct http_server *s, enum http_phase phase) {
    return phase == HTTP_PHASE_HANDSHAKE ? &s->shaking : &s->asking;
}

void server_deadline_stop(struct http_connection *c) {
    if (!c->in_line)
        return;
    c->in_line = false;
    TAILQ_REMOVE(line_of(c->server, c->phase), c, line);
}

static void arm(struct http_server *s) {
    const struct http_connection *a = TAILQ_FIRST(&s->shaking);
    const struct http_connection *b = TAILQ_FIRST(&s->asking);
    const struct http_connection *next = a == NULL || (b != NULL && b->due_us < a->due_us) ? b : a;
    s->armed = next != NULL;
    if (next == NULL)
        return;
    int64_t left = next->due_us - clock_mono_us();
    timer_start(s->deadline, left > 0 ? left : 1);
}

void server_deadline_start(struct http_connection *c, enum http_phase phase) {
    struct http_server *s = c->server;
    server_deadline_stop(c);
    if (time_of(s, phase) <= 0)
        return;
    c->phase = phase;
    c->due_us = clock_mono_us() + time_of(s, phase);
    c->in_line = true;
    TAILQ_INSERT_TAIL(line_of(s, phase), c, line);
    /* With one time shorter than the other, what runs may be the longer one. */
    if (!s->armed || TAILQ_FIRST(line_of(s, phase)) == c)
        arm(s);
}

static void cut(struct http_connection *c) {
    struct http_cut cut = {c->peer, c->peer_port, c->id, c->phase, {0}};
    err_set(&cut.why, ERR_SYS_TIMEOUT, "%s not done in time", phase_texts[c->phase]);
    server_deadline_stop(c);
    tell(c->server, &cut);
    shutdown(c->fd, SHUT_RDWR);
}

static void cut_due(struct connection_line *line) {
    struct http_connection *c;
    int64_t now = clock_mono_us();
    while ((c = TAILQ_FIRST(line)) != NULL && c->due_us <= now)
        cut(c);
}

static void on_deadline(void *user) {
    struct http_server *s = user;
    cut_due(&s->shaking);
    cut_due(&s->asking);
    arm(s);
}

/* The client's Finished, after which it may ask. */
static int on_finished(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                       const gnutls_datum_t *message) {
    (void)type;
    (void)when;
    (void)message;
    struct http_connection *c = gnutls_transport_get_ptr(session);
    if (incoming != 0 && c->phase == HTTP_PHASE_HANDSHAKE)
        server_deadline_start(c, HTTP_PHASE_REQUEST);
    return 0;
}

void server_deadline_open(struct http_connection *c) {
    if (c->session == NULL) {
        server_deadline_start(c, HTTP_PHASE_REQUEST);
        return;
    }
    gnutls_handshake_set_hook_function(c->session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST,
                                       on_finished);
    c->phase = HTTP_PHASE_HANDSHAKE;
    server_deadline_start(c, HTTP_PHASE_HANDSHAKE);
}

/* One of its own limits only: at that of all, libmicrohttpd lets the next ones wait. */
enum MHD_Result server_on_address(void *server, const struct sockaddr *address, socklen_t len) {
    struct http_server *s = server;
    struct admission_peer peer = admission_peer_of(address);
    char text[SOCKADDR_TEXT_MAX];
    struct http_cut cut = {.peer = text, .phase = HTTP_PHASE_PLACE};
    (void)len;
    if (admission_check(s->admission, &peer, &cut.why) == 0)
        return MHD_YES;
    sockaddr_text(address, text);
    tell(s, &cut);
    return MHD_NO;
}

int server_deadline_init(struct http_server *s, const struct http_server_options *o,
                         struct err *e) {
    s->handshake_timeout_us = o->handshake_timeout_us;
    s->request_timeout_us = o->request_timeout_us;
    s->admission = admission_new(0, o->connections_per_address_max);
    s->deadline = timer_new(s->loop, on_deadline, s);
    if (s->admission != NULL && s->deadline != NULL)
        return 0;
    return err_set(e, ERR_SYS_NOMEM, NULL);
}

void server_deadline_free(struct http_server *s) {
    timer_free(s->deadline);
    admission_free(s->admission);
}
