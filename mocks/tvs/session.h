/* One connection of a phone. A phone may send at any pace, send nothing, or never read: a
 * connection holds little, and ends when no whole request comes in time. Internal to the server. */
#ifndef MOCKS_TVS_SESSION_H
#define MOCKS_TVS_SESSION_H

#include "base/admission.h"
#include "mocks/tvs/responder.h"
#include <event2/event.h>
#include <sys/queue.h>

struct tvs_session; /* opaque */

/* What all connections of a server share. */
struct tvs_sessions {
    struct event_base *loop;
    SSL_CTX *tls;
    const struct tvs_config *config;
    struct tvs_responder responder;
    struct trace *trace;
    LIST_HEAD(, tvs_session) list;
    struct admission *admission;
    unsigned accepted;
};

/* Takes the connection, which may be closed before this returns. Owns fd. */
void tvs_session_begin(struct tvs_sessions *all, int fd, const struct sockaddr *address);
void tvs_sessions_end_all(struct tvs_sessions *all);

#endif
