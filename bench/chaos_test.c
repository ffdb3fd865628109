/* Chaos without a lab: the plan comes from the seed alone, phones stand in the right queue, and
 * what is wrong is found. */
#include "base/file.h"
#include "base/owned.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include "bench/chaos.h"
#include "bench/chaos_health.h"
#include "bench/chaos_judge.h"
#include "bench/chaos_phones.h"
#include "bench/chaos_plan.h"
#include "bench/usage.h"
#include "scenarios/runner/scenario.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Options ---- */

START_TEST(options_have_defaults_of_their_own) {
    struct bench_options o = BENCH_OPTIONS_INIT;
    struct err e = {0};
    o.chaos = true;
    ck_assert_ok(chaos_options_settle(&o, &e), e);
    ck_assert_int_eq(o.duration_us, INT64_C(300000000));
    ck_assert_int_eq(o.concurrency, 16);
    ck_assert_int_ge(o.phones, 300 * o.rate);
    ck_assert(o.keygen);
}
END_TEST

START_TEST(what_does_not_go_with_chaos_is_refused) {
    struct bench_options stage = BENCH_OPTIONS_INIT, outside = stage, fast = stage, brief = stage,
                         many = stage, session = stage, phones = stage, key = stage,
                         careless = stage, issuer = stage;
    struct err e = {0};
    stage.stage_word = "est";
    outside.capf = "127.0.0.1:3804";
    fast.rate = 100000;
    brief.duration_us = 1;
    many.workers = CHAOS_WORKERS_MAX + 1;
    session.session_word = "sometimes";
    phones.phones = 100;
    key.key_word = "ec256";
    careless.durability_word = "off";
    issuer.issuer_word = "capf";
    struct bench_options *const all[] = {&stage,   &outside, &fast, &brief,    &many,
                                         &session, &phones,  &key,  &careless, &issuer};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        ck_assert_int_eq(chaos_options_settle(all[i], &e), -1);
        ck_assert_err(e, ARG_USAGE);
    }
}
END_TEST

/* ---- The plan ---- */

static char *faults_of(uint64_t seed) {
    AUTO_BUF out = BUF_INIT(1 << 20);
    chaos_put_faults(seed, 500, &out);
    return buf_take_str(&out);
}

START_TEST(a_seed_is_a_plan) {
    AUTO(char) one = faults_of(1);
    AUTO(char) same = faults_of(1);
    AUTO(char) other = faults_of(2);
    ck_assert_str_eq(one, same);
    ck_assert_str_ne(one, other);
    struct chaos_random a = chaos_random_new(1, "kills");
    struct chaos_random b = chaos_random_new(1, "kills");
    struct chaos_random peers = chaos_random_new(1, "peers");
    ck_assert_uint_ne(a.state, peers.state);
    for (unsigned i = 0; i < 100; i++) {
        struct chaos_kill kill = chaos_next_kill(&a), again = chaos_next_kill(&b);
        ck_assert_int_eq((int)kill.component, (int)again.component);
        ck_assert_int_eq(kill.after_us, again.after_us);
        ck_assert_int_eq(kill.down_us, again.down_us);
        ck_assert(!kill.approval || kill.component == COMPONENT_CERTSRV);
    }
}
END_TEST

static struct scenario *scenario_with(const char *faults) {
    AUTO(char) text = NULL;
    struct cfg_mistakes *m = cfg_mistakes_new();
    ck_assert_int_gt(asprintf(&text,
                              "title: t\ncovers: [phone/operations]\nphones: {count: 1}\n"
                              "when: [connect]\nthen: {phones: {lsc: none}}\n%s",
                              faults),
                     0);
    struct scenario *s = scenario_load_text("t", "t", bytes_of_str(text), m);
    ck_assert_msg(s != NULL, "%s", cfg_mistake_text(m, 0));
    cfg_mistakes_free(m);
    return s;
}

