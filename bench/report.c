/* Making the figures. A median of ratios stays a ratio of one run: CPU over floor is taken run by
 * run, so that both halves saw the same machine. */
#include "bench/report.h"

#include "bench/conditions.h"
#include "bench/stats.h"

#include <stdlib.h>
#include <string.h>

static double total_cpu(const struct report *r, const struct report_run *run) {
    double total = 0;
    for (size_t c = 0; c < r->component_count; c++)
        total += run->cpu_ms[c];
    return total;
}

static void add_errors(struct report *r, const json_t *errors) {
    const char *code;
    json_t *count;
    json_object_foreach((json_t *)(uintptr_t)errors, code, count) {
        json_int_t before = json_integer_value(json_object_get(r->errors, code));
        json_object_set_new(r->errors, code, json_integer(before + json_integer_value(count)));
    }
}

/* Without memory the distribution has fewer points; the figures of the runs have all. */
static void add_latencies(struct report *r, const struct load_result *load) {
    size_t count = r->latency_count + load->succeeded;
    double *more = count == 0 ? NULL : reallocarray(r->latency_ms, count, sizeof(double));
    if (more == NULL)
        return;
    memcpy(more + r->latency_count, load->latency_ms, load->succeeded * sizeof(double));
    r->latency_ms = more;
    r->latency_count = count;
}

static struct report_run *add_run(struct report *r, const struct load_result *load) {
    struct report_run *run = &r->runs[r->run_count++];
    const double *ms = load->latency_ms;
    size_t n = load->succeeded;
    *run = (struct report_run){.p50 = stats_percentile(ms, n, 50),
                               .p90 = stats_percentile(ms, n, 90),
                               .p99 = stats_percentile(ms, n, 99),
                               .max = stats_percentile(ms, n, 100),
                               .succeeded = n,
                               .failed = load->failed};
    run->per_second = load->seconds > 0 ? (double)n / load->seconds : 0;
    add_errors(r, load->errors);
    add_latencies(r, load);
    return run;
}

void report_add(struct report *r, const struct load_result *load, const double *cpu_us,
                const struct floor_costs *costs) {
    struct report_run *run = add_run(r, load);
    for (size_t c = 0; c < r->component_count && run->succeeded > 0; c++)
        run->cpu_ms[c] = cpu_us[c] / 1000 / (double)run->succeeded;
    r->costs = *costs;
    run->floor_ms = floor_ms(&r->counts, costs);
}

void report_add_inside(struct report *r, const struct load_result *load,
                       const struct inside_times *times) {
    struct report_run *run = add_run(r, load);
    run->cpu_ms[0] = times->ours_us / 1000;
    run->floor_ms = times->bare_us / 1000;
}

void report_free(struct report *r) {
    json_decref(r->errors);
    free(r->latency_ms);
    *r = (struct report){0};
}

typedef double figure_fn(const struct report *r, const struct report_run *run, size_t component);

#define FIGURE(name, value)                                                                        \
    static double name(const struct report *r, const struct report_run *run, size_t component) {   \
        (void)r;                                                                                   \
        (void)component;                                                                           \
        return (value);                                                                            \
    }
FIGURE(per_second, run->per_second)
FIGURE(p50, run->p50)
FIGURE(p90, run->p90)
FIGURE(p99, run->p99)
FIGURE(slowest, run->max)
FIGURE(cpu_total, total_cpu(r, run))
FIGURE(cpu_of, run->cpu_ms[component])
FIGURE(the_floor, run->floor_ms)
FIGURE(over_floor, run->floor_ms > 0 ? total_cpu(r, run) / run->floor_ms : 0)

static struct stats_spread spread(const struct report *r, figure_fn *figure, size_t component) {
    double values[BENCH_REPEAT_MAX];
    for (size_t i = 0; i < r->run_count; i++)
        values[i] = figure(r, &r->runs[i], component);
    return stats_spread(values, r->run_count);
}

