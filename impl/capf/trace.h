/* CAPF's trace log, line by line as in seed 1 (headings "CAPF start in the CAPF log" and "LSC
 * installation") and capf-protocol.md 9.3:
 *
 *     14:05:04.628 |-->debug
 *     14:05:04.628 |   debug 2:SEP74A02FC0A675:CA Mode is OnlineCA, Initiating Automatic ...
 *     14:05:04.628 |<--debug
 *     12:31:03.358 |-->CServiceParameters::OnlineCAInit()
 *     12:31:03.388 |   CServiceParameters::OnlineCAInit() Online CA hostname is lab-dc.michamen.com
 *     12:31:03.546 |<--CServiceParameters::OnlineCAInit()
 *
 * Stamps are UTC in component time. Peer text is escaped here; secrets must not be passed in. A
 * NULL trace writes nothing. */
#ifndef CAPF_TRACE_H
#define CAPF_TRACE_H

#include "base/bytes.h"
#include "base/err.h"

enum { TRACE_SCOPE_MAX = 77 }; /* longer scopes are cut, as the seed's Map... lines are */

struct trace; /* opaque */

/* Appends to path. NULL with e set. */
struct trace *trace_open(const char *path, struct err *e);
void trace_close(struct trace *t);

/* The three lines of a debug text, in one write. */
void trace_debug(struct trace *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same with the session's prefix "N:DEVICE:"; device NULL reads UNKNOWN. */
void trace_session(struct trace *t, unsigned n, const char *device, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Function scopes. */
void trace_enter(struct trace *t, const char *scope);
void trace_in(struct trace *t, const char *scope, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void trace_leave(struct trace *t, const char *scope);

/* Each line of text (as the message dumps make them) as one debug text. */
void trace_lines(struct trace *t, struct bytes text);

/* Appends v as a C string would print it: up to the first NUL, bytes outside ASCII as \xHH. */
void trace_binary(struct buf *out, struct bytes v);

#endif
