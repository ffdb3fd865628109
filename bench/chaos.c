/* The course of a run: a healthy lab is measured; then faults, kills and hostile peers for the time
 * that was asked for; then the components must have given everything back; then, with the faults
 * off, healthy phones must be served at once and those that failed be cured; then the stores are
 * judged. */
#include "bench/chaos.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/process.h"
#include "bench/chaos_judge.h"
#include "bench/chaos_lab.h"
#include "bench/chaos_peers.h"
#include "bench/chaos_phones.h"
#include "bench/drive.h"
#include "bench/results.h"
#include "bench/stats.h"

#include <inttypes.h>
#include <string.h>

enum {
    DURATION_S = 300,
    CONCURRENCY = 16,
    RATE = 30,
    RATE_MAX = 1000,
    SPARE_PHONES = 200, /* before and behind the disturbed load */
    PHONE_TIMEOUT_US = 4000000,
    PEERS = 40,
    PEER_PATIENCE_US = 3 * CHAOS_DEADLINE_S * 1000000,
    BURST = CHAOS_PER_ADDRESS + 44,
    BURST_TURNS = 12, /* of the operator's */
    OPERATOR_US = 500000,
    RESCHEDULED_MAX = 200,
    WARM_UP = 20,
    HEALTHY = 20,
    REST_US = 100000,
    RESTS_MAX = 200,
};

struct chaos {
    const struct bench_options *options;
    const char *json;
    struct chaos_lab lab;
    struct process *process;
    struct event_base *loop;
    struct drive_target target;
    struct driver *driver;
    struct chaos_phones phones;
    struct chaos_peers *peers;
    char *phone_target, *peer_targets[CHAOS_TARGETS]; /* HOST:PORT */
    struct chaos_random kills, bursts;
    struct chaos_kill kill;
    struct timer *kill_timer, *again_timer, *operator_timer;
    unsigned operator_turns;
    struct chaos_report report;
};

/* ---- Options ---- */

static int settle_session(struct bench_options *o, struct err *e) {
    static const enum bench_session all[] = {BENCH_SESSION_PER_ENROLLMENT,
                                             BENCH_SESSION_PERSISTENT};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        o->session = o->upstream = all[i];
        if (strcmp(o->session_word, bench_session_word(all[i])) == 0)
            return 0;
    }
    return err_set(e, ERR_ARG_USAGE, "--session %s: give per-enrollment or persistent",
                   o->session_word);
}

static bool other_load(const struct bench_options *o) {
    static const struct bench_options none = BENCH_OPTIONS_INIT;
    return strcmp(o->stage_word, none.stage_word) != 0 || strcmp(o->key_word, none.key_word) != 0 ||
           o->keygen || o->issuer_word != NULL || o->phones != none.phones ||
           o->repeat != none.repeat || o->warm_up != none.warm_up || o->waiting != 0 ||
           o->silent != 0 || o->issued != 0;
}

static bool other_servers(const struct bench_options *o) {
    static const struct bench_options none = BENCH_OPTIONS_INIT;
    return o->capf != NULL || o->est != NULL || o->certsrv != NULL || o->trust != NULL ||
           o->user != NULL || o->name != NULL || o->upstream_word != NULL ||
           strcmp(o->login_word, none.login_word) != 0 ||
           strcmp(o->template_name, none.template_name) != 0 ||
           strcmp(o->server_key_word, none.server_key_word) != 0 ||
           strcmp(o->durability_word, none.durability_word) != 0;
}

/* Options that would say nothing are mistakes, as far as they differ from what nobody has given. */
static int refuse_others(const struct bench_options *o, struct err *e) {
    if (other_load(o) || other_servers(o))
        return err_set(
            e, ERR_ARG_USAGE,
            "--chaos goes with --duration, --seed, --rate, --concurrency, --session, --workers, "
            "--output and --json only");
    return 0;
}

