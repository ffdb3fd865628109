/* Torture without labs: the spelling of rounds, their choice, the faults of mocks, and what is
 * told. */
#include "base/owned.h"
#include "base/test.h"
#include "scenarios/runner/torture.h"
#include "scenarios/runner/torture_lab.h"
#include "scenarios/runner/torture_plan.h"

#include <string.h>

START_TEST(rounds_are_written_as_they_are_read) {
    static const char *const texts[] = {"capf:serve:alloc:137",
                                        "ra:start:socket@1f0e33a2c49b7d15:2", "certsrv:stop:file:1",
                                        "none", "{at: dns.query, nth: 2, do: servfail}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct torture_spec spec;
        struct err e = {0};
        ck_assert_ok(torture_spec_read(texts[i], &spec, &e), e);
        AUTO(char) again = torture_spec_text(&spec);
        ck_assert_str_eq(again, texts[i]);
    }
}
END_TEST

START_TEST(the_phase_may_be_left_out) {
    struct torture_spec spec;
    struct err e = {0};
    ck_assert_ok(torture_spec_read("capf:alloc:137", &spec, &e), e);
    ck_assert_int_eq(spec.phase, TORTURE_SERVE);
    ck_assert_uint_eq(spec.nth, 137);
}
END_TEST

START_TEST(what_is_no_round_is_told) {
    static const char *const texts[] = {"",
                                        "capf",
                                        "capf:alloc",
                                        "capf:serve:alloc:0",
                                        "capf:serve:alloc:-1",
                                        "capf:serve:alloc:1x",
                                        "capf:serve:alloc@:1",
                                        "capf:serve:alloc@xyz:1",
                                        "capf:later:alloc:1",
                                        "capf:serve:memory:1",
                                        "cupf:serve:alloc:1",
                                        "capf:serve:alloc:1:1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct torture_spec spec;
        struct err e = {0};
        ck_assert_msg(torture_spec_read(texts[i], &spec, &e) == -1, "%s", texts[i]);
        ck_assert_err(e, ARG_USAGE);
    }
    char row[TORTURE_FAULT_MAX + 2];
    struct torture_spec spec;
    struct err e = {0};
    memset(row, '{', sizeof row - 1);
    row[sizeof row - 1] = '\0';
    ck_assert_int_eq(torture_spec_read(row, &spec, &e), -1);
    ck_assert_err(e, ARG_USAGE);
}
END_TEST

/* `ways` own ways with `each` paths; all of them come `calls` times while serving. */
static struct torture_control *control_with(size_t ways, size_t each, uint32_t calls) {
    struct torture_control *c = calloc(1, sizeof *c);
    ck_assert_ptr_nonnull(c);
    for (size_t i = 0; i < ways * each; i++) {
        c->paths[7 * i + 3] = (struct torture_path){.hash = 1000 + i, .own = 1 + i / each};
        c->paths[7 * i + 3].calls[TORTURE_SERVE] = calls;
    }
    return c;
}

static void plan_of(struct torture_plan *plan, const char *seed, bool all) {
    struct err e = {0};
    struct torture_control *many = control_with(100, 9, 3);
    struct torture_control *few = control_with(4, 1, 1);
    torture_plan_init(plan, seed);
    ck_assert_ok(torture_plan_add(plan, COMPONENT_CAPF, many, all, &e), e);
    ck_assert_ok(torture_plan_add(plan, COMPONENT_RA, few, all, &e), e);
    ck_assert_ok(torture_plan_add_fault(plan, "{at: dns.query, nth: 1, do: silence}", &e), e);
    torture_plan_order(plan);
    free(many);
    free(few);
}

START_TEST(each_way_of_our_own_code_comes_before_any_other_path) {
    struct torture_plan plan;
    plan_of(&plan, "1", false);
    ck_assert_uint_eq(plan.count, 100 * 9 + 4 + 1);
    bool seen[128] = {false};
    for (size_t i = 0; i < 105; i++) {
        const struct torture_item *item = &plan.items[i];
        ck_assert_int_eq(item->level, TORTURE_LEVEL_OWN);
        ck_assert_uint_eq(item->spec.fault[0] == '\0' ? item->spec.nth : 1, 1);
        if (item->spec.component != COMPONENT_CAPF)
            continue;
        ck_assert(!seen[item->own]);
        seen[item->own] = true;
    }
    for (size_t i = 105; i < plan.count; i++)
        ck_assert_int_eq(plan.items[i].level, TORTURE_LEVEL_PATH);
    torture_plan_free(&plan);
}
END_TEST

