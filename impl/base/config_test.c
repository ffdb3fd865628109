/* Reading configuration through a table: values of every type, defaults, durations, nodes, help;
 * and the nearest word. */
#include "base/config_test.h"
#include "base/owned.h"
#include "base/test.h"
#include <stdio.h>
#include <string.h>

static struct cfg_doc *load(const char *yaml, struct test_config *config) {
    struct cfg_mistakes *m = cfg_mistakes_new();
    memset(config, 0, sizeof *config);
    struct cfg_doc *doc = cfg_load_text("t.yaml", bytes_of_str(yaml), test_fields, config, m);
    ck_assert_msg(doc != NULL, "%s", cfg_mistake_text(m, 0));
    cfg_mistakes_free(m);
    return doc;
}

static void check_defaults(const char *yaml) {
    struct test_config c;
    struct cfg_doc *doc = load(yaml, &c);
    ck_assert_str_eq(c.listen, "127.0.0.1:0");
    ck_assert_ptr_null(c.certificate);
    ck_assert_int_eq(c.port, 443);
    ck_assert(c.tls);
    ck_assert_int_eq(c.mode, MODE_NTLM);
    ck_assert_int_eq(c.timeout_us, 10000000);
    ck_assert_int_eq(c.offset_us, 0);
    ck_assert(c.rate == 1.0);
    ck_assert_uint_eq(c.labels.count + c.hosts.count + c.users.count, 0);
    ck_assert_int_eq(c.outer.inner.wait_us, 10000000);
    ck_assert_int_eq(c.outer.inner.tries, 3);
    ck_assert_str_eq(c.outer.label, "est");
    ck_assert_ptr_null(c.then);
    cfg_doc_free(doc);
}

START_TEST(absent_and_empty_keys_take_defaults_in_nested_maps_too) {
    check_defaults("");
    check_defaults("---\n");
    check_defaults("# nothing\n");
    check_defaults("{}\n");
    check_defaults("listen:\nport: ~\ntls: null\nouter:\nusers:\nlabels:\nhosts:\n");
    check_defaults("outer: {inner: }\n");
    check_defaults("outer: {inner: {wait: }, label: }\n");
}
END_TEST

START_TEST(every_type_is_read) {
    struct test_config c;
    struct cfg_doc *doc = load("listen: '[::1]:80'\ncertificate: 2026\nport: 65535\ntls: No\n"
                               "mode: basic\ntimeout: 250ms\noffset: -30m\nrate: 2.5e1\n"
                               "labels: [a, '~']\nhosts: {lab: 127.0.0.1, two: '2'}\n"
                               "outer: {inner: {tries: 9}}\n"
                               "users:\n- {name: a}\n- name: b\n  logons: 0\n",
                               &c);
    ck_assert_str_eq(c.listen, "[::1]:80");
    ck_assert_str_eq(c.certificate, "2026");
    ck_assert_int_eq(c.port, 65535);
    ck_assert(!c.tls);
    ck_assert_int_eq(c.mode, MODE_BASIC);
    ck_assert_int_eq(c.timeout_us, 250000);
    ck_assert_int_eq(c.offset_us, -1800000000);
    ck_assert(c.rate == 25.0);
    ck_assert_uint_eq(c.labels.count, 2);
    ck_assert_str_eq(c.labels.items[1], "~");
    ck_assert_uint_eq(c.hosts.count, 2);
    ck_assert_str_eq(c.hosts.items[1].name, "two");
    ck_assert_str_eq(c.hosts.items[1].value, "2");
    ck_assert_int_eq(c.outer.inner.tries, 9);
    ck_assert_int_eq(c.outer.inner.wait_us, 10000000);
    cfg_doc_free(doc);
}
END_TEST

START_TEST(list_items_take_defaults) {
    struct test_config c;
    struct cfg_doc *doc = load("users: [{name: a}, {name: b, logons: 0}]\n", &c);
    const struct test_user *users = c.users.items;
    ck_assert_uint_eq(c.users.count, 2);
    ck_assert_str_eq(users[0].name, "a");
    ck_assert_int_eq(users[0].logons, 5);
    ck_assert_str_eq(users[1].name, "b");
    ck_assert_int_eq(users[1].logons, 0);
    cfg_doc_free(doc);
}
END_TEST

START_TEST(a_single_value_is_a_list_of_one) {
    struct test_config c;
    struct cfg_doc *doc = load("labels: one\n", &c);
    ck_assert_uint_eq(c.labels.count, 1);
    ck_assert_str_eq(c.labels.items[0], "one");
    cfg_doc_free(doc);
}
END_TEST

START_TEST(empty_collections_are_empty) {
    struct test_config c;
    struct cfg_doc *doc = load("labels: []\nhosts: {}\nusers: []\nlisten: ''\n", &c);
    ck_assert_uint_eq(c.labels.count + c.hosts.count + c.users.count, 0);
    ck_assert_str_eq(c.listen, "");
    cfg_doc_free(doc);
}
END_TEST

