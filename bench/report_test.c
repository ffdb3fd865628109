/* From runs to figures. */
#include "base/test.h"
#include "bench/report.h"

#include <string.h>

static double number(const json_t *o, const char *key, const char *inner) {
    const json_t *value = json_object_get(o, key);
    return json_number_value(inner == NULL ? value : json_object_get(value, inner));
}

/* A run of latencies 1, 2, 3 ... and one failure. */
static void add(struct report *r, size_t succeeded, double cpu_us) {
    static const struct floor_costs costs = {{[FLOOR_RSA_SIGN] = 1000}};
    double latency[100];
    for (size_t i = 0; i < succeeded; i++)
        latency[i] = (double)i + 1;
    struct load_result load = {.latency_ms = latency,
                               .succeeded = succeeded,
                               .failed = 1,
                               .seconds = 2,
                               .errors = json_pack("{s:i}", "TCP_RESET", 1)};
    report_add(r, &load, &cpu_us, &costs);
    json_decref(load.errors);
}

static struct report new_report(struct bench_options *o) {
    struct err e = {0};
    ck_assert_ok(bench_options_settle(o, &e), e);
    return (struct report){.options = o,
                           .components = {"capf"},
                           .component_count = 1,
                           .counts = {{[FLOOR_RSA_SIGN] = 2}},
                           .errors = json_object(),
                           .complete = true};
}

START_TEST(figures_are_medians_over_runs) {
    struct bench_options o = BENCH_OPTIONS_INIT;
    struct report r = new_report(&o);
    add(&r, 10, 40000);
    add(&r, 20, 120000);
    add(&r, 10, 50000);
    json_t *all = report_json(&r);
    ck_assert_double_eq(number(all, "enrolments_per_second", NULL), 5);
    ck_assert_double_eq(number(all, "latency_ms", "p50"), 5);
    ck_assert_double_eq(number(all, "latency_ms", "max"), 10);
    ck_assert_double_eq(number(all, "cpu_ms_per_enrolment", "capf"), 5);
    ck_assert_double_eq(number(all, "crypto_floor_ms_per_enrolment", NULL), 2);
    ck_assert_double_eq(number(all, "cpu_over_floor", NULL), 2.5);
    ck_assert_double_eq(number(all, "errors", "TCP_RESET"), 3);
    ck_assert_uint_eq(json_array_size(json_object_get(all, "runs")), 3);
    json_t *distribution = json_object_get(all, "latency_distribution_ms");
    const json_t *last = json_array_get(distribution, json_array_size(distribution) - 1);
    ck_assert_double_eq(json_number_value(json_array_get(last, 1)), 20);
    json_decref(all);
    report_free(&r);
}
END_TEST

START_TEST(conditions_name_options_machine_and_build) {
    struct bench_options o = BENCH_OPTIONS_INIT;
    o.workers = 2;
    o.durability_word = "off";
    struct report r = new_report(&o);
    add(&r, 1, 1);
    json_t *all = report_json(&r);
    const json_t *c = json_object_get(all, "conditions");
    ck_assert_int_eq(json_integer_value(json_object_get(c, "workers")), 2);
    ck_assert_str_eq(json_string_value(json_object_get(c, "durability")), "off");
    static const char *const keys[] = {
        "stage",  "issuer",      "template", "key",      "session",   "upstream",  "server_key",
        "login",  "concurrency", "rate",     "phones",   "repeat",    "warm_up",   "issued",
        "keygen", "build",       "machine",  "external", "libraries", "duration_s"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        ck_assert_msg(json_object_get(c, keys[i]) != NULL, "%s", keys[i]);
    json_decref(all);
    report_free(&r);
}
END_TEST

START_TEST(a_run_without_success_has_no_figures_but_errors) {
    struct bench_options o = BENCH_OPTIONS_INIT;
    struct report r = new_report(&o);
    char *text = NULL;
    size_t len = 0;
    add(&r, 0, 1000);
    FILE *out = open_memstream(&text, &len);
    report_print(&r, out);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "TCP_RESET"));
    ck_assert_ptr_null(strstr(text, "CPU over floor"));
    free(text);
    json_t *all = report_json(&r);
    ck_assert_double_eq(number(all, "latency_ms", "p99"), 0);
    ck_assert(json_is_null(json_object_get(all, "cpu_over_floor")));
    json_decref(all);
    report_free(&r);
}
END_TEST

START_TEST(a_stage_inside_brings_its_floor) {
    struct bench_options o = BENCH_OPTIONS_INIT;
    o.stage_word = "csr";
    struct report r = new_report(&o);
    double latency[] = {0.1, 0.2};
    const struct load_result load = {
        .latency_ms = latency, .succeeded = 2, .seconds = 1, .errors = json_object()};
    report_add_inside(&r, &load, &(struct inside_times){.ours_us = 60, .bare_us = 50});
    json_decref(load.errors);
    json_t *all = report_json(&r);
    ck_assert_double_eq_tol(number(all, "cpu_over_floor", NULL), 1.2, 1e-9);
    ck_assert_ptr_null(json_object_get(all, "floor"));
    json_decref(all);
    report_free(&r);
}
END_TEST

TEST_MAIN("bench report", figures_are_medians_over_runs, conditions_name_options_machine_and_build,
          a_run_without_success_has_no_figures_but_errors, a_stage_inside_brings_its_floor)
