/* The web server: connections, logon, routes, replies, the W3C log and events. */
#ifndef MOCKS_CERTSRV_SERVER_H
#define MOCKS_CERTSRV_SERVER_H

#include "mocks/certsrv/ca.h"
#include "mocks/certsrv/config.h"
#include "mocks/fault/fault.h"
#include <event2/event.h>

struct certsrv_server; /* opaque */

struct certsrv_setup {
    const struct certsrv_config *config; /* certificate and key are set */
    const struct accounts *accounts;
    const struct templates *templates;
    struct ca *ca;
    struct fault_set *faults; /* NULL: none */
};

/* Everything in setup must outlive the server. NULL with e set. */
struct certsrv_server *certsrv_server_new(struct event_base *loop,
                                          const struct certsrv_setup *setup, struct err *e);
void certsrv_server_free(struct certsrv_server *s);
const char *certsrv_server_address(const struct certsrv_server *s);

#endif
