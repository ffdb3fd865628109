/* Patterns on lines, and lists of patterns on logs. */
#include "base/owned.h"
#include "base/test.h"
#include "scenarios/runner/pattern.h"

#include <stdint.h>
#include <string.h>

static const char *const both[] = {"SEP1", "SEP22"};
static const struct phone_names phones = {both, 2};

static bool matches(const char *pattern, const char *line) {
    return pattern_matches(pattern, &phones, bytes_of_str(line));
}

START_TEST(a_pattern_is_a_part_of_the_line) {
    ck_assert(matches("rv = 0", "Enrollment rv = 0 (EST_ERR_NONE)"));
    ck_assert(!matches("rv = 1", "Enrollment rv = 0 (EST_ERR_NONE)"));
    ck_assert(matches("x", "x"));
    ck_assert(!matches("x", ""));
    ck_assert(!matches("longer than the line", "longer"));
    ck_assert(matches("a{b", "a{b"));
}
END_TEST

START_TEST(placeholders_stand_for_what_they_say) {
    ck_assert(matches("length = {number}{end}", "length = 1963"));
    ck_assert(!matches("length = {number}{end}", "length = 19x"));
    ck_assert(!matches("length = {number}", "length = "));
    ck_assert(matches("{start}{date} {time} GET", "2026-11-21 10:00:00 GET /"));
    ck_assert(!matches("{start}{date}", " 2026-11-21"));
    ck_assert(!matches("{date}", "2026-11-2x"));
    ck_assert(matches("from {any}to", "from here to there"));
    ck_assert(matches("from {any}to", "from to"));
    ck_assert(matches(":{phone}:", "2:SEP22:Sending"));
    ck_assert(!matches(":{phone}:", "2:SEP2:Sending"));
    ck_assert(matches("{number}0{end}", "1000"));
}
END_TEST

START_TEST(lines_end_with_lf_or_crlf) {
    struct lines l = lines_of(bytes_of_str("one\r\ntwo\n\nlast"));
    ck_assert_uint_eq(l.count, 4);
    ck_assert_uint_eq(l.items[0].len, 3);
    ck_assert_uint_eq(l.items[2].len, 0);
    ck_assert(bytes_equal(l.items[3], bytes_of_str("last")));
    lines_free(&l);
    l = lines_of(bytes_of(NULL, 0));
    ck_assert_uint_eq(l.count, 0);
    lines_free(&l);
}
END_TEST

/* A list of texts; a group for each phone behind them when given. */
struct list_of {
    struct pattern texts[4];
    struct pattern group[4];
    struct pattern_list list;
};

static struct pattern_list *list_of(struct list_of *l, const char *const *texts,
                                    const char *const *group) {
    *l = (struct list_of){0};
    size_t n = 0;
    for (; texts[n] != NULL; n++)
        l->texts[n].text = texts[n];
    if (group != NULL) {
        l->texts[n].each = l->group;
        for (; group[l->texts[n].each_count] != NULL; l->texts[n].each_count++)
            l->group[l->texts[n].each_count].text = group[l->texts[n].each_count];
        n++;
    }
    l->list = (struct pattern_list){.items = l->texts, .count = n, .given = true};
    return &l->list;
}

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct pattern_miss in_order(struct list_of *l, const char *const *texts,
                                    const char *const *group, const char *log) {
    struct lines lines = lines_of(bytes_of_str(log));
    struct pattern_miss miss = patterns_in_order(list_of(l, texts, group), &phones, &lines);
    lines_free(&lines);
    return miss;
}

START_TEST(order_counts) {
    struct list_of l;
    ck_assert_ptr_null(in_order(&l, TEXTS("a", "b"), NULL, "a\nx\nb\n").pattern);
    struct pattern_miss miss = in_order(&l, TEXTS("b", "a"), NULL, "a\nx\nb\n");
    ck_assert_str_eq(miss.pattern->text, "a");
    ck_assert_uint_eq(miss.after, 3);
    ck_assert_uint_eq(miss.earlier, 0);
    miss = in_order(&l, TEXTS("a", "c"), NULL, "a\nx\nb\n");
    ck_assert_uint_eq(miss.after, 1);
    ck_assert_uint_eq(miss.earlier, SIZE_MAX);
}
END_TEST

START_TEST(each_pattern_takes_a_line_of_its_own) {
    struct list_of l;
    ck_assert_ptr_null(in_order(&l, TEXTS("a", "a"), NULL, "a\na\n").pattern);
    ck_assert_ptr_nonnull(in_order(&l, TEXTS("a", "a"), NULL, "aa\n").pattern);
}
END_TEST

START_TEST(groups_go_through_the_phones) {
    struct list_of l;
    static const char good[] = "start\nSEP1 on\nSEP1 off\nSEP22 on\nSEP22 off\n";
    ck_assert_ptr_null(
        in_order(&l, TEXTS("start"), TEXTS("{phone} on", "{phone} off"), good).pattern);
    struct pattern_miss miss = in_order(&l, TEXTS("start"), TEXTS("{phone} on", "{phone} off"),
                                        "start\nSEP1 on\nSEP22 on\nSEP1 off\n");
    ck_assert_str_eq(miss.phone, "SEP22");
    ck_assert_str_eq(miss.pattern->text, "{phone} on");
    ck_assert_uint_eq(miss.earlier, 2);
}
END_TEST

static struct pattern_miss exactly(struct list_of *l, const char *const *texts,
                                   const char *const *group, const char *log) {
    struct lines lines = lines_of(bytes_of_str(log));
    struct pattern_miss miss = patterns_exactly(list_of(l, texts, group), &phones, &lines);
    lines_free(&lines);
    return miss;
}

START_TEST(exactly_leaves_nothing_over) {
    struct list_of l;
    ck_assert_ptr_null(exactly(&l, TEXTS("a"), TEXTS("{phone}"), "a\nSEP1\nSEP22\n").pattern);
    ck_assert_uint_eq(exactly(&l, TEXTS("a"), TEXTS("{phone}"), "a\nSEP1\n").after, 2);
    struct pattern_miss miss = exactly(&l, TEXTS("a", "b"), NULL, "a\nb\nc\n");
    ck_assert_ptr_nonnull(miss.pattern);
    ck_assert_uint_eq(miss.after, 2);
    miss = exactly(&l, TEXTS("a", "b"), NULL, "a\nx\nb\n");
    ck_assert_str_eq(miss.pattern->text, "b");
    ck_assert_uint_eq(miss.after, 1);
}
END_TEST

START_TEST(absent_patterns_are_found_when_present) {
    struct list_of l;
    struct lines lines = lines_of(bytes_of_str("a\nsecret\n"));
    ck_assert_ptr_null(patterns_absent(list_of(&l, TEXTS("b"), NULL), &phones, &lines).pattern);
    struct pattern_miss miss =
        patterns_absent(list_of(&l, TEXTS("b", "sec"), NULL), &phones, &lines);
    ck_assert_str_eq(miss.pattern->text, "sec");
    ck_assert_uint_eq(miss.after, 1);
    lines_free(&lines);
}
END_TEST

TEST_MAIN("patterns", a_pattern_is_a_part_of_the_line, placeholders_stand_for_what_they_say,
          lines_end_with_lf_or_crlf, order_counts, each_pattern_takes_a_line_of_its_own,
          groups_go_through_the_phones, exactly_leaves_nothing_over,
          absent_patterns_are_found_when_present)
