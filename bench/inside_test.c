/* The loops with work that only counts. */
#include "base/temporary_test.h"
#include "bench/inside.h"

struct counted {
    size_t ours, bare;
};

static int ours(void *user, size_t index, struct err *e) {
    struct counted *c = user;
    c->ours++;
    return index % 10 == 3 ? err_set(e, ERR_CSR_PARSE, "no request") : 0;
}

static int bare(void *user, size_t index, struct err *e) {
    struct counted *c = user;
    (void)index;
    (void)e;
    c->bare++;
    return 0;
}

static int broken(void *user, size_t index, struct err *e) {
    (void)user;
    (void)index;
    return err_set(e, ERR_SYS_INTERNAL, "OpenSSL");
}

START_TEST(both_sides_do_the_same_number) {
    struct counted c = {0};
    const struct inside_work work = {.ours = ours, .bare = bare, .state = &c};
    struct load_result r;
    struct inside_times times;
    struct err e = {0};
    ck_assert_ok(inside_run(&work, &(struct load_plan){.count = 240}, &r, &times, &e), e);
    ck_assert_uint_eq(c.ours, 240);
    ck_assert_uint_eq(c.bare, 240);
    ck_assert_uint_eq(r.failed, 24);
    ck_assert_uint_eq(r.succeeded, 216);
    ck_assert_int_eq(json_integer_value(json_object_get(r.errors, "CSR_PARSE")), 24);
    load_result_free(&r);
}
END_TEST

START_TEST(without_a_floor_there_is_no_result) {
    struct counted c = {0};
    const struct inside_work work = {.ours = ours, .bare = broken, .state = &c};
    struct load_result r;
    struct inside_times times;
    struct err e = {0};
    ck_assert_int_eq(inside_run(&work, &(struct load_plan){.count = 24}, &r, &times, &e), -1);
    ck_assert_err(e, SYS_INTERNAL);
    load_result_free(&r);
}
END_TEST

/* The real work, a few times each. */
START_TEST(requests_and_lists_are_good) {
    int (*const stages[])(const struct bench_options *, struct inside_work *,
                          struct err *) = {inside_csr, inside_itl};
    for (size_t i = 0; i < 2; i++) {
        struct bench_options o = BENCH_OPTIONS_INIT;
        struct inside_work work;
        struct load_result r;
        struct inside_times times;
        struct err e = {0};
        TEMPORARY(folder);
        o.output = folder;
        ck_assert_ok(stages[i](&o, &work, &e), e);
        ck_assert_ok(inside_run(&work, &(struct load_plan){.count = 24}, &r, &times, &e), e);
        ck_assert_uint_eq(r.succeeded, 24);
        load_result_free(&r);
        work.free(work.state);
    }
}
END_TEST

TEST_MAIN("bench inside", both_sides_do_the_same_number, without_a_floor_there_is_no_result,
          requests_and_lists_are_good)
