/* Every kind of mistake in a configuration file: its place, its text, its code; and that all of
 * them are reported at once, in order. */
#include "base/config_test.h"
#include "base/owned.h"
#include "base/test.h"
#include <stdio.h>
#include <string.h>

struct mistake_case {
    const char *yaml;
    enum err_code code;
    const char *text; /* without "t.yaml:" */
};

/* Each of these texts holds exactly one mistake. */
static const struct mistake_case single[] = {
    {"lisen: a\n", ERR_CONFIG_UNKNOWN_KEY, "1:1: unknown key \"lisen\", did you mean \"listen\"?"},
    {"outer:\n  inner:\n    wiat: 1s\n", ERR_CONFIG_UNKNOWN_KEY,
     "3:5: unknown key \"wiat\", did you mean \"wait\"?"},
    {"users:\n- name: a\n  colour: red\n", ERR_CONFIG_UNKNOWN_KEY,
     "3:3: unknown key \"colour\"; known here: name, logons"},
    {"port: 1\ntls: no\nport: 2\n", ERR_CONFIG_BAD_VALUE,
     "3:1: key \"port\" is given twice, before in line 1"},
    {"hosts: {a: b, c: d, a: e}\n", ERR_CONFIG_BAD_VALUE,
     "1:21: key \"a\" is given twice, before in line 1"},
    {"then:\n  deep: [{x: 1, x: 2}]\n", ERR_CONFIG_BAD_VALUE,
     "2:17: key \"x\" is given twice, before in line 2"},
    {"[a]: b\n", ERR_CONFIG_BAD_VALUE, "1:1: a key must be a single word"},
    {"listen: [a]\n", ERR_CONFIG_BAD_VALUE, "1:9: listen: expected a single value, found a list"},
    {"port: {a: 1}\n", ERR_CONFIG_BAD_VALUE, "1:7: port: expected a single value, found a mapping"},
    {"outer: 1\n", ERR_CONFIG_BAD_VALUE, "1:8: outer: expected a mapping, found a single value"},
    {"users: {name: a}\n", ERR_CONFIG_BAD_VALUE, "1:8: users: expected a list, found a mapping"},
    {"users: [a]\n", ERR_CONFIG_BAD_VALUE, "1:9: users: expected a mapping, found a single value"},
    {"users:\n-\n", ERR_CONFIG_BAD_VALUE, "2:2: users: expected a mapping, found nothing"},
    {"hosts: [a]\n", ERR_CONFIG_BAD_VALUE, "1:8: hosts: expected a mapping, found a list"},
    {"hosts: {a: [b]}\n", ERR_CONFIG_BAD_VALUE, "1:12: a: expected a single value, found a list"},
    {"hosts: {a: }\n", ERR_CONFIG_BAD_VALUE, "1:12: a: expected a single value, found nothing"},
    {"labels: {a: b}\n", ERR_CONFIG_BAD_VALUE, "1:9: labels: expected a list, found a mapping"},
    {"labels: [a, [b]]\n", ERR_CONFIG_BAD_VALUE,
     "1:13: labels: expected a single value, found a list"},
    {"- a\n", ERR_CONFIG_BAD_VALUE, "1:1: the file: expected a mapping, found a list"},
    {"just words\n", ERR_CONFIG_BAD_VALUE,
     "1:1: the file: expected a mapping, found a single value"},
    {"port: 0\n", ERR_CONFIG_BAD_VALUE, "1:7: port: 0 is not between 1 and 65535"},
    {"port: 65536\n", ERR_CONFIG_BAD_VALUE, "1:7: port: 65536 is not between 1 and 65535"},
    {"port: 99999999999999999999\n", ERR_CONFIG_BAD_VALUE,
     "1:7: port: \"99999999999999999999\" is not a whole number"},
    {"port: 8080x\n", ERR_CONFIG_BAD_VALUE, "1:7: port: \"8080x\" is not a whole number"},
    {"port: 0x50\n", ERR_CONFIG_BAD_VALUE, "1:7: port: \"0x50\" is not a whole number"},
    {"port: ''\n", ERR_CONFIG_BAD_VALUE, "1:7: port: \"\" is not a whole number"},
    {"tls: maybe\n", ERR_CONFIG_BAD_VALUE, "1:6: tls: \"maybe\" is neither true nor false"},
    {"mode: ntml\n", ERR_CONFIG_BAD_VALUE,
     "1:7: mode: \"ntml\" is not one of ntlm, basic; did you mean \"ntlm\"?"},
    {"mode: kerberos\n", ERR_CONFIG_BAD_VALUE, "1:7: mode: \"kerberos\" is not one of ntlm, basic"},
    {"timeout: 10\n", ERR_CONFIG_BAD_VALUE,
     "1:10: timeout: \"10\" is not a duration such as 250ms, 10s, 5m, 2h or 30d"},
    {"timeout: 10 s\n", ERR_CONFIG_BAD_VALUE,
     "1:10: timeout: \"10 s\" is not a duration such as 250ms, 10s, 5m, 2h or 30d"},
    {"timeout: -1s\n", ERR_CONFIG_BAD_VALUE, "1:10: timeout: -1s is negative"},
    {"timeout: 99999999999999d\n", ERR_CONFIG_BAD_VALUE,
     "1:10: timeout: \"99999999999999d\" is too long"},
    {"offset: -61m\n", ERR_CONFIG_BAD_VALUE, "1:9: offset: -61m is not between -1h and 1h"},
    {"rate: 0\n", ERR_CONFIG_BAD_VALUE, "1:7: rate: \"0\" is not a number above 0"},
    {"rate: inf\n", ERR_CONFIG_BAD_VALUE, "1:7: rate: \"inf\" is not a number above 0"},
    {"rate: 1e999\n", ERR_CONFIG_BAD_VALUE, "1:7: rate: \"1e999\" is not a number above 0"},
    {"users:\n- logons: 1\n", ERR_CONFIG_MISSING, "2:3: the required key \"name\" is missing"},
    {"users:\n- name:\n  logons: 1\n", ERR_CONFIG_MISSING,
     "2:8: the required key \"name\" is missing"},
    {"listen: &a x\n", ERR_CONFIG_BAD_VALUE, "1:9: anchors (&a) are not allowed here"},
    {"labels: &l [x]\n", ERR_CONFIG_BAD_VALUE, "1:9: anchors (&l) are not allowed here"},
    {"port: *there\n", ERR_CONFIG_BAD_VALUE, "1:7: aliases (*there) are not allowed here"},
    {"listen: !secret x\n", ERR_CONFIG_BAD_VALUE, "1:9: tags (!secret) are not allowed here"},
    {"listen: a\n---\nlisten: b\n", ERR_CONFIG_BAD_VALUE,
     "2:1: a second document in one file is not allowed"},
    {"listen: \"a\\0b\"\n", ERR_CONFIG_BAD_VALUE, "1:9: a NUL byte is not allowed here"},
    {"listen: [a\n", ERR_CONFIG_SYNTAX,
     "2:1: not valid YAML: while parsing a flow sequence, did not find expected ',' or ']'"},
    {"listen: a\n\tport: 1\n", ERR_CONFIG_SYNTAX,
     "2:1: not valid YAML: while scanning a plain scalar, found a tab character that violates "
     "indentation"},
    {"listen: 'a\n", ERR_CONFIG_SYNTAX,
     "2:1: not valid YAML: while scanning a quoted scalar, found unexpected end of stream"},
    {"listen: a: b\n", ERR_CONFIG_SYNTAX,
     "1:10: not valid YAML: mapping values are not allowed in this context"},
    {"tls: yes\nlisten: a\x01z\n", ERR_CONFIG_SYNTAX,
     "2:10: not valid YAML: control characters are not allowed"},
    {"listen: \xff\n", ERR_CONFIG_SYNTAX, "1:9: not valid YAML: invalid leading UTF-8 octet"},
};

