/* The chart: a life line for each actor, a row for each event. Texts are monospaced, so that their
 * width is known without a browser. */
#include "scenarios/runner/html_chart.h"

#include <stdlib.h>
#include <string.h>

/* Lengths in CSS pixels. GUTTER holds the times. */
enum {
    GUTTER = 76,
    COLUMN = 228, /* room for "simpleenroll: EST_ERR_AUTH_PENDING" */
    COLUMN_PHONE = 176,
    FEW_ACTORS = 4, /* stand further apart by SPREAD */
    SPREAD = 80,
    ROW = 36,
    TOP = 8,
    HEAD = 50,
    HEAD_BOX = 160,
    HEAD_CHARS = 20,
    NOTE_HEIGHT = 20,
    TIP_CHARS = 400,
    CELL_CHARS = 300
};
static const double char_width = 6.7;    /* of the labels */
static const double detail_width = 6.05; /* of the line below them */

static int column_width(const struct html_actors *actors, size_t i) {
    int width = actors->items[i].order == 0 ? COLUMN_PHONE : COLUMN;
    return actors->count <= FEW_ACTORS ? width + SPREAD : width;
}

static int columns_width(const struct html_actors *actors, size_t count) {
    int width = GUTTER;
    for (size_t i = 0; i < count; i++)
        width += column_width(actors, i);
    return width;
}

static int column_x(const struct html_actors *actors, int column) {
    return columns_width(actors, (size_t)column) + column_width(actors, (size_t)column) / 2;
}

static int chart_width(const struct html_actors *actors) {
    return columns_width(actors, actors->count);
}

static size_t fits(int pixels, double one) {
    return pixels < 4 * one ? 4 : (size_t)(pixels / one);
}

static void head(struct page *p, const struct html_actor *actor, int x) {
    page_printf(p,
                "<g class=\"k%u\"><rect class=\"b\" x=\"%d\" y=\"4\" width=\"%d\" height=\"%d\""
                " rx=\"8\"/>",
                actor->colour, x - HEAD_BOX / 2, HEAD_BOX, HEAD - 8);
    page_printf(p, "<text class=\"n\" x=\"%d\" y=\"%d\">", x, actor->role[0] == '\0' ? 30 : 22);
    page_escape(p, bytes_of_str(actor->name), HEAD_CHARS);
    page_printf(p, "</text><text class=\"r\" x=\"%d\" y=\"38\">", x);
    page_str(p, actor->role);
    page_put(p, "</text></g>\n");
}

/* A picture of its own, so that it stays in sight while the rows scroll. */
static void heads(struct page *p, const struct html_actors *actors) {
    page_printf(p, "<svg class=\"heads\" width=\"%d\" height=\"%d\" aria-hidden=\"true\">\n",
                chart_width(actors), HEAD);
    for (size_t i = 0; i < actors->count; i++)
        head(p, &actors->items[i], column_x(actors, (int)i));
    page_put(p, "</svg>\n");
}

static void life_lines(struct page *p, const struct html_actors *actors, int height) {
    for (size_t i = 0; i < actors->count; i++)
        page_printf(p, "<path class=\"v k%u\" d=\"M%d 0V%d\"/>\n", actors->items[i].colour,
                    column_x(actors, (int)i), height);
}

static void label(struct page *p, const char *class, int x, int y, const char *text, size_t max) {
    page_printf(p, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, x, y);
    page_escape(p, bytes_of_str(text), max);
    page_put(p, "</text>");
}

static void arrow(struct page *p, const struct html_event *event, int x1, int x2, int y) {
    int back = x2 > x1 ? -8 : 8;
    int middle = (x1 + x2) / 2;
    int room = abs(x2 - x1) - 20;
    page_printf(p, "<path class=\"a\" d=\"M%d %dH%d\"/><path class=\"h\" d=\"M%d %dl%d -4v8z\"/>",
                x1, y, x2 + back, x2, y, back);
    label(p, "l", middle, y - 5, event->what, fits(room, char_width));
    if (event->detail[0] != '\0')
        label(p, "d", middle, y + 12, event->detail, fits(room, detail_width));
}

/* What an actor does by itself stands on its life line. */
static void note(struct page *p, const struct html_event *event, int x, int width, int y) {
    int room = 2 * (x < width - x ? x - GUTTER / 2 : width - x) - 12;
    size_t max = fits(room, char_width) - 2;
    size_t columns = text_columns(bytes_of_str(event->what));
    int box = (int)((double)(columns < max ? columns : max) * char_width) + 20;
    page_printf(p, "<rect class=\"o\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"10\"/>",
                x - box / 2, y - 13, box, NOTE_HEIGHT);
    label(p, "l", x, y + 1, event->what, max);
    if (event->detail[0] != '\0')
        label(p, "d", x, y + 18, event->detail, fits(room, detail_width));
}

