/* The page of good results, and of files that only look like results. */
#include "base/file.h"
#include "base/owned.h"
#include "base/temporary_test.h"
#include "bench/chart.h"
#include "bench/page.h"

#include <string.h>

static const char result[] =
    "{'conditions': {'stage': 'all', 'machine': {'model': 'Z80 <3>', 'processors': 2}},"
    " 'enrolments_per_second': 120.5, 'latency_ms': {'p50': 5, 'p90': 6, 'p99': 9, 'max': 10},"
    " 'cpu_ms_per_enrolment': {'capf': 2, 'ra': 1, 'total': 3},"
    " 'rss_peak_mb': {'capf': 20.6, 'ra': 12.1}, 'crowd': {'kind': 'waiting', 'count': 9000,"
    " 'cpu_ratio': 1.04, 'latency_ratio': 1, 'components': {'capf': {'memory_kb_each': 22.25}}},"
    " 'crypto_floor_ms_per_enrolment': 2.5, 'cpu_over_floor': 1.2, 'errors': {'TCP_RESET': 3},"
    " 'latency_distribution_ms': [[0, 4], [50, 5], [99, 9], [100, 10]],"
    " 'runs': [{'enrolments_per_second': 100}, {'enrolments_per_second': 140}]}";

static char *page_of(const char *folder, const json_t *results) {
    struct err e = {0};
    AUTO_BUF text = BUF_INIT(1024 * 1024);
    AUTO(char) path = path_join(folder, "page.html");
    ck_assert_ok(bench_page_write(path, results, &e), e);
    ck_assert_ok(file_read(path, &text, &e), e);
    return buf_take_str(&text);
}

static json_t *load(const char *text) {
    AUTO(char) copy = strdup(text);
    for (char *at = copy; (at = strchr(at, '\'')) != NULL;)
        *at = '"';
    json_t *o = json_loads(copy, 0, NULL);
    ck_assert_ptr_nonnull(o);
    return o;
}

static json_t *swept(void) {
    json_t *whole = load(result);
    json_t *point = json_pack("{s:i, s:O}", "value", 4, "result", whole);
    json_t *sweep = json_pack("{s:s, s:[O,o]}", "over", "issued", "points", point, point);
    json_t *with = json_deep_copy(whole);
    json_object_set_new(with, "sweeps", json_pack("[o]", sweep));
    json_decref(whole);
    return json_pack("{s:o}", "a<b", with);
}

START_TEST(a_page_has_figures_and_curves_and_loads_nothing) {
    TEMPORARY(folder);
    json_t *results = swept();
    AUTO(char) page = page_of(folder, results);
    static const char *const parts[] = {"a&lt;b",
                                        "120.5",
                                        "TCP_RESET 3",
                                        ">33<",
                                        "Beside 9000 phones that wait",
                                        "capf 22.2 KB",
                                        "Z80 &lt;3&gt;",
                                        "Latency distribution",
                                        "Throughput",
                                        "crypto floor",
                                        "certificates and devices already there",
                                        "prefers-color-scheme:dark",
                                        "</html>"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        ck_assert_msg(strstr(page, parts[i]) != NULL, "%s", parts[i]);
    static const char *const loads[] = {
        "http://", "https://", "<script", "src=", "url(", "nan", "inf"};
    for (size_t i = 0; i < sizeof loads / sizeof loads[0]; i++)
        ck_assert_msg(strstr(page, loads[i]) == NULL, "%s", loads[i]);
    json_decref(results);
}
END_TEST

START_TEST(what_is_missing_or_strange_is_left_out) {
    static const char *const strange[] = {
        "{}",
        "{'x': {}}",
        "{'x': 3}",
        "{'x': {'runs': 3, 'sweeps': [3, {}, {'points': [1, {'result': 2}]}], 'errors': []}}",
        "{'x': {'latency_distribution_ms': [[], [1], ['a', 'b'], [-5, -5], [200, 1e300]]}}",
        "{'x': {'cpu_ms_per_enrolment': {'capf': -1, 'ra': 1e308}, 'conditions': [1]}}",
        "{'x': {'crowd': {'kind': 'silent', 'count': 'a', 'components': [3]}, 'rss_peak_mb': 3}}",
        "{'x': {'sweeps': [{'over': 7, 'points': [{'value': 'a', 'result': {'runs': [{}]}}]}]}}",
    };
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        TEMPORARY(folder);
        json_t *results = load(strange[i]);
        AUTO(char) page = page_of(folder, results);
        ck_assert_ptr_nonnull(strstr(page, "</html>"));
        ck_assert_ptr_null(strstr(page, "nan"));
        json_decref(results);
    }
}
END_TEST

START_TEST(many_points_are_cut) {
    TEMPORARY(folder);
    json_t *points = json_array();
    json_t *distribution = json_array();
    json_t *results = json_object();
    for (int i = 0; i < 1000; i++) {
        json_array_append_new(points, json_pack("{s:i, s:{}}", "value", i, "result"));
        json_array_append_new(distribution, json_pack("[f, i]", i / 10.0, i));
        char name[16];
        snprintf(name, sizeof name, "r%d", i);
        json_object_set_new(results, name, load(result));
    }
    json_object_set_new(results, "x",
                        json_pack("{s:[{s:s, s:o}], s:o}", "sweeps", "over", "rate", "points",
                                  points, "latency_distribution_ms", distribution));
    struct err e = {0};
    AUTO(char) path = path_join(folder, "page.html");
    ck_assert_ok(bench_page_write(path, results, &e), e);
    json_decref(results);
}
END_TEST

START_TEST(a_page_that_cannot_be_written_is_told) {
    TEMPORARY(folder);
    struct err e = {0};
    json_t *none = json_object();
    ck_assert_int_eq(bench_page_write(folder, none, &e), -1);
    ck_assert_err(e, SYS_IO);
    json_decref(none);
}
END_TEST

START_TEST(axes_have_round_steps) {
    ck_assert_double_eq(chart_step(7), 1);
    ck_assert_double_eq(chart_step(9), 2);
    ck_assert_double_eq(chart_step(100), 20);
    ck_assert_double_eq_tol(chart_step(0.4), 0.05, 1e-9);
    ck_assert_double_eq(chart_step(0), 1);
}
END_TEST

TEST_MAIN("bench page", a_page_has_figures_and_curves_and_loads_nothing,
          what_is_missing_or_strange_is_left_out, many_points_are_cut,
          a_page_that_cannot_be_written_is_told, axes_have_round_steps)
