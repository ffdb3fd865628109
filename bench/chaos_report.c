/* Text for people, JSON for programs. */
#include "bench/chaos_report.h"

#include "base/owned.h"
#include "bench/conditions.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

static const char *const names[] = {
#define X(id, name, help) name,
    CHAOS_FINDING_TABLE(X)
#undef X
};

void chaos_found(struct chaos_report *r, enum chaos_finding finding, const char *fmt, ...) {
    AUTO(char) text = NULL;
    va_list args;
    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0)
        text = NULL;
    va_end(args);
    json_array_append_new(r->findings, json_pack("{s:s, s:s}", "finding", names[finding], "text",
                                                 text == NULL ? "" : text));
}

static double over_unloaded(const struct chaos_report *r) {
    return r->unloaded_ms > 0 ? r->healthy_ms / r->unloaded_ms : 0;
}

static void print_phones(const struct chaos_report *r, FILE *to) {
    const char *code;
    json_t *count;
    fprintf(to, "  phones        %zu, %zu installed at the end, %zu of them at the first attempt\n",
            r->tried, r->installed, r->at_once);
    fprintf(to, "  attempts      %zu in %.0f s; ended with an error:\n", r->attempts, r->seconds);
    json_object_foreach(r->errors, code, count) {
        fprintf(to, "    %-28s %lld\n", code, (long long)json_integer_value(count));
    }
    fprintf(to,
            "  healthy phone %.1f ms before, %.1f ms beside hostile peers (median; %.1f x), "
            "%.1f ms at most\n",
            r->unloaded_ms, r->healthy_ms, over_unloaded(r), r->healthy_max_ms);
}

static void print_events(const struct chaos_report *r, FILE *to) {
    fprintf(to,
            "  disturbance   %u faults struck; servers cut %u connections off and turned %u away\n",
            r->events.faults, r->events.cut, r->events.turned_away);
}

static void print_components(const struct chaos_report *r, FILE *to) {
    fprintf(to, "\n  %-18s %6s %22s %22s\n", "component", "killed", "descriptors", "memory, MB");
    for (size_t c = 0; c < COMPONENT_COUNT; c++) {
        const struct chaos_component *x = &r->components[c];
        if (x->name != NULL)
            fprintf(to, "  %-18s %6u %10zu -> %8zu %10.1f -> %8.1f\n", x->name, x->kills,
                    x->before.descriptors, x->after.descriptors, x->before.rss_mb, x->after.rss_mb);
    }
}

static void print_peers(const struct chaos_report *r, FILE *to) {
    fprintf(to, "\n  %-18s %10s %10s %12s %10s\n", "hostile peers", "begun", "ended", "unconnected",
            "overstayed");
    for (size_t b = 0; b < CHAOS_BEHAVIOURS; b++) {
        const struct chaos_peers_count *x = &r->peers[b];
        fprintf(to, "  %-18s %10u %10u %12u %10u\n", chaos_behaviour_word((enum chaos_behaviour)b),
                x->begun, x->ended, x->unconnected, x->overstayed);
    }
}

void chaos_report_print(const struct chaos_report *r, FILE *to) {
    size_t i;
    json_t *f;
    fprintf(to, "chaos, seed %" PRId64 ", %" PRId64 " phones at a time\n\n", r->options->seed,
            r->options->concurrency);
    print_phones(r, to);
    print_events(r, to);
    print_components(r, to);
    print_peers(r, to);
    fprintf(to, "\n  findings%s\n", json_array_size(r->findings) == 0 ? ": none" : "");
    json_array_foreach(r->findings, i, f) {
        fprintf(to, "    %s: %s\n", json_string_value(json_object_get(f, "finding")),
                json_string_value(json_object_get(f, "text")));
    }
}

static json_t *health_json(const struct chaos_health *h) {
    return json_pack("{s:I, s:f}", "descriptors", (json_int_t)h->descriptors, "rss_mb", h->rss_mb);
}

static json_t *components_json(const struct chaos_report *r) {
    json_t *o = json_object();
    for (size_t c = 0; c < COMPONENT_COUNT; c++) {
        const struct chaos_component *x = &r->components[c];
        if (x->name != NULL)
            json_object_set_new(o, x->name,
                                json_pack("{s:i, s:o, s:o}", "kills", (int)x->kills, "before",
                                          health_json(&x->before), "after",
                                          health_json(&x->after)));
    }
    return o;
}

static json_t *peers_json(const struct chaos_report *r) {
    json_t *o = json_object();
    for (size_t b = 0; b < CHAOS_BEHAVIOURS; b++) {
        const struct chaos_peers_count *x = &r->peers[b];
        json_object_set_new(o, chaos_behaviour_word((enum chaos_behaviour)b),
                            json_pack("{s:i, s:i, s:i, s:i}", "begun", (int)x->begun, "ended",
                                      (int)x->ended, "unconnected", (int)x->unconnected,
                                      "overstayed", (int)x->overstayed));
    }
    return o;
}

json_t *chaos_report_json(const struct chaos_report *r) {
    json_t *o = json_object();
    json_t *conditions = conditions_of(r->options);
    json_object_set_new(conditions, "seed", json_integer(r->options->seed));
    json_object_set_new(o, "conditions", conditions);
    json_object_set_new(o, "seconds", json_real(r->seconds));
    json_object_set_new(o, "phones",
                        json_pack("{s:I, s:I, s:I, s:I}", "tried", (json_int_t)r->tried,
                                  "installed", (json_int_t)r->installed, "attempts",
                                  (json_int_t)r->attempts, "at_first_attempt",
                                  (json_int_t)r->at_once));
    json_object_set(o, "errors", r->errors);
    json_object_set_new(o, "healthy_phone_ms",
                        json_pack("{s:f, s:f, s:f, s:f}", "unloaded", r->unloaded_ms, "median",
                                  r->healthy_ms, "max", r->healthy_max_ms, "over_unloaded",
                                  over_unloaded(r)));
    json_object_set_new(o, "disturbance",
                        json_pack("{s:i, s:i, s:i}", "faults", (int)r->events.faults, "cut",
                                  (int)r->events.cut, "turned_away", (int)r->events.turned_away));
    json_object_set_new(o, "components", components_json(r));
    json_object_set_new(o, "hostile_peers", peers_json(r));
    json_object_set(o, "findings", r->findings);
    return o;
}
