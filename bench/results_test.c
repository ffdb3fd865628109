/* Results that come from files. */
#include "base/file.h"
#include "base/owned.h"
#include "base/temporary_test.h"
#include "bench/results.h"

#include <sys/stat.h>
#include <unistd.h>

static char *write_in(const char *folder, const char *name, const char *text) {
    struct err e = {0};
    char *path = path_join(folder, "%s", name);
    ck_assert_ok(file_write(path, bytes_of_str(text), 0600, &e), e);
    return path;
}

START_TEST(results_have_the_names_of_their_files) {
    TEMPORARY(folder);
    struct err e = {0};
    AUTO(char) first = write_in(folder, "all.json", "{\"conditions\": {}}");
    AUTO(char) second = write_in(folder, "capf.ec256.json", "{\"conditions\": {}}");
    char *paths[] = {first, second};
    json_t *results = results_read(paths, 2, &e);
    ck_assert_ptr_nonnull(results);
    ck_assert_ptr_nonnull(json_object_get(results, "all"));
    ck_assert_ptr_nonnull(json_object_get(results, "capf.ec256"));
    json_decref(results);
}
END_TEST

START_TEST(the_same_name_twice_is_told_apart) {
    TEMPORARY(folder);
    struct err e = {0};
    AUTO(char) before = path_join(folder, "before");
    ck_assert_ok(file_mkdirs(before, &e), e);
    AUTO(char) first = write_in(before, "all.json", "{\"conditions\": {}}");
    AUTO(char) second = write_in(folder, "all.json", "{\"conditions\": {}}");
    char *paths[] = {first, second};
    json_t *results = results_read(paths, 2, &e);
    ck_assert_uint_eq(json_object_size(results), 2);
    AUTO(char) name = path_join(folder, "all");
    ck_assert_ptr_nonnull(json_object_get(results, "all"));
    ck_assert_ptr_nonnull(json_object_get(results, name));
    json_decref(results);
}
END_TEST

START_TEST(a_place_without_folder_is_told_before) {
    TEMPORARY(folder);
    struct err e = {0};
    AUTO(char) good = path_join(folder, "a.json");
    AUTO(char) nowhere = path_join(folder, "x/a.json");
    ck_assert_ok(results_check(good, &e), e);
    ck_assert_ok(results_check("a.json", &e), e);
    ck_assert_int_eq(results_check(nowhere, &e), -1);
    ck_assert_err(e, SYS_IO);
    ck_assert_int_eq(results_check(folder, &e), -1);
    ck_assert_err(e, SYS_IO);
}
END_TEST

/* The link stands for /dev/stdout: replacing it would take it from everybody. */
START_TEST(what_is_no_file_is_written_to) {
    TEMPORARY(folder);
    struct err e = {0};
    struct stat s;
    json_t *result = json_object();
    AUTO(char) path = path_join(folder, "out");
    ck_assert_int_eq(symlink("/dev/null", path), 0);
    ck_assert_ok(results_check(path, &e), e);
    ck_assert_ok(results_write(path, result, &e), e);
    ck_assert_int_eq(lstat(path, &s), 0);
    ck_assert(S_ISLNK(s.st_mode));
    json_decref(result);
}
END_TEST

START_TEST(other_files_are_refused) {
    TEMPORARY(folder);
    static const char *const texts[] = {"", "[]", "{}", "{\"conditions\": 3}", "<html>"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct err e = {0};
        AUTO(char) path = write_in(folder, "x", texts[i]);
        ck_assert_ptr_null(results_read(&path, 1, &e));
        ck_assert_err(e, ARG_USAGE);
    }
}
END_TEST

START_TEST(errors_of_a_sweep_count) {
    json_t *point = json_pack("{s:i, s:{s:{s:i}}}", "value", 1, "result", "errors", "TCP_RESET", 1);
    json_t *result = json_pack("{s:{}, s:[{s:[o]}]}", "errors", "sweeps", "points", point);
    ck_assert(result_has_errors(result));
    json_object_clear(json_object_get(json_object_get(point, "result"), "errors"));
    ck_assert(!result_has_errors(result));
    json_decref(result);
}
END_TEST

START_TEST(what_is_written_is_read_again) {
    TEMPORARY(folder);
    struct err e = {0};
    AUTO(char) path = path_join(folder, "a.json");
    json_t *result = json_pack("{s:{s:s}, s:f}", "conditions", "stage", "all", "x", 0.125);
    ck_assert_ok(results_write(path, result, &e), e);
    json_t *again = results_read(&path, 1, &e);
    ck_assert(json_equal(json_object_get(again, "a"), result));
    ck_assert_int_eq(results_write(folder, result, &e), -1);
    ck_assert_err(e, SYS_IO);
    json_decref(again);
    json_decref(result);
}
END_TEST

TEST_MAIN("bench results", results_have_the_names_of_their_files, the_same_name_twice_is_told_apart,
          a_place_without_folder_is_told_before, what_is_no_file_is_written_to,
          other_files_are_refused, errors_of_a_sweep_count, what_is_written_is_read_again)
