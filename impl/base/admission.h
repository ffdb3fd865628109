/* Who may still connect: so many connections at once, and so many of them from one address. A
 * server asks before it takes a connection, and tells when one has gone. It never closes anything
 * itself. */
#ifndef BASE_ADMISSION_H
#define BASE_ADMISSION_H

#include "base/err.h"
#include <netinet/in.h>
#include <stddef.h>

struct admission; /* opaque */

/* An address without its port; IPv4 as ::ffff:a.b.c.d. */
struct admission_peer {
    struct in6_addr ip;
};
struct admission_peer admission_peer_of(const struct sockaddr *address);

/* What servers take by default: for each address less than for all, so that one peer, or everybody
 * behind one address, cannot have every place. Enough for a laboratory of 10,000 phones, which all
 * come from 127.0.0.1. */
#define ADMISSION_CONNECTIONS_MAX             "20000"
#define ADMISSION_CONNECTIONS_PER_ADDRESS_MAX "12000"

/* max: of all; per_address_max: of one address; 0: no limit. NULL without memory. */
struct admission *admission_new(size_t max, size_t per_address_max);
void admission_free(struct admission *a);

/* Whether one more may come. -1 SYS_LIMIT with which limit it is and its figure. Counts nothing. */
int admission_check(const struct admission *a, const struct admission_peer *peer, struct err *e);
/* One has come, without regard to the limits; -1 SYS_NOMEM: it is not counted. */
int admission_enter(struct admission *a, const struct admission_peer *peer, struct err *e);
/* One that was counted has gone. */
void admission_leave(struct admission *a, const struct admission_peer *peer);

size_t admission_open(const struct admission *a);

#endif
