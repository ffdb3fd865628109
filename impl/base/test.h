/* Check, in one line a suite: each *_test.c is a program of its own.
 *
 *     START_TEST(empty_body_is_refused) { ... ck_assert_err(e, CAPF_FRAME); } END_TEST
 *     TEST_MAIN("capf wire", empty_body_is_refused, ...)
 *
 * Test programs only; never included by product code. */
#ifndef BASE_TEST_H
#define BASE_TEST_H

#include "base/err.h"
#include "base/key_formats.h"
#include <check.h>
#include <stdlib.h>

#define ck_assert_err(e, expected)                                                                 \
    ck_assert_msg((e).code == ERR_##expected, "error is %s (%s), expected " #expected,             \
                  err_name((e).code), (e).text)
#define ck_assert_ok(call, e)                                                                      \
    ck_assert_msg((call) == 0, #call ": %s: %s", err_name((e).code), (e).text)

/* How many times slower the machine is than it should be, from CAPFLAB_PATIENCE (Valgrind): for the
 * limits that a test sets, never for a verdict. */
static inline int test_patience(void) {
    const char *text = getenv("CAPFLAB_PATIENCE");
    int patience = text == NULL ? 1 : atoi(text);
    return patience > 1 ? patience : 1;
}

static inline int test_run(const char *name, const TTest *const *cases, size_t count) {
    if (key_formats_limit(NULL) != 0)
        return EXIT_FAILURE;
    Suite *suite = suite_create(name);
    TCase *all = tcase_create(name);
    tcase_set_timeout(all, 60);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(all, cases[i]);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define TEST_MAIN(name, ...)                                                                       \
    int main(void) {                                                                               \
        const TTest *const cases[] = {__VA_ARGS__};                                                \
        return test_run(name, cases, sizeof cases / sizeof cases[0]);                              \
    }

#endif
