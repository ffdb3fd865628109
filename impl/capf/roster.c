/* A hash table with chains. The hash is FNV-1a over the name in lower case; names come from the
 * store, so that no stranger can choose them to collide. */
#include "capf/roster.h"
#include "capf/session.h"
#include <strings.h>

enum { FNV_BASIS = 0x811c9dc5, FNV_PRIME = 0x01000193 };

static size_t row_of(const char *device) {
    uint32_t hash = FNV_BASIS;
    for (const char *at = device; *at != '\0'; at++) {
        unsigned char letter = (unsigned char)*at;
        uint32_t lower = letter >= 'A' && letter <= 'Z' ? letter + 32U : letter;
        hash = (hash ^ lower) * FNV_PRIME;
    }
    return hash % ROSTER_ROWS;
}

void roster_add(struct roster *roster, struct session *s) {
    if (s->authenticated)
        return;
    s->authenticated = true;
    LIST_INSERT_HEAD(&roster->rows[row_of(s->device.name)], s, namesakes);
}

void roster_remove(struct session *s) {
    if (s->authenticated)
        LIST_REMOVE(s, namesakes);
    s->authenticated = false;
}

struct session *roster_find(const struct roster *roster, const char *device) {
    struct session *s;
    LIST_FOREACH(s, &roster->rows[row_of(device)], namesakes) {
        if (s->state != CAPF_STATE_CLOSED && strcasecmp(s->device.name, device) == 0)
            return s;
    }
    return NULL;
}
