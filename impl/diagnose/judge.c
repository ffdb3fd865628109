/* The judgement: rules over scopes give hits, hits give incidents, symptoms fold into causes, and
 * what is marked as a failure but in no hit's scope is reported as unknown. It must never guess: an
 * unknown failure keeps its lines and gets no cause. */
#include "diagnose/judge.h"
#include "base/owned.h"
#include "diagnose/holds.h"
#include "diagnose/title.h"
#include <string.h>

struct hits {
    struct hit *items;
    size_t count, room;
};

/* ---- growing lists ---- */

static void *room_for(void *items, size_t *room, size_t count, size_t size) {
    if (count < *room)
        return items;
    size_t more = *room == 0 ? 8 : *room * 2;
    void *grown = reallocarray(items, more, size);
    if (grown != NULL)
        *room = more;
    return grown;
}

static struct incident *new_incident(struct incident **list, size_t *count, size_t *room) {
    struct incident *grown = room_for(*list, room, *count, sizeof **list);
    if (grown == NULL)
        return NULL;
    *list = grown;
    struct incident *i = &grown[(*count)++];
    memset(i, 0, sizeof *i);
    return i;
}

static void add_scope(struct incident *i, size_t scope) {
    for (size_t k = 0; k < i->scope_count; k++)
        if (i->scopes[k] == scope)
            return;
    size_t *grown = room_for(i->scopes, &i->scope_room, i->scope_count, sizeof *i->scopes);
    if (grown == NULL)
        return;
    i->scopes = grown;
    i->scopes[i->scope_count++] = scope;
}

static void add_device(struct incident *i, const char *device) {
    if (device == NULL || device[0] == '\0' || i->device_count == INCIDENT_DEVICES_MAX)
        return;
    for (size_t k = 0; k < i->device_count; k++)
        if (strcmp(i->devices[k], device) == 0)
            return;
    const char **grown = room_for(i->devices, &i->device_room, i->device_count, sizeof *i->devices);
    if (grown == NULL)
        return;
    i->devices = grown;
    i->devices[i->device_count++] = device;
}

static void add_evidence(const struct casefile *c, struct incident *i, size_t kept, bool proper) {
    const struct kept *line = &c->kept[kept];
    for (size_t k = 0; k < i->evidence_count; k++)
        if (i->evidence[k] == kept)
            return;
    if (proper && line->order > i->last_order)
        i->last_order = line->order;
    i->more += line->repeats;
    if (i->evidence_count == INCIDENT_EVIDENCE_MAX) {
        i->more++;
        return;
    }
    i->evidence[i->evidence_count++] = kept;
    i->supporting += !proper;
}

/* ---- hits ---- */

static int add_hit(struct hits *hits, const struct hit *hit) {
    struct hit *grown = room_for(hits->items, &hits->room, hits->count, sizeof *hits->items);
    if (grown == NULL)
        return -1;
    hits->items = grown;
    hits->items[hits->count++] = *hit;
    return 0;
}

static int find_hits(const struct casefile *c, struct hits *hits) {
    struct hit hit;
    int rc = 0;
    for (size_t s = 0; s < c->scope_count; s++) {
        if (c->scopes[s].count == 0)
            continue;
        for (size_t r = 0; r < rules_count(c->rules) && rc == 0; r++) {
            const struct rule *rule = rules_at(c->rules, r);
            if (rule_is_for(rule, c->scopes[s].kind) && rule_holds(c, rule, s, &hit))
                rc = add_hit(hits, &hit);
        }
    }
    return rc;
}

static bool is_iis(const struct casefile *c, size_t scope) {
    return c->scopes[scope].kind == SCOPE_IIS;
}

/* IIS speaks for every scope of the RA. */
static bool is_same_scope(const struct casefile *c, size_t a, size_t b) {
    bool devices = c->scopes[a].kind == SCOPE_DEVICE || c->scopes[b].kind == SCOPE_DEVICE;
    return a == b || (!devices && (is_iis(c, a) || is_iis(c, b)));
}

static void drop_losers(const struct casefile *c, struct hits *hits) {
    for (size_t i = 0; i < hits->count; i++) {
        struct hit *loser = &hits->items[i];
        if (loser->rule->unless_node == NULL)
            continue;
        for (size_t k = 0; k < hits->count && !loser->dropped; k++) {
            const struct hit *winner = &hits->items[k];
            loser->dropped = is_same_scope(c, loser->scope, winner->scope) &&
                             rule_ids_name(loser->rule->unless_node, winner->rule->id);
        }
    }
}

/* ---- incidents of rules ---- */

