/* The table of capf.yaml. Only the table stands here: what a value means is the service's affair.
 */
#include "capf/capf_config.h"
#include "base/admission.h"
#include "est/est_client.h"

#define SECONDS 1000000LL
#define DAYS    (86400LL * SECONDS)

static const struct cfg_word issuer_words[] = {
#define X(number, name, symbol, text, word) {(word), ISSUER_##name},
    CAPF_ISSUER_TABLE(X)
#undef X
        {NULL, 0}};

static const struct cfg_word policy_words[] = {
    {"fail", NO_CSR_FAIL}, {"local", NO_CSR_LOCAL}, {NULL, 0}};

static const struct cfg_word session_words[] = {{"per-enrollment", EST_SESSION_PER_ENROLLMENT},
                                                {"persistent", EST_SESSION_PERSISTENT},
                                                {NULL, 0}};

static const struct cfg_field trust_fields[] = {
    CFG_STRING(struct capf_trust_config, lsc, "lsc", NULL,
               "PEM file of CAPF-trust, the issuers of LSCs; the CAPF certificate is always one"),
    CFG_STRING(struct capf_trust_config, mic, "mic", NULL,
               "PEM file of manufacturer CAs, the issuers of MICs"),
    CFG_END,
};

static const struct cfg_field key_generation_fields[] = {
    CFG_DURATION_RANGE(struct capf_key_generation_config, timeout_us, "timeout", "30m", SECONDS,
                       DAYS, "how long a phone may take for its key without a sign of life"),
    CFG_INT(struct capf_key_generation_config, attempts, "attempts", "3", 1, 101,
            "how often the key is asked for"),
    CFG_END,
};

static const struct cfg_field authentication_fields[] = {
    CFG_INT(struct capf_authentication_config, attempts, "attempts", "10", 1, 1000,
            "wrong authentication strings in a row that lock a device"),
    CFG_DURATION_RANGE(struct capf_authentication_config, lockout_us, "lockout", "10m", 0, DAYS,
                       "how long it stays locked"),
    CFG_BOOL(struct capf_authentication_config, mic_for_lsc, "mic-for-lsc", "true",
             "whether mode lsc takes a MIC of a phone without an LSC; a MIC proves that it is a "
             "phone, not that it is one of this cluster"),
    CFG_END,
};

static const struct cfg_field online_ca_fields[] = {
    CFG_STRING(struct capf_online_ca_config, host, "host", "", "Online CA Hostname, for the log"),
    CFG_INT(struct capf_online_ca_config, port, "port", "443", 1, 65535,
            "Online CA Port, for the log"),
    CFG_STRING(struct capf_online_ca_config, template, "template", "",
               "Online CA Template, for the log"),
    CFG_END,
};

static const struct cfg_field est_fields[] = {
    CFG_STRING(struct capf_est_config, host, "host", NULL, "name of the registration authority"),
    CFG_INT(struct capf_est_config, port, "port", "8084", 1, 65535, "its port"),
    CFG_STRING(struct capf_est_config, via, "via", NULL, "HOST:PORT to connect to instead"),
    CFG_STRING(struct capf_est_config, ca_file, "ca-file", NULL,
               "PEM file of the CAs that its certificate may come from"),
    CFG_STRING(struct capf_est_config, label, "label", "", "EST label"),
    CFG_STRING(struct capf_est_config, username, "username", NULL, "Online CA Username"),
    CFG_STRING(struct capf_est_config, password, "password", NULL, "Online CA Password"),
    CFG_DURATION_RANGE(struct capf_est_config, timeout_us, "timeout", "10s", SECONDS / 1000, DAYS,
                       "limit for one HTTP request"),
    CFG_ENUM(struct capf_est_config, session, "session", "per-enrollment", session_words,
             "per-enrollment (a connection for each request) or persistent"),
    CFG_END,
};

const struct cfg_field capf_config_fields[] = {
    CFG_MAP(struct capf_config, process, "process", process_fields, "what every program shares"),
    CFG_STRING(struct capf_config, listen, "listen", "127.0.0.1:0",
               "address to serve on; the real system's port is 3804"),
    WORKERS_FIELDS(struct capf_config, workers),
    CFG_STRING(struct capf_config, log, "log", NULL, "CAPF trace file"),
    CFG_STRING_REQUIRED(struct capf_config, store, "store", "device store (SQLite)"),
    CFG_INT(struct capf_config, store_pages_max, "store-pages-max", "0", 0, 1000000000,
            "pages of 4 KiB that the store may have; 0: no limit"),
    CFG_STRING(struct capf_config, root, "root", "",
               "folder put in front of /tmp/capf when files are opened"),
    CFG_STRING(struct capf_config, certificate, "certificate", NULL, "CAPF certificate (PEM)"),
    CFG_STRING(struct capf_config, key, "key", NULL, "its key (PEM)"),
    CFG_BOOL(struct capf_config, legacy_tls, "legacy-tls", "false",
             "also TLS 1.0, for 7900-series phones"),
    CFG_ENUM(struct capf_config, issuer, "issuer", "capf", issuer_words,
             "Certificate Issuer to Endpoint: capf, online-ca or offline-ca"),
    CFG_DURATION_RANGE(struct capf_config, lsc_validity_us, "lsc-validity", "365d", DAYS,
                       3560 * DAYS, "validity of LSCs that CAPF issues itself"),
    CFG_MAP(struct capf_config, trust, "trust", trust_fields, "whose certificates phones may show"),
    CFG_MAP(struct capf_config, key_generation, "key-generation", key_generation_fields,
            "limits of key generation"),
    CFG_DURATION_RANGE(struct capf_config, message_timeout_us, "message-timeout", "10s",
                       SECONDS / 1000, DAYS, "limit for any other awaited message"),
    CFG_DURATION_RANGE(struct capf_config, handshake_timeout_us, "handshake-timeout", "10s",
                       SECONDS / 1000, DAYS, "from the connection to the end of the TLS handshake"),
    CFG_INT(struct capf_config, connections_max, "connections-max", ADMISSION_CONNECTIONS_MAX, 1,
            1000000, "phones connected at once; more are turned away"),
    CFG_INT(struct capf_config, connections_per_address_max, "connections-per-address-max",
            ADMISSION_CONNECTIONS_PER_ADDRESS_MAX, 0, 1000000,
            "of these from one address; 0: no limit of its own"),
    CFG_ENUM(struct capf_config, no_csr_policy, "no-csr-policy", "fail", policy_words,
             "for phones that cannot sign a request: fail, or local (sign with the CAPF key)"),
    CFG_INT(struct capf_config, no_operation_reason, "no-operation-reason", "7", 0, 7,
            "END_SESSION reason when nothing is pending: 7 as CUCM, or 0"),
    CFG_BOOL(struct capf_config, advanced_encryption, "advanced-encryption", "true",
             "Endpoint Advanced Encryption Algorithms Support; without it EC keys get no LSC"),
    CFG_MAP(struct capf_config, authentication, "authentication", authentication_fields,
            "lock after wrong authentication strings"),
    CFG_MAP(struct capf_config, online_ca, "online-ca", online_ca_fields,
            "service parameters of the Online CA"),
    CFG_MAP(struct capf_config, est, "est", est_fields, "the registration authority"),
    CFG_END,
};
