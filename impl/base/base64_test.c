/* Base64 in every shape of protocol/est.md 1.7, both directions. */
#include "base/base64.h"
#include "base/test.h"

#include <string.h>

static struct buf decoded(const char *text, struct b64_shape *shape, struct err *e, int *result) {
    struct buf out = BUF_INIT(4096);
    *result = b64_decode_any(bytes_of_str(text), &out, shape, e);
    return out;
}

START_TEST(rfc4648_vectors_both_ways) {
    static const char *const plain[] = {"f", "fo", "foo", "foob", "fooba", "foobar"};
    static const char *const coded[] = {"Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (size_t i = 0; i < 6; i++) {
        struct err e;
        AUTO_BUF out = BUF_INIT(64);
        AUTO_BUF back = BUF_INIT(64);
        ck_assert_int_eq(b64_encode(bytes_of_str(plain[i]), B64_ONE_LINE, &out), 0);
        ck_assert_str_eq(buf_str(&out), coded[i]);
        ck_assert_ok(b64_decode(buf_view(&out), &back, &e), e);
        ck_assert_str_eq(buf_str(&back), plain[i]);
    }
}
END_TEST

START_TEST(wrapped_forms_have_64_columns_and_end_with_a_line_end) {
    char block[60];
    memset(block, 'a', sizeof block);
    AUTO_BUF lf = BUF_INIT(256);
    AUTO_BUF crlf = BUF_INIT(256);
    b64_encode(bytes_of(block, sizeof block), B64_WRAP_64_LF, &lf);
    b64_encode(bytes_of(block, sizeof block), B64_WRAP_64_CRLF, &crlf);
    ck_assert_uint_eq(lf.len, 82);
    ck_assert_int_eq(lf.data[64], '\n');
    ck_assert_int_eq(lf.data[81], '\n');
    ck_assert_uint_eq(crlf.len, 84);
    ck_assert_mem_eq(crlf.data + 64, "\r\n", 2);
}
END_TEST

START_TEST(exact_multiples_of_a_line_have_no_empty_line) {
    char block[48];
    memset(block, 'a', sizeof block);
    AUTO_BUF out = BUF_INIT(256);
    b64_encode(bytes_of(block, sizeof block), B64_WRAP_64_LF, &out);
    ck_assert_uint_eq(out.len, 65);
}
END_TEST

START_TEST(every_shape_decodes_and_is_recognised) {
    static const struct {
        const char *text;
        bool armour, wrapped;
    } cases[] = {
        {"Zm9vYmFy", false, false},
        {"Zm9vYmFy\n", false, false},
        {"Zm9v\nYmFy\n", false, true},
        {"Zm9v\r\nYmFy\r\n", false, true},
        {" Zm9v\tYmFy ", false, false},
        {"-----BEGIN CERTIFICATE REQUEST-----\nZm9v\nYmFy\n-----END CERTIFICATE REQUEST-----\n",
         true, true},
        {"-----BEGIN NEW CERTIFICATE REQUEST-----Zm9vYmFy-----END NEW CERTIFICATE REQUEST-----",
         true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err e;
        struct b64_shape shape;
        int result;
        AUTO_BUF out = decoded(cases[i].text, &shape, &e, &result);
        ck_assert_msg(result == 0, "case %zu: %s", i, e.text);
        ck_assert_str_eq(buf_str(&out), "foobar");
        ck_assert(!shape.der);
        ck_assert_int_eq(shape.armour, cases[i].armour);
        ck_assert_int_eq(shape.wrapped, cases[i].wrapped);
    }
}
END_TEST

START_TEST(der_passes_through) {
    static const uint8_t der[] = {0x30, 0x82, 0x00, 0x01, 0x00};
    struct b64_shape shape;
    struct err e;
    AUTO_BUF out = BUF_INIT(64);
    ck_assert_ok(b64_decode_any(bytes_of(der, sizeof der), &out, &shape, &e), e);
    ck_assert(shape.der);
    ck_assert_mem_eq(out.data, der, sizeof der);
}
END_TEST

START_TEST(a_trailing_nul_is_tolerated) {
    struct err e;
    AUTO_BUF out = BUF_INIT(64);
    ck_assert_ok(b64_decode_any(bytes_of("Zm9v\0", 5), &out, NULL, &e), e);
    ck_assert_str_eq(buf_str(&out), "foo");
}
END_TEST

START_TEST(damage_is_refused) {
    static const char *const broken[] = {
        "",
        "   \r\n",
        "Zm9v!",
        "Z",
        "Zm9vY",
        "Zg==Zg==",
        "Zg=",
        "Zm9v=",
        "====",
        "<HTML>",
        "-----BEGIN X-----\nZm9v\n",
        "-----BEGIN X",
        "-----BEGIN X----------END X-----",
        "Zm9v\x80",
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct err e = {0};
        int result;
        AUTO_BUF out = decoded(broken[i], NULL, &e, &result);
        ck_assert_msg(result == -1, "case %zu was accepted as '%s'", i, buf_str(&out));
        ck_assert_err(e, B64_PARSE);
    }
}
END_TEST

START_TEST(the_bound_of_the_output_holds) {
    struct err e;
    AUTO_BUF out = BUF_INIT(4);
    ck_assert_int_eq(b64_decode(bytes_of_str("Zm9vYmFy"), &out, &e), -1);
    ck_assert_err(e, SYS_LIMIT);
}
END_TEST

START_TEST(armour_round_trips) {
    struct err e;
    AUTO_BUF pem = BUF_INIT(256);
    AUTO_BUF back = BUF_INIT(256);
    ck_assert_int_eq(b64_armour(bytes_of_str("foobar"), "CERTIFICATE", B64_WRAP_64_CRLF, &pem), 0);
    ck_assert_str_eq(buf_str(&pem),
                     "-----BEGIN CERTIFICATE-----\r\nZm9vYmFy\r\n-----END CERTIFICATE-----\r\n");
    ck_assert_ok(b64_decode_any(buf_view(&pem), &back, NULL, &e), e);
    ck_assert_str_eq(buf_str(&back), "foobar");
}
END_TEST

TEST_MAIN("base64", rfc4648_vectors_both_ways,
          wrapped_forms_have_64_columns_and_end_with_a_line_end,
          exact_multiples_of_a_line_have_no_empty_line, every_shape_decodes_and_is_recognised,
          der_passes_through, a_trailing_nul_is_tolerated, damage_is_refused,
          the_bound_of_the_output_holds, armour_round_trips)
