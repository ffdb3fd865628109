/* The error table and its carriers. */
#include "base/test.h"

#include <errno.h>
#include <string.h>

START_TEST(every_code_has_name_layer_and_meaning) {
    for (int code = 0; code < ERR_CODE_COUNT; code++) {
        ck_assert_ptr_nonnull(err_name((enum err_code)code));
        ck_assert_uint_gt(strlen(err_layer((enum err_code)code)), 0);
        ck_assert_uint_gt(strlen(err_meaning((enum err_code)code)), 0);
        ck_assert_int_eq(err_by_name(err_name((enum err_code)code)), code);
    }
}
END_TEST

START_TEST(unknown_codes_and_names_are_told_apart) {
    ck_assert_str_eq(err_name((enum err_code)9999), "SYS_INTERNAL");
    ck_assert_int_eq(err_by_name("NO_SUCH"), ERR_CODE_COUNT);
}
END_TEST

START_TEST(text_is_formatted_and_context_goes_in_front) {
    struct err e;
    ck_assert_int_eq(err_set(&e, ERR_DNS_NXDOMAIN, "no %s", "host"), -1);
    ck_assert_str_eq(e.text, "no host");
    ck_assert_int_eq(err_context(&e, "est.host"), -1);
    ck_assert_str_eq(e.text, "est.host: no host");
    ck_assert_err(e, DNS_NXDOMAIN);
}
END_TEST

START_TEST(no_text_takes_the_meaning) {
    struct err e;
    err_set(&e, ERR_CSR_SIGNATURE, NULL);
    ck_assert_str_eq(e.text, "the signature of the request is wrong");
}
END_TEST

START_TEST(long_texts_are_cut) {
    struct err e;
    char text[2 * ERR_TEXT_MAX];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    err_set(&e, ERR_SYS_IO, "%s", text);
    err_context(&e, "%s", text);
    ck_assert_uint_eq(strlen(e.text), ERR_TEXT_MAX - 1);
}
END_TEST

START_TEST(system_errors_name_their_cause) {
    struct err e;
    errno = ENOENT;
    err_errno(&e, "/nowhere");
    ck_assert_err(e, SYS_IO);
    ck_assert_str_eq(e.text, "/nowhere: No such file or directory");
}
END_TEST

START_TEST(a_missing_carrier_is_allowed) {
    ck_assert_int_eq(err_set(NULL, ERR_SYS_IO, "x"), -1);
    ck_assert_int_eq(err_context(NULL, "x"), -1);
    ck_assert_int_eq(err_errno(NULL, "x"), -1);
    ck_assert_int_eq(err_openssl(NULL, ERR_SYS_IO, "x"), -1);
}
END_TEST

TEST_MAIN("errors", every_code_has_name_layer_and_meaning, unknown_codes_and_names_are_told_apart,
          text_is_formatted_and_context_goes_in_front, no_text_takes_the_meaning,
          long_texts_are_cut, system_errors_name_their_cause, a_missing_carrier_is_allowed)
