/* Puts libevent's view of a TLS stream's end into this code base's words. Owns nothing. */
#include "base/tls_stream.h"
#include "base/process.h"
#include <errno.h>
#include <event2/bufferevent_ssl.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { ADDRESS_MAX = 80 };

/* libevent 2.1.12 frees the SSL object when it fails, others do not: with a reference of our own it
 * is freed once in either case. */
struct bufferevent *tls_stream_new(struct event_base *loop, int fd, SSL *ssl,
                                   enum bufferevent_ssl_state state, int options, struct err *e) {
    /* libevent would go on with a BIO that it could not make. */
    if (fd >= 0 && SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        err_openssl(e, ERR_SYS_NOMEM, "no TLS stream");
        return NULL;
    }
    SSL_up_ref(ssl);
    struct bufferevent *stream =
        bufferevent_openssl_socket_new(loop, fd, ssl, state, options | BEV_OPT_CLOSE_ON_FREE);
    SSL_free(ssl);
    if (stream == NULL)
        err_set(e, ERR_SYS_NOMEM, "no TLS stream");
    return stream;
}

int tls_stream_connect(struct bufferevent *stream, const char *address, uint16_t port,
                       struct err *e) {
    const int one = 1;
    struct sockaddr_storage where = {0};
    int len = sizeof where;
    char text[ADDRESS_MAX];
    join_host_port(address, port, text, sizeof text);
    if (evutil_parse_sockaddr_port(text, (struct sockaddr *)(void *)&where, &len) != 0)
        return err_set(e, ERR_DNS_BAD_ANSWER, "%s: not an address", address);
    if (bufferevent_socket_connect(stream, (struct sockaddr *)(void *)&where, len) != 0)
        return err_errno(e, "%s", text);
    setsockopt(bufferevent_getfd(stream), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return 0;
}

enum err_code tcp_code_of_errno(int number) {
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

int tls_stream_failure(struct bufferevent *stream, short what, int number, const char *peer,
                       struct err *e) {
    unsigned long tls = bufferevent_get_openssl_error(stream);
    int system = failed_errno(tls, what, number);
    if (system != 0)
        err_set(e, tcp_code_of_errno(system), "%s: %s", peer, strerror(system));
    else if (ERR_GET_LIB(tls) != 0)
        err_set(e, ERR_TLS_HANDSHAKE, "%s: %s", peer, ERR_reason_error_string(tls));
    else
        err_set(e, ERR_TCP_CLOSED, "%s closed the connection", peer);
    ERR_clear_error();
    return -1;
}
