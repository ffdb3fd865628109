/* The tables of the scenario format: keys, types, bounds, defaults and help of everything but steps
 * and expectations. Defaults are the healthy lab of the seed documents. */
#include "scenarios/runner/scenario.h"

#include <string.h>

#define DAY_US (INT64_C(24) * 3600 * 1000000)

#define X(number, name, symbol, text, word) {word, number},
const struct cfg_word issuer_words[] = {CAPF_ISSUER_TABLE(X){NULL, 0}};
const struct cfg_word authentication_words[] = {CAPF_AUTH_MODE_TABLE(X){NULL, 0}};
const struct cfg_word key_order_words[] = {CAPF_KEY_ORDER_TABLE(X){NULL, 0}};
const struct cfg_word operation_words[] = {CAPF_OPERATION_TABLE(X){NULL, 0}};
#undef X
#define X(number, bits, symbol, text, word) {word, bits},
static const struct cfg_word key_size_words[] = {CAPF_KEY_SIZE_TABLE(X){NULL, 0}};
#undef X
static const struct cfg_word ec_key_size_words[] = {
    {"256", 256}, {"384", 384}, {"521", 521}, {NULL, 0}};
const struct cfg_word web_certificate_words[] = {{"good", WEB_GOOD},
                                                 {"without-chain", WEB_WITHOUT_CHAIN},
                                                 {"self-signed", WEB_SELF_SIGNED},
                                                 {"other-name", WEB_OTHER_NAME},
                                                 {"expired", WEB_EXPIRED},
                                                 {"not-yet-valid", WEB_NOT_YET_VALID},
                                                 {"expired-intermediate", WEB_EXPIRED_INTERMEDIATE},
                                                 {NULL, 0}};
const struct cfg_word ra_trusts_words[] = {{"ca", TRUSTS_CA},
                                           {"root", TRUSTS_ROOT},
                                           {"certsrv", TRUSTS_CERTSRV},
                                           {"nothing", TRUSTS_NOTHING},
                                           {NULL, 0}};
const struct cfg_word had_lsc_words[] = {
    {"none", LSC_NONE}, {"existing", LSC_EXISTING}, {"untrusted", LSC_UNTRUSTED}, {NULL, 0}};
const struct cfg_word had_mic_words[] = {
    {"good", MIC_GOOD}, {"none", MIC_NONE}, {"untrusted", MIC_UNTRUSTED}, {NULL, 0}};
const struct cfg_word server_key_words[] = {
    {"rsa2048", SERVER_KEY_RSA2048}, {"ec256", SERVER_KEY_EC256}, {NULL, 0}};
const struct cfg_word key_source_words[] = {
    {"pool", KEYS_FROM_POOL}, {"generated", KEYS_GENERATED}, {NULL, 0}};
const struct cfg_word had_list_words[] = {{"none", LIST_NONE},
                                          {"current", LIST_CURRENT},
                                          {"other-cluster", LIST_OTHER_CLUSTER},
                                          {"corrupted", LIST_CORRUPTED},
                                          {NULL, 0}};
const struct cfg_word session_words[] = {{"per-enrollment", 0}, {"persistent", 1}, {NULL, 0}};
const struct cfg_word scheme_words[] = {{"ntlm", 0}, {"basic", 1}, {"negotiate", 2}, {NULL, 0}};
const struct cfg_word no_csr_policy_words[] = {{"fail", 0}, {"local", 1}, {NULL, 0}};
const struct cfg_word http_authentication_words[] = {
    {"required", 0}, {"without-certificate", 1}, {"none", 2}, {NULL, 0}};
const struct cfg_word client_certificate_words[] = {
    {"none", 0}, {"optional", 1}, {"required", 2}, {NULL, 0}};
const struct cfg_word possession_words[] = {
    {"off", 0}, {"when-present", 1}, {"required", 2}, {NULL, 0}};

const struct cfg_word content_type_words[] = {
    {"by-user-agent", 0}, {"certificate", 1}, {"html", 2}, {NULL, 0}};
const struct cfg_word protection_words[] = {{"none", 0}, {"accept", 1}, {"require", 2}, {NULL, 0}};

const char *word_of(const struct cfg_word *words, int value) {
    for (; words->word != NULL; words++)
        if (words->value == value)
            return words->word;
    return "?";
}

