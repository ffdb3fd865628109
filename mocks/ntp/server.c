/* Requests in, answers out. It must never answer what is not a client's request: an answer to an
 * answer would go back and forth between two servers for ever. */
#include "mocks/ntp/server.h"
#include "base/clock.h"
#include "base/datagram.h"
#include "base/events.h"
#include "base/log.h"
#include "base/owned.h"
#include "base/sntp_packet.h"
#include <inttypes.h>
#include <string.h>

enum { PRECISION_LOG2 = -20, HALF = SNTP_PACKET_BYTES / 2 };

struct ntp_server {
    const struct ntp_config *config;
    struct fault_set *faults;
    struct datagram_server *port;
    struct log *log;
};

/* One request on its way. */
struct request {
    struct sntp_packet packet;
    char peer[SOCKADDR_TEXT_MAX];
    const struct fault *fault; /* NULL: none */
    int64_t delay_us;
    int64_t received_us;
};

static void log_request(const struct ntp_server *s, const char *peer, const char *text) {
    char at[CLOCK_ISO_MAX];
    clock_iso(clock_wall_us(), at);
    log_line(s->log, "%s %s %s", at, peer, text);
}

static bool fault_is(const struct request *r, enum ntp_action action) {
    return r->fault != NULL && r->fault->action == (unsigned)action;
}

static void visit(const struct ntp_server *s, struct request *r) {
    struct fault_visit v = fault_visit(s->faults, AT_NTP_REQUEST, NULL);
    r->fault = v.fault;
    for (size_t i = 0; i < v.beside_count; i++)
        r->delay_us += v.beside[i]->value;
}

/* The time of the reference is that of the last whole minute: a server's own clock is set now and
 * then, not at each answer. */
static struct sntp_packet right_answer(const struct ntp_server *s, const struct request *r) {
    static const int64_t minute_us = INT64_C(60) * 1000000;
    int64_t offset = s->config->offset_us + (fault_is(r, NTP_OFFSET) ? r->fault->value : 0);
    int64_t received = r->received_us + offset;
    struct sntp_packet p = {
        .version = r->packet.version,
        .mode = SNTP_MODE_SERVER,
        .stratum = (uint8_t)s->config->stratum,
        .poll = r->packet.poll,
        .precision = PRECISION_LOG2,
        .root_delay = s->config->stratum == 1 ? 0 : 1,
        .root_dispersion = 1,
        .reference = sntp_timestamp(received - received % minute_us),
        .originate = r->packet.transmit,
        .receive = sntp_timestamp(received),
        .transmit = sntp_timestamp(clock_wall_us() + offset + r->delay_us),
    };
    /* Above stratum 1 it is the address of the server's own server. */
    memcpy(p.reference_id, s->config->stratum == 1 ? "LOCL" : "\x7f\0\0\1", 4);
    return p;
}

static void apply(const struct request *r, struct sntp_packet *p) {
    if (fault_is(r, NTP_KISS)) {
        p->leap = SNTP_LEAP_UNSYNCHRONISED;
        p->stratum = 0;
        memcpy(p->reference_id, r->fault->text, 4);
    } else if (fault_is(r, NTP_UNSYNCHRONISED)) {
        p->leap = SNTP_LEAP_UNSYNCHRONISED;
        p->stratum = SNTP_STRATUM_UNSYNCHRONISED;
    } else if (fault_is(r, NTP_ORIGINATE)) {
        p->originate = ~p->originate;
    }
}

static void tell(const struct ntp_server *s, const struct request *r, const struct sntp_packet *p) {
    AUTO_BUF text = BUF_INIT(256);
    buf_printf(&text, "stratum %u", p->stratum);
    if (s->config->offset_us != 0)
        buf_printf(&text, ", offset %+" PRId64 " s", s->config->offset_us / 1000000);
    if (r->fault != NULL) {
        buf_put_str(&text, ", fault: ");
        fault_put(r->fault, &text);
    }
    log_request(s, r->peer, buf_str(&text));
    if (!fault_is(r, NTP_SILENCE))
        event_message(NULL, "client", "NTP answer", "%s", buf_str(&text));
}

static void answer(const struct ntp_server *s, const struct request *r,
                   const struct datagram_peer *to) {
    uint8_t octets[SNTP_PACKET_BYTES];
    struct sntp_packet p = right_answer(s, r);
    apply(r, &p);
    tell(s, r, &p);
    if (fault_is(r, NTP_SILENCE))
        return;
    sntp_write(&p, octets);
    if (fault_is(r, NTP_GARBAGE))
        memset(octets, 0xff, sizeof octets);
    datagram_send(s->port, to, bytes_of(octets, fault_is(r, NTP_SHORT) ? HALF : sizeof octets),
                  r->delay_us);
}

static bool is_request(const struct sntp_packet *p) {
    return p->mode == SNTP_MODE_CLIENT && p->version >= 1 && p->version <= SNTP_VERSION;
}

static void on_packet(void *user, struct bytes octets, const struct datagram_peer *from) {
    struct ntp_server *s = user;
    struct request r = {.received_us = clock_wall_us()};
    struct err e = {0};
    sockaddr_text((const struct sockaddr *)&from->address, r.peer);
    if (sntp_read(octets, &r.packet, &e) != 0) {
        log_request(s, r.peer, e.text);
        return;
    }
    if (!is_request(&r.packet)) {
        log_request(s, r.peer, "not a client's request");
        return;
    }
    event_message("client", NULL, "NTP request", "version %u", r.packet.version);
    visit(s, &r);
    answer(s, &r, from);
}

struct ntp_server *ntp_server_new(struct event_base *loop, const struct ntp_config *config,
                                  struct fault_set *faults, struct err *e) {
    struct ntp_server *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    s->config = config;
    s->faults = faults;
    if (config->log == NULL || (s->log = log_open(config->log, e)) != NULL)
        s->port = datagram_server_new(loop, config->listen, on_packet, s, e);
    if (s->port != NULL)
        return s;
    ntp_server_free(s);
    return NULL;
}

void ntp_server_free(struct ntp_server *s) {
    if (s == NULL)
        return;
    datagram_server_free(s->port);
    log_close(s->log);
    free(s);
}

const char *ntp_server_address(const struct ntp_server *s) {
    return datagram_server_address(s->port);
}
