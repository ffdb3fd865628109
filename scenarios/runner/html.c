/* The page: head, table of the scenarios, a section for each. */
#include "scenarios/runner/html.h"

#include "base/file.h"
#include "base/owned.h"
#include "scenarios/runner/html_chart.h"
#include "scenarios/runner/report.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

const char *html_string(const json_t *o, const char *key) {
    const char *text = json_string_value(json_object_get(o, key));
    return text == NULL ? "" : text;
}

static const char *verdict_of(const json_t *result) {
    const char *word = html_string(result, "result");
    return strcmp(word, "ok") == 0 || strcmp(word, "skipped") == 0 ? word : "failed";
}

static double seconds_of(const json_t *result) {
    return json_number_value(json_object_get(result, "seconds"));
}

static bool is_failed(const json_t *result) {
    return strcmp(verdict_of(result), "failed") == 0;
}

static void put_verdict(struct page *p, const json_t *result) {
    const char *word = verdict_of(result);
    page_printf(p, "<span class=\"verdict %s\">%s</span>", word, word);
}

/* The folder dimmed, the name not. */
static void put_name(struct page *p, const char *name) {
    const char *slash = strrchr(name, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash + 1 - name);
    page_put(p, "<span class=\"dim\">");
    page_escape(p, bytes_of(name, folder), 0);
    page_put(p, "</span>");
    page_str(p, name + folder);
}

static void put_counts(struct page *p, const struct tally *t) {
    page_printf(p, "<p class=\"counts\"><strong class=\"ok\">%zu passed</strong>", t->passed);
    page_printf(p, " <strong class=\"%s\">%zu failed</strong>", t->failed > 0 ? "failed" : "none",
                t->failed);
    if (t->skipped > 0)
        page_printf(p, " <strong class=\"skipped\">%zu skipped</strong>", t->skipped);
    page_printf(p, " <span class=\"dim\">%.1f s of scenarios</span></p>\n", t->seconds);
}

static void put_head(struct page *p, const struct tally *t) {
    page_printf(p,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"color-scheme\" content=\"light dark\">\n"
                "<title>capflab: %zu passed, %zu failed</title>\n<style>\n",
                t->passed, t->failed);
    page_put(p, html_style);
    page_put(p, "</style>\n</head>\n<body>\n<header>\n<h1>capflab</h1>\n");
    put_counts(p, t);
    page_put(p, "</header>\n<main>\n");
}

static void put_row(struct page *p, const json_t *result, size_t index) {
    page_printf(p, "<tr class=\"%s\"><td><a href=\"#s%zu\">", verdict_of(result), index + 1);
    put_name(p, html_string(result, "name"));
    page_put(p, "</a></td><td>");
    page_str(p, html_string(result, "title"));
    page_put(p, "</td><td>");
    put_verdict(p, result);
    page_printf(p, "</td><td class=\"num\">%.1f s</td></tr>\n", seconds_of(result));
}

static void put_table(struct page *p, const json_t *sorted) {
    size_t i;
    json_t *result;
    page_put(p,
             "<div class=\"wide\"><table class=\"overview\">\n<thead><tr><th>Scenario</th>"
             "<th>Title</th><th>Verdict</th><th class=\"num\">Time</th></tr></thead>\n<tbody>\n");
    json_array_foreach(sorted, i, result) {
        put_row(p, result, i);
    }
    page_put(p, "</tbody>\n</table></div>\n");
}

static void put_fact(struct page *p, const char *title, const char *text) {
    if (text[0] == '\0')
        return;
    page_printf(p, "<div><dt>%s</dt><dd><code>", title);
    page_str(p, text);
    page_put(p, "</code></dd></div>\n");
}

static void put_facts(struct page *p, const json_t *result) {
    AUTO(char) left_out = report_left_out(result);
    page_put(p, "<dl class=\"facts\">\n");
    put_fact(p, "file", html_string(result, "file"));
    put_fact(p, "artifacts", html_string(result, "folder"));
    put_fact(p, "seed", html_string(result, "seed"));
    put_fact(p, "repeat", html_string(result, "again"));
    put_fact(p, "not judged", left_out == NULL ? "" : left_out);
    page_put(p, "</dl>\n");
}