/* What the lab does to all of them crosses the chart. */
static void band(struct page *p, const struct html_event *event, int width, int y) {
    page_printf(p, "<path class=\"s\" d=\"M%d %dH%d\"/>", GUTTER, y, width);
    label(p, "w", GUTTER + 8, y - 5, event->what, fits(width - GUTTER, char_width));
}

static void open_row(struct page *p, const struct html_events *events,
                     const struct html_event *event, unsigned colour, int y) {
    static const char *const marks[] = {"", " fault", " trouble"};
    page_printf(p, "<g class=\"k%u%s\"><title>", colour, marks[html_event_mark(event)]);
    page_escape(p, bytes_of_str(event->what), TIP_CHARS);
    if (event->detail[0] != '\0') {
        page_put(p, ": ");
        page_escape(p, bytes_of_str(event->detail), TIP_CHARS);
    }
    page_printf(p, "</title><text class=\"t\" x=\"%d\" y=\"%d\">%.3f</text>", GUTTER - 16, y + 4,
                html_event_seconds(events, event));
}

static void row(struct page *p, const struct html_events *events, const struct html_actors *actors,
                size_t i) {
    const struct html_event *event = &events->items[i];
    int y = TOP + (int)i * ROW + ROW / 2;
    int from = html_actor_find(actors, event->from);
    int to = html_actor_find(actors, event->to);
    int width = chart_width(actors);
    open_row(p, events, event, html_actor_colour(actors, event->from), y);
    if (from < 0 && to < 0)
        band(p, event, width, y);
    else if (from < 0 || to < 0 || from == to)
        note(p, event, column_x(actors, from < 0 ? to : from), width, y);
    else
        arrow(p, event, column_x(actors, from), column_x(actors, to), y);
    page_put(p, "</g>\n");
}

void html_chart(struct page *p, const struct html_events *events) {
    struct html_actors actors;
    size_t rows = events->count < HTML_CHART_MAX ? events->count : HTML_CHART_MAX;
    int height = 2 * TOP + (int)rows * ROW;
    html_actors_of(events, &actors);
    if (rows == 0)
        return;
    page_put(p, "<div class=\"chart\" tabindex=\"0\">\n");
    heads(p, &actors);
    page_printf(p,
                "<svg class=\"rows\" width=\"%d\" height=\"%d\" role=\"img\" "
                "aria-label=\"Messages between the actors\">\n",
                chart_width(&actors), height);
    life_lines(p, &actors, height);
    for (size_t i = 0; i < rows; i++)
        row(p, events, &actors, i);
    page_put(p, "</svg>\n</div>\n");
}

static void cell_actor(struct page *p, const struct html_actors *actors, const char *name) {
    page_printf(p, "<td class=\"k%u who\">", html_actor_colour(actors, name));
    page_escape(p, bytes_of_str(name), HEAD_CHARS);
    page_put(p, "</td>");
}

static void timeline_row(struct page *p, const struct html_events *events,
                         const struct html_actors *actors, const struct html_event *event) {
    static const char *const rows[] = {"<tr>", "<tr class=\"fault\">", "<tr class=\"trouble\">"};
    bool alone = strcmp(event->from, event->to) == 0;
    page_put(p, rows[html_event_mark(event)]);
    page_printf(p, "<td class=\"num\">%.3f</td>", html_event_seconds(events, event));
    cell_actor(p, actors, event->from);
    page_put(p, alone ? "<td></td>" : "<td class=\"to\">→</td>");
    if (alone)
        page_put(p, "<td></td>");
    else
        cell_actor(p, actors, event->to);
    page_put(p, "<td>");
    page_escape(p, bytes_of_str(event->what), CELL_CHARS);
    page_put(p, "</td><td class=\"dim\">");
    page_escape(p, bytes_of_str(event->detail), CELL_CHARS);
    page_put(p, "</td></tr>\n");
}

void html_timeline(struct page *p, const struct html_events *events) {
    struct html_actors actors;
    html_actors_of(events, &actors);
    if (events->count == 0)
        return;
    page_put(p, "<div class=\"wide\"><table class=\"timeline\"><thead><tr><th class=\"num\">seconds"
                "</th><th>from</th><th></th><th>to</th><th>what</th><th>detail</th></tr></thead>"
                "<tbody>\n");
    for (size_t i = 0; i < events->count && i < HTML_TIMELINE_MAX; i++)
        timeline_row(p, events, &actors, &events->items[i]);
    page_put(p, "</tbody></table></div>\n");
}