/* Every seed's faults are such as the mocks take. */
START_TEST(faults_of_any_seed_can_be_read) {
    for (uint64_t seed = 0; seed < 20; seed++) {
        AUTO(char) faults = faults_of(seed);
        AUTO(char) text = NULL;
        ck_assert_int_gt(asprintf(&text, "faults:\n%s", faults), 0);
        struct scenario *s = scenario_with(text);
        ck_assert_uint_gt(s->faults->count, 100);
        scenario_free(s);
    }
}
END_TEST

START_TEST(peers_behave_in_every_way) {
    struct chaos_random r = chaos_random_new(3, "peers");
    unsigned met[CHAOS_BEHAVIOURS][CHAOS_TARGETS][2] = {0};
    for (unsigned i = 0; i < 600; i++) {
        struct chaos_peer_plan p = chaos_next_peer(&r);
        met[p.behaviour][p.target][p.tls]++;
    }
    for (size_t b = 0; b < CHAOS_BEHAVIOURS; b++)
        for (size_t t = 0; t < CHAOS_TARGETS; t++)
            ck_assert_msg(met[b][t][0] > 0 && met[b][t][1] > 0, "%s",
                          chaos_behaviour_word((enum chaos_behaviour)b));
}
END_TEST

/* ---- Phones ---- */

static size_t last_started;

static int inner_start(void *user, struct load_job *job, size_t index, struct err *e) {
    (void)user;
    (void)job;
    (void)e;
    last_started = index;
    return 0;
}

static size_t start_next(struct chaos_phones *p) {
    struct load_job job = {0};
    struct err e = {0};
    ck_assert_ok(p->work.start(p->work.user, &job, 0, &e), e);
    return last_started;
}

START_TEST(a_phone_that_failed_comes_again_when_it_was_scheduled) {
    static const struct load_work inner = {.start = inner_start};
    struct chaos_phones p;
    struct load_job job = {0};
    struct err e = {0};
    size_t numbers[4];
    ck_assert_ok(chaos_phones_init(&p, 3, &e), e);
    p.inner = &inner;
    ck_assert_uint_eq(start_next(&p), 0);
    ck_assert_uint_eq(start_next(&p), 1);
    chaos_phones_ended(&p, 0, "TCP_RESET");
    chaos_phones_ended(&p, 1, NULL);
    ck_assert_uint_eq(start_next(&p), 2);
    ck_assert_uint_eq(chaos_phones_reschedule(&p, numbers, 4), 1);
    ck_assert_uint_eq(start_next(&p), 0);
    chaos_phones_ended(&p, 0, NULL);
    ck_assert(p.items[0].installed && p.items[0].error[0] == '\0');
    ck_assert_uint_eq(p.items[0].attempts, 2);
    ck_assert_int_eq(p.work.start(p.work.user, &job, 0, &e), -1);
    chaos_phones_settle(&p, 1);
    chaos_phones_settle(&p, 2);
    chaos_phones_settle(&p, 99);
    ck_assert_uint_eq(p.ready_count, 1);
    chaos_phones_free(&p);
}
END_TEST

/* ---- Findings ---- */

START_TEST(memory_has_a_bound) {
    ck_assert(chaos_memory_is_bounded(10, 36));
    ck_assert(!chaos_memory_is_bounded(10, 37));
}
END_TEST

START_TEST(descriptors_are_counted) {
    struct chaos_health before, after;
    struct err e = {0};
    ck_assert_ok(chaos_health_read(getpid(), &before, &e), e);
    AUTO_FD fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_ok(chaos_health_read(getpid(), &after, &e), e);
    ck_assert_uint_eq(after.descriptors, before.descriptors + 1);
    ck_assert(after.rss_mb > 0);
    ck_assert_int_eq(chaos_health_read(-1, &after, &e), -1);
}
END_TEST

/* A child that waits for its end. */
START_TEST(workers_are_counted_too) {
    struct chaos_health alone, both;
    struct err e = {0};
    pid_t found[2] = {0};
    int out[2];
    ck_assert_int_eq(pipe(out), 0);
    ck_assert_ok(chaos_health_read(getpid(), &alone, &e), e);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(out[1]);
        _exit(read(out[0], &byte, 1) == 0 ? 0 : 1);
    }
    ck_assert_uint_eq(usage_children(getpid(), found, 2), 1);
    ck_assert_int_eq(found[0], child);
    ck_assert_ok(chaos_health_read(getpid(), &both, &e), e);
    ck_assert_uint_gt(both.descriptors, alone.descriptors);
    close(out[1]);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    close(out[0]);
}
END_TEST

