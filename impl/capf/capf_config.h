/* The configuration file of the CAPF service, capf.yaml: keys, bounds and defaults. Names follow
 * the service parameters of CUCM where there is one (capf-service.md 1). */
#ifndef CAPF_CONFIG_H
#define CAPF_CONFIG_H

#include "base/config.h"
#include "base/process.h"
#include "base/workers.h"
#include "capf/device_enums.h"
#include <stdbool.h>
#include <stdint.h>

/* What happens with a phone that cannot sign a request for an external CA (capf-protocol.md 10.3).
 */
enum no_csr_policy { NO_CSR_FAIL, NO_CSR_LOCAL };

struct capf_trust_config {
    char *lsc; /* PEM: CAPF-trust, issuers of LSCs; NULL: the CAPF certificate alone */
    char *mic; /* PEM: manufacturer CAs; NULL: no MIC is accepted */
};

struct capf_key_generation_config {
    int64_t timeout_us;
    int64_t attempts;
};

struct capf_authentication_config {
    int64_t attempts;
    int64_t lockout_us;
    bool mic_for_lsc;
};

struct capf_online_ca_config {
    char *host;
    int64_t port;
    char *template;
};

struct capf_est_config {
    char *host;
    int64_t port;
    char *via;
    char *ca_file;
    char *label;
    char *username;
    char *password;
    int64_t timeout_us;
    int session; /* enum est_session */
};

struct capf_config {
    struct process_config process;
    struct workers_config workers;
    char *listen;
    char *log;
    char *store;
    int64_t store_pages_max;
    char *root;
    char *certificate;
    char *key;
    bool legacy_tls;
    int issuer; /* enum capf_issuer */
    int64_t lsc_validity_us;
    struct capf_trust_config trust;
    struct capf_key_generation_config key_generation;
    int64_t message_timeout_us;
    int64_t handshake_timeout_us;
    int64_t connections_max;
    int64_t connections_per_address_max;
    int no_csr_policy; /* enum no_csr_policy */
    int64_t no_operation_reason;
    bool advanced_encryption;
    struct capf_authentication_config authentication;
    struct capf_online_ca_config online_ca;
    struct capf_est_config est;
};

extern const struct cfg_field capf_config_fields[];

#endif
