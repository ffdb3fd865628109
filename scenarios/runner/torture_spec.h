/* What a round of torture makes fail, as text and as a value:
 *
 *     capf:serve:alloc:137                   the 137th allocation of CAPF while phones enrol
 *     capf:start:alloc@1f0e33a2c49b7d15:2    the second one that comes by that call path
 *     {at: dns.query, nth: 2, do: servfail}  a fault of a mock, as in a scenario file
 *     none                                   nothing; calls are only counted
 */
#ifndef SCENARIOS_RUNNER_TORTURE_SPEC_H
#define SCENARIOS_RUNNER_TORTURE_SPEC_H

#include "base/err.h"
#include "scenarios/runner/component.h"
#include "scenarios/torture/torture.h"

enum { TORTURE_FAULT_MAX = 160 };

struct torture_spec {
    enum component component;
    enum torture_phase phase;
    enum torture_class kind;
    uint64_t path;                 /* 0: calls of that class, by any path */
    uint64_t nth;                  /* from 1; 0: nothing fails, calls are only counted */
    char fault[TORTURE_FAULT_MAX]; /* "": none; otherwise the others say nothing */
};

/* The phase may be left out, and is then `serve`. -1 ARG_USAGE. */
int torture_spec_read(const char *text, struct torture_spec *out, struct err *e);
/* malloc'ed; NULL without memory. */
char *torture_spec_text(const struct torture_spec *spec);

/* The class of a word, TORTURE_CLASSES for "fault", the faults of mocks. -1 ARG_USAGE. */
int torture_class_read(const char *word, enum torture_class *out, struct err *e);
const char *torture_class_word(enum torture_class kind);
const char *torture_phase_word(enum torture_phase phase);

#endif
