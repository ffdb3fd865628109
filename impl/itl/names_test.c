/* The tables of names.h: every row there and back, and what no row has. */
#include "base/test.h"
#include "itl/names.h"

START_TEST(roles) {
#define X(number, name, shown, word)                                                               \
    ck_assert_str_eq(itl_role_shown(number), shown);                                               \
    ck_assert_str_eq(itl_role_word(ITL_ROLE_##name), word);                                        \
    ck_assert_int_eq(itl_role_by_word(word), number);                                              \
    ck_assert(itl_role_is_known(number));
    ITL_ROLE_TABLE(X)
#undef X
    ck_assert_str_eq(itl_role_shown(5), "unknown");
    ck_assert_str_eq(itl_role_word(65535), "unknown");
    ck_assert_int_eq(itl_role_by_word("unknown"), -1);
    ck_assert(!itl_role_is_known(6));
}
END_TEST

START_TEST(roles_that_users_write) {
    struct err e = {0};
    unsigned role = 0;
    ck_assert_ok(itl_role_read("ccm+tftp", &role, &e), e);
    ck_assert_uint_eq(role, ITL_ROLE_CCM_TFTP);
    ck_assert_int_eq(itl_role_read("sats", &role, &e), -1);
    ck_assert_err(e, CONFIG_BAD_VALUE);
    ck_assert_str_eq(e.text, "there is no role 'sats', did you mean sast");
    ck_assert_uint_eq(role, ITL_ROLE_CCM_TFTP);
}
END_TEST

START_TEST(tags) {
#define X(number, name, shown, kind, container) ck_assert_str_eq(itl_header_shown(number), shown);
    ITL_HEADER_TABLE(X)
#undef X
#define X(number, name, shown, kind) ck_assert_str_eq(itl_record_shown(number), shown);
    ITL_RECORD_TABLE(X)
#undef X
    ck_assert(!itl_header_is_known(ITL_HEADER_PADDING) && !itl_header_is_known(0));
    ck_assert(!itl_record_is_known(0) && !itl_record_is_known(13));
    ck_assert_str_eq(itl_header_shown(255), "unknown");
}
END_TEST

START_TEST(algorithms) {
#define X(number, name, openssl, word, octets)                                                     \
    ck_assert_str_eq(itl_digest_openssl(number), openssl);                                         \
    ck_assert_str_eq(itl_digest_word(number), word);                                               \
    ck_assert_uint_eq(itl_digest_octets(number), octets);
    ITL_DIGEST_TABLE(X)
#undef X
#define X(number, octets)                                                                          \
    ck_assert_uint_eq(itl_modulus_octets(number), octets);                                         \
    ck_assert_int_eq(itl_modulus_index(octets), number);
    ITL_MODULUS_TABLE(X)
#undef X
    ck_assert_ptr_null(itl_digest_openssl(0));
    ck_assert_uint_eq(itl_digest_octets(4), 0);
    ck_assert_str_eq(itl_digest_word(200), "unknown");
    ck_assert_uint_eq(itl_modulus_octets(4), 0);
    ck_assert_int_eq(itl_modulus_index(384), -1);
}
END_TEST

TEST_MAIN("itl names", roles, roles_that_users_write, tags, algorithms)
