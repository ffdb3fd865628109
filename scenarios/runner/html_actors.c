/* Who stands where in the chart: phones first, then each part behind the one that calls it. */
#include "scenarios/runner/html_events.h"

#include <string.h>

enum { PHONE_COLOURS = 3, COLOUR_OTHER = 9, ORDER_OTHERS = 1, ORDER_WIRE = 7, ORDER_UNKNOWN = 9 };

/* Left to right; the colour is the class of the style. */
static const struct html_actor known[] = {
    {"capf", "CAPF", 2, 3, false},          {"ra", "registration authority", 3, 4, false},
    {"certsrv", "IIS, AD CS", 4, 5, false}, {"dns", "name server", 5, 6, false},
    {"ntp", "time server", 6, 7, false},
};
enum { KNOWN_COUNT = sizeof known / sizeof known[0] };

static const char lab_name[] = "lab";
static const struct html_actor everybody_else = {"others", "without a line of their own",
                                                 ORDER_OTHERS, COLOUR_OTHER, true};

bool html_actor_is_lab(const char *name) {
    return strcmp(name, lab_name) == 0;
}

static bool starts_with(const char *name, const char *prefix) {
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

static struct html_actor describe(const char *name, unsigned phones) {
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i];
    if (starts_with(name, "SEP"))
        return (struct html_actor){name, "phone", 0, phones % PHONE_COLOURS, false};
    if (starts_with(name, "wire"))
        return (struct html_actor){name, "relay", ORDER_WIRE, COLOUR_OTHER - 1, false};
    return (struct html_actor){name, "", ORDER_UNKNOWN, COLOUR_OTHER, false};
}

static int find_own(const struct html_actors *actors, const char *name) {
    for (size_t i = 0; i < actors->count; i++)
        if (!actors->items[i].others && strcmp(actors->items[i].name, name) == 0)
            return (int)i;
    return -1;
}

static int find_others(const struct html_actors *actors) {
    for (size_t i = 0; i < actors->count; i++)
        if (actors->items[i].others)
            return (int)i;
    return -1;
}

int html_actor_find(const struct html_actors *actors, const char *name) {
    int own = find_own(actors, name);
    return own >= 0 || html_actor_is_lab(name) ? own : find_others(actors);
}

unsigned html_actor_colour(const struct html_actors *actors, const char *name) {
    int i = html_actor_find(actors, name);
    return i < 0 ? COLOUR_OTHER : actors->items[i].colour;
}

/* Before the first that stands further to the right. */
static void insert(struct html_actors *actors, struct html_actor actor) {
    size_t at = actors->count++;
    for (; at > 0 && actors->items[at - 1].order > actor.order; at--)
        actors->items[at] = actors->items[at - 1];
    actors->items[at] = actor;
}

static bool is_known(int order) {
    return order > ORDER_OTHERS && order < ORDER_WIRE;
}

/* Those of the table always get a place: of the rest, each kind only so many. */
static bool has_room(const struct html_actors *actors, int order) {
    size_t of_phones = 0;
    size_t of_rest = 0;
    for (size_t i = 0; i < actors->count; i++) {
        of_phones += actors->items[i].order == 0;
        of_rest += actors->items[i].order >= ORDER_WIRE;
    }
    if (order == 0)
        return of_phones < HTML_PHONES_MAX;
    return is_known(order) || of_rest < (size_t)HTML_ACTORS_MAX - HTML_PHONES_MAX - KNOWN_COUNT - 1;
}

static void add(struct html_actors *actors, const char *name, unsigned *phones) {
    if (html_actor_is_lab(name) || find_own(actors, name) >= 0)
        return;
    struct html_actor actor = describe(name, *phones);
    if (!has_room(actors, actor.order)) {
        if (find_others(actors) < 0)
            insert(actors, everybody_else);
        return;
    }
    *phones += actor.order == 0;
    insert(actors, actor);
}

void html_actors_of(const struct html_events *events, struct html_actors *actors) {
    unsigned phones = 0;
    *actors = (struct html_actors){0};
    for (size_t i = 0; i < events->count; i++) {
        add(actors, events->items[i].from, &phones);
        add(actors, events->items[i].to, &phones);
    }
}
