/* A non-blocking connect and SSL_connect on one event. libevent's own TLS streams give up when the
 * verify callback wants to be asked again, so they get the session only when it stands. */
#include "mocks/phone/handshake.h"
#include "base/tls_stream.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct handshake {
    struct event_base *loop;
    struct handshake_callbacks callbacks;
    struct event *event;
    SSL *ssl;
    int fd;
    bool connected;
};

void handshake_free(struct handshake *h) {
    if (h == NULL)
        return;
    if (h->event != NULL)
        event_free(h->event);
    SSL_free(h->ssl);
    if (h->fd >= 0)
        close(h->fd);
    free(h);
}

/* Hands over or reports; h is gone afterwards. */
static void finish(struct handshake *h, const struct err *e) {
    struct handshake_callbacks callbacks = h->callbacks;
    SSL *ssl = NULL;
    if (e == NULL) {
        ssl = h->ssl;
        h->ssl = NULL;
        h->fd = -1;
    }
    handshake_free(h);
    callbacks.done(callbacks.user, ssl, e);
}

static void fail_system(struct handshake *h, int number) {
    struct err e = {0};
    err_set(&e, tcp_code_of_errno(number), "%s", strerror(number));
    finish(h, &e);
}

static void wait_for(struct handshake *h, short what) {
    event_assign(h->event, h->loop, h->fd, what, event_get_callback(h->event), h);
    event_add(h->event, NULL);
}

/* What OpenSSL's queue says; without a reason there, the peer went away. */
static void fail_tls(struct handshake *h, int error, int number) {
    struct err e = {0};
    unsigned long reason = ERR_peek_error();
    if (reason != 0 && !ERR_SYSTEM_ERROR(reason) && error == SSL_ERROR_SSL)
        err_set(&e, ERR_TLS_HANDSHAKE, "%s", ERR_reason_error_string(reason));
    else if (error == SSL_ERROR_SYSCALL && number != 0)
        err_set(&e, tcp_code_of_errno(number), "%s", strerror(number));
    else
        err_set(&e, ERR_TCP_CLOSED, "closed the connection");
    ERR_clear_error();
    finish(h, &e);
}

static void shake(struct handshake *h) {
    ERR_clear_error();
    errno = 0;
    int result = SSL_connect(h->ssl);
    int number = errno, error = SSL_get_error(h->ssl, result);
    if (result == 1)
        finish(h, NULL);
    else if (error == SSL_ERROR_WANT_READ)
        wait_for(h, EV_READ);
    else if (error == SSL_ERROR_WANT_WRITE)
        wait_for(h, EV_WRITE);
    else if (error == SSL_ERROR_WANT_RETRY_VERIFY)
        h->callbacks.in_doubt(h->callbacks.user);
    else
        fail_tls(h, error, number);
}

static void on_event(evutil_socket_t fd, short what, void *user) {
    struct handshake *h = user;
    int number = 0;
    socklen_t len = sizeof number;
    (void)what;
    if (!h->connected) {
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &len) != 0)
            number = errno;
        if (number != 0) {
            fail_system(h, number);
            return;
        }
        h->connected = true;
    }
    shake(h);
}

void handshake_resume(struct handshake *h) {
    event_active(h->event, EV_TIMEOUT, 0);
}

/* A message behind another one does not wait for CAPF's acknowledgement, which may be delayed. */
static int open_socket(struct handshake *h, const struct sockaddr *where, socklen_t len,
                       struct err *e) {
    const int one = 1;
    h->fd = socket(where->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (h->fd < 0)
        return err_errno(e, "socket");
    setsockopt(h->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(h->fd, where, len) == 0 || errno == EINPROGRESS)
        return 0;
    return err_set(e, tcp_code_of_errno(errno), "%s", strerror(errno));
}

struct handshake *handshake_new(struct event_base *loop, const struct sockaddr *where,
                                socklen_t len, SSL *ssl,
                                const struct handshake_callbacks *callbacks, struct err *e) {
    struct handshake *h = calloc(1, sizeof *h);
    if (h == NULL) {
        SSL_free(ssl);
        err_set(e, ERR_SYS_NOMEM, "connection");
        return NULL;
    }
    *h = (struct handshake){.loop = loop, .callbacks = *callbacks, .ssl = ssl, .fd = -1};
    if (open_socket(h, where, len, e) != 0) {
        handshake_free(h);
        return NULL;
    }
    h->event = event_new(loop, h->fd, EV_WRITE, on_event, h);
    if (h->event == NULL || SSL_set_fd(ssl, h->fd) != 1) {
        handshake_free(h);
        err_set(e, ERR_SYS_NOMEM, "connection");
        return NULL;
    }
    event_add(h->event, NULL);
    return h;
}
