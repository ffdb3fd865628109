/* The events of one scenario as its page shows them: bounded in number and length. And the actors
 * that they name, each with its place in the chart. */
#ifndef SCENARIOS_RUNNER_HTML_EVENTS_H
#define SCENARIOS_RUNNER_HTML_EVENTS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct html_event {
    int64_t mono;
    char *from, *to, *what, *detail; /* "" when missing; UTF-8 */
};

struct html_events {
    struct html_event *items;
    size_t count;      /* kept */
    size_t total;      /* in the file */
    size_t unreadable; /* lines that are no event, not in total */
};

/* Reads events.ndjson (base/events.h), keeping the first max. Release with html_events_free, also
 * after -1 (SYS_IO, SYS_NOMEM). */
int html_events_read(const char *path, size_t max, struct html_events *out, struct err *e);
void html_events_free(struct html_events *events);

/* Seconds since the first event. */
double html_event_seconds(const struct html_events *events, const struct html_event *event);

/* How an event stands out. */
enum html_mark { HTML_PLAIN, HTML_FAULT, HTML_TROUBLE };
enum html_mark html_event_mark(const struct html_event *event);

enum { HTML_ACTORS_MAX = 24, HTML_PHONES_MAX = 12 };

struct html_actor {
    const char *name; /* the event's, or "others" */
    const char *role; /* "CAPF", "phone" ... */
    int order;        /* from left to right */
    unsigned colour;  /* class k0, k1 ... of the style */
    bool others;      /* stands for all that have no place of their own */
};

/* From left to right. The lab has no place: what it does is a note to the others. */
struct html_actors {
    struct html_actor items[HTML_ACTORS_MAX];
    size_t count;
};
void html_actors_of(const struct html_events *events, struct html_actors *actors);
/* Its index; that of the others when it has no place of its own; -1: none at all. */
int html_actor_find(const struct html_actors *actors, const char *name);
bool html_actor_is_lab(const char *name);
/* Class of an actor's colour. */
unsigned html_actor_colour(const struct html_actors *actors, const char *name);

#endif
