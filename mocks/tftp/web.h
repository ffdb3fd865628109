/* The same files over HTTP, as phones ask for them first: GET /NAME on port 6970
 * (phone-behaviour.md 1). */
#ifndef MOCKS_TFTP_WEB_H
#define MOCKS_TFTP_WEB_H

#include "mocks/tftp/service.h"
#include <event2/event.h>

struct tftp_web; /* opaque */

/* Listens on service->config->http. service must outlive it. NULL with e set. */
struct tftp_web *tftp_web_new(struct event_base *loop, const struct service *service,
                              struct err *e);
void tftp_web_free(struct tftp_web *w);
const char *tftp_web_address(const struct tftp_web *w);

#endif
