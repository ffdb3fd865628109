/* The keys of the RA's configuration file. */
#include "ra/ra_config.h"
#include "base/admission.h"
#include "base/http_server.h"
#include "certsrv/certsrv_client.h"
#include "est/est_server.h"

static const struct cfg_word authentications[] = {
    {"ntlm", CERTSRV_NTLM}, {"basic", CERTSRV_BASIC}, {"negotiate", CERTSRV_NEGOTIATE}, {NULL, 0}};
static const struct cfg_word sessions[] = {
    {"per-enrollment", RA_PER_ENROLLMENT}, {"persistent", RA_PERSISTENT}, {NULL, 0}};
static const struct cfg_word http_words[] = {{"required", EST_HTTP_REQUIRED},
                                             {"without-certificate", EST_HTTP_WITHOUT_CERTIFICATE},
                                             {"none", EST_HTTP_NONE},
                                             {NULL, 0}};
static const struct cfg_word certificate_words[] = {{"none", EST_CERT_NONE},
                                                    {"optional", EST_CERT_OPTIONAL},
                                                    {"required", EST_CERT_REQUIRED},
                                                    {NULL, 0}};
static const struct cfg_word pop_words[] = {{"off", EST_POP_OFF},
                                            {"when-present", EST_POP_WHEN_PRESENT},
                                            {"required", EST_POP_REQUIRED},
                                            {NULL, 0}};

static const struct cfg_word mismatch_codes[] = {{"51", 51}, {"60", 60}, {NULL, 0}};

static const struct cfg_field certsrv_fields[] = {
    CFG_STRING_REQUIRED(struct ra_certsrv_config, host, "host",
                        "name of the web server, as in its certificate"),
    CFG_INT(struct ra_certsrv_config, port, "port", "443", 1, 65535, "its port"),
    CFG_STRING(struct ra_certsrv_config, via, "via", NULL, "HOST:PORT to connect to in its place"),
    CFG_STRING(struct ra_certsrv_config, ca_file, "ca-file", NULL,
               "PEM file of CAs trusted for the web server; the system's without"),
    CFG_STRING_REQUIRED(struct ra_certsrv_config, template_name, "template",
                        "certificate template to enrol for"),
    CFG_ENUM(struct ra_certsrv_config, authentication, "authentication", "ntlm", authentications,
             "ntlm, basic or negotiate"),
    CFG_STRING(struct ra_certsrv_config, username, "username", "",
               "DOMAIN\\user of the start-up login and of clients without credentials"),
    CFG_STRING(struct ra_certsrv_config, password, "password", "", "its password"),
    CFG_DURATION(struct ra_certsrv_config, timeout_us, "timeout", "10s", "limit for one request"),
    CFG_ENUM(struct ra_certsrv_config, session, "session", "per-enrollment", sessions,
             "per-enrollment (two logins each, as CiscoRA) or persistent"),
    CFG_DURATION(struct ra_certsrv_config, chain_retry_us, "chain-retry", "60s",
                 "when to ask again for a CA chain that was not got"),
    CFG_ENUM(struct ra_certsrv_config, mismatch_code, "mismatch-code", "51", mismatch_codes,
             "curl's return code for another name in the certificate: 51 as CUCM 12.5, or 60"),
    CFG_END,
};

static const struct cfg_field auth_fields[] = {
    CFG_ENUM(struct ra_auth_config, http, "http", "required", http_words,
             "HTTP Basic: required, without-certificate or none"),
    CFG_ENUM(struct ra_auth_config, client_certificate, "client-certificate", "optional",
             certificate_words, "TLS client certificate: none, optional or required"),
    CFG_END,
};

const struct cfg_field ra_fields[] = {
    CFG_MAP(struct ra_config, process, "process", process_fields, "clock, resolver, events"),
    CFG_STRING(struct ra_config, listen, "listen", "127.0.0.1:8084", "address to serve EST on"),
    WORKERS_FIELDS(struct ra_config, workers),
    CFG_STRING(struct ra_config, log, "log", NULL, "the CiscoRA log (nginx<number>.txt)"),
    CFG_STRING(struct ra_config, error_log, "error-log", NULL, "nginx' error.log"),
    CFG_STRING_REQUIRED(struct ra_config, certificate, "certificate",
                        "PEM chain of the EST server"),
    CFG_STRING_REQUIRED(struct ra_config, key, "key", "its PEM key"),
    CFG_STRING(struct ra_config, trust, "trust", NULL,
               "PEM file: issuers of EST clients' certificates"),
    CFG_STRING(struct ra_config, store, "store", NULL,
               "SQLite file of open request ids; without, they are forgotten at a restart; workers "
               "need it"),
    CFG_MAP(struct ra_config, certsrv, "certsrv", certsrv_fields, "the CA's web enrolment"),
    CFG_MAP(struct ra_config, authentication, "authentication", auth_fields, "of EST clients"),
    CFG_ENUM(struct ra_config, pop, "proof-of-possession", "when-present", pop_words,
             "off, when-present or required"),
    CFG_INT(struct ra_config, body_max, "body-max", "65536", 1024, 16777216,
            "bytes of a request body"),
    CFG_DURATION(struct ra_config, retry_after_us, "retry-after", "60s",
                 "for clients whose request waits for approval"),
    CFG_DURATION(
        struct ra_config, answer_memory_us, "answer-memory", "2m",
        "a request that is repeated within gets the certificate of the first; 0s: a new one"),
    CFG_DURATION(struct ra_config, idle_timeout_us, "idle-timeout", "30s",
                 "connections that say nothing are closed"),
    HTTP_SERVER_LIMIT_FIELDS(struct ra_config, "60s"),
    CFG_STRINGS(struct ra_config, labels, "labels",
                "EST labels that are served; every one without"),
    CFG_STRINGS(struct ra_config, csr_attributes, "csr-attributes",
                "object identifiers for /csrattrs"),
    CFG_STRING(struct ra_config, tls_priorities, "tls-priorities", NULL, "GnuTLS priority string"),
    CFG_END,
};
