/* What a run of chaos tells: findings by name, and the figures around them. */
#ifndef BENCH_CHAOS_REPORT_H
#define BENCH_CHAOS_REPORT_H

#include "bench/chaos_health.h"
#include "bench/chaos_peers.h"
#include "bench/chaos_phones.h"
#include "bench/options.h"
#include <jansson.h>
#include <stdio.h>

/* X(ID, name, what it means) */
#define CHAOS_FINDING_TABLE(X)                                                                     \
    X(NO_CERTIFICATE, "phone-without-certificate",                                                 \
      "a phone that says it is installed has no LSC that verifies and matches its key")            \
    X(NO_ERROR, "phone-without-error", "a phone has neither a certificate nor a named error")      \
    X(STORES, "stores-disagree", "phones, CAPF's store and the CA's database disagree")            \
    X(DESCRIPTORS, "descriptors-leaked", "a component has more descriptors than before the load")  \
    X(MEMORY, "memory-grew", "a component kept more memory than twice what it had and 16 MB")      \
    X(TEMPORARY, "temporary-file-left", "a temporary file is left")                                \
    X(OVERSTAYED, "peer-not-cut-off", "no deadline has ended a hostile peer")                      \
    X(NOT_SERVED, "healthy-phone-not-served",                                                      \
      "a healthy phone failed while nothing but hostile peers disturbed it")                       \
    X(NOT_CURED, "phone-not-cured", "a phone failed again when nothing disturbed it any more")     \
    X(COMPONENT, "component-failed", "a component ended by itself, or did not start or end well")
enum chaos_finding {
#define X(id, name, help) CHAOS_FOUND_##id,
    CHAOS_FINDING_TABLE(X)
#undef X
};

struct chaos_component {
    const char *name;
    struct chaos_health before, after;
    unsigned kills;
};

struct chaos_report {
    const struct bench_options *options;
    const struct chaos_phones *phones;
    size_t tried, installed, at_once; /* phones; of them with their first attempt */
    size_t attempts;                  /* that ended */
    json_t *errors;                   /* code: attempts that ended so */
    struct chaos_component components[COMPONENT_COUNT]; /* name NULL: not in the lab */
    struct chaos_peers_count peers[CHAOS_BEHAVIOURS];
    struct chaos_events events;
    double seconds; /* of disturbed load */
    double unloaded_ms, healthy_ms, healthy_max_ms;
    json_t *findings; /* array of {finding, text} */
};

void chaos_found(struct chaos_report *r, enum chaos_finding finding, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void chaos_report_print(const struct chaos_report *r, FILE *to);
/* The caller owns it. */
json_t *chaos_report_json(const struct chaos_report *r);

#endif