int chaos_options_settle(struct bench_options *o, struct err *e) {
    if (refuse_others(o, e) != 0 || settle_session(o, e) != 0)
        return -1;
    if (o->duration_us == 0)
        o->duration_us = (int64_t)DURATION_S * 1000000;
    if (o->duration_us < 1000000 || o->duration_us > INT64_C(86400) * 1000000)
        return err_set(e, ERR_ARG_USAGE, "--duration: give 1s to 24h");
    if (o->concurrency == 0)
        o->concurrency = CONCURRENCY;
    if (o->concurrency < 1 || o->concurrency > CHAOS_PER_ADDRESS / 2)
        return err_set(e, ERR_ARG_USAGE, "--concurrency %" PRId64 ": give 1 to %d with --chaos",
                       o->concurrency, CHAOS_PER_ADDRESS / 2);
    if (o->workers < 1 || o->workers > CHAOS_WORKERS_MAX)
        return err_set(e, ERR_ARG_USAGE, "--workers %" PRId64 ": give 1 to %d with --chaos",
                       o->workers, CHAOS_WORKERS_MAX);
    if (o->rate == 0)
        o->rate = RATE;
    if (o->rate < 1 || o->rate > RATE_MAX)
        return err_set(e, ERR_ARG_USAGE, "--rate %" PRId64 ": give 1 to %d with --chaos", o->rate,
                       RATE_MAX);
    o->phones = o->duration_us / 1000000 * o->rate + SPARE_PHONES;
    if (o->phones > BENCH_PHONES_MAX)
        return err_set(e, ERR_ARG_USAGE, "%" PRId64 " phones: give a shorter --duration or --rate",
                       o->phones);
    o->repeat = 1;
    o->stage = STAGE_ALL;
    o->issuer = BENCH_ISSUER_ONLINE_CA;
    o->durable = true;
    o->key = BENCH_KEY_EC256;
    o->keygen = true; /* a key of its own for each attempt, so that no request is like another */
    return 0;
}

/* ---- Health ---- */

static bool in_lab(const struct chaos *c, size_t component) {
    return c->lab.run.components[component].pid > 0;
}

static void read_health(struct chaos *c, bool before) {
    for (size_t i = 0; i < COMPONENT_COUNT; i++) {
        struct chaos_component *x = &c->report.components[i];
        struct err e = {0};
        if (!in_lab(c, i))
            continue;
        x->name = component_name((enum component)i);
        struct chaos_health *health = before ? &x->before : &x->after;
        if (chaos_health_read(c->lab.run.components[i].pid, health, &e) != 0)
            chaos_found(&c->report, CHAOS_FOUND_COMPONENT, "%s: %s", x->name, e.text);
    }
}

/* Kept connections stay: libcurl notices the end of one when it wants to use it again. A relay has
 * two descriptors for each, the RA one to either side. */
static size_t descriptors_allowed(const struct chaos *c, size_t component) {
    bool kept = c->options->session == BENCH_SESSION_PERSISTENT;
    return c->report.components[component].before.descriptors +
           (kept ? 2 * (size_t)c->options->concurrency : 0);
}

static bool descriptors_are_back(const struct chaos *c) {
    for (size_t i = 0; i < COMPONENT_COUNT; i++)
        if (c->report.components[i].after.descriptors > descriptors_allowed(c, i))
            return false;
    return true;
}

static void on_rest(evutil_socket_t fd, short what, void *user) {
    (void)fd;
    (void)what;
    event_base_loopbreak(user);
}

static void rest(struct chaos *c) {
    const struct timeval span = {.tv_usec = REST_US};
    event_base_once(c->loop, -1, EV_TIMEOUT, on_rest, c->loop, &span);
    event_base_loop(c->loop, EVLOOP_NO_EXIT_ON_EMPTY);
}

static void judge_health(struct chaos *c, const char *when) {
    for (unsigned i = 0; i < RESTS_MAX && (i == 0 || !descriptors_are_back(c)); i++) {
        rest(c);
        read_health(c, false);
    }
    for (size_t i = 0; i < COMPONENT_COUNT; i++) {
        const struct chaos_component *x = &c->report.components[i];
        if (x->after.descriptors > descriptors_allowed(c, i))
            chaos_found(&c->report, CHAOS_FOUND_DESCRIPTORS, "%s: %zu, %zu before the load (%s)",
                        x->name, x->after.descriptors, x->before.descriptors, when);
        if (!chaos_memory_is_bounded(x->before.rss_mb, x->after.rss_mb))
            chaos_found(&c->report, CHAOS_FOUND_MEMORY, "%s: %.1f MB, %.1f before the load (%s)",
                        x->name, x->after.rss_mb, x->before.rss_mb, when);
    }
}

static void judge_files(struct chaos *c) {
    AUTO(char) left = chaos_temporary_file(c->options->output);
    if (left != NULL)
        chaos_found(&c->report, CHAOS_FOUND_TEMPORARY, "%s", left);
}

/* ---- Kills, and the operator who schedules what failed ---- */

