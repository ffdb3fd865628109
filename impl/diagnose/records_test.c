/* The normaliser: wrapped, run together, marked up, cut anywhere, and hostile. */
#include "base/owned.h"
#include "base/test.h"
#include "diagnose/iis_fields.h"
#include "diagnose/records.h"
#include <string.h>

/* "source first-last text" of each record, one a line. */
static void describe(void *user, const struct record *record) {
    buf_printf(user, "%s %llu-%llu %.*s\n", source_word(record->source),
               (unsigned long long)record->first_line, (unsigned long long)record->last_line,
               (int)record->text.len, (const char *)record->text.data);
}

static void read_in_parts(struct bytes text, size_t part, struct buf *out) {
    struct records *r = records_new(describe, out);
    ck_assert_ptr_nonnull(r);
    for (size_t at = 0; at < text.len; at += part)
        records_feed(r, bytes_of(text.data + at, part < text.len - at ? part : text.len - at));
    records_end(r);
    records_free(r);
}

static const struct {
    const char *text, *records;
} samples[] = {
    {"nginx: [warn] a\nnginx: [error] b\n", "ra 1-1 nginx: [warn] a\nra 2-2 nginx: [error] b\n"},
    {"nginx: [warn] a\r\nb\r\n\r\nno log\r\n", "ra 1-2 nginx: [warn] a b\n"},
    {"nginx: [warn] a 12:31:03.354 | b ***EST [INFO][f:1]--> c",
     "ra 1-1 nginx: [warn] a\ncapf 1-1 12:31:03.354 | b\nest 1-1 ***EST [INFO][f:1]--> c\n"},
    {"nginx: [warn] https://lab-\ndc.x\n", "ra 1-2 nginx: [warn] https://lab-dc.x\n"},
    {"2019-01-16 14:05:02 GET /certsrv -\n401 1\n",
     "iis 1-2 2019-01-16 14:05:02 GET /certsrv - 401 1\n"},
    {"```\nnginx: [warn] a\n```\nmore\n", "ra 2-2 nginx: [warn] a\n"},
    {"- nginx: [warn] a\n> ***EST [INFO]b\n", "ra 1-1 nginx: [warn] a\nest 2-2 ***EST [INFO]b\n"},
    {"0482 ERR Mar 12 15:07:53.697 x\n++ prose\n", "phone 1-1 0482 ERR Mar 12 15:07:53.697 x\n"},
    {"nginx: [warn] a\n\xe8\xaf\x81 prose\nprose\n", "ra 1-1 nginx: [warn] a\n"},
    {"LSC: Failed\n10:21:07a No valid CAPF server\nthe LSC: Failed\n",
     "status 1-1 LSC: Failed\nstatus 2-3 10:21:07a No valid CAPF server the LSC: Failed\n"},
    {"nginx: [warn] a\x01\x1b[31m\xff\xc0\xaf\xed\xa0\x80z\n",
     "ra 1-1 nginx: [warn] a??[31m??????z\n"},
    {"nginx: [warn] \xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80 \xe6\x97z \xf4\x90\x80\x80\n",
     "ra 1-1 nginx: [warn] \xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80 ??z ????\n"},
    {"12:31:03.354 |-->a 12:31:03.355 \n| b\n",
     "capf 1-1 12:31:03.354 |-->a\ncapf 1-2 12:31:03.355 | b\n"},
    {"nginx: [warn] a nginx:\n[error] b 2019/03/05\n12:31:21 [info] c\n",
     "ra 1-1 nginx: [warn] a\nra 1-2 nginx: [error] b\nnginx 2-3 2019/03/05 12:31:21 [info] c\n"},
    {"2019-01-16 14:05:02 GET /a - 2019-01-16\n14:05:03 GET /b\n401 1\n",
     "iis 1-1 2019-01-16 14:05:02 GET /a -\niis 1-3 2019-01-16 14:05:03 GET /b 401 1\n"},
    {"12:31:03.354 |\n| b\n", "capf 1-2 12:31:03.354 | | b\n"},
    {"no log at all\n", ""},
    {"", ""},
};

