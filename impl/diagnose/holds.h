/* Does a rule hold in a scope, and by which lines? */
#ifndef DIAGNOSE_HOLDS_H
#define DIAGNOSE_HOLDS_H

#include "diagnose/casefile.h"

enum { HIT_FACTS_MAX = 16 };

/* A rule that holds. */
struct hit {
    const struct rule *rule;
    size_t scope;
    const struct fact *facts[HIT_FACTS_MAX]; /* evidence proper first, then what only supports */
    size_t proper, count;
    bool dropped; /* gave way */
};

bool rule_holds(const struct casefile *c, const struct rule *rule, size_t scope, struct hit *hit);

/* Whether the rule can hold in scopes of this kind at all. */
bool rule_is_for(const struct rule *rule, enum scope_kind kind);

#endif