#define MISTAKES __attribute__((cleanup(auto_free_mistakes))) struct cfg_mistakes *
static void auto_free_mistakes(struct cfg_mistakes **m) {
    cfg_mistakes_free(*m);
}

static void check_case(const struct mistake_case *c) {
    MISTAKES m = cfg_mistakes_new();
    struct test_config config = {0};
    struct cfg_doc *doc = cfg_load_text("t.yaml", bytes_of_str(c->yaml), test_fields, &config, m);
    ck_assert_msg(doc == NULL, "accepted: %s", c->yaml);
    ck_assert_msg(cfg_mistakes_count(m) == 1, "%zu mistakes in %s", cfg_mistakes_count(m), c->yaml);
    ck_assert_str_eq(cfg_mistake_text(m, 0) + strlen("t.yaml:"), c->text);
    ck_assert_str_eq(err_name(cfg_mistake_code(m, 0)), err_name(c->code));
}

START_TEST(each_mistake_has_its_place_text_and_code) {
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++)
        check_case(&single[i]);
}
END_TEST

static void check_all(const struct cfg_mistakes *m, const char *const *expected, size_t count) {
    ck_assert_uint_eq(cfg_mistakes_count(m), count);
    for (size_t i = 0; i < count; i++)
        ck_assert_str_eq(cfg_mistake_text(m, i), expected[i]);
}

