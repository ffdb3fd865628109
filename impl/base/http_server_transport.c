/* The bytes under TLS, and whether anything moved. libmicrohttpd 0.9.75 asks to be run again at
 * once for as long as a handshake waits for its peer, so that one silent peer would cost a whole
 * core. The sessions' transport therefore goes through here and is counted: when a run moved no
 * byte and called nobody, the next one waits for the kernel. */
#include "http_server_impl.h"

#include <gnutls/gnutls.h>
#include <sys/socket.h>

static ssize_t pull(gnutls_transport_ptr_t connection, void *data, size_t len) {
    struct http_connection *c = connection;
    ssize_t got = recv(c->fd, data, len, 0);
    if (got < 0)
        return got;
    c->server->progress++;
    if (!c->buffering)
        LIST_INSERT_HEAD(&c->server->buffering, c, buffered);
    c->buffering = true;
    return got;
}

static ssize_t push(gnutls_transport_ptr_t connection, const giovec_t *parts, int count) {
    struct http_connection *c = connection;
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts,
                             .msg_iovlen = (size_t)count};
    ssize_t sent = sendmsg(c->fd, &message, MSG_NOSIGNAL);
    if (sent > 0)
        c->server->progress++;
    return sent;
}

void server_transport_watch(struct http_connection *c, void *session) {
    c->session = session;
    gnutls_transport_set_ptr(session, c);
    gnutls_transport_set_pull_function(session, pull);
    gnutls_transport_set_vec_push_function(session, push);
}

void server_transport_forget(struct http_connection *c) {
    if (c->buffering)
        LIST_REMOVE(c, buffered);
    c->buffering = false;
}

/* Bytes that were deciphered and not taken yet: taking them moves no byte of the transport. */
static size_t deciphered(struct http_server *s) {
    size_t sum = 0;
    struct http_connection *next;
    for (struct http_connection *c = LIST_FIRST(&s->buffering); c != NULL; c = next) {
        size_t pending = gnutls_record_check_pending(c->session);
        next = LIST_NEXT(c, buffered);
        sum += pending;
        if (pending == 0)
            server_transport_forget(c);
    }
    return sum;
}

bool server_transport_moved(struct http_server *s) {
    size_t pending = deciphered(s);
    bool moved = s->progress != s->progress_before || pending != s->pending_before;
    s->progress_before = s->progress;
    s->pending_before = pending;
    return moved;
}
