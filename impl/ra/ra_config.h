/* The RA's configuration file. */
#ifndef RA_RA_CONFIG_H
#define RA_RA_CONFIG_H

#include "base/config.h"
#include "base/process.h"
#include "base/workers.h"
#include <stdint.h>

enum ra_session_mode {
    RA_PER_ENROLLMENT, /* what CiscoRA does: two logins for each enrolment */
    RA_PERSISTENT      /* connections are kept and used again by the same user */
};

struct ra_certsrv_config {
    char *host;
    int64_t port;
    char *via;
    char *ca_file;
    char *template_name;
    int authentication; /* enum certsrv_authentication */
    char *username;
    char *password;
    int64_t timeout_us;
    int session; /* enum ra_session_mode */
    int64_t chain_retry_us;
    int mismatch_code; /* curl's: 51 or 60 */
};

struct ra_auth_config {
    int http;               /* enum est_http_auth */
    int client_certificate; /* enum est_client_certificate */
};

struct ra_config {
    struct process_config process;
    struct workers_config workers;
    char *listen;
    char *log;
    char *error_log;
    char *certificate;
    char *key;
    char *trust;
    char *store;
    struct ra_certsrv_config certsrv;
    struct ra_auth_config authentication;
    int pop; /* enum est_pop */
    int64_t body_max;
    int64_t retry_after_us;
    int64_t answer_memory_us;
    int64_t idle_timeout_us;
    int64_t handshake_timeout_us;
    int64_t request_timeout_us;
    int64_t connections_max;
    int64_t connections_per_address_max;
    struct cfg_strings labels;
    struct cfg_strings csr_attributes;
    char *tls_priorities;
};

extern const struct cfg_field ra_fields[];

#endif
