/* capflab-bench: drives phones or EST requests through a lab or an outside server, and tells what
 * an enrolment costs. */
#include "base/file.h"
#include "base/owned.h"
#include "base/program.h"
#include "bench/chaos.h"
#include "bench/drive.h"
#include "bench/report.h"
#include "bench/usage.h"

#include <signal.h>
#include <string.h>

#define STAGE_HELP(id, word, help) "  " word ": " help "\n"
static const char more[] =
    "Stages:\n" STAGE_TABLE(STAGE_HELP) "\n"
                                        "Figures are medians over the runs. CPU is user and system "
                                        "time of each component for one\n"
                                        "enrolment; \"phones\" is this program. The crypto floor "
                                        "is what the signatures, verifications,\n"
                                        "key exchanges and hashes of one enrolment cost done bare "
                                        "in the same run (bench/README.md).\n"
                                        "A CAPF outside needs the devices first:\n"
                                        "  capflab capf device add '" BENCH_DEVICE_PATTERN
                                        "' --first 0 --count N --mode null-string \\\n"
                                        "      --operation install --store FILE\n\n" CHAOS_HELP;

static const struct program program = {
    .name = "capflab-bench",
    .summary = "Measures how fast phones are enrolled, and what that costs.",
    .usage = "[OPTION...]",
    .example = "capflab bench --stage all --concurrency 8 --phones 200\n"
               "capflab bench --stage all --rate 20 --duration 30s\n"
               "capflab bench --stage est --duration 10s --session persistent --json est.json\n"
               "capflab bench --stage est --est ra.example:8084 --trust ca.pem --user ra:secret\n"
               "capflab bench --chaos --duration 5m --seed 7",
    .more = more,
};

/* One whole measurement. */
struct bench {
    struct bench_options options;
    struct bench_lab *lab;
    struct process *process;
    struct driver *driver;
    struct drive_target target;
    struct bench_component components[BENCH_COMPONENTS_MAX];
    struct report report;
};

static void read_options(struct bench_options *o, int argc, char **argv) {
    const struct opt options[] = {
        {"stage", 's', OPT_STRING, &o->stage_word, "STAGE", "all, capf or est (default: all)"},
        {"phones", 'n', OPT_INT, &o->phones, "N", "enrolments of a run (default: 200)"},
        {"concurrency", 'c', OPT_INT, &o->concurrency, "N",
         "at the same time, at most (default: 8; with --rate 1000)"},
        {"rate", 0, OPT_INT, &o->rate, "N",
         "start so many a second; latency counts from the intended start"},
        {"duration", 'd', OPT_DURATION, &o->duration_us, "TIME", "of a run, at most"},
        {"repeat", 'r', OPT_INT, &o->repeat, "N", "runs (default: 3)"},
        {"warm-up", 'w', OPT_INT, &o->warm_up, "N", "enrolments before the first (default: 20)"},
        {"key", 'k', OPT_STRING, &o->key_word, "KEY", "rsa2048 or ec256 (default: rsa2048)"},
        {"keygen", 0, OPT_FLAG, &o->keygen, NULL, "phones make their keys (else: from a pool)"},
        {"session", 0, OPT_STRING, &o->session_word, "HOW",
         "per-enrollment or persistent connections (default: per-enrollment)"},
        {"upstream", 0, OPT_STRING, &o->upstream_word, "HOW",
         "the same between RA and certsrv (default: as --session)"},
        {"capf", 0, OPT_STRING, &o->capf, "HOST:PORT", "a CAPF outside, instead of a lab"},
        {"est", 0, OPT_STRING, &o->est, "HOST:PORT", "an EST server outside"},
        {"trust", 0, OPT_STRING, &o->trust, "FILE", "PEM that the outside server is trusted by"},
        {"user", 0, OPT_STRING, &o->user, "USER:PASSWORD", "for the EST server outside"},
        {"output", 'o', OPT_STRING, &o->output, "DIR", "folder of the lab (out/bench/lab)"},
        {"json", 'j', OPT_STRING, &o->json, "FILE", "also write all figures as JSON"},
        {"chaos", 0, OPT_FLAG, &o->chaos, NULL,
         "phones beside faults, kills and hostile peers; then everything is judged (5m)"},
        {"seed", 0, OPT_INT, &o->seed, "N", "of the chaos: repeats its plan (default: 1)"},
        {.type = OPT_END},
    };
    struct err e = {0};
    if (program_options(&program, options, false, argc, argv) < argc) {
        err_set(&e, ERR_ARG_USAGE, "takes no operand, see --help");
        program_die(&program, EXIT_USAGE, &e);
    }
    if ((o->chaos ? chaos_options_settle(o, &e) : bench_options_settle(o, &e)) != 0)
        program_die(&program, EXIT_USAGE, &e);
}

static void set_target(struct bench *b) {
    const struct bench_options *o = &b->options;
    bool est = o->stage == STAGE_EST;
    if (bench_is_external(o)) {
        b->target = (struct drive_target){
            .address = est ? o->est : o->capf, .trust = o->trust, .user = o->user};
        return;
    }
    b->target = (struct drive_target){
        .address = est ? bench_lab_ra(b->lab) : bench_lab_capf(b->lab),
        .trust = est ? bench_lab_ra_trust(b->lab) : bench_lab_capf_certificate(b->lab),
        .user = bench_lab_user(b->lab),
        .lab = true};
}

