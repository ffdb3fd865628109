/* The reports: lines, counts, JUnit, JSON, from results as run_scenario makes them. */
#include "base/file.h"
#include "base/owned.h"
#include "base/test.h"
#include "scenarios/runner/report.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <string.h>

static json_t *three_results(void) {
    json_t *tail = json_pack("[s, s]", "line one", "line <two> & \x01 more");
    return json_pack("[{s:s,s:s,s:s,s:f,s:s,s:[]}, {s:s,s:s,s:s,s:f,s:s,s:[{s:s,s:s,s:s,s:s,s:o}]},"
                     " {s:s,s:s,s:[s,s],s:s,s:f,s:s,s:[{s:s,s:s}]}]",
                     "name", "healthy/one", "result", "ok", "file", "one.yaml", "seconds", 0.5,
                     "folder", "out/1", "failures", "name", "online-ca/two", "result", "failed",
                     "file", "two.yaml", "seconds", 1.25, "folder", "out/2", "failures", "step",
                     "then", "where", "two.yaml:7", "text", "expected \"a\", actual <b>", "log",
                     "out/2/logs/capf.log", "tail", tail, "name", "three", "result", "skipped",
                     "left-out", "device", "log capf", "file", "three.yaml", "seconds", 0.0,
                     "folder", "out/3", "failures", "step", "start ra", "text", "no NTLM");
}

static char *result_text(const json_t *result) {
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    report_result(to, result, 14, "capflab run x");
    fclose(to);
    return text;
}

START_TEST(lines_are_aligned_and_failures_have_evidence) {
    json_t *results = three_results();
    AUTO(char) ok = result_text(json_array_get(results, 0));
    ck_assert_str_eq(ok, "healthy/one     ok          0.5 s\n");
    AUTO(char) failed = result_text(json_array_get(results, 1));
    ck_assert_str_eq(failed, "online-ca/two   FAILED      1.2 s\n"
                             "  then, two.yaml:7: expected \"a\", actual <b>\n"
                             "    last lines of out/2/logs/capf.log:\n"
                             "        line one\n"
                             "        line <two> & \x01 more\n"
                             "  artifacts: out/2\n"
                             "  again: capflab run x\n");
    AUTO(char) skipped = result_text(json_array_get(results, 2));
    ck_assert_str_eq(skipped, "three           skipped     0.0 s\n  not judged: device, log capf\n"
                              "  start ra: no NTLM\n");
    json_decref(results);
}
END_TEST

START_TEST(the_last_line_counts) {
    json_t *results = three_results();
    struct tally t = tally_of(results);
    AUTO(char) text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    report_counts(to, &t);
    t.skipped = 0;
    report_counts(to, &t);
    fclose(to);
    ck_assert_str_eq(text, "1 passed, 1 failed, 1 skipped\n1 passed, 1 failed\n");
    json_decref(results);
}
END_TEST

START_TEST(a_tail_is_shown_once_and_many_failures_are_cut) {
    json_t *failures = json_array();
    for (int i = 0; i < 5; i++)
        json_array_append_new(failures, json_pack("{s:s, s:s, s:s, s:[s]}", "step", "then", "text",
                                                  "no", "log", "capf.log", "tail", "end"));
    AUTO(char) all = report_evidence(failures, 0);
    AUTO(char) some = report_evidence(failures, 2);
    const char *first = strstr(all, "last lines of");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(strstr(first + 1, "last lines of"));
    ck_assert_str_eq(some, "  then: no\n    last lines of capf.log:\n        end\n  then: no\n"
                           "  and 3 more in result.json\n");
    json_decref(failures);
}
END_TEST

/* The XPath's string or number as text. */
static void check_xpath(xmlDocPtr doc, const char *path, const char *expected) {
    xmlXPathContextPtr ctx = xmlXPathNewContext(doc);
    xmlXPathObjectPtr found = xmlXPathEvalExpression((const xmlChar *)path, ctx);
    ck_assert_ptr_nonnull(found);
    xmlChar *text = xmlXPathCastToString(found);
    ck_assert_str_eq((const char *)text, expected);
    xmlFree(text);
    xmlXPathFreeObject(found);
    xmlXPathFreeContext(ctx);
}

static void check_junit(const char *path) {
    xmlDocPtr doc = xmlReadFile(path, NULL, XML_PARSE_NONET);
    ck_assert_ptr_nonnull(doc);
    check_xpath(doc, "/testsuites/@tests", "3");
    check_xpath(doc, "/testsuites/@failures", "1");
    check_xpath(doc, "/testsuites/@skipped", "1");
    check_xpath(doc, "count(/testsuites/testsuite)", "3");
    check_xpath(doc, "//testsuite[@name='online-ca']/testcase/@name", "two");
    check_xpath(doc, "//testcase[@name='two']/failure/@message", "expected \"a\", actual <b>");
    check_xpath(doc, "contains(//testcase[@name='two']/failure, 'line <two> & ? more')", "true");
    check_xpath(doc, "count(//testcase[@name='one']/*)", "0");
    check_xpath(doc, "count(//testsuite[@name='scenarios']/testcase/skipped)", "1");
    check_xpath(doc, "//testcase[@name='three']/system-out", "not judged: device, log capf");
    xmlFreeDoc(doc);
    xmlCleanupParser();
}

START_TEST(junit_is_xml_with_the_evidence) {
    char path[] = "/tmp/capflab-junit-XXXXXX";
    int fd = mkstemp(path);
    struct err e = {0};
    json_t *results = three_results();
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_ok(report_junit(path, results, &e), e);
    check_junit(path);
    unlink(path);
    ck_assert_int_eq(report_junit("/nowhere/junit.xml", results, &e), -1);
    ck_assert_err(e, SYS_IO);
    json_decref(results);
}
END_TEST

START_TEST(json_has_counts_and_results) {
    char path[] = "/tmp/capflab-json-XXXXXX";
    int fd = mkstemp(path);
    struct err e = {0};
    json_t *results = three_results();
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_ok(report_json(path, results, &e), e);
    json_t *read = json_load_file(path, 0, NULL);
    ck_assert_int_eq(json_integer_value(json_object_get(read, "passed")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(read, "failed")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(read, "skipped")), 1);
    ck_assert_uint_eq(json_array_size(json_object_get(read, "scenarios")), 3);
    unlink(path);
    json_decref(read);
    json_decref(results);
}
END_TEST

TEST_MAIN("reports", lines_are_aligned_and_failures_have_evidence, the_last_line_counts,
          a_tail_is_shown_once_and_many_failures_are_cut, junit_is_xml_with_the_evidence,
          json_has_counts_and_results)