static json_t *median(const struct report *r, figure_fn *figure, size_t component) {
    return json_real(spread(r, figure, component).median);
}

/* A run in which nothing succeeded has used no CPU for an enrolment, which is no good ratio. */
static bool has_ratio(const struct report *r) {
    bool any = r->complete;
    for (size_t i = 0; i < r->run_count; i++)
        any = any && r->runs[i].succeeded > 0;
    return any;
}

static json_t *latencies(const struct report *r) {
    return json_pack("{s:o, s:o, s:o, s:o}", "p50", median(r, p50, 0), "p90", median(r, p90, 0),
                     "p99", median(r, p99, 0), "max", median(r, slowest, 0));
}

/* [percent, ms] for each percent, over the enrolments of all runs. */
static json_t *distribution(const struct report *r) {
    static const double tail[] = {99.5, 99.9, 100};
    json_t *points = json_array();
    stats_sort(r->latency_ms, r->latency_count);
    for (int percent = 0; percent < 100 && r->latency_count > 0; percent++)
        json_array_append_new(
            points, json_pack("[f, f]", (double)percent,
                              stats_percentile(r->latency_ms, r->latency_count, percent)));
    for (size_t i = 0; i < 3 && r->latency_count > 0; i++)
        json_array_append_new(
            points, json_pack("[f, f]", tail[i],
                              stats_percentile(r->latency_ms, r->latency_count, tail[i])));
    return points;
}

static json_t *cpu(const struct report *r) {
    json_t *o = json_object();
    for (size_t c = 0; c < r->component_count; c++)
        json_object_set_new(o, r->components[c], median(r, cpu_of, c));
    json_object_set_new(o, "total", median(r, cpu_total, 0));
    return o;
}

static json_t *memory(const struct report *r) {
    json_t *o = json_object();
    for (size_t c = 0; c < r->component_count; c++)
        json_object_set_new(o, r->components[c], json_real(r->rss_peak_mb[c]));
    return o;
}

static json_t *floor_parts(const struct report *r) {
    json_t *o = json_object();
    for (size_t i = 0; i < FLOOR_COUNT; i++)
        json_object_set_new(o, floor_word((enum floor_op)i),
                            json_pack("{s:f, s:f}", "count", r->counts.n[i], "us", r->costs.us[i]));
    return o;
}

static json_t *cpu_of_run(const struct report *r, const struct report_run *run) {
    json_t *o = json_object();
    for (size_t c = 0; c < r->component_count; c++)
        json_object_set_new(o, r->components[c], json_real(run->cpu_ms[c]));
    return o;
}

static json_t *one_run(const struct report *r, const struct report_run *run) {
    json_t *o = json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:I}", "enrolments_per_second",
                          run->per_second, "p50", run->p50, "p90", run->p90, "p99", run->p99, "max",
                          run->max, "cpu_ms_per_enrolment", total_cpu(r, run),
                          "crypto_floor_ms_per_enrolment", run->floor_ms, "succeeded",
                          (json_int_t)run->succeeded, "failed", (json_int_t)run->failed);
    json_object_set_new(o, "cpu_ms", cpu_of_run(r, run));
    return o;
}

static json_t *runs(const struct report *r) {
    json_t *list = json_array();
    for (size_t i = 0; i < r->run_count; i++)
        json_array_append_new(list, one_run(r, &r->runs[i]));
    return list;
}

json_t *report_json(const struct report *r) {
    json_t *o = json_object();
    json_object_set_new(o, "conditions", conditions_of(r->options));
    json_object_set_new(o, "enrolments_per_second", median(r, per_second, 0));
    json_object_set_new(o, "latency_ms", latencies(r));
    json_object_set_new(o, "cpu_ms_per_enrolment", cpu(r));
    json_object_set_new(o, "rss_peak_mb", memory(r));
    json_object_set_new(o, "crypto_floor_ms_per_enrolment", median(r, the_floor, 0));
    json_object_set_new(o, "cpu_over_floor", has_ratio(r) ? median(r, over_floor, 0) : json_null());
    json_object_set(o, "errors", r->errors);
    json_object_set_new(o, "latency_distribution_ms", distribution(r));
    if (!stage_is_inside(r->options->stage))
        json_object_set_new(o, "floor", floor_parts(r));
    json_object_set_new(o, "runs", runs(r));
    return o;
}

