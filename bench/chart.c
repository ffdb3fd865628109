/* Drawing by numbers. Texts from elsewhere are escaped by the page; coordinates are finite because
 * an axis never has length 0. */
#include "bench/chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    WIDTH = 640,
    HEIGHT = 300,
    LEFT = 64,
    RIGHT = 16,
    TOP = 16,
    BOTTOM = 48,
    BOTTOM_SLANTED = 116,
    UPRIGHT_MAX = 48, /* columns of text that stand beside each other below an axis */
    COLUMN_MAX = 56,
    STEPS_MAX = 8
};

struct axes {
    double x_low, x_high, y_high, step;
    int bottom; /* room below */
    bool slanted;
};

double chart_step(double max) {
    static const double nice[] = {1, 2, 5, 10};
    double power = max > 0 ? pow(10, floor(log10(max / STEPS_MAX))) : 1;
    for (size_t i = 0; i < sizeof nice / sizeof nice[0]; i++)
        if (max / (nice[i] * power) <= STEPS_MAX)
            return nice[i] * power;
    return 10 * power;
}

static double x_at(const struct axes *a, double x) {
    return LEFT + (x - a->x_low) / (a->x_high - a->x_low) * (WIDTH - LEFT - RIGHT);
}

static double y_at(const struct axes *a, double y) {
    return HEIGHT - a->bottom - y / a->y_high * (HEIGHT - TOP - a->bottom);
}

static double larger(double a, double b) {
    return a > b ? a : b;
}

/* Names below columns, unlike numbers, do not fit beside each other. */
static bool texts_are_long(const struct chart *c) {
    size_t longest = 0;
    for (size_t i = 0; i < c->tick_count; i++)
        longest = strlen(c->ticks[i].text) > longest ? strlen(c->ticks[i].text) : longest;
    return c->tick_count * (longest + 1) > 2 * UPRIGHT_MAX;
}

static struct axes axes_of(const struct chart *c, double y_max, double margin) {
    struct axes a = {.x_low = c->points > 0 ? c->x[0] - margin : 0,
                     .x_high = c->points > 0 ? c->x[c->points - 1] + margin : 1};
    if (a.x_high <= a.x_low)
        a.x_high = a.x_low + 1;
    a.slanted = texts_are_long(c);
    a.bottom = a.slanted ? BOTTOM_SLANTED : BOTTOM;
    a.step = chart_step(y_max);
    a.y_high = larger(ceil(y_max / a.step * 1.0001), 1) * a.step;
    return a;
}

static void begin(struct page *p, const struct chart *c) {
    page_put(p, "<figure><figcaption>");
    page_str(p, c->title);
    page_printf(p, "</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH,
                HEIGHT);
    page_str(p, c->title);
    page_put(p, "\">\n");
}

static void put_y_axis(struct page *p, const struct chart *c, const struct axes *a) {
    for (double y = 0; y <= a->y_high * 1.0001; y += a->step)
        page_printf(p,
                    "<path class=\"g\" d=\"M%d %.1fH%d\"/><text class=\"e\" x=\"%d\" "
                    "y=\"%.1f\">%.6g</text>\n",
                    LEFT, y_at(a, y), WIDTH - RIGHT, LEFT - 8, y_at(a, y) + 4, y);
    page_printf(p, "<text class=\"u\" transform=\"translate(14 %d) rotate(-90)\">",
                (HEIGHT - a->bottom + TOP) / 2);
    page_str(p, c->y_title);
    page_put(p, "</text>\n");
}

static void put_x_axis(struct page *p, const struct chart *c, const struct axes *a) {
    for (size_t i = 0; i < c->tick_count; i++) {
        double x = x_at(a, c->ticks[i].x);
        page_printf(p, "<path class=\"g\" d=\"M%.1f %dv5\"/>", x, HEIGHT - a->bottom);
        if (a->slanted)
            page_printf(p, "<text class=\"e\" transform=\"translate(%.1f %d) rotate(-35)\">", x + 4,
                        HEIGHT - a->bottom + 14);
        else
            page_printf(p, "<text x=\"%.1f\" y=\"%d\">", x, HEIGHT - a->bottom + 18);
        page_str(p, c->ticks[i].text);
        page_put(p, "</text>\n");
    }
    page_printf(p, "<text class=\"u\" x=\"%d\" y=\"%d\">", (WIDTH + LEFT - RIGHT) / 2, HEIGHT - 8);
    page_str(p, c->x_title);
    page_put(p, "</text>\n");
}

