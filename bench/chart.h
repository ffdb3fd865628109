/* Curves and stacked columns as inline SVG, in the colours of the page around them. */
#ifndef BENCH_CHART_H
#define BENCH_CHART_H

#include "scenarios/runner/html_page.h"
#include <stddef.h>

enum { CHART_POINTS_MAX = 128, CHART_SERIES_MAX = 10 };

/* A place on the x axis with a text below it. */
struct chart_tick {
    double x;
    char text[32];
};

/* One curve, or one layer of a stack. */
struct chart_series {
    const char *name;
    int colour; /* 0 to 9, of the page's style */
    double y[CHART_POINTS_MAX];
    double low[CHART_POINTS_MAX], high[CHART_POINTS_MAX]; /* of curves: both 0: no spread */
};

struct chart {
    const char *title, *x_title, *y_title;
    double x[CHART_POINTS_MAX];
    size_t points;
    struct chart_tick ticks[CHART_POINTS_MAX];
    size_t tick_count;
    struct chart_series series[CHART_SERIES_MAX];
    size_t series_count;
    double floor[CHART_POINTS_MAX]; /* of stacks: drawn over each column; 0: none */
};

/* Curves through all points, y from 0, with a legend. */
void chart_lines(struct page *p, const struct chart *c);
/* A column at each point, the series upon each other, and the floor as a line across it. x is 0, 1,
 * 2 and so on. */
void chart_stack(struct page *p, const struct chart *c);

/* The distance of the lines of a y axis up to max: 1, 2 or 5 times a power of ten, at most eight.
 */
double chart_step(double max);

#endif
