/* The page: escaping, the actors' places, the chart of a small scenario, hostile events. */
#include "scenarios/runner/html.h"

#include "base/file.h"
#include "base/owned.h"
#include "base/test.h"
#include "scenarios/runner/html_chart.h"

#include <fcntl.h>
#include <ftw.h>
#include <string.h>

static void check_escape(struct bytes text, size_t max, const char *expected) {
    struct page p;
    page_begin(&p, -1);
    page_escape(&p, text, max);
    ck_assert_int_eq(page_end(&p), 0);
    ck_assert_str_eq(buf_str(&p.out), expected);
    page_free(&p);
}

#define REPLACED "\xef\xbf\xbd"

START_TEST(every_text_is_escaped) {
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"", ""},
        {"<script>&'\"", "&lt;script&gt;&amp;&#39;&quot;"},
        {"&amp;", "&amp;amp;"},
        {"caf\xc3\xa9 漢字 \xf0\x9f\x98\x80", "caf\xc3\xa9 漢字 \xf0\x9f\x98\x80"},
        {"a\nb\tc", "a\nb\tc"},
        {"\x01\x1b[1m\x7f", REPLACED REPLACED "[1m" REPLACED},
        {"\xc2\x85", REPLACED},                       /* a C1 control */
        {"a\xe2\x80\xae", "a" REPLACED},              /* right-to-left override */
        {"\xe2\x81\xa6", REPLACED},                   /* left-to-right isolate */
        {"\xef\xbf\xbf", REPLACED},                   /* no character */
        {"\xc0\xbc", REPLACED REPLACED},              /* an overlong '<' */
        {"\xe2\x82", REPLACED REPLACED},              /* cut */
        {"\xed\xa0\x80", REPLACED REPLACED REPLACED}, /* a surrogate */
        {"\xf4\x90\x80\x80", REPLACED REPLACED REPLACED REPLACED},
        {"\xff<", REPLACED "&lt;"},
        {"\xe2<b", REPLACED "&lt;b"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_escape(bytes_of_str(rows[i].text), 0, rows[i].expected);
    check_escape(bytes_of("a\0b", 3), 0, "a" REPLACED "b");
}
END_TEST

START_TEST(a_long_text_is_cut_between_characters) {
    check_escape(bytes_of_str("abcdef"), 6, "abcdef");
    check_escape(bytes_of_str("abcdefg"), 6, "abcde…");
    check_escape(bytes_of_str("<<<<<<<"), 4, "&lt;&lt;&lt;…");
    check_escape(bytes_of_str("漢字漢字"), 8, "漢字漢字");
    check_escape(bytes_of_str("漢字漢字"), 6, "漢字…");
    check_escape(bytes_of_str("äöüäöü"), 6, "äöüäöü");
    ck_assert_uint_eq(text_columns(bytes_of_str("aä漢")), 4);
}
END_TEST

START_TEST(a_page_goes_to_its_file_in_parts) {
    char path[] = "/tmp/capflab-page-XXXXXX";
    AUTO_FD fd = mkstemp(path);
    AUTO_BUF text = BUF_INIT(16 * 1024 * 1024);
    struct err e = {0};
    struct page p;
    page_begin(&p, fd);
    for (int i = 0; i < 100000; i++) {
        page_str(&p, "<0123456789012345678901234567890123456789>\n");
        ck_assert_uint_lt(p.out.len, 128 * 1024);
    }
    ck_assert_int_eq(page_end(&p), 0);
    page_free(&p);
    ck_assert_ok(file_read(path, &text, &e), e);
    ck_assert_uint_eq(text.len, 100000 * (40 + 8 + 1));
    unlink(path);
}
END_TEST

START_TEST(a_page_that_cannot_be_written_is_told) {
    struct err e = {0};
    json_t *none = json_array();
    ck_assert_int_eq(report_html("/nowhere/page.html", none, &e), -1);
    ck_assert_err(e, SYS_IO);
    json_decref(none);
    AUTO_FD full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    struct page p;
    page_begin(&p, full);
    page_put(&p, "text");
    ck_assert_int_eq(page_end(&p), -1);
    page_free(&p);
}
END_TEST

