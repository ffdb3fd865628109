/* From a request's octets to an answer's: what the store says, changed by the faults that apply
 * now. Knows nothing of sockets. Trace lines and two events a request. */
#ifndef MOCKS_TVS_RESPONDER_H
#define MOCKS_TVS_RESPONDER_H

#include "mocks/tvs/tvs_log.h"

struct tvs_responder {
    struct tvs_store *store;
    struct fault_set *faults;
    const X509 *own; /* the server's certificate, for other-certificate */
    uint32_t ttl;    /* seconds */
};

struct tvs_reply {
    struct buf octets; /* to be sent; none: nothing is said */
    int64_t delay_us;  /* so much later */
    bool close;        /* and then the connection is closed */
};
#define TVS_REPLY_INIT                                                                             \
    { .octets = BUF_INIT(TVS_FRAME_MAX) }

/* frame: as long as tvs_frame_length says. Adds to *reply. -1 TVS_FRAME, TVS_ELEMENT, ...: not a
 * request that can be answered, the connection is to be closed (tvs-protocol.md 6). */
int tvs_respond(const struct tvs_responder *r, const struct tvs_log *log, struct bytes frame,
                struct tvs_reply *reply, struct err *e);

#endif
