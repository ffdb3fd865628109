/* Sockets and timers of transfers; what is sent is decided by session.c. It must never let one
 * address take all transfers, nor end a transfer because of what a stranger sent. */
#include "mocks/tftp/udp.h"
#include "base/clock.h"
#include "base/datagram.h"
#include "base/owned.h"
#include "mocks/tftp/session.h"
#include <arpa/inet.h>
#include <string.h>
#include <sys/queue.h>

enum { NETASCII_MAX = 2 * FILES_MAX, REPLY_MAX = 600, DETAIL_MAX = 256 };

struct transfer {
    LIST_ENTRY(transfer) link;
    struct tftp_udp *udp;
    struct datagram_server *port;
    struct timer *timer;
    struct datagram_peer peer;
    char peer_text[SOCKADDR_TEXT_MAX];
    uint8_t packet[TFTP_REQUEST_MAX]; /* the request, to know it when it comes again */
    size_t packet_len;
    struct tftp_request request;
    struct offer offer;
    struct buf netascii; /* the content, when the mode is that */
    struct tftp_session session;
    bool started;  /* the first packet was sent */
    bool finished; /* waits for the loop, to be freed outside of its socket's callback */
};
LIST_HEAD(transfer_list, transfer);

struct tftp_udp {
    struct event_base *loop;
    const struct service *service;
    struct datagram_server *port;
    char *own_ports; /* "HOST:0": where transfers listen */
    struct transfer_list transfers;
    size_t count;
};

static const char *mode_of(const struct tftp_request *r) {
    return r->netascii ? "netascii" : "octet";
}

static void transfer_free(struct transfer *t) {
    LIST_REMOVE(t, link);
    t->udp->count--;
    timer_free(t->timer);
    datagram_server_free(t->port);
    buf_free(&t->netascii);
    offer_free(&t->offer);
    free(t);
}

static void log_end(const struct transfer *t, const char *why) {
    const struct tftp_session *s = &t->session;
    service_log(t->udp->service, "tftp", t->peer_text, t->request.name, &t->offer,
                "%s, %zu octets, %llu of %llu blocks of %zu, %llu sent again%s%s",
                mode_of(&t->request), s->content.len, (unsigned long long)s->acknowledged,
                (unsigned long long)tftp_session_blocks(s), s->block_size,
                (unsigned long long)s->sent_again, why != NULL ? "; " : "", why != NULL ? why : "");
}

static void finish(struct transfer *t, const char *why) {
    log_end(t, why);
    t->finished = true;
    timer_start(t->timer, 0);
}

static void send_packet(const struct transfer *t, const struct buf *out) {
    if (out->len > 0)
        datagram_send(t->port, &t->peer, buf_view(out), 0);
}

static void go_on(struct transfer *t, enum tftp_progress progress, const struct buf *out,
                  const struct err *e) {
    if (progress == TFTP_WAITS)
        return;
    send_packet(t, out);
    if (progress == TFTP_SENDS)
        timer_start(t->timer, tftp_session_wait_us(&t->session));
    else
        finish(t, progress == TFTP_FAILED ? e->text : NULL);
}

/* No length: that of EC signatures differs from run to run, and events are compared. */
static void tell_start(const struct transfer *t) {
    char detail[DETAIL_MAX];
    snprintf(detail, sizeof detail, "%s, blocks of %zu", mode_of(&t->request),
             t->session.block_size);
    offer_tell(&t->offer, "TFTP DATA", t->request.name, detail);
}

static struct tftp_damage damage_of(const struct offer *o) {
    struct tftp_damage damage = {0};
    if (offer_fault_is(o, TFTP_DO_DROP_BLOCK))
        damage.drop = (uint64_t)o->fault->value;
    if (offer_fault_is(o, TFTP_DO_STALL))
        damage.stall = (uint64_t)o->fault->value;
    return damage;
}

static void begin(struct transfer *t) {
    AUTO_BUF out = BUF_INIT(TFTP_PACKET_MAX);
    const struct tftp_config *c = t->udp->service->config;
    const struct tftp_limits limits = {.block_size = (unsigned)c->block_size,
                                       .timeout_us = c->timeout_us,
                                       .tries = (unsigned)c->tries};
    const struct tftp_damage damage = damage_of(&t->offer);
    struct bytes content = buf_view(t->request.netascii ? &t->netascii : &t->offer.content);
    tftp_session_start(&t->session, &t->request, content, &limits, &damage, &out);
    t->started = true;
    tell_start(t);
    go_on(t, TFTP_SENDS, &out, NULL);
}

