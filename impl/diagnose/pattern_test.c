/* The pattern language: what matches, what is captured, what is no pattern. */
#include "base/test.h"
#include "diagnose/pattern.h"
#include <string.h>

static bool matches(const char *text, const char *line, struct pattern_match *m) {
    struct err e = {0};
    char lower[4096];
    struct pattern *p = pattern_new(text, &e);
    ck_assert_msg(p != NULL, "%s: %s", text, e.text);
    struct pattern_line ready;
    pattern_line_init(&ready, bytes_of_str(line), lower);
    bool found = pattern_matches(p, &ready, m);
    pattern_free(p);
    return found;
}

static const struct {
    const char *pattern, *line;
    bool found;
} samples[] = {
    {"LSC: Connection failed", "x - LSC: Connection Failed", true},
    {"a b", "a   b", true},
    {"a b", "ab", false},
    {"^begin", "not begin", false},
    {"^begin", "begin and", true},
    {"end$", "the end", true},
    {"end$", "the end.", false},
    {"rv = {number} (", "rv = 35 (X)", true},
    {"rv = {number} (", "rv = x (X)", false},
    {"rv = {number} (", "rv =  (X)", false},
    {"[warn] {any} failed", "[warn] f: it failed", true},
    {"[warn] {any} failed", "[warn] failed", false},
    {"x {word} y", "x a b y", false},
    {"x {word} y", "x x a y", true},
    {"{{x}", "a {x} b", true},
    {"status 5", " status 200", false},
    {"", "", false},
};

START_TEST(lines_match_or_not) {
    struct pattern_match m;
    size_t n = sizeof samples / sizeof samples[0] - 1;
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(matches(samples[i].pattern, samples[i].line, &m) == samples[i].found,
                      "%s on %s", samples[i].pattern, samples[i].line);
}
END_TEST

static void check_capture(struct bytes got, const char *expected) {
    ck_assert_msg(bytes_equal(got, bytes_of_str(expected)), "%.*s", (int)got.len,
                  (const char *)got.data);
}

START_TEST(captures_keep_the_case_of_the_line) {
    struct pattern_match m;
    ck_assert(
        matches("name '{cn:any}' of {host}:{port:number}/", "Name 'LAB DC' of Lab-DC.x:443/c", &m));
    check_capture(m.captures[0], "LAB DC");
    check_capture(m.captures[1], "Lab-DC.x");
    check_capture(m.captures[2], "443");
}
END_TEST

START_TEST(the_last_capture_takes_the_rest) {
    struct pattern_match m;
    ck_assert(matches("failed: {text:any}", "it failed: no room (really)", &m));
    check_capture(m.captures[0], "no room (really)");
}
END_TEST

START_TEST(what_is_no_pattern_is_refused) {
    static const char *const bad[] = {"a {b", "a {b:c}", "{any}", "", "^$", "{:any} a"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err e = {0};
        ck_assert_ptr_null(pattern_new(bad[i], &e));
        ck_assert_err(e, CONFIG_BAD_VALUE);
    }
}
END_TEST

/* Each {any} doubles the ways; without a budget this would take longer than anybody waits. */
START_TEST(a_greedy_line_ends_in_time) {
    static char line[4096];
    struct pattern_match m;
    memset(line, 'a', sizeof line - 1);
    ck_assert(!matches("a{any}a{any}a{any}a{any}a{any}a{any}a{any}ab", line, &m));
    line[sizeof line - 2] = 'b';
    (void)matches("a{any}a{any}a{any}a{any}a{any}a{any}c{any}b", line, &m);
}
END_TEST

TEST_MAIN("diagnose patterns", lines_match_or_not, captures_keep_the_case_of_the_line,
          the_last_capture_takes_the_rest, what_is_no_pattern_is_refused,
          a_greedy_line_ends_in_time)
