/* A scenario: one YAML file with the lab that differs from the healthy one, the phones, what is
 * done and what must be true afterwards. Read through tables; all mistakes are told at once, before
 * anything starts. The reference page of the format is printed from the same tables. */
#ifndef SCENARIOS_RUNNER_SCENARIO_H
#define SCENARIOS_RUNNER_SCENARIO_H

#include "base/config.h"
#include "base/workers.h"
#include "capf/device_enums.h"
#include "mocks/certsrv/accounts.h"
#include "mocks/certsrv/language.h"
#include "mocks/certsrv/template.h"
#include "mocks/fault/fault.h"
#include "scenarios/runner/behaviour.h"
#include "scenarios/runner/component.h"
#include "scenarios/runner/expect.h"
#include "scenarios/runner/pattern.h"
#include "scenarios/runner/step.h"
#include <stdbool.h>
#include <stdint.h>

enum { PHONES_MAX = 1000 };

/* Of MICHAMEN\ciscora, in every lab that does not say otherwise. */
#define LAB_PASSWORD "Cisco123!"

/* Words whose values the code needs (with those of capf/device_enums.h); the others are handed on
 * as they stand. */
enum web_certificate {
    WEB_GOOD,
    WEB_WITHOUT_CHAIN,
    WEB_SELF_SIGNED,
    WEB_OTHER_NAME,
    WEB_EXPIRED,
    WEB_NOT_YET_VALID,
    WEB_EXPIRED_INTERMEDIATE
};
enum ra_trusts { TRUSTS_CA, TRUSTS_ROOT, TRUSTS_CERTSRV, TRUSTS_NOTHING };
enum had_lsc { LSC_NONE, LSC_EXISTING, LSC_UNTRUSTED };
enum had_mic { MIC_GOOD, MIC_NONE, MIC_UNTRUSTED };
enum server_key { SERVER_KEY_RSA2048, SERVER_KEY_EC256 };
enum key_source { KEYS_FROM_POOL, KEYS_GENERATED };
/* The trust list that a phone holds at the start. */
enum had_list { LIST_NONE, LIST_CURRENT, LIST_OTHER_CLUSTER, LIST_CORRUPTED };

extern const struct cfg_word issuer_words[];
extern const struct cfg_word web_certificate_words[];
extern const struct cfg_word ra_trusts_words[];
extern const struct cfg_word authentication_words[];
extern const struct cfg_word key_order_words[];
extern const struct cfg_word operation_words[];
extern const struct cfg_word had_lsc_words[];
extern const struct cfg_word had_mic_words[];
extern const struct cfg_word key_source_words[];
extern const struct cfg_word server_key_words[];
extern const struct cfg_word had_list_words[];
extern const struct cfg_word session_words[];
extern const struct cfg_word scheme_words[];
extern const struct cfg_word no_csr_policy_words[];
extern const struct cfg_word http_authentication_words[];
extern const struct cfg_word client_certificate_words[];
extern const struct cfg_word possession_words[];
extern const struct cfg_word content_type_words[];
extern const struct cfg_word protection_words[];

/* The word of a value; "?" for one outside the table. */
const char *word_of(const struct cfg_word *words, int value);

struct lab_clock {
    int64_t offset_us;
    double rate; /* of a component: 0: the lab's */
};

struct lab_dns {
    struct cfg_pairs records; /* name: address, or "none" */
    int64_t ttl_us;
};

struct lab_ntp {
    int64_t offset_us;
    int64_t interval_us;
};

struct lab_key_generation {
    int64_t timeout_us;
    int64_t attempts;
};
struct lab_lockout {
    int64_t attempts;
    int64_t lockout_us;
};
struct lab_est {
    int64_t timeout_us;
    int session;
};
struct lab_capf {
    struct lab_clock clock;
    bool ntp;
    struct cfg_pairs config; /* dotted key: value, put over what its file would say */
    struct workers_config workers;
    int issuer;
    char *organisation; /* in its certificate; NULL: as in every lab */
    int64_t lsc_validity_us;
    struct lab_key_generation key_generation;
    int64_t message_timeout_us;
    int no_csr_policy;
    int64_t no_operation_reason;
    bool advanced_encryption;
    struct lab_lockout authentication;
    bool legacy_tls;
    struct lab_est est;
};

/* The service parameters that CAPF and its RA share. */
struct lab_online_ca {
    char *host;
    char *template;
    char *username;
    char *password;
};

struct lab_ra {
    struct lab_clock clock;
    bool ntp;
    struct cfg_pairs config;
    struct workers_config workers;
    int64_t chain_retry_us;
    int64_t retry_after_us;
    int trusts;
    int authentication;
    int64_t timeout_us;
    int session;
    int http;
    int client_certificate;
    int possession;
};

struct lab_ca {
    bool renewed;
    bool own_requests_only;
};

