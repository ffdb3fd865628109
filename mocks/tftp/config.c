/* The keys of capflab-tftp's configuration file. */
#include "mocks/tftp/config.h"
#include "base/admission.h"
#include "itl/description.h"
#include "itl/names.h"
#include "mocks/tftp/cnf.h"
#include "mocks/tftp/packet.h"

static const struct cfg_word signer_versions[] = {
    {"none", 0}, {"1.0", 0x0100}, {"1.1", 0x0101}, {NULL, 0}};
static const struct cfg_word signers[] = {
    {"signer", SIGN_WITH_SIGNER}, {"recovery", SIGN_WITH_RECOVERY}, {NULL, 0}};

#define CNF_WORD(number, name, word, text) {(word), (number)},
static const struct cfg_word security_modes[] = {CNF_SECURITY_TABLE(CNF_WORD){NULL, 0}};
static const struct cfg_word transports[] = {CNF_TRANSPORT_TABLE(CNF_WORD){NULL, 0}};
static const struct cfg_word auth_modes[] = {CNF_AUTH_TABLE(CNF_WORD){NULL, 0}};
#undef CNF_WORD

static const struct cfg_field signer_fields[] = {
    CFG_STRING(struct tftp_signer, certificate, "certificate", NULL, "its certificate (PEM, DER)"),
    CFG_STRING(struct tftp_signer, key, "key", NULL, "PEM file of its key, RSA"),
    CFG_END,
};

static const struct cfg_field record_fields[] = {
    CFG_STRING(struct tftp_record, certificate, "certificate", NULL, "whose record (PEM, DER)"),
    CFG_STRINGS(struct tftp_record, roles, "roles",
                "a record for each:" ITL_ROLE_TABLE(ITL_ROLE_IN_HELP)),
    CFG_ENUM(struct tftp_record, form, "form", "default", itl_form_words,
             "the certificate, its hash, or nothing of it (default: as CUCM or tlvfile do)"),
    CFG_STRING(struct tftp_record, dns, "dns", NULL, "DNSNAME"),
    CFG_STRING(struct tftp_record, address, "address", NULL, "IPADDRESS (CTL)"),
    CFG_END,
};

static const struct cfg_field host_fields[] = {
    CFG_STRING_REQUIRED(struct tftp_host, host, "host", "name or address"),
    CFG_INT(struct tftp_host, port, "port", "0", 0, 65535, "0: 3804 of CAPF, 2445 of TVS"),
    CFG_END,
};

#define PHONE_FIELDS(security, profile)                                                            \
    CFG_ENUM(struct tftp_phone, security_mode, "security-mode", security, security_modes,          \
             "deviceSecurityMode"),                                                                \
        CFG_ENUM(struct tftp_phone, transport, "transport", profile, transports,                   \
                 "transportLayerProtocol"),                                                        \
        CFG_ENUM(struct tftp_phone, auth_mode, "auth-mode", NULL, auth_modes,                      \
                 "of the security profile, where it is not that of the pending operation"),        \
        CFG_LIST(struct tftp_phone, capf, "capf", struct tftp_host, host_fields,                   \
                 "CAPF servers, five at most"),                                                    \
        CFG_LIST(struct tftp_phone, tvs, "tvs", struct tftp_host, host_fields,                     \
                 "TVS servers, in the order of their priority"),                                   \
        CFG_STRINGS(struct tftp_phone, call_managers, "call-managers", "where it registers"),      \
        CFG_STRING(struct tftp_phone, load, "load", NULL, "loadInformation: the firmware")

static const struct cfg_field template_fields[] = {PHONE_FIELDS("non-secure", "tcp"), CFG_END};
static const struct cfg_field phone_fields[] = {
    CFG_STRING_REQUIRED(struct tftp_phone, name, "name", "SEP and its MAC address"),
    PHONE_FIELDS(NULL, NULL),
    CFG_END,
};

static const struct cfg_field devices_fields[] = {
    CFG_STRING(struct tftp_devices, store, "store", NULL,
               "CAPF's device store, read at each request: who has a configuration, and which "
               "operation is pending; none: every SEP, none"),
    CFG_MAP(struct tftp_devices, template, "template", template_fields, "what all phones have"),
    CFG_BOOL(struct tftp_devices, cert_hash, "cert-hash", "false",
             "certHash: MD5 of the LSC in the store; else empty"),
    CFG_BOOL(struct tftp_devices, encrypted, "encrypted", "false", "encrConfig"),
    CFG_LIST(struct tftp_devices, phones, "phones", struct tftp_phone, phone_fields,
             "single phones, as far as they differ from the template"),
    CFG_END,
};