static void component_failed(struct chaos *c, const struct err *e) {
    chaos_found(&c->report, CHAOS_FOUND_COMPONENT, "%s", e->text);
}

static void plan_kill(struct chaos *c) {
    c->kill = chaos_next_kill(&c->kills);
    timer_start(c->kill_timer, c->kill.after_us);
}

static void on_kill(void *user) {
    struct chaos *c = user;
    struct err e = {0};
    int ready = chaos_lab_approve(&c->lab, &e);
    bool worker = ready == 0 && c->kill.worker && chaos_lab_kill_worker(&c->lab, c->kill.component);
    if (ready != 0 || (!worker && chaos_lab_kill(&c->lab, c->kill.component, &e) != 0))
        component_failed(c, &e);
    c->report.components[c->kill.component].kills++;
    timer_start(c->again_timer, c->kill.down_us);
}

static void on_again(void *user) {
    struct chaos *c = user;
    struct err e = {0};
    if (c->kill.component == COMPONENT_CERTSRV && c->lab.run.components[COMPONENT_CERTSRV].pid == 0)
        chaos_lab_approval(&c->lab, c->kill.approval);
    if (chaos_lab_start_again(&c->lab, c->kill.component, &e) != 0)
        component_failed(c, &e);
    else
        plan_kill(c);
}

static void reschedule(struct chaos *c) {
    size_t numbers[RESCHEDULED_MAX];
    struct err e = {0};
    size_t count = chaos_phones_reschedule(&c->phones, numbers, RESCHEDULED_MAX);
    if (count > 0 && chaos_lab_reschedule(&c->lab, numbers, count, &e) != 0)
        component_failed(c, &e);
}

static void on_operator(void *user) {
    struct chaos *c = user;
    reschedule(c);
    if (++c->operator_turns % BURST_TURNS == 0)
        chaos_peers_burst(c->peers, (enum chaos_target)chaos_below(&c->bursts, CHAOS_TARGETS),
                          BURST);
    timer_start(c->operator_timer, OPERATOR_US);
}

/* ---- Phases ---- */

static int run_phones(struct chaos *c, const struct load_plan *plan, struct load_result *load,
                      struct err *e) {
    if (load_run(c->loop, &c->phones.work, plan, load, e) != 0)
        return -1;
    c->report.attempts += load->succeeded + load->failed;
    const char *code;
    json_t *count;
    json_object_foreach(load->errors, code, count) {
        json_int_t so_far = json_integer_value(json_object_get(c->report.errors, code));
        json_object_set_new(c->report.errors, code,
                            json_integer(so_far + json_integer_value(count)));
    }
    return load->interrupted ? err_set(e, ERR_SYS_CANCELLED, "interrupted") : 0;
}

/* Phones one behind the other; their median and the slowest. */
static int measure_alone(struct chaos *c, double *median_ms, double *max_ms, size_t *failed,
                         struct err *e) {
    const struct load_plan plan = {.count = HEALTHY, .concurrency = 1};
    struct load_result load = {0};
    int done = run_phones(c, &plan, &load, e);
    *median_ms = stats_percentile(load.latency_ms, load.succeeded, 50);
    *max_ms = stats_percentile(load.latency_ms, load.succeeded, 100);
    *failed = load.failed;
    load_result_free(&load);
    return done;
}

static int measure_healthy_lab(struct chaos *c, struct err *e) {
    const struct load_plan plan = {.count = WARM_UP, .concurrency = 4};
    struct load_result load = {0};
    size_t failed;
    double slowest;
    read_health(c, true);
    int done = run_phones(c, &plan, &load, e);
    load_result_free(&load);
    if (done != 0 || measure_alone(c, &c->report.unloaded_ms, &slowest, &failed, e) != 0)
        return -1;
    if (c->phones.failed_count > 0)
        return err_set(e, ERR_SYS_INTERNAL, "phones fail in the healthy lab (%s)",
                       c->phones.items[c->phones.failed[0]].error);
    return 0;
}

static int let_peers_loose(struct chaos *c, uint64_t seed, struct err *e) {
    const struct chaos_peers_setup setup = {.loop = c->loop,
                                            .targets = (const char *const *)c->peer_targets,
                                            .seed = seed,
                                            .concurrency = PEERS,
                                            .patience_us = PEER_PATIENCE_US};
    c->peers = chaos_peers_new(&setup, e);
    return c->peers == NULL ? -1 : 0;
}

