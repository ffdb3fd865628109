/* Who is there: the authenticated sessions by the names of their devices, so that finding one costs
 * the same with ten thousand phones connected as with one. */
#ifndef CAPF_ROSTER_H
#define CAPF_ROSTER_H

#include <sys/queue.h>

enum { ROSTER_ROWS = 4096 };

struct session;

/* Empty when zeroed. */
struct roster {
    LIST_HEAD(, session) rows[ROSTER_ROWS];
};

/* s->device.name is known and does not change any more. A second call does nothing. */
void roster_add(struct roster *roster, struct session *s);
/* Also of a session that was never added. */
void roster_remove(struct session *s);

/* The session of the device (ASCII, without case) that was added last and is not closed, or NULL.
 */
struct session *roster_find(const struct roster *roster, const char *device);

#endif
