/* Which programs a lab has. Must never start anything. */
#include "scenarios/runner/component.h"

#include "capf/device_enums.h"
#include "scenarios/runner/scenario.h"

#include <string.h>

static const struct {
    const char *name;
    const char *program;
    const char *log;
} components[] = {
#define X(id, name, program, log) {name, program, log},
    COMPONENT_TABLE(X)
#undef X
};

const char *component_name(enum component c) {
    return components[c].name;
}
const char *component_program(enum component c) {
    return components[c].program;
}
const char *component_log(enum component c) {
    return components[c].log;
}

enum component component_of(const char *name) {
    for (size_t i = 0; i < COMPONENT_COUNT; i++)
        if (strcmp(components[i].name, name) == 0)
            return (enum component)i;
    return COMPONENT_COUNT;
}

static const char relay_prefix[] = "wire-";

const char *component_connection(enum component c) {
    const char *name = components[c].name;
    size_t len = sizeof relay_prefix - 1;
    return strncmp(name, relay_prefix, len) == 0 ? name + len : NULL;
}

enum component component_at(const char *point) {
    char name[64];
    size_t len = strcspn(point, ".:");
    if (point[len] == ':')
        snprintf(name, sizeof name, "%s%s", relay_prefix, point + len + 1);
    else
        snprintf(name, sizeof name, "%.*s", (int)len, point);
    return component_of(name);
}

static bool relay_is_needed(const struct scenario *s, enum component c) {
    char point[64];
    snprintf(point, sizeof point, "wire:%s", component_connection(c));
    return scenario_has_fault(s, point);
}

bool scenario_needs(const struct scenario *s, enum component c) {
    bool online = s->lab.capf.issuer == ISSUER_ONLINE_CA;
    switch (c) {
    case COMPONENT_NTP:
        return s->lab.has_ntp;
    case COMPONENT_DNS:
        return s->lab.has_dns;
    case COMPONENT_TVS:
        return s->lab.has_tvs;
    case COMPONENT_TFTP:
        return s->lab.has_tftp;
    case COMPONENT_CAPF:
        return true;
    case COMPONENT_WIRE_PHONE_CAPF:
        return relay_is_needed(s, c);
    case COMPONENT_WIRE_PHONE_TVS:
        return s->lab.has_tvs && relay_is_needed(s, c);
    case COMPONENT_WIRE_PHONE_HTTP:
        return s->lab.has_tftp && relay_is_needed(s, c);
    case COMPONENT_WIRE_RA_CERTSRV:
    case COMPONENT_WIRE_CAPF_RA:
        return online && relay_is_needed(s, c);
    default:
        return online;
    }
}