static const struct cfg_field clock_fields[] = {
    CFG_DURATION_RANGE(struct lab_clock, offset_us, "offset", "0s", -36500 * DAY_US, 36500 * DAY_US,
                       "added to the time of every component"),
    CFG_REAL(struct lab_clock, rate, "rate", "1", "how fast the time of every component runs"),
    CFG_END,
};

static const struct cfg_field own_clock_fields[] = {
    CFG_DURATION_RANGE(struct lab_clock, offset_us, "offset", "0s", -36500 * DAY_US, 36500 * DAY_US,
                       "added to the lab's offset"),
    CFG_REAL(struct lab_clock, rate, "rate", NULL, "how fast its time runs (default: the lab's)"),
    CFG_END,
};

static const struct cfg_field dns_fields[] = {
    CFG_PAIRS(struct lab_dns, records, "records",
              "NAME: address (none: there is no such name), beside or instead of those of the lab"),
    CFG_DURATION_RANGE(struct lab_dns, ttl_us, "ttl", "0s", 0, DAY_US,
                       "how long answers may be kept"),
    CFG_END,
};

static const struct cfg_field ntp_fields[] = {
    CFG_DURATION_RANGE(struct lab_ntp, offset_us, "offset", "0s", -24000 * DAY_US, 24000 * DAY_US,
                       "the time given is so much ahead of the lab's"),
    CFG_DURATION(struct lab_ntp, interval_us, "interval", "0s",
                 "how often components ask; 0s: only when they start"),
    CFG_END,
};

static const struct cfg_field online_ca_fields[] = {
    CFG_STRING(struct lab_online_ca, host, "host", "lab-dc.michamen.com",
               "the Online CA Hostname that CAPF and RA are given"),
    CFG_STRING(struct lab_online_ca, template, "template", "CiscoRA", "the Online CA Template"),
    CFG_STRING(struct lab_online_ca, username, "username", "MICHAMEN\\ciscora",
               "the Online CA Username"),
    CFG_STRING(struct lab_online_ca, password, "password", LAB_PASSWORD, "the Online CA Password"),
    CFG_END,
};

static const struct cfg_field key_generation_fields[] = {
    CFG_DURATION(struct lab_key_generation, timeout_us, "timeout", "30m",
                 "Maximum Allowable Time For Key Generation"),
    CFG_INT(struct lab_key_generation, attempts, "attempts", "3", 1, 101,
            "Maximum Allowable Attempts for Key Generation"),
    CFG_END,
};

static const struct cfg_field lockout_fields[] = {
    CFG_INT(struct lab_lockout, attempts, "attempts", "10", 1, 1000,
            "wrong authentication strings in a row that lock a device"),
    CFG_DURATION(struct lab_lockout, lockout_us, "lockout", "10m", "how long it stays locked"),
    CFG_END,
};

static const struct cfg_field est_fields[] = {
    CFG_DURATION(struct lab_est, timeout_us, "timeout", "10s",
                 "limit for one exchange between CAPF and RA"),
    CFG_ENUM(struct lab_est, session, "session", "per-enrollment", session_words,
             "connections of CAPF to the RA"),
    CFG_END,
};

#define CLOCK_ROWS(T)                                                                              \
    CFG_MAP(T, clock, "clock", own_clock_fields, "its own time"),                                  \
        CFG_BOOL(T, ntp, "ntp", "false", "takes its time from the lab's NTP server"),              \
        CFG_PAIRS(T, config, "config", "further keys of its configuration: mismatch.code: 60"),    \
        WORKERS_FIELDS(T, workers)

