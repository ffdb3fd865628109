/* From a query's octets to an answer's: what the zone says, changed by the faults that apply now.
 * Knows nothing of sockets. One log line and two events a query. */
#ifndef MOCKS_DNS_RESPONDER_H
#define MOCKS_DNS_RESPONDER_H

#include "base/bytes.h"
#include "base/log.h"
#include "mocks/dns/zone.h"

struct responder {
    const struct zone *zone;
    struct fault_set *faults;
    struct log *log; /* NULL: none */
};

enum dns_transport { DNS_UDP, DNS_TCP };

/* Appends the answer to out (at least DNS_MESSAGE_MAX octets); *delay_us says how much later it is
 * to be sent. False: there is none. peer is for the log. */
bool responder_answer(const struct responder *r, struct bytes octets, enum dns_transport transport,
                      const char *peer, struct buf *out, int64_t *delay_us);

#endif
