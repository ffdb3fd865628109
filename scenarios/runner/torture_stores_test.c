/* The judge of the stores, on databases that disagree: what a half-issued certificate looks like.
 */
#include "base/file.h"
#include "base/owned.h"
#include "base/temporary_test.h"
#include "base/test.h"
#include "scenarios/runner/torture_lab.h"

#include <sqlite3.h>
#include <string.h>

static const char devices_schema[] =
    "CREATE TABLE Device(name TEXT, tkcertificateoperation INTEGER, tkcertificatestatus INTEGER,"
    " certificate BLOB);"
    "CREATE TABLE Enrolment(id INTEGER PRIMARY KEY, device TEXT, state INTEGER, spki BLOB, csr "
    "BLOB,"
    " certificate BLOB);";
static const char ca_schema[] = "CREATE TABLE requests(id INTEGER PRIMARY KEY, disposition INTEGER,"
                                " request BLOB, certificate BLOB);";

static const char scenario_text[] =
    "title: a\ncovers: [phone/operations]\nphones: [{name: SEP001122334455}]\n"
    "when: [install-lsc]\nthen: {phones: {lsc: installed}}\n";

static void fill(const char *dir, const char *name, const char *schema, const char *rows) {
    AUTO(char) path = path_join(dir, "db/%s.sqlite", name);
    sqlite3 *db = NULL;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, schema, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, rows, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static struct scenario *load(void) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct scenario *s = scenario_load_text("a.yaml", "a", bytes_of_str(scenario_text), m);
    ck_assert_ptr_nonnull(s);
    cfg_mistakes_free(m);
    return s;
}

/* The failures that the judge notes, one a line. malloc'ed. */
static char *judged(const char *devices, const char *ca) {
    TEMPORARY(dir);
    AUTO(char) db = path_join(dir, "db");
    struct err e = {0};
    struct scenario *s = load();
    ck_assert_ok(file_mkdirs(db, &e), e);
    fill(dir, "devices", devices_schema, devices);
    if (ca != NULL)
        fill(dir, "ca", ca_schema, ca);
    struct run r = {.scenario = s, .dir = dir, .step = "test", .failures = json_array()};
    torture_judge_stores(&r);
    AUTO_BUF text = BUF_INIT(65536);
    buf_put_str(&text, "");
    for (size_t i = 0; i < json_array_size(r.failures); i++)
        buf_printf(&text, "%s\n",
                   json_string_value(json_object_get(json_array_get(r.failures, i), "text")));
    json_decref(r.failures);
    scenario_free(s);
    return buf_take_str(&text);
}

START_TEST(stores_that_agree_are_left_alone) {
    AUTO(char)
    text = judged("INSERT INTO Device VALUES('SEP001122334455', 2, 2, NULL), ('SEP2', 2, 12, NULL),"
                  " ('SEP3', 1, 4, NULL);"
                  "INSERT INTO Enrolment VALUES(1, 'SEP001122334455', 1, x'01', x'aa', NULL),"
                  " (2, 'SEP001122334455', 5, x'02', x'bb', NULL);",
                  "INSERT INTO requests VALUES(1, 20, x'aa', x'cc'), (2, 31, x'dd', x'');");
    ck_assert_str_eq(text, "");
}
END_TEST

static const struct {
    const char *devices, *ca, *expected;
} disagreements[] = {
    {"INSERT INTO Device VALUES('SEP2', 1, 2, NULL)", NULL, "SEP2: operation 1 with status 2"},
    {"INSERT INTO Device VALUES('SEP2', 2, 3, NULL)", NULL, "SEP2: operation 2 with status 3"},
    {"INSERT INTO Device VALUES('SEP001122334455', 1, 3, x'00')", NULL,
     "SEP001122334455 is \"Upgrade Success\" in the store: "},
    {"INSERT INTO Enrolment VALUES(1, 'SEP2', 3, x'01', x'02', NULL)", NULL,
     "SEP2: enrolment 1 in state 3: its certificate: "},
    {"INSERT INTO Enrolment VALUES(1, 'SEP2', 5, x'01', x'02', x'03')", NULL,
     "SEP2: enrolment 1 in state 5: its certificate: "},
    {"INSERT INTO Enrolment VALUES(1, 'SEP2', 5, x'01', x'02', x'03'),"
     " (2, 'SEP2', 3, x'01', x'03', x'04')",
     NULL, "SEP2: 2 certificates for one key"},
    {"INSERT INTO Enrolment VALUES(1, 'SEP2', 1, x'01', x'02', NULL)",
     "INSERT INTO requests VALUES(7, 20, x'03', x'04')",
     "request 7 was issued, but CAPF does not know it"},
    {"INSERT INTO Enrolment VALUES(1, 'SEP2', 1, x'01', x'02', NULL)",
     "INSERT INTO requests VALUES(7, 20, x'02', x'04'), (8, 9, x'02', x'')",
     "one request was submitted 2 times: 7,8"},
    {"INSERT INTO Enrolment VALUES(1, 'SEP2', 2, x'01', x'02', x'05')",
     "INSERT INTO requests VALUES(7, 20, x'02', x'04')",
     "SEP2: the CA does not know the certificate of enrolment 1"},
};

START_TEST(every_disagreement_is_told) {
    for (size_t i = 0; i < sizeof disagreements / sizeof disagreements[0]; i++) {
        AUTO(char) text = judged(disagreements[i].devices, disagreements[i].ca);
        ck_assert_msg(strstr(text, disagreements[i].expected) != NULL, "expected \"%s\", but: %s",
                      disagreements[i].expected, text);
    }
}
END_TEST

START_TEST(a_store_without_its_tables_is_told) {
    AUTO(char) text = judged("DROP TABLE Enrolment", NULL);
    ck_assert_ptr_nonnull(strstr(text, "no such table: Enrolment"));
}
END_TEST

TEST_MAIN("torture stores", stores_that_agree_are_left_alone, every_disagreement_is_told,
          a_store_without_its_tables_is_told)
