/* One query, one answer. Queries that cannot be read are answered with what is wrong with them, and
 * count for no fault. */
#include "mocks/dns/responder.h"
#include "base/clock.h"
#include "base/events.h"
#include "base/owned.h"
#include <arpa/inet.h>
#include <string.h>

enum { TEXT_MAX = 4096 };

/* One query on its way. */
struct exchange {
    enum dns_transport transport;
    const char *peer;
    struct dns_query query;
    struct dns_answer answer;
    struct dns_address wrong; /* the fault's */
    const struct fault *fault;
    int64_t delay_us;
};

static bool fault_is(const struct exchange *x, enum dns_action action) {
    return x->fault != NULL && x->fault->action == (unsigned)action;
}

static void visit(const struct responder *r, struct exchange *x) {
    struct fault_visit v = fault_visit(r->faults, AT_DNS_QUERY, x->query.name);
    x->fault = v.fault;
    for (size_t i = 0; i < v.beside_count; i++)
        x->delay_us += v.beside[i]->value;
}

static void apply_address(struct exchange *x) {
    struct dns_answer *a = &x->answer;
    uint32_t ttl = a->ttl;
    if (dns_address_read(x->fault->text, &x->wrong, NULL) == 0)
        *a = (struct dns_answer){.addresses = &x->wrong, .address_count = 1, .ttl = ttl};
}

static void apply(struct exchange *x) {
    static const struct {
        enum dns_action action;
        enum dns_rcode rcode;
    } rcodes[] = {{DNS_DO_NXDOMAIN, DNS_NXDOMAIN},
                  {DNS_DO_SERVFAIL, DNS_SERVFAIL},
                  {DNS_DO_REFUSED, DNS_REFUSED},
                  {DNS_DO_NODATA, DNS_NOERROR}};
    for (size_t i = 0; i < sizeof rcodes / sizeof rcodes[0]; i++)
        if (fault_is(x, rcodes[i].action))
            x->answer = (struct dns_answer){.rcode = rcodes[i].rcode};
    if (fault_is(x, DNS_DO_ADDRESS))
        apply_address(x);
    if (fault_is(x, DNS_DO_TRUNCATE) && x->transport == DNS_UDP)
        x->answer.truncated = true;
}

static void put_records(const struct exchange *x, struct buf *text) {
    const struct dns_answer *a = &x->answer;
    char digits[INET6_ADDRSTRLEN];
    for (size_t i = 0; i < a->alias_count; i++)
        buf_printf(text, " %s", a->aliases[i]);
    for (size_t i = 0; i < a->address_count; i++) {
        if (!dns_address_answers(&a->addresses[i], x->query.type))
            continue;
        int family = a->addresses[i].type == DNS_TYPE_A ? AF_INET : AF_INET6;
        buf_printf(text, " %s", inet_ntop(family, a->addresses[i].octets, digits, sizeof digits));
    }
}

static void put_result(const struct exchange *x, struct buf *text) {
    char word[DNS_WORD_MAX];
    dns_rcode_text(x->answer.rcode, word);
    buf_put_str(text, word);
    if (x->answer.truncated)
        buf_put_str(text, " truncated");
    else
        put_records(x, text);
    if (x->fault != NULL) {
        buf_put_str(text, ", fault: ");
        fault_put(x->fault, text);
    }
}

static void tell(const struct responder *r, const struct exchange *x) {
    AUTO_BUF result = BUF_INIT(TEXT_MAX);
    char at[CLOCK_ISO_MAX];
    char type[DNS_WORD_MAX];
    dns_type_text(x->query.type, type);
    put_result(x, &result);
    clock_iso(clock_wall_us(), at);
    log_line(r->log, "%s %s %s %s %s: %s", at, x->transport == DNS_UDP ? "udp" : "tcp", x->peer,
             x->query.name, type, buf_str(&result));
    if (!fault_is(x, DNS_DO_SILENCE))
        event_message(NULL, "client", "DNS answer", "%s %s: %s", x->query.name, type,
                      buf_str(&result));
}

static void tell_dropped(const struct responder *r, const struct exchange *x, const char *why) {
    char at[CLOCK_ISO_MAX];
    clock_iso(clock_wall_us(), at);
    log_line(r->log, "%s %s %s %s", at, x->transport == DNS_UDP ? "udp" : "tcp", x->peer, why);
}

static void resolve(const struct responder *r, struct exchange *x) {
    char type[DNS_WORD_MAX];
    dns_type_text(x->query.type, type);
    event_message("client", NULL, "DNS query", "%s %s", x->query.name, type);
    zone_answer(r->zone, x->query.name, x->query.type, &x->answer);
    visit(r, x);
    apply(x);
}

bool responder_answer(const struct responder *r, struct bytes octets, enum dns_transport transport,
                      const char *peer, struct buf *out, int64_t *delay_us) {
    struct exchange x = {.transport = transport, .peer = peer};
    struct err e = {0};
    int rcode = dns_query_read(octets, &x.query, &e);
    *delay_us = 0;
    if (rcode < 0) {
        tell_dropped(r, &x, e.text);
        return false;
    }
    x.answer.rcode = (unsigned)rcode;
    if (rcode == DNS_NOERROR)
        resolve(r, &x);
    tell(r, &x);
    *delay_us = x.delay_us;
    if (fault_is(&x, DNS_DO_SILENCE))
        return false;
    if (fault_is(&x, DNS_DO_GARBAGE)) {
        dns_garbage_write(&x.query, out);
        return true;
    }
    size_t limit = transport == DNS_UDP ? x.query.payload : DNS_MESSAGE_MAX;
    return dns_answer_write(&x.query, &x.answer, limit, out, &e) == 0;
}