START_TEST(files_with_bom_and_crlf_are_read) {
    struct test_config c = {0};
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct cfg_doc *doc = cfg_load_file(TESTDATA "/config-windows.yaml", test_fields, &c, m);
    ck_assert_uint_eq(cfg_mistakes_count(m), 0);
    ck_assert_str_eq(c.listen, "127.0.0.1:8084");
    ck_assert_int_eq(c.port, 8443);
    cfg_doc_free(doc);
    cfg_mistakes_free(m);
}
END_TEST

START_TEST(nodes_can_be_walked) {
    struct test_config c;
    struct cfg_doc *doc = load("then:\n  phones: {lsc: none}\n  logs: [a, '1']\n", &c);
    ck_assert_int_eq(cfg_node_kind(c.then), CFG_MAPPING);
    ck_assert_uint_eq(cfg_node_count(c.then), 2);
    ck_assert_str_eq(cfg_node_scalar(cfg_node_key(c.then, 0)), "phones");
    const struct cfg_node *logs = cfg_node_value(c.then, 1);
    ck_assert_int_eq(cfg_node_kind(logs), CFG_SEQUENCE);
    ck_assert(cfg_node_is_plain(cfg_node_item(logs, 0)));
    ck_assert(!cfg_node_is_plain(cfg_node_item(logs, 1)));
    ck_assert_ptr_null(cfg_node_item(logs, 2));
    ck_assert_ptr_null(cfg_node_item(c.then, 0));
    ck_assert_ptr_null(cfg_node_key(logs, 0));
    ck_assert_ptr_null(cfg_node_value(c.then, 2));
    ck_assert_ptr_null(cfg_node_scalar(logs));
    cfg_doc_free(doc);
}
END_TEST

START_TEST(nodes_can_be_read_through_a_table) {
    struct test_config c;
    struct cfg_doc *doc = load("then: [{name: a, logons: 7}, {logons: 700}, x]\n", &c);
    struct cfg_mistakes *m = cfg_mistakes_new();
    struct test_user user = {0};
    ck_assert_int_eq(cfg_node_read(doc, cfg_node_item(c.then, 0), user_fields, &user, m), 0);
    ck_assert_str_eq(user.name, "a");
    ck_assert_int_eq(user.logons, 7);
    ck_assert_int_eq(cfg_node_read(doc, cfg_node_item(c.then, 1), user_fields, &user, m), -1);
    ck_assert_int_eq(cfg_node_read(doc, cfg_node_item(c.then, 2), user_fields, &user, m), -1);
    cfg_mistake_at(m, doc, cfg_node_item(c.then, 2), ERR_CONFIG_BAD_VALUE, "no %s", "step");
    ck_assert_uint_eq(cfg_mistakes_count(m), 4);
    ck_assert_str_eq(cfg_mistake_text(m, 0), "t.yaml:1:30: the required key \"name\" is missing");
    ck_assert_str_eq(cfg_mistake_text(m, 1), "t.yaml:1:39: logons: 700 is not between 0 and 100");
    ck_assert_str_eq(cfg_mistake_text(m, 2),
                     "t.yaml:1:45: this: expected a mapping, found a single value");
    ck_assert_str_eq(cfg_mistake_text(m, 3), "t.yaml:1:45: no step");
    cfg_mistakes_free(m);
    cfg_doc_free(doc);
}
END_TEST

static const struct {
    const char *text;
    int64_t us;
} durations[] = {{"0", 0},          {"0s", 0},         {"1us", 1},         {"250ms", 250000},
                 {"10s", 10000000}, {"5m", 300000000}, {"2h", 7200000000}, {"30d", 2592000000000},
                 {"-3s", -3000000}, {"-0d", 0}};

/* What a node is read over may have come from another node. */
START_TEST(a_list_read_again_takes_the_place_of_the_first) {
    struct test_config c = {0};
    struct cfg_mistakes *m = cfg_mistakes_new();
    const char *text = "labels: [a, b]\nhosts: {a: b, c: d}\nusers: [{name: x}, {name: y}]\n"
                       "then: {labels: [c], hosts: {e: f}, users: [{name: z}]}\n";
    struct cfg_doc *doc = cfg_load_text("t.yaml", bytes_of_str(text), test_fields, &c, m);
    ck_assert_ptr_nonnull(doc);
    ck_assert_int_eq(cfg_node_read(doc, c.then, test_fields, &c, m), 0);
    ck_assert_uint_eq(c.labels.count, 1);
    ck_assert_str_eq(c.labels.items[0], "c");
    ck_assert_uint_eq(c.hosts.count, 1);
    ck_assert_str_eq(c.hosts.items[0].name, "e");
    ck_assert_uint_eq(c.users.count, 1);
    ck_assert_str_eq(((struct test_user *)c.users.items)[0].name, "z");
    cfg_doc_free(doc);
    cfg_mistakes_free(m);
}
END_TEST

