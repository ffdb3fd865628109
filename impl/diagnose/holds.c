/* Evaluation of one rule. Lines of IIS count for every scope of the RA, since nothing in them says
 * whose they are; a rule still needs a line of the scope itself. */
#include "diagnose/holds.h"
#include <string.h>

enum { RA_SOURCES = SOURCE_BIT(SOURCE_RA) | SOURCE_BIT(SOURCE_NGINX) | SOURCE_BIT(SOURCE_EST) };
enum { IIS_SOURCES = SOURCE_BIT(SOURCE_IIS) };

static int sources_of(const struct rule *rule) {
    int sources = 0;
    for (int part = PART_ALL; part <= PART_ANY; part++)
        for (size_t i = 0; i < rule_lines(rule, (enum rule_part)part); i++)
            sources |= rule_line(rule, (enum rule_part)part, i)->sources;
    return sources;
}

bool rule_is_for(const struct rule *rule, enum scope_kind kind) {
    int sources = sources_of(rule);
    if (kind == SCOPE_RA)
        return (sources & RA_SOURCES) != 0;
    if (kind == SCOPE_IIS)
        return (sources & IIS_SOURCES) != 0;
    return (sources & ~(RA_SOURCES | IIS_SOURCES)) != 0;
}

static const struct fact *find(const struct casefile *c, const struct rule_line *line, size_t scope,
                               uint64_t order) {
    const struct fact *f = case_fact(c, scope, line, order);
    if (f == NULL && (line->sources & IIS_SOURCES) != 0 && c->iis != 0)
        f = case_fact(c, c->iis - 1, line, 0);
    return f;
}

static void take(struct hit *hit, const struct fact *f) {
    if (hit->count < HIT_FACTS_MAX)
        hit->facts[hit->count++] = f;
}

static bool take_all(const struct casefile *c, struct hit *hit) {
    uint64_t order = 0;
    for (size_t i = 0; i < rule_lines(hit->rule, PART_ALL); i++) {
        const struct fact *f = find(c, rule_line(hit->rule, PART_ALL, i), hit->scope, order);
        if (f == NULL)
            return false;
        take(hit, f);
        if (hit->rule->ordered && c->kept[f->kept].scope == hit->scope)
            order = c->kept[f->kept].order;
    }
    return true;
}

static bool take_any(const struct casefile *c, struct hit *hit) {
    size_t before = hit->count;
    for (size_t i = 0; i < rule_lines(hit->rule, PART_ANY); i++) {
        const struct fact *f = find(c, rule_line(hit->rule, PART_ANY, i), hit->scope, 0);
        if (f != NULL)
            take(hit, f);
    }
    return hit->count > before || rule_lines(hit->rule, PART_ANY) == 0;
}

static bool has_forbidden(const struct casefile *c, const struct hit *hit) {
    for (size_t i = 0; i < rule_lines(hit->rule, PART_NONE); i++)
        if (find(c, rule_line(hit->rule, PART_NONE, i), hit->scope, 0) != NULL)
            return true;
    return false;
}

static bool has_own_line(const struct casefile *c, const struct hit *hit) {
    for (size_t i = 0; i < hit->count; i++)
        if (c->kept[hit->facts[i]->kept].scope == hit->scope)
            return true;
    return false;
}

/* Lines that only support may stand in another scope: the template that CAPF says at its start. */
static void take_also(const struct casefile *c, struct hit *hit) {
    for (size_t i = 0; i < rule_lines(hit->rule, PART_ALSO); i++) {
        const struct rule_line *line = rule_line(hit->rule, PART_ALSO, i);
        const struct fact *f = case_fact(c, hit->scope, line, 0);
        bool foreign =
            c->scopes[hit->scope].kind != SCOPE_DEVICE && (line->sources & RA_SOURCES) == 0;
        if (f == NULL && foreign)
            f = case_fact_anywhere(c, line);
        if (f != NULL)
            take(hit, f);
    }
}

bool rule_holds(const struct casefile *c, const struct rule *rule, size_t scope, struct hit *hit) {
    *hit = (struct hit){.rule = rule, .scope = scope};
    if (!take_all(c, hit) || !take_any(c, hit) || has_forbidden(c, hit) || !has_own_line(c, hit))
        return false;
    hit->proper = hit->count;
    take_also(c, hit);
    return true;
}
