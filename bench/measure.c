/* One measurement: lab, driver and components are set up, warmed, run and read, and taken down
 * again. Must leave nothing running, whatever fails. */
#include "bench/measure.h"

#include "base/owned.h"
#include "base/process.h"
#include "bench/crowd.h"
#include "bench/drive.h"
#include "bench/progress.h"
#include "bench/report.h"
#include "bench/usage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bench {
    struct bench_options options;
    const char *point; /* of a sweep; "": none */
    struct bench_lab *lab;
    struct process *process;
    struct driver *driver;
    struct inside_work inside;
    struct crowd *crowd; /* NULL: none */
    struct drive_target target;
    struct bench_component components[BENCH_COMPONENTS_MAX];
    struct report report;
};

static const char *address_outside(const struct bench_options *o) {
    return o->est != NULL ? o->est : o->certsrv != NULL ? o->certsrv : o->capf;
}

static struct drive_target target_in(const struct bench_lab *lab, enum stage stage) {
    struct drive_target t = {.user = bench_lab_user(lab), .lab = true};
    if (stage == STAGE_EST) {
        t.address = bench_lab_ra(lab);
        t.trust = bench_lab_ra_trust(lab);
    } else if (stage == STAGE_CERTSRV) {
        t.address = bench_lab_certsrv(lab);
        t.trust = bench_lab_web_trust(lab);
    } else {
        t.address = bench_lab_capf(lab);
        t.trust = bench_lab_capf_certificate(lab);
    }
    return t;
}

static void set_target(struct bench *b) {
    const struct bench_options *o = &b->options;
    if (bench_is_external(o))
        b->target = (struct drive_target){
            .address = address_outside(o), .trust = o->trust, .user = o->user, .name = o->name};
    else
        b->target = target_in(b->lab, o->stage);
}

static struct driver *make_driver(struct bench *b, struct err *e) {
    const struct bench_options *o = &b->options;
    if (o->silent > 0)
        return drive_apart(b->process, o, bench_lab_capf(b->lab), bench_lab_ra(b->lab), e);
    if (o->stage == STAGE_EST)
        return drive_est(b->process, o, &b->target, e);
    if (o->stage == STAGE_CERTSRV)
        return drive_certsrv(b->process, o, &b->target, e);
    return drive_phones(b->process, o, &b->target, e);
}

static void list_components(struct bench *b) {
    struct report *r = &b->report;
    size_t n = b->lab == NULL ? 0 : bench_lab_components(b->lab, b->components);
    b->components[n++] = (struct bench_component){"phones", getpid()};
    for (size_t i = 0; i < n; i++)
        r->components[i] = b->components[i].name;
    r->component_count = n;
    /* What is asked beside a silent certsrv is no enrolment, so the floor is none of it. */
    r->complete = b->lab != NULL && b->options.silent == 0;
}

static int set_up_servers(struct bench *b, struct err *e) {
    static const struct process_config config = {.clock_rate = 1};
    static const struct process_options options = PROCESS_OPTIONS_INIT;
    const struct bench_options *o = &b->options;
    if (!bench_is_external(o))
        progress_show("starting the lab with %" PRId64 " devices", bench_enrolments_max(o));
    if (!bench_is_external(o) && (b->lab = bench_lab_start(o, e)) == NULL)
        return -1;
    b->process = process_new(&config, &options, e);
    if (b->process == NULL)
        return -1;
    set_target(b);
    b->driver = make_driver(b, e);
    list_components(b);
    return b->driver == NULL ? -1 : 0;
}

static int set_up_inside(struct bench *b, struct err *e) {
    const struct bench_options *o = &b->options;
    b->report.components[0] = stage_word(o->stage);
    b->report.component_count = 1;
    b->report.complete = true;
    b->components[0] = (struct bench_component){stage_word(o->stage), getpid()};
    return o->stage == STAGE_ITL ? inside_itl(o, &b->inside, e) : inside_csr(o, &b->inside, e);
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
    const struct load_plan plan = {
        .count = (size_t)o->warm_up, .concurrency = (size_t)o->concurrency, .title = "warm-up"};
    struct load_result load = {0};
    struct inside_times ignored;
    int done = 0;
    if (o->warm_up > 0)
        done = stage_is_inside(o->stage) ? inside_run(&b->inside, &plan, &load, &ignored, e)
                                         : run_load(b, &plan, &load, e);
    load_result_free(&load);
    return done;
}

static size_t runs_left(const struct bench_options *o, size_t number) {
    size_t all = (size_t)bench_runs(o);
    return number + 1 < all ? all - number - 1 : 0;
}

static struct load_plan plan_of(const struct bench_options *o, size_t number, const char *title) {
    return (struct load_plan){.first = (size_t)(o->warm_up + (int64_t)number * o->phones),
                              .count = (size_t)o->phones,
                              .concurrency = (size_t)o->concurrency,
                              .rate = o->rate,
                              .duration_us = o->duration_us,
                              .more_runs = runs_left(o, number),
                              .title = title};
}

