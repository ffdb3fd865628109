/* Tests of the reader of cnf.xml: each file of testdata/cnf, what a phone makes of it. */
#include "base/file.h"
#include "base/owned.h"
#include "base/test.h"
#include "mocks/phone/cnf_xml.h"
#include <string.h>

static int read_file(const char *name, struct cnf_xml *config, struct err *e) {
    AUTO_BUF file = BUF_INIT(1 << 20);
    AUTO(char) path = path_join(TESTDATA "/cnf", "%s.xml", name);
    ck_assert_ok(file_read(path, &file, e), *e);
    return cnf_xml_read(buf_view(&file), config, e);
}

START_TEST(a_whole_file) {
    struct cnf_xml c;
    struct err e = {0};
    ck_assert_ok(read_file("full", &c, &e), e);
    ck_assert_int_eq(c.security_mode, 3);
    ck_assert_int_eq(c.transport, 3);
    ck_assert_int_eq(c.capf_mode, 2);
    ck_assert(c.full_config && !c.encrypted);
    ck_assert_str_eq(c.hash, "d41d8cd98f00b204e9800998ecf8427e");
    ck_assert_uint_eq(c.capf.count, 2);
    ck_assert_str_eq(c.capf.items[0].host, "cucm-pub.michamen.com");
    ck_assert_uint_eq(c.capf.items[0].port, 3804);
    ck_assert_str_eq(c.capf.items[1].host, "cucm-sub.michamen.com");
    ck_assert_uint_eq(c.capf.items[1].port, CNF_CAPF_PORT);
    ck_assert_uint_eq(c.tvs.count, 2);
    ck_assert_str_eq(c.tvs.items[0].host, "cucm-pub.michamen.com");
    ck_assert_uint_eq(c.tvs.items[0].port, 2446);
    ck_assert_str_eq(c.tvs.items[1].host, "cucm-sub.michamen.com");
}
END_TEST

START_TEST(what_is_absent_has_its_default) {
    static const char *const names[] = {"empty-elements", "elsewhere"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct cnf_xml c;
        struct err e = {0};
        ck_assert_ok(read_file(names[i], &c, &e), e);
        ck_assert_int_eq(c.security_mode, 1);
        ck_assert_int_eq(c.capf_mode, 0);
        ck_assert(c.full_config && !c.encrypted);
        ck_assert_str_eq(c.hash, "");
        ck_assert_uint_eq(c.capf.count + c.tvs.count, 0);
    }
}
END_TEST

START_TEST(servers_behind_the_fifth_do_not_count) {
    struct cnf_xml c;
    struct err e = {0};
    ck_assert_ok(read_file("six-servers", &c, &e), e);
    ck_assert_uint_eq(c.capf.count, 5);
    ck_assert_uint_eq(c.tvs.count, 5);
    ck_assert_str_eq(c.capf.items[4].host, "capf5.example");
    ck_assert_str_eq(c.tvs.items[4].host, "tvs4.example");
}
END_TEST

static const struct {
    const char *name;
    int mode;
} taken[] = {{"utf16", 4}, {"two-modes", 3}, {"character-reference", 2}, {"cdata", 3}};

START_TEST(ways_to_write_a_mode) {
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        struct cnf_xml c;
        struct err e = {0};
        ck_assert_msg(read_file(taken[i].name, &c, &e) == 0, "%s: %s", taken[i].name, e.text);
        ck_assert_int_eq(c.capf_mode, taken[i].mode);
    }
}
END_TEST

static const struct {
    const char *name;
    enum err_code code;
} refused[] = {
    {"empty", ERR_CNF_SYNTAX},
    {"not-xml", ERR_CNF_SYNTAX},
    {"other-root", ERR_CNF_SYNTAX},
    {"cut", ERR_CNF_SYNTAX},
    {"nul", ERR_CNF_SYNTAX},
    {"bomb", ERR_CNF_SYNTAX},
    {"external-entity", ERR_CNF_SYNTAX},
    {"external-type", ERR_CNF_SYNTAX},
    {"undeclared-entity", ERR_CNF_SYNTAX},
    {"latin1-said-utf8", ERR_CNF_SYNTAX},
    {"unknown-encoding", ERR_CNF_SYNTAX},
    {"huge-element-name", ERR_CNF_SYNTAX},
    {"deep", ERR_CNF_TOO_LARGE},
    {"deep-unclosed", ERR_CNF_TOO_LARGE},
    {"huge-name", ERR_CNF_VALUE},
    {"tvs-name-51", ERR_CNF_VALUE},
    {"name-not-ascii", ERR_CNF_VALUE},
    {"name-with-blank", ERR_CNF_VALUE},
    {"name-of-url", ERR_CNF_VALUE},
    {"mode-5", ERR_CNF_VALUE},
    {"mode-word", ERR_CNF_VALUE},
    {"mode-negative", ERR_CNF_VALUE},
    {"port-0", ERR_CNF_VALUE},
    {"port-65536", ERR_CNF_VALUE},
    {"port-long", ERR_CNF_VALUE},
    {"priority-5", ERR_CNF_VALUE},
    {"flag-yes", ERR_CNF_VALUE},
    {"hash-not-hex", ERR_CNF_VALUE},
    {"name-with-line-break", ERR_CNF_VALUE},
};

START_TEST(hostile_files_are_refused) {
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct cnf_xml c;
        struct err e = {0};
        ck_assert_msg(read_file(refused[i].name, &c, &e) == -1, "%s was taken", refused[i].name);
        ck_assert_msg(e.code == refused[i].code, "%s: %s: %s", refused[i].name, err_name(e.code),
                      e.text);
        ck_assert_ptr_null(strpbrk(e.text, "\r\n\x1b"));
    }
}
END_TEST

START_TEST(a_file_over_the_limit) {
    AUTO_BUF file = BUF_INIT(1 << 20);
    struct cnf_xml c;
    struct err e = {0};
    buf_put_str(&file, "<device>");
    while (file.len <= CNF_FILE_MAX)
        buf_put_str(&file, "<capfAuthMode>2</capfAuthMode>");
    buf_put_str(&file, "</device>");
    ck_assert_int_eq(cnf_xml_read(buf_view(&file), &c, &e), -1);
    ck_assert_err(e, CNF_TOO_LARGE);
}
END_TEST

TEST_MAIN("cnf.xml", a_whole_file, what_is_absent_has_its_default,
          servers_behind_the_fifth_do_not_count, ways_to_write_a_mode, hostile_files_are_refused,
          a_file_over_the_limit)
