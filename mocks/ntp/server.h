/* SNTP server (RFC 4330 section 6): answers client requests with the process' clock, and with
 * faults where they are asked for. One log line and two events a request. */
#ifndef MOCKS_NTP_SERVER_H
#define MOCKS_NTP_SERVER_H

#include "mocks/ntp/config.h"
#include <event2/event.h>

struct ntp_server; /* opaque */

/* config and faults must outlive the server. NULL with e set. */
struct ntp_server *ntp_server_new(struct event_base *loop, const struct ntp_config *config,
                                  struct fault_set *faults, struct err *e);
void ntp_server_free(struct ntp_server *s);
const char *ntp_server_address(const struct ntp_server *s);

#endif
