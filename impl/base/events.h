/* events.ndjson: one JSON line for each message that crosses between two components, from which the
 * time line and sequence charts are drawn.
 *
 * The serving side of a protocol writes both directions, so that each message stands there once:
 * CAPF the CAPF messages, the RA the EST ones, certsrv the HTTP ones. Whoever acts alone (a phone's
 * status message) writes an event from itself to itself.
 *
 *     {"at":"2026-11-21T10:00:00.000000Z","mono":123,"actor":"capf","from":"SEP74A02FC0A675",
 *      "to":"capf","what":"AUTH_RES","detail":"version 3, null string"}
 *
 * at: component time; mono: the system's monotonic microseconds, for merging. No secret ever. */
#ifndef BASE_EVENTS_H
#define BASE_EVENTS_H

#include "base/err.h"

/* Opens the file for this process (append); actor is a short name ("capf"). Without a call, events
 * go nowhere. -1 SYS_IO. */
int events_open(const char *path, const char *actor, struct err *e);
void events_close(void);

/* detail in printf form; from or to NULL stands for the actor itself. */
void event_message(const char *from, const char *to, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
