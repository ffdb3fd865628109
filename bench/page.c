/* The page: a table of all results, CPU by component of all of them beside each other, then each
 * with its latencies, its sweeps and its conditions. */
#include "bench/page.h"

#include "base/owned.h"
#include "bench/page_charts.h"
#include "scenarios/runner/html.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char style[] =
    "figure{margin:14px 0;display:inline-block;width:640px;max-width:100%;vertical-align:top}\n"
    "figcaption{font-weight:600;margin-bottom:4px}\n"
    ".charts{display:flex;flex-wrap:wrap;gap:0 28px}\n"
    "svg .g{stroke:var(--line);fill:none}svg .l{stroke:var(--c);stroke-width:2;fill:none}\n"
    "svg .d,svg rect{fill:var(--c)}svg text.e{text-anchor:end}svg text.u{fill:var(--dim)}\n"
    "svg path.floor{stroke:var(--text);stroke-width:2.5;stroke-dasharray:5 3;fill:none}\n"
    ".legend{display:flex;flex-wrap:wrap;gap:2px 18px;list-style:none;margin:2px 0;padding:0 0 0 "
    "64px;font-size:13px}\n"
    ".legend li::before{content:'';display:inline-block;width:12px;height:12px;margin-right:6px;"
    "background:var(--c);vertical-align:-1px;border-radius:2px}\n"
    ".legend li.floor::before{height:0;background:none;border-top:2.5px dashed var(--text);"
    "vertical-align:4px;border-radius:0}\n";

static void put_head(struct page *p) {
    page_put(p, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width\">\n"
                "<title>capflab bench</title>\n<style>\n");
    page_put(p, html_style);
    page_put(p, style);
    page_put(p, "</style>\n</head>\n<body>\n<header><h1>capflab bench</h1></header>\n<main>\n");
}

/* Numbers and words alike; objects one level deep, as "name value, name value". */
static void put_value(struct page *p, const json_t *value) {
    const char *key;
    const json_t *inner;
    const char *between = "";
    if (json_is_string(value))
        page_str(p, json_string_value(value));
    else if (json_is_number(value))
        page_printf(p, "%.6g", json_number_value(value));
    else if (json_is_boolean(value))
        page_put(p, json_is_true(value) ? "yes" : "no");
    else if (json_is_null(value))
        page_put(p, "unknown");
    json_object_foreach((json_t *)(uintptr_t)value, key, inner) {
        page_put(p, between);
        page_str(p, key);
        page_put(p, " ");
        if (!json_is_object(inner))
            put_value(p, inner);
        between = ", ";
    }
}

static void put_conditions(struct page *p, const json_t *result) {
    const char *key;
    const json_t *value;
    page_put(p, "<details class=\"part\"><summary>Conditions</summary><dl class=\"facts\">\n");
    json_object_foreach(json_object_get(result, "conditions"), key, value) {
        page_put(p, "<div><dt>");
        page_str(p, key);
        page_put(p, "</dt><dd>");
        put_value(p, value);
        page_put(p, "</dd></div>\n");
    }
    page_put(p, "</dl></details>\n");
}

static void put_number(struct page *p, const json_t *value, int decimals) {
    page_put(p, "<td class=\"num\">");
    if (json_is_number(value))
        page_printf(p, "%.*f", decimals, json_number_value(value));
    else
        page_put(p, "&ndash;");
    page_put(p, "</td>");
}

static void put_errors(struct page *p, const json_t *errors) {
    page_put(p, json_object_size(errors) == 0 ? "<td class=\"dim\">none" : "<td>");
    put_value(p, errors);
    page_put(p, "</td>");
}

static double sum_of(const json_t *numbers) {
    const char *key;
    const json_t *value;
    double all = 0;
    json_object_foreach((json_t *)(uintptr_t)numbers, key, value) {
        all += json_number_value(value);
    }
    return all;
}

static void put_memory(struct page *p, const json_t *by_component) {
    json_t *all =
        json_object_size(by_component) == 0 ? json_null() : json_real(sum_of(by_component));
    put_number(p, all, 0);
    json_decref(all);
}

