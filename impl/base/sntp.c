/* One exchange with an NTP server. The socket is connected, so that the kernel keeps packets from
 * elsewhere away; the transmit timestamp is a random number that only the server's answer can
 * repeat, and the real one stays here. An answer that fails that is dropped and the wait goes on:
 * whoever sends forgeries must not be able to end the exchange either. */
#include "base/sntp.h"
#include "base/clock.h"
#include "base/owned.h"
#include "base/process.h"
#include "base/random.h"
#include "base/resolver.h"
#include "base/sntp_packet.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { ANSWER_MAX = 1024, ANSWERS_A_TURN = 16 };

/* A look-up that may outlast the query it was made for. */
struct lookup {
    struct sntp *owner; /* NULL: nobody waits any more */
};

struct sntp {
    struct event_base *loop;
    struct resolver *resolver;
    char *host;
    uint16_t port;
    int64_t timeout_us;
    sntp_fn *fn;
    void *user;
    struct timer *deadline;
    struct lookup *lookup; /* under way */
    int fd;                /* -1: no request is out */
    struct event *readable;
    uint64_t sent, left;  /* the request's transmit timestamp, and when it really left */
    struct err discarded; /* why the last answer was not taken */
};

static void forget_lookup(struct sntp *s) {
    if (s->lookup != NULL)
        s->lookup->owner = NULL;
    s->lookup = NULL;
}

static void end_exchange(struct sntp *s) {
    forget_lookup(s);
    timer_stop(s->deadline);
    if (s->readable != NULL)
        event_free(s->readable);
    s->readable = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

/* fn may free s. */
static void fail(struct sntp *s, const struct err *why) {
    const struct err e = *why;
    end_exchange(s);
    s->fn(s->user, 0, &e);
}

static void on_deadline(void *user) {
    struct sntp *s = user;
    struct err e = {0};
    if (s->lookup != NULL)
        err_set(&e, ERR_DNS_TIMEOUT, "%s: not resolved in time", s->host);
    else if (s->discarded.code != ERR_OK)
        e = s->discarded;
    else
        err_set(&e, ERR_NTP_NO_ANSWER, NULL);
    fail(s, &e);
}

static bool is_plausible(int64_t offset_us, struct err *e) {
    static const int64_t year_10000_us = INT64_C(253402300800) * 1000000;
    int64_t now = clock_wall_us() + offset_us;
    if (now >= 0 && now < year_10000_us)
        return true;
    err_set(e, ERR_NTP_BAD_ANSWER, "a time before 1970 or behind 9999");
    return false;
}

/* Whether the exchange is over with this packet. */
static bool take_answer(struct sntp *s, struct bytes octets) {
    uint64_t came = sntp_timestamp(clock_wall_us());
    struct sntp_packet answer;
    struct err e = {0};
    if (sntp_read(octets, &answer, &s->discarded) != 0 ||
        sntp_is_for(&answer, s->sent, &s->discarded) != 0)
        return false;
    int64_t offset = sntp_offset_us(&answer, s->left, came);
    if (sntp_is_usable(&answer, &e) != 0 || !is_plausible(offset, &e)) {
        fail(s, &e);
        return true;
    }
    end_exchange(s);
    s->fn(s->user, offset, NULL);
    return true;
}

static void on_readable(evutil_socket_t fd, short what, void *user) {
    struct sntp *s = user;
    uint8_t packet[ANSWER_MAX];
    (void)what;
    for (int i = 0; i < ANSWERS_A_TURN; i++) {
        ssize_t n = recv(fd, packet, sizeof packet, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n < 0) { /* nobody listens there, say the network's own messages */
            struct err e = {0};
            err_set(&e, ERR_NTP_NO_ANSWER, "%s", strerror(errno));
            fail(s, &e);
            return;
        }
        if (take_answer(s, bytes_of(packet, (size_t)n)))
            return;
    }
}

static int connect_to(struct sntp *s, const char *address, struct err *e) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } to = {.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(s->port)}};
    socklen_t len = sizeof to.v6;
    if (inet_pton(AF_INET6, address, &to.v6.sin6_addr) != 1) {
        to.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(s->port)};
        len = sizeof to.v4;
        inet_pton(AF_INET, address, &to.v4.sin_addr);
    }
    s->fd = socket(to.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0 || connect(s->fd, &to.any, len) != 0)
        return err_set(e, ERR_NTP_NO_ANSWER, "%s", strerror(errno));
    s->readable = event_new(s->loop, s->fd, EV_READ | EV_PERSIST, on_readable, s);
    if (s->readable == NULL || event_add(s->readable, NULL) != 0)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    return 0;
}

