/* The TVS server: TLS on one port, several requests a connection (tvs-protocol.md 1). */
#ifndef MOCKS_TVS_SERVER_H
#define MOCKS_TVS_SERVER_H

#include "mocks/tvs/config.h"
#include <event2/event.h>

struct tvs_server; /* opaque */

/* config and faults must outlive the server. NULL: TLS_CONFIG, X509_PARSE, SYS_IO, CONFIG_BAD_VALUE
 * (a role, an argument of a fault). */
struct tvs_server *tvs_server_new(struct event_base *loop, const struct tvs_config *config,
                                  struct fault_set *faults, struct err *e);
void tvs_server_free(struct tvs_server *s);
const char *tvs_server_address(const struct tvs_server *s);

#endif