static void print_row(const struct report *r, FILE *to, const char *name, const char *unit,
                      figure_fn *figure, size_t component) {
    struct stats_spread s = spread(r, figure, component);
    fprintf(to, "  %-24s %10.3f %-4s %10.3f %10.3f\n", name, s.median, unit, s.low, s.high);
}

static void print_components(const struct report *r, FILE *to) {
    for (size_t c = 0; c < r->component_count; c++) {
        char name[64];
        snprintf(name, sizeof name, "CPU of %s", r->components[c]);
        print_row(r, to, name, "ms", cpu_of, c);
    }
    print_row(r, to, "CPU in all", "ms", cpu_total, 0);
    print_row(r, to, "crypto floor", "ms", the_floor, 0);
    if (has_ratio(r))
        print_row(r, to, "CPU over floor", "x", over_floor, 0);
}

static void print_errors(const struct report *r, FILE *to) {
    const char *code;
    json_t *count;
    fprintf(to, "\n  errors%s\n", json_object_size(r->errors) == 0 ? ": none" : "");
    json_object_foreach(r->errors, code, count) {
        fprintf(to, "    %-28s %lld\n", code, (long long)json_integer_value(count));
    }
}

static void print_servers(const struct bench_options *o, FILE *to) {
    if (o->server_key != BENCH_KEY_RSA2048)
        fprintf(to, "server key %s, ", bench_key_word(o->server_key));
    if (o->stage == STAGE_CERTSRV || o->login != BENCH_LOGIN_NTLM)
        fprintf(to, "login %s, ", bench_login_word(o->login));
    if (o->workers > 1)
        fprintf(to, "%lld workers, ", (long long)o->workers);
    if (!o->durable)
        fprintf(to, "durability off, ");
    if (o->issued > 0)
        fprintf(to, "%lld issued before, ", (long long)o->issued);
    if (o->rate > 0)
        fprintf(to, "%lld started a second, ", (long long)o->rate);
}

static void print_conditions(const struct report *r, FILE *to) {
    const struct bench_options *o = r->options;
    fprintf(to, "stage %s, key %s%s, ", stage_word(o->stage), bench_key_word(o->key),
            o->keygen ? " made by phones" : "");
    if (!stage_is_inside(o->stage)) {
        fprintf(to, "session %s, ", bench_session_word(o->session));
        if (o->upstream != o->session)
            fprintf(to, "upstream %s, ", bench_session_word(o->upstream));
        print_servers(o, to);
        fprintf(to, "%lld at a time, ", (long long)o->concurrency);
    }
    fprintf(to, "%zu %s\n\n", r->run_count, r->run_count == 1 ? "run" : "runs");
}

void report_print(const struct report *r, FILE *to) {
    print_conditions(r, to);
    fprintf(to, "  %-24s %10s %-4s %10s %10s\n", "", "median", "", "lowest", "highest");
    print_row(r, to, "enrolments", "/s", per_second, 0);
    print_row(r, to, "latency p50", "ms", p50, 0);
    print_row(r, to, "latency p90", "ms", p90, 0);
    print_row(r, to, "latency p99", "ms", p99, 0);
    print_row(r, to, "latency max", "ms", slowest, 0);
    print_components(r, to);
    fprintf(to, "\n");
    for (size_t c = 0; c < r->component_count; c++)
        fprintf(to, "  peak memory of %-8s %11.1f MB\n", r->components[c], r->rss_peak_mb[c]);
    print_errors(r, to);
}
