/* TVS's trace log, line by line as CUCM writes it (tvs-protocol.md 3, 5 and 6); its layout is that
 * of CAPF's trace. Peer text is escaped by the trace. A NULL trace writes nothing. */
#ifndef MOCKS_TVS_TVS_LOG_H
#define MOCKS_TVS_TVS_LOG_H

#include "capf/trace.h"
#include "mocks/tvs/store.h"
#include "mocks/tvs/tvs_wire.h"

/* One connection's part of the log: "8:UNKNOWN:...". The phone's name is in no captured line. */
struct tvs_log {
    struct trace *trace;
    unsigned n;
};

/* One text of the connection. */
void tvs_log_text(const struct tvs_log *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A frame that came in, and the message when it could be read (m NULL: it could not). */
void tvs_log_received(const struct tvs_log *l, struct bytes frame, const struct tvs_message *m);

/* What the store was asked for, and what it had (found NULL: nothing). */
void tvs_log_query(const struct tvs_log *l, const struct tvs_message *m,
                   const struct tvs_certificate *found);
void tvs_log_verify(const struct tvs_log *l, const X509 *asked,
                    const struct tvs_certificate *found);

/* The answer, and the octets that are sent for it. */
void tvs_log_sending(const struct tvs_log *l, const struct tvs_message *m, struct bytes octets);

#endif