START_TEST(durations_have_units) {
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        struct err e = {0};
        int64_t us = 42;
        ck_assert_ok(cfg_parse_duration(durations[i].text, &us, &e), e);
        ck_assert_int_eq(us, durations[i].us);
    }
}
END_TEST

START_TEST(what_is_no_duration_is_refused) {
    static const char *const texts[] = {
        "",    "s",   "10",   "1.5s",       "+1s",
        " 1s", "1 s", "1S",   "1w",         "--1s",
        "-",   "1s1", "0x1s", "107000000d", "9223372036854775808us"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct err e = {0};
        int64_t us = 42;
        ck_assert_msg(cfg_parse_duration(texts[i], &us, &e) == -1, "accepted: %s", texts[i]);
        ck_assert_err(e, CONFIG_BAD_VALUE);
        ck_assert_int_eq(us, 42);
    }
}
END_TEST

static char *printed(void print(const struct cfg_field *, FILE *)) {
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    print(test_fields, to);
    fclose(to);
    return text;
}

START_TEST(help_stands_in_columns) {
    AUTO(char) text = printed(cfg_print_help);
    ck_assert_ptr_nonnull(strstr(text,
                                 "  listen       text            127.0.0.1:0  address to serve on\n"
                                 "  certificate  text                         PEM file\n"
                                 "  port         1..65535        443          port of the CA\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "  mode         ntlm|basic      ntlm         how to log in\n"));
    ck_assert_ptr_nonnull(strstr(text, "  outer        mapping                      the outer map\n"
                                       "    inner      mapping                      the inner map\n"
                                       "      wait     duration        10s          how long\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "    name       text            required     of the user\n"));
}
END_TEST

START_TEST(the_reference_is_a_markdown_table) {
    AUTO(char) text = printed(cfg_print_reference);
    ck_assert_int_eq(strncmp(text, "| key | type | default | meaning |\n|---|---|---|---|\n", 53),
                     0);
    ck_assert_ptr_nonnull(strstr(text, "| `mode` | ntlm\\|basic | `ntlm` | how to log in |\n"));
    ck_assert_ptr_nonnull(strstr(text, "| `outer.inner.wait` | duration | `10s` | how long |\n"));
    ck_assert_ptr_nonnull(strstr(text, "| `users[].name` | text | required | of the user |\n"));
}
END_TEST

static const char *const words[] = {"listen", "port", "certificate", "mode", NULL};

START_TEST(the_nearest_word_is_found) {
    ck_assert_str_eq(nearest_word("lisetn", words), "listen");
    ck_assert_str_eq(nearest_word("Listen", words), "listen");
    ck_assert_str_eq(nearest_word("liste", words), "listen");
    ck_assert_str_eq(nearest_word("certifcates", words), "certificate");
    ck_assert_str_eq(nearest_word("prot", words), "port");
}
END_TEST

START_TEST(far_words_are_not_offered) {
    ck_assert_ptr_null(nearest_word("users", words));
    ck_assert_ptr_null(nearest_word("pr", words));
    ck_assert_ptr_null(nearest_word("", words));
    ck_assert_ptr_null(nearest_word("listen", words + 4));
}
END_TEST

START_TEST(words_of_any_length_are_compared_safely) {
    char word[200];
    memset(word, 'a', sizeof word);
    word[199] = '\0';
    const char *const same[] = {word, NULL};
    ck_assert_ptr_null(nearest_word(word, same));
    word[64] = '\0';
    ck_assert_ptr_eq(nearest_word(word, same), word);
}
END_TEST

START_TEST(an_empty_file_takes_all_defaults) {
    struct test_config c = {0};
    struct cfg_mistakes *m = cfg_mistakes_new();
    char path[] = "/tmp/config-empty-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    struct cfg_doc *doc = cfg_load_file(path, test_fields, &c, m);
    ck_assert_ptr_nonnull(doc);
    ck_assert_str_eq(c.listen, "127.0.0.1:0");
    ck_assert_ptr_null(cfg_parse_file(path, m));
    ck_assert_int_eq(cfg_mistake_code(m, 0), ERR_CONFIG_BAD_VALUE);
    unlink(path);
    cfg_doc_free(doc);
    cfg_mistakes_free(m);
}
END_TEST

TEST_MAIN("configuration", an_empty_file_takes_all_defaults,
          absent_and_empty_keys_take_defaults_in_nested_maps_too, every_type_is_read,
          list_items_take_defaults, a_single_value_is_a_list_of_one, empty_collections_are_empty,
          files_with_bom_and_crlf_are_read, nodes_can_be_walked, nodes_can_be_read_through_a_table,
          a_list_read_again_takes_the_place_of_the_first, durations_have_units,
          what_is_no_duration_is_refused, help_stands_in_columns, the_reference_is_a_markdown_table,
          the_nearest_word_is_found, far_words_are_not_offered,
          words_of_any_length_are_compared_safely)
