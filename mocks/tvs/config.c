/* The keys of capflab-tvs' configuration file. */
#include "mocks/tvs/config.h"
#include "base/admission.h"
#include "itl/names.h"

#define TTL_MAX_US (INT64_C(0xffffffff) * 1000000)

static const struct cfg_field entry_fields[] = {
    CFG_STRING_REQUIRED(struct tvs_entry, path, "certificate",
                        "PEM file, or a folder with files NAME.pem; read again when it changes"),
    CFG_STRINGS(struct tvs_entry, roles, "roles",
                "what it may be:" ITL_ROLE_TABLE(ITL_ROLE_IN_HELP)),
    CFG_END,
};

const struct cfg_field tvs_fields[] = {
    CFG_MAP(struct tvs_config, process, "process", process_fields, "what all daemons have"),
    CFG_STRING(struct tvs_config, listen, "listen", "127.0.0.1:2445", "address to serve on"),
    CFG_STRING(struct tvs_config, log, "log", NULL, "trace file, as CUCM writes it; -: stderr"),
    CFG_STRING_REQUIRED(struct tvs_config, certificate, "certificate",
                        "PEM, the server's own: the TVS record of the phones' lists"),
    CFG_STRING_REQUIRED(struct tvs_config, key, "key", "PEM, its private key"),
    CFG_BOOL(struct tvs_config, client_certificate, "client-certificate", "no",
             "ask phones for their LSC or MIC; it is logged, not judged"),
    CFG_BOOL(struct tvs_config, legacy_tls, "legacy-tls", "no",
             "also TLS 1.0, for 7900-series phones"),
    CFG_DURATION(struct tvs_config, handshake_timeout_us, "handshake-timeout", "10s",
                 "from the connection to the end of the handshake"),
    CFG_DURATION(struct tvs_config, idle_timeout_us, "idle-timeout", "60s",
                 "from one whole request to the next"),
    CFG_INT(struct tvs_config, connections, "connections", ADMISSION_CONNECTIONS_MAX, 1, 1000000,
            "at the same time; more are closed"),
    CFG_INT(struct tvs_config, connections_per_address, "connections-per-address",
            ADMISSION_CONNECTIONS_PER_ADDRESS_MAX, 0, 1000000,
            "of these from one address; 0: no limit of its own"),
    CFG_DURATION_RANGE(struct tvs_config, ttl_us, "ttl", "24h", 0, TTL_MAX_US,
                       "how long phones may keep a yes"),
    CFG_LIST(struct tvs_config, store, "store", struct tvs_entry, entry_fields,
             "the certificates that are vouched for"),
    CFG_LIST(struct tvs_config, faults, "faults", struct fault_row, fault_fields,
             "what goes wrong, see the points and actions below"),
    CFG_END,
};
