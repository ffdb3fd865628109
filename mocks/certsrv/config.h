/* certsrv.yaml: everything that the mock can be told. Every key has a default but the users. */
#ifndef MOCKS_CERTSRV_CONFIG_H
#define MOCKS_CERTSRV_CONFIG_H

#include "base/process.h"
#include "base/workers.h"
#include "mocks/certsrv/accounts.h"
#include "mocks/certsrv/ca.h"

/* Content type of certnew.cer and certnew.p7b (protocol/certsrv.md 1.6 and 10.7). */
enum content_rule { CONTENT_BY_USER_AGENT, CONTENT_CERTIFICATE, CONTENT_HTML };

struct certsrv_config {
    struct process_config process;
    struct workers_config workers;
    char *listen;
    char *log;      /* "-": standard error */
    char *database; /* NULL: in the state folder */
    char *state;    /* folder for what is made at start; NULL: a temporary one */
    char *host;
    int64_t log_port;        /* 0: the real one */
    char *certificate, *key; /* of the web server; NULL: made at start */
    struct ca_config ca;
    struct cfg_strings authentication;
    struct domain domain;
    struct cfg_list users;     /* struct user */
    struct cfg_list templates; /* struct template */
    int language;              /* enum language */
    int content_rule;          /* enum content_rule */
    int extended_protection;   /* enum ntlm_epa */
    bool logon_per_request;
    int64_t idle_timeout_us, handshake_timeout_us, request_timeout_us;
    int64_t connections_max, connections_per_address_max;
    struct cfg_list faults; /* struct fault_row */
};
extern const struct cfg_field certsrv_fields[];

#endif
