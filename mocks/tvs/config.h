/* The configuration file of capflab-tvs. */
#ifndef MOCKS_TVS_CONFIG_H
#define MOCKS_TVS_CONFIG_H

#include "base/process.h"
#include "mocks/tvs/points.h"

/* What the store holds: a file with one certificate or more, or a folder of such files. */
struct tvs_entry {
    char *path;
    struct cfg_strings roles; /* words of the trust lists */
};

struct tvs_config {
    struct process_config process;
    char *listen;
    char *log; /* NULL: none */
    char *certificate, *key;
    bool client_certificate;
    bool legacy_tls;
    int64_t handshake_timeout_us, idle_timeout_us;
    int64_t connections, connections_per_address;
    int64_t ttl_us;
    struct cfg_list store;  /* of struct tvs_entry */
    struct cfg_list faults; /* of struct fault_row */
};
extern const struct cfg_field tvs_fields[];

#endif