static struct incident *same_incident(struct incident *list, size_t count, const struct rule *rule,
                                      const char *title) {
    for (size_t i = 0; i < count; i++)
        if (list[i].findings[0].rule == rule && strcmp(list[i].findings[0].title, title) == 0)
            return &list[i];
    return NULL;
}

static struct incident *incident_for(struct judgement *j, const struct hit *hit) {
    bool harmless = hit->rule->harmless;
    struct incident **list = harmless ? &j->harmless : &j->incidents;
    size_t *count = harmless ? &j->harmless_count : &j->count;
    size_t *room = harmless ? &j->harmless_room : &j->room;
    char *title = title_fill(hit->rule->title, hit->facts, hit->count);
    if (title == NULL)
        return NULL;
    struct incident *i = same_incident(*list, *count, hit->rule, title);
    if (i != NULL) {
        free(title);
        return i;
    }
    i = new_incident(list, count, room);
    if (i == NULL) {
        free(title);
        return NULL;
    }
    i->findings[i->finding_count++] = (struct finding){hit->rule, title};
    i->certainty = (enum certainty)hit->rule->certainty;
    return i;
}

static int put_hit(const struct casefile *c, struct judgement *j, const struct hit *hit) {
    struct incident *i = incident_for(j, hit);
    if (i == NULL)
        return -1;
    add_scope(i, hit->scope);
    add_device(i, c->scopes[hit->scope].device);
    for (size_t k = 0; k < hit->proper; k++)
        add_evidence(c, i, hit->facts[k]->kept, true);
    return 0;
}

/* What only supports comes last. */
static void put_support(const struct casefile *c, struct judgement *j, const struct hit *hit) {
    struct incident *i = incident_for(j, hit);
    for (size_t k = hit->proper; i != NULL && k < hit->count; k++)
        add_evidence(c, i, hit->facts[k]->kept, false);
}

static bool same_evidence(const struct incident *a, const struct incident *b) {
    size_t proper = a->evidence_count - a->supporting;
    return a->evidence_count - a->supporting == b->evidence_count - b->supporting &&
           memcmp(a->evidence, b->evidence, proper * sizeof a->evidence[0]) == 0;
}

static void free_incident(struct incident *i) {
    for (size_t k = 0; k < i->finding_count; k++)
        free(i->findings[k].title);
    free(i->scopes);
    free(i->devices);
}

static void remove_incident(struct judgement *j, size_t at) {
    free_incident(&j->incidents[at]);
    memmove(&j->incidents[at], &j->incidents[at + 1], (j->count - at - 1) * sizeof j->incidents[0]);
    j->count--;
}

static bool is_symptom(const struct incident *i) {
    return i->findings[0].rule == NULL || i->findings[0].rule->symptom;
}

/* Rules that rest on the very same lines are readings of one incident: none of them is certain. */
static void join_readings(struct judgement *j) {
    for (size_t a = 0; a < j->count; a++)
        for (size_t b = a + 1; b < j->count;) {
            struct incident *one = &j->incidents[a], *other = &j->incidents[b];
            if (is_symptom(one) || is_symptom(other) || !same_evidence(one, other) ||
                one->finding_count == INCIDENT_FINDINGS_MAX) {
                b++;
                continue;
            }
            one->findings[one->finding_count++] = other->findings[0];
            other->findings[0].title = NULL;
            if (one->certainty == CERTAINTY_CERTAIN)
                one->certainty = CERTAINTY_LIKELY;
            remove_incident(j, b);
        }
}

/* ---- what no rule explains ---- */

static bool is_in_scopes(const struct incident *i, size_t scope) {
    for (size_t k = 0; k < i->scope_count; k++)
        if (i->scopes[k] == scope)
            return true;
    return false;
}

static void mark_scopes(const struct incident *list, size_t count, char *explained) {
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < list[i].scope_count; k++)
            explained[list[i].scopes[k]] = 1;
}

/* The first pattern that the kept line met. */
static const struct rule_line *mark_of(const struct casefile *c, size_t kept) {
    const struct scope *s = &c->scopes[c->kept[kept].scope];
    for (size_t i = 0; i < s->count; i++)
        if (s->facts[i].kept == kept)
            return s->facts[i].line;
    return NULL;
}