/* The first fifth has a share of large and of small groups. */
START_TEST(every_prefix_is_spread) {
    struct torture_plan plan;
    plan_of(&plan, "1", false);
    size_t large = 0;
    size_t small = 0;
    size_t faults = 0;
    for (size_t i = 0; i < 21; i++) {
        large += plan.items[i].spec.component == COMPONENT_CAPF;
        small += plan.items[i].spec.component == COMPONENT_RA;
        faults += plan.items[i].spec.fault[0] != '\0';
    }
    ck_assert_uint_ge(large, 10);
    ck_assert_uint_ge(small, 2);
    ck_assert_uint_eq(faults, 1);
    torture_plan_free(&plan);
}
END_TEST

START_TEST(the_seed_decides_the_order) {
    struct torture_plan one;
    struct torture_plan same;
    struct torture_plan other;
    size_t differ = 0;
    plan_of(&one, "1", false);
    plan_of(&same, "1", false);
    plan_of(&other, "2", false);
    for (size_t i = 0; i < one.count; i++) {
        ck_assert_mem_eq(&one.items[i].spec, &same.items[i].spec, sizeof one.items[i].spec);
        differ += one.items[i].spec.path != other.items[i].spec.path;
    }
    ck_assert_uint_gt(differ, one.count / 2);
    torture_plan_free(&one);
    torture_plan_free(&same);
    torture_plan_free(&other);
}
END_TEST

START_TEST(all_has_every_call) {
    struct torture_plan plan;
    plan_of(&plan, "1", true);
    ck_assert_uint_eq(plan.count, 100 * 9 * 3 + 4 + 1);
    ck_assert_int_eq(plan.items[plan.count - 1].level, TORTURE_LEVEL_REPEATED);
    torture_plan_free(&plan);
}
END_TEST

START_TEST(classes_may_be_left_out) {
    struct torture_plan plan;
    struct err e = {0};
    enum torture_class kind;
    struct torture_control *c = control_with(3, 1, 1);
    c->paths[3].kind = TORTURE_FILE;
    torture_plan_init(&plan, "1");
    plan.left_out[TORTURE_ALLOC] = plan.left_out[TORTURE_CLASSES] = true;
    ck_assert_ok(torture_plan_add(&plan, COMPONENT_CAPF, c, false, &e), e);
    ck_assert_ok(torture_plan_add_fault(&plan, "{at: dns.query, do: silence}", &e), e);
    ck_assert_uint_eq(plan.count, 1);
    ck_assert_ok(torture_class_read("fault", &kind, &e), e);
    ck_assert_int_eq(kind, TORTURE_CLASSES);
    ck_assert_int_eq(torture_class_read("faults", &kind, &e), -1);
    ck_assert_err(e, ARG_USAGE);
    torture_plan_free(&plan);
    free(c);
}
END_TEST

START_TEST(what_was_tried_is_told_with_what_there_is) {
    struct torture_plan plan;
    AUTO(char) text = NULL;
    size_t size = 0;
    plan_of(&plan, "1", false);
    FILE *to = open_memstream(&text, &size);
    torture_plan_tell(&plan, 110, to);
    fclose(to);
    ck_assert_str_eq(text, "105 of 105 ways of the component's own code to a call that can fail, "
                           "5 of 800 other call paths");
    torture_plan_free(&plan);
}
END_TEST

static struct scenario *scenario_of(const char *issuer) {
    AUTO(char) text = NULL;
    struct cfg_mistakes *m = cfg_mistakes_new();
    ck_assert_int_gt(asprintf(&text,
                              "title: a\ncovers: [phone/operations]\nlab: {capf: {issuer: %s}}\n"
                              "when: [install-lsc]\nthen: {phones: {lsc: installed}}\n",
                              issuer),
                     0);
    struct scenario *s = scenario_load_text("a.yaml", "a", bytes_of_str(text), m);
    if (s == NULL)
        cfg_mistakes_print(m, stderr);
    ck_assert_ptr_nonnull(s);
    cfg_mistakes_free(m);
    return s;
}

