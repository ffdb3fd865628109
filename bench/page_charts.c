/* Results may come from files, so nothing of their shape is taken for granted: what is missing or
 * of another type counts as 0, and what is too much is left out. */
#include "bench/page_charts.h"

#include "bench/chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* X(component, colour): capf, ra and certsrv as in the reports of scenarios. */
#define COLOUR_TABLE(X)                                                                            \
    X("capf", 2)                                                                                   \
    X("ra", 1)                                                                                     \
    X("certsrv", 5)                                                                                \
    X("phones", 4)                                                                                 \
    X("itl", 0)                                                                                    \
    X("csr", 7)

static const struct {
    const char *name;
    int colour;
} components[] = {
#define X(name, colour) {name, colour},
    COLOUR_TABLE(X)
#undef X
};
enum { COMPONENTS = sizeof components / sizeof components[0] };

static double number(const json_t *result, const char *key, const char *inner) {
    const json_t *value = json_object_get(result, key);
    if (inner != NULL)
        value = json_object_get(value, inner);
    double n = json_number_value(value);
    return isfinite(n) && n > 0 ? n : 0;
}

static struct chart *chart_new(const char *title, const char *x_title, const char *y_title) {
    struct chart *c = calloc(1, sizeof *c);
    if (c != NULL) {
        c->title = title;
        c->x_title = x_title;
        c->y_title = y_title;
    }
    return c;
}

static struct chart_series *add_series(struct chart *c, const char *name, int colour) {
    struct chart_series *s = &c->series[c->series_count++];
    s->name = name;
    s->colour = colour;
    return s;
}

static void add_tick(struct chart *c, double x, const char *text) {
    struct chart_tick *t = &c->ticks[c->tick_count++];
    t->x = x;
    snprintf(t->text, sizeof t->text, "%.*s", (int)sizeof t->text - 1, text);
}

/* --- CPU by component --- */

static void add_column(struct chart *c, const char *label, const json_t *result) {
    if (c->points == CHART_POINTS_MAX)
        return;
    size_t at = c->points++;
    c->x[at] = (double)at;
    add_tick(c, (double)at, label);
    for (size_t i = 0; i < COMPONENTS; i++)
        c->series[i].y[at] = number(result, "cpu_ms_per_enrolment", components[i].name);
    c->floor[at] = number(result, "crypto_floor_ms_per_enrolment", NULL);
}

/* Only components that used something stand in the legend. */
static void drop_idle(struct chart *c) {
    size_t kept = 0;
    for (size_t s = 0; s < c->series_count; s++) {
        double most = 0;
        for (size_t i = 0; i < c->points; i++)
            most = c->series[s].y[i] > most ? c->series[s].y[i] : most;
        if (most > 0)
            c->series[kept++] = c->series[s];
    }
    c->series_count = kept;
}

static struct chart *stack_new(const char *title, const char *x_title) {
    struct chart *c = chart_new(title, x_title, "CPU, ms an enrolment");
    for (size_t i = 0; c != NULL && i < COMPONENTS; i++)
        add_series(c, components[i].name, components[i].colour);
    return c;
}

static void put_stack(struct page *p, struct chart *c) {
    drop_idle(c);
    if (c->points > 0)
        chart_stack(p, c);
    free(c);
}

static bool is_inside(const json_t *result) {
    const json_t *cpu = json_object_get(result, "cpu_ms_per_enrolment");
    return json_object_get(cpu, "itl") != NULL || json_object_get(cpu, "csr") != NULL;
}

void page_components(struct page *p, const json_t *results) {
    struct chart *c = stack_new("CPU by component", "result");
    const char *name;
    const json_t *result;
    if (c == NULL)
        return;
    json_object_foreach((json_t *)(uintptr_t)results, name, result) {
        if (!is_inside(result))
            add_column(c, name, result);
    }
    put_stack(p, c);
}

/* --- latencies --- */

enum { NINES_MAX = 4 };

/* Half of the way for each: 90 %, 99 %, 99.9 %; all of them at the end. */
static double nines(double percent) {
    return percent >= 100 ? NINES_MAX : fmin(-log10(1 - percent / 100), NINES_MAX);
}