/* What of the events is not shown. */
static void put_cut(struct page *p, const struct html_events *events, size_t shown) {
    if (events->total > shown)
        page_printf(p,
                    "<p class=\"cut\">The first %zu of %zu events are shown; events.ndjson has all "
                    "of them.</p>\n",
                    shown, events->total);
    if (events->unreadable > 0)
        page_printf(p, "<p class=\"cut\">%zu line%s of events.ndjson cannot be read.</p>\n",
                    events->unreadable, events->unreadable == 1 ? "" : "s");
}

static void put_events(struct page *p, const struct html_events *events) {
    page_put(p, "<h3>Messages</h3>\n");
    if (events->count == 0)
        page_put(p, "<p class=\"cut\">There are no events.</p>\n");
    html_chart(p, events);
    put_cut(p, events, HTML_CHART_MAX);
    page_put(p, "<details class=\"part\"><summary>Time line</summary>\n");
    html_timeline(p, events);
    put_cut(p, events, HTML_TIMELINE_MAX);
    page_put(p, "</details>\n");
}

static void read_and_put_events(struct page *p, const char *dir) {
    AUTO(char) path = path_join(dir, "events.ndjson");
    struct html_events events = {0};
    struct err e = {0};
    if (path != NULL && html_events_read(path, HTML_TIMELINE_MAX, &events, &e) != 0) {
        page_put(p, "<p class=\"cut\">");
        page_str(p, e.text);
        page_put(p, "</p>\n");
    } else {
        put_events(p, &events);
    }
    html_events_free(&events);
}

static void put_scenario(struct page *p, const json_t *result, size_t index, bool open) {
    page_printf(p, "<details class=\"scenario\"%s><summary>", open ? " open" : "");
    put_verdict(p, result);
    page_put(p, " <span class=\"name\">");
    put_name(p, html_string(result, "name"));
    page_put(p, "</span> <span class=\"title\">");
    page_str(p, html_string(result, "title"));
    page_printf(p, "</span> <span class=\"num\">%.1f s</span></summary>\n", seconds_of(result));
    page_printf(p, "<section id=\"s%zu\">\n<h2>", index + 1);
    page_str(p, html_string(result, "title"));
    page_put(p, "</h2>\n");
    html_failures(p, result);
    html_diagnosis(p, json_object_get(result, "diagnosis"));
    read_and_put_events(p, html_string(result, "folder"));
    html_config(p, html_string(result, "folder"));
    put_facts(p, result);
    page_put(p, "</section>\n</details>\n");
}

static int by_name(const void *left, const void *right) {
    return strcmp(html_string(*(json_t *const *)left, "name"),
                  html_string(*(json_t *const *)right, "name"));
}

/* The results in the order of their names, as new array; jobs end in any order. */
static json_t *sorted_results(const json_t *results) {
    size_t count = json_array_size(results);
    json_t **items = calloc(count + 1, sizeof(json_t *));
    json_t *sorted = json_array();
    for (size_t i = 0; items != NULL && i < count; i++)
        items[i] = json_array_get(results, i);
    if (items != NULL)
        qsort(items, count, sizeof(json_t *), by_name);
    for (size_t i = 0; items != NULL && i < count; i++)
        json_array_append(sorted, items[i]);
    free(items);
    return sorted;
}

static int write_page(int fd, const json_t *results) {
    struct page p;
    struct tally t = tally_of(results);
    json_t *sorted = sorted_results(results);
    size_t i;
    json_t *result;
    page_begin(&p, fd);
    put_head(&p, &t);
    put_table(&p, sorted);
    json_array_foreach(sorted, i, result) {
        put_scenario(&p, result, i, is_failed(result) || json_array_size(sorted) == 1);
    }
    page_put(&p, "</main>\n</body>\n</html>\n");
    int failed = page_end(&p);
    page_free(&p);
    json_decref(sorted);
    return failed;
}

int report_html(const char *path, const json_t *results, struct err *e) {
    AUTO(char) temporary = NULL;
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
        temporary = NULL;
        return err_set(e, ERR_SYS_NOMEM, "%s", path);
    }
    AUTO_FD fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, "%s", path);
    if (write_page(fd, results) == 0 && fchmod(fd, 0644) == 0 && rename(temporary, path) == 0)
        return 0;
    err_errno(e, "%s", path);
    unlink(temporary);
    return -1;
}
