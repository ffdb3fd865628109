/* The message-sequence chart of a scenario as inline SVG, and its time line as a table. */
#ifndef SCENARIOS_RUNNER_HTML_CHART_H
#define SCENARIOS_RUNNER_HTML_CHART_H

#include "scenarios/runner/html_events.h"
#include "scenarios/runner/html_page.h"

enum { HTML_CHART_MAX = 400, HTML_TIMELINE_MAX = 1000 };

/* At most the first HTML_CHART_MAX events, HTML_TIMELINE_MAX rows; the caller says so when there
 * are more. With no events: nothing. */
void html_chart(struct page *p, const struct html_events *events);
void html_timeline(struct page *p, const struct html_events *events);

#endif