/* Failures of one scope go together, and those of scopes that begin with the same mark. */
static struct incident *unknown_of(const struct casefile *c, struct judgement *j, size_t kept) {
    size_t scope = c->kept[kept].scope;
    const struct rule_line *mark = mark_of(c, kept);
    for (size_t i = 0; i < j->count; i++)
        if (j->incidents[i].findings[0].rule == NULL && is_in_scopes(&j->incidents[i], scope))
            return &j->incidents[i];
    for (size_t i = 0; i < j->count; i++)
        if (j->incidents[i].findings[0].rule == NULL && j->incidents[i].mark == mark) {
            add_scope(&j->incidents[i], scope);
            return &j->incidents[i];
        }
    struct incident *i = new_incident(&j->incidents, &j->count, &j->room);
    char *title = i != NULL ? strdup("Something failed that no rule explains.") : NULL;
    if (title == NULL) {
        j->count -= i != NULL;
        return NULL;
    }
    i->findings[i->finding_count++] = (struct finding){NULL, title};
    i->mark = mark;
    add_scope(i, scope);
    return i;
}

static int find_unknown(const struct casefile *c, struct judgement *j) {
    AUTO(char) explained = calloc(c->scope_count + 1, 1);
    if (explained == NULL)
        return -1;
    mark_scopes(j->incidents, j->count, explained);
    mark_scopes(j->harmless, j->harmless_count, explained);
    for (size_t k = 0; k < c->kept_count; k++) {
        const struct kept *line = &c->kept[k];
        if (!line->failure || explained[line->scope])
            continue;
        struct incident *i = unknown_of(c, j, k);
        if (i == NULL)
            return -1;
        add_device(i, c->scopes[line->scope].device);
        add_evidence(c, i, k, true);
    }
    return 0;
}

/* ---- symptoms and causes ---- */

enum { HOUR = 3600, NEAR = 60 };

enum place incident_place(const struct casefile *c, const struct incident *incident) {
    const struct rule *rule = incident->findings[0].rule;
    if (rule != NULL)
        return (enum place)rule->place;
    switch (c->kept[incident->evidence[0]].source) {
    case SOURCE_CAPF:
        return PLACE_CAPF;
    case SOURCE_PHONE:
    case SOURCE_STATUS:
        return PLACE_PHONE;
    case SOURCE_IIS:
        return PLACE_CERTSRV;
    default:
        return PLACE_RA;
    }
}

static bool is_of_device(const struct casefile *c, const struct incident *i) {
    return c->scopes[i->scopes[0]].kind == SCOPE_DEVICE;
}

static bool share_scope(const struct casefile *c, const struct incident *a,
                        const struct incident *b) {
    for (size_t k = 0; k < b->scope_count; k++)
        for (size_t n = 0; n < a->scope_count; n++)
            if (is_same_scope(c, a->scopes[n], b->scopes[k]))
                return true;
    return false;
}

/* A symptom may be the cause of one that is farther from the CA, for the same device. */
static bool can_cause(const struct casefile *c, const struct incident *cause,
                      const struct incident *symptom) {
    int nearer = (int)incident_place(c, cause) - (int)incident_place(c, symptom);
    if (cause->findings[0].rule == NULL)
        return false;
    return is_symptom(cause) ? nearer > 0 : nearer >= 0;
}

/* Whether cause accounts for symptom: it lies as near to the CA or nearer, and they can have to do
 * with each other. A failure that no rule explains is never put down to another enrolment at the
 * RA, only a phone's or CAPF's view of it to a cause behind CAPF. */
static bool accounts_for(const struct casefile *c, const struct incident *cause,
                         const struct incident *symptom) {
    if (!can_cause(c, cause, symptom))
        return false;
    bool unnamed = is_of_device(c, symptom) && symptom->device_count == 0;
    if (is_of_device(c, cause))
        return is_of_device(c, symptom) && (unnamed || share_scope(c, cause, symptom));
    if (symptom->findings[0].rule == NULL && !is_of_device(c, symptom))
        return share_scope(c, cause, symptom);
    return true;
}

static void absorb(const struct casefile *c, struct incident *cause,
                   const struct incident *symptom) {
    for (size_t k = 0; k < symptom->evidence_count; k++)
        add_evidence(c, cause, symptom->evidence[k], false);
    for (size_t k = 0; k < symptom->device_count; k++)
        add_device(cause, symptom->devices[k]);
    cause->more += symptom->more;
}

/* Within a minute of each other, whatever the zones of their logs. */
static bool is_near(const struct casefile *c, const struct incident *a, const struct incident *b) {
    for (size_t k = 0; k < a->evidence_count; k++)
        for (size_t n = 0; n < b->evidence_count; n++) {
            int64_t one = c->kept[a->evidence[k]].time, other = c->kept[b->evidence[n]].time;
            int64_t apart = (one > other ? one - other : other - one) % HOUR;
            if (one >= 0 && other >= 0 && (apart <= NEAR || apart >= HOUR - NEAR))
                return true;
        }
    return false;
}