static void add_percent_ticks(struct chart *c) {
    static const double at[] = {0, 50, 75, 90, 95, 99, 99.9, 100};
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        char text[24];
        snprintf(text, sizeof text, "%g", at[i]);
        add_tick(c, nines(at[i]), at[i] == 100 ? "max" : text);
    }
}

void page_latencies(struct page *p, const json_t *result) {
    struct chart *c = chart_new("Latency distribution", "percent of enrolments", "ms");
    size_t i;
    const json_t *point;
    if (c == NULL)
        return;
    struct chart_series *s = add_series(c, "took no longer than", 0);
    json_array_foreach(json_object_get(result, "latency_distribution_ms"), i, point) {
        double percent = json_number_value(json_array_get(point, 0));
        if (c->points == CHART_POINTS_MAX || percent < 0)
            break;
        c->x[c->points] = nines(percent);
        s->y[c->points++] = fmax(json_number_value(json_array_get(point, 1)), 0);
    }
    add_percent_ticks(c);
    if (c->points > 1)
        chart_lines(p, c);
    free(c);
}

/* --- sweeps --- */

static void spread_of(const json_t *result, const char *key, struct chart_series *s, size_t at) {
    size_t i;
    const json_t *run;
    s->low[at] = s->high[at] = 0;
    json_array_foreach(json_object_get(result, "runs"), i, run) {
        double value = number(run, key, NULL);
        s->low[at] = i == 0 || value < s->low[at] ? value : s->low[at];
        s->high[at] = value > s->high[at] ? value : s->high[at];
    }
}

static void add_point_tick(struct chart *c, const json_t *point) {
    char text[24];
    snprintf(text, sizeof text, "%.10g", json_number_value(json_object_get(point, "value")));
    add_tick(c, c->x[c->points], text);
}

/* The points stand at equal distances: values may be 1, 2, 4 or 0, 1000, 100000. */
static void put_rates(struct page *p, const char *over, const json_t *points) {
    struct chart *c = chart_new("Throughput", over, "enrolments a second");
    size_t i;
    const json_t *point;
    if (c == NULL)
        return;
    struct chart_series *s = add_series(c, "enrolments a second: median, lowest, highest", 0);
    json_array_foreach(points, i, point) {
        const json_t *result = json_object_get(point, "result");
        if (i == CHART_POINTS_MAX)
            break;
        c->x[i] = (double)i;
        s->y[i] = number(result, "enrolments_per_second", NULL);
        spread_of(result, "enrolments_per_second", s, i);
        add_point_tick(c, point);
        c->points++;
    }
    chart_lines(p, c);
    free(c);
}

static void put_waits(struct page *p, const char *over, const json_t *points) {
    static const char *const keys[] = {"p50", "p90", "p99"};
    struct chart *c = chart_new("Latency", over, "ms");
    size_t i;
    const json_t *point;
    if (c == NULL)
        return;
    for (int k = 0; k < 3; k++)
        add_series(c, keys[k], k);
    json_array_foreach(points, i, point) {
        const json_t *result = json_object_get(point, "result");
        if (i == CHART_POINTS_MAX)
            break;
        c->x[i] = (double)i;
        for (size_t k = 0; k < 3; k++) {
            c->series[k].y[i] = number(result, "latency_ms", keys[k]);
            spread_of(result, keys[k], &c->series[k], i);
        }
        add_point_tick(c, point);
        c->points++;
    }
    chart_lines(p, c);
    free(c);
}

static void put_costs(struct page *p, const char *over, const json_t *points) {
    struct chart *c = stack_new("CPU by component", over);
    size_t i;
    const json_t *point;
    if (c == NULL)
        return;
    json_array_foreach(points, i, point) {
        char text[24];
        snprintf(text, sizeof text, "%.10g", json_number_value(json_object_get(point, "value")));
        add_column(c, text, json_object_get(point, "result"));
    }
    put_stack(p, c);
}

void page_sweep(struct page *p, const json_t *sweep) {
    const char *word = json_string_value(json_object_get(sweep, "over"));
    const json_t *points = json_object_get(sweep, "points");
    const char *over = word == NULL                  ? ""
                       : strcmp(word, "issued") == 0 ? "certificates and devices already there"
                                                     : word;
    if (json_array_size(points) == 0)
        return;
    put_rates(p, over, points);
    put_waits(p, over, points);
    put_costs(p, over, points);
}
