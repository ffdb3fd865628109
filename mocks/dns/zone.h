/* The names that there are, and what they answer when nothing goes wrong. */
#ifndef MOCKS_DNS_ZONE_H
#define MOCKS_DNS_ZONE_H

#include "mocks/dns/config.h"

struct zone; /* opaque */

/* config must outlive the zone. NULL with e set: CONFIG_BAD_VALUE for names and addresses that are
 * none, a name given twice, an alias with addresses. */
struct zone *zone_new(const struct dns_config *config, struct err *e);
void zone_free(struct zone *z);

/* Fills *out with the answer: an unknown name is NXDOMAIN, a known one without this type has no
 * records, aliases are followed. What it points to belongs to the zone. */
void zone_answer(const struct zone *z, const char *name, uint16_t type, struct dns_answer *out);

#endif
