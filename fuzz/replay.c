/* Runs a fuzz target without libFuzzer, in any build: over its inputs as a Check suite with a test
 * for each file, over the files named on the command line, to repeat a finding in a debugger, or to
 * measure it. It never changes an input: each is copied into memory of exactly its size. */
#include "base/owned.h"
#include "base/test.h"
#include "fuzz/fuzz.h"
#include "fuzz/inputs.h"
#include "fuzz/rate.h"
#include <errno.h>
#include <string.h>

static struct inputs inputs;

static int run_file(const char *path, struct err *e) {
    AUTO_BUF content = BUF_INIT(INPUT_BYTES_MAX);
    if (input_read(path, &content, e) != 0)
        return -1;
    uint8_t *exact = malloc(content.len > 0 ? content.len : 1);
    FUZZ_CHECK(exact != NULL);
    if (content.len > 0)
        memcpy(exact, content.data, content.len);
    LLVMFuzzerTestOneInput(exact, content.len);
    free(exact);
    return 0;
}

START_TEST(one_file) {
    struct err e = {0};
    ck_assert_ok(run_file(inputs.paths[_i], &e), e);
}
END_TEST

/* One test case a file, so that a failure names it. */
static int run_suite(const char *target) {
    Suite *suite = suite_create(target);
    for (size_t i = 0; i < inputs.count; i++) {
        TCase *file = tcase_create(inputs.paths[i]);
        tcase_set_timeout(file, 60);
        tcase_add_loop_test(file, one_file, (int)i, (int)i + 1);
        suite_add_tcase(suite, file);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : -1;
}

static int run_named(char **paths, int count, struct err *e) {
    for (int i = 0; i < count; i++) {
        if (run_file(paths[i], e) != 0)
            return -1;
        printf("%s: passed\n", paths[i]);
    }
    return 0;
}

static int print_rate(struct err *e) {
    double rate = 0;
    if (rate_measure(&inputs, &rate, e) != 0)
        return -1;
    printf("%.0f\n", rate);
    return 0;
}

static int run(const char *target, int argc, char **argv, struct err *e) {
    bool copies = argc == 3 && strcmp(argv[1], "--copy") == 0;
    bool measures = argc == 2 && strcmp(argv[1], "--rate") == 0;
    if (argc > 1 && !copies && !measures)
        return run_named(argv + 1, argc - 1, e);
    if (inputs_find(&inputs, target, e) != 0)
        return err_context(e, "run it from the root of the repository");
    if (measures)
        return print_rate(e);
    return copies ? inputs_copy(&inputs, argv[2], e) : run_suite(target);
}

/* The program of target NAME is NAME_test. Without arguments: the suite; --rate: executions a
 * second of CPU time; --copy FOLDER: the inputs for libFuzzer; else files to run. */
int main(int argc, char **argv) {
    AUTO(char) target = strdup(program_invocation_short_name);
    struct err e = {0};
    char *end = target == NULL ? NULL : strstr(target, "_test");
    if (end != NULL)
        *end = '\0';
    int rc = run(target, argc, argv, &e);
    if (e.code != ERR_OK)
        fprintf(stderr, "%s: %s\n", target, e.text);
    inputs_free(&inputs);
    return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