static void on_timer(void *user) {
    struct transfer *t = user;
    AUTO_BUF out = BUF_INIT(TFTP_PACKET_MAX);
    struct err e = {0};
    if (t->finished)
        transfer_free(t);
    else if (!t->started)
        begin(t);
    else
        go_on(t, tftp_session_timeout(&t->session, &out, &e), &out, &e);
}

static bool same_peer(const struct datagram_peer *a, const struct datagram_peer *b) {
    char text[2][SOCKADDR_TEXT_MAX];
    sockaddr_text((const struct sockaddr *)&a->address, text[0]);
    sockaddr_text((const struct sockaddr *)&b->address, text[1]);
    return strcmp(text[0], text[1]) == 0;
}

/* A stranger is told so, and disturbs nothing (RFC 1350 section 4). */
static void refuse_stranger(const struct transfer *t, struct bytes packet,
                            const struct datagram_peer *from) {
    AUTO_BUF out = BUF_INIT(REPLY_MAX);
    if (!tftp_may_answer(packet))
        return;
    tftp_put_error(&out, TFTP_ERROR_UNKNOWN_ID, tftp_error_text(TFTP_ERROR_UNKNOWN_ID));
    datagram_send(t->port, from, buf_view(&out), 0);
}

static void on_transfer_packet(void *user, struct bytes packet, const struct datagram_peer *from) {
    struct transfer *t = user;
    AUTO_BUF out = BUF_INIT(TFTP_PACKET_MAX);
    struct err e = {0};
    if (!same_peer(from, &t->peer))
        refuse_stranger(t, packet, from);
    else if (t->started && !t->finished)
        go_on(t, tftp_session_packet(&t->session, packet, &out, &e), &out, &e);
}

/* --- requests --- */

/* A request on its way to a transfer or an error. */
struct incoming {
    struct tftp_udp *udp;
    struct bytes packet;
    const struct datagram_peer *from;
    char peer_text[SOCKADDR_TEXT_MAX];
    struct tftp_request request;
};

static void answer_error(const struct incoming *in, unsigned code, const char *text,
                         int64_t delay_us) {
    AUTO_BUF out = BUF_INIT(REPLY_MAX);
    tftp_put_error(&out, code, text);
    datagram_send(in->udp->port, in->from, buf_view(&out), delay_us);
}

/* The text that a client gets never says more than the code; the log does. */
static void refuse(const struct incoming *in, const struct offer *o, unsigned code,
                   const struct err *why) {
    const char *name = in->request.name[0] != '\0' ? in->request.name : "-";
    service_log(in->udp->service, "tftp", in->peer_text, name, o, "error %u, %s", code, why->text);
    if (o != NULL) {
        char detail[DETAIL_MAX];
        snprintf(detail, sizeof detail, "%u %s", code, tftp_error_text(code));
        offer_tell(o, "TFTP ERROR", name, detail);
    }
    answer_error(in, code, tftp_error_text(code), o != NULL ? o->delay_us : 0);
}

static bool is_repeated(const struct incoming *in) {
    const struct transfer *t;
    LIST_FOREACH(t, &in->udp->transfers, link) {
        if (!t->finished && t->session.acknowledged == 0 && same_peer(&t->peer, in->from) &&
            bytes_equal(bytes_of(t->packet, t->packet_len), in->packet))
            return true;
    }
    return false;
}

static bool same_address(const char *a, const char *b) {
    size_t len = (size_t)(strrchr(a, ':') - a);
    return strncmp(a, b, len + 1) == 0;
}

static bool is_busy(const struct incoming *in) {
    const struct tftp_config *c = in->udp->service->config;
    const struct transfer *t;
    int64_t from_here = 0;
    LIST_FOREACH(t, &in->udp->transfers, link) {
        if (same_address(t->peer_text, in->peer_text))
            from_here++;
    }
    return (int64_t)in->udp->count >= c->transfers_max || from_here >= c->transfers_per_address_max;
}

