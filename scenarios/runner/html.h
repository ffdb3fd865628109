/* The report as one page for a browser, with nothing outside of it and readable without scripts:
 * the table of scenarios, and for each its chart, time line, diagnosis, failures and configuration.
 * Made from the result objects and the folders that they name. */
#ifndef SCENARIOS_RUNNER_HTML_H
#define SCENARIOS_RUNNER_HTML_H

#include "base/err.h"
#include "scenarios/runner/html_page.h"

#include <jansson.h>

/* results: array of result objects (run.h), with `again`, the command that repeats it, where one
 * wants it shown. Written through a temporary name beside path, in parts. -1 SYS_IO, SYS_NOMEM. */
int report_html(const char *path, const json_t *results, struct err *e);

/* What html.c is made of: each writes its part of one scenario. */
extern const char html_style[];
const char *html_string(const json_t *o, const char *key); /* "" when missing */
void html_failures(struct page *p, const json_t *result);
void html_diagnosis(struct page *p, const json_t *diagnosis);
/* DIR/config/.yaml files, the values of passwords and authentication strings left out. */
void html_config(struct page *p, const char *dir);

#endif
