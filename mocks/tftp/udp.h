/* TFTP over UDP (RFC 1350): requests on one port, each transfer on a port of its own, its transfer
 * identifier. */
#ifndef MOCKS_TFTP_UDP_H
#define MOCKS_TFTP_UDP_H

#include "mocks/tftp/service.h"
#include <event2/event.h>

struct tftp_udp; /* opaque */

/* Listens on service->config->listen. service must outlive it. NULL with e set. */
struct tftp_udp *tftp_udp_new(struct event_base *loop, const struct service *service,
                              struct err *e);
void tftp_udp_free(struct tftp_udp *u); /* ends what is under way */
const char *tftp_udp_address(const struct tftp_udp *u);
size_t tftp_udp_transfers(const struct tftp_udp *u); /* under way */

#endif