static void list_components(struct bench *b) {
    struct report *r = &b->report;
    size_t n = b->lab == NULL ? 0 : bench_lab_components(b->lab, b->components);
    b->components[n++] = (struct bench_component){"phones", getpid()};
    for (size_t i = 0; i < n; i++)
        r->components[i] = b->components[i].name;
    r->component_count = n;
    r->complete = b->lab != NULL;
}

static int set_up(struct bench *b, struct err *e) {
    static const struct process_config config = {.clock_rate = 1};
    static const struct process_options options = PROCESS_OPTIONS_INIT;
    const struct bench_options *o = &b->options;
    if (!bench_is_external(o) && (b->lab = bench_lab_start(o, e)) == NULL)
        return -1;
    b->process = process_new(&config, &options, e);
    if (b->process == NULL)
        return -1;
    set_target(b);
    b->driver = o->stage == STAGE_EST ? drive_est(b->process, o, &b->target, e)
                                      : drive_phones(b->process, o, &b->target, e);
    list_components(b);
    b->report.options = o;
    b->report.counts = floor_counts_of(o->stage, o->key, o->session, o->upstream);
    b->report.errors = json_object();
    return b->driver == NULL ? -1 : 0;
}

/* cpu_us: what each has used so far. */
static int read_usage(struct bench *b, double cpu_us[BENCH_COMPONENTS_MAX], struct err *e) {
    for (size_t i = 0; i < b->report.component_count; i++) {
        struct usage u;
        if (usage_read(b->components[i].pid, &u, e) != 0)
            return err_context(e, "%s is gone", b->components[i].name);
        cpu_us[i] = (double)u.cpu_us;
        b->report.rss_peak_mb[i] = (double)u.rss_peak_kb / 1024;
    }
    return 0;
}

static int run_load(struct bench *b, const struct load_plan *plan, struct load_result *load,
                    struct err *e) {
    if (load_run(process_loop(b->process), driver_work(b->driver), plan, load, e) != 0)
        return -1;
    return load->interrupted ? err_set(e, ERR_SYS_CANCELLED, "interrupted") : 0;
}

static int warm_up(struct bench *b, struct err *e) {
    const struct bench_options *o = &b->options;
    const struct load_plan plan = {.count = (size_t)o->warm_up,
                                   .concurrency = (size_t)o->concurrency};
    struct load_result load = {0};
    int done = o->warm_up == 0 ? 0 : run_load(b, &plan, &load, e);
    load_result_free(&load);
    return done;
}

static int run_once(struct bench *b, size_t number, struct load_result *load, struct err *e) {
    const struct bench_options *o = &b->options;
    double before[BENCH_COMPONENTS_MAX];
    double after[BENCH_COMPONENTS_MAX];
    struct floor_costs costs;
    char title[48];
    snprintf(title, sizeof title, "run %zu of %lld", number + 1, (long long)o->repeat);
    const struct load_plan plan = {.first = (size_t)(o->warm_up + (int64_t)number * o->phones),
                                   .count = (size_t)o->phones,
                                   .concurrency = (size_t)o->concurrency,
                                   .rate = o->rate,
                                   .duration_us = o->duration_us,
                                   .title = title};
    if (read_usage(b, before, e) != 0 || run_load(b, &plan, load, e) != 0 ||
        read_usage(b, after, e) != 0 || floor_measure(&costs, e) != 0)
        return -1;
    for (size_t i = 0; i < b->report.component_count; i++)
        after[i] -= before[i];
    report_add(&b->report, load, after, &costs);
    return 0;
}

static int measure(struct bench *b, struct err *e) {
    if (warm_up(b, e) != 0)
        return -1;
    for (size_t i = 0; i < (size_t)b->options.repeat; i++) {
        struct load_result load = {0};
        int done = run_once(b, i, &load, e);
        load_result_free(&load);
        if (done != 0)
            return -1;
    }
    return 0;
}

static int write_json(const struct bench *b, struct err *e) {
    json_t *figures = report_json(&b->report);
    AUTO(char) text = json_dumps(figures, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(figures);
    if (text == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    return file_write(b->options.json, bytes_of_str(text), 0644, e);
}

static int tear_down(struct bench *b, struct err *e) {
    driver_free(b->driver);
    process_free(b->process);
    json_decref(b->report.errors);
    return bench_lab_stop(b->lab, e);
}

int main(int argc, char **argv) {
    struct bench b = {.options = BENCH_OPTIONS_INIT};
    struct err e = {0};
    signal(SIGPIPE, SIG_IGN);
    read_options(&b.options, argc, argv);
    if (b.options.chaos)
        return chaos_run(&program, &b.options);
    int done = set_up(&b, &e) != 0 ? -1 : measure(&b, &e);
    bool clean = done == 0 && json_object_size(b.report.errors) == 0;
    if (done == 0)
        report_print(&b.report, stdout);
    if (done == 0 && b.options.json != NULL)
        done = write_json(&b, &e);
    if (tear_down(&b, done == 0 ? &e : NULL) != 0)
        done = -1;
    if (done != 0)
        program_die(&program, EXIT_FAILED, &e);
    return clean ? EXIT_DONE : EXIT_FAILED;
}
