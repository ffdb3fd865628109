/* The rules on log extracts: testdata/expected.tsv says what each file must give. The seed1 and
 * seed2 files are the extracts of the documents as they stand there, wrapped and run together; the
 * folder rules holds one small extract for each rule. */
#include "base/bytes.h"
#include "base/file.h"
#include "base/owned.h"
#include "base/temporary_test.h"
#include "diagnose/diagnose.h"
#include "diagnose/rules.h"
#include "diagnose/scan.h"
#include <fcntl.h>
#include <string.h>

enum { EXPECTED_MAX = 256 * 1024 };

static struct diagnosis *diagnose(const char *name) {
    char path[512];
    const char *const paths[] = {path};
    struct err e = {0};
    snprintf(path, sizeof path, "%s/%s", TESTDATA, name);
    struct diagnosis *d = diagnose_run(paths, 1, NULL, NULL, &e);
    ck_assert_msg(d != NULL, "%s: %s", name, e.text);
    return d;
}

static void check_file(const char *name, const char *verdict, const char *ids) {
    struct diagnosis *d = diagnose(name);
    AUTO(char) got = diagnosis_ids(d);
    ck_assert_msg(strcmp(verdict_word(diagnosis_verdict(d)), verdict) == 0, "%s: verdict %s", name,
                  verdict_word(diagnosis_verdict(d)));
    ck_assert_msg(strcmp(got, ids) == 0, "%s: [%s], expected [%s]", name, got, ids);
    diagnosis_free(d);
}

/* Calls fn for each row of expected.tsv. Returns how many there are. */
static size_t each_expected(void (*fn)(const char *, const char *, const char *)) {
    AUTO_BUF text = BUF_INIT(EXPECTED_MAX);
    struct err e = {0};
    size_t rows = 0;
    ck_assert_ok(file_read(TESTDATA "/expected.tsv", &text, &e), e);
    char *rest = (char *)text.data;
    for (char *row; (row = strsep(&rest, "\n")) != NULL;) {
        if (row[0] == '#' || row[0] == '\0')
            continue;
        const char *name = strsep(&row, "\t"), *verdict = strsep(&row, "\t");
        ck_assert(verdict != NULL && row != NULL);
        fn(name, verdict, row);
        rows++;
    }
    return rows;
}

START_TEST(each_extract_gets_its_diagnosis) {
    ck_assert_uint_gt(each_expected(check_file), 100);
}
END_TEST

START_TEST(each_rule_has_an_extract) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct rules *rules = rules_load(NULL, m);
    cfg_mistakes_print(m, stderr);
    ck_assert_ptr_nonnull(rules);
    for (size_t i = 0; i < rules_count(rules); i++) {
        char name[256];
        const char *id = rules_at(rules, i)->id;
        snprintf(name, sizeof name, "rules/%s.txt", id);
        struct diagnosis *d = diagnose(name);
        ck_assert_msg(diagnosis_names(d, id), "%s does not give %s", name, id);
        diagnosis_free(d);
    }
    rules_free(rules);
    cfg_mistakes_free(m);
}
END_TEST

/* The document's heading stands in the report of each failure extract of seeds 1 and 2. */
static void check_heading(const char *name, const char *verdict, const char *ids) {
    static const struct {
        const char *part, *heading;
    } headings[] = {
        {"ces-error", "Common problems: an error on the CES side as CAPF logs it"},
        {"issuer-chain",
         "CA certificate missing in the issuer chain of the IIS identity certificate"},
        {"issuer-chain", "Web server presenting a self-signed certificate"},
        {"self-signed",
         "CA certificate missing in the issuer chain of the IIS identity certificate"},
        {"self-signed", "Web server presenting a self-signed certificate"},
        {"name-mismatch", "Mismatch of URL host name and common name"},
        {"dns", "DNS resolution issue"},
        {"validity", "Issue with certificate validity dates"},
        {"template", "Certificate template misconfiguration"},
        {"authentication-timeout", "CES authentication timeout"},
        {"enrollment-timeout", "CES enrollment timeout"},
    };
    (void)verdict;
    (void)ids;
    if (strncmp(name, "seed", 4) != 0)
        return;
    for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++) {
        if (strncmp(name + strlen("seed1-"), headings[i].part, strlen(headings[i].part)) != 0)
            continue;
        struct diagnosis *d = diagnose(name);
        json_t *report = diagnosis_json(d);
        AUTO(char) text = json_dumps(report, 0);
        ck_assert_msg(strstr(text, headings[i].heading) != NULL, "%s: no %s", name,
                      headings[i].heading);
        json_decref(report);
        diagnosis_free(d);
    }
}

START_TEST(seed_extracts_get_their_headings) {
    each_expected(check_heading);
}
END_TEST

