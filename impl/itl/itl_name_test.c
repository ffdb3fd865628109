/* Names of certificates as lists write them: types that have no short name, and names that cannot
 * be written. */
#include "base/owned.h"
#include "base/test.h"
#include "itl/itl.h"
#include <string.h>

static X509_NAME *name_of(const char *type, int encoding, const char *octets, int len) {
    X509_NAME *name = X509_NAME_new();
    ck_assert_int_eq(
        X509_NAME_add_entry_by_txt(name, type, encoding, (const unsigned char *)octets, len, -1, 0),
        1);
    return name;
}

START_TEST(a_type_without_a_name_is_its_number) {
    AUTO(X509_NAME) name = name_of("1.3.6.1.4.1.9.99.1", MBSTRING_UTF8, "x", 1);
    AUTO_BUF out = BUF_INIT(256);
    struct err e = {0};
    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"cisco", -1, -1, 0);
    ck_assert_ok(itl_put_name(name, ITL_LAYOUT_CUCM, &out, &e), e);
    ck_assert_str_eq(buf_str(&out), "O=cisco;1.3.6.1.4.1.9.99.1=x");
}
END_TEST

START_TEST(names_that_are_no_text_are_refused) {
    AUTO(X509_NAME) invalid = name_of("CN", V_ASN1_UTF8STRING, "\xff\xff", 2);
    AUTO(X509_NAME) with_nul = name_of("CN", V_ASN1_UTF8STRING, "a\0b", 3);
    AUTO_BUF out = BUF_INIT(256);
    struct err e = {0};
    ck_assert_int_eq(itl_put_name(invalid, ITL_LAYOUT_CUCM, &out, &e), -1);
    ck_assert_err(e, ITL_CERTIFICATE);
    ck_assert_int_eq(itl_put_name(with_nul, ITL_LAYOUT_CUCM, &out, &e), -1);
    ck_assert_err(e, ITL_CERTIFICATE);
}
END_TEST

START_TEST(a_name_that_does_not_fit_is_told) {
    AUTO(X509_NAME) name = name_of("CN", MBSTRING_UTF8, "CAPF-eb606ac0", -1);
    AUTO_BUF small = BUF_INIT(4), smaller = BUF_INIT(4);
    struct err e = {0};
    ck_assert_int_eq(itl_put_name(name, ITL_LAYOUT_CUCM, &small, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
    ck_assert_int_eq(itl_put_name(name, ITL_LAYOUT_TLVFILE, &smaller, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
}
END_TEST

TEST_MAIN("itl names", a_type_without_a_name_is_its_number, names_that_are_no_text_are_refused,
          a_name_that_does_not_fit_is_told)