static const char whole[] = "title: a\ncovers: [phone/operations]\nwhen: [install-lsc]\n"
                            "then: {phones: {lsc: installed}}\nfaults:\n  - %s\n";

/* Each row can stand in a scenario file. */
static int check_row(void *user, const char *row) {
    size_t *count = user;
    AUTO(char) text = NULL;
    struct cfg_mistakes *m = cfg_mistakes_new();
    ck_assert_int_gt(asprintf(&text, whole, row), 0);
    struct scenario *s = scenario_load_text("a.yaml", "a", bytes_of_str(text), m);
    if (s == NULL)
        cfg_mistakes_print(m, stderr);
    ck_assert_msg(s != NULL, "%s", row);
    scenario_free(s);
    cfg_mistakes_free(m);
    (*count)++;
    return 0;
}

START_TEST(faults_are_rows_of_a_scenario) {
    struct scenario *online = scenario_of("online-ca");
    struct scenario *local = scenario_of("capf");
    size_t with_ra = 0;
    size_t without = 0;
    ck_assert_int_eq(torture_each_fault(online, 2, check_row, &with_ra), 0);
    ck_assert_int_eq(torture_each_fault(local, 0, check_row, &without), 0);
    ck_assert_uint_gt(without, 0);
    ck_assert_uint_gt(with_ra, without);
    scenario_free(online);
    scenario_free(local);
}
END_TEST

static struct torture_stack stack_with(const char *module, const char *symbol) {
    struct torture_stack s = {.depth = 2, .frames[0] = {.module = "libc.so.6"}};
    snprintf(s.frames[1].module, sizeof s.frames[1].module, "%s", module);
    snprintf(s.frames[1].symbol, sizeof s.frames[1].symbol, "%s", symbol);
    return s;
}

START_TEST(only_what_a_library_cannot_help_is_excused) {
    struct torture_control *c = calloc(1, sizeof *c);
    struct torture_leak leak = {0};
    c->crash = stack_with("libgmp.so.10", "__gmp_default_allocate");
    ck_assert_ptr_nonnull(torture_crash_excuse(c));
    ck_assert_ptr_null(torture_leak_excuse(c, &leak));
    c->crash = stack_with("libgmp.so.10", "__gmpz_init");
    ck_assert_ptr_null(torture_crash_excuse(c));
    c->crash = stack_with("", "__gmp_default_allocate");
    ck_assert_ptr_null(torture_crash_excuse(c));
    c->crash = stack_with("libgmp.so.10", "__gmp_default_allocate");
    c->crash.frames[0].module[0] = '\0';
    ck_assert_ptr_null(torture_crash_excuse(c));
    c->fired_at = stack_with("libcrypto.so.3", "OPENSSL_cleanup");
    ck_assert_ptr_nonnull(torture_leak_excuse(c, &leak));
    c->fired_at = stack_with("libcrypto.so.3", "CRYPTO_strndup");
    ck_assert_ptr_null(torture_leak_excuse(c, &leak));
    leak.stack = stack_with("libcrypto.so.3", "EVP_MD_fetch");
    ck_assert_ptr_nonnull(torture_leak_excuse(c, &leak));
    ck_assert_ptr_null(torture_lasting_excuse(c));
    c->fired_at = stack_with("libcrypto.so.3", "CRYPTO_THREAD_run_once");
    ck_assert_ptr_nonnull(torture_lasting_excuse(c));
    free(c);
}
END_TEST

TEST_MAIN("torture", rounds_are_written_as_they_are_read, the_phase_may_be_left_out,
          what_is_no_round_is_told, each_way_of_our_own_code_comes_before_any_other_path,
          every_prefix_is_spread, the_seed_decides_the_order, all_has_every_call,
          classes_may_be_left_out, what_was_tried_is_told_with_what_there_is,
          faults_are_rows_of_a_scenario, only_what_a_library_cannot_help_is_excused)