/* How well a cause fits a symptom: not at all, somehow, near in time, in the same scope. */
enum fit { FIT_NONE, FIT_SOMEHOW, FIT_NEAR, FIT_SCOPE };

static enum fit fit_of(const struct casefile *c, const struct incident *cause,
                       const struct incident *symptom) {
    if (cause == symptom || !accounts_for(c, cause, symptom))
        return FIT_NONE;
    if (share_scope(c, cause, symptom))
        return FIT_SCOPE;
    return is_near(c, cause, symptom) ? FIT_NEAR : FIT_SOMEHOW;
}

/* The causes that fit best take the symptom; several that fit only somehow do not. */
static bool fold(const struct casefile *c, struct judgement *j, size_t at) {
    struct incident *symptom = &j->incidents[at];
    enum fit best = FIT_NONE;
    size_t count = 0;
    for (size_t i = 0; i < j->count; i++) {
        enum fit fit = fit_of(c, &j->incidents[i], symptom);
        count = fit == FIT_NONE ? count : fit > best ? 1 : count + (fit == best);
        best = fit > best ? fit : best;
    }
    bool folded = best > FIT_SOMEHOW || (best == FIT_SOMEHOW && count == 1);
    for (size_t i = 0; i < j->count && folded; i++)
        if (fit_of(c, &j->incidents[i], symptom) == best)
            absorb(c, &j->incidents[i], symptom);
    for (size_t i = 0; i < j->harmless_count && !folded; i++)
        folded = accounts_for(c, &j->harmless[i], &j->incidents[at]);
    return folded;
}

static void fold_symptoms(const struct casefile *c, struct judgement *j) {
    for (size_t at = 0; at < j->count;) {
        if (is_symptom(&j->incidents[at]) && fold(c, j, at))
            remove_incident(j, at);
        else
            at++;
    }
}

/* ---- the end of it ---- */

static const struct scope *scope_of_device(const struct casefile *c, const char *device) {
    for (size_t s = 0; s < c->scope_count; s++)
        if (c->scopes[s].device == device)
            return &c->scopes[s];
    return NULL;
}

static void sort_evidence(const struct casefile *c, size_t *evidence, size_t count) {
    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k > 0; k--) {
            size_t *one = &evidence[k - 1], *other = &evidence[k];
            if (c->kept[*one].order <= c->kept[*other].order)
                break;
            size_t swap = *one;
            *one = *other;
            *other = swap;
        }
}

/* The proper evidence first, each part in the order of reading. */
static void sort_all(const struct casefile *c, struct judgement *j) {
    for (size_t i = 0; i < j->count; i++) {
        struct incident *one = &j->incidents[i];
        size_t proper = one->evidence_count - one->supporting;
        sort_evidence(c, one->evidence, proper);
        sort_evidence(c, one->evidence + proper, one->supporting);
    }
}

static void note_recovery(const struct casefile *c, struct judgement *j) {
    for (size_t i = 0; i < j->count; i++) {
        struct incident *one = &j->incidents[i];
        one->over = one->device_count > 0;
        for (size_t k = 0; k < one->device_count && one->over; k++) {
            const struct scope *s = scope_of_device(c, one->devices[k]);
            one->over = s != NULL && s->last_success > one->last_order;
        }
    }
}

static int put_hits(const struct casefile *c, struct judgement *j, const struct hits *hits) {
    for (size_t i = 0; i < hits->count; i++)
        if (!hits->items[i].dropped && put_hit(c, j, &hits->items[i]) != 0)
            return -1;
    for (size_t i = 0; i < hits->count; i++)
        if (!hits->items[i].dropped)
            put_support(c, j, &hits->items[i]);
    return 0;
}

int judge(struct casefile *c, struct judgement *out, struct err *e) {
    struct hits hits = {0};
    *out = (struct judgement){0};
    int rc = find_hits(c, &hits);
    if (rc == 0) {
        drop_losers(c, &hits);
        rc = put_hits(c, out, &hits);
    }
    free(hits.items);
    if (rc != 0)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    join_readings(out);
    if (find_unknown(c, out) != 0)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    fold_symptoms(c, out);
    sort_all(c, out);
    note_recovery(c, out);
    return 0;
}

void judgement_free(struct judgement *j) {
    for (size_t i = 0; i < j->count; i++)
        free_incident(&j->incidents[i]);
    for (size_t i = 0; i < j->harmless_count; i++)
        free_incident(&j->harmless[i]);
    free(j->incidents);
    free(j->harmless);
    *j = (struct judgement){0};
}