static const struct cfg_field capf_fields[] = {
    CLOCK_ROWS(struct lab_capf),
    CFG_ENUM(struct lab_capf, issuer, "issuer", "online-ca", issuer_words,
             "Certificate Issuer to Endpoint"),
    CFG_DURATION(struct lab_capf, lsc_validity_us, "lsc-validity", "365d",
                 "validity of LSCs that CAPF itself issues"),
    CFG_MAP(struct lab_capf, key_generation, "key-generation", key_generation_fields,
            "waiting for the phone's key"),
    CFG_DURATION(struct lab_capf, message_timeout_us, "message-timeout", "10s",
                 "limit for any other message of a phone"),
    CFG_ENUM(struct lab_capf, no_csr_policy, "no-csr-policy", "fail", no_csr_policy_words,
             "what happens to phones that cannot sign a request"),
    CFG_INT(struct lab_capf, no_operation_reason, "no-operation-reason", "7", 0, 7,
            "REASON of END_SESSION when nothing is pending: 7 as CUCM, 0 as capfd"),
    CFG_BOOL(struct lab_capf, advanced_encryption, "advanced-encryption", "true",
             "Endpoint Advanced Encryption Algorithms Support; without it EC keys get no LSC"),
    CFG_STRING(struct lab_capf, organisation, "organisation", NULL,
               "O in the certificate of CAPF, and so in the requests for phones"),
    CFG_MAP(struct lab_capf, authentication, "authentication", lockout_fields,
            "wrong authentication strings"),
    CFG_BOOL(struct lab_capf, legacy_tls, "legacy-tls", "false", "also TLS 1.0, for old phones"),
    CFG_MAP(struct lab_capf, est, "est", est_fields, "the EST client"),
    CFG_END,
};

static const struct cfg_field ra_fields[] = {
    CLOCK_ROWS(struct lab_ra),
    CFG_ENUM(
        struct lab_ra, trusts, "trusts", "ca", ra_trusts_words,
        "what it trusts the web server by: the CA's chain, only its root, the web server's own "
        "certificate, nothing"),
    CFG_ENUM(struct lab_ra, authentication, "authentication", "ntlm", scheme_words,
             "how it logs in to certsrv"),
    CFG_DURATION(struct lab_ra, timeout_us, "timeout", "10s", "limit for one request to certsrv"),
    CFG_ENUM(struct lab_ra, session, "session", "per-enrollment", session_words,
             "logins to certsrv: for each enrolment as CiscoRA, or kept"),
    CFG_DURATION(struct lab_ra, chain_retry_us, "chain-retry", "60s",
                 "when it asks again for a CA chain that it did not get"),
    CFG_DURATION(struct lab_ra, retry_after_us, "retry-after", "60s",
                 "told to clients whose request waits for approval"),
    CFG_ENUM(struct lab_ra, http, "http-authentication", "required", http_authentication_words,
             "HTTP authentication asked of EST clients"),
    CFG_ENUM(struct lab_ra, client_certificate, "client-certificate", "optional",
             client_certificate_words, "TLS certificate asked of EST clients"),
    CFG_ENUM(struct lab_ra, possession, "proof-of-possession", "when-present", possession_words,
             "whether requests must be bound to the TLS connection"),
    CFG_END,
};

static const struct cfg_field lab_ca_fields[] = {
    CFG_BOOL(struct lab_ca, renewed, "renewed", "false",
             "the CA was renewed with another key: Renewal=0 is an older certificate of its"),
    CFG_BOOL(struct lab_ca, own_requests_only, "own-requests-only", "false",
             "users may only fetch what they requested"),
    CFG_END,
};

static const struct cfg_field certsrv_lab_fields[] = {
    CLOCK_ROWS(struct lab_certsrv),
    CFG_ENUM(struct lab_certsrv, certificate, "certificate", "good", web_certificate_words,
             "certificate of the web server"),
    CFG_STRINGS(struct lab_certsrv, authentication, "authentication",
                "schemes offered, in this order (default: negotiate, ntlm)"),
    CFG_MAP(struct lab_certsrv, ca, "ca", lab_ca_fields, "the certification authority"),
    CFG_MAP(struct lab_certsrv, domain, "domain", domain_fields, "the Windows domain"),
    CFG_LIST(struct lab_certsrv, users, "users", struct user, user_fields,
             "who may log in (default: ciscora)"),
    CFG_LIST(struct lab_certsrv, templates, "templates", struct template, template_fields,
             "templates of the CA (default: CiscoRA)"),
    CFG_ENUM(struct lab_certsrv, language, "language", "en", language_words,
             "language of the pages"),
    CFG_ENUM(struct lab_certsrv, content_type, "content-type", "by-user-agent", content_type_words,
             "type of certificates"),
    CFG_ENUM(struct lab_certsrv, extended_protection, "extended-protection", "none",
             protection_words, "channel binding of NTLM logins"),
    CFG_BOOL(struct lab_certsrv, logon_per_request, "logon-per-request", "false",
             "a connection stays logged in for one request only"),
    CFG_END,
};

