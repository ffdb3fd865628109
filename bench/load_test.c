/* The loop with enrolments that need nothing but the event loop. */
#include "base/test.h"
#include "bench/load.h"

enum { SEEN_MAX = 64 };

struct fake {
    struct event_base *loop;
    suseconds_t delay_us; /* of each enrolment */
    size_t now, most, released;
    bool seen[SEEN_MAX];
};

struct fake_job {
    struct fake *fake;
    struct load_job *job;
    size_t index;
};

static void on_end(evutil_socket_t fd, short what, void *user) {
    struct fake_job *f = user;
    (void)fd;
    (void)what;
    f->fake->now--;
    load_job_done(f->job, f->index % 10 == 3 ? "TCP_RESET" : NULL);
}

/* Number 5 cannot be started; the others end at a later turn of the loop. */
static int fake_start(void *user, struct load_job *job, size_t index, struct err *e) {
    struct fake *fake = user;
    const struct timeval soon = {.tv_usec = fake->delay_us};
    ck_assert_uint_lt(index, SEEN_MAX);
    ck_assert(!fake->seen[index]);
    fake->seen[index] = true;
    if (index == 5)
        return err_set(e, ERR_KEY_PARSE, "no key");
    struct fake_job *state = calloc(1, sizeof *state);
    *state = (struct fake_job){fake, job, index};
    job->state = state;
    fake->now++;
    fake->most = fake->now > fake->most ? fake->now : fake->most;
    event_base_once(fake->loop, -1, EV_TIMEOUT, on_end, state, &soon);
    return 0;
}

static void fake_release(void *user, struct load_job *job) {
    struct fake *fake = user;
    fake->released++;
    free(job->state);
}

static void run(struct fake *fake, const struct load_plan *plan, struct load_result *result) {
    struct err e = {0};
    const struct load_work work = {fake_start, fake_release, fake};
    fake->loop = event_base_new();
    ck_assert_ok(load_run(fake->loop, &work, plan, result, &e), e);
    event_base_free(fake->loop);
}

START_TEST(all_run_within_the_limit_and_are_counted) {
    struct fake fake = {0};
    struct load_result r;
    run(&fake, &(struct load_plan){.count = 20, .concurrency = 4}, &r);
    ck_assert_uint_eq(r.succeeded, 17);
    ck_assert_uint_eq(r.failed, 3);
    ck_assert_uint_eq(fake.most, 4);
    ck_assert_uint_eq(fake.released, 19);
    ck_assert(!r.interrupted);
    ck_assert_int_eq(json_integer_value(json_object_get(r.errors, "TCP_RESET")), 2);
    ck_assert_int_eq(json_integer_value(json_object_get(r.errors, "KEY_PARSE")), 1);
    for (size_t i = 1; i < r.succeeded; i++)
        ck_assert_double_le(r.latency_ms[i - 1], r.latency_ms[i]);
    load_result_free(&r);
}
END_TEST

START_TEST(numbers_begin_where_the_plan_says) {
    struct fake fake = {0};
    struct load_result r;
    run(&fake, &(struct load_plan){.first = 30, .count = 3, .concurrency = 8}, &r);
    ck_assert_uint_eq(r.succeeded, 3);
    ck_assert(!fake.seen[29] && fake.seen[30] && fake.seen[32] && !fake.seen[33]);
    load_result_free(&r);
}
END_TEST

/* Two places at 50 a second: the last waits for no place, but for its time. */
START_TEST(a_rate_spreads_the_starts) {
    struct fake fake = {0};
    struct load_result r;
    run(&fake, &(struct load_plan){.count = 5, .concurrency = 2, .rate = 50}, &r);
    ck_assert_uint_eq(r.succeeded, 4);
    ck_assert_double_ge(r.seconds, 0.08);
    load_result_free(&r);
}
END_TEST

/* Three are due at once, and there is one place: the last has waited for two. */
START_TEST(waiting_for_a_place_counts_at_a_rate) {
    struct fake fake = {.delay_us = 10000};
    struct load_result r;
    run(&fake, &(struct load_plan){.first = 10, .count = 3, .concurrency = 1, .rate = 1000000}, &r);
    ck_assert_uint_eq(r.succeeded, 3);
    ck_assert_double_ge(r.latency_ms[2], 20);
    load_result_free(&r);
}
END_TEST

TEST_MAIN("bench load", all_run_within_the_limit_and_are_counted, numbers_begin_where_the_plan_says,
          a_rate_spreads_the_starts, waiting_for_a_place_counts_at_a_rate)