static json_t *first_incident(json_t *report) {
    return json_array_get(
        json_object_get(json_array_get(json_object_get(report, "cases"), 0), "incidents"), 0);
}

START_TEST(the_json_report_says_where_the_lines_stand) {
    struct diagnosis *d = diagnose("seed1-template.txt");
    json_t *report = diagnosis_json(d);
    json_t *incident = first_incident(report);
    json_t *line = json_array_get(json_object_get(incident, "evidence"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(report, "verdict")), "found");
    ck_assert_str_eq(json_string_value(json_object_get(line, "source")), "nginx");
    ck_assert_int_eq(json_integer_value(json_object_get(line, "line")), 14);
    ck_assert_int_eq(json_integer_value(json_object_get(line, "last_line")), 17);
    ck_assert_str_eq(json_string_value(json_object_get(incident, "certainty")), "likely");
    json_decref(report);
    diagnosis_free(d);
}
END_TEST

static char *printed(const struct diagnosis *d) {
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    diagnosis_print(d, 80, to);
    fclose(to);
    return text;
}

START_TEST(the_report_for_people_is_complete) {
    static const char *const parts[] = {
        "1. The RA cannot resolve lab-dcc.michamen.com",
        "[dns-nxdomain]",
        "seed2-dns.txt:1\n",
        "Could not resolve: lab-dcc.michamen.com (Domain name not found)",
        "Cause",
        "What to do",
        "\"DNS resolution issue\"",
        "How sure",
        "certain",
        "1 incident\n"};
    struct diagnosis *d = diagnose("seed2-dns.txt");
    AUTO(char) text = printed(d);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        ck_assert_msg(strstr(text, parts[i]) != NULL, "no \"%s\" in\n%s", parts[i], text);
    diagnosis_free(d);
}
END_TEST

START_TEST(an_unknown_failure_gets_no_cause) {
    struct diagnosis *d = diagnose("unknown-error.txt");
    AUTO(char) text = printed(d);
    ck_assert_ptr_nonnull(strstr(text, "[unknown]"));
    ck_assert_ptr_nonnull(strstr(text, "Permission denied"));
    ck_assert_ptr_null(strstr(text, "Cause"));
    diagnosis_free(d);
}
END_TEST

START_TEST(all_extracts_together_are_one_case) {
    const char *const paths[] = {TESTDATA "/rules"};
    struct err e = {0};
    struct diagnosis *d = diagnose_run(paths, 1, NULL, NULL, &e);
    ck_assert_ptr_nonnull(d);
    ck_assert_int_eq(diagnosis_verdict(d), VERDICT_FOUND);
    ck_assert(diagnosis_names(d, "dns-servfail"));
    ck_assert(diagnosis_names(d, "finish-by-passed"));
    diagnosis_free(d);
}
END_TEST

START_TEST(a_missing_file_is_an_error) {
    const char *const paths[] = {TESTDATA "/none"};
    struct err e = {0};
    ck_assert_ptr_null(diagnose_run(paths, 1, NULL, NULL, &e));
    ck_assert_err(e, SYS_IO);
}
END_TEST

/* ---- rules files ---- */

static void check_mistakes(const char *text, const char *const *expected, size_t count) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    ck_assert_ptr_null(rules_load_text("r", bytes_of_str(text), m));
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (size_t k = 0; k < cfg_mistakes_count(m); k++)
            found = found || strstr(cfg_mistake_text(m, k), expected[i]) != NULL;
        if (!found)
            cfg_mistakes_print(m, stderr);
        ck_assert_msg(found, "no \"%s\"", expected[i]);
    }
    cfg_mistakes_free(m);
}

START_TEST(mistakes_in_rules_have_their_places) {
    static const char text[] = "rules:\n"
                               "  - id: one\n"
                               "    title: t\n"
                               "    cause: c\n"
                               "    remedy: r\n"
                               "    all:\n"
                               "      - {in: ngnix, line: \"a {b\"}\n"
                               "    unless: [tow]\n"
                               "  - id: One\n"
                               "    titel: t\n"
                               "    cause: c\n"
                               "    remedy: r\n"
                               "    all:\n"
                               "      - {in: capf}\n"
                               "  - id: two\n"
                               "    title: t\n"
                               "    cause: c\n"
                               "    remedy: r\n";
    static const char *const expected[] = {"r:7:14:", "nginx", "r:10:5:", "title"};
    check_mistakes(text, expected, sizeof expected / sizeof expected[0]);
}
END_TEST