static void put_row(struct page *p, const char *name, const json_t *result) {
    const json_t *latency = json_object_get(result, "latency_ms");
    page_printf(p, "<tr%s><td>",
                json_object_size(json_object_get(result, "errors")) == 0 ? ""
                                                                         : " class=\"failed\"");
    page_str(p, name);
    page_put(p, "</td>");
    put_number(p, json_object_get(result, "enrolments_per_second"), 1);
    put_number(p, json_object_get(latency, "p50"), 2);
    put_number(p, json_object_get(latency, "p99"), 2);
    put_number(p, json_object_get(json_object_get(result, "cpu_ms_per_enrolment"), "total"), 3);
    put_number(p, json_object_get(result, "crypto_floor_ms_per_enrolment"), 3);
    put_number(p, json_object_get(result, "cpu_over_floor"), 2);
    put_memory(p, json_object_get(result, "rss_peak_mb"));
    put_errors(p, json_object_get(result, "errors"));
    page_put(p, "</tr>\n");
}

static void put_table(struct page *p, const json_t *results) {
    const char *name;
    const json_t *result;
    page_put(p, "<div class=\"wide\"><table class=\"overview\"><tr><th>result</th>"
                "<th class=\"num\">a second</th><th class=\"num\">p50, ms</th>"
                "<th class=\"num\">p99, ms</th><th class=\"num\">CPU, ms</th>"
                "<th class=\"num\">floor, ms</th><th class=\"num\">CPU over floor</th>"
                "<th class=\"num\">peak memory, MB</th>"
                "<th>errors</th></tr>\n");
    json_object_foreach((json_t *)(uintptr_t)results, name, result) {
        put_row(p, name, result);
    }
    page_put(p, "</table></div>\n");
}

static void put_crowd_member(struct page *p, const char *between, const char *name,
                             const json_t *component) {
    page_put(p, between);
    page_str(p, name);
    page_printf(p, " %.1f KB", json_number_value(json_object_get(component, "memory_kb_each")));
}

static void put_crowd(struct page *p, const json_t *crowd) {
    const char *kind = json_string_value(json_object_get(crowd, "kind"));
    const char *between = ": ";
    const char *name;
    const json_t *component;
    if (kind == NULL)
        return;
    page_printf(p, "<p>Beside %.0f ", json_number_value(json_object_get(crowd, "count")));
    page_str(p, strcmp(kind, "silent") == 0 ? "enrolments that certsrv does not answer"
                                            : "phones that wait for their keys");
    page_printf(p,
                ": CPU of the servers %.2f times, latency p50 %.2f times that without them; "
                "%.0f of them disturbed; memory of each",
                json_number_value(json_object_get(crowd, "cpu_ratio")),
                json_number_value(json_object_get(crowd, "latency_ratio")),
                json_number_value(json_object_get(crowd, "disturbed")));
    json_object_foreach(json_object_get(crowd, "components"), name, component) {
        put_crowd_member(p, between, name, component);
        between = ", ";
    }
    page_put(p, "</p>\n");
}

static void put_result(struct page *p, const char *name, const json_t *result) {
    size_t i;
    const json_t *sweep;
    page_put(p, "<section class=\"scenario\"><h2>");
    page_str(p, name);
    page_put(p, "</h2>\n");
    put_crowd(p, json_object_get(result, "crowd"));
    page_put(p, "<div class=\"charts\">\n");
    page_latencies(p, result);
    json_array_foreach(json_object_get(result, "sweeps"), i, sweep) {
        page_sweep(p, sweep);
    }
    page_put(p, "</div>\n");
    put_conditions(p, result);
    page_put(p, "</section>\n");
}

/* Of the first result: a page is of one machine and one build, or its reader knows better. */
static void put_origin(struct page *p, const json_t *results) {
    const char *name;
    const json_t *result;
    json_object_foreach((json_t *)(uintptr_t)results, name, result) {
        const json_t *c = json_object_get(result, "conditions");
        page_put(p, "<p class=\"dim\">");
        put_value(p, json_object_get(c, "machine"));
        page_put(p, "<br>build ");
        put_value(p, json_object_get(c, "build"));
        page_put(p, "</p>\n");
        break;
    }
}

static void put_page(struct page *p, const json_t *results) {
    const char *name;
    const json_t *result;
    put_head(p);
    put_origin(p, results);
    put_table(p, results);
    page_put(p, "<div class=\"charts\">\n");
    page_components(p, results);
    page_put(p, "</div>\n");
    json_object_foreach((json_t *)(uintptr_t)results, name, result) {
        put_result(p, name, result);
    }
    page_put(p, "</main>\n</body>\n</html>\n");
}

int bench_page_write(const char *path, const json_t *results, struct err *e) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_errno(e, "%s", path);
    struct page p;
    page_begin(&p, fd);
    put_page(&p, results);
    int written = page_end(&p);
    page_free(&p);
    if (close(fd) != 0)
        written = -1;
    return written == 0 ? 0 : err_set(e, ERR_SYS_IO, "%s: could not be written", path);
}