static const struct cfg_field lab_tftp_fields[] = {
    CFG_MAP(struct lab_tftp, clock, "clock", own_clock_fields, "its own time"),
    CFG_PAIRS(struct lab_tftp, config, "config",
              "further keys of its configuration: digest: sha512"),
    CFG_STRINGS(struct lab_tftp, without, "without",
                "roles that the trust list has no record of: capf, tvs, sast, tftp"),
    CFG_STRINGS(struct lab_tftp, capf, "capf",
                "CAPF servers in the phones' configuration (default: cucm)"),
    CFG_STRINGS(struct lab_tftp, tvs, "tvs",
                "TVS servers in it (default: cucm, when there is a TVS)"),
    CFG_STRING(struct lab_tftp, profile, "security-profile", NULL,
               "authentication mode of the phones' security profile, whatever the devices' rows "
               "say: string, null-string, lsc, mic"),
    CFG_END,
};

static const struct cfg_field lab_tvs_fields[] = {
    CFG_MAP(struct lab_tvs, clock, "clock", own_clock_fields, "its own time"),
    CFG_PAIRS(struct lab_tvs, config, "config", "further keys of its configuration: ttl: 1h"),
    CFG_STRINGS(struct lab_tvs, without, "without",
                "roles whose certificates it does not know: capf, sast, tftp"),
    CFG_END,
};

static const struct cfg_field lab_fields[] = {
    CFG_MAP(struct lab_settings, clock, "clock", clock_fields, "time in the laboratory"),
    CFG_MAP(struct lab_settings, online_ca, "online-ca", online_ca_fields,
            "service parameters that CAPF and its RA share"),
    CFG_MAP(struct lab_settings, capf, "capf", capf_fields, "the CAPF service"),
    CFG_MAP(struct lab_settings, ra, "ra", ra_fields, "the registration authority"),
    CFG_MAP(struct lab_settings, certsrv, "certsrv", certsrv_lab_fields, "IIS and AD CS"),
    CFG_MAP(struct lab_settings, dns, "dns", dns_fields,
            "a DNS server that CAPF, the RA and phones ask (default: no DNS, but with faults at "
            "dns.query)"),
    CFG_MAP(struct lab_settings, ntp, "ntp", ntp_fields, "an NTP server"),
    CFG_ENUM(struct lab_settings, server_key, "server-key", "rsa2048", server_key_words,
             "key of the TLS certificates of RA and certsrv"),
    CFG_STRING(struct lab_settings, cucm, "cucm", "cucm-pub.michamen.com",
               "name of the node with CAPF and TVS, as phones know it"),
    CFG_MAP(struct lab_settings, tftp, "tftp", lab_tftp_fields,
            "the file service, from which phones then get trust lists and configuration (default: "
            "none; phones are told what to do)"),
    CFG_MAP(struct lab_settings, tvs, "tvs", lab_tvs_fields,
            "the Trust Verification Service (default: none)"),
    CFG_END,
};

static const struct cfg_field device_fields[] = {
    CFG_BOOL(struct device_settings, present, "present", "true", "CAPF knows the device"),
    CFG_ENUM(struct device_settings, authentication, "authentication", NULL, authentication_words,
             "authentication mode (default: the phone's)"),
    CFG_STRING(struct device_settings, string, "string", NULL,
               "authentication string (default: the phone's)"),
    CFG_ENUM(struct device_settings, key_size, "key-size", "2048", key_size_words, "RSA key size"),
    CFG_ENUM(struct device_settings, ec_key_size, "ec-key-size", "384", ec_key_size_words,
             "EC key size"),
    CFG_ENUM(struct device_settings, key_order, "key-order", "rsa-only", key_order_words,
             "key order"),
    CFG_DURATION_RANGE(struct device_settings, finish_by_us, "finish-by", "0s", -3650 * DAY_US,
                       3650 * DAY_US, "operation must finish by now plus this; 0s: no limit"),
    CFG_END,
};

static const struct cfg_field keys_fields[] = {
    CFG_BOOL(struct phone_keys, rsa, "rsa", "true", "makes RSA keys"),
    CFG_BOOL(struct phone_keys, ec, "ec", "true", "makes EC keys (from version 3 on)"),
    CFG_END,
};