START_TEST(rules_are_checked_behind_the_schema) {
    static const char text[] = "rules:\n"
                               "  - id: one\n"
                               "    title: t\n"
                               "    cause: c\n"
                               "    remedy: r\n"
                               "    all:\n"
                               "      - {in: nginx, line: \"a {b\"}\n"
                               "    unless: [oen]\n"
                               "  - id: one\n"
                               "    title: t\n"
                               "    cause: c\n"
                               "    remedy: r\n"
                               "    any:\n"
                               "      - {in: capf}\n"
                               "  - id: Two\n"
                               "    title: t\n"
                               "    cause: c\n"
                               "    remedy: r\n";
    static const char *const expected[] = {
        "r:7:27: pattern: \"{\" without \"}\"", "r:8:14: no rule \"oen\", did you mean \"one\"?",
        "r:9:9: id \"one\" is taken (line 2)",  "needs \"line\"",
        "r:15:9: an id is small letters",       "has no evidence"};
    check_mistakes(text, expected, sizeof expected / sizeof expected[0]);
}
END_TEST

START_TEST(rules_without_ids_and_lists_are_told) {
    static const char text[] = "rules:\n"
                               "  - id: [one]\n"
                               "    title: t\n"
                               "    cause: c\n"
                               "    remedy: r\n"
                               "    all:\n"
                               "      - {in: capf, line: a}\n"
                               "  - id: two\n"
                               "    title: t\n"
                               "    cause: c\n"
                               "    remedy: r\n"
                               "    all:\n"
                               "      - {in: capf, line: a}\n"
                               "    unless: one\n";
    static const char *const expected[] = {"rule \"t\" has no id", "a list of ids is expected"};
    check_mistakes(text, expected, sizeof expected / sizeof expected[0]);
}
END_TEST

START_TEST(rules_come_from_a_file) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct rules *rules = rules_load("impl/diagnose/rules.yaml", m);
    ck_assert_ptr_nonnull(rules);
    ck_assert_uint_gt(rules_count(rules), 10);
    rules_free(rules);
    ck_assert_ptr_null(rules_load(TESTDATA "/none.yaml", m));
    ck_assert_int_eq(cfg_mistake_code(m, 0), ERR_SYS_IO);
    cfg_mistakes_free(m);
}
END_TEST

/* A failure of a kind that no rule explains, on a line far too long, which is cut between two of
 * its characters: the report shows whole characters only. */
START_TEST(a_long_line_is_shown_in_part) {
    TEMPORARY(dir);
    AUTO(char) path = path_join(dir, "error.log");
    AUTO_BUF text = BUF_INIT(64 * 1024);
    const char *const paths[] = {path};
    struct err e = {0};
    buf_put_str(&text, "2026/11/21 10:00:00 [error] 12#0: *2 x");
    for (int i = 0; i < 1000; i++)
        buf_put_str(&text, "\xc3\xa9");
    buf_put_str(&text, "\n2026/11/21 10:00:01 [error] 12#0: *2 ");
    for (int i = 0; i < 1000; i++)
        buf_put_str(&text, "\xc3\xa9");
    buf_put_u8(&text, '\n');
    ck_assert_ok(file_write(path, buf_view(&text), 0600, &e), e);
    struct diagnosis *d = diagnose_run(paths, 1, NULL, NULL, &e);
    ck_assert_ptr_nonnull(d);
    ck_assert_int_eq(diagnosis_verdict(d), VERDICT_UNKNOWN);
    json_t *json = diagnosis_json(d); /* NULL for what is no UTF-8 */
    ck_assert_ptr_nonnull(json);
    json_decref(json);
    diagnosis_free(d);
}
END_TEST

START_TEST(a_folder_in_place_of_a_log_is_an_error) {
    struct err e = {0};
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct rules *rules = rules_load(NULL, m);
    struct scan_table *table = scan_table_new(rules);
    struct casefile *c = case_new(rules, "case");
    AUTO_FD fd = open(TESTDATA, O_RDONLY | O_DIRECTORY);
    ck_assert_int_eq(scan_fd(c, table, fd, "folder", &e), -1);
    ck_assert_err(e, SYS_IO);
    case_free(c);
    scan_table_free(table);
    rules_free(rules);
    cfg_mistakes_free(m);
}
END_TEST

TEST_MAIN("diagnose", each_extract_gets_its_diagnosis, each_rule_has_an_extract,
          seed_extracts_get_their_headings, the_json_report_says_where_the_lines_stand,
          the_report_for_people_is_complete, an_unknown_failure_gets_no_cause,
          all_extracts_together_are_one_case, a_missing_file_is_an_error,
          mistakes_in_rules_have_their_places, rules_are_checked_behind_the_schema,
          rules_without_ids_and_lists_are_told, rules_come_from_a_file,
          a_long_line_is_shown_in_part, a_folder_in_place_of_a_log_is_an_error)
