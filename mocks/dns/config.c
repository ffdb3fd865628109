/* The keys of capflab-dns' configuration file. */
#include "mocks/dns/config.h"

static const struct cfg_field record_fields[] = {
    CFG_STRING_REQUIRED(struct dns_record, name, "name", "what clients ask for"),
    CFG_STRINGS(struct dns_record, a, "a", "IPv4 addresses"),
    CFG_STRINGS(struct dns_record, aaaa, "aaaa", "IPv6 addresses"),
    CFG_STRING(struct dns_record, cname, "cname", NULL, "the name it is an alias of"),
    CFG_END,
};

const struct cfg_field dns_fields[] = {
    CFG_MAP(struct dns_config, process, "process", process_fields, "what all daemons have"),
    CFG_STRING(struct dns_config, listen, "listen", "127.0.0.1:0",
               "address to serve on (UDP and TCP)"),
    CFG_STRING(struct dns_config, log, "log", NULL, "file for one line a query; -: stderr"),
    CFG_LIST(struct dns_config, records, "records", struct dns_record, record_fields,
             "the names that there are"),
    CFG_DURATION_RANGE(struct dns_config, ttl_us, "ttl", "60s", 0, INT64_C(86400) * 1000000,
                       "how long clients may keep an answer"),
    CFG_LIST(struct dns_config, faults, "faults", struct fault_row, fault_fields,
             "what goes wrong, see the points and actions below"),
    CFG_END,
};
