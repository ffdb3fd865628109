/* From results to charts. */
#ifndef BENCH_PAGE_CHARTS_H
#define BENCH_PAGE_CHARTS_H

#include "scenarios/runner/html_page.h"
#include <jansson.h>

/* CPU by component of all results with servers, side by side, each with its floor. */
void page_components(struct page *p, const json_t *results);
/* Latency against the part of enrolments that took no longer. */
void page_latencies(struct page *p, const json_t *result);
/* Rate, latency and CPU by component against the value that was swept. */
void page_sweep(struct page *p, const json_t *sweep);

#endif