static int run_inside(struct bench *b, const struct load_plan *plan, struct load_result *load,
                      struct err *e) {
    struct inside_times times;
    struct usage u;
    if (inside_run(&b->inside, plan, load, &times, e) != 0 || usage_read(getpid(), &u, e) != 0)
        return -1;
    b->report.rss_peak_mb[0] = (double)u.rss_peak_kb / 1024;
    report_add_inside(&b->report, load, &times);
    return 0;
}

static int run_servers(struct bench *b, const struct load_plan *plan, struct load_result *load,
                       struct err *e) {
    double before[BENCH_COMPONENTS_MAX];
    double after[BENCH_COMPONENTS_MAX];
    struct floor_costs costs;
    if (read_usage(b, before, e) != 0 || run_load(b, plan, load, e) != 0 ||
        read_usage(b, after, e) != 0 || floor_measure(&costs, e) != 0)
        return -1;
    for (size_t i = 0; i < b->report.component_count; i++)
        after[i] -= before[i];
    report_add(&b->report, load, after, &costs);
    return 0;
}

static int run_once(struct bench *b, size_t number, struct load_result *load, struct err *e) {
    const struct bench_options *o = &b->options;
    char title[96];
    snprintf(title, sizeof title, "%s%srun %zu of %lld", b->point, *b->point == '\0' ? "" : ", ",
             number + 1, (long long)bench_runs(o));
    const struct load_plan plan = plan_of(o, number, title);
    return stage_is_inside(o->stage) ? run_inside(b, &plan, load, e)
                                     : run_servers(b, &plan, load, e);
}

/* What there is before the first run. */
static int fill(struct bench *b, struct err *e) {
    const struct bench_options *o = &b->options;
    if (o->issued == 0)
        return 0;
    progress_show("copying %" PRId64 " certificates and devices", o->issued);
    return bench_lab_multiply(b->lab, o->stage, o->issued, e);
}

static int run_many(struct bench *b, int64_t first, struct err *e) {
    for (int64_t i = 0; i < b->options.repeat; i++) {
        struct load_result load = {0};
        int done = run_once(b, (size_t)(first + i), &load, e);
        load_result_free(&load);
        if (done != 0)
            return -1;
    }
    return 0;
}

/* The figures of the load stay those of the runs before. */
static int run_beside_crowd(struct bench *b, struct err *e) {
    int64_t repeat = b->options.repeat;
    size_t latencies = b->report.latency_count;
    double rss_peak_mb[BENCH_COMPONENTS_MAX];
    memcpy(rss_peak_mb, b->report.rss_peak_mb, sizeof rss_peak_mb);
    b->crowd = crowd_new(b->process, &b->options, b->lab, e);
    if (b->crowd == NULL || crowd_come(b->crowd, e) != 0 || run_many(b, repeat, e) != 0 ||
        crowd_go(b->crowd, e) != 0 || run_many(b, 2 * repeat, e) != 0)
        return -1;
    b->report.run_count = (size_t)repeat;
    b->report.latency_count = latencies;
    memcpy(b->report.rss_peak_mb, rss_peak_mb, sizeof rss_peak_mb);
    return 0;
}

static int measure(struct bench *b, struct err *e) {
    if (warm_up(b, e) != 0 || fill(b, e) != 0 || run_many(b, 0, e) != 0)
        return -1;
    return crowd_wanted(&b->options) ? run_beside_crowd(b, e) : 0;
}

static int tear_down(struct bench *b, struct err *e) {
    crowd_free(b->crowd);
    driver_free(b->driver);
    process_free(b->process);
    if (b->inside.free != NULL)
        b->inside.free(b->inside.state);
    report_free(&b->report);
    return bench_lab_stop(b->lab, e);
}

static int set_up(struct bench *b, const struct bench_options *o, struct err *e) {
    b->options = *o;
    b->report.options = &b->options;
    b->report.errors = json_object();
    b->report.counts = floor_counts_of(&b->options);
    return stage_is_inside(o->stage) ? set_up_inside(b, e) : set_up_servers(b, e);
}

/* Prints the figures; the caller owns what is returned. */
static json_t *tell(const struct bench *b) {
    json_t *result = report_json(&b->report);
    printf("%s%s", b->point, *b->point == '\0' ? "" : ": ");
    report_print(&b->report, stdout);
    if (b->crowd != NULL) {
        json_object_set_new(result, "crowd", crowd_json(b->crowd, &b->report));
        crowd_print(b->crowd, &b->report, stdout);
    }
    fflush(stdout);
    return result;
}

json_t *measure_setting(const struct bench_options *o, const char *point, struct err *e) {
    struct bench *b = calloc(1, sizeof *b);
    if (b == NULL) {
        err_set(e, ERR_SYS_NOMEM, NULL);
        return NULL;
    }
    b->point = point;
    int done = set_up(b, o, e) != 0 ? -1 : measure(b, e);
    progress_clear();
    json_t *result = done == 0 ? tell(b) : NULL;
    if (tear_down(b, done == 0 ? e : NULL) != 0)
        json_decref(TAKE(result));
    free(b);
    return result;
}
