/* The programs of a lab, in the order in which they are started: each is told the addresses of
 * those before it. */
#ifndef SCENARIOS_RUNNER_COMPONENT_H
#define SCENARIOS_RUNNER_COMPONENT_H

#include <stdbool.h>

struct scenario;

/* X(ID, name of the actor, program, log) */
#define COMPONENT_TABLE(X)                                                                         \
    X(NTP, "ntp", "capflab-ntp", "ntp.log")                                                        \
    X(DNS, "dns", "capflab-dns", "dns.log")                                                        \
    X(CERTSRV, "certsrv", "capflab-certsrv", "iis.log")                                            \
    X(WIRE_RA_CERTSRV, "wire-ra-certsrv", "capflab-wire", "wire-ra-certsrv.log")                   \
    X(RA, "ra", "capflab-ra", "ra-error.log")                                                      \
    X(WIRE_CAPF_RA, "wire-capf-ra", "capflab-wire", "wire-capf-ra.log")                            \
    X(CAPF, "capf", "capflab-capf", "capf.log")                                                    \
    X(WIRE_PHONE_CAPF, "wire-phone-capf", "capflab-wire", "wire-phone-capf.log")                   \
    X(TVS, "tvs", "capflab-tvs", "tvs.log")                                                        \
    X(WIRE_PHONE_TVS, "wire-phone-tvs", "capflab-wire", "wire-phone-tvs.log")                      \
    X(TFTP, "tftp", "capflab-tftp", "tftp.log")                                                    \
    X(WIRE_PHONE_HTTP, "wire-phone-http", "capflab-wire", "wire-phone-http.log")

enum component {
#define X(id, name, program, log) COMPONENT_##id,
    COMPONENT_TABLE(X)
#undef X
        COMPONENT_COUNT
};

const char *component_name(enum component c);
const char *component_program(enum component c);
const char *component_log(enum component c);

/* The component with that name; COMPONENT_COUNT: there is none. */
enum component component_of(const char *name);

/* The component that has the fault point ("wire:capf-ra"); COMPONENT_COUNT: none, a phone's. */
enum component component_at(const char *point);

/* Whether the lab of the scenario has it. */
bool scenario_needs(const struct scenario *s, enum component c);

/* The connection of a relay ("ra-certsrv"); NULL for what is no relay. */
const char *component_connection(enum component c);

#endif
