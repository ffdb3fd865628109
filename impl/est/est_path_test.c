/* Paths and labels (RFC 7030 section 3.2.2). */
#include "base/owned.h"
#include "base/test.h"
#include "est/est_path.h"
#include <string.h>

static const struct {
    const char *path;
    enum est_path_result result;
    enum est_operation operation;
    const char *label;
} paths[] = {
    {"/.well-known/est/cacerts", EST_PATH_OK, EST_CACERTS, ""},
    {"/.well-known/est/csrattrs", EST_PATH_OK, EST_CSRATTRS, ""},
    {"/.well-known/est/simpleenroll", EST_PATH_OK, EST_SIMPLEENROLL, ""},
    {"/.well-known/est/phones/simplereenroll", EST_PATH_OK, EST_SIMPLEREENROLL, "phones"},
    {"/.well-known/est/a%20b/cacerts", EST_PATH_OK, EST_CACERTS, "a b"},
    {"/.well-known/est/%4cab/cacerts", EST_PATH_OK, EST_CACERTS, "Lab"},
    {"/lab1/.well-known/est/simpleenroll", EST_PATH_OK, EST_SIMPLEENROLL, "lab1"},
    {"/.well-known", EST_PATH_UNKNOWN, 0, NULL},
    {"/.well-known/est", EST_PATH_UNKNOWN, 0, NULL},
    {"/.well-known/est/", EST_PATH_UNKNOWN, 0, NULL},
    {"/.well-known/est/cacerts/", EST_PATH_UNKNOWN, 0, NULL},
    {"/.well-known/est/Cacerts", EST_PATH_UNKNOWN, 0, NULL},
    {"/.well-known/est/serverkeygen", EST_PATH_UNKNOWN, 0, NULL},
    {"/.well-known/est/lab/fullcmc", EST_PATH_UNKNOWN, 0, NULL},
    {"/.well-known/estcacerts", EST_PATH_UNKNOWN, 0, NULL},
    {"/", EST_PATH_UNKNOWN, 0, NULL},
    {"", EST_PATH_UNKNOWN, 0, NULL},
    {"*", EST_PATH_UNKNOWN, 0, NULL},
    {"x/.well-known/est/cacerts", EST_PATH_UNKNOWN, 0, NULL},
    {"/.well-known/est//cacerts", EST_PATH_BAD_LABEL, 0, NULL},
    {"/.well-known/est/a/b/cacerts", EST_PATH_BAD_LABEL, 0, NULL},
    {"/.well-known/est/a%2fb/cacerts", EST_PATH_BAD_LABEL, 0, NULL},
    {"/.well-known/est/a%00b/cacerts", EST_PATH_BAD_LABEL, 0, NULL},
    {"/.well-known/est/a%0ab/cacerts", EST_PATH_BAD_LABEL, 0, NULL},
    {"/.well-known/est/a%/cacerts", EST_PATH_BAD_LABEL, 0, NULL},
    {"/.well-known/est/a%4/cacerts", EST_PATH_BAD_LABEL, 0, NULL},
    {"/.well-known/est/a%zz/cacerts", EST_PATH_BAD_LABEL, 0, NULL},
    {"/.well-known/est/../cacerts", EST_PATH_BAD_LABEL, 0, NULL},
    {"/.well-known/est/cacerts/cacerts", EST_PATH_BAD_LABEL, 0, NULL},
    {"/.well-known/est/full%63mc/cacerts", EST_PATH_BAD_LABEL, 0, NULL},
    {"/a/b/.well-known/est/cacerts", EST_PATH_BAD_LABEL, 0, NULL},
    {"/a/.well-known/est/b/cacerts", EST_PATH_BAD_LABEL, 0, NULL},
    {"//.well-known/est/cacerts", EST_PATH_BAD_LABEL, 0, NULL},
};

START_TEST(paths_are_taken_apart) {
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct est_path path;
        enum est_path_result result = est_path_parse(paths[i].path, &path);
        ck_assert_msg(result == paths[i].result, "%s gives %d", paths[i].path, (int)result);
        if (result != EST_PATH_OK)
            continue;
        ck_assert_int_eq(path.operation, paths[i].operation);
        ck_assert_str_eq(path.label, paths[i].label);
    }
}
END_TEST

START_TEST(labels_have_a_length) {
    struct err e;
    char label[EST_LABEL_MAX + 2];
    memset(label, 'x', sizeof label);
    label[EST_LABEL_MAX + 1] = '\0';
    ck_assert_int_eq(est_label_check(label, &e), -1);
    ck_assert_err(e, EST_BAD_REQUEST);
    label[EST_LABEL_MAX] = '\0';
    ck_assert_ok(est_label_check(label, &e), e);
    ck_assert_int_eq(est_label_check("", &e), -1);
    ck_assert_err(e, EST_BAD_REQUEST);
}
END_TEST

START_TEST(written_paths_are_read_back) {
    static const char *const labels[] = {NULL, "", "phones", "a b", "50%", "\xc3\xa4", "a?b#c"};
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        struct err e;
        struct est_path path;
        AUTO_BUF out = BUF_INIT(1024);
        ck_assert_ok(est_path_put(EST_SIMPLEENROLL, labels[i], &out, &e), e);
        ck_assert_int_eq(est_path_parse(buf_str(&out), &path), EST_PATH_OK);
        ck_assert_str_eq(path.label, labels[i] != NULL ? labels[i] : "");
        ck_assert_int_eq(path.operation, EST_SIMPLEENROLL);
    }
}
END_TEST

START_TEST(no_path_is_written_for_a_bad_label) {
    struct err e;
    AUTO_BUF out = BUF_INIT(1024);
    ck_assert_int_eq(est_path_put(EST_CACERTS, "simpleenroll", &out, &e), -1);
    ck_assert_err(e, EST_BAD_REQUEST);
    AUTO_BUF tiny = BUF_INIT(10);
    ck_assert_int_eq(est_path_put(EST_CACERTS, NULL, &tiny, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
}
END_TEST

TEST_MAIN("est paths", paths_are_taken_apart, labels_have_a_length, written_paths_are_read_back,
          no_path_is_written_for_a_bad_label)