static void take_peers_back(struct chaos *c) {
    for (size_t b = 0; b < CHAOS_BEHAVIOURS; b++) {
        const struct chaos_peers_count *from = chaos_peers_count(c->peers, (enum chaos_behaviour)b);
        struct chaos_peers_count *to = &c->report.peers[b];
        to->begun += from->begun;
        to->ended += from->ended;
        to->unconnected += from->unconnected;
        to->overstayed += from->overstayed;
    }
    if (chaos_peers_overstayed(c->peers)[0] != '\0')
        chaos_found(&c->report, CHAOS_FOUND_OVERSTAYED, "%s", chaos_peers_overstayed(c->peers));
    chaos_peers_free(c->peers);
    c->peers = NULL;
}

static int end_disturbance(struct chaos *c, struct err *e) {
    timer_stop(c->kill_timer);
    timer_stop(c->again_timer);
    timer_stop(c->operator_timer);
    take_peers_back(c);
    return chaos_lab_start_again(&c->lab, c->kill.component, e) != 0
               ? -1
               : chaos_lab_approve(&c->lab, e);
}

static int disturb(struct chaos *c, struct err *e) {
    const struct load_plan plan = {.count = (size_t)c->options->phones - SPARE_PHONES,
                                   .concurrency = (size_t)c->options->concurrency,
                                   .rate = c->options->rate,
                                   .duration_us = c->options->duration_us,
                                   .title = "chaos"};
    struct load_result load = {0};
    if (chaos_lab_disturb(&c->lab, true, e) != 0 ||
        let_peers_loose(c, (uint64_t)c->options->seed, e) != 0)
        return -1;
    plan_kill(c);
    timer_start(c->operator_timer, OPERATOR_US);
    int done = run_phones(c, &plan, &load, e);
    c->report.seconds = load.seconds;
    load_result_free(&load);
    if (end_disturbance(c, done == 0 ? e : NULL) != 0)
        done = -1;
    return done;
}

static int serve_healthy(struct chaos *c, struct err *e) {
    size_t failed = 0;
    int done = measure_alone(c, &c->report.healthy_ms, &c->report.healthy_max_ms, &failed, e);
    if (failed > 0)
        chaos_found(&c->report, CHAOS_FOUND_NOT_SERVED,
                    "%zu of %d failed beside hostile peers (%s)", failed, HEALTHY,
                    c->phones.items[c->phones.failed[c->phones.failed_count - 1]].error);
    return done;
}

/* All that have failed so far try again. */
static int cure_once(struct chaos *c, struct err *e) {
    while (c->phones.failed_count > 0)
        reschedule(c);
    if (chaos_unsettled(&c->lab.run, &c->phones, e) != 0)
        return -1;
    const struct load_plan plan = {.count = c->phones.ready_count,
                                   .concurrency = (size_t)c->options->concurrency,
                                   .title = "cure"};
    struct load_result load = {0};
    int done = plan.count == 0 ? 0 : run_phones(c, &plan, &load, e);
    load_result_free(&load);
    return done;
}

static int cure(struct chaos *c, struct err *e) {
    c->phones.only_again = true;
    if (cure_once(c, e) != 0)
        return -1;
    if (c->phones.failed_count > 0)
        chaos_found(&c->report, CHAOS_FOUND_NOT_CURED, "%zu phones, the first with %s",
                    c->phones.failed_count, c->phones.items[c->phones.failed[0]].error);
    return 0;
}

static int calm_down(struct chaos *c, struct err *e) {
    if (chaos_lab_disturb(&c->lab, false, e) != 0 ||
        let_peers_loose(c, (uint64_t)c->options->seed + 1, e) != 0)
        return -1;
    chaos_peers_burst(c->peers, CHAOS_AT_CAPF, BURST);
    int done = serve_healthy(c, e) != 0 || cure(c, e) != 0 ? -1 : 0;
    take_peers_back(c);
    return done;
}

static int go_through(struct chaos *c, struct err *e) {
    if (measure_healthy_lab(c, e) != 0 || disturb(c, e) != 0)
        return -1;
    judge_health(c, "after the load");
    if (calm_down(c, e) != 0)
        return -1;
    judge_health(c, "at the end");
    judge_files(c);
    chaos_count_events(c->options->output, &c->report.events);
    return 0;
}

/* ---- Beginning and end ---- */