static void check_actors(const char *const *names, size_t count, const char *expected) {
    struct html_event items[64] = {0};
    struct html_events events = {.items = items, .count = count, .total = count};
    struct html_actors actors;
    AUTO_BUF out = BUF_INIT(4096);
    for (size_t i = 0; i < count; i++)
        items[i] = (struct html_event){.from = (char *)names[i],
                                       .to = (char *)names[i],
                                       .what = (char *)"w",
                                       .detail = (char *)""};
    html_actors_of(&events, &actors);
    buf_put_str(&out, "");
    for (size_t i = 0; i < actors.count; i++)
        buf_printf(&out, "%s%s:%u", i == 0 ? "" : " ", actors.items[i].name,
                   actors.items[i].colour);
    ck_assert_str_eq(buf_str(&out), expected);
}

START_TEST(actors_stand_in_the_order_of_their_calls) {
    static const char *const names[] = {"lab", "certsrv", "SEP2", "wire-x", "capf", "client",
                                        "ra",  "SEP1",    "dns",  "SEP2",   "ntp"};
    check_actors(names, sizeof names / sizeof names[0],
                 "SEP2:0 SEP1:1 capf:3 ra:4 certsrv:5 dns:6 ntp:7 wire-x:8 client:9");
    check_actors(names, 1, "");
}
END_TEST

START_TEST(too_many_actors_share_a_line) {
    char names[60][12];
    const char *pointers[61];
    for (size_t i = 0; i < 60; i++) {
        snprintf(names[i], sizeof names[i], "%s%zu", i < 14 ? "SEP" : "x", i);
        pointers[i] = names[i];
    }
    pointers[60] = "certsrv";
    check_actors(pointers, 61,
                 "SEP0:0 SEP1:1 SEP2:2 SEP3:0 SEP4:1 SEP5:2 SEP6:0 SEP7:1 SEP8:2 SEP9:0 SEP10:1 "
                 "SEP11:2 others:9 certsrv:5 x14:9 x15:9 x16:9 x17:9 x18:9 x19:9");
}
END_TEST

static void chart_of(const char *dir, struct page *p) {
    struct html_events events;
    struct err e = {0};
    AUTO(char) path = path_join(TESTDATA "/html", "%s/events.ndjson", dir);
    ck_assert_ok(html_events_read(path, HTML_TIMELINE_MAX, &events, &e), e);
    page_begin(p, -1);
    html_chart(p, &events);
    html_timeline(p, &events);
    ck_assert_int_eq(page_end(p), 0);
    html_events_free(&events);
}

/* The expected fragment was looked at in a browser. */
START_TEST(a_small_scenario_gives_this_chart) {
    struct err e = {0};
    AUTO_BUF expected = BUF_INIT(64 * 1024);
    struct page p;
    ck_assert_ok(file_read(TESTDATA "/html/small/chart.html", &expected, &e), e);
    chart_of("small", &p);
    ck_assert_str_eq(buf_str(&p.out), buf_str(&expected));
    page_free(&p);
}
END_TEST

START_TEST(hostile_events_stay_text) {
    struct page p;
    chart_of("hostile", &p);
    const char *text = buf_str(&p.out);
    ck_assert_ptr_null(strstr(text, "<script"));
    ck_assert_ptr_null(strstr(text, "onload='"));
    ck_assert_ptr_null(strstr(text, "\xe2\x80\xae"));
    ck_assert_ptr_nonnull(strstr(text, "&lt;/title&gt;&lt;/svg&gt;&lt;script&gt;alert(1)"));
    ck_assert_uint_lt(p.out.len, 32 * 1024);
    page_free(&p);
}
END_TEST

START_TEST(lines_that_are_no_events_are_counted) {
    struct html_events events;
    struct err e = {0};
    const char *path = TESTDATA "/html/hostile/events.ndjson";
    ck_assert_ok(html_events_read(path, HTML_TIMELINE_MAX, &events, &e), e);
    ck_assert_uint_eq(events.total, 3);
    ck_assert_uint_eq(events.unreadable, 7);
    html_events_free(&events);
    ck_assert_ok(html_events_read(path, 2, &events, &e), e);
    ck_assert_uint_eq(events.count, 2);
    ck_assert_uint_eq(events.total, 3);
    html_events_free(&events);
    ck_assert_int_eq(html_events_read(TESTDATA "/html/none", 2, &events, &e), -1);
    ck_assert_err(e, SYS_IO);
    html_events_free(&events);
}
END_TEST