static void end(struct page *p, const struct chart *c, bool has_floor) {
    page_put(p, "</svg><ul class=\"legend\">");
    for (size_t s = 0; s < c->series_count; s++) {
        page_printf(p, "<li class=\"k%d\">", c->series[s].colour);
        page_str(p, c->series[s].name);
        page_put(p, "</li>");
    }
    page_put(p, has_floor ? "<li class=\"floor\">crypto floor</li></ul></figure>\n"
                          : "</ul></figure>\n");
}

static void put_curve(struct page *p, const struct chart *c, const struct axes *a,
                      const struct chart_series *s) {
    page_printf(p, "<path class=\"l k%d\" d=\"", s->colour);
    for (size_t i = 0; i < c->points; i++)
        page_printf(p, "%c%.1f %.1f", i == 0 ? 'M' : 'L', x_at(a, c->x[i]), y_at(a, s->y[i]));
    page_put(p, "\"/>\n");
    for (size_t i = 0; i < c->points; i++)
        if (s->high[i] > 0)
            page_printf(p,
                        "<path class=\"l k%d\" d=\"M%.1f %.1fV%.1f\"/><circle class=\"d k%d\" "
                        "cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>%.6g</title></circle>\n",
                        s->colour, x_at(a, c->x[i]), y_at(a, s->low[i]), y_at(a, s->high[i]),
                        s->colour, x_at(a, c->x[i]), y_at(a, s->y[i]), s->y[i]);
}

void chart_lines(struct page *p, const struct chart *c) {
    double y_max = 0;
    for (size_t s = 0; s < c->series_count; s++)
        for (size_t i = 0; i < c->points; i++)
            y_max = larger(y_max, larger(c->series[s].y[i], c->series[s].high[i]));
    struct axes a = axes_of(c, y_max, 0);
    begin(p, c);
    put_y_axis(p, c, &a);
    put_x_axis(p, c, &a);
    for (size_t s = 0; s < c->series_count; s++)
        put_curve(p, c, &a, &c->series[s]);
    end(p, c, false);
}

static double column_height(const struct chart *c, size_t point) {
    double all = 0;
    for (size_t s = 0; s < c->series_count; s++)
        all += c->series[s].y[point];
    return all;
}

static void put_column(struct page *p, const struct chart *c, const struct axes *a, size_t point,
                       double width) {
    double x = x_at(a, c->x[point]) - width / 2;
    double below = 0;
    for (size_t s = 0; s < c->series_count; s++) {
        double y = c->series[s].y[point];
        page_printf(p, "<rect class=\"k%d\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">",
                    c->series[s].colour, x, y_at(a, below + y), width, y_at(a, 0) - y_at(a, y));
        page_put(p, "<title>");
        page_str(p, c->series[s].name);
        page_printf(p, " %.3g</title></rect>\n", y);
        below += y;
    }
    if (c->floor[point] > 0)
        page_printf(p, "<path class=\"floor\" d=\"M%.1f %.1fh%.1f\"><title>%.3g</title></path>\n",
                    x - 5, y_at(a, c->floor[point]), width + 10, c->floor[point]);
}

void chart_stack(struct page *p, const struct chart *c) {
    double y_max = 0;
    for (size_t i = 0; i < c->points; i++)
        y_max = larger(y_max, larger(column_height(c, i), c->floor[i]));
    struct axes a = axes_of(c, y_max, 0.5);
    double room = (WIDTH - LEFT - RIGHT) / (double)(c->points > 0 ? c->points : 1);
    double width = room * 0.6 < COLUMN_MAX ? room * 0.6 : COLUMN_MAX;
    begin(p, c);
    put_y_axis(p, c, &a);
    put_x_axis(p, c, &a);
    for (size_t i = 0; i < c->points; i++)
        put_column(p, c, &a, i, width);
    end(p, c, true);
}