/* The transfer owns what is offered; NULL with e set, and the offer as it was. */
static struct transfer *transfer_new(const struct incoming *in, struct offer *offer,
                                     struct err *e) {
    struct tftp_udp *u = in->udp;
    struct transfer *t = calloc(1, sizeof *t);
    if (t == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    LIST_INSERT_HEAD(&u->transfers, t, link);
    u->count++;
    t->udp = u;
    t->peer = *in->from;
    memcpy(t->peer_text, in->peer_text, sizeof t->peer_text);
    memcpy(t->packet, in->packet.data, in->packet.len); /* was read as a request: it fits */
    t->packet_len = in->packet.len;
    t->request = in->request;
    t->netascii = (struct buf)BUF_INIT(NETASCII_MAX);
    t->port = datagram_server_new(u->loop, u->own_ports, on_transfer_packet, t, e);
    t->timer = timer_new(u->loop, on_timer, t);
    if (t->port != NULL && t->timer != NULL) {
        t->offer = *offer;
        *offer = (struct offer){0};
        return t;
    }
    if (t->port != NULL)
        err_set(e, ERR_SYS_NOMEM, NULL);
    transfer_free(t);
    return NULL;
}

static void start_transfer(const struct incoming *in, struct offer *offer) {
    struct err e = {0};
    struct transfer *t = transfer_new(in, offer, &e);
    if (t == NULL) {
        refuse(in, offer, TFTP_ERROR_UNDEFINED, &e);
        return;
    }
    if (t->request.netascii)
        tftp_put_netascii(&t->netascii, buf_view(&t->offer.content));
    if (t->offer.delay_us > 0)
        timer_start(t->timer, t->offer.delay_us);
    else
        begin(t);
}

static void serve(const struct incoming *in, struct offer *offer) {
    if (offer_fault_is(offer, TFTP_DO_SILENCE))
        service_log(in->udp->service, "tftp", in->peer_text, in->request.name, offer, "no answer");
    else if (offer_fault_is(offer, TFTP_DO_ERROR))
        refuse(in, offer, (unsigned)offer->fault->value, &(struct err){.text = "as asked for"});
    else if (offer->e.code != ERR_OK)
        refuse(in, offer, tftp_error_of(offer->e.code), &offer->e);
    else
        start_transfer(in, offer);
}

static void on_request(const struct incoming *in) {
    struct offer offer;
    struct err e = {0};
    if (is_repeated(in))
        return;
    if (is_busy(in)) {
        err_set(&e, ERR_SYS_LIMIT, "too many transfers");
        refuse(in, NULL, TFTP_ERROR_UNDEFINED, &e);
        return;
    }
    const struct ask ask = {AT_TFTP_REQUEST, "TFTP RRQ", in->request.name, NULL};
    service_look_up(in->udp->service, &ask, &offer);
    serve(in, &offer);
    offer_free(&offer);
}

static void on_packet(void *user, struct bytes packet, const struct datagram_peer *from) {
    struct incoming in = {.udp = user, .packet = packet, .from = from};
    struct err e = {0};
    sockaddr_text((const struct sockaddr *)&from->address, in.peer_text);
    if (tftp_request_read(packet, &in.request, &e) == 0)
        on_request(&in);
    else if (tftp_may_answer(packet))
        refuse(&in, NULL, tftp_error_of(e.code), &e);
    else
        service_log(in.udp->service, "tftp", in.peer_text, "-", NULL, "%s", e.text);
}

static int start(struct tftp_udp *u, struct err *e) {
    const char *where = u->service->config->listen;
    AUTO(char) host = NULL;
    uint16_t port = 0;
    if (split_host_port(where, &host, &port, e) != 0)
        return -1;
    char own[SOCKADDR_TEXT_MAX];
    join_host_port(host, 0, own, sizeof own);
    u->own_ports = strdup(own);
    if (u->own_ports == NULL)
        return err_set(e, ERR_SYS_NOMEM, "%s", where);
    u->port = datagram_server_new(u->loop, where, on_packet, u, e);
    return u->port != NULL ? 0 : -1;
}

struct tftp_udp *tftp_udp_new(struct event_base *loop, const struct service *service,
                              struct err *e) {
    struct tftp_udp *u = calloc(1, sizeof *u);
    if (u == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    u->loop = loop;
    u->service = service;
    LIST_INIT(&u->transfers);
    if (start(u, e) == 0)
        return u;
    tftp_udp_free(u);
    return NULL;
}

void tftp_udp_free(struct tftp_udp *u) {
    if (u == NULL)
        return;
    while (!LIST_EMPTY(&u->transfers))
        transfer_free(LIST_FIRST(&u->transfers));
    datagram_server_free(u->port);
    free(u->own_ports);
    free(u);
}

const char *tftp_udp_address(const struct tftp_udp *u) {
    return datagram_server_address(u->port);
}

size_t tftp_udp_transfers(const struct tftp_udp *u) {
    return u->count;
}
