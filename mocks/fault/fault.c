/* Visits and what applies at them. Nothing here is random, and nothing depends on time. */
#include "mocks/fault/fault.h"
#include "base/events.h"
#include "base/owned.h"
#include <string.h>
#include <strings.h>

void fault_set_free(struct fault_set *set) {
    for (size_t i = 0; set != NULL && i < set->count; i++) {
        free(set->items[i].name);
        free(set->items[i].text);
        free((void *)(uintptr_t)set->items[i].octets.data);
    }
    if (set != NULL)
        free(set->items);
    free(set);
}

/* Takes the strings of from too; -1 without memory, *to may be freed either way. */
static int copy_fault(struct fault *to, const struct fault *from) {
    *to = *from;
    to->name = from->name != NULL ? strdup(from->name) : NULL;
    to->text = strdup(from->text);
    uint8_t *octets = from->octets.len > 0 ? malloc(from->octets.len) : NULL;
    to->octets = bytes_of(octets, octets != NULL ? from->octets.len : 0);
    if (octets != NULL)
        memcpy(octets, from->octets.data, from->octets.len);
    bool whole = to->octets.len == from->octets.len && (to->name != NULL) == (from->name != NULL);
    return whole && to->text != NULL ? 0 : -1;
}

struct fault_set *fault_set_copy(const struct fault_set *set) {
    struct fault_set *copy = calloc(1, sizeof *copy);
    if (copy != NULL)
        copy->items = calloc(set->count > 0 ? set->count : 1, sizeof *copy->items);
    bool sound = copy != NULL && copy->items != NULL;
    for (size_t i = 0; sound && i < set->count; i++) {
        copy->count = i + 1;
        sound = copy_fault(&copy->items[i], &set->items[i]) == 0;
    }
    if (sound)
        return copy;
    fault_set_free(copy);
    return NULL;
}

static bool meets(const struct fault *f, unsigned point, const char *name) {
    if (f->point != point)
        return false;
    return f->name == NULL || (name != NULL && strcasecmp(f->name, name) == 0);
}

/* Counts the visit; whether the fault applies to it. */
static bool applies(struct fault *f) {
    if (f->seen == INT64_MAX)
        return f->times == INT64_MAX;
    f->seen++;
    return f->seen >= f->nth && f->seen - f->nth < f->times;
}

static void add(struct fault_visit *visit, const struct fault *f) {
    bool beside = f->tables->actions[f->action].beside;
    if (beside && visit->beside_count < FAULT_BESIDE_MAX)
        visit->beside[visit->beside_count++] = f;
    else if (!beside && visit->fault == NULL)
        visit->fault = f;
}

static void tell(const struct fault *f) {
    AUTO_BUF text = BUF_INIT(1024);
    fault_put(f, &text);
    event_message(NULL, NULL, "fault", "%s: %s", f->tables->points[f->point].name, buf_str(&text));
}

struct fault_visit fault_visit(struct fault_set *set, unsigned point, const char *name) {
    struct fault_visit visit = {0};
    for (size_t i = 0; set != NULL && i < set->count; i++)
        if (meets(&set->items[i], point, name) && applies(&set->items[i]))
            add(&visit, &set->items[i]);
    for (size_t i = 0; i < visit.beside_count; i++)
        tell(visit.beside[i]);
    if (visit.fault != NULL)
        tell(visit.fault);
    return visit;
}

const struct fault *fault_next(struct fault_set *set, unsigned point, const char *name) {
    struct fault_visit visit = fault_visit(set, point, name);
    return visit.fault != NULL || visit.beside_count == 0 ? visit.fault : visit.beside[0];
}

const struct fault *fault_peek(const struct fault_set *set, unsigned point) {
    for (size_t i = 0; set != NULL && i < set->count; i++) {
        struct fault next = set->items[i];
        if (!next.tables->actions[next.action].beside && meets(&next, point, NULL) &&
            applies(&next))
            return &set->items[i];
    }
    return NULL;
}

const char *fault_action_name(const struct fault *fault) {
    return fault->tables->actions[fault->action].name;
}

void fault_put(const struct fault *fault, struct buf *out) {
    buf_put_str(out, fault_action_name(fault));
    if (fault->text[0] != '\0')
        buf_printf(out, " %s", fault->text);
}

/* A double-quoted YAML scalar. Texts come from YAML, so they are UTF-8 without NUL. */
static void put_quoted(struct buf *out, const char *text) {
    buf_put_str(out, "\"");
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            buf_printf(out, "\\x%02x", c);
        else
            buf_put_u8(out, c);
    }
    buf_put_str(out, "\"");
}

void fault_put_yaml(const struct fault *fault, struct buf *out) {
    AUTO_BUF todo = BUF_INIT(64 * 1024);
    fault_put(fault, &todo);
    buf_put_str(out, "{at: ");
    put_quoted(out, fault->tables->points[fault->point].name);
    if (fault->name != NULL) {
        buf_put_str(out, ", name: ");
        put_quoted(out, fault->name);
    }
    buf_printf(out, ", nth: %lld, times: ", (long long)fault->nth);
    if (fault->times == INT64_MAX)
        buf_put_str(out, "always");
    else
        buf_printf(out, "%lld", (long long)fault->times);
    buf_put_str(out, ", do: ");
    put_quoted(out, buf_str(&todo));
    buf_put_str(out, "}");
}