START_TEST(a_temporary_file_is_found) {
    TEMPORARY(folder);
    struct err e = {0};
    AUTO(char) inside = path_join(folder, "a/b");
    AUTO(char) file = path_join(inside, "x.csr.tmp-12");
    ck_assert_ptr_null(chaos_temporary_file(folder));
    ck_assert_ok(file_mkdirs(inside, &e), e);
    int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
    AUTO(char) found = chaos_temporary_file(folder);
    ck_assert_str_eq(found, file);
}
END_TEST

static const char store_text[] =
    "CREATE TABLE Device(name TEXT, tkcertificateoperation INTEGER, tkcertificatestatus INTEGER,"
    " certificate BLOB);"
    "CREATE TABLE Enrolment(id INTEGER PRIMARY KEY, device TEXT, state INTEGER, spki BLOB, csr "
    "BLOB, certificate BLOB);"
    "INSERT INTO Device VALUES('SEPBE0000000000', 1, 3, x'01'), ('SEPBE0000000001', 2, 2, NULL),"
    " ('SEPBE0000000002', 1, 3, x'01');";

static void make_store(const char *folder) {
    struct err e = {0};
    AUTO(char) db = path_join(folder, "db");
    AUTO(char) path = path_join(db, "devices.sqlite");
    sqlite3 *store = NULL;
    ck_assert_ok(file_mkdirs(db, &e), e);
    ck_assert_int_eq(sqlite3_open(path, &store), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(store, store_text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(store);
}

static bool has_finding(const struct chaos_report *r, const char *name, const char *text) {
    size_t i;
    json_t *f;
    json_array_foreach(r->findings, i, f) {
        if (strcmp(json_string_value(json_object_get(f, "finding")), name) == 0 &&
            strstr(json_string_value(json_object_get(f, "text")), text) != NULL)
            return true;
    }
    return false;
}

/* Installed without an LSC; still pending; success in the store alone; no end at all. */
START_TEST(phones_and_store_that_disagree_are_found) {
    TEMPORARY(folder);
    struct chaos_phones p;
    struct chaos_report report = {.findings = json_array()};
    struct scenario *s = scenario_with("");
    struct run run = {.scenario = s, .dir = folder, .step = "test", .failures = json_array()};
    struct err e = {0};
    make_store(folder);
    ck_assert_ok(chaos_phones_init(&p, 4, &e), e);
    p.begun = 4;
    chaos_phones_ended(&p, 0, NULL);
    chaos_phones_ended(&p, 1, NULL);
    chaos_phones_ended(&p, 2, "TCP_RESET");
    ck_assert_ok(chaos_unsettled(&run, &p, &e), e);
    ck_assert_uint_eq(p.ready_count, 1);
    ck_assert_uint_eq(p.ready[0], 1);
    chaos_judge(&run, &p, &report);
    ck_assert(has_finding(&report, "phone-without-certificate", "SEPBE0000000000: "));
    ck_assert(has_finding(&report, "stores-disagree", "SEPBE0000000002: is \"Upgrade Success\""));
    ck_assert(has_finding(&report, "phone-without-error", "SEPBE0000000003: "));
    json_decref(report.findings);
    json_decref(run.failures);
    scenario_free(s);
    chaos_phones_free(&p);
}
END_TEST

TEST_MAIN("chaos", options_have_defaults_of_their_own, what_does_not_go_with_chaos_is_refused,
          a_seed_is_a_plan, faults_of_any_seed_can_be_read, peers_behave_in_every_way,
          a_phone_that_failed_comes_again_when_it_was_scheduled, memory_has_a_bound,
          descriptors_are_counted, workers_are_counted_too, a_temporary_file_is_found,
          phones_and_store_that_disagree_are_found)
