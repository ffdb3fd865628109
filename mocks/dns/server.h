/* The DNS server: one port for UDP and TCP. */
#ifndef MOCKS_DNS_SERVER_H
#define MOCKS_DNS_SERVER_H

#include "mocks/dns/config.h"
#include <event2/event.h>

struct dns_server; /* opaque */

/* config and faults must outlive the server. NULL with e set. */
struct dns_server *dns_server_new(struct event_base *loop, const struct dns_config *config,
                                  struct fault_set *faults, struct err *e);
void dns_server_free(struct dns_server *s);
const char *dns_server_address(const struct dns_server *s);

#endif