/* A component that is started again has its address anew, as the same text. */
static int set_targets(struct chaos *c, struct err *e) {
    c->phone_target = strdup(c->lab.run.addresses[COMPONENT_WIRE_PHONE_CAPF]);
#define X(id) c->peer_targets[CHAOS_AT_##id] = strdup(c->lab.run.addresses[COMPONENT_##id]);
    CHAOS_TARGET_TABLE(X)
#undef X
    c->target = (struct drive_target){.address = c->phone_target,
                                      .trust = c->lab.capf_certificate,
                                      .lsc_dir = c->lab.lsc_dir,
                                      .timeout_us = PHONE_TIMEOUT_US,
                                      .ended = chaos_phones_ended,
                                      .ended_user = &c->phones,
                                      .lab = true};
    bool complete = c->phone_target != NULL;
    for (size_t i = 0; i < CHAOS_TARGETS; i++)
        complete = complete && c->peer_targets[i] != NULL;
    return complete ? 0 : err_set(e, ERR_SYS_NOMEM, NULL);
}

static int set_up(struct chaos *c, struct err *e) {
    static const struct process_config config = {.clock_rate = 1};
    static const struct process_options options = PROCESS_OPTIONS_INIT;
    c->report = (struct chaos_report){.options = c->options,
                                      .phones = &c->phones,
                                      .errors = json_object(),
                                      .findings = json_array()};
    c->kills = chaos_random_new((uint64_t)c->options->seed, "kills");
    c->bursts = chaos_random_new((uint64_t)c->options->seed, "bursts");
    if (chaos_phones_init(&c->phones, (size_t)c->options->phones, e) != 0 ||
        chaos_lab_start(&c->lab, c->options, e) != 0)
        return -1;
    c->process = process_new(&config, &options, e);
    if (c->process == NULL)
        return -1;
    c->loop = process_loop(c->process);
    if (set_targets(c, e) != 0)
        return -1;
    c->driver = drive_phones(c->process, c->options, &c->target, e);
    c->kill_timer = timer_new(c->loop, on_kill, c);
    c->again_timer = timer_new(c->loop, on_again, c);
    c->operator_timer = timer_new(c->loop, on_operator, c);
    if (c->driver == NULL)
        return -1;
    if (c->kill_timer == NULL || c->again_timer == NULL || c->operator_timer == NULL)
        return err_set(e, ERR_SYS_NOMEM, NULL);
    c->phones.inner = driver_work(c->driver);
    return 0;
}

static void count_phones(struct chaos *c) {
    c->report.tried = c->phones.begun;
    for (size_t i = 0; i < c->phones.begun; i++) {
        const struct chaos_phone *phone = &c->phones.items[i];
        c->report.installed += phone->installed;
        c->report.at_once += phone->installed && phone->attempts == 1;
    }
}

static int write_json(const struct chaos *c, struct err *e) {
    json_t *figures = chaos_report_json(&c->report);
    int written = results_write(c->json, figures, e);
    json_decref(figures);
    return written;
}

static int conclude(struct chaos *c, struct err *e) {
    chaos_judge(&c->lab.run, &c->phones, &c->report);
    count_phones(c);
    chaos_report_print(&c->report, stdout);
    return c->json == NULL ? 0 : write_json(c, e);
}

static void tear_down(struct chaos *c) {
    chaos_peers_free(c->peers);
    driver_free(c->driver);
    timer_free(c->kill_timer);
    timer_free(c->again_timer);
    timer_free(c->operator_timer);
    process_free(c->process);
    free(c->phone_target);
    for (size_t i = 0; i < CHAOS_TARGETS; i++)
        free(c->peer_targets[i]);
}

int chaos_run(const struct program *program, const struct bench_options *o, const char *json) {
    struct chaos c = {.options = o, .json = json};
    struct err e = {0};
    struct err stop = {0};
    int done = set_up(&c, &e) == 0 ? go_through(&c, &e) : -1;
    tear_down(&c);
    if (chaos_lab_stop(&c.lab, &stop) != 0 && done == 0)
        component_failed(&c, &stop);
    if (done == 0)
        done = conclude(&c, &e);
    bool clean = done == 0 && json_array_size(c.report.findings) == 0;
    chaos_lab_free(&c.lab);
    chaos_phones_free(&c.phones);
    json_decref(c.report.errors);
    json_decref(c.report.findings);
    if (done != 0)
        program_die(program, EXIT_FAILED, &e);
    return clean ? EXIT_DONE : EXIT_FAILED;
}
