/* Zone, responder, and the two transports on one port. */
#include "mocks/dns/server.h"
#include "base/datagram.h"
#include "base/owned.h"
#include "mocks/dns/responder.h"
#include "mocks/dns/stream.h"
#include <string.h>

/* A free port for TCP may be somebody's for UDP: with port 0, another one is tried. */
enum { PORT_TRIES = 16 };

struct dns_server {
    struct event_base *loop;
    struct zone *zone;
    struct responder responder;
    struct datagram_server *udp;
    struct dns_stream *tcp;
};

static void on_packet(void *user, struct bytes octets, const struct datagram_peer *from) {
    const struct dns_server *s = user;
    AUTO_BUF answer = BUF_INIT(DNS_MESSAGE_MAX);
    char peer[SOCKADDR_TEXT_MAX];
    int64_t delay_us = 0;
    sockaddr_text((const struct sockaddr *)&from->address, peer);
    if (responder_answer(&s->responder, octets, DNS_UDP, peer, &answer, &delay_us))
        datagram_send(s->udp, from, buf_view(&answer), delay_us);
}

static int listen_both(struct dns_server *s, const char *where, struct err *e) {
    AUTO(char) address = NULL;
    int fd = listen_tcp(where, &address, e);
    if (fd < 0)
        return -1;
    s->udp = datagram_server_new(s->loop, address, on_packet, s, e);
    if (s->udp == NULL) {
        close(fd);
        return -1;
    }
    s->tcp = dns_stream_new(s->loop, fd, &s->responder, e);
    return s->tcp != NULL ? 0 : -1;
}

static int open_port(struct dns_server *s, const char *where, struct err *e) {
    AUTO(char) host = NULL;
    uint16_t port = 0;
    if (split_host_port(where, &host, &port, e) != 0)
        return -1;
    for (int i = 1; listen_both(s, where, e) != 0; i++)
        if (port != 0 || s->udp != NULL || i == PORT_TRIES)
            return -1;
    return 0;
}

static int start(struct dns_server *s, const struct dns_config *config, struct err *e) {
    if (config->log != NULL && (s->responder.log = log_open(config->log, e)) == NULL)
        return -1;
    s->zone = zone_new(config, e);
    s->responder.zone = s->zone;
    return s->zone != NULL ? open_port(s, config->listen, e) : -1;
}

struct dns_server *dns_server_new(struct event_base *loop, const struct dns_config *config,
                                  struct fault_set *faults, struct err *e) {
    struct dns_server *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    s->loop = loop;
    s->responder.faults = faults;
    if (start(s, config, e) == 0)
        return s;
    dns_server_free(s);
    return NULL;
}

void dns_server_free(struct dns_server *s) {
    if (s == NULL)
        return;
    dns_stream_free(s->tcp);
    datagram_server_free(s->udp);
    zone_free(s->zone);
    log_close(s->responder.log);
    free(s);
}

const char *dns_server_address(const struct dns_server *s) {
    return datagram_server_address(s->udp);
}