START_TEST(all_mistakes_come_at_once_in_the_order_of_the_lines) {
    static const char *const expected[] = {
        "a.yaml:1:1: unknown key \"prot\", did you mean \"port\"?",
        "a.yaml:2:7: mode: \"none\" is not one of ntlm, basic",
        "a.yaml:4:5: the required key \"name\" is missing",
        "a.yaml:4:13: logons: 101 is not between 0 and 100",
        "a.yaml:5:10: aliases (*x) are not allowed here",
        "a.yaml:6:1: key \"mode\" is given twice, before in line 2",
        "b.yaml:1:6: tls: \"x\" is neither true nor false",
    };
    MISTAKES m = cfg_mistakes_new();
    struct test_config config = {0};
    const char *a = "prot: 1\nmode: none\nusers:\n  - logons: 101\ntimeout: *x\nmode: basic\n";
    ck_assert_ptr_null(cfg_load_text("a.yaml", bytes_of_str(a), test_fields, &config, m));
    ck_assert_ptr_null(cfg_load_text("b.yaml", bytes_of_str("tls: x"), test_fields, &config, m));
    check_all(m, expected, sizeof expected / sizeof expected[0]);
}
END_TEST

static const struct cfg_field required_outer[] = {
    CFG_MAP(struct test_outer, inner, "inner", user_fields, "a map with a required key"), CFG_END};
static const struct cfg_field required_root[] = {
    {.type = CFG_T_MAP, .name = "outer", .offset = 0, .fields = required_outer},
    {.type = CFG_T_LIST,
     .name = "users",
     .offset = 128,
     .required = true,
     .fields = user_fields,
     .item_size = sizeof(struct test_user)},
    CFG_END};

START_TEST(required_keys_are_missed_in_absent_maps_too) {
    static const char *const expected[] = {
        "t.yaml:1:1: the required key \"outer.inner.name\" is missing",
        "t.yaml:1:1: the required key \"users\" is missing",
    };
    MISTAKES m = cfg_mistakes_new();
    char out[256] = {0};
    ck_assert_ptr_null(cfg_load_text("t.yaml", bytes_of_str(""), required_root, out, m));
    check_all(m, expected, 2);
}
END_TEST

START_TEST(without_a_file_mistakes_have_no_place) {
    static const char *const expected[] = {"the required key \"name\" is missing"};
    MISTAKES m = cfg_mistakes_new();
    struct test_user user = {0};
    ck_assert_ptr_null(cfg_load_text("", bytes_of_str(""), user_fields, &user, m));
    check_all(m, expected, 1);
}
END_TEST

START_TEST(mistakes_of_a_peer_cannot_forge_lines) {
    static const char *const expected[] = {
        "t.yaml:1:7: mode: \"a\\x0ab\\x1b[2J\" is not one of ntlm, basic"};
    MISTAKES m = cfg_mistakes_new();
    struct test_config config = {0};
    struct bytes text = bytes_of_str("mode: \"a\\nb\\e[2J\"\n");
    ck_assert_ptr_null(cfg_load_text("t.yaml", text, test_fields, &config, m));
    check_all(m, expected, 1);
}
END_TEST

START_TEST(long_values_are_cut_between_characters) {
    AUTO_BUF text = BUF_INIT(4096);
    buf_put_str(&text, "tls: xx");
    for (int i = 0; i < 100; i++)
        buf_put_str(&text, "\xe6\x97\xa5");
    MISTAKES m = cfg_mistakes_new();
    struct test_config config = {0};
    ck_assert_ptr_null(cfg_load_text("t.yaml", buf_view(&text), test_fields, &config, m));
    const char *shown = strchr(cfg_mistake_text(m, 0), '"') + 1;
    ck_assert_uint_eq(strcspn(shown, "\""), 2 + 26 * 3);
}
END_TEST

START_TEST(the_count_of_mistakes_is_bounded) {
    AUTO_BUF text = BUF_INIT(65536);
    for (int i = 0; i < 1000; i++)
        buf_printf(&text, "k%d: 1\n", i);
    MISTAKES m = cfg_mistakes_new();
    struct test_config config = {0};
    ck_assert_ptr_null(cfg_load_text("t.yaml", buf_view(&text), test_fields, &config, m));
    ck_assert_uint_eq(cfg_mistakes_count(m), 200);
}
END_TEST

