/* What a simulated phone does at which point, as scenario files write it: the phone's own tables.
 */
#ifndef SCENARIOS_RUNNER_BEHAVIOUR_H
#define SCENARIOS_RUNNER_BEHAVIOUR_H

#include "base/config.h"
#include "mocks/fault/fault.h"

enum { BEHAVIOURS_MAX = 16 };

/* Rows of an array of int, one for each point: 0 is what phones do. */
extern const struct cfg_field lab_behaviour_fields[];
/* The key of point i; NULL behind the last. */
const char *behaviour_key(size_t i);
const char *behaviour_word(int action);

extern const struct fault_tables phone_faults; /* of mocks/phone */

/* What a phone shows where its LSC is asked for, and it has none. */
extern const struct cfg_word lsc_fallback_words[];
/* What it says when no CAPF server's name has an address. */
extern const struct cfg_word unresolved_words[];

#endif