struct lab_certsrv {
    struct lab_clock clock;
    bool ntp;
    struct cfg_pairs config;
    struct workers_config workers;
    int certificate;
    struct cfg_strings authentication;
    struct lab_ca ca;
    struct domain domain;
    struct cfg_list users;     /* struct user; none: ciscora with its password */
    struct cfg_list templates; /* struct template; none: CiscoRA */
    int language, content_type, extended_protection;
    bool logon_per_request;
};

/* CUCM's file service. With it phones boot: they get their lists and configuration from it. */
struct lab_tftp {
    struct lab_clock clock;
    struct cfg_pairs config;
    struct cfg_strings without; /* roles that the list has no record of */
    struct cfg_strings capf;    /* hosts in the phones' configuration; none: cucm */
    struct cfg_strings tvs;
    char *profile; /* authentication mode of the security profile; NULL: the device's */
};

struct lab_tvs {
    struct lab_clock clock;
    struct cfg_pairs config;
    struct cfg_strings without; /* roles whose certificates it does not know */
};

struct lab_settings {
    struct lab_clock clock;
    struct lab_online_ca online_ca;
    struct lab_capf capf;
    struct lab_ra ra;
    struct lab_certsrv certsrv;
    struct lab_dns dns;
    struct lab_ntp ntp;
    struct lab_tftp tftp;
    struct lab_tvs tvs;
    int server_key; /* enum server_key: of the certificates of RA and certsrv */
    char *cucm;     /* name of the node with CAPF and TVS, as phones know it */
    bool has_dns, has_ntp, has_tftp, has_tvs; /* there are such servers */
};

/* The device's row in CAPF's store, as the administrator would fill it in. */
struct device_settings {
    bool present;
    int authentication; /* 0: as the phone is set */
    char *string;       /* NULL: the phone's */
    int key_size;       /* bits */
    int ec_key_size;    /* bits */
    int key_order;
    int64_t finish_by_us; /* from now on; 0: no limit */
};

struct phone_keys {
    bool rsa;
    bool ec;
};
struct phone_settings {
    int64_t count; /* of the phones of this kind */
    char *group;   /* NULL: none */
    char *name;    /* NULL until the defaults are given */
    char *model;
    int64_t version;
    struct phone_keys keys;
    int authentication;
    char *string;
    int lsc;
    int mic;
    int key_source;
    int list;         /* enum had_list */
    int lsc_fallback; /* of mode LSC, without one */
    int unresolved;   /* what its screen says of a CAPF server without address */
    bool sign;
    int64_t progress;
    int64_t key_generation_us;
    int64_t timeout_us;
    int64_t retries;
    int64_t retry_delay_us;
    struct lab_clock clock;
    int behaviour[BEHAVIOURS_MAX]; /* by point of mocks/phone; enum phone_action */
    struct device_settings device;
};

struct scenario {
    char *path; /* as given */
    char *name; /* "healthy/online-ca" */
    struct cfg_doc *doc;
    struct cfg_doc *defaults; /* of a phone, when the file names none */
    char *title;
    struct cfg_strings covers;
    struct cfg_strings tags;
    int64_t deadline_us; /* real time for the whole scenario */
    struct lab_settings lab;
    struct phone_settings *phones;
    size_t phone_count;
    char **phone_names;         /* owned; phones[i].name is phone_names[i] */
    struct cfg_list fault_rows; /* struct fault_row */
    struct fault_set *faults;
    struct step *steps;
    size_t step_count;
    struct then then;
    /* Nodes of the parts that have more than one shape, read after the tables. */
    struct cfg_node *phones_node;
    struct cfg_node *when_node;
    struct cfg_node *then_node;
};

extern const struct cfg_field scenario_fields[];
extern const struct cfg_field phone_fields[];  /* an item of `phones` */
extern const struct cfg_field phones_fields[]; /* `phones` as one mapping: count and the same */

/* Reads path. name is taken as it is (place_scenario_name). Caller frees with scenario_free. NULL
 * when there was any mistake; all are in m. */
struct scenario *scenario_load(const char *path, const char *name, struct cfg_mistakes *m);
/* The same from memory. */
struct scenario *scenario_load_text(const char *path, const char *name, struct bytes text,
                                    struct cfg_mistakes *m);
void scenario_free(struct scenario *s);

/* All phones' names, for patterns. Valid as long as the scenario. */
struct phone_names scenario_phone_names(const struct scenario *s);
/* Whether a word of a step or an expectation means that phone: its name or its group. */
bool phone_is_meant(const struct phone_settings *phone, const char *word);
/* The phone with that name, or the first of that group; NULL: there is none. */
const struct phone_settings *scenario_phone(const struct scenario *s, const char *name);

/* Whether a fault is to happen at that point, or at one that starts with that. */
bool scenario_has_fault(const struct scenario *s, const char *point);

/* The tables of every mock, NULL at the end. */
extern const struct fault_tables *const lab_fault_tables[];

/* The reference page of the format (Markdown). */
void reference_print(FILE *to);

#endif
