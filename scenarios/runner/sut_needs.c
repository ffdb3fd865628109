/* Which scenarios can be played with programs under test: what they ask for against what those can
 * do, and what no program of somebody else could be made to do. */
#include "scenarios/runner/sut.h"

#include "scenarios/runner/words.h"

#include <string.h>

static bool behind_address(const struct suts *s, enum sut_kind kind) {
    return s->items[kind].given && s->items[kind].address != NULL;
}

bool sut_absent(const struct suts *s, enum component c) {
    if (s == NULL)
        return false;
    bool no_ra = behind_address(s, SUT_CAPF);
    bool no_certsrv = no_ra || behind_address(s, SUT_RA);
    if (c == COMPONENT_RA || c == COMPONENT_WIRE_CAPF_RA)
        return no_ra;
    return no_certsrv && (c == COMPONENT_CERTSRV || c == COMPONENT_WIRE_RA_CERTSRV);
}

bool sut_hides(const struct suts *s, enum component c) {
    return sut_absent(s, c) || sut_of(s, c, NULL) != NULL;
}

static bool can(const struct suts *s, enum sut_kind kind, enum capability capability) {
    static const bool there[] = {
#define X(id, word, there, help) there,
        CAPABILITY_TABLE(X)
#undef X
    };
    const struct sut_settings *settings = &s->file.of[kind];
    if (settings->capabilities != NULL)
        return settings->can[capability];
    return s->items[kind].address == NULL || there[capability];
}

static bool wants_ec(const struct scenario *s) {
    for (size_t i = 0; i < s->phone_count; i++)
        if (s->phones[i].keys.ec && s->phones[i].device.key_order != KEY_ORDER_RSA_ONLY)
            return true;
    return false;
}

static bool wants_failures(const struct scenario *s) {
    return s->fault_rows.count > 0 ||
           (s->then.est != NULL && strcmp(s->then.est, "EST_ERR_NONE") != 0 &&
            strcmp(s->then.est, "none") != 0);
}

static bool changes(const struct scenario *s, const char *name) {
    const struct cfg_node *lab = node_under(cfg_root(s->doc), "lab");
    return node_under(lab, name) != NULL;
}

/* Clients of others also take the names, the time and the account that the scenario has. */
static bool changes_settings(const struct scenario *s, const char *name) {
    bool client = strcmp(name, sut_name(SUT_CERTSRV)) != 0;
    return changes(s, name) ||
           (client && (s->lab.has_dns || s->lab.has_ntp || changes(s, "online-ca")));
}

static bool changes_clock(const struct scenario *s) {
    if (s->lab.clock.offset_us != 0 || s->lab.clock.rate < 1 || s->lab.clock.rate > 1)
        return true;
    for (size_t i = 0; i < s->step_count; i++)
        if (s->steps[i].kind == STEP_ADVANCE_CLOCK)
            return true;
    return false;
}

static bool steps_on(const struct scenario *s, const char *name) {
    for (size_t i = 0; i < s->step_count; i++)
        if (s->steps[i].actor != NULL && strcmp(s->steps[i].actor, name) == 0)
            return true;
    return false;
}

static bool wants(const struct scenario *s, enum capability capability, const char *name) {
    switch (capability) {
    case CAPABILITY_EC_KEYS:
        return wants_ec(s);
    case CAPABILITY_FAILURES:
        return wants_failures(s);
    case CAPABILITY_SETTINGS:
        return changes_settings(s, name);
    case CAPABILITY_CLOCK:
        return changes_clock(s);
    default:
        return steps_on(s, name);
    }
}

static bool lacks(const struct suts *s, const struct scenario *scenario, enum sut_kind kind,
                  char *why, size_t size) {
    static const char *const words[] = {
#define X(id, word, there, help) word,
        CAPABILITY_TABLE(X)
#undef X
    };
    const char *name = sut_name(kind);
    if (!scenario_needs(scenario, sut_component(kind))) {
        snprintf(why, size, "%s has no part in it", name);
        return true;
    }
    for (size_t i = 0; i < CAPABILITY_COUNT; i++)
        if (wants(scenario, (enum capability)i, name) && !can(s, kind, (enum capability)i)) {
            snprintf(why, size, "it needs %s of %s", words[i], name);
            return true;
        }
    return false;
}

/* Steps that need the logs, the store or the process of what is not ours. */
static bool step_is_ours(const struct suts *s, const struct step *step) {
    enum component actor = step->actor == NULL ? COMPONENT_COUNT : component_of(step->actor);
    switch (step->kind) {
    case STEP_WAIT_FOR:
        if (step->fault != NULL)
            return !sut_absent(s, step->fault_side);
        return step->log_kind == LOG_PHONE || !sut_hides(s, log_writer(step->log_kind));
    case STEP_RENEW:
    case STEP_SET_DEVICE:
    case STEP_IMPORT_OFFLINE:
        return !sut_hides(s, COMPONENT_CAPF);
    case STEP_ISSUE:
    case STEP_DENY:
        return !sut_hides(s, COMPONENT_CERTSRV);
    case STEP_START:
    case STEP_RESTART:
    case STEP_STOP:
    case STEP_KILL:
    case STEP_PAUSE:
    case STEP_RESUME:
    case STEP_RELEASE:
    case STEP_SET:
    case STEP_ADVANCE_CLOCK: {
        const struct sut *sut = sut_of(s, actor, NULL);
        return !sut_absent(s, actor) && (sut == NULL || sut->address == NULL);
    }
    default:
        return true;
    }
}

static bool mock_is_hidden(const struct suts *s, const struct scenario *scenario) {
    return (sut_hides(s, COMPONENT_CERTSRV) && scenario_has_fault(scenario, "certsrv")) ||
           (sut_absent(s, COMPONENT_WIRE_RA_CERTSRV) &&
            scenario_has_fault(scenario, "wire:ra-certsrv")) ||
           (sut_absent(s, COMPONENT_WIRE_CAPF_RA) && scenario_has_fault(scenario, "wire:capf-ra"));
}

/* The settings of what stands behind an address cannot be changed from here. */
static bool settings_are_hidden(const struct suts *s, const struct scenario *scenario) {
    return (sut_absent(s, COMPONENT_RA) && changes(scenario, "ra")) ||
           (sut_absent(s, COMPONENT_CERTSRV) && changes(scenario, "certsrv"));
}

bool sut_unfit(const struct suts *s, const struct scenario *scenario, char *why, size_t size) {
    for (size_t kind = 0; s != NULL && kind < SUT_COUNT; kind++)
        if (s->items[kind].given && lacks(s, scenario, (enum sut_kind)kind, why, size))
            return true;
    for (size_t i = 0; s != NULL && i < scenario->step_count; i++)
        if (!step_is_ours(s, &scenario->steps[i])) {
            snprintf(why, size, "its step %s cannot be done to a program under test",
                     step_name(scenario->steps[i].kind));
            return true;
        }
    if (s == NULL || (!mock_is_hidden(s, scenario) && !settings_are_hidden(s, scenario)))
        return false;
    snprintf(why, size, "it needs parts of the lab that are replaced");
    return true;
}
