/* The configuration file of capflab-tftp. */
#ifndef MOCKS_TFTP_CONFIG_H
#define MOCKS_TFTP_CONFIG_H

#include "base/process.h"
#include "mocks/tftp/points.h"

struct tftp_signer {
    char *certificate; /* PEM or DER; NULL: there is none */
    char *key;
};

struct tftp_record {
    char *certificate;        /* NULL only for form empty */
    struct cfg_strings roles; /* a record for each */
    int form;                 /* enum itl_form */
    char *dns;
    char *address;
};

struct tftp_host {
    char *host;
    int64_t port; /* 0: the usual one of what it is */
};

/* What goes into a phone's configuration besides what CAPF's store says of it; in the row of one
 * phone, 0 and empty lists stand for what all have. */
struct tftp_phone {
    char *name; /* of a row; not of the template */
    int security_mode;
    int transport;
    int auth_mode;        /* of its security profile: 0: that of the pending operation */
    struct cfg_list capf; /* of struct tftp_host */
    struct cfg_list tvs;  /* of struct tftp_host */
    struct cfg_strings call_managers;
    char *load;
};

struct tftp_devices {
    char *store; /* CAPF's device store; NULL: every SEP has a configuration, none an operation */
    struct tftp_phone template;
    bool cert_hash;         /* whether the hash of a phone's LSC is told */
    bool encrypted;         /* encrConfig */
    struct cfg_list phones; /* of struct tftp_phone */
};

enum tftp_sign_with { SIGN_WITH_SIGNER, SIGN_WITH_RECOVERY };

struct tftp_config {
    struct process_config process;
    char *listen;
    char *http;
    char *log; /* NULL: none */
    int64_t timeout_us, tries, block_size;
    int64_t transfers_max, transfers_per_address_max;
    int64_t idle_timeout_us, request_timeout_us; /* of HTTP */
    int64_t connections_max, connections_per_address_max;
    int layout;         /* enum itl_layout */
    int digest;         /* enum itl_digest */
    int signer_version; /* 0: none */
    struct tftp_signer signer, recovery;
    int sign_with;
    struct cfg_list itl, ctl; /* of struct tftp_record */
    bool mixed_mode;
    char *lists; /* folder; NULL: the lists are kept in memory only */
    struct cfg_pairs override;
    char *files; /* folder; NULL: none */
    struct tftp_devices devices;
    struct cfg_list faults; /* of struct fault_row */
};
extern const struct cfg_field tftp_fields[];

#endif
