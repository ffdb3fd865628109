/* Numbers and names of libest, as the field reports them. */
#include "base/test.h"
#include "est/est_error.h"

static const struct {
    const char *name;
    int number_2x;
    int number_3x;
} known[] = {
    {"EST_ERR_NONE", 0, 0},
    {"EST_ERR_HTTP_WRITE", 10, 10},
    {"EST_ERR_AUTH_FAIL", 22, 22},
    {"EST_ERR_AUTH_PENDING", 24, 24},
    {"EST_ERR_CA_ENROLL_RETRY", 26, 26},
    {"EST_ERR_SSL_READ", 35, 35},
    {"EST_ERR_SSL_CONNECT", 38, 38},
    {"EST_ERR_IP_CONNECT", 43, 43},
    {"EST_ERR_FQDN_MISMATCH", 53, 53},
    {"EST_ERR_SYSCALL", 54, 54},
    {"EST_ERR_CACERT_VERIFICATION", 58, 60},
    {"EST_ERR_INVALID_RETRY_VALUE", 60, 62},
    {"EST_ERR_BAD_BASE64", 62, 64},
    {"EST_ERR_UNKNOWN", 73, 94},
};

START_TEST(numbers_are_those_of_each_release) {
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        enum est_error error = est_err_by_name(known[i].name);
        ck_assert_int_eq(est_err_number(error, EST_RELEASE_2), known[i].number_2x);
        ck_assert_int_eq(est_err_number(error, EST_RELEASE_3), known[i].number_3x);
        ck_assert_str_eq(est_err_name(known[i].number_2x), known[i].name);
        ck_assert_str_eq(est_err_name_in(known[i].number_3x, EST_RELEASE_3), known[i].name);
        ck_assert_str_eq(est_err_name_in(known[i].number_2x, EST_RELEASE_2), known[i].name);
    }
}
END_TEST

START_TEST(release_3_counts_without_gap) {
    for (int number = 0; number <= 95; number++) {
        enum est_error error = est_err_by_name(est_err_name_in(number, EST_RELEASE_3));
        ck_assert_int_eq(est_err_number(error, EST_RELEASE_3), number);
    }
}
END_TEST

START_TEST(what_a_release_lacks_is_its_unknown) {
    ck_assert_int_eq(est_err_number(EST_ERR_ALREADY_ENABLED, EST_RELEASE_2), 73);
    ck_assert_int_eq(est_err_number(EST_ERR_LAST, EST_RELEASE_2), 73);
    ck_assert_int_eq(est_err_number((enum est_error)4711, EST_RELEASE_3), 94);
    ck_assert_str_eq(est_err_name(-1), "EST_ERR_UNKNOWN");
    ck_assert_str_eq(est_err_name(74), "EST_ERR_UNKNOWN");
    ck_assert_str_eq(est_err_name_in(96, EST_RELEASE_3), "EST_ERR_UNKNOWN");
}
END_TEST

START_TEST(names_are_found_with_and_without_prefix) {
    ck_assert_int_eq(est_err_by_name("AUTH_FAIL"), EST_ERR_AUTH_FAIL);
    ck_assert_int_eq(est_err_by_name("EST_ERR_AUTH_FAIL"), EST_ERR_AUTH_FAIL);
    ck_assert_int_eq(est_err_by_name("auth_fail"), EST_ERR_COUNT);
    ck_assert_int_eq(est_err_by_name(""), EST_ERR_COUNT);
}
END_TEST

TEST_MAIN("est error numbers", numbers_are_those_of_each_release, release_3_counts_without_gap,
          what_a_release_lacks_is_its_unknown, names_are_found_with_and_without_prefix)