const struct cfg_field tftp_fields[] = {
    CFG_MAP(struct tftp_config, process, "process", process_fields, "what all daemons have"),
    CFG_STRING(struct tftp_config, listen, "listen", "127.0.0.1:0", "address of TFTP (UDP)"),
    CFG_STRING(struct tftp_config, http, "http", "127.0.0.1:0", "address of HTTP"),
    CFG_STRING(struct tftp_config, log, "log", NULL, "file for one line a request; -: stderr"),
    CFG_DURATION_RANGE(struct tftp_config, timeout_us, "timeout", "2s", 1000, 255000000,
                       "before a block is sent again; doubled each time; a client may ask for "
                       "another"),
    CFG_INT(struct tftp_config, tries, "tries", "5", 1, 16, "how often a block is sent at most"),
    CFG_INT(struct tftp_config, block_size, "block-size", "65464", TFTP_BLOCK_MIN, TFTP_BLOCK_MAX,
            "the largest that clients get"),
    CFG_INT(struct tftp_config, transfers_max, "transfers", "1024", 1, 65536,
            "TFTP transfers side by side"),
    CFG_INT(struct tftp_config, transfers_per_address_max, "transfers-per-address", "512", 1, 65536,
            "of these from one address"),
    CFG_DURATION(struct tftp_config, idle_timeout_us, "http-idle-timeout", "30s",
                 "HTTP connections that say nothing are closed"),
    CFG_DURATION(struct tftp_config, request_timeout_us, "http-request-timeout", "60s",
                 "from an HTTP connection, or the answer before, to the end of a request; for the "
                 "answer again"),
    CFG_INT(struct tftp_config, connections_max, "http-connections", ADMISSION_CONNECTIONS_MAX, 1,
            1000000, "HTTP connections at once; more wait"),
    CFG_INT(struct tftp_config, connections_per_address_max, "http-connections-per-address",
            ADMISSION_CONNECTIONS_PER_ADDRESS_MAX, 0, 1000000,
            "of these from one address, more are turned away; 0: no limit of its own"),
    CFG_ENUM(struct tftp_config, layout, "layout", "cucm", itl_layout_words,
             "of lists and signed files: CUCM's, or that of the open-source tool"),
    CFG_ENUM(struct tftp_config, digest, "digest", "sha1", itl_digest_words,
             "TFTP File Signature Algorithm"),
    CFG_ENUM(struct tftp_config, signer_version, "signer-version", "none", signer_versions,
             "SIGNER VERSION of the lists; 1.1: phones may use EC keys"),
    CFG_MAP(struct tftp_config, signer, "signer", signer_fields,
            "CallManager of this node, who signs lists and files"),
    CFG_MAP(struct tftp_config, recovery, "recovery", signer_fields, "ITLRecovery"),
    CFG_ENUM(struct tftp_config, sign_with, "sign-with", "signer", signers,
             "who signs the lists; recovery: as after `utils itl reset localkey`"),
    CFG_LIST(struct tftp_config, itl, "itl", struct tftp_record, record_fields,
             "records of the ITL; none: no ITL"),
    CFG_BOOL(struct tftp_config, mixed_mode, "mixed-mode", "false", "whether there is a CTL"),
    CFG_LIST(struct tftp_config, ctl, "ctl", struct tftp_record, record_fields,
             "records of the CTL"),
    CFG_STRING(struct tftp_config, lists, "lists", NULL, "folder into which the lists go as well"),
    CFG_PAIRS(struct tftp_config, override, "override",
              "names, with the file that is served instead of what would be"),
    CFG_STRING(struct tftp_config, files, "files", NULL, "folder of further files"),
    CFG_MAP(struct tftp_config, devices, "devices", devices_fields, "phones' configurations"),
    CFG_LIST(struct tftp_config, faults, "faults", struct fault_row, fault_fields,
             "what goes wrong, see the points and actions below"),
    CFG_END,
};