static int send_request(struct sntp *s, struct err *e) {
    uint8_t octets[SNTP_PACKET_BYTES];
    if (random_bytes(&s->sent, sizeof s->sent, e) != 0)
        return -1;
    const struct sntp_packet request = {
        .version = SNTP_VERSION, .mode = SNTP_MODE_CLIENT, .transmit = s->sent};
    sntp_write(&request, octets);
    s->left = sntp_timestamp(clock_wall_us());
    if (send(s->fd, octets, sizeof octets, 0) != (ssize_t)sizeof octets)
        return err_set(e, ERR_NTP_NO_ANSWER, "%s", strerror(errno));
    return 0;
}

static void on_address(void *user, const char *const *addresses, const struct err *failure) {
    struct lookup *lookup = user;
    struct sntp *s = lookup->owner;
    struct err e = {0};
    free(lookup);
    if (s == NULL)
        return;
    s->lookup = NULL;
    if (addresses == NULL)
        err_set(&e, failure->code, "%s: %s", s->host, failure->text);
    else if (connect_to(s, addresses[0], &e) == 0 && send_request(s, &e) == 0)
        return;
    fail(s, &e);
}

void sntp_query(struct sntp *s) {
    if (s->lookup != NULL || s->fd >= 0)
        return;
    s->discarded = (struct err){0};
    s->lookup = calloc(1, sizeof *s->lookup);
    if (s->lookup == NULL) {
        struct err e = {.code = ERR_SYS_NOMEM};
        fail(s, &e);
        return;
    }
    s->lookup->owner = s;
    timer_start(s->deadline, s->timeout_us);
    resolver_lookup(s->resolver, s->host, on_address, s->lookup);
}

/* Without a port it is NTP's own. */
static int take_server(struct sntp *s, const char *server, struct err *e) {
    AUTO(char) with_port = NULL;
    if (split_host_port(server, &s->host, &s->port, NULL) == 0)
        return 0;
    if (asprintf(&with_port, "%s:%d", server, SNTP_PORT) < 0)
        with_port = NULL;
    if (with_port == NULL || split_host_port(with_port, &s->host, &s->port, e) != 0)
        return err_set(e, ERR_CONFIG_BAD_VALUE, "ntp: server: \"%.200s\" is not HOST[:PORT]",
                       server);
    return 0;
}

struct sntp *sntp_new(struct event_base *loop, struct resolver *resolver, const char *server,
                      int64_t timeout_us, sntp_fn *fn, void *user, struct err *e) {
    struct sntp *s = calloc(1, sizeof *s);
    if (s == NULL || (s->deadline = timer_new(loop, on_deadline, s)) == NULL) {
        free(s);
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    s->loop = loop;
    s->resolver = resolver;
    s->timeout_us = timeout_us;
    s->fn = fn;
    s->user = user;
    s->fd = -1;
    if (take_server(s, server, e) == 0)
        return s;
    sntp_free(s);
    return NULL;
}

void sntp_free(struct sntp *s) {
    if (s == NULL)
        return;
    end_exchange(s);
    timer_free(s->deadline);
    free(s->host);
    free(s);
}