START_TEST(records_come_out_whatever_the_parts) {
    static const size_t parts[] = {1, 7, 1000};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
            AUTO_BUF out = BUF_INIT(64 * 1024);
            buf_put_str(&out, "");
            read_in_parts(bytes_of_str(samples[i].text), parts[p], &out);
            ck_assert_str_eq(buf_str(&out), samples[i].records);
        }
}
END_TEST

START_TEST(utf16_reads_as_ascii) {
    static const char text[] = "\xff\xfen\0g\0i\0n\0x\0:\0 \0[\0w\0a\0r\0n\0]\0 \0a\0\n\0";
    AUTO_BUF out = BUF_INIT(1024);
    read_in_parts(bytes_of(text, sizeof text - 1), 3, &out);
    ck_assert_str_eq(buf_str(&out), "ra 1-1 nginx: [warn] a\n");
}
END_TEST

struct seen {
    size_t records;
    size_t longest;
    bool cut;
};

static void count(void *user, const struct record *record) {
    struct seen *seen = user;
    seen->records++;
    seen->cut = seen->cut || record->cut;
    seen->longest = record->text.len > seen->longest ? record->text.len : seen->longest;
}

static void feed_times(struct records *r, const char *text, size_t times) {
    for (size_t i = 0; i < times; i++)
        records_feed(r, bytes_of_str(text));
}

START_TEST(a_line_of_a_megabyte_is_cut_and_the_next_is_read) {
    struct seen seen = {0};
    struct records *r = records_new(count, &seen);
    feed_times(r, "nginx: [warn] ", 1);
    feed_times(r, "xxxxxxxxxxxxxxxx", 65536);
    feed_times(r, "\nnginx: [warn] next\n", 1);
    records_end(r);
    ck_assert_uint_eq(records_lines(r), 2);
    records_free(r);
    ck_assert_uint_eq(seen.records, 2);
    ck_assert_uint_eq(seen.longest, RECORD_TEXT_MAX);
    ck_assert(seen.cut);
}
END_TEST

/* Every start of a line that is a megabyte long is found, also across the reader's windows. */
START_TEST(a_megabyte_run_together_is_taken_apart) {
    struct seen seen = {0};
    struct records *r = records_new(count, &seen);
    feed_times(r, "12:31:03.354 |-->debug ", 50000);
    records_end(r);
    records_free(r);
    ck_assert_uint_eq(seen.records, 50000);
    ck_assert_uint_eq(seen.longest, strlen("12:31:03.354 |-->debug"));
}
END_TEST

START_TEST(blanks_and_nuls_without_end_give_nothing) {
    struct seen seen = {0};
    static const char nuls[1000] = {0};
    struct records *r = records_new(count, &seen);
    feed_times(r, "                                ", 10000);
    for (size_t i = 0; i < 1000; i++)
        records_feed(r, bytes_of(nuls, sizeof nuls));
    records_end(r);
    records_free(r);
    ck_assert_uint_eq(seen.records, 0);
}
END_TEST

START_TEST(iis_columns_follow_the_directive) {
    struct iis_fields f;
    AUTO_BUF out = BUF_INIT(1024);
    iis_fields_init(&f);
    iis_fields_put(&f,
                   bytes_of_str("2019-01-16 14:05:02 14.48.31.152 GET /certsrv - 443 M\\c 1.1.1.1 "
                                "CiscoRA+1.0 - 301 0 0 16"),
                   &out);
    ck_assert_str_eq(buf_str(&out),
                     "GET /certsrv - user M\\c agent CiscoRA+1.0 status 301 0 0 taken 16");
    buf_reset(&out);
    ck_assert(iis_fields_read(&f, bytes_of_str("#Fields: sc-status cs-method")));
    iis_fields_put(&f, bytes_of_str("404"), &out);
    ck_assert_str_eq(buf_str(&out), "- - - user - agent - status 404 - - taken -");
}
END_TEST

TEST_MAIN("diagnose records", records_come_out_whatever_the_parts, utf16_reads_as_ascii,
          a_line_of_a_megabyte_is_cut_and_the_next_is_read, a_megabyte_run_together_is_taken_apart,
          blanks_and_nuls_without_end_give_nothing, iis_columns_follow_the_directive)
