/* The file service of a cluster: CUCM's Cisco TFTP, over TFTP and HTTP. */
#ifndef MOCKS_TFTP_SERVER_H
#define MOCKS_TFTP_SERVER_H

#include "mocks/tftp/config.h"
#include <event2/event.h>

struct tftp_server; /* opaque */

/* Builds the trust lists, then listens. config and faults (may be NULL) must outlive the server.
 * NULL with e set: as files_new, SYS_IO for an address or a log. */
struct tftp_server *tftp_server_new(struct event_base *loop, const struct tftp_config *config,
                                    struct fault_set *faults, struct err *e);
void tftp_server_free(struct tftp_server *s);
const char *tftp_server_address(const struct tftp_server *s);      /* of TFTP */
const char *tftp_server_http_address(const struct tftp_server *s); /* of HTTP */

#endif
