/* Listening sockets and the spelling of addresses. Names are not looked up here: a daemon listens
 * on addresses. */
#include "base/owned.h"
#include "base/process.h"
#include <arpa/inet.h>
#include <errno.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { HOST_MAX = 255 };

static bool parse_port(const char *text, uint16_t *port) {
    unsigned value = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != '\0')
        return false;
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (unsigned)(text[i] - '0');
    *port = (uint16_t)value;
    return value <= UINT16_MAX;
}

/* The host's part of text and what stands behind it (":PORT"). */
static const char *host_part(const char *text, const char **host, size_t *len) {
    if (*text == '[') {
        *host = text + 1;
        *len = strcspn(*host, "]");
        return (*host)[*len] == ']' ? *host + *len + 1 : NULL;
    }
    *host = text;
    *len = strcspn(text, ":");
    return text + *len;
}

int split_host_port(const char *text, char **host, uint16_t *port, struct err *e) {
    const char *start = NULL;
    size_t len = 0;
    const char *rest = host_part(text, &start, &len);
    bool fits = rest != NULL && len > 0 && len <= HOST_MAX && *rest == ':';
    if (!fits || !parse_port(rest + 1, port))
        return err_set(e, ERR_ARG_USAGE, "\"%.300s\" is not HOST:PORT", text);
    *host = strndup(start, len);
    return *host != NULL ? 0 : err_set(e, ERR_SYS_NOMEM, "%s", text);
}

void join_host_port(const char *host, uint16_t port, char *out, size_t size) {
    bool colons = strchr(host, ':') != NULL;
    snprintf(out, size, colons ? "[%s]:%u" : "%s:%u", host, (unsigned)port);
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage storage;
};

/* The length of the address, or 0 when host is none. */
static socklen_t numeric_address(const char *host, uint16_t port, union address *a) {
    const char *digits = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    memset(a, 0, sizeof *a);
    if (inet_pton(AF_INET, digits, &a->v4.sin_addr) == 1) {
        a->v4.sin_family = AF_INET;
        a->v4.sin_port = htons(port);
        return sizeof a->v4;
    }
    if (inet_pton(AF_INET6, digits, &a->v6.sin6_addr) == 1) {
        a->v6.sin6_family = AF_INET6;
        a->v6.sin6_port = htons(port);
        return sizeof a->v6;
    }
    return 0;
}

void sockaddr_text(const struct sockaddr *address, char out[SOCKADDR_TEXT_MAX]) {
    char digits[INET6_ADDRSTRLEN] = "";
    union address a = {0};
    out[0] = '\0';
    if (address->sa_family == AF_INET) {
        memcpy(&a.v4, address, sizeof a.v4);
        inet_ntop(AF_INET, &a.v4.sin_addr, digits, sizeof digits);
        snprintf(out, SOCKADDR_TEXT_MAX, "%s:%u", digits, (unsigned)ntohs(a.v4.sin_port));
    } else if (address->sa_family == AF_INET6) {
        memcpy(&a.v6, address, sizeof a.v6);
        inet_ntop(AF_INET6, &a.v6.sin6_addr, digits, sizeof digits);
        snprintf(out, SOCKADDR_TEXT_MAX, "[%s]:%u", digits, (unsigned)ntohs(a.v6.sin6_port));
    }
}

static char *bound_address(int fd) {
    union address a = {0};
    socklen_t len = sizeof a;
    char text[SOCKADDR_TEXT_MAX];
    if (getsockname(fd, &a.any, &len) != 0)
        return NULL;
    sockaddr_text(&a.any, text);
    return strdup(text);
}

static int bind_to(int fd, const union address *a, socklen_t len, int kind, bool listens) {
    const int on = 1;
    /* A datagram port that somebody else has is not shared with them. */
    if (kind == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return -1;
    if (bind(fd, &a->any, len) != 0)
        return -1;
    return listens ? listen(fd, SOMAXCONN) : 0;
}

static int open_at(const char *where, int kind, bool listens, char **address, struct err *e) {
    AUTO(char) host = NULL;
    uint16_t port = 0;
    union address a;
    if (split_host_port(where, &host, &port, e) != 0)
        return -1;
    socklen_t len = numeric_address(host, port, &a);
    if (len == 0)
        return err_set(e, ERR_ARG_USAGE, "%s: \"%s\" is not an address to listen on", where, host);
    AUTO_FD fd = socket(a.any.sa_family, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind_to(fd, &a, len, kind, listens) != 0)
        return err_errno(e, "listen on %s", where);
    *address = bound_address(fd);
    if (*address == NULL)
        return err_errno(e, "listen on %s", where);
    int listening = fd;
    fd = -1;
    return listening;
}

int listen_tcp(const char *where, char **address, struct err *e) {
    return open_at(where, SOCK_STREAM, true, address, e);
}

int listen_udp(const char *where, char **address, struct err *e) {
    return open_at(where, SOCK_DGRAM, false, address, e);
}

struct evconnlistener *listener_new(struct event_base *loop, int fd,
                                    void (*accepted)(struct evconnlistener *, evutil_socket_t,
                                                     struct sockaddr *, int, void *),
                                    void *user) {
    enum { OPTIONS = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_DISABLED };
    struct evconnlistener *listener = evconnlistener_new(loop, accepted, user, OPTIONS, 0, fd);
    if (listener == NULL) {
        close(fd);
        return NULL;
    }
    if (evconnlistener_enable(listener) == 0)
        return listener;
    evconnlistener_free(listener);
    return NULL;
}

int reserve_tcp(const char *where, char **address, struct err *e) {
    return open_at(where, SOCK_STREAM, false, address, e);
}
