/* Runs a fuzz target without libFuzzer, in any build: over its corpus as a Check suite with a test
 * for each file, or over the files named on the command line, to repeat a finding in a debugger. It
 * never changes an input: each is copied into memory of exactly its size. */
#include "base/file.h"
#include "base/owned.h"
#include "base/test.h"
#include "fuzz/fuzz.h"
#include <dirent.h>
#include <errno.h>
#include <string.h>

enum { FILES_MAX = 4096, FILE_MAX = 16 * 1024 * 1024 };

static struct {
    char *paths[FILES_MAX];
    size_t count;
} corpus;

static void run_file(const char *path) {
    AUTO_BUF content = BUF_INIT(FILE_MAX);
    struct err e;
    if (file_read(path, &content, &e) != 0) {
        fprintf(stderr, "%s\n", e.text);
        exit(2);
    }
    uint8_t *exact = malloc(content.len > 0 ? content.len : 1);
    FUZZ_CHECK(exact != NULL);
    if (content.len > 0)
        memcpy(exact, content.data, content.len);
    LLVMFuzzerTestOneInput(exact, content.len);
    free(exact);
}

START_TEST(one_file) {
    run_file(corpus.paths[_i]);
}
END_TEST

static bool open_corpus(const char *folder) {
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return false;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.' && corpus.count < FILES_MAX)
            corpus.paths[corpus.count++] = path_join(folder, "%s", entry->d_name);
    closedir(dir);
    return corpus.count > 0;
}

static void close_corpus(void) {
    for (size_t i = 0; i < corpus.count; i++)
        free(corpus.paths[i]);
}

/* One test case a file, so that a failure names it. */
static int run_corpus(const char *target) {
    Suite *suite = suite_create(target);
    for (size_t i = 0; i < corpus.count; i++) {
        TCase *file = tcase_create(corpus.paths[i]);
        tcase_set_timeout(file, 60);
        tcase_add_loop_test(file, one_file, (int)i, (int)i + 1);
        suite_add_tcase(suite, file);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The program of target NAME is NAME_test, its corpus fuzz/corpus/NAME. */
int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        run_file(argv[i]);
        printf("%s: passed\n", argv[i]);
    }
    if (argc > 1)
        return EXIT_SUCCESS;
    const char *name = program_invocation_short_name;
    const char *end = strstr(name, "_test");
    AUTO(char)
    folder =
        path_join("fuzz/corpus", "%.*s", end != NULL ? (int)(end - name) : (int)strlen(name), name);
    int status = EXIT_FAILURE;
    if (folder != NULL && open_corpus(folder))
        status = run_corpus(folder);
    else
        fprintf(stderr, "%s: no file in fuzz/corpus; run it from the root of the repository\n",
                name);
    close_corpus();
    return status;
}
