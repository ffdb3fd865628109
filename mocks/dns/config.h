/* The configuration file of capflab-dns. */
#ifndef MOCKS_DNS_CONFIG_H
#define MOCKS_DNS_CONFIG_H

#include "base/process.h"
#include "mocks/dns/points.h"

struct dns_record {
    char *name; /* compared without regard to case */
    struct cfg_strings a, aaaa;
    char *cname; /* instead of addresses */
};

struct dns_config {
    struct process_config process;
    char *listen;
    char *log;               /* NULL: none */
    struct cfg_list records; /* of struct dns_record */
    int64_t ttl_us;
    struct cfg_list faults; /* of struct fault_row */
};
extern const struct cfg_field dns_fields[];

#endif
