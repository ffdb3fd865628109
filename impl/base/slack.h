/* Memory that a crowd left behind: when most of many peers have gone, free pages between what is
 * still in use go back to the system. Costs nothing while nobody comes or goes. */
#ifndef BASE_SLACK_H
#define BASE_SLACK_H

#include <event2/event.h>
#include <stddef.h>

struct slack; /* opaque */

/* fn NULL: malloc_trim(0) of the C library; tests give their own. NULL without memory. */
struct slack *slack_new(struct event_base *loop, void (*fn)(void *user), void *user);
void slack_free(struct slack *s); /* NULL is fine */

/* How many peers there are now; to be called whenever one has come or gone. A second (real) after
 * their number fell from at least SLACK_CROWD to a quarter of the highest, memory is given back. */
enum { SLACK_CROWD = 128 };
void slack_note(struct slack *s, size_t peers);

#endif
