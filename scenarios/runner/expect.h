/* The expectations of `then`: one table from which the parser, --help and the reference page come.
 */
#ifndef SCENARIOS_RUNNER_EXPECT_H
#define SCENARIOS_RUNNER_EXPECT_H

#include "base/config.h"
#include "scenarios/runner/component.h"
#include "scenarios/runner/pattern.h"
#include <stdbool.h>
#include <stdint.h>

struct scenario;

/* X(name, reader and judge suffix, argument, help) */
#define EXPECT_TABLE(X)                                                                            \
    X("phones", phones, "mapping for all phones, or list of mappings with `name`",                 \
      "what the phones hold and show at the end")                                                  \
    X("device", device, "status text, mapping for all devices, or list of mappings with `name`",   \
      "the rows of the device store at the end")                                                   \
    X("est", est, "EST_ERR_... or none",                                                           \
      "result of every enrolment in CAPF's trace; none: there was no enrolment")                   \
    X("logs", logs, "mapping of log to list of patterns",                                          \
      "patterns that stand in the log in this order")                                              \
    X("no-logs", no_logs, "mapping of log to list of patterns",                                    \
      "patterns that stand nowhere in the log")                                                    \
    X("iis-requests", iis_requests, "count, or list of patterns",                                  \
      "the request lines of iis.log: how many, or each of them in order and no other")             \
    X("events", events, "list of patterns",                                                        \
      "events in this order, each written `FROM -> TO: WHAT DETAIL`")                              \
    X("certificates", certificates, "verified or none",                                            \
      "verified: every phone holds an LSC that verifies, for its own key; none: no phone has one") \
    X("files", files, "mapping of present, absent to lists of paths",                              \
      "files below the scenario's folder at the end; {phone} stands for each phone")               \
    X("diagnosis", diagnosis, "id, list of ids, or healthy",                                       \
      "what `capflab diagnose` names from the logs: exactly these (a|b: either); healthy: "        \
      "nothing")

enum expect_kind {
#define X(name, suffix, argument, help) EXPECT_##suffix,
    EXPECT_TABLE(X)
#undef X
        EXPECT_COUNT
};

/* X(ID, word in the file, file below logs/, who writes it) */
#define LOG_TABLE(X)                                                                               \
    X(CAPF, "capf", "capf.log", COMPONENT_CAPF)                                                    \
    X(RA, "ra", "ra.log", COMPONENT_RA)                                                            \
    X(RA_ERROR, "ra-error", "ra-error.log", COMPONENT_RA)                                          \
    X(IIS, "iis", "iis.log", COMPONENT_CERTSRV)                                                    \
    X(DNS, "dns", "dns.log", COMPONENT_DNS)                                                        \
    X(NTP, "ntp", "ntp.log", COMPONENT_NTP)                                                        \
    X(WIRE_PHONE_CAPF, "wire-phone-capf", "wire-phone-capf.log", COMPONENT_WIRE_PHONE_CAPF)        \
    X(WIRE_CAPF_RA, "wire-capf-ra", "wire-capf-ra.log", COMPONENT_WIRE_CAPF_RA)                    \
    X(WIRE_RA_CERTSRV, "wire-ra-certsrv", "wire-ra-certsrv.log", COMPONENT_WIRE_RA_CERTSRV)        \
    X(TVS, "tvs", "tvs.log", COMPONENT_TVS)                                                        \
    X(WIRE_PHONE_TVS, "wire-phone-tvs", "wire-phone-tvs.log", COMPONENT_WIRE_PHONE_TVS)            \
    X(TFTP, "tftp", "tftp.log", COMPONENT_TFTP)                                                    \
    X(WIRE_PHONE_HTTP, "wire-phone-http", "wire-phone-http.log", COMPONENT_WIRE_PHONE_HTTP)        \
    X(REPORT, "report", "report.csv", COMPONENT_CAPF)                                              \
    X(PHONE, "phone", NULL, COMPONENT_COUNT)

enum log_kind {
#define X(id, word, file, writer) LOG_##id,
    LOG_TABLE(X)
#undef X
        LOG_COUNT
};

enum lsc_state { LSC_IS_ANYTHING, LSC_IS_NONE, LSC_IS_INSTALLED, LSC_IS_KEPT };

/* What one phone, or every one (name NULL), must show. */
struct phone_expect {
    char *name;
    struct cfg_strings statuses;
    int lsc; /* enum lsc_state */
    char *status;
    char *result;
    int64_t reason; /* -1: any */
    const struct cfg_node *node;
};
struct device_expect {
    char *name;
    char *status;
    int operation; /* 0: any */
    int public_key;
    const struct cfg_node *node;
};
enum stored { STORED_ANYTHING, STORED_NONE, STORED_YES };
enum certificates { CERTIFICATES_ANYTHING, CERTIFICATES_NONE, CERTIFICATES_VERIFIED };

struct then {
    const struct cfg_node *nodes[EXPECT_COUNT]; /* NULL: not asked for */
    struct phone_expect *phones;
    size_t phone_count;
    struct device_expect *devices;
    size_t device_count;
    const char *est;
    struct pattern_list logs[LOG_COUNT];
    struct pattern_list no_logs[LOG_COUNT];
    int64_t iis_count; /* when iis_requests was not given as a list */
    struct pattern_list iis_requests;
    struct pattern_list events;
    int certificates;
    struct cfg_strings files_present;
    struct cfg_strings files_absent;
    struct cfg_strings diagnosis; /* sorted by nobody; none with `healthy` */
};

extern const struct cfg_field phone_expect_fields[];
extern const struct cfg_field device_expect_fields[];
extern const struct cfg_field files_expect_fields[];

const char *expect_name(enum expect_kind kind);
const char *expect_argument(enum expect_kind kind);
const char *expect_help(enum expect_kind kind);
const char *log_word(enum log_kind kind);
const char *log_file(enum log_kind kind);      /* NULL for the phones', which have one each */
enum component log_writer(enum log_kind kind); /* COMPONENT_COUNT: the phones */

/* Reads `then`; mistakes go to m. */
void then_read(struct cfg_doc *doc, const struct cfg_node *node, struct scenario *s,
               struct cfg_mistakes *m);
void then_free(struct then *t);

#endif