#define PHONE_ROWS                                                                                 \
    CFG_STRING(struct phone_settings, model, "model", "CP-8845", "model, as in its MIC"),          \
        CFG_INT(struct phone_settings, version, "version", "3", 1, 3, "protocol version"),         \
        CFG_MAP(struct phone_settings, keys, "keys", keys_fields, "keys that it can make"),        \
        CFG_ENUM(struct phone_settings, authentication, "authentication", "null-string",           \
                 authentication_words, "authentication mode in its configuration"),                \
        CFG_STRING(struct phone_settings, string, "string", NULL,                                  \
                   "authentication string that its user enters"),                                  \
        CFG_ENUM(struct phone_settings, lsc, "lsc", "none", had_lsc_words,                         \
                 "LSC that it holds at the start"),                                                \
        CFG_ENUM(struct phone_settings, mic, "mic", "good", had_mic_words,                         \
                 "certificate from the manufacturer"),                                             \
        CFG_ENUM(struct phone_settings, key_source, "key", "pool", key_source_words,               \
                 "where new keys come from"),                                                      \
        CFG_ENUM(struct phone_settings, list, "itl", "none", had_list_words,                       \
                 "trust list that it holds at the start: none, this cluster's, another's, or "     \
                 "this cluster's with a damaged key of its signer"),                               \
        CFG_ENUM(struct phone_settings, lsc_fallback, "lsc-fallback", "mic", lsc_fallback_words,   \
                 "what it shows where its LSC is asked for, and it has none"),                     \
        CFG_ENUM(struct phone_settings, unresolved, "unresolved", "connection-failed",             \
                 unresolved_words, "what it says when CAPF's name has no address"),                \
        CFG_BOOL(struct phone_settings, sign, "sign", "true", "signs certificate requests"),       \
        CFG_INT(struct phone_settings, progress, "progress", "1", 0, 1000,                         \
                "REQUEST_IN_PROGRESS messages while it makes a key"),                              \
        CFG_DURATION(struct phone_settings, key_generation_us, "key-generation-time", "0s",        \
                     "how long it takes for a key"),                                               \
        CFG_DURATION(struct phone_settings, timeout_us, "timeout", "10s",                          \
                     "how long it waits for CAPF"),                                                \
        CFG_INT(struct phone_settings, retries, "retries", "0", 0, 100,                            \
                "further tries after a communication failure"),                                    \
        CFG_DURATION(struct phone_settings, retry_delay_us, "retry-delay", "30s",                  \
                     "time between tries"),                                                        \
        CFG_MAP(struct phone_settings, clock, "clock", own_clock_fields, "its own time"),          \
        CFG_MAP(struct phone_settings, behaviour, "behaviour", lab_behaviour_fields,               \
                "what it does at a point"),                                                        \
        CFG_MAP(struct phone_settings, device, "device", device_fields,                            \
                "its row in CAPF's device store")

#define COUNT_ROWS                                                                                 \
    CFG_INT(struct phone_settings, count, "count", "1", 1, PHONES_MAX, "how many of this kind"),   \
        CFG_STRING(struct phone_settings, group, "group", NULL,                                    \
                   "a name for all of them, for steps and expectations")

const struct cfg_field phone_fields[] = {
    CFG_STRING(struct phone_settings, name, "name", NULL,
               "device name (default: SEP74A02FC0A675 and the following)"),
    COUNT_ROWS,
    PHONE_ROWS,
    CFG_END,
};

const struct cfg_field phones_fields[] = {COUNT_ROWS, PHONE_ROWS, CFG_END};

const struct cfg_field scenario_fields[] = {
    CFG_STRING_REQUIRED(struct scenario, title, "title", "one line for reports"),
    CFG_STRINGS(struct scenario, covers, "covers", "rows of the coverage table"),
    CFG_STRINGS(struct scenario, tags, "tags", "words for --tag"),
    CFG_DURATION(struct scenario, deadline_us, "deadline", "60s",
                 "real time after which the scenario is stopped as failed"),
    CFG_MAP(struct scenario, lab, "lab", lab_fields, "what differs from the healthy lab"),
    CFG_NODE(struct scenario, phones_node, "phones",
             "mapping (count and settings for all) or list of phones"),
    CFG_LIST(struct scenario, fault_rows, "faults", struct fault_row, fault_fields,
             "what goes wrong, where and when"),
    CFG_NODE(struct scenario, when_node, "when", "list of steps"),
    CFG_NODE(struct scenario, then_node, "then", "mapping of expectations"),
    CFG_END,
};
