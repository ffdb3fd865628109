/* Bounded buffers and the cursor. */
#include "base/bytes.h"
#include "base/test.h"

#include <string.h>

START_TEST(buffers_grow_up_to_their_maximum_only) {
    AUTO_BUF b = BUF_INIT(100);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(buf_put_u8(&b, (uint8_t)i), 0);
    ck_assert_int_eq(buf_put_u8(&b, 1), -1);
    ck_assert_uint_eq(b.len, 100);
    ck_assert(b.failed);
}
END_TEST

START_TEST(a_failed_buffer_stays_failed_until_reset) {
    AUTO_BUF b = BUF_INIT(3);
    ck_assert_int_eq(buf_put_str(&b, "four"), -1);
    ck_assert_int_eq(buf_put_str(&b, "a"), -1);
    ck_assert_uint_eq(b.len, 0);
    buf_reset(&b);
    ck_assert_int_eq(buf_put_str(&b, "abc"), 0);
    ck_assert_str_eq(buf_str(&b), "abc");
}
END_TEST

START_TEST(formatting_respects_the_bound) {
    AUTO_BUF b = BUF_INIT(5);
    ck_assert_int_eq(buf_printf(&b, "%d-%d", 12, 34), 0);
    ck_assert_int_eq(buf_printf(&b, "%d", 5), -1);
    ck_assert_str_eq(buf_str(&b), "12-34");
}
END_TEST

START_TEST(numbers_are_big_endian) {
    AUTO_BUF b = BUF_INIT(16);
    buf_put_u16(&b, 0x0102);
    buf_put_u32(&b, 0x03040506);
    ck_assert_mem_eq(b.data, "\1\2\3\4\5\6", 6);
}
END_TEST

START_TEST(the_front_can_be_dropped) {
    AUTO_BUF b = BUF_INIT(16);
    buf_put_str(&b, "abcdef");
    buf_drop_front(&b, 2);
    ck_assert_str_eq(buf_str(&b), "cdef");
    buf_drop_front(&b, 99);
    ck_assert_uint_eq(b.len, 0);
}
END_TEST

START_TEST(the_text_can_be_taken) {
    AUTO_BUF b = BUF_INIT(16);
    char *empty = buf_take_str(&b);
    ck_assert_str_eq(empty, "");
    free(empty);
    buf_put_str(&b, "abc");
    char *text = buf_take_str(&b);
    ck_assert_str_eq(text, "abc");
    ck_assert_ptr_null(b.data);
    free(text);
}
END_TEST

START_TEST(cursor_reads_do_not_pass_the_end) {
    struct cursor c = cursor_of(bytes_of("\1\2\3\4\5\6\7", 7));
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    struct bytes rest;
    ck_assert(cursor_u8(&c, &u8) && u8 == 1);
    ck_assert(cursor_u16(&c, &u16) && u16 == 0x0203);
    ck_assert(cursor_u32(&c, &u32) && u32 == 0x04050607);
    ck_assert(!cursor_u8(&c, &u8));
    ck_assert(!cursor_bytes(&c, 1, &rest));
    ck_assert(cursor_bytes(&c, 0, &rest));
    ck_assert(!cursor_bytes(&c, SIZE_MAX, &rest));
}
END_TEST

START_TEST(a_read_that_does_not_fit_moves_nothing) {
    struct cursor c = cursor_of(bytes_of("\1\2\3", 3));
    uint32_t u32;
    uint16_t u16;
    ck_assert(!cursor_u32(&c, &u32));
    ck_assert(!cursor_u32le(&c, &u32));
    ck_assert(cursor_u16le(&c, &u16) && u16 == 0x0201);
    ck_assert_uint_eq(cursor_left(&c), 1);
}
END_TEST

START_TEST(an_empty_view_is_empty) {
    struct cursor c = cursor_of(bytes_of_str(NULL));
    uint8_t u8;
    ck_assert_uint_eq(cursor_left(&c), 0);
    ck_assert(!cursor_u8(&c, &u8));
    ck_assert(bytes_equal(bytes_of_str(""), bytes_of_str(NULL)));
}
END_TEST

START_TEST(comparison_looks_at_length_and_content) {
    ck_assert(bytes_equal(bytes_of_str("ab"), bytes_of_str("ab")));
    ck_assert(!bytes_equal(bytes_of_str("ab"), bytes_of_str("ac")));
    ck_assert(!bytes_equal_constant_time(bytes_of_str("ab"), bytes_of_str("abc")));
    ck_assert(bytes_equal_constant_time(bytes_of_str("ab"), bytes_of_str("ab")));
}
END_TEST

START_TEST(hex_with_and_without_separator) {
    char *plain = hex_encode(bytes_of("\x00\xaf\x10", 3), 0);
    char *colons = hex_encode(bytes_of("\x00\xaf\x10", 3), ':');
    ck_assert_str_eq(plain, "00af10");
    ck_assert_str_eq(colons, "00:af:10");
    free(plain);
    free(colons);
}
END_TEST

TEST_MAIN("bytes", buffers_grow_up_to_their_maximum_only, a_failed_buffer_stays_failed_until_reset,
          formatting_respects_the_bound, numbers_are_big_endian, the_front_can_be_dropped,
          the_text_can_be_taken, cursor_reads_do_not_pass_the_end,
          a_read_that_does_not_fit_moves_nothing, an_empty_view_is_empty,
          comparison_looks_at_length_and_content, hex_with_and_without_separator)