static void check_file(const char *name, enum err_code code, const char *text) {
    AUTO(char) path = NULL;
    AUTO(char) expected = NULL;
    ck_assert_int_gt(asprintf(&path, TESTDATA "/%s", name), 0);
    ck_assert_int_gt(asprintf(&expected, "%s:%s", path, text), 0);
    MISTAKES m = cfg_mistakes_new();
    struct test_config config = {0};
    ck_assert_ptr_null(cfg_load_file(path, test_fields, &config, m));
    ck_assert_uint_eq(cfg_mistakes_count(m), 1);
    ck_assert_str_eq(cfg_mistake_text(m, 0), expected);
    ck_assert_int_eq(cfg_mistake_code(m, 0), code);
}

START_TEST(hostile_files_are_refused) {
    check_file("none.yaml", ERR_SYS_IO, "1:1: No such file or directory");
    check_file(".", ERR_SYS_IO, "1:1: Is a directory");
    check_file("config-nul.yaml", ERR_CONFIG_SYNTAX,
               "2:8: not valid YAML: control characters are not allowed");
    check_file("config-deep.yaml", ERR_SYS_LIMIT, "1:70: nested deeper than 64 levels");
    check_file("config-deep-blocks.yaml", ERR_SYS_LIMIT, "65:65: nested deeper than 64 levels");
    check_file("config-binary.yaml", ERR_CONFIG_SYNTAX,
               "1:1: not valid YAML: invalid leading UTF-8 octet");
}
END_TEST

START_TEST(an_alias_bomb_stays_small) {
    MISTAKES m = cfg_mistakes_new();
    struct test_config config = {0};
    ck_assert_ptr_null(cfg_load_file(TESTDATA "/config-aliases.yaml", test_fields, &config, m));
    ck_assert_str_eq(cfg_mistake_text(m, 0),
                     TESTDATA "/config-aliases.yaml:3:6: anchors (&a) are not allowed here");
    ck_assert_str_eq(cfg_mistake_text(m, 2),
                     TESTDATA "/config-aliases.yaml:4:10: aliases (*a) are not allowed here");
}
END_TEST

START_TEST(size_and_number_of_values_are_bounded) {
    AUTO_BUF text = BUF_INIT(4 * 1024 * 1024);
    MISTAKES m = cfg_mistakes_new();
    struct test_config config = {0};
    while (text.len <= 1024 * 1024)
        buf_put_str(&text, "# a comment that says nothing, again and again and again\n");
    ck_assert_ptr_null(cfg_load_text("t.yaml", buf_view(&text), test_fields, &config, m));
    buf_reset(&text);
    buf_put_str(&text, "labels: [");
    for (int i = 0; i < 100001; i++)
        buf_put_str(&text, "a,");
    ck_assert_ptr_null(cfg_load_text("u.yaml", buf_view(&text), test_fields, &config, m));
    ck_assert_str_eq(cfg_mistake_text(m, 0), "t.yaml:1:1: larger than 1048576 bytes");
    ck_assert_str_eq(cfg_mistake_text(m, 1),
                     "u.yaml:1:200004: more than 100000 values in one file");
}
END_TEST

/* Readers that go on behind a mistake meet words only, also as keys. */
START_TEST(a_key_that_is_no_word_is_left_out_of_the_tree) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct cfg_doc *doc = cfg_parse_file(TESTDATA "/config-keys.yaml", m);
    ck_assert_ptr_nonnull(doc);
    ck_assert_uint_eq(cfg_mistakes_count(m), 2);
    const struct cfg_node *root = cfg_root(doc);
    ck_assert_uint_eq(cfg_node_count(root), 2);
    ck_assert_str_eq(cfg_node_scalar(cfg_node_key(root, 0)), "listen");
    ck_assert_str_eq(cfg_node_scalar(cfg_node_key(root, 1)), "port");
    ck_assert_str_eq(cfg_node_scalar(cfg_node_value(root, 1)), "1");
    cfg_doc_free(doc);
    cfg_mistakes_free(m);
}
END_TEST

TEST_MAIN("configuration mistakes", each_mistake_has_its_place_text_and_code,
          all_mistakes_come_at_once_in_the_order_of_the_lines,
          required_keys_are_missed_in_absent_maps_too, without_a_file_mistakes_have_no_place,
          mistakes_of_a_peer_cannot_forge_lines, long_values_are_cut_between_characters,
          the_count_of_mistakes_is_bounded, hostile_files_are_refused, an_alias_bomb_stays_small,
          size_and_number_of_values_are_bounded, a_key_that_is_no_word_is_left_out_of_the_tree)
