/* The choice of the rounds. Must never depend on time or on where memory happened to be. */
#include "scenarios/runner/torture_plan.h"

#include "base/owned.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS = (COMPONENT_COUNT + 1) * (TORTURE_PHASES + 1) * (TORTURE_CLASSES + 1) };

static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 32);
}

static uint64_t mix_text(uint64_t hash, const char *text) {
    for (; *text != '\0'; text++)
        hash = mix(hash, (unsigned char)*text);
    return hash;
}

void torture_plan_init(struct torture_plan *plan, const char *seed) {
    *plan = (struct torture_plan){.seed = mix_text(1, seed)};
}

void torture_plan_free(struct torture_plan *plan) {
    free(plan->items);
    *plan = (struct torture_plan){0};
}

static int add(struct torture_plan *plan, const struct torture_spec *spec, uint64_t own,
               enum torture_level level, struct err *e) {
    if (plan->count == plan->room) {
        size_t room = plan->room == 0 ? 1024 : 2 * plan->room;
        struct torture_item *items = realloc(plan->items, room * sizeof *items);
        if (items == NULL)
            return err_set(e, ERR_SYS_NOMEM, NULL);
        plan->items = items;
        plan->room = room;
    }
    uint64_t order = mix(mix(mix(plan->seed, spec->path), spec->phase), spec->nth);
    plan->items[plan->count++] = (struct torture_item){
        .spec = *spec, .level = level, .own = own, .order = mix_text(order, spec->fault)};
    return 0;
}

static int add_path(struct torture_plan *plan, enum component c, enum torture_phase phase,
                    const struct torture_path *path, bool all, struct err *e) {
    struct torture_spec spec = {
        .component = c, .phase = phase, .kind = (enum torture_class)path->kind, .path = path->hash};
    uint64_t last = all ? path->calls[phase] : path->calls[phase] > 0;
    if (plan->left_out[path->kind])
        return 0;
    for (spec.nth = 1; spec.nth <= last; spec.nth++)
        if (add(plan, &spec, path->own, spec.nth == 1 ? TORTURE_LEVEL_PATH : TORTURE_LEVEL_REPEATED,
                e) != 0)
            return -1;
    return 0;
}

int torture_plan_add(struct torture_plan *plan, enum component c,
                     const struct torture_control *control, bool all, struct err *e) {
    for (size_t i = 0; i < TORTURE_PATHS_MAX; i++)
        for (unsigned phase = 0; control->paths[i].hash != 0 && phase < TORTURE_PHASES; phase++)
            if (add_path(plan, c, (enum torture_phase)phase, &control->paths[i], all, e) != 0)
                return -1;
    return 0;
}

int torture_plan_add_fault(struct torture_plan *plan, const char *row, struct err *e) {
    struct torture_spec spec;
    if (plan->left_out[TORTURE_CLASSES])
        return 0;
    if (torture_spec_read(row, &spec, e) != 0)
        return -1;
    return add(plan, &spec, 0, TORTURE_LEVEL_OWN, e);
}

/* Faults are a group of their own. */
static size_t group_of(const struct torture_item *item) {
    const struct torture_spec *s = &item->spec;
    size_t kind = s->fault[0] == '\0' ? s->kind : TORTURE_CLASSES;
    return (s->component * (TORTURE_PHASES + 1) + s->phase) * (TORTURE_CLASSES + 1) + kind;
}

static int compare(uint64_t a, uint64_t b) {
    return a < b ? -1 : a > b;
}

/* By group, own way and order: the first of each way stands for it. */
static int by_way(const void *a, const void *b) {
    const struct torture_item *x = a;
    const struct torture_item *y = b;
    int result = compare(group_of(x), group_of(y));
    if (result == 0)
        result = compare(x->own, y->own);
    if (result == 0)
        result = compare(x->level, y->level);
    return result != 0 ? result : compare(x->order, y->order);
}

static int by_order(const void *a, const void *b) {
    const struct torture_item *x = a;
    const struct torture_item *y = b;
    int result = compare(x->level, y->level);
    return result != 0 ? result : compare(x->order, y->order);
}

static int by_place(const void *a, const void *b) {
    const struct torture_item *x = a;
    const struct torture_item *y = b;
    int result = compare(x->level, y->level);
    if (result != 0 || x->place < y->place)
        return result != 0 ? result : -1;
    return x->place > y->place ? 1 : compare(x->order, y->order);
}

static void choose_own(struct torture_plan *plan) {
    qsort(plan->items, plan->count, sizeof *plan->items, by_way);
    for (size_t i = 0; i < plan->count; i++) {
        struct torture_item *item = &plan->items[i];
        bool first = i == 0 || group_of(item) != group_of(item - 1) || item->own != item[-1].own;
        if (first)
            item->level = TORTURE_LEVEL_OWN;
    }
}

/* The k-th of a group of n has its place at k / sqrt(n). */
static void give_places(struct torture_plan *plan) {
    size_t size[TORTURE_LEVELS][GROUPS] = {{0}};
    size_t seen[TORTURE_LEVELS][GROUPS] = {{0}};
    for (size_t i = 0; i < plan->count; i++)
        size[plan->items[i].level][group_of(&plan->items[i])]++;
    for (size_t i = 0; i < plan->count; i++) {
        struct torture_item *item = &plan->items[i];
        size_t group = group_of(item);
        item->place =
            ((double)seen[item->level][group]++ + 0.5) / sqrt((double)size[item->level][group]);
    }
}

void torture_plan_order(struct torture_plan *plan) {
    if (plan->count == 0)
        return;
    choose_own(plan);
    qsort(plan->items, plan->count, sizeof *plan->items, by_order);
    give_places(plan);
    qsort(plan->items, plan->count, sizeof *plan->items, by_place);
}

void torture_plan_tell(const struct torture_plan *plan, size_t tried, FILE *to) {
    static const char *const texts[] = {
#define X(id, text) text,
        TORTURE_LEVEL_TABLE(X)
#undef X
    };
    size_t all[TORTURE_LEVELS] = {0};
    size_t done[TORTURE_LEVELS] = {0};
    for (size_t i = 0; i < plan->count; i++) {
        all[plan->items[i].level]++;
        done[plan->items[i].level] += i < tried;
    }
    for (size_t i = 0; i < TORTURE_LEVELS; i++)
        if (all[i] > 0)
            fprintf(to, "%s%zu of %zu %s", i == 0 ? "" : ", ", done[i], all[i], texts[i]);
}