/* The page of one result, read back. */
static void page_of(json_t *result, struct buf *out) {
    char path[] = "/tmp/capflab-html-XXXXXX";
    struct err e = {0};
    int fd = mkstemp(path);
    json_t *results = json_pack("[o]", result);
    close(fd);
    ck_assert_ok(report_html(path, results, &e), e);
    ck_assert_ok(file_read(path, out, &e), e);
    json_decref(results);
    unlink(path);
}

static json_t *result_in(const char *dir, const char *word) {
    return json_pack("{s:s, s:s, s:s, s:s, s:f, s:[{s:s, s:s}], s:s}", "name", "a/<b>", "title",
                     "T & U", "folder", dir, "result", word, "seconds", 1.25, "failures", "step",
                     "1. <step>", "text", "wrong", "again", "capflab-run '<x>'");
}

START_TEST(a_failed_scenario_is_open_with_its_evidence) {
    AUTO_BUF page = BUF_INIT(1024 * 1024);
    json_t *result = result_in(TESTDATA "/html/small", "failed");
    json_object_set_new(result, "diagnosis",
                        json_pack("[{s:s, s:{s:s, s:i, s:s}}]", "cause", "<c>", "evidence", "file",
                                  "ra.log", "line", 7, "text", "refused"));
    page_of(result, &page);
    static const char *const wanted[] = {
        "<title>capflab: 0 passed, 1 failed</title>",
        "<details class=\"scenario\" open>",
        "<span class=\"verdict failed\">failed</span>",
        "<span class=\"dim\">a/</span>&lt;b&gt;",
        "T &amp; U",
        "1. &lt;step&gt;: wrong",
        "<code class=\"again\">capflab-run &#39;&lt;x&gt;&#39;</code>",
        "<dd>&lt;c&gt;</dd>",
        "ra.log:7</span><code class=\"line\">refused</code>",
        "<svg class=\"rows\"",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        ck_assert_msg(strstr(buf_str(&page), wanted[i]) != NULL, "no %s", wanted[i]);
    ck_assert_ptr_null(strstr(buf_str(&page), "http"));
    ck_assert_ptr_null(strstr(buf_str(&page), "src="));
}
END_TEST

START_TEST(no_password_is_shown) {
    AUTO_BUF page = BUF_INIT(1024 * 1024);
    page_of(result_in(TESTDATA "/html/small", "ok"), &page);
    ck_assert_ptr_nonnull(strstr(buf_str(&page), "  password: <i>not shown</i>\n  port: 8084\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&page), "- string: <i>not shown</i>\n</pre>"));
    ck_assert_ptr_null(strstr(buf_str(&page), "and-more"));
    ck_assert_ptr_null(strstr(buf_str(&page), "12345"));
}
END_TEST

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *ftw) {
    (void)status;
    (void)kind;
    (void)ftw;
    return remove(path);
}

START_TEST(thousands_of_events_are_cut_with_a_note) {
    char dir[] = "/tmp/capflab-many-XXXXXX";
    AUTO_BUF events = BUF_INIT(1024 * 1024);
    AUTO_BUF page = BUF_INIT(4 * 1024 * 1024);
    struct err e = {0};
    ck_assert_ptr_nonnull(mkdtemp(dir));
    AUTO(char) path = path_join(dir, "events.ndjson");
    for (int i = 0; i < 5000; i++)
        buf_printf(&events, "{\"mono\":%d,\"from\":\"a%d\",\"to\":\"capf\",\"what\":\"w\"}\n", i,
                   i);
    ck_assert_ok(file_write(path, buf_view(&events), 0644, &e), e);
    page_of(result_in(dir, "ok"), &page);
    ck_assert_ptr_nonnull(strstr(buf_str(&page), "The first 400 of 5000 events are shown"));
    ck_assert_ptr_nonnull(strstr(buf_str(&page), "The first 1000 of 5000 events are shown"));
    ck_assert_uint_lt(page.len, 512 * 1024);
    nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}
END_TEST

TEST_MAIN("html", every_text_is_escaped, a_long_text_is_cut_between_characters,
          a_page_goes_to_its_file_in_parts, a_page_that_cannot_be_written_is_told,
          actors_stand_in_the_order_of_their_calls, too_many_actors_share_a_line,
          a_small_scenario_gives_this_chart, hostile_events_stay_text,
          lines_that_are_no_events_are_counted, a_failed_scenario_is_open_with_its_evidence,
          no_password_is_shown, thousands_of_events_are_cut_with_a_note)
